//! Any bytes as a packet of 3.1.1: whatever decodes can be encoded again, and means the same.

#![no_main]

mod survive;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| survive::survive(bytes, mqtt::Version::V311));
