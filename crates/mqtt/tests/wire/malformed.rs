//! One row for every check: what is refused, in which field, at which byte, by which clause.

use std::num::NonZeroU16;

use mqtt::Version::{V5, V311};
use mqtt::property::Place;
use mqtt::stream::{Frame, frame};
use mqtt::{
    Ack, Auth, Connack, Connect, Delivery, Disconnect, Packet, PacketType, Properties, PropertiesBuf,
    Property, Publish, QoS, ReasonCode, Subscribe, Subscription, TopicFilter, TopicName, Unsuback, Version,
    Violation, decode, encode,
};

use crate::hex;

/// The bytes break this clause, in this field, with this reason code for a 5.0 DISCONNECT.
fn check(version: Version, bytes: &str, violation: Violation, at: (&str, u32), clause: &str, reason: u8) {
    let error = match decode::decode(&hex(bytes), version) {
        Ok(packet) => panic!("{bytes} is {packet:?}"),
        Err(error) => error,
    };
    assert_eq!(error.violation, violation, "{bytes}: {error}");
    assert_eq!((error.field, error.offset), at, "{bytes}: {error}");
    assert_eq!(error.clause(), clause, "{bytes}: {error}");
    assert_eq!(error.reason_code().byte(), reason, "{bytes}: {error}");
    assert!(error.to_string().contains(clause), "{error}");
}

#[test]
fn mqtt_2_1_fixed_header() {
    use Violation::*;
    for version in [V311, V5] {
        let (types, flags) = match version {
            V311 => ("section 2.2.1", "MQTT-2.2.2-2"),
            V5 => ("section 2.1.2", "MQTT-2.1.3-1"),
        };
        check(version, "00 00", PacketTypeForbidden, ("packet_type", 0), types, 0x81);
        for first in
            ["11", "22", "41", "52", "60", "63", "72", "80", "86", "91", "a0", "b1", "c1", "d8", "e2"]
        {
            check(version, &format!("{first} 00"), ReservedFlags, ("flags", 0), flags, 0x81);
        }
        check(version, "36 05 0001 't' 0001", QoS3, ("qos", 0), "MQTT-3.3.1-4", 0x81);
        check(version, "38 03 0001 't'", DupWithoutQoS, ("dup", 0), "MQTT-3.3.1-2", 0x81);
    }
    check(V311, "f0 00", PacketTypeForbidden, ("packet_type", 0), "section 2.2.1", 0x81);
    check(V5, "f1 00", ReservedFlags, ("flags", 0), "MQTT-2.1.3-1", 0x81);
    let long = ("remaining_length", 1);
    check(V311, "30 80808080", VariableByteIntegerTooLong, long, "section 2.2.3", 0x81);
    check(V5, "30 ffffffff01", VariableByteIntegerTooLong, long, "section 1.5.5", 0x81);
    check(V5, "d0 8000", VariableByteIntegerNotMinimal, long, "MQTT-1.5.5-1", 0x81);
    check(V5, "30 858000 0003 'a/b'", VariableByteIntegerNotMinimal, long, "MQTT-1.5.5-1", 0x81);
}

#[test]
fn exactly_one_packet_is_decoded() {
    use Violation::*;
    check(V311, "", Truncated, ("remaining_length", 0), "MQTT-4.8.0-1", 0x81);
    check(V5, "c0", Truncated, ("remaining_length", 0), "MQTT-4.13.1-1", 0x81);
    check(V5, "30 05 0003 'a'", Truncated, ("remaining_length", 0), "MQTT-4.13.1-1", 0x81);
    check(V5, "c0 00 c0 00", TrailingBytes, ("remaining_length", 0), "MQTT-4.13.1-1", 0x81);
    let trailing = |version, bytes, offset| {
        let clause = if version == V311 { "MQTT-4.8.0-1" } else { "MQTT-4.13.1-1" };
        check(version, bytes, TrailingBytes, ("remaining_length", offset), clause, 0x81);
    };
    trailing(V311, "c0 01 00", 2);
    trailing(V311, "d0 02 0000", 2);
    trailing(V311, "e0 01 00", 2);
    trailing(V311, "20 03 00 00 00", 4);
    trailing(V311, "40 03 0001 00", 4);
    trailing(V311, "b0 03 0001 00", 4);
    trailing(V5, "20 04 00 00 00 00", 5);
    trailing(V5, "40 05 0001 00 00 00", 6);
    trailing(V5, "e0 03 00 00 00", 4);
    trailing(V311, "10 0d 0004 'MQTT' 04 02 003c 0000 00", 14);
}

