//! Every form of every packet, as bytes and as a value.

use std::num::NonZeroU16;

use mqtt::Version::{V5, V311};
use mqtt::property::Place;
use mqtt::{
    Ack, Auth, Connack, Connect, Delivery, Disconnect, Packet, PacketId, PacketType, Properties,
    PropertiesBuf, Property, Publish, QoS, ReasonCode, RetainHandling, Suback, Subscribe, Subscription,
    TopicFilter, TopicName, Unsuback, Unsubscribe, Version, Will, decode, encode,
};

use crate::hex;

/// The bytes are this packet, and this packet is the bytes.
fn check(version: Version, bytes: &str, packet: Packet<'_>) {
    let bytes = hex(bytes);
    assert_eq!(decode::decode(&bytes, version), Ok(packet), "decoded as {version}");
    let mut encoded = vec![0xFF];
    encode::encode(&packet, version, &mut encoded).expect("encodes");
    assert_eq!(encoded[1..], bytes, "{packet:?} encoded as {version}");
}

/// The bytes are this packet, but there is a shorter form.
fn check_decode(version: Version, bytes: &str, packet: Packet<'_>) {
    assert_eq!(decode::decode(&hex(bytes), version), Ok(packet), "decoded as {version}");
}

fn id(id: u16) -> PacketId {
    NonZeroU16::new(id).unwrap()
}

fn name(name: &str) -> TopicName<'_> {
    TopicName::new(name).unwrap()
}

fn filter(filter: &str) -> TopicFilter<'_> {
    TopicFilter::new(filter).unwrap()
}

