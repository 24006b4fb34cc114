//! Any bytes as a packet of 5.0: a packet that decodes can be encoded again, and is then the same.

#![no_main]

mod survive;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| survive::survive(bytes, mqtt::Version::V5));