#[test]
fn mqtt_1_5_4_strings() {
    use Violation::*;
    for version in [V311, V5] {
        let (utf8, nul, empty) = match version {
            V311 => ("MQTT-1.5.3-1", "MQTT-1.5.3-2", ""),
            V5 => ("MQTT-1.5.4-1", "MQTT-1.5.4-2", "00"),
        };
        let len = |len: usize| len + empty.len() / 2;
        let topic = ("topic_name", 2);
        // Overlong, a lone surrogate, truncated, beyond U+10FFFF, Latin-1.
        for bad in ["c0af", "eda080", "e6b8", "f4908080", "e9"] {
            let bytes = format!("30 {:02x} {:04x} {bad} {empty}", len(2 + bad.len() / 2), bad.len() / 2);
            check(version, &bytes, Utf8, topic, utf8, 0x81);
        }
        check(version, &format!("30 {:02x} 0003 'a' 00 'b' {empty}", len(5)), NulCharacter, topic, nul, 0x81);
        check(version, &format!("30 {:02x} 0001 00 {empty}", len(3)), NulCharacter, topic, nul, 0x81);
        // Longer than the packet.
        let clause = if version == V311 { "MQTT-4.8.0-1" } else { "MQTT-4.13.1-1" };
        check(version, "30 01 00", Truncated, topic, clause, 0x81);
        check(version, "30 05 0004 'a/b'", Truncated, ("topic_name", 4), clause, 0x81);
        check(version, "30 05 ffff 'a/b'", Truncated, ("topic_name", 4), clause, 0x81);
    }
    check(
        V311,
        "10 0d 0004 'MQTT' 04 02 003c 0001 00",
        NulCharacter,
        ("client_id", 12),
        "MQTT-1.5.3-2",
        0x81,
    );
    check(V5, "30 09 0001 't' 05 03 0002 ff 'x'", Utf8, ("content_type", 7), "MQTT-1.5.4-1", 0x81);
}

#[test]
fn mqtt_3_1_connect() {
    use Violation::*;
    let name = ("protocol_name", 2);
    check(V311, "10 0e 0006 'MQIsdp' 03 02 003c 0000", ProtocolName, name, "MQTT-3.1.2-1", 0x84);
    check(V5, "10 0c 0004 'mqtt' 05 02 003c 0000", ProtocolName, name, "MQTT-3.1.2-1", 0x84);
    for level in ["00", "03", "06", "84"] {
        let bytes = format!("10 0c 0004 'MQTT' {level} 02 003c 0000");
        check(V311, &bytes, ProtocolVersion, ("protocol_version", 8), "MQTT-3.1.2-2", 0x84);
    }
    let flags = ("connect_flags", 9);
    check(V311, "10 0c 0004 'MQTT' 04 03 003c 0000", ReservedBit, flags, "MQTT-4.8.0-1", 0x81);
    check(V5, "10 0d 0004 'MQTT' 05 01 003c 00 0000", ReservedBit, flags, "MQTT-4.13.1-1", 0x81);
    for bad in ["0a", "12", "22"] {
        let bytes = format!("10 0c 0004 'MQTT' 04 {bad} 003c 0000");
        check(V311, &bytes, WillFlagMissing, flags, "MQTT-3.1.2-11", 0x81);
    }
    check(V311, "10 0c 0004 'MQTT' 04 1e 003c 0000", QoS3, ("will_qos", 9), "MQTT-3.3.1-4", 0x81);
    check(
        V311,
        "10 0f 0004 'MQTT' 04 42 003c 0000 0001 'p'",
        PasswordWithoutUserName,
        flags,
        "MQTT-3.1.2-22",
        0x81,
    );
    check(
        V311,
        "10 11 0004 'MQTT' 04 06 003c 0000 0001 '+' 0000",
        TopicNameWildcard,
        ("will_topic", 14),
        "MQTT-3.3.2-2",
        0x90,
    );
    check(V311, "10 0a 0004 'MQTT' 04 02 003c", Truncated, ("client_id", 12), "MQTT-4.8.0-1", 0x81);
    check(V311, "10 0c 0004 'MQTT' 04 82 003c 0000", Truncated, ("user_name", 14), "MQTT-4.8.0-1", 0x81);
    check(V5, "10 0d 0004 'MQTT' 05 42 003c 00 0000", Truncated, ("password", 15), "MQTT-4.13.1-1", 0x81);
}

