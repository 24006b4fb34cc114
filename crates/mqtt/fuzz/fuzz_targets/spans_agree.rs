//! Any bytes in both versions: both readings of a packet agree, `decode` and `spans`.

#![no_main]

#[path = "../../tests/spans/agree.rs"]
mod agree;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    agree::agree(bytes, mqtt::Version::V311);
    agree::agree(bytes, mqtt::Version::V5);
});
