//! The fifteen packets of both versions, borrowed from the bytes they came in.
//!
//! Plain data with the standard's names. What was decoded is valid and is never checked again.
//! Never allocates and never touches bytes itself: `decode` makes these, `encode` writes them, the
//! session and tests read them.

use std::fmt;
use std::num::NonZeroU16;

use crate::property::{Properties, Property};
use crate::reader::Reader;
use crate::reason::ReasonCode;
use crate::topic::{TopicFilter, TopicName};

/// A packet identifier; 0 is none ([MQTT-2.2.1-3], 3.1.1: [MQTT-2.3.1-1]).
pub type PacketId = NonZeroU16;

/// The version of the protocol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Version {
    /// 3.1.1, protocol level 4.
    V311,
    /// 5.0, protocol version 5.
    V5,
}

impl Version {
    /// The byte in CONNECT: 4 or 5 (section 3.1.2.2).
    pub const fn byte(self) -> u8 {
        match self {
            Version::V311 => 4,
            Version::V5 => 5,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Version::V311 => "3.1.1",
            Version::V5 => "5",
        })
    }
}

/// Quality of service (section 4.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default)]
pub enum QoS {
    /// QoS 0.
    #[default]
    AtMostOnce,
    /// QoS 1.
    AtLeastOnce,
    /// QoS 2.
    ExactlyOnce,
}

impl QoS {
    /// 0, 1 or 2.
    #[inline]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// The value of two bits, or `None` for 3.
    #[inline]
    pub const fn from_byte(byte: u8) -> Option<QoS> {
        match byte {
            0 => Some(QoS::AtMostOnce),
            1 => Some(QoS::AtLeastOnce),
            2 => Some(QoS::ExactlyOnce),
            _ => None,
        }
    }
}

/// The type of a packet: the upper half of its first byte (table 2.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
#[allow(missing_docs, reason = "the names are the standard's and say it all")]
#[repr(u8)]
pub enum PacketType {
    Connect = 1,
    Connack,
    Publish,
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp,
    Subscribe,
    Suback,
    Unsubscribe,
    Unsuback,
    Pingreq,
    Pingresp,
    Disconnect,
    Auth,
}

impl PacketType {
    /// Every type, in the order of the table.
    pub const ALL: [PacketType; 15] = [
        PacketType::Connect,
        PacketType::Connack,
        PacketType::Publish,
        PacketType::Puback,
        PacketType::Pubrec,
        PacketType::Pubrel,
        PacketType::Pubcomp,
        PacketType::Subscribe,
        PacketType::Suback,
        PacketType::Unsubscribe,
        PacketType::Unsuback,
        PacketType::Pingreq,
        PacketType::Pingresp,
        PacketType::Disconnect,
        PacketType::Auth,
    ];

    /// The type in the upper half of a first byte; `None` for 0.
    #[inline]
    pub fn from_first_byte(byte: u8) -> Option<PacketType> {
        // Almost every packet is a PUBLISH: known without the table, the compiler drops what it does
        // not need.
        if byte >> 4 == PacketType::Publish as u8 {
            return Some(PacketType::Publish);
        }
        PacketType::ALL.get(usize::from(byte >> 4).wrapping_sub(1)).copied()
    }

    /// The flags that the lower half of the first byte must hold; `None` for PUBLISH, whose flags
    /// have meanings ([MQTT-2.1.3-1], 3.1.1: [MQTT-2.2.2-1]).
    #[inline]
    pub const fn reserved_flags(self) -> Option<u8> {
        match self {
            PacketType::Publish => None,
            PacketType::Pubrel | PacketType::Subscribe | PacketType::Unsubscribe => Some(0b0010),
            _ => Some(0),
        }
    }
}

impl fmt::Display for PacketType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PacketType::Connect => "CONNECT",
            PacketType::Connack => "CONNACK",
            PacketType::Publish => "PUBLISH",
            PacketType::Puback => "PUBACK",
            PacketType::Pubrec => "PUBREC",
            PacketType::Pubrel => "PUBREL",
            PacketType::Pubcomp => "PUBCOMP",
            PacketType::Subscribe => "SUBSCRIBE",
            PacketType::Suback => "SUBACK",
            PacketType::Unsubscribe => "UNSUBSCRIBE",
            PacketType::Unsuback => "UNSUBACK",
            PacketType::Pingreq => "PINGREQ",
            PacketType::Pingresp => "PINGRESP",
            PacketType::Disconnect => "DISCONNECT",
            PacketType::Auth => "AUTH",
        })
    }
}