fn properties(place: Place, list: &[Property<'_>]) -> PropertiesBuf {
    let mut properties = PropertiesBuf::new(place);
    for property in list {
        properties.push(*property).unwrap();
    }
    properties
}

fn of(packet: PacketType, list: &[Property<'_>]) -> PropertiesBuf {
    properties(Place::Packet(packet), list)
}

fn bare_connect(version: Version) -> Connect<'static> {
    Connect {
        version,
        clean_start: true,
        keep_alive: 60,
        properties: Properties::EMPTY,
        client_id: "",
        will: None,
        user_name: None,
        password: None,
    }
}

#[test]
fn mqtt_3_1_connect() {
    check(V311, "10 0c 0004 'MQTT' 04 02 003c 0000", Packet::Connect(bare_connect(V311)));
    check(V5, "10 0d 0004 'MQTT' 05 02 003c 00 0000", Packet::Connect(bare_connect(V5)));
    let will = Will {
        qos: QoS::ExactlyOnce,
        retain: true,
        properties: Properties::EMPTY,
        topic: name("w"),
        payload: b"off",
    };
    let full = Connect {
        clean_start: false,
        client_id: "äc",
        will: Some(will),
        user_name: Some("u"),
        password: Some(b"\0p"),
        ..bare_connect(V311)
    };
    check(
        V311,
        "10 1e 0004 'MQTT' 04 f4 003c 0003 'äc' 0001 'w' 0003 'off' 0001 'u' 0002 00 'p'",
        Packet::Connect(full),
    );
    let quiet = Will { qos: QoS::AtLeastOnce, retain: false, payload: b"", ..will };
    check(
        V311,
        "10 11 0004 'MQTT' 04 0e 003c 0000 0001 'w' 0000",
        Packet::Connect(Connect { will: Some(quiet), ..bare_connect(V311) }),
    );
    // A password alone is new in 5.0 (section 3.1.2.9).
    check(
        V5,
        "10 10 0004 'MQTT' 05 42 003c 00 0000 0001 'p'",
        Packet::Connect(Connect { password: Some(b"p"), ..bare_connect(V5) }),
    );
}

#[test]
fn mqtt_3_1_2_11_connect_properties() {
    let properties = of(
        PacketType::Connect,
        &[
            Property::SessionExpiryInterval(10),
            Property::ReceiveMaximum(20),
            Property::MaximumPacketSize(65536),
            Property::TopicAliasMaximum(3),
            Property::RequestResponseInformation(true),
            Property::RequestProblemInformation(false),
            Property::UserProperty("a", "1"),
            Property::UserProperty("a", "2"),
            Property::AuthenticationMethod("m"),
            Property::AuthenticationData(&[0, 255]),
        ],
    );
    check(
        V5,
        "10 38 0004 'MQTT' 05 02 003c
         2b 11 0000000a 21 0014 27 00010000 22 0003 19 01 17 00 26 0001 'a' 0001 '1' 26 0001 'a' 0001 '2'
         15 0001 'm' 16 0002 00ff
         0000",
        Packet::Connect(Connect { properties: properties.as_properties(), ..bare_connect(V5) }),
    );
}

#[test]
fn mqtt_3_1_3_2_will_properties() {
    let properties = properties(
        Place::Will,
        &[
            Property::WillDelayInterval(5),
            Property::PayloadFormatIndicator(true),
            Property::MessageExpiryInterval(60),
            Property::ContentType("t"),
            Property::ResponseTopic(name("r")),
            Property::CorrelationData(b"c"),
            Property::UserProperty("k", "v"),
        ],
    );
    let will = Will {
        qos: QoS::AtMostOnce,
        retain: true,
        properties: properties.as_properties(),
        topic: name("w"),
        payload: b"x",
    };
    check(
        V5,
        "10 33 0004 'MQTT' 05 26 003c 00 0000
         1f 18 00000005 01 01 02 0000003c 03 0001 't' 08 0001 'r' 09 0001 'c' 26 0001 'k' 0001 'v'
         0001 'w' 0001 'x'",
        Packet::Connect(Connect { will: Some(will), ..bare_connect(V5) }),
    );
}

#[test]
fn mqtt_3_2_connack() {
    let success =
        Connack { session_present: false, reason_code: ReasonCode::Success, properties: Properties::EMPTY };
    let refused = |reason_code| Packet::Connack(Connack { reason_code, ..success });
    check(V311, "20 02 00 00", Packet::Connack(success));
    check(V311, "20 02 01 00", Packet::Connack(Connack { session_present: true, ..success }));
    check(V311, "20 02 00 01", refused(ReasonCode::UnsupportedProtocolVersion));
    check(V311, "20 02 00 02", refused(ReasonCode::ClientIdentifierNotValid));
    check(V311, "20 02 00 03", refused(ReasonCode::ServerUnavailable));
    check(V311, "20 02 00 04", refused(ReasonCode::BadUserNameOrPassword));
    check(V311, "20 02 00 05", refused(ReasonCode::NotAuthorized));
    check(V5, "20 03 00 00 00", Packet::Connack(success));
    check(V5, "20 03 01 00 00", Packet::Connack(Connack { session_present: true, ..success }));
    for code in [
        0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A,
        0x9B, 0x9C, 0x9D, 0x9F,
    ] {
        check(V5, &format!("20 03 00 {code:02x} 00"), refused(ReasonCode::from_byte(code).unwrap()));
    }
    let properties = of(
        PacketType::Connack,
        &[
            Property::SessionExpiryInterval(1),
            Property::ReceiveMaximum(20),
            Property::MaximumQoS(QoS::AtLeastOnce),
            Property::RetainAvailable(false),
            Property::MaximumPacketSize(2),
            Property::AssignedClientIdentifier("x"),
            Property::TopicAliasMaximum(10),
            Property::ReasonString("why"),
            Property::WildcardSubscriptionAvailable(false),
            Property::SubscriptionIdentifierAvailable(true),
            Property::SharedSubscriptionAvailable(false),
            Property::ServerKeepAlive(9),
            Property::ResponseInformation("r"),
            Property::ServerReference("s"),
        ],
    );
    check(
        V5,
        "20 32 00 00 2f 11 00000001 21 0014 24 01 25 00 27 00000002 12 0001 'x' 22 000a 1f 0003 'why' 28 00
         29 01 2a 00 13 0009 1a 0001 'r' 1c 0001 's'",
        Packet::Connack(Connack { properties: properties.as_properties(), ..success }),
    );
}

#[test]
fn mqtt_3_3_publish() {
    let bare = Publish {
        delivery: Delivery::AtMostOnce,
        retain: false,
        topic: name("a/b"),
        properties: Properties::EMPTY,
        payload: b"",
    };
    let once = |dup| Delivery::AtLeastOnce { packet_id: id(10), dup };
    let exactly = |dup| Delivery::ExactlyOnce { packet_id: id(0xFFFF), dup };
    check(V311, "30 05 0003 'a/b'", Packet::Publish(bare));
    check(V311, "31 07 0003 'a/b' 'hi'", Packet::Publish(Publish { retain: true, payload: b"hi", ..bare }));
    check(V311, "32 07 0003 'a/b' 000a", Packet::Publish(Publish { delivery: once(false), ..bare }));
    check(
        V311,
        "3b 07 0003 'a/b' 000a",
        Packet::Publish(Publish { delivery: once(true), retain: true, ..bare }),
    );
    check(V311, "34 07 0003 'a/b' ffff", Packet::Publish(Publish { delivery: exactly(false), ..bare }));
    check(V311, "3c 07 0003 'a/b' ffff", Packet::Publish(Publish { delivery: exactly(true), ..bare }));
    check(V5, "30 06 0003 'a/b' 00", Packet::Publish(bare));
    check(
        V5,
        "32 09 0003 'a/b' 000a 00 '!'",
        Packet::Publish(Publish { delivery: once(false), payload: b"!", ..bare }),
    );
    check(V311, "30 0e 000b '温度/1' 'é$' '+'", {
        Packet::Publish(Publish { topic: name("温度/1é$"), payload: b"+", ..bare })
    });
}

#[test]
fn mqtt_3_3_2_3_publish_properties() {
    let bare = Publish {
        delivery: Delivery::AtMostOnce,
        retain: false,
        topic: name("t"),
        properties: Properties::EMPTY,
        payload: b"p",
    };
    let properties = of(
        PacketType::Publish,
        &[
            Property::PayloadFormatIndicator(true),
            Property::MessageExpiryInterval(3600),
            Property::TopicAlias(1),
            Property::ResponseTopic(name("r")),
            Property::CorrelationData(b"\0"),
            Property::UserProperty("k", ""),
            Property::SubscriptionIdentifier(1),
            Property::SubscriptionIdentifier(268_435_455),
            Property::ContentType(""),
        ],
    );
    check(
        V5,
        "30 27 0001 't' 22 01 01 02 00000e10 23 0001 08 0001 'r' 09 0001 00 26 0001 'k' 0000 0b 01 0b ffffff7f
         03 0000 'p'",
        Packet::Publish(Publish { properties: properties.as_properties(), ..bare }),
    );
    // Section 3.3.2.3.4: an alias instead of the name.
    let alias = of(PacketType::Publish, &[Property::TopicAlias(7)]);
    let bytes = hex("30 07 0000 03 23 0007 'p'");
    let Ok(Packet::Publish(aliased)) = decode::decode(&bytes, V5) else { panic!("no PUBLISH") };
    assert_eq!(aliased.topic.as_str(), "");
    assert_eq!(aliased.properties, alias.as_properties());
    check(V5, "30 07 0000 03 23 0007 'p'", Packet::Publish(aliased));
}

#[test]
fn mqtt_3_4_to_3_7_acknowledgements() {
    type Kind = fn(Ack<'static>) -> Packet<'static>;
    let kinds: [(&str, Kind, ReasonCode); 4] = [
        ("40", Packet::Puback, ReasonCode::NoMatchingSubscribers),
        ("50", Packet::Pubrec, ReasonCode::QuotaExceeded),
        ("62", Packet::Pubrel, ReasonCode::PacketIdentifierNotFound),
        ("70", Packet::Pubcomp, ReasonCode::PacketIdentifierNotFound),
    ];
    for (first, packet, code) in kinds {
        let success = Ack::success(id(258));
        check(V311, &format!("{first} 02 0102"), packet(success));
        check(V5, &format!("{first} 02 0102"), packet(success));
        check_decode(V5, &format!("{first} 03 0102 00"), packet(success));
        check_decode(V5, &format!("{first} 04 0102 00 00"), packet(success));
        let failed = Ack { reason_code: code, ..success };
        check(V5, &format!("{first} 03 0102 {:02x}", code.byte()), packet(failed));
        check_decode(V5, &format!("{first} 04 0102 {:02x} 00", code.byte()), packet(failed));
    }
    let why = of(PacketType::Puback, &[Property::ReasonString("no"), Property::UserProperty("a", "b")]);
    check(
        V5,
        "40 10 0102 87 0c 1f 0002 'no' 26 0001 'a' 0001 'b'",
        Packet::Puback(Ack {
            packet_id: id(258),
            reason_code: ReasonCode::NotAuthorized,
            properties: why.as_properties(),
        }),
    );
}

#[test]
fn mqtt_3_8_subscribe() {
    let plain = [
        Subscription::new(filter("a/+")),
        Subscription { qos: QoS::AtLeastOnce, ..Subscription::new(filter("#")) },
    ];
    let subscribe = |subscriptions| {
        Packet::Subscribe(Subscribe { packet_id: id(10), properties: Properties::EMPTY, subscriptions })
    };
    check(V311, "82 0c 000a 0003 'a/+' 00 0001 '#' 01", subscribe((&plain[..]).into()));
    check(V5, "82 0d 000a 00 0003 'a/+' 00 0001 '#' 01", subscribe((&plain[..]).into()));
    let all = [
        Subscription {
            filter: filter("a"),
            qos: QoS::ExactlyOnce,
            no_local: true,
            retain_as_published: true,
            retain_handling: RetainHandling::DoNotSend,
        },
        Subscription {
            retain_handling: RetainHandling::SendIfNew,
            ..Subscription::new(filter("$share/g/a"))
        },
    ];
    let properties = of(PacketType::Subscribe, &[Property::SubscriptionIdentifier(128)]);
    check(
        V5,
        "82 17 000a 03 0b 8001 0001 'a' 2e 000a '$share/g/a' 10",
        Packet::Subscribe(Subscribe {
            packet_id: id(10),
            properties: properties.as_properties(),
            subscriptions: (&all[..]).into(),
        }),
    );
}

#[test]
fn mqtt_3_9_suback() {
    let suback = |codes: &'static [ReasonCode]| {
        Packet::Suback(Suback {
            packet_id: id(10),
            properties: Properties::EMPTY,
            reason_codes: codes.into(),
        })
    };
    use ReasonCode::{GrantedQoS1, GrantedQoS2, Success, UnspecifiedError};
    check(V311, "90 06 000a 00 01 02 80", suback(&[Success, GrantedQoS1, GrantedQoS2, UnspecifiedError]));
    check(V5, "90 05 000a 00 00 87", suback(&[Success, ReasonCode::NotAuthorized]));
    let properties = of(PacketType::Suback, &[Property::ReasonString("x")]);
    check(
        V5,
        "90 08 000a 04 1f 0001 'x' a2",
        Packet::Suback(Suback {
            packet_id: id(10),
            properties: properties.as_properties(),
            reason_codes: (&[ReasonCode::WildcardSubscriptionsNotSupported][..]).into(),
        }),
    );
}

#[test]
fn mqtt_3_10_unsubscribe_and_3_11_unsuback() {
    let filters = [filter("a/+"), filter("é")];
    let unsubscribe = Packet::Unsubscribe(Unsubscribe {
        packet_id: id(10),
        properties: Properties::EMPTY,
        filters: (&filters[..]).into(),
    });
    check(V311, "a2 0b 000a 0003 'a/+' 0002 'é'", unsubscribe);
    check(V5, "a2 0c 000a 00 0003 'a/+' 0002 'é'", unsubscribe);
    let unsuback = |codes: &'static [ReasonCode]| {
        Packet::Unsuback(Unsuback {
            packet_id: id(10),
            properties: Properties::EMPTY,
            reason_codes: codes.into(),
        })
    };
    check(V311, "b0 02 000a", unsuback(&[]));
    check(V5, "b0 05 000a 00 00 11", unsuback(&[ReasonCode::Success, ReasonCode::NoSubscriptionExisted]));
}

