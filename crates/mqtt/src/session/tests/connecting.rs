//! CONNECT, CONNACK, and a whole session from `connect` to `disconnect`.

use super::*;

#[test]
fn from_connect_to_disconnect() {
    for version in BOTH {
        let mut options = Options::new("c");
        options.version = VersionChoice::Only(version);
        let mut pair = Pair::new(options);
        assert_eq!(pair.session.link(), Link::Idle);
        assert_eq!(pair.session.poll_timeout(), None);
        pair.connect();
        pair.expect(["open"]);
        assert_eq!(pair.session.link(), Link::Connecting);
        pair.open();
        pair.expect([&format!("> CONNECT {version}")]);
        assert_eq!((pair.session.link(), pair.session.version()), (Link::Connecting, None));
        pair.accept();
        pair.expect([&format!("! connected {version}")]);
        assert_eq!((pair.session.link(), pair.session.version()), (Link::Connected, Some(version)));
        pair.load("+/status");
        pair.expect(["> SUBSCRIBE 1, PINGREQ"]);
        pair.say_bytes(&bytes(version, &[suback(id(1)), message(true), Packet::Pingresp, message(false)]));
        pair.expect(["! suback 1 [Success]", "! t (retained)", "! barrier 1", "! t"]);
        pair.session.unsubscribe(&[TopicFilter::new("+/status").unwrap()]).unwrap();
        pair.drive();
        pair.expect(["> UNSUBSCRIBE 2"]);
        let codes = if version == Version::V5 { &[ReasonCode::Success][..] } else { &[] };
        pair.say(Packet::Unsuback(Unsuback {
            packet_id: id(2),
            properties: Properties::EMPTY,
            reason_codes: codes.into(),
        }));
        pair.expect([&format!("! unsuback 2 {codes:?}")]);
        pair.disconnect();
        pair.expect(["! disconnected", "> DISCONNECT", "close"]);
        assert_eq!((pair.session.link(), pair.session.last_failure()), (Link::Idle, None));
        pair.close(true);
        pair.pass(s(1000));
        pair.expect([]);
    }
}

#[test]
fn mqtt_3_1_connect_has_the_values_of_the_options() {
    let mut options = Options::new("id");
    options.user = Some("u".to_owned());
    options.password = Some(b"p".to_vec());
    options.keep_alive = 7;
    options.max_packet_size = 1000;
    options.will = Some(OwnedWill {
        topic: "w".to_owned(),
        payload: b"off".to_vec(),
        qos: QoS::AtLeastOnce,
        retain: true,
        delay_interval: 3,
        payload_format_indicator: true,
        message_expiry_interval: Some(4),
        content_type: Some("t".to_owned()),
        response_topic: Some("r".to_owned()),
        correlation_data: Some(b"c".to_vec()),
        user_properties: vec![("k".to_owned(), "v".to_owned())],
    });
    for version in BOTH {
        let mut out = Vec::new();
        connect(&options, &options.client_id, options.clean_start, version, &mut out).unwrap();
        let Ok(Packet::Connect(connect)) = crate::decode::decode(&out, version) else { panic!() };
        assert_eq!((connect.version, connect.clean_start, connect.keep_alive), (version, true, 7));
        assert_eq!((connect.client_id, connect.user_name), ("id", Some("u")));
        assert_eq!(connect.password, Some(&b"p"[..]));
        let will = connect.will.unwrap();
        assert_eq!((will.topic.as_str(), will.payload, will.retain), ("w", &b"off"[..], true));
        assert_eq!(will.qos, QoS::AtLeastOnce);
        let (properties, will_properties) = match version {
            Version::V311 => (vec![], vec![]),
            Version::V5 => (
                vec![Property::MaximumPacketSize(1000)],
                vec![
                    Property::WillDelayInterval(3),
                    Property::PayloadFormatIndicator(true),
                    Property::MessageExpiryInterval(4),
                    Property::ContentType("t"),
                    Property::ResponseTopic(TopicName::new("r").unwrap()),
                    Property::CorrelationData(b"c"),
                    Property::UserProperty("k", "v"),
                ],
            ),
        };
        assert_eq!(connect.properties.iter().collect::<Vec<_>>(), properties);
        assert_eq!(will.properties.iter().collect::<Vec<_>>(), will_properties);
    }
    // [MQTT-3.1.2-22]: an empty user name where 3.1.1 requires one.
    options.user = None;
    for (version, user_name) in [(Version::V311, Some("")), (Version::V5, None)] {
        let mut out = Vec::new();
        connect(&options, &options.client_id, options.clean_start, version, &mut out).unwrap();
        let Ok(Packet::Connect(connect)) = crate::decode::decode(&out, version) else { panic!() };
        assert_eq!((connect.user_name, connect.password), (user_name, Some(&b"p"[..])));
    }
    assert!(!format!("{options:?}").contains("112"), "a password in a log");
}

#[test]
fn mqtt_3_1_2_11_connect_leaves_out_defaults() {
    let check = |change: fn(&mut Options), expected: &[Property<'_>]| {
        for version in BOTH {
            let mut options = Options::new("id");
            change(&mut options);
            let mut out = Vec::new();
            connect(&options, &options.client_id, options.clean_start, version, &mut out).unwrap();
            let Ok(Packet::Connect(connect)) = crate::decode::decode(&out, version) else { panic!() };
            let mut said = connect.properties.iter().collect::<Vec<_>>();
            said.retain(|property| !matches!(property, Property::MaximumPacketSize(_)));
            assert_eq!(said, if version == Version::V5 { expected } else { &[] });
        }
    };
    check(|_| {}, &[]);
    check(|options| options.topic_alias_maximum = 5, &[Property::TopicAliasMaximum(5)]);
    check(lasting, &[Property::SessionExpiryInterval(3600)]);
    check(|options| options.receive_maximum = 5, &[Property::ReceiveMaximum(5)]);
    check(
        |options| options.request_problem_information = false,
        &[Property::RequestProblemInformation(false)],
    );
    check(
        |options| options.request_response_information = true,
        &[Property::RequestResponseInformation(true)],
    );
    check(
        |options| options.user_properties = vec![("a".into(), "1".into()), ("a".into(), "2".into())],
        &[Property::UserProperty("a", "1"), Property::UserProperty("a", "2")],
    );
}
