//! Every packet with every property, truncated anywhere, changed anywhere, and random bytes.

use std::collections::BTreeSet;

use mqtt::Version::{V5, V311};
use mqtt::property::Place;
use mqtt::spans::{Meaning, Verdict, spans};
use mqtt::{
    Ack, Auth, Connack, Connect, Delivery, Disconnect, Packet, PacketId, PacketType, PropertiesBuf, Property,
    Publish, QoS, ReasonCode, RetainHandling, Suback, Subscribe, Subscription, TopicFilter, TopicName,
    Unsuback, Unsubscribe, Version, Will, encode,
};

use crate::agree::agree;
use crate::hex;

/// Every property that is allowed here, with all its bytes used; none in 3.1.1.
fn properties(place: Place, version: Version) -> PropertiesBuf {
    let mut properties = PropertiesBuf::new(place);
    if version == V311 {
        return properties;
    }
    for property in [
        Property::PayloadFormatIndicator(true),
        Property::MessageExpiryInterval(0x0102_0304),
        Property::ContentType("text/plain"),
        Property::ResponseTopic(TopicName::new("réponse").unwrap()),
        Property::CorrelationData(&[0, 255]),
        Property::SubscriptionIdentifier(268_435_455),
        Property::SessionExpiryInterval(u32::MAX),
        Property::AssignedClientIdentifier("c-1"),
        Property::ServerKeepAlive(0x0102),
        Property::AuthenticationMethod("m"),
        Property::AuthenticationData(b"d"),
        Property::RequestProblemInformation(false),
        Property::WillDelayInterval(5),
        Property::RequestResponseInformation(true),
        Property::ResponseInformation("r"),
        Property::ServerReference("there"),
        Property::ReasonString("why"),
        Property::ReceiveMaximum(20),
        Property::TopicAliasMaximum(0),
        Property::TopicAlias(0x0102),
        Property::MaximumQoS(QoS::AtLeastOnce),
        Property::RetainAvailable(true),
        Property::UserProperty("", ""),
        Property::UserProperty("name", "value"),
        Property::MaximumPacketSize(65_536),
        Property::WildcardSubscriptionAvailable(true),
        Property::SubscriptionIdentifierAvailable(false),
        Property::SharedSubscriptionAvailable(true),
    ] {
        // A property that is not allowed here is refused, and nothing was added.
        let _ = properties.push(property);
    }
    properties
}

/// A packet of each type and form, in both versions.
fn packets() -> Vec<(Version, Vec<u8>)> {
    let mut packets = Vec::new();
    for version in [V311, V5] {
        let of = |packet| properties(Place::Packet(packet), version);
        let mut add = |packet: Packet<'_>| {
            let mut bytes = Vec::new();
            encode::encode(&packet, version, &mut bytes)
                .unwrap_or_else(|error| panic!("{packet:?}: {error}"));
            packets.push((version, bytes));
        };
        let packet_id = PacketId::new(0x0102).unwrap();
        let topic = TopicName::new("a/b").unwrap();

        let (list, will_list) = (of(PacketType::Connect), properties(Place::Will, version));
        let bare = Connect {
            version,
            clean_start: true,
            keep_alive: 60,
            properties: list.as_properties(),
            client_id: "",
            will: None,
            user_name: None,
            password: None,
        };
        add(Packet::Connect(bare));
        let properties = will_list.as_properties();
        let will = Will { qos: QoS::AtLeastOnce, retain: true, properties, topic, payload: b"off" };
        add(Packet::Connect(Connect {
            clean_start: false,
            client_id: "é",
            will: Some(will),
            user_name: Some("u"),
            password: Some(&[0, 255]),
            ..bare
        }));

        let list = of(PacketType::Connack);
        let connack = |session_present, reason_code| {
            Packet::Connack(Connack { session_present, reason_code, properties: list.as_properties() })
        };
        add(connack(true, ReasonCode::Success));
        add(connack(false, ReasonCode::NotAuthorized));

        let list = of(PacketType::Publish);
        for delivery in [
            Delivery::AtMostOnce,
            Delivery::AtLeastOnce { packet_id, dup: false },
            Delivery::ExactlyOnce { packet_id, dup: true },
        ] {
            let (retain, properties) = (delivery.dup(), list.as_properties());
            add(Packet::Publish(Publish { delivery, retain, topic, properties, payload: b"p\0" }));
        }

        let code = if version == V5 { ReasonCode::PacketIdentifierNotFound } else { ReasonCode::Success };
        let list = of(PacketType::Pubrel);
        let ack = Ack { packet_id, reason_code: code, properties: list.as_properties() };
        add(Packet::Pubrel(ack));
        let list = of(PacketType::Pubcomp);
        add(Packet::Pubcomp(Ack { properties: list.as_properties(), ..ack }));
        let code = if version == V5 { ReasonCode::NoMatchingSubscribers } else { ReasonCode::Success };
        let list = of(PacketType::Puback);
        let ack = Ack { packet_id, reason_code: code, properties: list.as_properties() };
        add(Packet::Puback(ack));
        let list = of(PacketType::Pubrec);
        add(Packet::Pubrec(Ack { properties: list.as_properties(), ..ack }));

        let filters = ["a/+", "$share/g/é/#"].map(|filter| TopicFilter::new(filter).unwrap());
        let mut subscriptions = filters.map(Subscription::new);
        subscriptions[0].qos = QoS::ExactlyOnce;
        if version == V5 {
            subscriptions[0].no_local = true;
            subscriptions[1].retain_as_published = true;
            subscriptions[1].retain_handling = RetainHandling::DoNotSend;
        }
        let list = of(PacketType::Subscribe);
        add(Packet::Subscribe(Subscribe {
            packet_id,
            properties: list.as_properties(),
            subscriptions: (&subscriptions[..]).into(),
        }));
        let list = of(PacketType::Unsubscribe);
        add(Packet::Unsubscribe(Unsubscribe {
            packet_id,
            properties: list.as_properties(),
            filters: (&filters[..]).into(),
        }));

        let codes = [ReasonCode::Success, ReasonCode::GrantedQoS2, ReasonCode::UnspecifiedError];
        let list = of(PacketType::Suback);
        let (properties, reason_codes) = (list.as_properties(), (&codes[..]).into());
        add(Packet::Suback(Suback { packet_id, properties, reason_codes }));
        let codes: &[_] = match version {
            V311 => &[],
            V5 => &[ReasonCode::Success, ReasonCode::NoSubscriptionExisted],
        };
        let list = of(PacketType::Unsuback);
        let (properties, reason_codes) = (list.as_properties(), codes.into());
        add(Packet::Unsuback(Unsuback { packet_id, properties, reason_codes }));

        add(Packet::Pingreq);
        add(Packet::Pingresp);
        let code = if version == V5 { ReasonCode::ServerMoved } else { ReasonCode::Success };
        let list = of(PacketType::Disconnect);
        add(Packet::Disconnect(Disconnect { reason_code: code, properties: list.as_properties() }));
        if version == V5 {
            let list = of(PacketType::Auth);
            let (reason_code, properties) = (ReasonCode::ContinueAuthentication, list.as_properties());
            add(Packet::Auth(Auth { reason_code, properties }));
        }
    }
    // Forms that `encode` never writes: an alias instead of the name, and forms that could be shorter.
    for bytes in ["30 07 0000 03 23 0007 'p'", "40 03 0001 00", "62 04 0001 92 00", "e0 01 00", "f0 02 00 00"]
    {
        packets.push((V5, hex(bytes)));
    }
    packets.push((V311, hex("d0 808000")));
    packets
}

