//! A reader over the bytes of one packet that cannot read past their end.
//!
//! Modelled after rustls' `msgs/codec`: `take`, `sub`, `rest`, and methods built on them. Every error names the
//! field. Never panics on any bytes and never allocates. Only the codec uses it.

use crate::error::{Error, Violation};
use crate::packet::{PacketId, PacketType, Version};
use crate::topic::{TopicFilter, TopicName, holds_nul};

/// The unread rest of a packet, or of a part of it.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// Offset in the packet of the first byte after `rest`.
    end: u32,
    packet: PacketType,
    version: Version,
}

impl<'a> Reader<'a> {
    /// A reader of `bytes`, whose first byte stands at `offset` in a packet of this type.
    #[inline(always)]
    pub fn new(bytes: &'a [u8], offset: u32, packet: PacketType, version: Version) -> Self {
        // A packet is at most 268,435,460 bytes long (section 2.1.4), so the sum does not wrap for
        // any packet; for other callers' slices it only spoils the offset in an error.
        let end = offset.wrapping_add(bytes.len() as u32);
        Reader { rest: bytes, end, packet, version }
    }

    /// The version whose rules apply.
    #[inline(always)]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Changes the version whose rules apply, after a CONNECT has stated it.
    #[inline]
    pub const fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// The packet that is read.
    #[inline(always)]
    pub const fn packet(&self) -> PacketType {
        self.packet
    }

    /// Whether everything was read.
    #[inline(always)]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes are left.
    #[inline]
    pub const fn len(&self) -> usize {
        self.rest.len()
    }