#[test]
fn mqtt_3_2_connack() {
    use Violation::*;
    let flags = ("connect_acknowledge_flags", 2);
    check(V311, "20 02 02 00", ReservedBit, flags, "MQTT-4.8.0-1", 0x81);
    check(V5, "20 03 80 00 00", ReservedBit, flags, "MQTT-4.13.1-1", 0x81);
    check(V311, "20 02 00 06", ReasonCodeUnknown, ("reason_code", 3), "MQTT-4.8.0-1", 0x81);
    check(V5, "20 03 00 8e 00", ReasonCodeUnknown, ("reason_code", 3), "section 2.4", 0x81);
    check(V311, "20 02 01 05", SessionPresentRefused, ("session_present", 2), "MQTT-3.2.2-4", 0x82);
    check(V5, "20 03 01 87 00", SessionPresentRefused, ("session_present", 2), "MQTT-3.2.2-6", 0x82);
    check(V5, "20 01 00", Truncated, ("reason_code", 3), "MQTT-4.13.1-1", 0x81);
}

#[test]
fn mqtt_3_2_a_3_1_1_connack_is_recognised_in_reply_to_a_5_0_connect() {
    let said = |bytes, code| {
        let violation = Violation::Connack311(code);
        check(V5, bytes, violation, ("reason_code", 3), "section 3.2", 0x84);
    };
    said("20 02 00 00", ReasonCode::Success);
    said("20 02 01 00", ReasonCode::Success);
    said("20 02 00 01", ReasonCode::UnsupportedProtocolVersion);
    said("20 02 00 05", ReasonCode::NotAuthorized);
    said("20 02 00 84", ReasonCode::UnsupportedProtocolVersion);
    said("20 02 00 ff", ReasonCode::UnsupportedProtocolVersion);
    // The form of 5.0 with the return code of 3.1.1.
    said("20 03 00 01 00", ReasonCode::UnsupportedProtocolVersion);
}

#[test]
fn mqtt_3_3_publish() {
    use Violation::*;
    let topic = ("topic_name", 2);
    check(V311, "30 02 0000", TopicNameEmpty, topic, "MQTT-4.7.3-1", 0x82);
    check(V5, "30 03 0000 00", TopicNameEmpty, topic, "MQTT-4.7.3-1", 0x82);
    check(V5, "30 05 0000 02 01 00", TopicNameEmpty, topic, "MQTT-4.7.3-1", 0x82);
    check(V311, "30 05 0003 'a/+'", TopicNameWildcard, topic, "MQTT-3.3.2-2", 0x90);
    check(V5, "30 06 0003 'a#b' 00", TopicNameWildcard, topic, "MQTT-3.3.2-2", 0x90);
    check(V311, "32 05 0001 't' 0000", PacketIdZero, ("packet_id", 5), "MQTT-2.3.1-1", 0x81);
    check(V5, "34 06 0001 't' 0000 00", PacketIdZero, ("packet_id", 5), "MQTT-2.2.1-3", 0x81);
    check(V311, "32 04 0001 't' 00", Truncated, ("packet_id", 5), "MQTT-4.8.0-1", 0x81);
    check(V5, "30 03 0001 't'", Truncated, ("property_length", 5), "MQTT-4.13.1-1", 0x81);
    check(V5, "30 04 0001 't' 01", Truncated, ("properties", 6), "MQTT-4.13.1-1", 0x81);
}

