//! The position and meaning of each field of a packet, for a packet view.
//!
//! Only `decode` decides whether a packet is valid. This file reads the packet a second time with the same `reader`,
//! to its end or up to the error, and has no rules of its own. Allocates one list, and never panics on any bytes.
//! `tests/spans` and a fuzz target check that both readings agree.

use std::mem;
use std::ops::Range;

use crate::error::Error;
use crate::packet::{PacketId, PacketType, QoS, Subscription, Subscriptions, Version};
use crate::property;
use crate::reader::Reader;
use crate::reason::ReasonCode;
use crate::stream::Cursor;
use crate::topic::{TopicFilter, TopicName};

/// One packet, field by field.
#[derive(Clone, PartialEq, Debug)]
pub struct Spans<'a> {
    /// The fields in their order. The first begins at byte 0, every other one where the one before it ends, and none
    /// is empty.
    pub list: Vec<Span<'a>>,
    /// Whether the packet is valid.
    pub verdict: Verdict,
}

/// What `decode` says of the packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is valid, and the spans cover it to its end.
    Whole,
    /// It is not complete. The spans cover only the fixed header, as much of it as there is: nothing after it is
    /// checked before the packet is complete.
    Incomplete,
    /// It breaks the standard. The spans cover everything before the error's offset.
    Malformed(Error),
}

/// One field, or the length in front of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Span<'a> {
    /// The part of the packet that it belongs to.
    pub part: Part,
    /// The field's name in the standard, in snake case, as in an `Error`. A length has the name of what it counts, and
    /// a property's identifier that of its value.
    pub field: &'static str,
    /// Its position in bytes from the start of the packet.
    pub range: Range<usize>,
    /// What it means.
    pub meaning: Meaning<'a>,
}

/// The parts of a packet (section 2), and the lists of properties within them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Part {
    /// Section 2.1; 3.1.1: section 2.2.
    FixedHeader,
    /// Section 2.2; 3.1.1: section 2.3.
    VariableHeader,
    /// The properties in the variable header, with their length (section 2.2.2).
    Properties,
    /// Section 2.3; 3.1.1: section 2.4.
    Payload,
    /// Will Properties, with their length, in the payload of a CONNECT (section 3.1.3.2).
    WillProperties,
}

