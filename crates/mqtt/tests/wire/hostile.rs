//! Packets truncated anywhere, changed anywhere, in any pieces. Nothing panics.

use mqtt::Version::{V5, V311};
use mqtt::stream::Stream;
use mqtt::{Packet, PacketType, Version, decode, encode};

use crate::hex;

/// A packet of each type and form, in both versions.
pub fn corpus() -> Vec<(Version, Vec<u8>)> {
    let both = ["40 02 0001", "50 02 0001", "62 02 0001", "70 02 0001", "c0 00", "d0 00", "e0 00"];
    let v311 = [
        "10 1e 0004 'MQTT' 04 f4 003c 0003 'äc' 0001 'w' 0003 'off' 0001 'u' 0002 00 'p'",
        "20 02 01 00",
        "20 02 00 05",
        "30 05 0003 'a/b'",
        "3b 0f 0003 'a/b' 000a 'payload!'",
        "82 0c 000a 0003 'a/+' 00 0001 '#' 01",
        "90 06 000a 00 01 02 80",
        "a2 0b 000a 0003 'a/+' 0002 'é'",
        "b0 02 000a",
    ];
    let v5 = [
        "10 38 0004 'MQTT' 05 02 003c 2b 11 0000000a 21 0014 27 00010000 22 0003 19 01 17 00 26 0001 'a' 0001 '1'
         26 0001 'a' 0001 '2' 15 0001 'm' 16 0002 00ff 0000",
        "10 33 0004 'MQTT' 05 26 003c 00 0000 1f 18 00000005 01 01 02 0000003c 03 0001 't' 08 0001 'r' 09 0001 'c'
         26 0001 'k' 0001 'v' 0001 'w' 0001 'x'",
        "20 32 00 00 2f 11 00000001 21 0014 24 01 25 00 27 00000002 12 0001 'x' 22 000a 1f 0003 'why' 28 00
         29 01 2a 00 13 0009 1a 0001 'r' 1c 0001 's'",
        "30 27 0001 't' 22 01 01 02 00000e10 23 0001 08 0001 'r' 09 0001 00 26 0001 'k' 0000 0b 01 0b ffffff7f
         03 0000 'p'",
        "30 07 0000 03 23 0007 'p'",
        "3d 0b 0003 '温' 000a 00 'yes'",
        "40 10 0102 87 0c 1f 0002 'no' 26 0001 'a' 0001 'b'",
        "82 17 000a 03 0b 8001 0001 'a' 2e 000a '$share/g/a' 10",
        "90 08 000a 04 1f 0001 'x' a2",
        "a2 0c 000a 00 0003 'a/+' 0002 'é'",
        "b0 05 000a 00 00 11",
        "e0 06 9c 04 1c 0001 'b'",
        "f0 0a 18 08 15 0001 'm' 16 0001 'd'",
    ];
    let of = |version, packets: &[&str]| packets.iter().map(|p| (version, hex(p))).collect::<Vec<_>>();
    [of(V311, &both), of(V311, &v311), of(V5, &both), of(V5, &v5)].concat()
}

/// Reads everything of a packet, so that lazily decoded parts are decoded.
fn look(packet: &Packet<'_>) -> usize {
    format!("{packet:?}").len()
}

/// A packet that decodes can be encoded again, and is then the same.
fn survive(bytes: &[u8], version: Version) {
    let Ok(packet) = decode::decode(bytes, version) else {
        return;
    };
    look(&packet);
    let mut encoded = Vec::new();
    encode::encode(&packet, version, &mut encoded).unwrap_or_else(|error| panic!("{packet:?}: {error}"));
    assert_eq!(decode::decode(&encoded, version), Ok(packet));
    assert!(encoded.len() <= bytes.len(), "{packet:?} grew");
}

#[test]
fn the_corpus_is_sound_and_has_every_packet() {
    let corpus = corpus();
    for (version, bytes) in &corpus {
        let packet = decode::decode(bytes, *version).unwrap_or_else(|error| panic!("{bytes:02x?}: {error}"));
        look(&packet);
    }
    for packet in PacketType::ALL {
        assert!(corpus.iter().any(|(_, bytes)| bytes[0] >> 4 == packet as u8), "no {packet}");
    }
}

#[test]
fn every_truncation_is_refused() {
    for (version, bytes) in corpus() {
        for len in 0..bytes.len() {
            assert!(decode::decode(&bytes[..len], version).is_err(), "{len} of {bytes:02x?}");
            // The same with a correct length.
            if len >= 2 {
                let mut cut = bytes[..len].to_vec();
                cut[1] = (len - 2) as u8;
                survive(&cut, version);
            }
        }
    }
}

#[test]
fn every_flipped_bit_decodes_without_a_panic_in_both_versions() {
    for (_, bytes) in corpus() {
        for bit in 0..bytes.len() * 8 {
            let mut bent = bytes.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            survive(&bent, V311);
            survive(&bent, V5);
        }
    }
}

#[test]
fn every_byte_in_every_place_decodes_without_a_panic() {
    for (version, bytes) in corpus() {
        for at in 0..bytes.len() {
            for byte in 0..=255 {
                let mut bent = bytes.clone();
                bent[at] = byte;
                survive(&bent, version);
            }
        }
    }
}

/// The packets of a stream that arrives in these pieces.
fn stream<'a>(version: Version, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
    let mut stream = Stream::new(version, 1000);
    let mut packets = Vec::new();
    for piece in pieces {
        stream.extend(piece);
        while let Some(packet) = stream.next().unwrap() {
            packets.push(format!("{packet:?}"));
        }
    }
    packets
}

#[test]
fn mqtt_6_0_0_2_packets_do_not_depend_on_how_the_stream_is_cut() {
    for version in [V311, V5] {
        let packets = corpus().into_iter().filter(|(of, _)| *of == version).map(|(_, bytes)| bytes);
        let packets = packets.collect::<Vec<_>>();
        let whole = packets.concat();
        let expected = packets
            .iter()
            .map(|bytes| format!("{:?}", decode::decode(bytes, version).unwrap()))
            .collect::<Vec<_>>();
        assert_eq!(stream(version, [&whole[..]]), expected, "at once");
        assert_eq!(stream(version, whole.chunks(1)), expected, "byte by byte");
        for cut in 0..=whole.len() {
            let (left, right) = whole.split_at(cut);
            assert_eq!(stream(version, [left, right]), expected, "cut at {cut}");
        }
        for size in 2..whole.len() {
            assert_eq!(stream(version, whole.chunks(size)), expected, "pieces of {size}");
        }
    }
}

#[test]
fn an_error_in_the_stream_stays() {
    let mut stream = Stream::new(V5, 1000);
    stream.extend(&hex("c0 00 00 00 c0 00"));
    assert_eq!(stream.next(), Ok(Some(Packet::Pingreq)));
    let error = stream.next().unwrap_err();
    assert_eq!(stream.next(), Err(error));
    stream.extend(&hex("c0 00"));
    assert_eq!(stream.next(), Err(error));
}

#[test]
fn every_first_five_bytes_are_measured_without_a_panic() {
    for first in 0..=255u8 {
        for length in [0u32, 0x7F, 0x80, 0x8000, 0x80_8080, 0x8080_8080, 0xFFFF_FFFF, 0x7FFF_FFFF] {
            let bytes = [&[first][..], &length.to_le_bytes()].concat();
            for version in [V311, V5] {
                for len in 0..=5 {
                    let _ = mqtt::stream::frame(&bytes[..len], version, u32::MAX);
                }
            }
        }
    }
}