#[test]
fn mqtt_2_2_2_properties() {
    use Violation::*;
    let section = "section 2.2.2.2";
    let id = ("property_identifier", 6);
    check(V5, "30 06 0001 't' 02 7f 00", PropertyUnknown, id, section, 0x81);
    check(V5, "30 07 0001 't' 03 ff7f 00", PropertyUnknown, id, section, 0x81);
    check(V5, "30 07 0001 't' 03 8100 01", VariableByteIntegerNotMinimal, id, "MQTT-1.5.5-1", 0x81);
    check(V5, "30 07 0001 't' 03 21 0001", PropertyMisplaced, ("receive_maximum", 6), section, 0x81);
    check(V5, "20 06 00 00 03 23 0001", PropertyMisplaced, ("topic_alias", 5), section, 0x81);
    check(V5, "30 08 0001 't' 04 01 01 01 01", PropertyTwice, ("payload_format_indicator", 8), section, 0x82);
    check(
        V5,
        "82 0b 0001 04 0b 01 0b 02 0001 't' 00",
        PropertyTwice,
        ("subscription_identifier", 7),
        section,
        0x82,
    );
    // Out of range.
    check(V5, "30 06 0001 't' 02 01 02", PropertyValue, ("payload_format_indicator", 7), section, 0x82);
    check(V5, "30 06 0001 't' 02 0b 00", PropertyValue, ("subscription_identifier", 7), section, 0x82);
    check(V5, "30 07 0001 't' 03 23 0000", TopicAliasForbidden, ("topic_alias", 7), "MQTT-3.1.2-27", 0x94);
    check(V5, "20 05 00 00 02 24 02", PropertyValue, ("maximum_qos", 6), section, 0x82);
    check(V5, "20 05 00 00 02 25 02", PropertyValue, ("retain_available", 6), section, 0x82);
    check(V5, "20 06 00 00 03 21 0000", PropertyValue, ("receive_maximum", 6), section, 0x82);
    check(V5, "20 08 00 00 05 27 00000000", PropertyValue, ("maximum_packet_size", 6), section, 0x82);
    check(
        V5,
        "30 08 0001 't' 04 08 0001 '#'",
        TopicNameWildcard,
        ("response_topic", 7),
        "MQTT-3.3.2-2",
        0x90,
    );
    // A value ends where the properties end, not where the packet ends.
    check(
        V5,
        "30 09 0001 't' 02 02 00 000000",
        Truncated,
        ("message_expiry_interval", 7),
        "MQTT-4.13.1-1",
        0x81,
    );
    check(V5, "30 0b 0001 't' 03 03 0004 'abcd'", Truncated, ("content_type", 9), "MQTT-4.13.1-1", 0x81);
    check(
        V5,
        "f0 06 18 04 16 0001 'd'",
        AuthenticationMethodMissing,
        ("authentication_data", 8),
        "section 3.1.2.11.10",
        0x82,
    );
}

#[test]
fn mqtt_3_4_to_3_7_acknowledgements() {
    use Violation::*;
    for first in ["40", "50", "62", "70"] {
        check(V311, &format!("{first} 02 0000"), PacketIdZero, ("packet_id", 2), "MQTT-2.3.1-1", 0x81);
        check(V5, &format!("{first} 02 0000"), PacketIdZero, ("packet_id", 2), "MQTT-2.2.1-3", 0x81);
        check(V5, &format!("{first} 03 0001 01"), ReasonCodeUnknown, ("reason_code", 4), "section 2.4", 0x81);
        check(V311, &format!("{first} 00"), Truncated, ("packet_id", 2), "MQTT-4.8.0-1", 0x81);
    }
}

