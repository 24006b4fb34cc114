//! The properties of 5.0 (section 2.2.2): checked once, read when somebody asks.
//!
//! They stay the bytes they came as; an iterator decodes one at a time. Never allocates when
//! reading. The codec checks and writes them, the session and the packet view read them.

use std::fmt;

use crate::encode::Writer;
use crate::error::{Error, Violation};
use crate::packet::{PacketType, QoS, Version};
use crate::reader::Reader;
use crate::topic::TopicName;

/// One property with its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Property<'a> {
    /// 0x01: whether the payload is UTF-8.
    PayloadFormatIndicator(bool),
    /// 0x02: seconds.
    MessageExpiryInterval(u32),
    /// 0x03.
    ContentType(&'a str),
    /// 0x08.
    ResponseTopic(TopicName<'a>),
    /// 0x09.
    CorrelationData(&'a [u8]),
    /// 0x0B: 1 to 268,435,455.
    SubscriptionIdentifier(u32),
    /// 0x11: seconds.
    SessionExpiryInterval(u32),
    /// 0x12.
    AssignedClientIdentifier(&'a str),
    /// 0x13: seconds.
    ServerKeepAlive(u16),
    /// 0x15.
    AuthenticationMethod(&'a str),
    /// 0x16.
    AuthenticationData(&'a [u8]),
    /// 0x17.
    RequestProblemInformation(bool),
    /// 0x18: seconds.
    WillDelayInterval(u32),
    /// 0x19.
    RequestResponseInformation(bool),
    /// 0x1A.
    ResponseInformation(&'a str),
    /// 0x1C.
    ServerReference(&'a str),
    /// 0x1F: the peer's own words, for people who diagnose.
    ReasonString(&'a str),
    /// 0x21: never 0.
    ReceiveMaximum(u16),
    /// 0x22.
    TopicAliasMaximum(u16),
    /// 0x23: never 0.
    TopicAlias(u16),
    /// 0x24: `AtMostOnce` or `AtLeastOnce`.
    MaximumQoS(QoS),
    /// 0x25.
    RetainAvailable(bool),
    /// 0x26: may stand any number of times.
    UserProperty(&'a str, &'a str),
    /// 0x27: bytes, never 0.
    MaximumPacketSize(u32),
    /// 0x28.
    WildcardSubscriptionAvailable(bool),
    /// 0x29.
    SubscriptionIdentifierAvailable(bool),
    /// 0x2A.
    SharedSubscriptionAvailable(bool),
}

/// Where properties stand: in a packet, or in the will of a CONNECT.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Place {
    /// The properties of this packet.
    Packet(PacketType),
    /// Will Properties (section 3.1.3.2).
    Will,
}

impl Place {
    const fn bit(self) -> u16 {
        match self {
            Place::Packet(packet) => 1 << packet as u8,
            Place::Will => 1,
        }
    }

    const fn packet(self) -> PacketType {
        match self {
            Place::Packet(packet) => packet,
            Place::Will => PacketType::Connect,
        }
    }
}

/// Checked properties, still as bytes.
#[derive(Clone, Copy, Default)]
pub struct Properties<'a>(&'a [u8]);

impl<'a> Properties<'a> {
    /// No property at all; all that 3.1.1 has.
    pub const EMPTY: Properties<'static> = Properties(&[]);

    /// Property Length and the properties at the reader's place, checked.
    ///
    /// # Errors
    /// `PropertyUnknown`, `PropertyMisplaced`, `PropertyTwice`, `PropertyValue`,
    /// `AuthenticationMethodMissing`, and what is wrong with a value itself.
    #[inline]
    pub(crate) fn decode(reader: &mut Reader<'a>, place: Place) -> Result<Self, Error> {
        let len = reader.variable_byte_integer("property_length")?;
        let properties = reader.sub(len as usize, "properties")?;
        if len > 0 {
            check(properties, place)?;
        }
        Ok(Properties(properties.peek()))
    }

    /// Whether there is none.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes after Property Length.
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The properties, in their order.
    pub fn iter(&self) -> PropertiesIter<'a> {
        // Neither packet nor offset matter: what was checked makes no error.
        PropertiesIter(Reader::new(self.0, 0, PacketType::Connect, Version::V5))
    }

    /// The first value that `pick` takes.
    pub fn find<T>(&self, pick: impl FnMut(Property<'a>) -> Option<T>) -> Option<T> {
        self.iter().find_map(pick)
    }

    /// The Reason String, if there is one.
    pub fn reason_string(&self) -> Option<&'a str> {
        self.find(|property| match property {
            Property::ReasonString(string) => Some(string),
            _ => None,
        })
    }

    /// The Server Reference, if there is one.
    pub fn server_reference(&self) -> Option<&'a str> {
        self.find(|property| match property {
            Property::ServerReference(string) => Some(string),
            _ => None,
        })
    }

    /// Names and values of the User Properties, in their order.
    pub fn user_properties(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.iter().filter_map(|property| match property {
            Property::UserProperty(name, value) => Some((name, value)),
            _ => None,
        })
    }

    /// Checks once more that they may stand here; an encoder's arguments come from anywhere.
    pub(crate) fn check(&self, place: Place) -> Result<(), Error> {
        check(Reader::new(self.0, 0, place.packet(), Version::V5), place)
    }
}

impl PartialEq for Properties<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<'a> IntoIterator for Properties<'a> {
    type Item = Property<'a>;
    type IntoIter = PropertiesIter<'a>;
    fn into_iter(self) -> PropertiesIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Properties<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The properties in their order.
#[derive(Clone, Debug)]
pub struct PropertiesIter<'a>(Reader<'a>);

impl<'a> Iterator for PropertiesIter<'a> {
    type Item = Property<'a>;

    fn next(&mut self) -> Option<Property<'a>> {
        // The bytes were checked, so an error means the end.
        read(&mut self.0).ok().map(|(_, property)| property)
    }
}

/// Properties to be sent, checked as they are added.
#[derive(Clone, Debug)]
pub struct PropertiesBuf {
    bytes: Vec<u8>,
    place: Place,
}

impl PropertiesBuf {
    /// None yet, for this place.
    pub const fn new(place: Place) -> Self {
        PropertiesBuf {
            bytes: Vec::new(),
            place,
        }
    }

    /// Adds a property at the end.
    ///
    /// # Errors
    /// As for decoding, and `FieldTooLong`; then nothing was added.
    pub fn push(&mut self, property: Property<'_>) -> Result<(), Error> {
        let len = self.bytes.len();
        let result = write(&mut self.bytes, property, self.place)
            .and_then(|()| self.as_properties().check_adding(self.place));
        if result.is_err() {
            self.bytes.truncate(len);
        }
        result
    }

    /// What was added so far.
    pub fn as_properties(&self) -> Properties<'_> {
        Properties(&self.bytes)
    }
}

impl Properties<'_> {
    /// As `check`, but the Authentication Method may still come.
    fn check_adding(&self, place: Place) -> Result<(), Error> {
        match self.check(place) {
            Err(error) if error.violation == Violation::AuthenticationMethodMissing => Ok(()),
            result => result,
        }
    }
}

/// Walks over all properties and applies every rule of section 2.2.2 and of the packets.
fn check(mut reader: Reader<'_>, place: Place) -> Result<(), Error> {
    let mut seen = 0u64;
    while !reader.is_empty() {
        let start = reader;
        let (id, _) = read(&mut reader)?;
        if places(id) & place.bit() == 0 {
            return Err(start.error("property", Violation::PropertyMisplaced));
        }
        // User Properties may repeat everywhere; a PUBLISH that matches several subscriptions
        // carries an identifier for each (section 3.3.2.3.8).
        let may_repeat = id == 0x26 || (id == 0x0B && place == Place::Packet(PacketType::Publish));
        if seen & (1 << id) != 0 && !may_repeat {
            return Err(start.error("property", Violation::PropertyTwice));
        }
        seen |= 1 << id;
    }
    // Sections 3.1.2.11.10 and 3.2.2.3.18.
    if seen & (1 << 0x16) != 0 && seen & (1 << 0x15) == 0 {
        return Err(reader.error("authentication_data", Violation::AuthenticationMethodMissing));
    }
    Ok(())
}

/// Where a property may stand, as bits by packet type; bit 0 is the will (table 2-4).
const fn places(id: u32) -> u16 {
    const WILL: u16 = 1;
    const CONNECT: u16 = 1 << PacketType::Connect as u8;
    const CONNACK: u16 = 1 << PacketType::Connack as u8;
    const PUBLISH: u16 = 1 << PacketType::Publish as u8;
    const SUBSCRIBE: u16 = 1 << PacketType::Subscribe as u8;
    const DISCONNECT: u16 = 1 << PacketType::Disconnect as u8;
    const AUTH: u16 = 1 << PacketType::Auth as u8;
    const ACKS: u16 = 1 << PacketType::Puback as u8
        | 1 << PacketType::Pubrec as u8
        | 1 << PacketType::Pubrel as u8
        | 1 << PacketType::Pubcomp as u8
        | 1 << PacketType::Suback as u8
        | 1 << PacketType::Unsuback as u8;
    const UNSUBSCRIBE: u16 = 1 << PacketType::Unsubscribe as u8;
    match id {
        0x01 | 0x02 | 0x03 | 0x08 | 0x09 => PUBLISH | WILL,
        0x0B => PUBLISH | SUBSCRIBE,
        0x11 => CONNECT | CONNACK | DISCONNECT,
        0x12 | 0x13 | 0x1A => CONNACK,
        0x15 | 0x16 => CONNECT | CONNACK | AUTH,
        0x17 | 0x19 => CONNECT,
        0x18 => WILL,
        0x1C => CONNACK | DISCONNECT,
        0x1F => CONNACK | ACKS | DISCONNECT | AUTH,
        0x21 | 0x22 | 0x27 => CONNECT | CONNACK,
        0x23 => PUBLISH,
        0x24 | 0x25 | 0x28 | 0x29 | 0x2A => CONNACK,
        0x26 => WILL | CONNECT | CONNACK | PUBLISH | SUBSCRIBE | UNSUBSCRIBE | ACKS | DISCONNECT | AUTH,
        _ => 0,
    }
}

/// One property, its value checked.
fn read<'a>(r: &mut Reader<'a>) -> Result<(u32, Property<'a>), Error> {
    fn flag(r: &mut Reader<'_>, field: &'static str) -> Result<bool, Error> {
        let start = *r;
        match r.byte(field)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(start.error(field, Violation::PropertyValue)),
        }
    }
    fn nonzero<T: Default + PartialEq>(start: Reader<'_>, field: &'static str, value: T) -> Result<T, Error> {
        match value == T::default() {
            true => Err(start.error(field, Violation::PropertyValue)),
            false => Ok(value),
        }
    }

    let start = *r;
    let id = r.variable_byte_integer("property_identifier")?;
    let value = *r;
    let property = match id {
        0x01 => Property::PayloadFormatIndicator(flag(r, "payload_format_indicator")?),
        0x02 => Property::MessageExpiryInterval(r.four_byte_integer("message_expiry_interval")?),
        0x03 => Property::ContentType(r.string("content_type")?),
        // [MQTT-3.3.2-14]
        0x08 => Property::ResponseTopic(r.topic_name("response_topic")?),
        0x09 => Property::CorrelationData(r.binary("correlation_data")?),
        0x0B => Property::SubscriptionIdentifier(nonzero(
            value,
            "subscription_identifier",
            r.variable_byte_integer("subscription_identifier")?,
        )?),
        0x11 => Property::SessionExpiryInterval(r.four_byte_integer("session_expiry_interval")?),
        0x12 => Property::AssignedClientIdentifier(r.string("assigned_client_identifier")?),
        0x13 => Property::ServerKeepAlive(r.two_byte_integer("server_keep_alive")?),
        0x15 => Property::AuthenticationMethod(r.string("authentication_method")?),
        0x16 => Property::AuthenticationData(r.binary("authentication_data")?),
        0x17 => Property::RequestProblemInformation(flag(r, "request_problem_information")?),
        0x18 => Property::WillDelayInterval(r.four_byte_integer("will_delay_interval")?),
        0x19 => Property::RequestResponseInformation(flag(r, "request_response_information")?),
        0x1A => Property::ResponseInformation(r.string("response_information")?),
        0x1C => Property::ServerReference(r.string("server_reference")?),
        0x1F => Property::ReasonString(r.string("reason_string")?),
        0x21 => Property::ReceiveMaximum(nonzero(
            value,
            "receive_maximum",
            r.two_byte_integer("receive_maximum")?,
        )?),
        0x22 => Property::TopicAliasMaximum(r.two_byte_integer("topic_alias_maximum")?),
        0x23 => {
            let alias = r.two_byte_integer("topic_alias")?;
            // [MQTT-3.3.2-8]
            Property::TopicAlias(match alias {
                0 => return Err(value.error("topic_alias", Violation::TopicAliasForbidden)),
                alias => alias,
            })
        }
        0x24 => Property::MaximumQoS(match flag(r, "maximum_qos")? {
            false => QoS::AtMostOnce,
            true => QoS::AtLeastOnce,
        }),
        0x25 => Property::RetainAvailable(flag(r, "retain_available")?),
        0x26 => Property::UserProperty(r.string("user_property")?, r.string("user_property")?),
        0x27 => Property::MaximumPacketSize(nonzero(
            value,
            "maximum_packet_size",
            r.four_byte_integer("maximum_packet_size")?,
        )?),
        0x28 => Property::WildcardSubscriptionAvailable(flag(r, "wildcard_subscription_available")?),
        0x29 => Property::SubscriptionIdentifierAvailable(flag(r, "subscription_identifier_available")?),
        0x2A => Property::SharedSubscriptionAvailable(flag(r, "shared_subscription_available")?),
        _ => return Err(start.error("property_identifier", Violation::PropertyUnknown)),
    };
    Ok((id, property))
}

