//! The fifteen packets of both versions, borrowed from the bytes they came in.
//!
//! Plain data with the standard's names. A decoded packet is valid and is never checked again. Never allocates:
//! `decode` makes packets, `encode` writes them, the session and tests read them.

mod lists;
mod types;

use std::num::NonZeroU16;

use crate::property::{Properties, Property};
use crate::reason::ReasonCode;
use crate::topic::{TopicFilter, TopicName};

pub use self::lists::{
    ReasonCodes, ReasonCodesIter, Subscriptions, SubscriptionsIter, TopicFilters, TopicFiltersIter,
};
pub use self::types::{PacketType, QoS, Version};

/// A packet identifier, which is never 0 ([MQTT-2.2.1-3], 3.1.1: [MQTT-2.3.1-1]).
pub type PacketId = NonZeroU16;

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
    /// The version the client speaks. The packet states it, so the codec ignores any other.
    pub version: Version,
    /// Clean Start; 3.1.1 calls it Clean Session.
    pub clean_start: bool,
    /// Seconds between two packets from the client; 0 turns it off (section 3.1.2.10).
    pub keep_alive: u16,
    /// 5.0 only.
    pub properties: Properties<'a>,
    /// Client Identifier. If it is empty, the server assigns one.
    pub client_id: &'a str,
    /// The will, which the server publishes when the connection ends without a DISCONNECT.
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
    /// Whether the server resumes an earlier session.
    pub session_present: bool,
    /// The outcome; a return code of 3.1.1 as the reason code of 5.0.
    pub reason_code: ReasonCode,
    /// 5.0 only.
    pub properties: Properties<'a>,
}

/// PUBLISH: a message, in either direction (section 3.3).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Publish<'a> {
    /// QoS, with the packet identifier and DUP flag.
    pub delivery: Delivery,
    /// Retain. To a server: retain this message. From a server: this message was retained.
    pub retain: bool,
    /// The topic name. Empty only in a 5.0 packet with a Topic Alias; a session fills it in.
    pub topic: TopicName<'a>,
    /// 5.0 only.
    pub properties: Properties<'a>,
    /// The payload; may be empty.
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
    /// The packet identifier of the message.
    pub packet_id: PacketId,
    /// The outcome; always `Success` in 3.1.1.
    pub reason_code: ReasonCode,
    /// 5.0 only.
    pub properties: Properties<'a>,
}

impl Ack<'_> {
    /// Success without properties, which has the same short form in both versions.
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
    /// The topic filters; at least one ([MQTT-3.8.3-2], 3.1.1: [MQTT-3.8.3-3]).
    pub subscriptions: Subscriptions<'a>,
}

/// One filter with its Subscription Options (section 3.8.3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subscription<'a> {
    /// The topic filter.
    pub filter: TopicFilter<'a>,
    /// Maximum QoS.
    pub qos: QoS,
    /// 5.0: No Local, the client's own messages do not come back.
    pub no_local: bool,
    /// 5.0: Retain As Published, RETAIN stays as the publisher set it.
    pub retain_as_published: bool,
    /// 5.0: Retain Handling, whether retained messages are sent now.
    pub retain_handling: RetainHandling,
}

impl<'a> Subscription<'a> {
    /// QoS 0 and every option off, which both versions support.
    pub const fn new(filter: TopicFilter<'a>) -> Self {
        Subscription {
            filter,
            qos: QoS::AtMostOnce,
            no_local: false,
            retain_as_published: false,
            retain_handling: RetainHandling::SendAtSubscribe,
        }
    }

    /// Subscription Options as a byte.
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
    /// A reason code for each filter, in the same order ([MQTT-3.8.4-6], 3.1.1: [MQTT-3.8.4-5]).
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
    /// A reason code for each filter, in the same order ([MQTT-3.11.3-1]); none at all in 3.1.1.
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
    /// Without properties. 3.1.1 has only `Success`.
    pub const fn new(reason_code: ReasonCode) -> Self {
        Disconnect { reason_code, properties: Properties::EMPTY }
    }
}

/// AUTH (section 3.15), 5.0 only.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Auth<'a> {
    /// The purpose: `Success`, `ContinueAuthentication` or `ReAuthenticate`.
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

    /// The Authentication Data, whose meaning the method defines (section 3.15.2.2.3).
    pub fn data(&self) -> Option<&'a [u8]> {
        self.properties.find(|property| match property {
            Property::AuthenticationData(data) => Some(data),
            _ => None,
        })
    }
}
