//! Messages at QoS 0, 1 and 2 on one connection.

use super::*;

#[test]
fn mqtt_4_3_2_4_inbound_qos_1_is_acknowledged_in_order_in_one_message() {
    for version in BOTH {
        let mut pair = Pair::connected(version, |_| {});
        let messages = [3, 1, 2]
            .map(|number| delivered(Delivery::AtLeastOnce { packet_id: id(number), dup: false }, true));
        pair.say_bytes(&bytes(version, &messages));
        pair.expect(["! t (retained)", "! t (retained)", "! t (retained)", "> PUBACK 3, PUBACK 1, PUBACK 2"]);
    }
}

#[test]
fn mqtt_4_3_3_10_inbound_qos_2_is_reported_once() {
    for version in BOTH {
        let mut pair = Pair::connected(version, |_| {});
        let sent = |dup| delivered(Delivery::ExactlyOnce { packet_id: id(5), dup }, false);
        pair.say(sent(false));
        pair.say(sent(true));
        pair.expect(["! t", "> PUBREC 5", "> PUBREC 5"]);
        pair.say(Packet::Pubrel(Ack::success(id(5))));
        pair.expect(["> PUBCOMP 5"]);
        pair.say(Packet::Pubrel(Ack::success(id(5))));
        match version {
            Version::V311 => pair.expect(["> PUBCOMP 5"]),
            Version::V5 => pair.expect(["> PUBCOMP 5 PacketIdentifierNotFound"]),
        }
        pair.say(sent(false));
        pair.expect(["! t", "> PUBREC 5"]);
    }
}

#[test]
fn outbound_qos_1_is_acknowledged_by_its_identifier() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.publish(QoS::AtLeastOnce);
    pair.publish(QoS::AtLeastOnce);
    pair.say(Packet::Puback(Ack { reason_code: ReasonCode::NotAuthorized, ..Ack::success(id(2)) }));
    pair.say(Packet::Puback(Ack::success(id(1))));
    // Repeated, or with another identifier: it answers nothing.
    pair.say(Packet::Puback(Ack::success(id(1))));
    let packet_id = pair.subscribe("a");
    pair.say(Packet::Puback(Ack::success(packet_id)));
    pair.say(suback(packet_id));
    pair.expect([
        "> PUBLISH 1",
        "> PUBLISH 2",
        "! puback 2 NotAuthorized",
        "! puback 1 Success",
        "> SUBSCRIBE 3",
        "! suback 3 [Success]",
    ]);
}

#[test]
fn mqtt_2_2_1_3_a_packet_identifier_in_use_is_skipped() {
    let mut pair = Pair::connected(Version::V311, |_| {});
    pair.subscribe("a");
    pair.session.core.connection.last_packet_id = u16::MAX;
    pair.subscribe("b");
    pair.expect(["> SUBSCRIBE 1", "> SUBSCRIBE 2"]);
    for number in 1..=u16::MAX {
        pair.session.core.connection.pending.insert(id(number), Pending::Unsubscribe(1));
    }
    assert_eq!(pair.session.subscribe(&[subscription("c")]), Err(CommandError::TooManyOutstanding));
}

#[test]
fn mqtt_4_3_3_outbound_qos_2_from_publish_to_pubcomp() {
    for version in BOTH {
        let mut pair = Pair::connected(version, |_| {});
        pair.publish(QoS::ExactlyOnce);
        pair.say(Packet::Pubrec(Ack::success(id(1))));
        pair.expect(["> PUBLISH 1", "! pubrec 1 Success", "> PUBREL 1"]);
        // [MQTT-4.3.3-4]: each PUBREC is answered by PUBREL, but reported once.
        pair.say(Packet::Pubrec(Ack::success(id(1))));
        pair.expect(["> PUBREL 1"]);
        pair.say(Packet::Pubcomp(Ack::success(id(1))));
        pair.say(Packet::Pubcomp(Ack::success(id(1))));
        pair.expect(["! pubcomp 1 Success"]);
        // [MQTT-2.2.1-4]: the identifier is free again.
        pair.session.core.connection.last_packet_id = 0;
        pair.publish(QoS::ExactlyOnce);
        pair.expect(["> PUBLISH 1"]);
    }
}

#[test]
fn mqtt_4_3_3_4_a_refusing_pubrec_ends_the_message() {
    let mut pair = Pair::connected(Version::V5, |options| options.max_in_flight = 1);
    pair.publish(QoS::ExactlyOnce);
    pair.say(Packet::Pubrec(refused(1)));
    pair.expect(["> PUBLISH 1", "! pubrec 1 NotAuthorized"]);
    pair.publish(QoS::ExactlyOnce);
    pair.say(Packet::Pubrec(Ack::success(id(2))));
    // The reason code of PUBCOMP does not matter.
    let code = ReasonCode::PacketIdentifierNotFound;
    pair.say(Packet::Pubcomp(Ack { reason_code: code, ..Ack::success(id(2)) }));
    pair.expect(["> PUBLISH 2", "! pubrec 2 Success", "> PUBREL 2", "! pubcomp 2 PacketIdentifierNotFound"]);
    pair.publish(QoS::AtLeastOnce);
    pair.expect(["> PUBLISH 3"]);
}

