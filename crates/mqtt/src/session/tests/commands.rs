//! Commands: when they are accepted, their options and properties, the limits of CONNACK.

use super::*;

#[test]
fn commands_need_a_link_and_the_queue_is_bounded() {
    let mut pair = Pair::new(Options::new("c"));
    for step in 0..3 {
        let session = &mut pair.session;
        let topic = TopicName::new("t").unwrap();
        assert_eq!(session.subscribe(&[subscription("a")]), Err(CommandError::NotConnected));
        assert_eq!(session.unsubscribe(&[TopicFilter::new("a").unwrap()]), Err(CommandError::NotConnected));
        assert_eq!(session.barrier(), Err(CommandError::NotConnected));
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
            assert_eq!(session.publish(topic, b"", qos, true), Err(CommandError::NotConnected));
        }
        match step {
            0 => pair.connect(),
            _ => pair.open(),
        }
    }

    let mut pair = Pair::connected(Version::V311, |options| options.max_packet_size = 100);
    let topic = TopicName::new("t").unwrap();
    let mut publish = |len| pair.session.publish(topic, &vec![0; len], QoS::AtMostOnce, false);
    assert_eq!(publish(100), Err(CommandError::PacketTooLarge));
    assert_eq!(publish(60), Ok(None));
    assert_eq!(publish(60), Err(CommandError::QueueFull));
    pair.drive();
    pair.expect(["> PUBLISH"]);
    let invalid = pair.session.subscribe(&[]);
    assert!(matches!(invalid, Err(CommandError::Invalid(error)) if error.violation == Violation::ListEmpty));
    let no_local = Subscription { no_local: true, ..subscription("a") };
    let invalid = pair.session.subscribe(&[no_local]);
    assert!(
        matches!(invalid, Err(CommandError::Invalid(error)) if error.violation == Violation::NotInThisVersion)
    );
    pair.drive();
    pair.expect([]);
}

#[test]
fn mqtt_3_2_2_3_the_limits_of_connack_are_kept() {
    let mut options = Options::new("");
    options.version = VersionChoice::Only(Version::V5);
    let mut session = Session::new(options);
    session.connect(Time(0));
    while session.poll_transmit().is_some() {}
    session.handle_open(Time(0));
    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Connack));
    for property in [
        Property::ServerKeepAlive(9),
        Property::ReceiveMaximum(2),
        Property::MaximumQoS(QoS::AtLeastOnce),
        Property::RetainAvailable(false),
        Property::MaximumPacketSize(40),
        Property::WildcardSubscriptionAvailable(false),
        Property::SharedSubscriptionAvailable(false),
        Property::SubscriptionIdentifierAvailable(false),
        Property::AssignedClientIdentifier("made-up"),
        Property::ReasonString("hello"),
    ] {
        properties.push(property).unwrap();
    }
    let packet = Packet::Connack(Connack {
        session_present: false,
        reason_code: ReasonCode::Success,
        properties: properties.as_properties(),
    });
    session.handle_bytes(&bytes(Version::V5, &[packet]), Time(0));
    let Some(Event::Connected(connected)) = session.poll_event() else { panic!() };
    assert_eq!((connected.keep_alive, connected.receive_maximum), (9, 2));
    assert_eq!((connected.maximum_qos, connected.retain_available), (QoS::AtLeastOnce, false));
    assert_eq!(connected.maximum_packet_size, Some(40));
    assert!(!connected.wildcard_subscription_available && !connected.shared_subscription_available);
    assert_eq!(connected.assigned_client_identifier, Some("made-up"));
    assert_eq!(connected.properties.reason_string(), Some("hello"));
    let subscription_identifier_available = connected.subscription_identifier_available;

    // Commands keep to these limits.
    let topic = TopicName::new("t").unwrap();
    let long = "l".repeat(40);
    let publish = |session: &mut Session, payload: &str, qos, retain| {
        session.publish(topic, payload.as_bytes(), qos, retain).map(|packet_id| packet_id.map(PacketId::get))
    };
    assert_eq!(publish(&mut session, "", QoS::ExactlyOnce, false), Err(CommandError::QoSNotSupported));
    assert_eq!(publish(&mut session, "", QoS::AtMostOnce, true), Err(CommandError::RetainNotSupported));
    assert_eq!(publish(&mut session, &long, QoS::AtMostOnce, false), Err(CommandError::PacketTooLarge));
    assert_eq!(publish(&mut session, "", QoS::AtLeastOnce, false), Ok(Some(1)));
    assert_eq!(publish(&mut session, "", QoS::AtLeastOnce, false), Ok(Some(2)));
    assert_eq!(publish(&mut session, "", QoS::AtLeastOnce, false), Err(CommandError::TooManyOutstanding));
    assert_eq!(publish(&mut session, "", QoS::AtMostOnce, false), Ok(None));
    session.handle_bytes(&bytes(Version::V5, &[Packet::Puback(Ack::success(id(1)))]), Time(0));
    assert!(matches!(session.poll_event(), Some(Event::Puback(ack)) if ack.packet_id == id(1)));
    assert_eq!(publish(&mut session, "", QoS::AtLeastOnce, false), Ok(Some(3)));
    assert_eq!(session.subscribe(&[subscription("#")]), Err(CommandError::WildcardSubscriptionsNotSupported));
    assert_eq!(
        session.subscribe(&[subscription("$share/g/a")]),
        Err(CommandError::SharedSubscriptionsNotSupported)
    );
    assert!(!subscription_identifier_available);
    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Subscribe));
    properties.push(Property::SubscriptionIdentifier(1)).unwrap();
    assert_eq!(
        session.subscribe_with(&[subscription("a")], properties.as_properties()),
        Err(CommandError::SubscriptionIdentifiersNotSupported)
    );
    assert_eq!(session.poll_event(), None);
}