#[test]
fn mqtt_3_12_and_3_13_ping() {
    for version in [V311, V5] {
        check(version, "c0 00", Packet::Pingreq);
        check(version, "d0 00", Packet::Pingresp);
    }
}

#[test]
fn mqtt_3_14_disconnect() {
    let normal = Packet::Disconnect(Disconnect::new(ReasonCode::Success));
    check(V311, "e0 00", normal);
    check(V5, "e0 00", normal);
    check_decode(V5, "e0 01 00", normal);
    check_decode(V5, "e0 02 00 00", normal);
    check(V5, "e0 01 8e", Packet::Disconnect(Disconnect::new(ReasonCode::SessionTakenOver)));
    check(V5, "e0 01 04", Packet::Disconnect(Disconnect::new(ReasonCode::DisconnectWithWillMessage)));
    let properties = of(PacketType::Disconnect, &[Property::ServerReference("b")]);
    check(
        V5,
        "e0 06 9c 04 1c 0001 'b'",
        Packet::Disconnect(Disconnect {
            reason_code: ReasonCode::UseAnotherServer,
            properties: properties.as_properties(),
        }),
    );
}

#[test]
fn mqtt_3_15_auth() {
    check(
        V5,
        "f0 00",
        Packet::Auth(Auth { reason_code: ReasonCode::Success, properties: Properties::EMPTY }),
    );
    let properties =
        of(PacketType::Auth, &[Property::AuthenticationMethod("m"), Property::AuthenticationData(b"d")]);
    check(
        V5,
        "f0 0a 18 08 15 0001 'm' 16 0001 'd'",
        Packet::Auth(Auth {
            reason_code: ReasonCode::ContinueAuthentication,
            properties: properties.as_properties(),
        }),
    );
}

