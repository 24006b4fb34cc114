//! Packets from a stream of bytes, however the stream is cut.
//!
//! A WebSocket message may contain a part of a packet or many packets ([MQTT-6.0.0-2]). An incomplete packet is a
//! state, not an error. Never allocates memory because a length says so, and refuses a packet above the limit as
//! soon as its length is known. Called by the session, and by scripted servers in tests.

use crate::decode;
use crate::error::{Error, Violation};
use crate::packet::{Packet, PacketType, Version};
use crate::reader::{Reader, variable_byte_integer};

/// The length and type of the first packet of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The packet's type.
    pub packet: PacketType,
    /// The length of the fixed header: 2 to 5 bytes.
    pub header_len: usize,
    /// The length of the whole packet in bytes.
    pub len: usize,
}

impl Frame {
    /// A reader of what follows the fixed header. `bytes` must begin with the packet.
    #[inline(always)]
    pub(crate) fn reader(self, bytes: &[u8], version: Version) -> Reader<'_> {
        Reader::new(&bytes[self.header_len..self.len], self.header_len as u32, self.packet, version)
    }
}

/// Measures the packet at the start of `bytes` and checks its fixed header (section 2.1).
///
/// `None`: the packet is not complete. The limit counts the whole packet, as Maximum Packet Size does
/// (section 3.1.2.11.4).
///
/// # Errors
/// `PacketTypeForbidden`, `ReservedFlags`, `QoS3`, `DupWithoutQoS`, `VariableByteIntegerTooLong`,
/// `VariableByteIntegerNotMinimal`, `PacketTooLarge`; each as soon as its bytes are known.
#[inline(always)]
pub fn frame(bytes: &[u8], version: Version, maximum_packet_size: u32) -> Result<Option<Frame>, Error> {
    let Some((&first, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    let packet = PacketType::from_first_byte(first);
    let error = |field, offset, violation| Error { violation, packet, field, offset, version };
    let packet = match packet {
        // [MQTT-3.3.1-4]
        Some(PacketType::Publish) if first & 0b0110 == 0b0110 => {
            return Err(error("qos", 0, Violation::QoS3));
        }
        // [MQTT-3.3.1-2]
        Some(PacketType::Publish) if first & 0b1110 == 0b1000 => {
            return Err(error("dup", 0, Violation::DupWithoutQoS));
        }
        Some(PacketType::Auth) if version == Version::V311 => {
            return Err(error("packet_type", 0, Violation::PacketTypeForbidden));
        }
        // [MQTT-2.1.3-1]; 3.1.1: [MQTT-2.2.2-1]
        Some(packet) if packet.reserved_flags().is_some_and(|flags| first & 0x0F != flags) => {
            return Err(error("flags", 0, Violation::ReservedFlags));
        }
        Some(packet) => packet,
        None => return Err(error("packet_type", 0, Violation::PacketTypeForbidden)),
    };
    let length = variable_byte_integer(rest, version);
    let Some((remaining, length_len)) =
        length.map_err(|violation| error("remaining_length", 1, violation))?
    else {
        return Ok(None);
    };
    let header_len = 1 + length_len;
    // At most 5 + 268,435,455, which a `usize` of 32 bits holds.
    let len = header_len + remaining as usize;
    if len > maximum_packet_size as usize {
        return Err(error("remaining_length", 1, Violation::PacketTooLarge));
    }
    Ok((len <= bytes.len()).then_some(Frame { packet, header_len, len }))
}

/// Reads one packet after the other from a buffer that the caller fills.
///
/// Separate from the buffer, so that packets can borrow from the buffer while the position moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// The version of the next packets.
    pub version: Version,
    /// The largest packet to accept, in bytes.
    pub maximum_packet_size: u32,
    /// How many bytes of the buffer have been read.
    pub position: usize,
}

impl Cursor {
    /// At the start of a buffer.
    pub const fn new(version: Version, maximum_packet_size: u32) -> Self {
        Cursor { version, maximum_packet_size, position: 0 }
    }

    /// The next packet of `buffer`; `None` until it is complete.
    ///
    /// # Errors
    /// Those of `frame` and of `decode`. The position does not change, so the error comes again.
    #[inline(always)]
    pub fn next<'a>(&mut self, buffer: &'a [u8]) -> Result<Option<Packet<'a>>, Error> {
        let Some((bytes, frame)) = self.measure(buffer)? else {
            return Ok(None);
        };
        let packet = decode::body(bytes, frame, self.version)?;
        self.position += frame.len;
        Ok(Some(packet))
    }

    /// The bytes from the next packet on, and its frame. The position does not change.
    #[inline(always)]
    pub(crate) fn measure<'a>(&self, buffer: &'a [u8]) -> Result<Option<(&'a [u8], Frame)>, Error> {
        let bytes = buffer.get(self.position..).unwrap_or_default();
        Ok(frame(bytes, self.version, self.maximum_packet_size)?.map(|frame| (bytes, frame)))
    }
}

/// A buffer with a cursor: bytes in, packets out.
#[derive(Clone, Debug)]
pub struct Stream {
    buffer: Vec<u8>,
    cursor: Cursor,
}

impl Stream {
    /// An empty buffer.
    pub const fn new(version: Version, maximum_packet_size: u32) -> Self {
        Stream { buffer: Vec::new(), cursor: Cursor::new(version, maximum_packet_size) }
    }

    /// Adds received bytes. Read all packets after each call: then the buffer never holds more than an incomplete
    /// packet and `bytes`.
    pub fn extend(&mut self, bytes: &[u8]) {
        compact(&mut self.buffer, &mut self.cursor);
        self.buffer.extend_from_slice(bytes);
    }

    /// The next packet; `None` until it is complete.
    ///
    /// # Errors
    /// Those of `frame` and of `decode`; the same error comes at every later call.
    #[expect(clippy::should_implement_trait, reason = "the packet borrows from the stream")]
    pub fn next(&mut self) -> Result<Option<Packet<'_>>, Error> {
        self.cursor.next(&self.buffer)
    }

    /// Changes the version of the next packets, as a server must after CONNECT.
    pub fn set_version(&mut self, version: Version) {
        self.cursor.version = version;
    }
}

/// Removes the bytes that were read, and frees the memory of an unusually large packet.
pub(crate) fn compact(buffer: &mut Vec<u8>, cursor: &mut Cursor) {
    const MAX_CAPACITY: usize = 1024 * 1024;
    let taken = std::mem::take(&mut cursor.position);
    if taken >= buffer.len() {
        buffer.clear();
        buffer.shrink_to(MAX_CAPACITY);
    } else if taken > 0 {
        buffer.drain(..taken);
    }
}
