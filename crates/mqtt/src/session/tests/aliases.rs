//! Topic aliases in both directions.

use super::*;

/// A PUBLISH at QoS 0 with an alias; an empty name is left out.
fn aliased(name: &str, alias: u16) -> Vec<u8> {
    let mut bytes = vec![0x30, name.len() as u8 + 6, 0, name.len() as u8];
    bytes.extend(name.as_bytes());
    bytes.extend([3, 0x23]);
    bytes.extend(alias.to_be_bytes());
    bytes
}

#[test]
fn mqtt_3_3_2_3_4_an_alias_of_the_server_replaces_its_name() {
    let mut pair = Pair::connected(Version::V5, |options| {
        lasting(options);
        options.topic_alias_maximum = 3;
    });
    for (name, alias) in [("a", 1), ("", 1), ("c", 3), ("", 3), ("", 1), ("b", 1), ("", 1)] {
        pair.say_bytes(&aliased(name, alias));
    }
    pair.expect(["! a", "! a", "! c", "! c", "! a", "! b", "! b"]);
    // A PUBLISH that is not reported assigns its alias too.
    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Publish));
    properties.push(Property::TopicAlias(2)).unwrap();
    let topic = TopicName::new("d").unwrap();
    for (number, dup) in [(9, false), (9, true)] {
        pair.say(Packet::Publish(Publish {
            delivery: Delivery::ExactlyOnce { packet_id: id(number), dup },
            retain: false,
            topic,
            properties: properties.as_properties(),
            payload: b"",
        }));
    }
    pair.say_bytes(&aliased("", 2));
    pair.expect(["! d", "> PUBREC 9", "> PUBREC 9", "! d"]);
    // [MQTT-3.3.2-7]: not on the next connection, although the session is the same.
    pair.relink(true);
    pair.lines.clear();
    pair.say_bytes(&aliased("", 1));
    pair.expect(["! disconnected: TopicAliasUnknown in PUBLISH", "> DISCONNECT ProtocolError", "close"]);
}

#[test]
fn mqtt_3_1_2_26_an_alias_is_within_what_was_allowed() {
    for (maximum, alias, violation, reason) in [
        (3, 0, "TopicAliasForbidden", "TopicAliasInvalid"),
        (3, 4, "TopicAliasTooLarge", "TopicAliasInvalid"),
        (0, 1, "TopicAliasForbidden", "TopicAliasInvalid"),
        (u16::MAX, 0, "TopicAliasForbidden", "TopicAliasInvalid"),
    ] {
        for name in ["a", ""] {
            let mut pair = Pair::connected(Version::V5, |options| options.topic_alias_maximum = maximum);
            pair.say_bytes(&aliased(name, alias));
            pair.expect([
                &format!("! disconnected: {violation} in PUBLISH"),
                &format!("> DISCONNECT {reason}"),
                "close",
            ]);
        }
    }
}

#[test]
fn the_names_of_aliases_are_bounded_by_the_largest_packet() {
    let mut pair = Pair::connected(Version::V5, |options| {
        options.topic_alias_maximum = u16::MAX;
        options.max_packet_size = 100;
    });
    let name = "n".repeat(50);
    pair.say_bytes(&aliased(&name, u16::MAX));
    pair.say_bytes(&aliased(&name, 1));
    // A new name replaces the old one.
    pair.say_bytes(&aliased("m", 1));
    pair.say_bytes(&aliased(&name, 1));
    assert_eq!(pair.session.link(), Link::Connected);
    pair.lines.clear();
    pair.say_bytes(&aliased("m", 2));
    pair.expect(["! disconnected: TopicAliasesTooLong in PUBLISH", "> DISCONNECT QuotaExceeded", "close"]);
}