#[test]
fn mqtt_2_1_4_remaining_length() {
    for (payload, length) in
        [(124, "7f"), (125, "8001"), (16_380, "ff7f"), (16_381, "808001"), (2_097_149, "80808001")]
    {
        let payload = vec![b'x'; payload];
        let publish = Packet::Publish(Publish {
            delivery: Delivery::AtMostOnce,
            retain: false,
            topic: name("t"),
            properties: Properties::EMPTY,
            payload: &payload,
        });
        let bytes = format!("30 {length} 0001 't' '{}'", "x".repeat(payload.len()));
        check(V311, &bytes, publish);
    }
    // Any other packet than PUBLISH fills in its length afterwards.
    let long = "l".repeat(200);
    let filters = [filter(&long)];
    check(
        V311,
        &format!("a2 cc01 000a 00c8 '{long}'"),
        Packet::Unsubscribe(Unsubscribe {
            packet_id: id(10),
            properties: Properties::EMPTY,
            filters: (&filters[..]).into(),
        }),
    );
    // [MQTT-1.5.5-1] exists only in 5.0: 3.1.1 allows a longer form.
    check_decode(V311, "d0 8000", Packet::Pingresp);
    check_decode(V311, "d0 80808000", Packet::Pingresp);
}

#[test]
fn properties_are_found() {
    let properties = of(
        PacketType::Disconnect,
        &[
            Property::UserProperty("a", "1"),
            Property::ReasonString("why"),
            Property::ServerReference("there"),
            Property::UserProperty("b", "2"),
        ],
    );
    let properties = properties.as_properties();
    assert_eq!(properties.reason_string(), Some("why"));
    assert_eq!(properties.server_reference(), Some("there"));
    assert_eq!(properties.user_properties().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
    assert_eq!(properties.iter().count(), 4);
    assert_eq!(Properties::EMPTY.reason_string(), None);
}