#[test]
fn mqtt_3_8_to_3_11_subscriptions() {
    use Violation::*;
    let filter = ("topic_filter", 4);
    check(V311, "82 02 0001", ListEmpty, filter, "MQTT-3.8.3-3", 0x82);
    check(V5, "82 03 0001 00", ListEmpty, ("topic_filter", 5), "MQTT-3.8.3-2", 0x82);
    check(V311, "a2 02 0001", ListEmpty, filter, "MQTT-3.8.3-3", 0x82);
    check(V311, "82 05 0001 0000 00", TopicFilterEmpty, filter, "MQTT-4.7.3-1", 0x8F);
    check(V311, "82 07 0001 0002 'a#' 00", MultiLevelWildcard, filter, "MQTT-4.7.1-2", 0x8F);
    check(V5, "a2 07 0001 00 0002 'a+'", SingleLevelWildcard, ("topic_filter", 5), "MQTT-4.7.1-2", 0x8F);
    check(V5, "a2 0d 0001 00 0008 '$share/g'", SharedSubscription, ("topic_filter", 5), "MQTT-4.8.2-2", 0x8F);
    check(V311, "82 05 0001 0001 't'", Truncated, ("subscription_options", 7), "MQTT-4.8.0-1", 0x81);
    let options = ("subscription_options", 7);
    check(V311, "82 06 0001 0001 't' 03", QoS3, options, "MQTT-3.3.1-4", 0x81);
    check(V311, "82 06 0001 0001 't' 04", ReservedBit, options, "MQTT-4.8.0-1", 0x81);
    let options = ("subscription_options", 8);
    check(V5, "82 07 0001 00 0001 't' 40", ReservedBit, options, "MQTT-4.13.1-1", 0x81);
    check(V5, "82 07 0001 00 0001 't' 30", RetainHandling3, options, "section 3.8.3.1", 0x82);
    let options = ("subscription_options", 17);
    check(V5, "82 10 0001 00 000a '$share/g/a' 04", SharedNoLocal, options, "MQTT-3.8.3-4", 0x82);
    check(V311, "90 02 0001", ListEmpty, ("reason_code", 4), "MQTT-3.8.3-3", 0x82);
    check(V311, "90 04 0001 00 03", ReasonCodeUnknown, ("reason_code", 5), "MQTT-4.8.0-1", 0x81);
    check(V5, "90 04 0001 00 04", ReasonCodeUnknown, ("reason_code", 5), "section 2.4", 0x81);
    check(V5, "b0 03 0001 00", ListEmpty, ("reason_code", 5), "MQTT-3.8.3-2", 0x82);
    check(V5, "b0 04 0001 00 01", ReasonCodeUnknown, ("reason_code", 5), "section 2.4", 0x81);
}

#[test]
fn mqtt_3_14_disconnect() {
    use Violation::*;
    check(V5, "e0 01 01", ReasonCodeUnknown, ("reason_code", 2), "section 2.4", 0x81);
    check(V5, "e0 06 00 04 21 0001 00", PropertyMisplaced, ("receive_maximum", 4), "section 2.2.2.2", 0x81);
}

#[test]
fn mqtt_3_1_2_24_the_limit_is_checked_as_soon_as_the_length_is_there() {
    let measure = |bytes: &str, limit| frame(&hex(bytes), V5, limit);
    let too_large = |bytes, limit| measure(bytes, limit).unwrap_err().violation;
    assert_eq!(measure("30", 4), Ok(None));
    assert_eq!(measure("30 80", 4), Ok(None));
    assert_eq!(measure("30 02", 4), Ok(None));
    assert_eq!(
        measure("30 02 0000", 4),
        Ok(Some(Frame { packet: PacketType::Publish, header_len: 2, len: 4 }))
    );
    assert_eq!(too_large("30 03", 4), Violation::PacketTooLarge);
    assert_eq!(too_large("30 ffffff7f", 4), Violation::PacketTooLarge);
    assert_eq!(measure("30 ffffff7f", u32::MAX), Ok(None));
}

/// The value cannot be encoded in this version; nothing was written.
fn check_unsayable(version: Version, packet: Packet<'_>, violation: Violation) {
    let mut out = vec![1, 2, 3];
    let error = encode::encode(&packet, version, &mut out).unwrap_err();
    assert_eq!(error.violation, violation, "{packet:?}");
    assert_eq!(out, [1, 2, 3], "{packet:?}");
}

