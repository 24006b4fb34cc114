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
    #[inline]
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
#[derive(Clone, Copy)]
pub struct Properties<'a> {
    bytes: &'a [u8],
    /// A bit for each identifier that occurs.
    seen: u64,
    /// Where they were found good.
    place: u16,
}

impl<'a> Properties<'a> {
    /// No property at all; all that 3.1.1 has.
    pub const EMPTY: Properties<'static> = Properties { bytes: &[], seen: 0, place: 0 };

    /// Property Length and the properties at the reader's place, checked.
    ///
    /// # Errors
    /// `PropertyUnknown`, `PropertyMisplaced`, `PropertyTwice`, `PropertyValue`,
    /// `AuthenticationMethodMissing`, and what is wrong with a value itself.
    #[inline]
    pub(crate) fn decode(reader: &mut Reader<'a>, place: Place) -> Result<Self, Error> {
        let len = reader.variable_byte_integer("property_length")?;
        if len == 0 {
            return Ok(Properties::EMPTY);
        }
        let properties = reader.sub(len as usize, "properties")?;
        let seen = check(properties, place)?;
        Ok(Properties { bytes: properties.peek(), seen, place: place.bit() })
    }

    /// Whether there is none.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes after Property Length.
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether a property with this identifier occurs; costs nothing.
    #[inline]
    pub const fn has(&self, identifier: u8) -> bool {
        identifier < 64 && self.seen & (1 << identifier) != 0
    }

    /// The properties, in their order.
    pub fn iter(&self) -> PropertiesIter<'a> {
        // Neither packet nor offset matter: what was checked makes no error.
        PropertiesIter(Reader::new(self.bytes, 0, PacketType::Connect, Version::V5))
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

    /// Whether they were checked for this place.
    #[inline]
    pub(crate) const fn fit(&self, place: Place) -> bool {
        self.is_empty() || self.place == place.bit()
    }
}

impl Default for Properties<'_> {
    fn default() -> Self {
        Properties::EMPTY
    }
}

impl PartialEq for Properties<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
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
        read(&mut self.0).ok()
    }
}

/// Properties to be sent, checked as they are added.
#[derive(Clone, Debug)]
pub struct PropertiesBuf {
    bytes: Vec<u8>,
    seen: u64,
    place: Place,
}

impl PropertiesBuf {
    /// None yet, for this place.
    pub const fn new(place: Place) -> Self {
        PropertiesBuf { bytes: Vec::new(), seen: 0, place }
    }

    /// Begins with these; whether they fit the place shows when one is added.
    pub(crate) fn from_properties(properties: Properties<'_>, place: Place) -> Self {
        PropertiesBuf { bytes: properties.bytes.to_vec(), seen: properties.seen, place }
    }

    /// Adds a property at the end. Authentication Method comes before Authentication Data.
    ///
    /// # Errors
    /// As for decoding, and `FieldTooLong`; then nothing was added.
    pub fn push(&mut self, property: Property<'_>) -> Result<(), Error> {
        let len = self.bytes.len();
        let result = write(&mut self.bytes, property, self.place)
            .and_then(|()| check(Reader::new(&self.bytes, 0, self.place.packet(), Version::V5), self.place));
        match result {
            Ok(seen) => {
                self.seen = seen;
                Ok(())
            }
            Err(error) => {
                self.bytes.truncate(len);
                Err(error)
            }
        }
    }

    /// What was added so far.
    pub fn as_properties(&self) -> Properties<'_> {
        Properties { bytes: &self.bytes, seen: self.seen, place: self.place.bit() }
    }
}

/// How a property's value is laid out, and what it may be.
#[derive(Clone, Copy)]
enum Kind {
    /// A byte that is 0 or 1.
    Flag,
    TwoBytes,
    TwoBytesNotZero,
    FourBytes,
    FourBytesNotZero,
    /// A Variable Byte Integer that is not 0.
    Variable,
    Text,
    TopicName,
    Binary,
    TextPair,
}

/// One row of table 2-4.
#[derive(Clone, Copy)]
struct Row {
    field: &'static str,
    kind: Kind,
    /// Where it may stand, as bits of `Place`; nowhere if there is no such property.
    places: u16,
}

