//! Our codec and the others behind one interface.
//!
//! A decoder reads all packets of a buffer and sums up the lengths of topic
//! and payload (of the client identifier and the will; of every filter). So nothing is optimised
//! away, and equal sums show that all libraries read the same. An encoder gets the
//! packets that its library decoded and must write as many bytes.
//!
//! They do not do the same work. All of them check the UTF-8 of a topic, and that a packet identifier is not 0.
//! Besides, when decoding a PUBLISH,
//! - willow borrows everything and checks everything that the standard requires: wildcards and U+0000 in the topic, DUP
//!   at QoS 0, each field's end against the packet's, and in 5.0 which properties occur, how often, and
//!   their values;
//! - mqttrs borrows everything, and checks neither wildcards nor U+0000 nor DUP; its topic may end
//!   after its packet;
//! - rumqttc and mqttbytes copy the topic, share the payload by a reference count, and check no more than mqttrs;
//! - mqtt-proto copies both, and checks wildcards and U+0000.
//!
//! When encoding, only willow checks its input: for U+0000 in the strings of CONNECT, and whether
//! properties and options are allowed in the packet and its version.

use std::hint::black_box;

use bytes::BytesMut;
use mqtt::Version;

use crate::corpus::Corpus;

/// Reads all packets, each of this length, from the buffer.
pub type Decode = fn(&mut BytesMut, usize) -> usize;
/// Writes all packets and returns the number of bytes.
pub type Encode = Box<dyn FnMut() -> usize>;