/// Appends one property.
fn write(out: &mut Vec<u8>, property: Property<'_>, place: Place) -> Result<(), Error> {
    let mut w = Writer::new(out, place.packet(), Version::V5);
    match property {
        Property::PayloadFormatIndicator(value) => w.bytes(&[0x01, value.into()]),
        Property::MessageExpiryInterval(value) => w.byte(0x02).four_byte_integer(value),
        Property::ContentType(value) => w.byte(0x03).string(value, "content_type")?,
        Property::ResponseTopic(value) => w.byte(0x08).string(value.as_str(), "response_topic")?,
        Property::CorrelationData(value) => w.byte(0x09).binary(value, "correlation_data")?,
        Property::SubscriptionIdentifier(value) => w
            .byte(0x0B)
            .variable_byte_integer(value, "subscription_identifier")?,
        Property::SessionExpiryInterval(value) => w.byte(0x11).four_byte_integer(value),
        Property::AssignedClientIdentifier(value) => {
            w.byte(0x12).string(value, "assigned_client_identifier")?
        }
        Property::ServerKeepAlive(value) => w.byte(0x13).two_byte_integer(value),
        Property::AuthenticationMethod(value) => w.byte(0x15).string(value, "authentication_method")?,
        Property::AuthenticationData(value) => w.byte(0x16).binary(value, "authentication_data")?,
        Property::RequestProblemInformation(value) => w.bytes(&[0x17, value.into()]),
        Property::WillDelayInterval(value) => w.byte(0x18).four_byte_integer(value),
        Property::RequestResponseInformation(value) => w.bytes(&[0x19, value.into()]),
        Property::ResponseInformation(value) => w.byte(0x1A).string(value, "response_information")?,
        Property::ServerReference(value) => w.byte(0x1C).string(value, "server_reference")?,
        Property::ReasonString(value) => w.byte(0x1F).string(value, "reason_string")?,
        Property::ReceiveMaximum(value) => w.byte(0x21).two_byte_integer(value),
        Property::TopicAliasMaximum(value) => w.byte(0x22).two_byte_integer(value),
        Property::TopicAlias(value) => w.byte(0x23).two_byte_integer(value),
        Property::MaximumQoS(value) => w.bytes(&[0x24, value.byte()]),
        Property::RetainAvailable(value) => w.bytes(&[0x25, value.into()]),
        Property::UserProperty(name, value) => w
            .byte(0x26)
            .string(name, "user_property")?
            .string(value, "user_property")?,
        Property::MaximumPacketSize(value) => w.byte(0x27).four_byte_integer(value),
        Property::WildcardSubscriptionAvailable(value) => w.bytes(&[0x28, value.into()]),
        Property::SubscriptionIdentifierAvailable(value) => w.bytes(&[0x29, value.into()]),
        Property::SharedSubscriptionAvailable(value) => w.bytes(&[0x2A, value.into()]),
    };
    Ok(())
}
