//! What Node calls: the corpus of the native benchmark, and the decoder on bytes in wasm's memory.

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
