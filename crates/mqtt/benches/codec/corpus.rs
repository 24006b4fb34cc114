//! The bytes that every library reads: many packets of one type and length, one after the other.
//!
//! The packets differ in topic, identifier and payload, so that no branch predictor learns one of them.

use mqtt::encode::encode;
use mqtt::property::Place;
use mqtt::{
    Connect, Delivery, Packet, PacketId, Properties, PropertiesBuf, Property, Publish, QoS, Subscribe,
    Subscription, TopicFilter, TopicName, Version, Will,
};

/// Packets of one type.
pub struct Corpus {
    /// The benchmark's name.
    pub name: &'static str,
    pub version: Version,
    /// All packets.
    pub wire: Vec<u8>,
    /// The length of each packet in bytes.
    pub packet_len: usize,
    /// How many there are.
    pub packets: usize,
}

impl Corpus {
    fn new(
        name: &'static str,
        version: Version,
        packets: usize,
        mut write: impl FnMut(usize, &mut Vec<u8>),
    ) -> Corpus {
        let mut wire = Vec::new();
        for i in 0..packets {
            write(i, &mut wire);
        }
        let packet_len = wire.len() / packets;
        // Libraries that do not say how many bytes they read are given the length.
        for packet in wire.chunks(packet_len) {
            mqtt::decode::decode(packet, version).expect("the packets are of one length");
        }
        Corpus { name, version, wire, packet_len, packets }
    }
}

fn id(i: usize) -> PacketId {
    PacketId::new(i as u16 + 1).expect("no corpus holds 65,535 packets")
}

fn publish(i: usize, properties: Properties<'_>, version: Version, out: &mut Vec<u8>) {
    let topic = format!("fleet/site-{:02}/node-{i:06}/status", i % 37);
    let packet = Publish {
        delivery: Delivery::AtLeastOnce { packet_id: id(i), dup: false },
        retain: true,
        topic: TopicName::new(&topic).expect("a good topic"),
        properties,
        payload: if i.is_multiple_of(3) { b"silent" } else { b"online" },
    };
    encode(&Packet::Publish(packet), version, out).expect("a good packet");
}

/// A retained status of 44 bytes, QoS 1, 3.1.1.
pub fn publish_311() -> Corpus {
    let corpus = Corpus::new("publish-311", Version::V311, 1000, |i, out| {
        publish(i, Properties::EMPTY, Version::V311, out);
    });
    assert_eq!(corpus.packet_len, 44);
    corpus
}

/// The same in 5.0 with three properties: 70 bytes.
pub fn publish_5() -> Corpus {
    let corpus = Corpus::new("publish-5", Version::V5, 1000, |i, out| {
        let mut properties = PropertiesBuf::new(Place::Packet(mqtt::PacketType::Publish));
        let site = format!("hamburg-{}", i % 10);
        for property in [
            Property::PayloadFormatIndicator(true),
            Property::MessageExpiryInterval(3600 + i as u32),
            Property::UserProperty("site", &site),
        ] {
            properties.push(property).expect("properties of a PUBLISH");
        }
        publish(i, properties.as_properties(), Version::V5, out);
    });
    assert_eq!(corpus.packet_len, 70);
    corpus
}

/// CONNECT with a will, a user name and a password, 3.1.1.
pub fn connect() -> Corpus {
    Corpus::new("connect-311", Version::V311, 500, |i, out| {
        let client_id = format!("willow-board-{i:06}");
        let will = format!("fleet/board-{i:06}/status");
        let packet = Connect {
            version: Version::V311,
            clean_start: true,
            keep_alive: 30,
            properties: Properties::EMPTY,
            client_id: &client_id,
            will: Some(Will {
                qos: QoS::AtLeastOnce,
                retain: true,
                properties: Properties::EMPTY,
                topic: TopicName::new(&will).expect("a good topic"),
                payload: b"offline",
            }),
            user_name: Some("operator"),
            password: Some(b"correct horse"),
        };
        encode(&Packet::Connect(packet), Version::V311, out).expect("a good packet");
    })
}

/// SUBSCRIBE of 60 exact filters, 3.1.1.
pub fn subscribe() -> Corpus {
    Corpus::new("subscribe-60-311", Version::V311, 40, |i, out| {
        let filters: Vec<String> =
            (0..60).map(|n| format!("fleet/site-{:02}/node-{:06}/status", n % 37, i * 60 + n)).collect();
        let subscriptions: Vec<Subscription<'_>> = filters
            .iter()
            .map(|filter| Subscription::new(TopicFilter::new(filter).expect("a good filter")))
            .collect();
        let packet = Subscribe {
            packet_id: id(i),
            properties: Properties::EMPTY,
            subscriptions: subscriptions[..].into(),
        };
        encode(&Packet::Subscribe(packet), Version::V311, out).expect("a good packet");
    })
}
