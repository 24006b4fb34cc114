//! The checks of the codec that the targets of both versions share.

use mqtt::stream::Stream;
use mqtt::{Version, decode, encode};

/// Decodes, encodes and decodes again; and the same bytes as a stream that comes in two pieces.
pub fn survive(bytes: &[u8], version: Version) {
    let decoded = decode::decode(bytes, version);
    if let Ok(packet) = &decoded {
        // Decodes what is decoded lazily.
        assert!(!format!("{packet:?}").is_empty());
        let mut encoded = Vec::new();
        encode::encode(packet, version, &mut encoded).expect("what was decoded can be said");
        assert!(encoded.len() <= bytes.len(), "{packet:?} grew");
        assert_eq!(decode::decode(&encoded, version).as_ref(), Ok(packet));
    }

    let (left, right) = bytes.split_at(bytes.first().map_or(0, |first| usize::from(*first) % bytes.len()));
    let mut stream = Stream::new(version, 1 << 20);
    let mut packets = 0;
    'pieces: for piece in [left, right] {
        stream.extend(piece);
        loop {
            match stream.next() {
                Ok(Some(_)) => packets += 1,
                Ok(None) => break,
                Err(_) => break 'pieces,
            }
        }
    }
    assert!(decoded.is_err() || packets == 1, "{packets} packets out of one");
}
