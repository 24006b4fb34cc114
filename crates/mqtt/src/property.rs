//! The properties of 5.0 (section 2.2.2): checked once, decoded on demand.
//!
//! They stay bytes, and an iterator decodes one at a time. Reading never allocates. The codec checks and writes
//! them; the session and the packet view read them.

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
    /// 0x1F: the peer's explanation, for diagnosis by people.
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
    /// 0x26: may occur any number of times.
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

/// Where properties occur: in a packet, or in the will of a CONNECT.
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
    /// The place that they were checked for, as a bit.
    place: u16,
}

impl<'a> Properties<'a> {
    /// No properties, as always in 3.1.1.
    pub const EMPTY: Properties<'static> = Properties { bytes: &[], seen: 0, place: 0 };

    /// Reads Property Length and the properties, and checks them.
    ///
    /// # Errors
    /// `PropertyUnknown`, `PropertyMisplaced`, `PropertyTwice`, `PropertyValue`, `AuthenticationMethodMissing`, and
    /// the errors of a single value.
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

    /// Whether there are none.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes after Property Length.
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether a property with this identifier occurs, without decoding any.
    #[inline]
    pub const fn has(&self, identifier: u8) -> bool {
        identifier < 64 && self.seen & (1 << identifier) != 0
    }

    /// The properties, in their order.
    pub fn iter(&self) -> PropertiesIter<'a> {
        // Packet and offset do not matter: checked bytes cause no error.
        PropertiesIter(Reader::new(self.bytes, 0, PacketType::Connect, Version::V5))
    }

    /// The first value for which `pick` is not `None`.
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

    /// Whether they may occur in this place.
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
    /// No properties yet, for this place.
    pub const fn new(place: Place) -> Self {
        PropertiesBuf { bytes: Vec::new(), seen: 0, place }
    }

    /// A copy of these properties. They are checked for the place when one is added.
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

    /// The properties that were added.
    pub fn as_properties(&self) -> Properties<'_> {
        Properties { bytes: &self.bytes, seen: self.seen, place: self.place.bit() }
    }
}

/// The type of a property's value, and the allowed range.
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
    /// Where it may occur, as bits of `Place`; 0 if there is no such property.
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

/// Checks every rule of section 2.2.2 and of the packets. Returns a bit for each identifier that occurs.
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
            // [MQTT-3.3.2-8] has its own reason code.
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

/// A value as it is encoded. The `Kind` says which of the fields is used.
#[derive(Clone, Copy, Default)]
struct Value<'a> {
    number: u32,
    bytes: &'a [u8],
    /// The first text, and the second of a pair.
    text: &'a str,
    second: &'a str,
}

/// Reads one property from checked bytes.
fn read<'a>(r: &mut Reader<'a>) -> Result<Property<'a>, Error> {
    let start = *r;
    let id = r.byte("property_identifier")?;
    let Some(&Row { field, kind, .. }) = TABLE.get(usize::from(id)) else {
        return Err(start.error("property_identifier", Violation::PropertyUnknown));
    };
    let mut value = Value::default();
    match kind {
        Kind::Flag => value.number = r.byte(field)?.into(),
        Kind::TwoBytes | Kind::TwoBytesNotZero => value.number = r.two_byte_integer(field)?.into(),
        Kind::FourBytes | Kind::FourBytesNotZero => value.number = r.four_byte_integer(field)?,
        Kind::Variable => value.number = r.variable_byte_integer(field)?,
        Kind::Binary => value.bytes = r.binary(field)?,
        Kind::Text | Kind::TopicName => value.text = r.string(field)?,
        Kind::TextPair => (value.text, value.second) = (r.string(field)?, r.string(field)?),
    }
    let Value { number, bytes, text, second } = value;
    let (flag, short) = (number != 0, number as u16);
    Ok(match id {
        0x01 => Property::PayloadFormatIndicator(flag),
        0x02 => Property::MessageExpiryInterval(number),
        0x03 => Property::ContentType(text),
        0x08 => {
            Property::ResponseTopic(TopicName::new(text).map_err(|violation| start.error(field, violation))?)
        }
        0x09 => Property::CorrelationData(bytes),
        0x0B => Property::SubscriptionIdentifier(number),
        0x11 => Property::SessionExpiryInterval(number),
        0x12 => Property::AssignedClientIdentifier(text),
        0x13 => Property::ServerKeepAlive(short),
        0x15 => Property::AuthenticationMethod(text),
        0x16 => Property::AuthenticationData(bytes),
        0x17 => Property::RequestProblemInformation(flag),
        0x18 => Property::WillDelayInterval(number),
        0x19 => Property::RequestResponseInformation(flag),
        0x1A => Property::ResponseInformation(text),
        0x1C => Property::ServerReference(text),
        0x1F => Property::ReasonString(text),
        0x21 => Property::ReceiveMaximum(short),
        0x22 => Property::TopicAliasMaximum(short),
        0x23 => Property::TopicAlias(short),
        0x24 => Property::MaximumQoS(if flag { QoS::AtLeastOnce } else { QoS::AtMostOnce }),
        0x25 => Property::RetainAvailable(flag),
        0x26 => Property::UserProperty(text, second),
        0x27 => Property::MaximumPacketSize(number),
        0x28 => Property::WildcardSubscriptionAvailable(flag),
        0x29 => Property::SubscriptionIdentifierAvailable(flag),
        0x2A => Property::SharedSubscriptionAvailable(flag),
        _ => return Err(start.error(field, Violation::PropertyUnknown)),
    })
}

