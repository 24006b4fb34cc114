//! What Node calls: the corpus of the native benchmark, and the codec on bytes in wasm's memory.

#[path = "../../codec/corpus.rs"]
#[expect(dead_code, reason = "Node measures PUBLISH alone")]
mod corpus;

use mqtt::{Packet, Version};

/// Room for bytes, for as long as the program runs.
#[unsafe(no_mangle)]
pub extern "C" fn room(len: usize) -> *mut u8 {
    Box::leak(vec![0; len].into_boxed_slice()).as_mut_ptr()
}

/// The packets of this version; [`corpus_len`] says how many bytes they are.
#[unsafe(no_mangle)]
pub extern "C" fn corpus(version: u32) -> *const u8 {
    Box::leak(packets(version).wire.into_boxed_slice()).as_ptr()
}

/// Bytes of the packets of this version.
#[unsafe(no_mangle)]
pub extern "C" fn corpus_len(version: u32) -> usize {
    packets(version).wire.len()
}

/// Bytes of each packet of this version.
#[unsafe(no_mangle)]
pub extern "C" fn packet_len(version: u32) -> usize {
    packets(version).packet_len
}

fn packets(version: u32) -> corpus::Corpus {
    if version == 5 { corpus::publish_5() } else { corpus::publish_311() }
}

/// Takes all packets out of the bytes and sums the lengths of topics and payloads.
///
/// # Safety
/// The bytes must lie in memory from [`room`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn decode(bytes: *const u8, len: usize, version: u32) -> usize {
    // SAFETY: the caller's promise.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, len) };
    let version = if version == 5 { Version::V5 } else { Version::V311 };
    let mut cursor = mqtt::stream::Cursor::new(version, 1024 * 1024);
    let mut sum = 0;
    while let Ok(Some(packet)) = cursor.next(bytes) {
        if let Packet::Publish(publish) = packet {
            sum += publish.topic.as_str().len() + publish.payload.len();
        }
    }
    sum
}

/// Packets to be encoded, and where to.
pub struct Encoder {
    packets: Vec<Packet<'static>>,
    version: Version,
    out: Vec<u8>,
}

/// The packets of this version, decoded, for as long as the program runs.
#[unsafe(no_mangle)]
pub extern "C" fn encoder(version: u32) -> *mut Encoder {
    let corpus = packets(version);
    let packets = corpus.wire.leak().chunks(corpus.packet_len);
    let packets: Vec<_> =
        packets.map(|bytes| mqtt::decode::decode(bytes, corpus.version).expect("a good packet")).collect();
    // Room for all of them, so that the bytes stay where they are.
    let out = Vec::with_capacity(packets.len() * corpus.packet_len);
    Box::leak(Box::new(Encoder { packets, version: corpus.version, out }))
}

/// Where [`encode`] writes to.
///
/// # Safety
/// The encoder must be from [`encoder`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn encoded(encoder: *const Encoder) -> *const u8 {
    // SAFETY: the caller's promise.
    unsafe { &*encoder }.out.as_ptr()
}

/// Encodes some packets and says how many bytes that made.
///
/// # Safety
/// The encoder must be from [`encoder`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn encode(encoder: *mut Encoder, first: usize, count: usize) -> usize {
    // SAFETY: the caller's promise, and nobody else is at it meanwhile.
    let Encoder { packets, version, out } = unsafe { &mut *encoder };
    out.clear();
    for packet in &packets[first..first + count] {
        mqtt::encode::encode(packet, *version, out).expect("a good packet");
    }
    out.len()
}