    /// What is left, without taking it.
    #[inline(always)]
    pub const fn peek(&self) -> &'a [u8] {
        self.rest
    }

    /// An error about `field` at the next byte to be read.
    #[cold]
    pub fn error(&self, field: &'static str, violation: Violation) -> Error {
        let offset = self.end.wrapping_sub(self.rest.len() as u32);
        Error { violation, packet: Some(self.packet), field, offset, version: self.version }
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    /// `Truncated` if there are fewer.
    #[inline(always)]
    pub fn take(&mut self, len: usize, field: &'static str) -> Result<&'a [u8], Error> {
        match self.rest.split_at_checked(len) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(self.error(field, Violation::Truncated)),
        }
    }

    /// A reader of the next `len` bytes, which cannot read past them.
    ///
    /// # Errors
    /// `Truncated` if there are fewer.
    #[inline(always)]
    pub fn sub(&mut self, len: usize, field: &'static str) -> Result<Reader<'a>, Error> {
        let end = self.end.wrapping_sub(self.rest.len() as u32).wrapping_add(len as u32);
        let rest = self.take(len, field)?;
        Ok(Reader { rest, end, ..*self })
    }

    /// Everything that is left.
    #[inline(always)]
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// `TrailingBytes` if something is.
    #[inline]
    pub fn finish(&self) -> Result<(), Error> {
        match self.rest.is_empty() {
            true => Ok(()),
            false => Err(self.error("remaining_length", Violation::TrailingBytes)),
        }
    }

    /// One byte.
    ///
    /// # Errors
    /// `Truncated`.
    #[inline(always)]
    pub fn byte(&mut self, field: &'static str) -> Result<u8, Error> {
        match self.rest.split_first() {
            Some((&byte, rest)) => {
                self.rest = rest;
                Ok(byte)
            }
            None => Err(self.error(field, Violation::Truncated)),
        }
    }

    /// A Two Byte Integer (section 1.5.2).
    ///
    /// # Errors
    /// `Truncated`.
    #[inline(always)]
    pub fn two_byte_integer(&mut self, field: &'static str) -> Result<u16, Error> {
        match self.rest.split_first_chunk() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(u16::from_be_bytes(*bytes))
            }
            None => Err(self.error(field, Violation::Truncated)),
        }
    }

    /// A Four Byte Integer (section 1.5.3).
    ///
    /// # Errors
    /// `Truncated`.
    #[inline]
    pub fn four_byte_integer(&mut self, field: &'static str) -> Result<u32, Error> {
        match self.rest.split_first_chunk() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(u32::from_be_bytes(*bytes))
            }
            None => Err(self.error(field, Violation::Truncated)),
        }
    }

    /// A Variable Byte Integer inside a packet (section 1.5.5).
    ///
    /// # Errors
    /// `Truncated`, `VariableByteIntegerTooLong`, `VariableByteIntegerNotMinimal`.
    #[inline(always)]
    pub fn variable_byte_integer(&mut self, field: &'static str) -> Result<u32, Error> {
        match variable_byte_integer(self.rest, self.version) {
            Ok(Some((value, len))) => {
                self.rest = &self.rest[len..];
                Ok(value)
            }
            Ok(None) => Err(self.error(field, Violation::Truncated)),
            Err(violation) => Err(self.error(field, violation)),
        }
    }

    /// Binary Data (section 1.5.6).
    ///
    /// # Errors
    /// `Truncated`.
    #[inline(always)]
    pub fn binary(&mut self, field: &'static str) -> Result<&'a [u8], Error> {
        let len = self.two_byte_integer(field)?;
        self.take(len.into(), field)
    }

    /// A UTF-8 Encoded String (section 1.5.4).
    ///
    /// # Errors
    /// `Truncated`, `Utf8`, `NulCharacter`.
    #[inline]
    pub fn string(&mut self, field: &'static str) -> Result<&'a str, Error> {
        let start = *self;
        let string = self.unchecked_string(field)?;
        // [MQTT-1.5.4-2]
        match holds_nul(string.as_bytes()) {
            true => Err(start.error(field, Violation::NulCharacter)),
            false => Ok(string),
        }
    }

    /// Skips a UTF-8 Encoded String after checking it.
    ///
    /// # Errors
    /// As `string`.
    #[inline]
    pub(crate) fn check_string(&mut self, field: &'static str) -> Result<(), Error> {
        let start = *self;
        let bytes = self.binary(field)?;
        // Almost every string is ASCII, which needs no `from_utf8`.
        if bytes.iter().all(|byte| matches!(byte, 1..0x80)) {
            return Ok(());
        }
        if str::from_utf8(bytes).is_err() {
            return Err(start.error(field, Violation::Utf8));
        }
        match holds_nul(bytes) {
            true => Err(start.error(field, Violation::NulCharacter)),
            false => Ok(()),
        }
    }

    /// A topic name.
    ///
    /// # Errors
    /// As `string`, and `TopicNameEmpty`, `TopicNameWildcard`.
    #[inline(always)]
    pub fn topic_name(&mut self, field: &'static str) -> Result<TopicName<'a>, Error> {
        let start = *self;
        let string = self.unchecked_string(field)?;
        TopicName::new(string).map_err(|violation| start.error(field, violation))
    }

    /// A topic filter.
    ///
    /// # Errors
    /// As `string`, and what `TopicFilter::new` finds.
    pub fn topic_filter(&mut self, field: &'static str) -> Result<TopicFilter<'a>, Error> {
        let start = *self;
        let string = self.unchecked_string(field)?;
        TopicFilter::new(string).map_err(|violation| start.error(field, violation))
    }

    /// A packet identifier.
    ///
    /// # Errors
    /// `Truncated`, `PacketIdZero`.
    #[inline(always)]
    pub fn packet_id(&mut self) -> Result<PacketId, Error> {
        let start = *self;
        // [MQTT-2.2.1-3], 3.1.1: [MQTT-2.3.1-1]
        PacketId::new(self.two_byte_integer("packet_id")?)
            .ok_or_else(|| start.error("packet_id", Violation::PacketIdZero))
    }

    /// A string that may contain U+0000. The callers check that together with their other rules.
    #[inline(always)]
    fn unchecked_string(&mut self, field: &'static str) -> Result<&'a str, Error> {
        let start = *self;
        // [MQTT-1.5.4-1]: `from_utf8` refuses surrogates too.
        str::from_utf8(self.binary(field)?).map_err(|_| start.error(field, Violation::Utf8))
    }

    /// The next string of bytes that were checked when their packet was decoded; `None` at the end.
    pub(crate) fn checked_string(bytes: &mut &'a [u8]) -> Option<&'a str> {
        let (len, rest) = bytes.split_first_chunk()?;
        let (string, rest) = rest.split_at_checked(u16::from_be_bytes(*len).into())?;
        *bytes = rest;
        str::from_utf8(string).ok()
    }
}

/// A Variable Byte Integer at the start of `bytes` and its length; `None` while it is incomplete.
#[inline(always)]
pub(crate) fn variable_byte_integer(
    bytes: &[u8],
    version: Version,
) -> Result<Option<(u32, usize)>, Violation> {
    // Most are a single byte, which is always the shortest form.
    if let Some(&byte) = bytes.first()
        && byte < 0x80
    {
        return Ok(Some((byte.into(), 1)));
    }
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(4).enumerate() {
        value |= u32::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            // [MQTT-1.5.5-1] is new in 5.0. In 3.1.1 a longer form is valid.
            if byte == 0 && index > 0 && version == Version::V5 {
                return Err(Violation::VariableByteIntegerNotMinimal);
            }
            return Ok(Some((value, index + 1)));
        }
    }
    match bytes.len() {
        0..4 => Ok(None),
        _ => Err(Violation::VariableByteIntegerTooLong),
    }
}