#[test]
fn invalid_packets_are_not_encoded() {
    use Violation::*;
    let id = NonZeroU16::MIN;
    let long = "l".repeat(65_536);
    let connect = Connect {
        version: V311,
        clean_start: true,
        keep_alive: 0,
        properties: Properties::EMPTY,
        client_id: "",
        will: None,
        user_name: None,
        password: None,
    };
    check_unsayable(
        V311,
        Packet::Connect(Connect { password: Some(b""), ..connect }),
        PasswordWithoutUserName,
    );
    check_unsayable(V311, Packet::Connect(Connect { client_id: &long, ..connect }), FieldTooLong);
    check_unsayable(V311, Packet::Connect(Connect { user_name: Some("\0"), ..connect }), NulCharacter);

    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Connack));
    properties.push(Property::ServerKeepAlive(1)).unwrap();
    let connack = Connack {
        session_present: false,
        reason_code: ReasonCode::Success,
        properties: properties.as_properties(),
    };
    check_unsayable(V311, Packet::Connack(connack), NotInThisVersion);
    let refused = Connack { reason_code: ReasonCode::Banned, properties: Properties::EMPTY, ..connack };
    check_unsayable(V311, Packet::Connack(refused), NotInThisVersion);
    check_unsayable(V5, Packet::Connack(Connack { session_present: true, ..refused }), SessionPresentRefused);
    check_unsayable(
        V5,
        Packet::Connack(Connack { reason_code: ReasonCode::SessionTakenOver, ..refused }),
        ReasonCodeUnknown,
    );

    let publish = Publish {
        delivery: Delivery::AtMostOnce,
        retain: false,
        topic: TopicName::new("t").unwrap(),
        properties: properties.as_properties(),
        payload: b"",
    };
    check_unsayable(V5, Packet::Publish(publish), PropertyMisplaced);
    check_unsayable(V311, Packet::Publish(publish), NotInThisVersion);
    let huge = vec![0; encode::MAX_REMAINING_LENGTH];
    let huge = Publish { properties: Properties::EMPTY, payload: &huge, ..publish };
    check_unsayable(V311, Packet::Publish(huge), PacketTooLarge);

    let local =
        [Subscription { no_local: true, ..Subscription::new(TopicFilter::new("$share/g/a").unwrap()) }];
    let subscribe = |subscriptions| {
        Packet::Subscribe(Subscribe { packet_id: id, properties: Properties::EMPTY, subscriptions })
    };
    check_unsayable(V311, subscribe((&local[..]).into()), NotInThisVersion);
    check_unsayable(V5, subscribe((&local[..]).into()), SharedNoLocal);
    check_unsayable(V5, subscribe((&local[..0]).into()), ListEmpty);

    let refused = Ack { reason_code: ReasonCode::NotAuthorized, ..Ack::success(id) };
    check_unsayable(V311, Packet::Puback(refused), NotInThisVersion);
    check_unsayable(V5, Packet::Pubrel(refused), ReasonCodeUnknown);
    let unsuback = Unsuback {
        packet_id: id,
        properties: Properties::EMPTY,
        reason_codes: (&[ReasonCode::Success][..]).into(),
    };
    check_unsayable(V311, Packet::Unsuback(unsuback), NotInThisVersion);
    check_unsayable(V311, Packet::Disconnect(Disconnect::new(ReasonCode::ServerBusy)), NotInThisVersion);
    let auth = Auth { reason_code: ReasonCode::Success, properties: Properties::EMPTY };
    check_unsayable(V311, Packet::Auth(auth), NotInThisVersion);
}

#[test]
fn properties_are_checked_as_they_are_added() {
    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Connack));
    let mut refused = |property| properties.push(property).unwrap_err().violation;
    let long = "l".repeat(65_536);
    assert_eq!(refused(Property::TopicAlias(1)), Violation::PropertyMisplaced);
    assert_eq!(refused(Property::ReceiveMaximum(0)), Violation::PropertyValue);
    assert_eq!(refused(Property::MaximumQoS(QoS::ExactlyOnce)), Violation::PropertyValue);
    assert_eq!(refused(Property::ReasonString(&long)), Violation::FieldTooLong);
    assert_eq!(refused(Property::ReasonString("\0")), Violation::NulCharacter);
    assert!(properties.as_properties().is_empty());
    properties.push(Property::ReceiveMaximum(1)).unwrap();
    assert_eq!(properties.push(Property::ReceiveMaximum(1)).unwrap_err().violation, Violation::PropertyTwice);
    assert_eq!(properties.as_properties().iter().collect::<Vec<_>>(), [Property::ReceiveMaximum(1)]);
}