/// Any packet, of either version.
///
/// In 3.1.1 every `properties` is empty.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Packet<'a> {
    /// Section 3.1.
    Connect(Connect<'a>),
    /// Section 3.2.
    Connack(Connack<'a>),
    /// Section 3.3.
    Publish(Publish<'a>),
    /// Section 3.4.
    Puback(Ack<'a>),
    /// Section 3.5.
    Pubrec(Ack<'a>),
    /// Section 3.6.
    Pubrel(Ack<'a>),
    /// Section 3.7.
    Pubcomp(Ack<'a>),
    /// Section 3.8.
    Subscribe(Subscribe<'a>),
    /// Section 3.9.
    Suback(Suback<'a>),
    /// Section 3.10.
    Unsubscribe(Unsubscribe<'a>),
    /// Section 3.11.
    Unsuback(Unsuback<'a>),
    /// Section 3.12.
    Pingreq,
    /// Section 3.13.
    Pingresp,
    /// Section 3.14.
    Disconnect(Disconnect<'a>),
    /// Section 3.15, 5.0 only.
    Auth(Auth<'a>),
}

impl Packet<'_> {
    /// The packet's type.
    pub const fn packet_type(&self) -> PacketType {
        match self {
            Packet::Connect(_) => PacketType::Connect,
            Packet::Connack(_) => PacketType::Connack,
            Packet::Publish(_) => PacketType::Publish,
            Packet::Puback(_) => PacketType::Puback,
            Packet::Pubrec(_) => PacketType::Pubrec,
            Packet::Pubrel(_) => PacketType::Pubrel,
            Packet::Pubcomp(_) => PacketType::Pubcomp,
            Packet::Subscribe(_) => PacketType::Subscribe,
            Packet::Suback(_) => PacketType::Suback,
            Packet::Unsubscribe(_) => PacketType::Unsubscribe,
            Packet::Unsuback(_) => PacketType::Unsuback,
            Packet::Pingreq => PacketType::Pingreq,
            Packet::Pingresp => PacketType::Pingresp,
            Packet::Disconnect(_) => PacketType::Disconnect,
            Packet::Auth(_) => PacketType::Auth,
        }
    }
}

/// CONNECT: the client asks for a connection (section 3.1).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Connect<'a> {
    /// The version the client speaks. The packet tells it itself, so the codec heeds no other.
    pub version: Version,
    /// Clean Start; 3.1.1 calls it Clean Session.
    pub clean_start: bool,
    /// Seconds between two packets from the client; 0 turns it off (section 3.1.2.10).
    pub keep_alive: u16,
    /// 5.0 only.
    pub properties: Properties<'a>,
    /// May be empty: then the server makes one up.
    pub client_id: &'a str,
    /// What the server is to publish when the connection ends without a DISCONNECT.
    pub will: Option<Will<'a>>,
    /// The user name.
    pub user_name: Option<&'a str>,
    /// The password; in 3.1.1 only with a user name ([MQTT-3.1.2-22]).
    pub password: Option<&'a [u8]>,
}

/// The will inside a CONNECT (sections 3.1.2.5 and 3.1.3.2).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Will<'a> {
    /// Will QoS.
    pub qos: QoS,
    /// Will Retain.
    pub retain: bool,
    /// Will Properties; 5.0 only.
    pub properties: Properties<'a>,
    /// Will Topic.
    pub topic: TopicName<'a>,
    /// Will Payload; 3.1.1 calls it Will Message.
    pub payload: &'a [u8],
}

/// CONNACK: the server's answer (section 3.2).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Connack<'a> {
    /// Whether the server goes on with an earlier session.
    pub session_present: bool,
    /// The outcome; a return code of 3.1.1 in 5.0's words.
    pub reason_code: ReasonCode,
    /// 5.0 only.
    pub properties: Properties<'a>,
}

/// PUBLISH: a message, either way (section 3.3).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Publish<'a> {
    /// Quality of service, and what belongs to it.
    pub delivery: Delivery,
    /// Retain: to a server, "keep this"; from a server, "this is what I kept".
    pub retain: bool,
    /// Where it was published. Empty only in a 5.0 packet with a Topic Alias, which a session
    /// never hands on.
    pub topic: TopicName<'a>,
    /// 5.0 only.
    pub properties: Properties<'a>,
    /// The message itself; may be empty.
    pub payload: &'a [u8],
}

impl Publish<'_> {
    /// The quality of service.
    #[inline]
    pub const fn qos(&self) -> QoS {
        self.delivery.qos()
    }

    /// The packet identifier; none at QoS 0.
    #[inline]
    pub const fn packet_id(&self) -> Option<PacketId> {
        self.delivery.packet_id()
    }
}

/// Quality of service with its packet identifier and DUP flag, which QoS 0 must not have
/// ([MQTT-2.2.1-2], [MQTT-3.3.1-2]).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// QoS 0.
    AtMostOnce,
    /// QoS 1.
    AtLeastOnce {
        /// The packet identifier.
        packet_id: PacketId,
        /// Whether it may have been sent before.
        dup: bool,
    },
    /// QoS 2.
    ExactlyOnce {
        /// The packet identifier.
        packet_id: PacketId,
        /// Whether it may have been sent before.
        dup: bool,
    },
}

impl Delivery {
    /// The quality of service.
    #[inline]
    pub const fn qos(self) -> QoS {
        match self {
            Delivery::AtMostOnce => QoS::AtMostOnce,
            Delivery::AtLeastOnce { .. } => QoS::AtLeastOnce,
            Delivery::ExactlyOnce { .. } => QoS::ExactlyOnce,
        }
    }

    /// The packet identifier; none at QoS 0.
    #[inline]
    pub const fn packet_id(self) -> Option<PacketId> {
        match self {
            Delivery::AtMostOnce => None,
            Delivery::AtLeastOnce { packet_id, .. } | Delivery::ExactlyOnce { packet_id, .. } => {
                Some(packet_id)
            }
        }
    }

    /// Whether the message may have been sent before.
    #[inline]
    pub const fn dup(self) -> bool {
        match self {
            Delivery::AtMostOnce => false,
            Delivery::AtLeastOnce { dup, .. } | Delivery::ExactlyOnce { dup, .. } => dup,
        }
    }
}

/// PUBACK, PUBREC, PUBREL or PUBCOMP (sections 3.4 to 3.7).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ack<'a> {
    /// The message it is about.
    pub packet_id: PacketId,
    /// The outcome; always `Success` in 3.1.1.
    pub reason_code: ReasonCode,
    /// 5.0 only.
    pub properties: Properties<'a>,
}

impl Ack<'_> {
    /// The short form, which is the same in both versions.
    pub const fn success(packet_id: PacketId) -> Self {
        Ack { packet_id, reason_code: ReasonCode::Success, properties: Properties::EMPTY }
    }
}

/// SUBSCRIBE (section 3.8).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Subscribe<'a> {
    /// The packet identifier.
    pub packet_id: PacketId,
    /// 5.0 only.
    pub properties: Properties<'a>,
    /// What to subscribe to; at least one ([MQTT-3.8.3-2], 3.1.1: [MQTT-3.8.3-3]).
    pub subscriptions: Subscriptions<'a>,
}

/// One filter with its Subscription Options (section 3.8.3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subscription<'a> {
    /// The topic filter.
    pub filter: TopicFilter<'a>,
    /// Maximum QoS.
    pub qos: QoS,
    /// 5.0: own messages do not come back.
    pub no_local: bool,
    /// 5.0: RETAIN stays as the publisher set it.
    pub retain_as_published: bool,
    /// 5.0: whether retained messages are sent now.
    pub retain_handling: RetainHandling,
}

impl<'a> Subscription<'a> {
    /// QoS 0 and every option off, which both versions can say.
    pub const fn new(filter: TopicFilter<'a>) -> Self {
        Subscription {
            filter,
            qos: QoS::AtMostOnce,
            no_local: false,
            retain_as_published: false,
            retain_handling: RetainHandling::SendAtSubscribe,
        }
    }

    /// The byte of options.
    pub(crate) const fn options(&self) -> u8 {
        self.qos.byte()
            | (self.no_local as u8) << 2
            | (self.retain_as_published as u8) << 3
            | (self.retain_handling as u8) << 4
    }
}

/// Retain Handling (section 3.8.3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub enum RetainHandling {
    /// 0: retained messages are sent at every SUBSCRIBE.
    #[default]
    SendAtSubscribe,
    /// 1: only if the subscription is new.
    SendIfNew,
    /// 2: not at all.
    DoNotSend,
}