/// Appends one property.
fn write(out: &mut Vec<u8>, property: Property<'_>, place: Place) -> Result<(), Error> {
    let number = |number: u32| Value { number, ..Value::default() };
    let flag = |flag: bool| number(flag.into());
    let text = |text| Value { text, ..Value::default() };
    let binary = |bytes| Value { bytes, ..Value::default() };
    let (id, value) = match property {
        Property::PayloadFormatIndicator(value) => (0x01, flag(value)),
        Property::MessageExpiryInterval(value) => (0x02, number(value)),
        Property::ContentType(value) => (0x03, text(value)),
        Property::ResponseTopic(value) => (0x08, text(value.as_str())),
        Property::CorrelationData(value) => (0x09, binary(value)),
        Property::SubscriptionIdentifier(value) => (0x0B, number(value)),
        Property::SessionExpiryInterval(value) => (0x11, number(value)),
        Property::AssignedClientIdentifier(value) => (0x12, text(value)),
        Property::ServerKeepAlive(value) => (0x13, number(value.into())),
        Property::AuthenticationMethod(value) => (0x15, text(value)),
        Property::AuthenticationData(value) => (0x16, binary(value)),
        Property::RequestProblemInformation(value) => (0x17, flag(value)),
        Property::WillDelayInterval(value) => (0x18, number(value)),
        Property::RequestResponseInformation(value) => (0x19, flag(value)),
        Property::ResponseInformation(value) => (0x1A, text(value)),
        Property::ServerReference(value) => (0x1C, text(value)),
        Property::ReasonString(value) => (0x1F, text(value)),
        Property::ReceiveMaximum(value) => (0x21, number(value.into())),
        Property::TopicAliasMaximum(value) => (0x22, number(value.into())),
        Property::TopicAlias(value) => (0x23, number(value.into())),
        Property::MaximumQoS(value) => (0x24, number(value.byte().into())),
        Property::RetainAvailable(value) => (0x25, flag(value)),
        Property::UserProperty(text, second) => (0x26, Value { text, second, ..Value::default() }),
        Property::MaximumPacketSize(value) => (0x27, number(value)),
        Property::WildcardSubscriptionAvailable(value) => (0x28, flag(value)),
        Property::SubscriptionIdentifierAvailable(value) => (0x29, flag(value)),
        Property::SharedSubscriptionAvailable(value) => (0x2A, flag(value)),
    };
    let Row { field, kind, .. } = TABLE[id];
    let Value { number, bytes, text, second } = value;
    let mut w = Writer::new(out, place.packet(), Version::V5);
    w.byte(id as u8);
    match kind {
        Kind::Flag => w.byte(number as u8),
        Kind::TwoBytes | Kind::TwoBytesNotZero => w.two_byte_integer(number as u16),
        Kind::FourBytes | Kind::FourBytesNotZero => w.four_byte_integer(number),
        Kind::Variable => w.variable_byte_integer(number, field)?,
        Kind::Text | Kind::TopicName => w.string(text, field)?,
        Kind::Binary => w.binary(bytes, field)?,
        Kind::TextPair => w.string(text, field)?.string(second, field)?,
    };
    Ok(())
}