const TABLE: [Row; 0x2B] = {
    use PacketType::*;
    const fn at(packet: PacketType) -> u16 {
        1 << packet as u8
    }
    const WILL: u16 = 1;
    const ACKS: u16 = at(Puback) | at(Pubrec) | at(Pubrel) | at(Pubcomp) | at(Suback) | at(Unsuback);
    const fn row(field: &'static str, kind: Kind, places: u16) -> Row {
        Row { field, kind, places }
    }
    let message = at(Publish) | WILL;
    let both = at(Connect) | at(Connack);
    let mut table = [row("property_identifier", Kind::Flag, 0); 0x2B];
    table[0x01] = row("payload_format_indicator", Kind::Flag, message);
    table[0x02] = row("message_expiry_interval", Kind::FourBytes, message);
    table[0x03] = row("content_type", Kind::Text, message);
    table[0x08] = row("response_topic", Kind::TopicName, message);
    table[0x09] = row("correlation_data", Kind::Binary, message);
    table[0x0B] = row("subscription_identifier", Kind::Variable, at(Publish) | at(Subscribe));
    table[0x11] = row("session_expiry_interval", Kind::FourBytes, both | at(Disconnect));
    table[0x12] = row("assigned_client_identifier", Kind::Text, at(Connack));
    table[0x13] = row("server_keep_alive", Kind::TwoBytes, at(Connack));
    table[0x15] = row("authentication_method", Kind::Text, both | at(Auth));
    table[0x16] = row("authentication_data", Kind::Binary, both | at(Auth));
    table[0x17] = row("request_problem_information", Kind::Flag, at(Connect));
    table[0x18] = row("will_delay_interval", Kind::FourBytes, WILL);
    table[0x19] = row("request_response_information", Kind::Flag, at(Connect));
    table[0x1A] = row("response_information", Kind::Text, at(Connack));
    table[0x1C] = row("server_reference", Kind::Text, at(Connack) | at(Disconnect));
    table[0x1F] = row("reason_string", Kind::Text, at(Connack) | ACKS | at(Disconnect) | at(Auth));
    table[0x21] = row("receive_maximum", Kind::TwoBytesNotZero, both);
    table[0x22] = row("topic_alias_maximum", Kind::TwoBytes, both);
    table[0x23] = row("topic_alias", Kind::TwoBytesNotZero, at(Publish));
    table[0x24] = row("maximum_qos", Kind::Flag, at(Connack));
    table[0x25] = row("retain_available", Kind::Flag, at(Connack));
    table[0x26] = row("user_property", Kind::TextPair, u16::MAX);
    table[0x27] = row("maximum_packet_size", Kind::FourBytesNotZero, both);
    table[0x28] = row("wildcard_subscription_available", Kind::Flag, at(Connack));
    table[0x29] = row("subscription_identifier_available", Kind::Flag, at(Connack));
    table[0x2A] = row("shared_subscription_available", Kind::Flag, at(Connack));
    table
};

/// The name of the property with this identifier.
pub(crate) fn field(id: u8) -> &'static str {
    TABLE.get(usize::from(id)).map_or("property_identifier", |row| row.field)
}

/// Walks over all properties and applies every rule of section 2.2.2 and of the packets. Tells
/// which identifiers occur.
fn check(mut reader: Reader<'_>, place: Place) -> Result<u64, Error> {
    let r = &mut reader;
    let mut seen = 0u64;
    while !r.is_empty() {
        let start = *r;
        let id = r.variable_byte_integer("property_identifier")?;
        let Some(&Row { field, kind, places }) = TABLE.get(id as usize).filter(|row| row.places != 0) else {
            return Err(start.error("property_identifier", Violation::PropertyUnknown));
        };
        if places & place.bit() == 0 {
            return Err(start.error(field, Violation::PropertyMisplaced));
        }
        // User Properties may repeat everywhere; a PUBLISH that matches several subscriptions
        // carries an identifier for each (section 3.3.2.3.8).
        let may_repeat = id == 0x26 || (id == 0x0B && place == Place::Packet(PacketType::Publish));
        if seen & (1 << id) != 0 && !may_repeat {
            return Err(start.error(field, Violation::PropertyTwice));
        }
        seen |= 1 << id;

        let value = *r;
        let in_range = match kind {
            Kind::Flag => r.byte(field)? <= 1,
            Kind::TwoBytes => r.take(2, field).map(|_| true)?,
            Kind::TwoBytesNotZero => r.two_byte_integer(field)? != 0,
            Kind::FourBytes => r.take(4, field).map(|_| true)?,
            Kind::FourBytesNotZero => r.four_byte_integer(field)? != 0,
            Kind::Variable => r.variable_byte_integer(field)? != 0,
            Kind::Text => r.check_string(field).map(|()| true)?,
            // [MQTT-3.3.2-14]
            Kind::TopicName => r.topic_name(field).map(|_| true)?,
            Kind::Binary => r.binary(field).map(|_| true)?,
            Kind::TextPair => {
                r.check_string(field)?;
                r.check_string(field).map(|()| true)?
            }
        };
        if !in_range {
            // [MQTT-3.3.2-8] has a reason code of its own.
            return Err(value.error(
                field,
                match id {
                    0x23 => Violation::TopicAliasForbidden,
                    _ => Violation::PropertyValue,
                },
            ));
        }
    }
    // Sections 3.1.2.11.10 and 3.2.2.3.18.
    if seen & (1 << 0x16) != 0 && seen & (1 << 0x15) == 0 {
        return Err(r.error("authentication_data", Violation::AuthenticationMethodMissing));
    }
    Ok(seen)
}

