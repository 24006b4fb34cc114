//! Thousands of packets from proptest: encoding and decoding does not change them, and any bytes
//! decode without a panic.

use std::num::NonZeroU16;

use mqtt::property::Place;
use mqtt::{
    Ack, Connack, Connect, Delivery, Disconnect, Packet, PacketType, PropertiesBuf, Property, Publish, QoS,
    ReasonCode, RetainHandling, Suback, Subscribe, Subscription, TopicFilter, TopicName, Unsuback,
    Unsubscribe, Version, Will, decode, encode,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn check(packet: Packet<'_>, version: Version) {
    let mut bytes = Vec::new();
    encode::encode(&packet, version, &mut bytes).expect("encodes");
    assert_eq!(decode::decode(&bytes, version), Ok(packet));
}

fn version() -> impl Strategy<Value = Version> + Clone {
    select(&[Version::V311, Version::V5][..])
}

fn qos() -> impl Strategy<Value = QoS> {
    select(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][..])
}

fn string() -> impl Strategy<Value = String> {
    vec(any::<char>().prop_filter("U+0000", |c| *c != '\0'), 0..30).prop_map(String::from_iter)
}

fn name() -> impl Strategy<Value = String> {
    vec(any::<char>().prop_filter("wildcard", |c| !matches!(c, '\0' | '+' | '#')), 1..40)
        .prop_map(String::from_iter)
}

fn filter() -> impl Strategy<Value = String> {
    let level = prop_oneof![Just("+".to_owned()), name().prop_map(|name| name.replace('/', ""))];
    (vec(level, 1..5), any::<bool>()).prop_map(|(levels, multi)| {
        let filter = levels.join("/") + if multi { "/#" } else { "" };
        if filter.is_empty() || filter.starts_with("$share/") { "+".to_owned() } else { filter }
    })
}

/// Owned properties, to be borrowed for any place that allows them.
#[derive(Clone, Debug)]
struct Values {
    number: u32,
    flag: bool,
    text: String,
    topic: String,
    data: Vec<u8>,
    users: Vec<(String, String)>,
}

fn values() -> impl Strategy<Value = Values> {
    (any::<u32>(), any::<bool>(), string(), name(), vec(any::<u8>(), 0..20), vec((string(), string()), 0..4))
        .prop_map(|(number, flag, text, topic, data, users)| Values {
            number,
            flag,
            text,
            topic,
            data,
            users,
        })
}

/// Every property that is allowed here; none in 3.1.1.
fn properties(values: &Values, place: Place, version: Version) -> PropertiesBuf {
    let Values { number, flag, text, topic, data, .. } = values;
    let all = [
        Property::PayloadFormatIndicator(*flag),
        Property::MessageExpiryInterval(*number),
        Property::ContentType(text),
        Property::ResponseTopic(TopicName::new(topic).unwrap()),
        Property::CorrelationData(data),
        Property::SubscriptionIdentifier(number % 268_435_455 + 1),
        Property::SessionExpiryInterval(*number),
        Property::AssignedClientIdentifier(text),
        Property::ServerKeepAlive(*number as u16),
        Property::AuthenticationMethod(text),
        Property::AuthenticationData(data),
        Property::RequestProblemInformation(*flag),
        Property::WillDelayInterval(*number),
        Property::RequestResponseInformation(*flag),
        Property::ResponseInformation(text),
        Property::ServerReference(text),
        Property::ReasonString(text),
        Property::ReceiveMaximum(*number as u16 | 1),
        Property::TopicAliasMaximum(*number as u16),
        Property::TopicAlias(*number as u16 | 1),
        Property::MaximumQoS(if *flag { QoS::AtLeastOnce } else { QoS::AtMostOnce }),
        Property::RetainAvailable(*flag),
        Property::MaximumPacketSize(number | 1),
        Property::WildcardSubscriptionAvailable(*flag),
        Property::SubscriptionIdentifierAvailable(*flag),
        Property::SharedSubscriptionAvailable(*flag),
    ];
    let users = values.users.iter().map(|(name, value)| Property::UserProperty(name, value));
    let mut properties = PropertiesBuf::new(place);
    if version == Version::V5 {
        let mut expected = Vec::new();
        for property in all.into_iter().chain(users) {
            if properties.push(property).is_ok() {
                expected.push(property);
            }
        }
        assert_eq!(properties.as_properties().iter().collect::<Vec<_>>(), expected);
        assert!(expected.len() >= values.users.len());
    }
    properties
}

