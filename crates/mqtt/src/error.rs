//! What is wrong with a packet: which packet, which field, which byte, which clause.
//!
//! One error type for decoding, encoding and the rules that the session checks. An incomplete packet is never an
//! error. `Display` is for logs and the packet view, not for a user interface. Made by the codec and the session.

use std::fmt;

use crate::packet::{PacketType, Version};
use crate::reason::ReasonCode;

/// A packet that breaks the standard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Error {
    /// The rule that it breaks.
    pub violation: Violation,
    /// The packet's type; `None` if the first byte is not a valid one.
    pub packet: Option<PacketType>,
    /// The field's name in the standard, in snake case.
    pub field: &'static str,
    /// The position of the error, in bytes from the start of the packet; 0 when encoding.
    pub offset: u32,
    /// The version whose clauses were applied.
    pub version: Version,
}

impl Error {
    /// The broken clause, for example `MQTT-2.2.1-3`; or the section, if the rule has no clause number.
    pub fn clause(&self) -> &'static str {
        let (v311, v5, ..) = self.violation.rule();
        match self.version {
            Version::V311 => v311,
            Version::V5 => v5,
        }
    }

    /// The reason code of a 5.0 DISCONNECT about it (section 4.13).
    pub fn reason_code(&self) -> ReasonCode {
        self.violation.rule().2
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.packet {
            Some(packet) => write!(f, "{packet}")?,
            None => write!(f, "packet")?,
        }
        let what = self.violation.rule().3;
        write!(f, " {}: {what} at byte {} [{}]", self.field, self.offset, self.clause())
    }
}

impl std::error::Error for Error {}

/// The rules of the standard that can be broken, one variant per check.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[non_exhaustive]
pub enum Violation {
    /// A field runs past the end of its packet.
    Truncated,
    /// Bytes are left after the last field.
    TrailingBytes,
    /// The packet type is 0, or AUTH in 3.1.1.
    PacketTypeForbidden,
    /// The flags of the fixed header are not those of the packet type.
    ReservedFlags,
    /// A reserved bit inside the packet is set.
    ReservedBit,
    /// A variable byte integer has no end within four bytes.
    VariableByteIntegerTooLong,
    /// A variable byte integer is not the shortest one.
    VariableByteIntegerNotMinimal,
    /// The packet is larger than the receiver announced or configured.
    PacketTooLarge,
    /// A string is not well-formed UTF-8.
    Utf8,
    /// A string contains U+0000.
    NulCharacter,
    /// The topic name is empty, and there is no topic alias.
    TopicNameEmpty,
    /// The topic name contains `+` or `#`.
    TopicNameWildcard,
    /// The topic filter is empty.
    TopicFilterEmpty,
    /// `#` is not in the last level, or not alone in it.
    MultiLevelWildcard,
    /// `+` is not alone in its level.
    SingleLevelWildcard,
    /// `$share/` is not followed by a share name, `/` and a filter.
    SharedSubscription,
    /// No Local on a shared subscription.
    SharedNoLocal,
    /// The packet identifier is 0.
    PacketIdZero,
    /// QoS is 3.
    QoS3,
    /// DUP is set on a QoS 0 message.
    DupWithoutQoS,
    /// Retain Handling is 3.
    RetainHandling3,
    /// There is no such property.
    PropertyUnknown,
    /// The property does not belong to this packet.
    PropertyMisplaced,
    /// The property occurs twice and may occur only once.
    PropertyTwice,
    /// The property's value is outside its range.
    PropertyValue,
    /// Authentication Data without Authentication Method.
    AuthenticationMethodMissing,
    /// The reason code does not belong to this packet.
    ReasonCodeUnknown,
    /// The protocol name is not `MQTT`.
    ProtocolName,
    /// The protocol version is neither 4 nor 5.
    ProtocolVersion,
    /// Will QoS or Will Retain is set without Will Flag.
    WillFlagMissing,
    /// A password without a user name, in 3.1.1.
    PasswordWithoutUserName,
    /// Session Present with a refusal.
    SessionPresentRefused,
    /// Session Present after a clean start.
    SessionPresentUnasked,
    /// No filter in a SUBSCRIBE or UNSUBSCRIBE, no code in their acknowledgement.
    ListEmpty,
    /// A 3.1.1-shaped CONNACK, or return code 1, answers a 5.0 CONNECT: the server speaks only 3.1.1. With the
    /// return code, as a reason code of 5.0.
    Connack311(ReasonCode),
    /// A string or binary field is longer than 65,535 bytes; found when encoding only.
    FieldTooLong,
    /// A value that this version does not have; found when encoding only.
    NotInThisVersion,
    /// The server may not send this packet, or not at this time.
    PacketUnexpected,
    /// A topic alias, though none was allowed.
    TopicAliasForbidden,
    /// A topic alias above the Topic Alias Maximum.
    TopicAliasTooLarge,
    /// A topic alias that stands for no name yet.
    TopicAliasUnknown,
    /// The names that topic aliases stand for are more bytes than a packet may have.
    TopicAliasesTooLong,
    /// An acknowledgement with more or fewer codes than there were filters.
    ListLength,
    /// A Reason String or User Property that CONNECT asked not to be sent.
    ProblemInformationUnasked,
    /// More QoS 1 and 2 messages at a time than Receive Maximum allowed.
    ReceiveMaximumExceeded,
    /// An AUTH, or an Authentication Method in CONNACK, though CONNECT had no method.
    AuthenticationUnasked,
    /// Another Authentication Method than CONNECT's, or none where it must stand.
    AuthenticationMethodOther,
    /// A Session Expiry Interval in a server's DISCONNECT.
    SessionExpiryIntervalForbidden,
}

