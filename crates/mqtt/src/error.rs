//! What is wrong with a packet: which packet, which field, which byte, which clause.
//!
//! One error for both directions of the codec and for the session's view of the protocol. Bytes
//! that have not arrived yet are never an error. Never words anything for a visitor: `Display` is
//! for logs and for the packet view. Made by the codec and the session.

use std::fmt;

use crate::packet::{PacketType, Version};
use crate::reason::ReasonCode;

/// A packet that breaks the standard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Error {
    /// How it breaks the standard.
    pub violation: Violation,
    /// The packet it was found in; `None` where the first byte names none.
    pub packet: Option<PacketType>,
    /// The field's name in the standard, in snake case.
    pub field: &'static str,
    /// Bytes from the packet's first byte to where the fault was seen; 0 when encoding.
    pub offset: u32,
    /// The version whose clauses were applied.
    pub version: Version,
}

impl Error {
    /// The clause that was broken, for example `MQTT-2.2.1-3`, or the section where the standard
    /// numbers no clause.
    pub fn clause(&self) -> &'static str {
        let (v311, v5, _) = self.violation.rule();
        match self.version {
            Version::V311 => v311,
            Version::V5 => v5,
        }
    }

    /// What a 5.0 DISCONNECT says about it (section 4.13).
    pub fn reason_code(&self) -> ReasonCode {
        self.violation.reason_code()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.packet {
            Some(packet) => write!(f, "{packet}")?,
            None => write!(f, "packet")?,
        }
        let what = self.violation.rule().2;
        write!(f, " {}: {what} at byte {} [{}]", self.field, self.offset, self.clause())
    }
}

impl std::error::Error for Error {}