/// SUBACK (section 3.9).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Suback<'a> {
    /// The SUBSCRIBE it answers.
    pub packet_id: PacketId,
    /// 5.0 only.
    pub properties: Properties<'a>,
    /// A code for each filter, in their order ([MQTT-3.8.4-6], 3.1.1: [MQTT-3.8.4-5]).
    pub reason_codes: ReasonCodes<'a>,
}

/// UNSUBSCRIBE (section 3.10).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Unsubscribe<'a> {
    /// The packet identifier.
    pub packet_id: PacketId,
    /// 5.0 only.
    pub properties: Properties<'a>,
    /// The filters; at least one ([MQTT-3.10.3-2]).
    pub filters: TopicFilters<'a>,
}

/// UNSUBACK (section 3.11).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Unsuback<'a> {
    /// The UNSUBSCRIBE it answers.
    pub packet_id: PacketId,
    /// 5.0 only.
    pub properties: Properties<'a>,
    /// A code for each filter, in their order ([MQTT-3.11.3-1]); none at all in 3.1.1.
    pub reason_codes: ReasonCodes<'a>,
}

/// DISCONNECT (section 3.14); from a server in 5.0 only.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Disconnect<'a> {
    /// Why; always `Success` in 3.1.1.
    pub reason_code: ReasonCode,
    /// 5.0 only.
    pub properties: Properties<'a>,
}

