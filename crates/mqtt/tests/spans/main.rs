//! The packet view's reading of a packet: each byte with its field and meaning.
//!
//! `examples` was checked by hand against the standard, `hostile` changes every packet with every
//! property; `agree` is what `spans` and `decode` must have in common.

mod agree;
mod examples;
mod hostile;

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