/// The same with a correct Remaining Length, if it needs only one byte.
fn fitted(mut bytes: Vec<u8>) -> Vec<u8> {
    if let 2..130 = bytes.len() {
        bytes[1] = bytes.len() as u8 - 2;
    }
    bytes
}

#[test]
fn every_packet_with_every_property_reads_the_same() {
    let (mut types, mut identifiers) = (BTreeSet::new(), BTreeSet::new());
    for (version, bytes) in packets() {
        agree(&bytes, version);
        let read = spans(&bytes, version);
        assert_eq!(read.verdict, Verdict::Whole, "{bytes:02x?}");
        types.insert((version, bytes[0] >> 4));
        identifiers.extend(read.list.iter().filter_map(|span| match span.meaning {
            Meaning::PropertyIdentifier(id) => Some(id),
            _ => None,
        }));
    }
    // Only 5.0 has AUTH; table 2-4 has 27 properties.
    assert_eq!((types.len(), identifiers.len()), (29, 27));
}

#[test]
fn every_truncation_reads_the_same() {
    for (version, bytes) in packets() {
        for len in 0..bytes.len() {
            agree(&bytes[..len], version);
            assert_eq!(spans(&bytes[..len], version).verdict, Verdict::Incomplete, "{len} of {bytes:02x?}");
            agree(&fitted(bytes[..len].to_vec()), version);
        }
    }
}

#[test]
fn every_flipped_bit_reads_the_same_in_both_versions() {
    for (_, bytes) in packets() {
        for bit in 0..bytes.len() * 8 {
            let mut bent = bytes.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            agree(&bent, V311);
            agree(&bent, V5);
        }
    }
}

#[test]
fn bytes_after_the_packet_are_ignored() {
    for (version, bytes) in packets() {
        let followed = [&bytes[..], b"\0\0\0"].concat();
        agree(&followed, version);
        assert_eq!(spans(&followed, version), spans(&bytes, version));
    }
}

#[cfg(not(target_family = "wasm"))]
mod random {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    use super::*;

    proptest! {
        // A failure becomes an example or a seed of the fuzz target, not a file of seeds.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn any_bytes_read_the_same(bytes in vec(any::<u8>(), 0..200)) {
            for version in [V311, V5] {
                agree(&bytes, version);
                agree(&fitted(bytes.clone()), version);
            }
        }

        #[test]
        fn any_body_of_any_packet_reads_the_same(
            packet in select(&PacketType::ALL[..]), flags in 0..16u8, body in vec(prop_oneof![0..48u8, any::<u8>()], 0..60),
        ) {
            let flags = packet.reserved_flags().unwrap_or(flags);
            let bytes = fitted([&[(packet as u8) << 4 | flags, 0], &body[..]].concat());
            agree(&bytes, V311);
            agree(&bytes, V5);
        }

        #[test]
        fn a_spliced_packet_reads_the_same(
            (version, mut bytes) in select(packets()),
            (from, to) in any::<(Index, Index)>(), piece in vec(any::<u8>(), 0..8),
        ) {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            bytes.splice(from.min(to)..from.max(to), piece);
            agree(&bytes, version);
            agree(&fitted(bytes), version);
        }
    }
}