#[test]
fn mqtt_4_3_acknowledgements_of_another_kind_are_ignored() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.publish(QoS::AtLeastOnce);
    pair.publish(QoS::ExactlyOnce);
    pair.subscribe("a");
    pair.lines.clear();
    for number in [1, 3] {
        pair.say(Packet::Pubrec(Ack::success(id(number))));
        pair.say(Packet::Pubcomp(Ack::success(id(number))));
    }
    pair.say(Packet::Puback(Ack::success(id(2))));
    pair.say(Packet::Pubcomp(Ack::success(id(2))));
    pair.say(Packet::Pubrec(refused(9)));
    pair.expect([]);
    // A message that only the server knows.
    pair.say(Packet::Pubrec(Ack::success(id(9))));
    pair.expect(["> PUBREL 9 PacketIdentifierNotFound"]);
}

#[test]
fn mqtt_4_6_0_4_pubrels_come_in_the_order_of_the_pubrecs() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    (0..3).for_each(|_| pair.publish(QoS::ExactlyOnce));
    pair.lines.clear();
    let pubrecs = [2, 3, 1].map(|number| Packet::Pubrec(Ack::success(id(number))));
    pair.say_bytes(&bytes(Version::V5, &pubrecs));
    pair.lines.retain(|line| line.starts_with('>'));
    pair.expect(["> PUBREL 2, PUBREL 3, PUBREL 1"]);
}

#[test]
fn mqtt_4_9_0_2_the_send_quota_counts_qos_1_and_2() {
    let mut options = Options::new("c");
    options.version = VersionChoice::Only(Version::V5);
    let mut pair = Pair::new(options);
    pair.connect();
    pair.open();
    pair.say_bytes(&[0x20, 6, 0, 0, 3, 0x21, 0, 2]);
    pair.publish(QoS::AtLeastOnce);
    pair.publish(QoS::ExactlyOnce);
    pair.lines.clear();
    let full = |pair: &mut Pair| {
        for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let topic = TopicName::new("p").unwrap();
            let published = pair.session.publish(topic, b"", qos, false);
            assert_eq!(published, Err(CommandError::TooManyOutstanding));
        }
    };
    full(&mut pair);
    // [MQTT-4.9.0-3]: all other packets are still sent.
    pair.publish(QoS::AtMostOnce);
    pair.subscribe("a");
    pair.lines.clear();
    // A PUBREC returns no quota, a PUBCOMP does.
    pair.say(Packet::Pubrec(Ack::success(id(2))));
    full(&mut pair);
    pair.say(Packet::Pubcomp(Ack::success(id(2))));
    pair.publish(QoS::ExactlyOnce);
    full(&mut pair);
    pair.say(Packet::Puback(Ack::success(id(1))));
    pair.publish(QoS::AtLeastOnce);
    full(&mut pair);
}

#[test]
fn mqtt_3_3_2_3_messages_have_their_properties() {
    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Publish));
    for property in [
        Property::PayloadFormatIndicator(true),
        Property::MessageExpiryInterval(60),
        Property::ContentType("text/plain"),
        Property::ResponseTopic(TopicName::new("r").unwrap()),
        Property::CorrelationData(b"7"),
        Property::UserProperty("k", "v"),
    ] {
        properties.push(property).unwrap();
    }
    fn publish(session: &mut Session, properties: Properties<'_>) -> Result<Option<PacketId>, CommandError> {
        session.publish_with(TopicName::new("t").unwrap(), b"on", QoS::AtLeastOnce, true, properties)
    }
    let mut session = Pair::connected(Version::V5, |_| {}).session;
    assert_eq!(publish(&mut session, properties.as_properties()), Ok(Some(id(1))));
    let Some(Transmit::Send(sent)) = session.poll_transmit() else { panic!() };
    let Ok(Packet::Publish(sent)) = crate::decode::decode(sent, Version::V5) else { panic!() };
    assert_eq!((sent.properties, sent.payload, sent.retain), (properties.as_properties(), &b"on"[..], true));

    // [MQTT-3.3.4-6], and a property that the caller may not set.
    for property in [Property::SubscriptionIdentifier(1), Property::TopicAlias(1)] {
        let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Publish));
        properties.push(property).unwrap();
        let published = publish(&mut session, properties.as_properties());
        assert!(matches!(published, Err(CommandError::Invalid(_))), "{published:?}");
    }
    let subscribe = PropertiesBuf::new(Place::Packet(PacketType::Subscribe));
    assert!(publish(&mut session, subscribe.as_properties()).is_ok(), "none fit everywhere");
    let mut session = Pair::connected(Version::V311, |_| {}).session;
    let published = publish(&mut session, properties.as_properties());
    assert!(
        matches!(published, Err(CommandError::Invalid(error)) if error.violation == Violation::NotInThisVersion)
    );
    assert!(publish(&mut session, Properties::EMPTY).is_ok());
}