/// One library's side of one corpus.
pub struct Library {
    pub name: &'static str,
    pub decode: Decode,
    pub encoder: fn(&'static Corpus) -> Encode,
}

/// 3.1.1.
pub const V311: [Library; 5] = [
    Library { name: "willow", decode: willow_311, encoder: willow_encoder },
    Library { name: "mqttrs", decode: mqttrs_decode, encoder: mqttrs_encoder },
    Library { name: "rumqttc", decode: rumqttc_decode, encoder: rumqttc_encoder },
    Library { name: "mqttbytes", decode: mqttbytes_decode, encoder: mqttbytes_encoder },
    Library { name: "mqtt-proto", decode: mqtt_proto_decode, encoder: mqtt_proto_encoder },
];

/// 5.0, which mqttrs does not support.
pub const V5: [Library; 4] = [
    Library { name: "willow", decode: willow_5, encoder: willow_encoder },
    Library { name: "rumqttc", decode: rumqttc_5_decode, encoder: rumqttc_5_encoder },
    Library { name: "mqttbytes", decode: mqttbytes_5_decode, encoder: mqttbytes_5_encoder },
    Library { name: "mqtt-proto", decode: mqtt_proto_5_decode, encoder: mqtt_proto_5_encoder },
];

/// 5.0 with each of the three properties read too, because ours are decoded only when they are read.
pub const V5_READ: [(&str, Decode); 4] = [
    ("willow", willow_5_read),
    ("rumqttc", rumqttc_5_read),
    ("mqttbytes", mqttbytes_5_read),
    ("mqtt-proto", mqtt_proto_5_read),
];

/// Ours for one packet that the caller has separated, as mqttrs and mqtt-proto are called; `willow` finds
/// each packet's end in the stream itself, as rumqttc and mqttbytes do.
pub fn willow_one(version: Version) -> (&'static str, Decode) {
    ("willow-one", if version == Version::V5 { willow_one_5 } else { willow_one_311 })
}

const MAX: usize = 1024 * 1024;

// ── willow ──

fn willow(buffer: &[u8], version: Version, mut touch: impl FnMut(&mqtt::Packet<'_>) -> usize) -> usize {
    let mut cursor = mqtt::stream::Cursor::new(version, MAX as u32);
    let mut sum = 0;
    while let Some(packet) = cursor.next(buffer).expect("good packets") {
        sum += touch(&packet);
    }
    sum
}

fn willow_touch(packet: &mqtt::Packet<'_>) -> usize {
    match packet {
        mqtt::Packet::Publish(publish) => publish.topic.as_str().len() + publish.payload.len(),
        mqtt::Packet::Connect(connect) => {
            let will = connect.will.expect("a will");
            connect.client_id.len() + will.topic.as_str().len() + will.payload.len()
        }
        mqtt::Packet::Subscribe(subscribe) => {
            subscribe.subscriptions.iter().map(|subscription| subscription.filter.as_str().len()).sum()
        }
        _ => unreachable!("not in the corpus"),
    }
}

fn willow_311(buffer: &mut BytesMut, _: usize) -> usize {
    willow(buffer, Version::V311, willow_touch)
}

fn willow_5(buffer: &mut BytesMut, _: usize) -> usize {
    willow(buffer, Version::V5, willow_touch)
}

fn willow_one_packet(buffer: &[u8], packet_len: usize, version: Version) -> usize {
    let packets = buffer.chunks_exact(packet_len);
    packets.map(|bytes| willow_touch(&mqtt::decode::decode(bytes, version).expect("a good packet"))).sum()
}

fn willow_one_311(buffer: &mut BytesMut, packet_len: usize) -> usize {
    willow_one_packet(buffer, packet_len, Version::V311)
}

fn willow_one_5(buffer: &mut BytesMut, packet_len: usize) -> usize {
    willow_one_packet(buffer, packet_len, Version::V5)
}

fn willow_5_read(buffer: &mut BytesMut, _: usize) -> usize {
    willow(buffer, Version::V5, |packet| {
        let mqtt::Packet::Publish(publish) = packet else { unreachable!("not in the corpus") };
        let properties = publish.properties.iter().map(|property| match property {
            mqtt::Property::PayloadFormatIndicator(utf8) => usize::from(utf8),
            mqtt::Property::MessageExpiryInterval(seconds) => seconds as usize,
            mqtt::Property::UserProperty(name, value) => name.len() + value.len(),
            _ => unreachable!("not in the corpus"),
        });
        properties.sum::<usize>() + willow_touch(packet)
    })
}

fn willow_encoder(corpus: &'static Corpus) -> Encode {
    let packets: Vec<mqtt::Packet<'_>> = corpus
        .wire
        .chunks(corpus.packet_len)
        .map(|bytes| match mqtt::decode::decode(bytes, corpus.version).expect("a good packet") {
            // Filters as values, as the session has them, and as every other library has them after decoding:
            // ours, decoded, would be read from their bytes again.
            mqtt::Packet::Subscribe(packet) => {
                let values = packet.subscriptions.iter().collect::<Vec<_>>().leak();
                mqtt::Packet::Subscribe(mqtt::Subscribe { subscriptions: (&*values).into(), ..packet })
            }
            packet => packet,
        })
        .collect();
    let mut out = Vec::with_capacity(corpus.wire.len());
    Box::new(move || {
        out.clear();
        for packet in black_box(&packets) {
            mqtt::encode::encode(packet, corpus.version, &mut out).expect("a good packet");
        }
        black_box(&out).len()
    })
}

// ── mqttrs ──

fn mqttrs_touch(packet: &mqttrs::Packet<'_>) -> usize {
    match packet {
        mqttrs::Packet::Publish(publish) => publish.topic_name.len() + publish.payload.len(),
        mqttrs::Packet::Connect(connect) => {
            let will = connect.last_will.as_ref().expect("a will");
            connect.client_id.len() + will.topic.len() + will.message.len()
        }
        mqttrs::Packet::Subscribe(subscribe) => {
            subscribe.topics.iter().map(|topic| topic.topic_path.len()).sum()
        }
        _ => unreachable!("not in the corpus"),
    }
}

fn mqttrs_packet(bytes: &[u8]) -> mqttrs::Packet<'_> {
    mqttrs::decode_slice(bytes).expect("a good packet").expect("a whole packet")
}

/// It does not say how many bytes it read.
fn mqttrs_decode(buffer: &mut BytesMut, packet_len: usize) -> usize {
    let (mut sum, mut at) = (0, 0);
    while at < buffer.len() {
        sum += mqttrs_touch(&mqttrs_packet(&buffer[at..]));
        at += packet_len;
    }
    sum
}

fn mqttrs_encoder(corpus: &'static Corpus) -> Encode {
    let packets: Vec<mqttrs::Packet<'_>> = corpus.wire.chunks(corpus.packet_len).map(mqttrs_packet).collect();
    let mut out = vec![0; corpus.wire.len()];
    Box::new(move || {
        let mut at = 0;
        for packet in black_box(&packets) {
            at += mqttrs::encode_slice(packet, &mut out[at..]).expect("a good packet");
        }
        black_box(&out);
        at
    })
}

// ── rumqttc ──

use rumqttc::mqttbytes::v4 as rumqttc4;
use rumqttc::v5::mqttbytes::v5 as rumqttc5;

fn rumqttc_touch(packet: &rumqttc4::Packet) -> usize {
    match packet {
        rumqttc4::Packet::Publish(publish) => publish.topic.len() + publish.payload.len(),
        rumqttc4::Packet::Connect(connect) => {
            let will = connect.last_will.as_ref().expect("a will");
            connect.client_id.len() + will.topic.len() + will.message.len()
        }
        rumqttc4::Packet::Subscribe(subscribe) => {
            subscribe.filters.iter().map(|filter| filter.path.len()).sum()
        }
        _ => unreachable!("not in the corpus"),
    }
}

fn rumqttc_decode(buffer: &mut BytesMut, _: usize) -> usize {
    let mut sum = 0;
    while !buffer.is_empty() {
        sum += rumqttc_touch(&rumqttc4::Packet::read(buffer, MAX).expect("a good packet"));
    }
    sum
}

fn rumqttc_encoder(corpus: &'static Corpus) -> Encode {
    let mut wire = BytesMut::from(&corpus.wire[..]);
    let packets: Vec<_> =
        (0..corpus.packets).map(|_| rumqttc4::Packet::read(&mut wire, MAX).expect("a good packet")).collect();
    let mut out = BytesMut::with_capacity(corpus.wire.len());
    Box::new(move || {
        out.clear();
        for packet in black_box(&packets) {
            packet.write(&mut out, MAX).expect("a good packet");
        }
        black_box(&out).len()
    })
}

fn rumqttc_5(buffer: &mut BytesMut, mut touch: impl FnMut(&rumqttc5::Publish) -> usize) -> usize {
    let mut sum = 0;
    while !buffer.is_empty() {
        match rumqttc5::Packet::read(buffer, Some(MAX as u32)).expect("a good packet") {
            rumqttc5::Packet::Publish(publish) => sum += touch(&publish),
            _ => unreachable!("not in the corpus"),
        }
    }
    sum
}

fn rumqttc_5_touch(publish: &rumqttc5::Publish) -> usize {
    publish.topic.len() + publish.payload.len()
}

fn rumqttc_5_decode(buffer: &mut BytesMut, _: usize) -> usize {
    rumqttc_5(buffer, rumqttc_5_touch)
}

fn rumqttc_5_read(buffer: &mut BytesMut, _: usize) -> usize {
    rumqttc_5(buffer, |publish| {
        let properties = publish.properties.as_ref().expect("properties");
        rumqttc_5_touch(publish)
            + usize::from(properties.payload_format_indicator.unwrap_or(0))
            + properties.message_expiry_interval.unwrap_or(0) as usize
            + properties.user_properties.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
    })
}

fn rumqttc_5_encoder(corpus: &'static Corpus) -> Encode {
    let mut wire = BytesMut::from(&corpus.wire[..]);
    let packets: Vec<_> = (0..corpus.packets)
        .map(|_| rumqttc5::Packet::read(&mut wire, Some(MAX as u32)).expect("a good packet"))
        .collect();
    let mut out = BytesMut::with_capacity(corpus.wire.len());
    Box::new(move || {
        out.clear();
        for packet in black_box(&packets) {
            packet.write(&mut out, Some(MAX as u32)).expect("a good packet");
        }
        black_box(&out).len()
    })
}

// ── mqttbytes ──

use mqttbytes::v4 as mqttbytes4;
use mqttbytes::v5 as mqttbytes5;

fn mqttbytes_touch(packet: &mqttbytes4::Packet) -> usize {
    match packet {
        mqttbytes4::Packet::Publish(publish) => publish.topic.len() + publish.payload.len(),
        mqttbytes4::Packet::Connect(connect) => {
            let will = connect.last_will.as_ref().expect("a will");
            connect.client_id.len() + will.topic.len() + will.message.len()
        }
        mqttbytes4::Packet::Subscribe(subscribe) => {
            subscribe.filters.iter().map(|filter| filter.path.len()).sum()
        }
        _ => unreachable!("not in the corpus"),
    }
}

fn mqttbytes_decode(buffer: &mut BytesMut, _: usize) -> usize {
    let mut sum = 0;
    while !buffer.is_empty() {
        sum += mqttbytes_touch(&mqttbytes4::read(buffer, MAX).expect("a good packet"));
    }
    sum
}

fn mqttbytes_encoder(corpus: &'static Corpus) -> Encode {
    let mut wire = BytesMut::from(&corpus.wire[..]);
    let packets: Vec<_> =
        (0..corpus.packets).map(|_| mqttbytes4::read(&mut wire, MAX).expect("a good packet")).collect();
    let mut out = BytesMut::with_capacity(corpus.wire.len());
    Box::new(move || {
        out.clear();
        for packet in black_box(&packets) {
            match packet {
                mqttbytes4::Packet::Publish(publish) => publish.write(&mut out),
                mqttbytes4::Packet::Connect(connect) => connect.write(&mut out),
                mqttbytes4::Packet::Subscribe(subscribe) => subscribe.write(&mut out),
                _ => unreachable!("not in the corpus"),
            }
            .expect("a good packet");
        }
        black_box(&out).len()
    })
}

fn mqttbytes_5(buffer: &mut BytesMut, mut touch: impl FnMut(&mqttbytes5::Publish) -> usize) -> usize {
    let mut sum = 0;
    while !buffer.is_empty() {
        match mqttbytes5::read(buffer, MAX).expect("a good packet") {
            mqttbytes5::Packet::Publish(publish) => sum += touch(&publish),
            _ => unreachable!("not in the corpus"),
        }
    }
    sum
}

fn mqttbytes_5_touch(publish: &mqttbytes5::Publish) -> usize {
    publish.topic.len() + publish.payload.len()
}

fn mqttbytes_5_decode(buffer: &mut BytesMut, _: usize) -> usize {
    mqttbytes_5(buffer, mqttbytes_5_touch)
}

fn mqttbytes_5_read(buffer: &mut BytesMut, _: usize) -> usize {
    mqttbytes_5(buffer, |publish| {
        let properties = publish.properties.as_ref().expect("properties");
        mqttbytes_5_touch(publish)
            + usize::from(properties.payload_format_indicator.unwrap_or(0))
            + properties.message_expiry_interval.unwrap_or(0) as usize
            + properties.user_properties.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
    })
}

fn mqttbytes_5_encoder(corpus: &'static Corpus) -> Encode {
    let mut wire = BytesMut::from(&corpus.wire[..]);
    let packets: Vec<_> =
        (0..corpus.packets).map(|_| mqttbytes5::read(&mut wire, MAX).expect("a good packet")).collect();
    let mut out = BytesMut::with_capacity(corpus.wire.len());
    Box::new(move || {
        out.clear();
        for packet in black_box(&packets) {
            let mqttbytes5::Packet::Publish(publish) = packet else { unreachable!("not in the corpus") };
            publish.write(&mut out).expect("a good packet");
        }
        black_box(&out).len()
    })
}

// ── mqtt-proto ──

use mqtt_proto::v3 as proto3;
use mqtt_proto::v5 as proto5;

fn mqtt_proto_touch(packet: &proto3::Packet) -> usize {
    match packet {
        proto3::Packet::Publish(publish) => publish.topic_name.len() + publish.payload.len(),
        proto3::Packet::Connect(connect) => {
            let will = connect.last_will.as_ref().expect("a will");
            connect.client_id.len() + will.topic_name.len() + will.message.len()
        }
        proto3::Packet::Subscribe(subscribe) => subscribe.topics.iter().map(|(filter, _)| filter.len()).sum(),
        _ => unreachable!("not in the corpus"),
    }
}

fn mqtt_proto_packet(bytes: &[u8]) -> proto3::Packet {
    proto3::Packet::decode(bytes).expect("a good packet").expect("a whole packet")
}

/// It does not say how many bytes it read.
fn mqtt_proto_decode(buffer: &mut BytesMut, packet_len: usize) -> usize {
    let (mut sum, mut at) = (0, 0);
    while at < buffer.len() {
        sum += mqtt_proto_touch(&mqtt_proto_packet(&buffer[at..]));
        at += packet_len;
    }
    sum
}

/// It allocates a new buffer for every packet; only that is timed.
fn mqtt_proto_encoder(corpus: &'static Corpus) -> Encode {
    let packets: Vec<_> = corpus.wire.chunks(corpus.packet_len).map(mqtt_proto_packet).collect();
    Box::new(move || {
        let mut len = 0;
        for packet in black_box(&packets) {
            len += black_box(packet.encode().expect("a good packet")).as_ref().len();
        }
        len
    })
}

fn mqtt_proto_5_packet(bytes: &[u8]) -> proto5::Publish {
    match proto5::Packet::decode(bytes).expect("a good packet").expect("a whole packet") {
        proto5::Packet::Publish(publish) => publish,
        _ => unreachable!("not in the corpus"),
    }
}

fn mqtt_proto_5(
    buffer: &mut BytesMut,
    packet_len: usize,
    mut touch: impl FnMut(&proto5::Publish) -> usize,
) -> usize {
    let (mut sum, mut at) = (0, 0);
    while at < buffer.len() {
        sum += touch(&mqtt_proto_5_packet(&buffer[at..]));
        at += packet_len;
    }
    sum
}

fn mqtt_proto_5_touch(publish: &proto5::Publish) -> usize {
    publish.topic_name.len() + publish.payload.len()
}

fn mqtt_proto_5_decode(buffer: &mut BytesMut, packet_len: usize) -> usize {
    mqtt_proto_5(buffer, packet_len, mqtt_proto_5_touch)
}

fn mqtt_proto_5_read(buffer: &mut BytesMut, packet_len: usize) -> usize {
    mqtt_proto_5(buffer, packet_len, |publish| {
        let properties = &publish.properties;
        mqtt_proto_5_touch(publish)
            + usize::from(properties.payload_is_utf8.unwrap_or(false))
            + properties.message_expiry_interval.unwrap_or(0) as usize
            + properties.user_properties.iter().map(|user| user.name.len() + user.value.len()).sum::<usize>()
    })
}

fn mqtt_proto_5_encoder(corpus: &'static Corpus) -> Encode {
    let packets: Vec<proto5::Packet> = corpus
        .wire
        .chunks(corpus.packet_len)
        .map(|bytes| proto5::Packet::Publish(mqtt_proto_5_packet(bytes)))
        .collect();
    Box::new(move || {
        let mut len = 0;
        for packet in black_box(&packets) {
            len += black_box(packet.encode().expect("a good packet")).as_ref().len();
        }
        len
    })
}