#[test]
fn mqtt_3_2_2_18_topics_published_again_have_aliases_if_the_server_allows_them() {
    let connected = |maximum: u8, change: fn(&mut Options)| {
        let mut options = Options::new("c");
        options.version = VersionChoice::Only(Version::V5);
        change(&mut options);
        let mut pair = Pair::new(options);
        pair.connect();
        pair.open();
        pair.say_bytes(&[0x20, 6, 0, 0, 3, 0x22, 0, maximum]);
        pair.lines.clear();
        pair
    };
    let publish = |pair: &mut Pair, name: &str, qos| {
        pair.session.publish(TopicName::new(name).unwrap(), b"", qos, false).unwrap();
        pair.drive();
    };
    let mut pair = connected(1, lasting);
    publish(&mut pair, "topic/a", QoS::AtMostOnce);
    publish(&mut pair, "topic/b", QoS::AtMostOnce);
    publish(&mut pair, "topic/a", QoS::AtMostOnce);
    publish(&mut pair, "topic/b", QoS::AtMostOnce);
    publish(&mut pair, "topic/a", QoS::AtLeastOnce);
    publish(&mut pair, "topic/b", QoS::AtMostOnce);
    pair.expect([
        "> PUBLISH",
        "> PUBLISH",
        "> PUBLISH \"topic/a\" [TopicAlias(1)]",
        "> PUBLISH",
        "> PUBLISH \"\" [TopicAlias(1)]",
        "> PUBLISH",
    ]);
    // [MQTT-3.3.2-7]: a message that is sent again has its topic name.
    pair.relink(true);
    assert_eq!(pair.lines.pop().as_deref(), Some("> PUBLISH 1 dup"));
    pair.lines.clear();
    for _ in 0..3 {
        publish(&mut pair, "topic/a", QoS::AtMostOnce);
    }
    pair.expect(["> PUBLISH", "> PUBLISH", "> PUBLISH"]);

    // A name too short to save bytes; none allowed by the server; none by the options.
    for (mut pair, name) in [
        (connected(9, |_| {}), "abcd"),
        (connected(0, |_| {}), "topic/a"),
        (connected(9, |options| options.max_topic_aliases = 0), "topic/a"),
        (Pair::connected(Version::V311, |_| {}), "topic/a"),
    ] {
        for _ in 0..3 {
            publish(&mut pair, name, QoS::AtMostOnce);
        }
        pair.expect(["> PUBLISH", "> PUBLISH", "> PUBLISH"]);
    }
}

#[test]
fn an_alias_is_assigned_only_by_a_queued_packet() {
    let mut options = Options::new("c");
    options.version = VersionChoice::Only(Version::V5);
    options.max_packet_size = 60;
    let mut pair = Pair::new(options);
    pair.connect();
    pair.open();
    pair.say_bytes(&[0x20, 6, 0, 0, 3, 0x22, 0, 9]);
    pair.lines.clear();
    let topic = TopicName::new("topic/a").unwrap();
    let mut publish = |len| pair.session.publish(topic, &vec![0; len], QoS::AtMostOnce, false);
    // Two bytes of header, nine of topic, one of properties.
    assert_eq!(publish(48), Ok(None));
    assert_eq!(publish(48), Err(CommandError::QueueFull));
    pair.drive();
    let mut publish = |len| pair.session.publish(topic, &vec![0; len], QoS::AtMostOnce, false);
    // With an alias the packet would be too large, so it has none.
    assert_eq!(publish(48), Ok(None));
    pair.drive();
    pair.publish(QoS::AtMostOnce);
    let mut publish = |len| pair.session.publish(topic, &vec![0; len], QoS::AtMostOnce, false);
    assert_eq!(publish(10), Ok(None));
    pair.drive();
    pair.expect(["> PUBLISH", "> PUBLISH", "> PUBLISH", "> PUBLISH \"topic/a\" [TopicAlias(1)]"]);
}

#[test]
fn topics_remembered_for_aliases_are_bounded() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.session.core.connection.sent_aliases = SentAliases::new(2);
    let mut session = pair.session;
    for round in 0..3 {
        for number in 0..1000 {
            let topic = format!("topic/{number}");
            session.publish(TopicName::new(&topic).unwrap(), b"", QoS::AtMostOnce, false).unwrap();
            if round > 0 {
                session.publish(TopicName::new(&topic).unwrap(), b"", QoS::AtMostOnce, false).unwrap();
            }
        }
        let known = format!("{:?}", session.core.connection.sent_aliases);
        assert!(known.len() < 400, "{known}");
        assert_eq!(known.contains("topic/1\""), round > 0);
    }
}