#[test]
fn mqtt_3_8_a_subscribe_has_all_options_and_properties_of_5_0() {
    let subscriptions = [
        Subscription {
            qos: QoS::ExactlyOnce,
            no_local: true,
            retain_as_published: true,
            retain_handling: RetainHandling::DoNotSend,
            ..subscription("a/#")
        },
        Subscription { retain_handling: RetainHandling::SendIfNew, ..subscription("$share/g/b") },
    ];
    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Subscribe));
    properties.push(Property::SubscriptionIdentifier(268_435_455)).unwrap();
    properties.push(Property::UserProperty("k", "v")).unwrap();
    let mut session = Pair::connected(Version::V5, |_| {}).session;
    session.subscribe_with(&subscriptions, properties.as_properties()).unwrap();
    let Some(Transmit::Send(sent)) = session.poll_transmit() else { panic!() };
    let Ok(Packet::Subscribe(sent)) = crate::decode::decode(sent, Version::V5) else { panic!() };
    assert_eq!(sent.subscriptions.iter().collect::<Vec<_>>(), subscriptions);
    assert_eq!(sent.properties, properties.as_properties());
    // [MQTT-3.8.3-4]
    let shared = Subscription { no_local: true, ..subscription("$share/g/b") };
    let subscribed = session.subscribe(&[shared]);
    assert!(
        matches!(subscribed, Err(CommandError::Invalid(error)) if error.violation == Violation::SharedNoLocal)
    );
    // A message has the identifiers of all subscriptions that it matches.
    session.handle_bytes(b"\x30\x0a\0\x01t\x04\x0b\x01\x0b\x02on", Time(1_700_000_000_000));
    let Some(Event::Publish(publish)) = session.poll_event() else { panic!() };
    let identifiers = [Property::SubscriptionIdentifier(1), Property::SubscriptionIdentifier(2)];
    assert_eq!(publish.properties.iter().collect::<Vec<_>>(), identifiers);
    // 3.1.1 has none of these.
    let mut session = Pair::connected(Version::V311, |_| {}).session;
    let subscribed = session.subscribe_with(&[subscription("a")], properties.as_properties());
    assert!(matches!(subscribed, Err(CommandError::Invalid(_))));
}

#[test]
fn mqtt_3_11_3_1_an_unsuback_has_a_code_for_each_filter() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    let filters = ["a", "b", "c"].map(|filter| TopicFilter::new(filter).unwrap());
    let unsuback = |packet_id, codes: &[ReasonCode]| {
        let (properties, reason_codes) = (Properties::EMPTY, codes.into());
        bytes(
            Version::V5,
            &[Packet::Unsuback(Unsuback { packet_id: id(packet_id), properties, reason_codes })],
        )
    };
    pair.session.unsubscribe(&filters).unwrap();
    let codes = [ReasonCode::Success, ReasonCode::NoSubscriptionExisted, ReasonCode::NotAuthorized];
    pair.say_bytes(&unsuback(1, &codes));
    pair.expect(["! unsuback 1 [Success, NoSubscriptionExisted, NotAuthorized]", "> UNSUBSCRIBE 1"]);
    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Unsubscribe));
    properties.push(Property::UserProperty("k", "v")).unwrap();
    pair.session.unsubscribe_with(&filters, properties.as_properties()).unwrap();
    pair.drive();
    pair.say_bytes(&unsuback(2, &codes[..2]));
    pair.expect([
        "> UNSUBSCRIBE 2",
        "! disconnected: ListLength in UNSUBACK",
        "> DISCONNECT ProtocolError",
        "close",
    ]);
}