proptest! {
    // A failure becomes a row in `packets` or `malformed`, not a file of seeds.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn connect(
        (version, clean_start, keep_alive, client_id) in (version(), any::<bool>(), any::<u16>(), string()),
        will in option::of((qos(), any::<bool>(), name(), vec(any::<u8>(), 0..50))),
        (user_name, password) in (option::of(string()), option::of(vec(any::<u8>(), 0..50))),
        values in values(),
    ) {
        let will_properties = properties(&values, Place::Will, version);
        let properties = properties(&values, Place::Packet(PacketType::Connect), version);
        let password = password.as_deref().filter(|_| version == Version::V5 || user_name.is_some());
        let will = will.as_ref().map(|(qos, retain, topic, payload)| Will {
            qos: *qos,
            retain: *retain,
            properties: will_properties.as_properties(),
            topic: TopicName::new(topic).unwrap(),
            payload,
        });
        check(
            Packet::Connect(Connect {
                version,
                clean_start,
                keep_alive,
                properties: properties.as_properties(),
                client_id: &client_id,
                will,
                user_name: user_name.as_deref(),
                password,
            }),
            version,
        );
    }

    #[test]
    fn connack(version in version(), code in select(ReasonCode::ALL), values in values()) {
        let properties = properties(&values, Place::Packet(PacketType::Connack), version);
        let sayable = match version {
            Version::V311 => code.return_code().is_some(),
            Version::V5 => code.fits(PacketType::Connack),
        };
        let reason_code = if sayable { code } else { ReasonCode::Success };
        let session_present = values.flag && reason_code == ReasonCode::Success;
        check(
            Packet::Connack(Connack { session_present, reason_code, properties: properties.as_properties() }),
            version,
        );
    }

    #[test]
    fn publish(
        version in version(), qos in qos(), (dup, retain) in any::<(bool, bool)>(),
        packet_id in any::<NonZeroU16>(), topic in name(), payload in vec(any::<u8>(), 0..300),
        values in option::of(values()),
    ) {
        let place = Place::Packet(PacketType::Publish);
        let properties = match &values {
            Some(values) => properties(values, place, version),
            None => PropertiesBuf::new(place),
        };
        let delivery = match qos {
            QoS::AtMostOnce => Delivery::AtMostOnce,
            QoS::AtLeastOnce => Delivery::AtLeastOnce { packet_id, dup },
            QoS::ExactlyOnce => Delivery::ExactlyOnce { packet_id, dup },
        };
        let topic = TopicName::new(&topic).unwrap();
        let properties = properties.as_properties();
        check(Packet::Publish(Publish { delivery, retain, topic, properties, payload: &payload }), version);
    }

    #[test]
    fn acknowledgements(
        version in version(), packet_id in any::<NonZeroU16>(), code in select(ReasonCode::ALL), values in values(),
    ) {
        for kind in [PacketType::Puback, PacketType::Pubrec, PacketType::Pubrel, PacketType::Pubcomp] {
            let packet = |ack| match kind {
                PacketType::Puback => Packet::Puback(ack),
                PacketType::Pubrec => Packet::Pubrec(ack),
                PacketType::Pubrel => Packet::Pubrel(ack),
                _ => Packet::Pubcomp(ack),
            };
            let properties = properties(&values, Place::Packet(kind), version);
            let sayable = version == Version::V5 && code.fits(kind);
            let reason_code = if sayable { code } else { ReasonCode::Success };
            check(packet(Ack { packet_id, reason_code, properties: properties.as_properties() }), version);
        }
    }

    #[test]
    fn subscribe_and_suback(
        version in version(), packet_id in any::<NonZeroU16>(), values in values(),
        filters in vec((filter(), qos(), any::<(bool, bool)>(), 0..3u8), 1..10),
    ) {
        let v5 = version == Version::V5;
        let subscriptions = filters
            .iter()
            .map(|(filter, qos, (no_local, retain_as_published), handling)| Subscription {
                filter: TopicFilter::new(filter).unwrap(),
                qos: *qos,
                no_local: v5 && *no_local,
                retain_as_published: v5 && *retain_as_published,
                retain_handling: match handling {
                    1 if v5 => RetainHandling::SendIfNew,
                    2 if v5 => RetainHandling::DoNotSend,
                    _ => RetainHandling::SendAtSubscribe,
                },
            })
            .collect::<Vec<_>>();
        let buf = properties(&values, Place::Packet(PacketType::Subscribe), version);
        let properties_ = buf.as_properties();
        check(
            Packet::Subscribe(Subscribe { packet_id, properties: properties_, subscriptions: (&subscriptions[..]).into() }),
            version,
        );
        let codes = filters.iter().map(|(_, qos, ..)| ReasonCode::from_byte(qos.byte()).unwrap()).collect::<Vec<_>>();
        let buf = properties(&values, Place::Packet(PacketType::Suback), version);
        let properties = buf.as_properties();
        check(Packet::Suback(Suback { packet_id, properties, reason_codes: (&codes[..]).into() }), version);
    }

    #[test]
    fn unsubscribe_and_unsuback(
        version in version(), packet_id in any::<NonZeroU16>(), values in values(), filters in vec(filter(), 1..10),
    ) {
        let filters = filters.iter().map(|filter| TopicFilter::new(filter).unwrap()).collect::<Vec<_>>();
        let buf = properties(&values, Place::Packet(PacketType::Unsubscribe), version);
        let unsubscribe = Unsubscribe { packet_id, properties: buf.as_properties(), filters: (&filters[..]).into() };
        check(Packet::Unsubscribe(unsubscribe), version);
        let codes = match version {
            Version::V311 => vec![],
            Version::V5 => vec![ReasonCode::NoSubscriptionExisted; filters.len()],
        };
        let buf = properties(&values, Place::Packet(PacketType::Unsuback), version);
        let unsuback = Unsuback { packet_id, properties: buf.as_properties(), reason_codes: (&codes[..]).into() };
        check(Packet::Unsuback(unsuback), version);
    }

    #[test]
    fn disconnect(code in select(ReasonCode::ALL), values in values()) {
        if code.fits(PacketType::Disconnect) {
            let buf = properties(&values, Place::Packet(PacketType::Disconnect), Version::V5);
            let disconnect = Disconnect { reason_code: code, properties: buf.as_properties() };
            check(Packet::Disconnect(disconnect), Version::V5);
        }
    }

    #[test]
    fn a_filter_matches_level_by_level(filter in filter(), topic in name()) {
        let expected = {
            let (mut filters, mut names) = (filter.split('/'), topic.split('/'));
            let wild = filter.starts_with(['+', '#']);
            let levels = loop {
                match (filters.next(), names.next()) {
                    (Some("#"), _) => break true,
                    (Some("+"), Some(_)) => {}
                    (Some(filter), Some(name)) if filter == name => {}
                    (None, None) => break true,
                    _ => break false,
                }
            };
            levels && !(wild && topic.starts_with('$'))
        };
        prop_assert_eq!(TopicFilter::new(&filter).unwrap().matches(TopicName::new(&topic).unwrap()), expected);
    }

    #[test]
    fn any_bytes_decode_without_a_panic(version in version(), first in any::<u8>(), mut bytes in vec(any::<u8>(), 0..120)) {
        bytes.splice(0..0, [first, bytes.len() as u8]);
        if let Ok(packet) = decode::decode(&bytes, version) {
            let mut encoded = Vec::new();
            encode::encode(&packet, version, &mut encoded).unwrap();
            prop_assert_eq!(decode::decode(&encoded, version), Ok(packet));
        }
    }
}