impl Disconnect<'_> {
    /// The short form without properties; 3.1.1 can say `Success` only.
    pub const fn new(reason_code: ReasonCode) -> Self {
        Disconnect { reason_code, properties: Properties::EMPTY }
    }
}

/// AUTH (section 3.15), 5.0 only.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Auth<'a> {
    /// What is asked or told.
    pub reason_code: ReasonCode,
    /// Authentication Method and Data among them.
    pub properties: Properties<'a>,
}

impl<'a> Auth<'a> {
    /// The Authentication Method (section 3.15.2.2.2).
    pub fn method(&self) -> Option<&'a str> {
        self.properties.find(|property| match property {
            Property::AuthenticationMethod(method) => Some(method),
            _ => None,
        })
    }

    /// The Authentication Data, whose meaning is the method's (section 3.15.2.2.3).
    pub fn data(&self) -> Option<&'a [u8]> {
        self.properties.find(|property| match property {
            Property::AuthenticationData(data) => Some(data),
            _ => None,
        })
    }
}

/// Either the bytes of a packet, checked once when they were decoded, or somebody's values.
#[derive(Clone, Copy, Debug)]
enum Source<'a, T> {
    Wire(&'a [u8]),
    Values(&'a [T]),
}

macro_rules! list {
    ($(#[$doc:meta])* $list:ident of $item:ty, by $iter:ident, $read:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $list<'a>(Source<'a, $item>);

        impl<'a> $list<'a> {
            /// Bytes that `decode` has walked through without an error.
            pub(crate) const fn from_wire(bytes: &'a [u8]) -> Self {
                $list(Source::Wire(bytes))
            }

            /// The entries, in order.
            pub fn iter(&self) -> $iter<'a> {
                $iter(self.0)
            }

            /// Whether there is none.
            pub const fn is_empty(&self) -> bool {
                match self.0 {
                    Source::Wire(bytes) => bytes.is_empty(),
                    Source::Values(values) => values.is_empty(),
                }
            }
        }

        impl<'a> From<&'a [$item]> for $list<'a> {
            fn from(values: &'a [$item]) -> Self {
                $list(Source::Values(values))
            }
        }

        impl<'a> IntoIterator for $list<'a> {
            type Item = $item;
            type IntoIter = $iter<'a>;
            fn into_iter(self) -> $iter<'a> {
                self.iter()
            }
        }

        impl PartialEq for $list<'_> {
            fn eq(&self, other: &Self) -> bool {
                self.iter().eq(other.iter())
            }
        }

        impl fmt::Debug for $list<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.iter()).finish()
            }
        }

        /// The entries of the list of the same name.
        #[derive(Clone, Debug)]
        pub struct $iter<'a>(Source<'a, $item>);

        impl<'a> Iterator for $iter<'a> {
            type Item = $item;

            fn next(&mut self) -> Option<$item> {
                match &mut self.0 {
                    Source::Values(values) => {
                        let (first, rest) = values.split_first()?;
                        *values = rest;
                        Some(*first)
                    }
                    Source::Wire(bytes) => {
                        let read: fn(&mut &'a [u8]) -> Option<$item> = $read;
                        read(bytes)
                    }
                }
            }
        }
    };
}

list!(
    /// The filters of a SUBSCRIBE with their options.
    Subscriptions of Subscription<'a>, by SubscriptionsIter, |bytes| {
        let filter = TopicFilter::from_wire(Reader::checked_string(bytes)?);
        let (&options, rest) = bytes.split_first()?;
        *bytes = rest;
        Some(Subscription {
            filter,
            qos: QoS::from_byte(options & 0b11)?,
            no_local: options & 0b100 != 0,
            retain_as_published: options & 0b1000 != 0,
            retain_handling: match options >> 4 {
                0 => RetainHandling::SendAtSubscribe,
                1 => RetainHandling::SendIfNew,
                _ => RetainHandling::DoNotSend,
            },
        })
    }
);

list!(
    /// The filters of an UNSUBSCRIBE.
    TopicFilters of TopicFilter<'a>, by TopicFiltersIter, |bytes| {
        Some(TopicFilter::from_wire(Reader::checked_string(bytes)?))
    }
);

list!(
    /// The codes of a SUBACK or UNSUBACK, one per filter.
    ReasonCodes of ReasonCode, by ReasonCodesIter, |bytes| {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        ReasonCode::from_byte(byte)
    }
);

impl ReasonCodes<'_> {
    /// How many codes there are.
    pub const fn len(&self) -> usize {
        match self.0 {
            Source::Wire(bytes) => bytes.len(),
            Source::Values(values) => values.len(),
        }
    }
}