/// What the bytes of one span mean.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Meaning<'a> {
    /// The first byte of any packet but PUBLISH; the flags in it are fixed (section 2.1.3).
    PacketType(PacketType),
    /// The first byte of a PUBLISH (section 3.3.1).
    Publish {
        /// Whether the message may have been sent before.
        dup: bool,
        /// Its quality of service.
        qos: QoS,
        /// To a server: retain this message. From a server: this message was retained.
        retain: bool,
    },
    /// How many bytes there are of what follows: of the packet, its properties, a string.
    Length(u32),
    /// A packet identifier.
    PacketId(PacketId),
    /// Protocol Version; 3.1.1 calls it Protocol Level (section 3.1.2.2).
    ProtocolVersion(Version),
    /// Connect Flags.
    ConnectFlags(ConnectFlags),
    /// Connect Acknowledge Flags: whether the server resumes an earlier session.
    SessionPresent(bool),
    /// Subscription Options, with their topic filter.
    SubscriptionOptions(Subscription<'a>),
    /// A reason code; a return code of 3.1.1 as the reason code of 5.0.
    ReasonCode(ReasonCode),
    /// Which property follows (table 2-4); the span's field is its name.
    PropertyIdentifier(u8),
    /// A time in seconds.
    Seconds(u32),
    /// A size in bytes, but not of a field of this packet.
    Size(u32),
    /// Another number.
    Number(u32),
    /// A quality of service.
    QoS(QoS),
    /// A byte that is 0 or 1.
    Flag(bool),
    /// A string without its length.
    Text(&'a str),
    /// A topic name without its length.
    TopicName(TopicName<'a>),
    /// A topic filter without its length.
    TopicFilter(TopicFilter<'a>),
    /// Binary data without its length, or the payload of a PUBLISH, which has none.
    Binary(&'a [u8]),
}

/// The Connect Flags (section 3.1.2.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConnectFlags {
    /// A user name is in the payload.
    pub user_name: bool,
    /// A password is in the payload.
    pub password: bool,
    /// Will Retain.
    pub will_retain: bool,
    /// Will QoS.
    pub will_qos: QoS,
    /// Will Flag: a will is in the payload.
    pub will: bool,
    /// Clean Start; 3.1.1 calls it Clean Session.
    pub clean_start: bool,
}

/// Reads the packet at the start of `bytes` field by field.
///
/// Ignores everything after that packet. A CONNECT states its own version; `version` is ignored for it. There is at
/// most one span per byte, so a limit for packets limits the list too.
///
/// ```
/// use mqtt::spans::{Verdict, spans};
/// use mqtt::{Version, Violation};
///
/// // A PUBLISH whose property number 0 does not exist.
/// let read = spans(b"\x30\x08\0\x03a/b\x02\0\0", Version::V5);
/// let lines = read.list.iter().map(|span| format!("{:?} {}: {:?}", span.range, span.field, span.meaning));
/// assert_eq!(
///     lines.collect::<Vec<_>>(),
///     [
///         "0..1 packet_type: Publish { dup: false, qos: AtMostOnce, retain: false }",
///         "1..2 remaining_length: Length(8)",
///         "2..4 topic_name: Length(3)",
///         "4..7 topic_name: TopicName(\"a/b\")",
///         "7..8 property_length: Length(2)",
///     ]
/// );
/// let Verdict::Malformed(error) = read.verdict else { panic!() };
/// assert_eq!((error.violation, error.offset), (Violation::PropertyUnknown, 8));
/// ```
pub fn spans(bytes: &[u8], version: Version) -> Spans<'_> {
    let mut cursor = Cursor::new(version, u32::MAX);
    let (verdict, end) = match cursor.next(bytes) {
        Ok(Some(_)) => (Verdict::Whole, cursor.position),
        Ok(None) => (Verdict::Incomplete, bytes.len()),
        Err(error) => (Verdict::Malformed(error), error.offset as usize),
    };
    let Some(packet) = bytes.first().and_then(|first| PacketType::from_first_byte(*first)) else {
        return Spans { list: Vec::new(), verdict };
    };
    // The reader ends with the packet or at the error, so reading ends there too.
    let reader = Reader::new(&bytes[..end], 0, packet, version);
    let mut walk = Walk { reader, end, part: Part::FixedHeader, list: Vec::new() };
    if walk.fixed_header().is_some() && verdict != Verdict::Incomplete {
        walk.body();
    }
    Spans { list: walk.list, verdict }
}

/// Reads a packet that `decode` has checked. The methods return `None` when nothing is left to read.
struct Walk<'a> {
    reader: Reader<'a>,
    /// Where the reader ends, in bytes from the start of the packet.
    end: usize,
    part: Part,
    list: Vec<Span<'a>>,
}

impl<'a> Walk<'a> {
    fn fixed_header(&mut self) -> Option<()> {
        let packet = self.reader.packet();
        self.field("packet_type", Reader::byte, |first| match packet {
            PacketType::Publish => Some(Meaning::Publish {
                dup: first & 0b1000 != 0,
                qos: QoS::from_byte((first >> 1) & 0b11)?,
                retain: first & 1 != 0,
            }),
            _ => Some(Meaning::PacketType(packet)),
        })?;
        let length = |length| Some(Meaning::Length(length));
        self.field("remaining_length", Reader::variable_byte_integer, length).map(drop)
    }

    fn body(&mut self) -> Option<()> {
        self.part = Part::VariableHeader;
        match self.reader.packet() {
            PacketType::Connect => self.connect()?,
            PacketType::Connack => {
                let flags = |flags: u8| Some(Meaning::SessionPresent(flags & 1 != 0));
                self.field("connect_acknowledge_flags", Reader::byte, flags)?;
                match self.reader.version() {
                    Version::V311 => {
                        let known = |byte| ReasonCode::from_return_code(byte).map(Meaning::ReasonCode);
                        self.field("reason_code", Reader::byte, known)?;
                    }
                    Version::V5 => self.reason_code()?,
                }
                self.properties(Part::Properties)?;
            }
            PacketType::Publish => {
                let Meaning::Publish { qos, .. } = self.list.first()?.meaning else { return None };
                self.topic_name("topic_name")?;
                if qos > QoS::AtMostOnce {
                    self.packet_id()?;
                }
                self.properties(Part::Properties)?;
                self.part = Part::Payload;
                let payload = self.reader.rest();
                if !payload.is_empty() {
                    self.push("payload", Meaning::Binary(payload));
                }
            }
            PacketType::Puback | PacketType::Pubrec | PacketType::Pubrel | PacketType::Pubcomp => {
                self.packet_id()?;
                // Both may be missing: then nothing is left to read.
                self.reason_code()?;
                self.properties(Part::Properties)?;
            }
            PacketType::Subscribe => {
                self.packet_id()?;
                self.properties(Part::Properties)?;
                self.part = Part::Payload;
                while !self.reader.is_empty() {
                    let subscription = Subscriptions::from_wire(self.reader.peek()).iter().next();
                    self.topic_filter()?;
                    let options = |_| subscription.map(Meaning::SubscriptionOptions);
                    self.field("subscription_options", Reader::byte, options)?;
                }
            }
            PacketType::Suback | PacketType::Unsuback => {
                self.packet_id()?;
                self.properties(Part::Properties)?;
                self.part = Part::Payload;
                while !self.reader.is_empty() {
                    self.reason_code()?;
                }
            }
            PacketType::Unsubscribe => {
                self.packet_id()?;
                self.properties(Part::Properties)?;
                self.part = Part::Payload;
                while !self.reader.is_empty() {
                    self.topic_filter()?;
                }
            }
            PacketType::Pingreq | PacketType::Pingresp => {}
            PacketType::Disconnect | PacketType::Auth => {
                // Both may be missing here too.
                self.reason_code()?;
                self.properties(Part::Properties)?;
            }
        }
        Some(())
    }

    fn connect(&mut self) -> Option<()> {
        self.text("protocol_name")?;
        let version = |byte| {
            let version = [Version::V311, Version::V5].into_iter().find(|version| version.byte() == byte);
            version.map(Meaning::ProtocolVersion)
        };
        let version = self.field("protocol_version", Reader::byte, version)?;
        let Meaning::ProtocolVersion(version) = version else { return None };
        self.reader.set_version(version);

        let flags = self.field("connect_flags", Reader::byte, |byte| {
            Some(Meaning::ConnectFlags(ConnectFlags {
                user_name: byte & 0x80 != 0,
                password: byte & 0x40 != 0,
                will_retain: byte & 0b0010_0000 != 0,
                will_qos: QoS::from_byte((byte >> 3) & 0b11)?,
                will: byte & 0b100 != 0,
                clean_start: byte & 0b10 != 0,
            }))
        })?;
        let Meaning::ConnectFlags(flags) = flags else { return None };
        let seconds = |seconds: u16| Some(Meaning::Seconds(seconds.into()));
        self.field("keep_alive", Reader::two_byte_integer, seconds)?;
        self.properties(Part::Properties)?;

        self.part = Part::Payload;
        self.text("client_id")?;
        if flags.will {
            self.properties(Part::WillProperties)?;
            self.topic_name("will_topic")?;
            self.binary("will_payload")?;
        }
        if flags.user_name {
            self.text("user_name")?;
        }
        if flags.password {
            self.binary("password")?;
        }
        Some(())
    }

    fn properties(&mut self, part: Part) -> Option<()> {
        if self.reader.version() == Version::V311 {
            return Some(());
        }
        let outer_part = mem::replace(&mut self.part, part);
        let length = |length| Some(Meaning::Length(length));
        let length = self.field("property_length", Reader::variable_byte_integer, length)?;
        let Meaning::Length(length) = length else { return None };
        // The reader may end at an error, before the properties end.
        let len_after = self.reader.len().saturating_sub(length as usize);
        while self.reader.len() > len_after {
            self.property()?;
        }
        self.part = outer_part;
        Some(())
    }

    fn property(&mut self) -> Option<()> {
        let id = self.reader.byte("property_identifier").ok()?;
        let field = property::field(id);
        self.push(field, Meaning::PropertyIdentifier(id));
        let seconds = |seconds| Some(Meaning::Seconds(seconds));
        let number = |number| Some(Meaning::Number(number));
        let read = match id {
            0x03 | 0x12 | 0x15 | 0x1A | 0x1C | 0x1F => return self.text(field),
            0x08 => return self.topic_name(field),
            0x09 | 0x16 => return self.binary(field),
            0x26 => return self.text(field).and_then(|()| self.text(field)),
            0x02 | 0x11 | 0x18 => self.field(field, Reader::four_byte_integer, seconds),
            0x13 => self.field(field, Reader::two_byte_integer, |value| seconds(value.into())),
            0x27 => self.field(field, Reader::four_byte_integer, |value| Some(Meaning::Size(value))),
            0x21..=0x23 => self.field(field, Reader::two_byte_integer, |value| number(value.into())),
            0x0B => self.field(field, Reader::variable_byte_integer, number),
            0x24 => self.field(field, Reader::byte, |value| QoS::from_byte(value).map(Meaning::QoS)),
            // All other properties of table 2-4 are 0 or 1.
            _ => self.field(field, Reader::byte, |value| Some(Meaning::Flag(value != 0))),
        };
        read.map(drop)
    }

    fn packet_id(&mut self) -> Option<()> {
        self.field("packet_id", |r, _| r.packet_id(), |id| Some(Meaning::PacketId(id))).map(drop)
    }

    fn reason_code(&mut self) -> Option<()> {
        let meaning = |byte| ReasonCode::from_byte(byte).map(Meaning::ReasonCode);
        self.field("reason_code", Reader::byte, meaning).map(drop)
    }

    fn text(&mut self, field: &'static str) -> Option<()> {
        self.counted(field, |r, field| r.string(field).map(Meaning::Text))
    }

    fn binary(&mut self, field: &'static str) -> Option<()> {
        self.counted(field, |r, field| r.binary(field).map(Meaning::Binary))
    }

    fn topic_name(&mut self, field: &'static str) -> Option<()> {
        self.counted(field, |r, field| r.topic_name(field).map(Meaning::TopicName))
    }

    fn topic_filter(&mut self) -> Option<()> {
        self.counted("topic_filter", |r, field| r.topic_filter(field).map(Meaning::TopicFilter))
    }

    /// A length and the field that it counts, one span for each. `read` reads both.
    fn counted(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Reader<'a>, &'static str) -> Result<Meaning<'a>, Error>,
    ) -> Option<()> {
        let mut both = self.reader;
        let length = |length: u16| Some(Meaning::Length(length.into()));
        if let Meaning::Length(1..) = self.field(field, Reader::two_byte_integer, length)? {
            let value = read(&mut both, field).ok()?;
            self.reader = both;
            self.push(field, value);
        }
        Some(())
    }

    /// A field without a length before it.
    fn field<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Reader<'a>, &'static str) -> Result<T, Error>,
        meaning: impl FnOnce(T) -> Option<Meaning<'a>>,
    ) -> Option<Meaning<'a>> {
        let meaning = meaning(read(&mut self.reader, field).ok()?)?;
        self.push(field, meaning);
        Some(meaning)
    }

    /// Adds a span from the end of the last one to the reader's position.
    fn push(&mut self, field: &'static str, meaning: Meaning<'a>) {
        let start = self.list.last().map_or(0, |span| span.range.end);
        let range = start..self.end - self.reader.len();
        self.list.push(Span { part: self.part, field, range, meaning });
    }
}