/// The ways to break the standard, one per check.
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
    /// A string holds U+0000.
    NulCharacter,
    /// The topic name is empty, without a topic alias to stand for it.
    TopicNameEmpty,
    /// The topic name holds `+` or `#`.
    TopicNameWildcard,
    /// The topic filter is empty.
    TopicFilterEmpty,
    /// `#` is not the last level, or does not stand alone in it.
    MultiLevelWildcard,
    /// `+` does not stand alone in its level.
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
    /// The property may stand once only.
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
    /// A 3.1.1-shaped CONNACK, or return code 1, answers a 5.0 CONNECT: the server speaks 3.1.1
    /// only. The code is what it said.
    Connack311(ReasonCode),
    /// A string or binary field is longer than 65,535 bytes; found when encoding only.
    FieldTooLong,
    /// A value that the version to be written has no place for; found when encoding only.
    NotInThisVersion,
    /// The packet may not be sent by the server, or not at this time.
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
    /// What a 5.0 DISCONNECT says about it (section 4.13). Apart from the words, which only a person needs.
    const fn reason_code(self) -> ReasonCode {
        match self {
            Violation::Truncated
            | Violation::TrailingBytes
            | Violation::PacketTypeForbidden
            | Violation::ReservedFlags
            | Violation::ReservedBit
            | Violation::VariableByteIntegerTooLong
            | Violation::VariableByteIntegerNotMinimal
            | Violation::Utf8
            | Violation::NulCharacter
            | Violation::PacketIdZero
            | Violation::QoS3
            | Violation::DupWithoutQoS
            | Violation::PropertyUnknown
            | Violation::PropertyMisplaced
            | Violation::ReasonCodeUnknown
            | Violation::WillFlagMissing
            | Violation::PasswordWithoutUserName
            | Violation::FieldTooLong => ReasonCode::MalformedPacket,
            Violation::PacketTooLarge => ReasonCode::PacketTooLarge,
            Violation::TopicNameEmpty
            | Violation::SharedNoLocal
            | Violation::RetainHandling3
            | Violation::PropertyTwice
            | Violation::PropertyValue
            | Violation::AuthenticationMethodMissing
            | Violation::SessionPresentRefused
            | Violation::SessionPresentUnasked
            | Violation::ListEmpty
            | Violation::NotInThisVersion
            | Violation::PacketUnexpected
            | Violation::TopicAliasUnknown
            | Violation::ListLength
            | Violation::ProblemInformationUnasked
            | Violation::AuthenticationUnasked
            | Violation::AuthenticationMethodOther
            | Violation::SessionExpiryIntervalForbidden => ReasonCode::ProtocolError,
            Violation::TopicNameWildcard => ReasonCode::TopicNameInvalid,
            Violation::TopicFilterEmpty
            | Violation::MultiLevelWildcard
            | Violation::SingleLevelWildcard
            | Violation::SharedSubscription => ReasonCode::TopicFilterInvalid,
            Violation::ProtocolName | Violation::ProtocolVersion | Violation::Connack311(_) => {
                ReasonCode::UnsupportedProtocolVersion
            }
            Violation::TopicAliasForbidden | Violation::TopicAliasTooLarge => ReasonCode::TopicAliasInvalid,
            Violation::TopicAliasesTooLong => ReasonCode::QuotaExceeded,
            Violation::ReceiveMaximumExceeded => ReasonCode::ReceiveMaximumExceeded,
        }
    }

    /// The clause in 3.1.1, the clause in 5.0, and what it is in a few words.
    fn rule(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Violation::Truncated => ("MQTT-4.8.0-1", "MQTT-4.13.1-1", "runs past the packet's end"),
            Violation::TrailingBytes => ("MQTT-4.8.0-1", "MQTT-4.13.1-1", "bytes after the last field"),
            Violation::PacketTypeForbidden => ("section 2.2.1", "section 2.1.2", "no such packet type"),
            Violation::ReservedFlags => ("MQTT-2.2.2-2", "MQTT-2.1.3-1", "wrong flags"),
            Violation::ReservedBit => ("MQTT-4.8.0-1", "MQTT-4.13.1-1", "a reserved bit is set"),
            Violation::VariableByteIntegerTooLong => {
                ("section 2.2.3", "section 1.5.5", "longer than four bytes")
            }
            Violation::VariableByteIntegerNotMinimal => {
                ("section 2.2.3", "MQTT-1.5.5-1", "not the shortest form")
            }
            Violation::PacketTooLarge => ("section 2.2.3", "MQTT-3.1.2-24", "larger than allowed"),
            Violation::Utf8 => ("MQTT-1.5.3-1", "MQTT-1.5.4-1", "not UTF-8"),
            Violation::NulCharacter => ("MQTT-1.5.3-2", "MQTT-1.5.4-2", "holds U+0000"),
            Violation::TopicNameEmpty => ("MQTT-4.7.3-1", "MQTT-4.7.3-1", "empty"),
            Violation::TopicNameWildcard => ("MQTT-3.3.2-2", "MQTT-3.3.2-2", "a wildcard in a topic name"),
            Violation::TopicFilterEmpty => ("MQTT-4.7.3-1", "MQTT-4.7.3-1", "empty"),
            Violation::MultiLevelWildcard => {
                ("MQTT-4.7.1-2", "MQTT-4.7.1-1", "`#` is not alone in the last level")
            }
            Violation::SingleLevelWildcard => {
                ("MQTT-4.7.1-3", "MQTT-4.7.1-2", "`+` is not alone in its level")
            }
            Violation::SharedSubscription => {
                ("section 4.7", "MQTT-4.8.2-2", "no share name or no filter after `$share/`")
            }
            Violation::SharedNoLocal => {
                ("section 3.8.3", "MQTT-3.8.3-4", "No Local on a shared subscription")
            }
            Violation::PacketIdZero => ("MQTT-2.3.1-1", "MQTT-2.2.1-3", "zero"),
            Violation::QoS3 => ("MQTT-3.3.1-4", "MQTT-3.3.1-4", "QoS 3"),
            Violation::DupWithoutQoS => ("MQTT-3.3.1-2", "MQTT-3.3.1-2", "DUP at QoS 0"),
            Violation::RetainHandling3 => ("MQTT-3-8.3-4", "section 3.8.3.1", "Retain Handling 3"),
            Violation::PropertyUnknown => ("section 2.3", "section 2.2.2.2", "no such property"),
            Violation::PropertyMisplaced => {
                ("section 2.3", "section 2.2.2.2", "not a property of this packet")
            }
            Violation::PropertyTwice => ("section 2.3", "section 2.2.2.2", "stands twice"),
            Violation::PropertyValue => ("section 2.3", "section 2.2.2.2", "outside its range"),
            Violation::AuthenticationMethodMissing => {
                ("section 3.1", "section 3.1.2.11.10", "Authentication Data without Authentication Method")
            }
            Violation::ReasonCodeUnknown => ("MQTT-4.8.0-1", "section 2.4", "not a code of this packet"),
            Violation::ProtocolName => ("MQTT-3.1.2-1", "MQTT-3.1.2-1", "not `MQTT`"),
            Violation::ProtocolVersion => ("MQTT-3.1.2-2", "MQTT-3.1.2-2", "neither 4 nor 5"),
            Violation::WillFlagMissing => {
                ("MQTT-3.1.2-11", "MQTT-3.1.2-11", "Will QoS or Will Retain without Will Flag")
            }
            Violation::PasswordWithoutUserName => {
                ("MQTT-3.1.2-22", "section 3.1.2.9", "a password without a user name")
            }
            Violation::SessionPresentRefused => ("MQTT-3.2.2-4", "MQTT-3.2.2-6", "set with a refusal"),
            Violation::SessionPresentUnasked => ("MQTT-3.2.2-1", "MQTT-3.2.2-4", "set after a clean start"),
            Violation::ListEmpty => ("MQTT-3.8.3-3", "MQTT-3.8.3-2", "empty"),
            Violation::Connack311(_) => {
                ("section 3.2", "section 3.2", "a 3.1.1 CONNACK answers a 5.0 CONNECT")
            }
            Violation::FieldTooLong => ("section 1.5.3", "section 1.5.4", "longer than 65,535 bytes"),
            Violation::NotInThisVersion => ("section 1.1", "section 1.1", "not in this version"),
            Violation::PacketUnexpected => ("MQTT-4.8.0-1", "MQTT-4.13.1-1", "not expected here"),
            Violation::TopicAliasForbidden => {
                ("section 3.3", "MQTT-3.1.2-27", "a topic alias though none was allowed")
            }
            Violation::TopicAliasTooLarge => ("section 3.3", "MQTT-3.1.2-26", "above the maximum"),
            Violation::TopicAliasUnknown => ("section 3.3", "section 3.3.4", "stands for no name"),
            Violation::TopicAliasesTooLong => {
                ("section 3.3", "section 3.3.2.3.4", "names too long to be kept")
            }
            Violation::ListLength => ("MQTT-3.8.4-5", "MQTT-3.8.4-6", "not one code per filter"),
            Violation::ProblemInformationUnasked => ("section 2.3", "MQTT-3.1.2-29", "asked not to be sent"),
            Violation::ReceiveMaximumExceeded => {
                ("section 3.3", "MQTT-3.3.4-9", "more messages at a time than allowed")
            }
            Violation::AuthenticationUnasked => {
                ("section 2.2.1", "MQTT-4.12.0-6", "authentication though CONNECT had no method")
            }
            Violation::AuthenticationMethodOther => {
                ("section 2.2.1", "MQTT-4.12.0-5", "not the method of CONNECT")
            }
            Violation::SessionExpiryIntervalForbidden => {
                ("section 3.14", "MQTT-3.14.2-2", "a client's to say")
            }
        }
    }
}