/// One property out of bytes that were checked.
fn read<'a>(r: &mut Reader<'a>) -> Result<Property<'a>, Error> {
    let start = *r;
    let id = r.byte("property_identifier")?;
    let field = field(id);
    Ok(match id {
        0x01 => Property::PayloadFormatIndicator(r.byte(field)? != 0),
        0x02 => Property::MessageExpiryInterval(r.four_byte_integer(field)?),
        0x03 => Property::ContentType(r.string(field)?),
        0x08 => Property::ResponseTopic(r.topic_name(field)?),
        0x09 => Property::CorrelationData(r.binary(field)?),
        0x0B => Property::SubscriptionIdentifier(r.variable_byte_integer(field)?),
        0x11 => Property::SessionExpiryInterval(r.four_byte_integer(field)?),
        0x12 => Property::AssignedClientIdentifier(r.string(field)?),
        0x13 => Property::ServerKeepAlive(r.two_byte_integer(field)?),
        0x15 => Property::AuthenticationMethod(r.string(field)?),
        0x16 => Property::AuthenticationData(r.binary(field)?),
        0x17 => Property::RequestProblemInformation(r.byte(field)? != 0),
        0x18 => Property::WillDelayInterval(r.four_byte_integer(field)?),
        0x19 => Property::RequestResponseInformation(r.byte(field)? != 0),
        0x1A => Property::ResponseInformation(r.string(field)?),
        0x1C => Property::ServerReference(r.string(field)?),
        0x1F => Property::ReasonString(r.string(field)?),
        0x21 => Property::ReceiveMaximum(r.two_byte_integer(field)?),
        0x22 => Property::TopicAliasMaximum(r.two_byte_integer(field)?),
        0x23 => Property::TopicAlias(r.two_byte_integer(field)?),
        0x24 => Property::MaximumQoS(match r.byte(field)? {
            0 => QoS::AtMostOnce,
            _ => QoS::AtLeastOnce,
        }),
        0x25 => Property::RetainAvailable(r.byte(field)? != 0),
        0x26 => Property::UserProperty(r.string(field)?, r.string(field)?),
        0x27 => Property::MaximumPacketSize(r.four_byte_integer(field)?),
        0x28 => Property::WildcardSubscriptionAvailable(r.byte(field)? != 0),
        0x29 => Property::SubscriptionIdentifierAvailable(r.byte(field)? != 0),
        0x2A => Property::SharedSubscriptionAvailable(r.byte(field)? != 0),
        _ => return Err(start.error(field, Violation::PropertyUnknown)),
    })
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
        Property::SubscriptionIdentifier(value) => {
            w.byte(0x0B).variable_byte_integer(value, "subscription_identifier")?
        }
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
        Property::UserProperty(name, value) => {
            w.byte(0x26).string(name, "user_property")?.string(value, "user_property")?
        }
        Property::MaximumPacketSize(value) => w.byte(0x27).four_byte_integer(value),
        Property::WildcardSubscriptionAvailable(value) => w.bytes(&[0x28, value.into()]),
        Property::SubscriptionIdentifierAvailable(value) => w.bytes(&[0x29, value.into()]),
        Property::SharedSubscriptionAvailable(value) => w.bytes(&[0x2A, value.into()]),
    };
    Ok(())
}
