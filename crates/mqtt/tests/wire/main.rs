//! The codec from both sides: hex ⇄ packet.
//!
//! `packets` has one row per form of every packet, `malformed` one per check, `hostile` truncates and
//! changes all of them, `round_trips` generates thousands of packets.

mod hostile;
mod malformed;
mod packets;
#[cfg(not(target_family = "wasm"))]
mod round_trips;

/// Bytes from hexadecimal digits, white space, and text in quotes.
fn hex(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, part) in text.split('\'').enumerate() {
        if index % 2 == 1 {
            bytes.extend(part.as_bytes());
            continue;
        }
        let digits = part.split_whitespace().collect::<String>();
        assert!(digits.len() % 2 == 0, "half a byte in {part}");
        bytes.extend((0..digits.len()).step_by(2).map(|at| {
            u8::from_str_radix(&digits[at..at + 2], 16).unwrap_or_else(|_| panic!("no hex: {part}"))
        }));
    }
    bytes
}