impl Violation {
    /// The broken rule: its clause in 3.1.1, its clause in 5.0, the reason code of a 5.0 DISCONNECT about it, and
    /// a short description.
    #[rustfmt::skip]
    fn rule(self) -> (&'static str, &'static str, ReasonCode, &'static str) {
        use ReasonCode::*;
        match self {
            Violation::Truncated => ("MQTT-4.8.0-1", "MQTT-4.13.1-1", MalformedPacket, "runs past the end of the packet"),
            Violation::TrailingBytes => ("MQTT-4.8.0-1", "MQTT-4.13.1-1", MalformedPacket, "bytes after the last field"),
            Violation::PacketTypeForbidden => ("section 2.2.1", "section 2.1.2", MalformedPacket, "no such packet type"),
            Violation::ReservedFlags => ("MQTT-2.2.2-2", "MQTT-2.1.3-1", MalformedPacket, "wrong flags"),
            Violation::ReservedBit => ("MQTT-4.8.0-1", "MQTT-4.13.1-1", MalformedPacket, "a reserved bit is set"),
            Violation::VariableByteIntegerTooLong => ("section 2.2.3", "section 1.5.5", MalformedPacket, "longer than four bytes"),
            Violation::VariableByteIntegerNotMinimal => ("section 2.2.3", "MQTT-1.5.5-1", MalformedPacket, "not the shortest form"),
            Violation::PacketTooLarge => ("section 2.2.3", "MQTT-3.1.2-24", PacketTooLarge, "larger than allowed"),
            Violation::Utf8 => ("MQTT-1.5.3-1", "MQTT-1.5.4-1", MalformedPacket, "not UTF-8"),
            Violation::NulCharacter => ("MQTT-1.5.3-2", "MQTT-1.5.4-2", MalformedPacket, "contains U+0000"),
            Violation::TopicNameEmpty => ("MQTT-4.7.3-1", "MQTT-4.7.3-1", ProtocolError, "empty"),
            Violation::TopicNameWildcard => ("MQTT-3.3.2-2", "MQTT-3.3.2-2", TopicNameInvalid, "a wildcard in a topic name"),
            Violation::TopicFilterEmpty => ("MQTT-4.7.3-1", "MQTT-4.7.3-1", TopicFilterInvalid, "empty"),
            Violation::MultiLevelWildcard => ("MQTT-4.7.1-2", "MQTT-4.7.1-1", TopicFilterInvalid, "`#` is not alone in the last level"),
            Violation::SingleLevelWildcard => ("MQTT-4.7.1-3", "MQTT-4.7.1-2", TopicFilterInvalid, "`+` is not alone in its level"),
            Violation::SharedSubscription => ("section 4.7", "MQTT-4.8.2-2", TopicFilterInvalid, "no share name or no filter after `$share/`"),
            Violation::SharedNoLocal => ("section 3.8.3", "MQTT-3.8.3-4", ProtocolError, "No Local on a shared subscription"),
            Violation::PacketIdZero => ("MQTT-2.3.1-1", "MQTT-2.2.1-3", MalformedPacket, "zero"),
            Violation::QoS3 => ("MQTT-3.3.1-4", "MQTT-3.3.1-4", MalformedPacket, "QoS 3"),
            Violation::DupWithoutQoS => ("MQTT-3.3.1-2", "MQTT-3.3.1-2", MalformedPacket, "DUP at QoS 0"),
            Violation::RetainHandling3 => ("MQTT-3-8.3-4", "section 3.8.3.1", ProtocolError, "Retain Handling 3"),
            Violation::PropertyUnknown => ("section 2.3", "section 2.2.2.2", MalformedPacket, "no such property"),
            Violation::PropertyMisplaced => ("section 2.3", "section 2.2.2.2", MalformedPacket, "not a property of this packet"),
            Violation::PropertyTwice => ("section 2.3", "section 2.2.2.2", ProtocolError, "occurs twice"),
            Violation::PropertyValue => ("section 2.3", "section 2.2.2.2", ProtocolError, "outside its range"),
            Violation::AuthenticationMethodMissing => ("section 3.1", "section 3.1.2.11.10", ProtocolError, "Authentication Data without Authentication Method"),
            Violation::ReasonCodeUnknown => ("MQTT-4.8.0-1", "section 2.4", MalformedPacket, "not a code of this packet"),
            Violation::ProtocolName => ("MQTT-3.1.2-1", "MQTT-3.1.2-1", UnsupportedProtocolVersion, "not `MQTT`"),
            Violation::ProtocolVersion => ("MQTT-3.1.2-2", "MQTT-3.1.2-2", UnsupportedProtocolVersion, "neither 4 nor 5"),
            Violation::WillFlagMissing => ("MQTT-3.1.2-11", "MQTT-3.1.2-11", MalformedPacket, "Will QoS or Will Retain without Will Flag"),
            Violation::PasswordWithoutUserName => ("MQTT-3.1.2-22", "section 3.1.2.9", MalformedPacket, "a password without a user name"),
            Violation::SessionPresentRefused => ("MQTT-3.2.2-4", "MQTT-3.2.2-6", ProtocolError, "set with a refusal"),
            Violation::SessionPresentUnasked => ("MQTT-3.2.2-1", "MQTT-3.2.2-4", ProtocolError, "set after a clean start"),
            Violation::ListEmpty => ("MQTT-3.8.3-3", "MQTT-3.8.3-2", ProtocolError, "empty"),
            Violation::Connack311(_) => ("section 3.2", "section 3.2", UnsupportedProtocolVersion, "a 3.1.1 CONNACK answers a 5.0 CONNECT"),
            Violation::FieldTooLong => ("section 1.5.3", "section 1.5.4", MalformedPacket, "longer than 65,535 bytes"),
            Violation::NotInThisVersion => ("section 1.1", "section 1.1", ProtocolError, "not in this version"),
            Violation::PacketUnexpected => ("MQTT-4.8.0-1", "MQTT-4.13.1-1", ProtocolError, "not expected here"),
            Violation::TopicAliasForbidden => ("section 3.3", "MQTT-3.1.2-27", TopicAliasInvalid, "a topic alias though none was allowed"),
            Violation::TopicAliasTooLarge => ("section 3.3", "MQTT-3.1.2-26", TopicAliasInvalid, "above the maximum"),
            Violation::TopicAliasUnknown => ("section 3.3", "section 3.3.4", ProtocolError, "is not assigned to a name"),
            Violation::TopicAliasesTooLong => ("section 3.3", "section 3.3.2.3.4", QuotaExceeded, "names too long to be kept"),
            Violation::ListLength => ("MQTT-3.8.4-5", "MQTT-3.8.4-6", ProtocolError, "not one code per filter"),
            Violation::ProblemInformationUnasked => ("section 2.3", "MQTT-3.1.2-29", ProtocolError, "asked not to be sent"),
            Violation::ReceiveMaximumExceeded => ("section 3.3", "MQTT-3.3.4-9", ReceiveMaximumExceeded, "more messages at a time than allowed"),
            Violation::AuthenticationUnasked => ("section 2.2.1", "MQTT-4.12.0-6", ProtocolError, "authentication though CONNECT had no method"),
            Violation::AuthenticationMethodOther => ("section 2.2.1", "MQTT-4.12.0-5", ProtocolError, "not the method of CONNECT"),
            Violation::SessionExpiryIntervalForbidden => ("section 3.14", "MQTT-3.14.2-2", ProtocolError, "only a client may send it"),
        }
    }
}
