//! Packets with all their fields, checked by hand against the standard.

use std::num::NonZeroU16;

use Meaning::{Binary, Flag, Length, Number, PropertyIdentifier, Seconds, Text};
use mqtt::Version::{V5, V311};
use mqtt::spans::Part::{FixedHeader, Payload, Properties, VariableHeader, WillProperties};
use mqtt::spans::{ConnectFlags, Meaning, Part, Span, Verdict, spans};
use mqtt::{
    PacketType, QoS, ReasonCode, RetainHandling, Subscription, TopicFilter, TopicName, Version, Violation,
};

use crate::agree::agree;
use crate::hex;

/// The bytes of one span, and the span.
type Row = (&'static str, Part, &'static str, Meaning<'static>);

/// The rows are the spans of the packet that their bytes and `rest` make together. A packet that breaks the
/// standard does so where `rest` begins.
fn check(version: Version, rows: &[Row], rest: &str, fault: Option<(&str, Violation)>) {
    let mut bytes = Vec::new();
    let mut expected = Vec::new();
    for (digits, part, field, meaning) in rows {
        let start = bytes.len();
        bytes.extend(hex(digits));
        expected.push(Span { part: *part, field, range: start..bytes.len(), meaning: *meaning });
    }
    let end = bytes.len();
    bytes.extend(hex(rest));
    let read = spans(&bytes, version);
    assert_eq!(read.list, expected);
    match (read.verdict, fault) {
        (Verdict::Whole, None) => assert_eq!(end, bytes.len()),
        (Verdict::Malformed(error), Some(fault)) => {
            assert_eq!(((error.field, error.violation), error.offset as usize), (fault, end));
        }
        (verdict, _) => panic!("{verdict:?}, but {fault:?} was expected"),
    }
    agree(&bytes, version);
}

fn name(name: &'static str) -> Meaning<'static> {
    Meaning::TopicName(TopicName::new(name).unwrap())
}

fn id(id: u16) -> Meaning<'static> {
    Meaning::PacketId(NonZeroU16::new(id).unwrap())
}

fn first(packet: PacketType) -> Meaning<'static> {
    Meaning::PacketType(packet)
}

fn code(code: ReasonCode) -> Meaning<'static> {
    Meaning::ReasonCode(code)
}

#[test]
fn connect_with_a_will() {
    let flags = ConnectFlags {
        user_name: true,
        password: true,
        will_retain: true,
        will_qos: QoS::AtLeastOnce,
        will: true,
        clean_start: true,
    };
    check(
        V5,
        &[
            ("10", FixedHeader, "packet_type", first(PacketType::Connect)),
            ("35", FixedHeader, "remaining_length", Length(53)),
            ("0004", VariableHeader, "protocol_name", Length(4)),
            ("'MQTT'", VariableHeader, "protocol_name", Text("MQTT")),
            ("05", VariableHeader, "protocol_version", Meaning::ProtocolVersion(V5)),
            ("ee", VariableHeader, "connect_flags", Meaning::ConnectFlags(flags)),
            ("003c", VariableHeader, "keep_alive", Seconds(60)),
            ("08", Properties, "property_length", Length(8)),
            ("11", Properties, "session_expiry_interval", PropertyIdentifier(0x11)),
            ("00000e10", Properties, "session_expiry_interval", Seconds(3600)),
            ("21", Properties, "receive_maximum", PropertyIdentifier(0x21)),
            ("0014", Properties, "receive_maximum", Number(20)),
            ("0003", Payload, "client_id", Length(3)),
            ("'esp'", Payload, "client_id", Text("esp")),
            ("07", WillProperties, "property_length", Length(7)),
            ("18", WillProperties, "will_delay_interval", PropertyIdentifier(0x18)),
            ("00000005", WillProperties, "will_delay_interval", Seconds(5)),
            ("01", WillProperties, "payload_format_indicator", PropertyIdentifier(0x01)),
            ("01", WillProperties, "payload_format_indicator", Flag(true)),
            ("0007", Payload, "will_topic", Length(7)),
            ("'esp/LWT'", Payload, "will_topic", name("esp/LWT")),
            ("0003", Payload, "will_payload", Length(3)),
            ("'off'", Payload, "will_payload", Binary(b"off")),
            ("0001", Payload, "user_name", Length(1)),
            ("'u'", Payload, "user_name", Text("u")),
            ("0002", Payload, "password", Length(2)),
            ("00ff", Payload, "password", Binary(&[0, 255])),
        ],
        "",
        None,
    );
}

#[test]
fn connect_of_3_1_1_without_a_client_identifier() {
    let flags = ConnectFlags {
        user_name: false,
        password: false,
        will_retain: false,
        will_qos: QoS::AtMostOnce,
        will: false,
        clean_start: true,
    };
    // The packet states its version, whatever the version of the connection is.
    check(
        V5,
        &[
            ("10", FixedHeader, "packet_type", first(PacketType::Connect)),
            ("0c", FixedHeader, "remaining_length", Length(12)),
            ("0004", VariableHeader, "protocol_name", Length(4)),
            ("'MQTT'", VariableHeader, "protocol_name", Text("MQTT")),
            ("04", VariableHeader, "protocol_version", Meaning::ProtocolVersion(V311)),
            ("02", VariableHeader, "connect_flags", Meaning::ConnectFlags(flags)),
            ("0000", VariableHeader, "keep_alive", Seconds(0)),
            ("0000", Payload, "client_id", Length(0)),
        ],
        "",
        None,
    );
}

#[test]
fn publish_with_properties() {
    check(
        V5,
        &[
            ("3b", FixedHeader, "packet_type", {
                Meaning::Publish { dup: true, qos: QoS::AtLeastOnce, retain: true }
            }),
            ("28", FixedHeader, "remaining_length", Length(40)),
            ("000c", VariableHeader, "topic_name", Length(12)),
            ("'h/' e6b8a9e5baa6 '/out'", VariableHeader, "topic_name", name("h/温度/out")),
            ("000a", VariableHeader, "packet_id", id(10)),
            ("13", Properties, "property_length", Length(19)),
            ("02", Properties, "message_expiry_interval", PropertyIdentifier(0x02)),
            ("0000003c", Properties, "message_expiry_interval", Seconds(60)),
            ("0b", Properties, "subscription_identifier", PropertyIdentifier(0x0B)),
            ("8001", Properties, "subscription_identifier", Number(128)),
            ("26", Properties, "user_property", PropertyIdentifier(0x26)),
            ("0004", Properties, "user_property", Length(4)),
            ("'unit'", Properties, "user_property", Text("unit")),
            ("0002", Properties, "user_property", Length(2)),
            ("c2b0", Properties, "user_property", Text("°")),
            ("'21.5'", Payload, "payload", Binary(b"21.5")),
        ],
        "",
        None,
    );
}

#[test]
fn publish_by_a_topic_alias() {
    check(
        V5,
        &[
            ("30", FixedHeader, "packet_type", {
                Meaning::Publish { dup: false, qos: QoS::AtMostOnce, retain: false }
            }),
            ("06", FixedHeader, "remaining_length", Length(6)),
            ("0000", VariableHeader, "topic_name", Length(0)),
            ("03", Properties, "property_length", Length(3)),
            ("23", Properties, "topic_alias", PropertyIdentifier(0x23)),
            ("0007", Properties, "topic_alias", Number(7)),
        ],
        "",
        None,
    );
}

#[test]
fn subscribe_with_options() {
    let quiet = Subscription {
        qos: QoS::AtLeastOnce,
        no_local: true,
        retain_as_published: true,
        retain_handling: RetainHandling::DoNotSend,
        ..Subscription::new(TopicFilter::new("a/+").unwrap())
    };
    check(
        V5,
        &[
            ("82", FixedHeader, "packet_type", first(PacketType::Subscribe)),
            ("0d", FixedHeader, "remaining_length", Length(13)),
            ("0001", VariableHeader, "packet_id", id(1)),
            ("00", Properties, "property_length", Length(0)),
            ("0003", Payload, "topic_filter", Length(3)),
            ("'a/+'", Payload, "topic_filter", Meaning::TopicFilter(quiet.filter)),
            ("2d", Payload, "subscription_options", Meaning::SubscriptionOptions(quiet)),
            ("0001", Payload, "topic_filter", Length(1)),
            ("'#'", Payload, "topic_filter", Meaning::TopicFilter(TopicFilter::new("#").unwrap())),
            ("00", Payload, "subscription_options", {
                Meaning::SubscriptionOptions(Subscription::new(TopicFilter::new("#").unwrap()))
            }),
        ],
        "",
        None,
    );
}

#[test]
fn suback_of_each_version() {
    check(
        V5,
        &[
            ("90", FixedHeader, "packet_type", first(PacketType::Suback)),
            ("0c", FixedHeader, "remaining_length", Length(12)),
            ("000a", VariableHeader, "packet_id", id(10)),
            ("06", Properties, "property_length", Length(6)),
            ("1f", Properties, "reason_string", PropertyIdentifier(0x1F)),
            ("0003", Properties, "reason_string", Length(3)),
            ("'why'", Properties, "reason_string", Text("why")),
            ("00", Payload, "reason_code", code(ReasonCode::Success)),
            ("01", Payload, "reason_code", code(ReasonCode::GrantedQoS1)),
            ("a2", Payload, "reason_code", code(ReasonCode::WildcardSubscriptionsNotSupported)),
        ],
        "",
        None,
    );
    check(
        V311,
        &[
            ("90", FixedHeader, "packet_type", first(PacketType::Suback)),
            ("04", FixedHeader, "remaining_length", Length(4)),
            ("000a", VariableHeader, "packet_id", id(10)),
            ("02", Payload, "reason_code", code(ReasonCode::GrantedQoS2)),
            ("80", Payload, "reason_code", code(ReasonCode::UnspecifiedError)),
        ],
        "",
        None,
    );
}

#[test]
fn disconnect_of_each_length() {
    let header = |digits, length| {
        [
            ("e0", FixedHeader, "packet_type", first(PacketType::Disconnect)),
            (digits, FixedHeader, "remaining_length", Length(length)),
        ]
    };
    check(V5, &header("00", 0), "", None);
    let reason = ("8e", VariableHeader, "reason_code", code(ReasonCode::SessionTakenOver));
    check(V5, &[&header("01", 1)[..], &[reason]].concat(), "", None);
    let server = [
        ("9c", VariableHeader, "reason_code", code(ReasonCode::UseAnotherServer)),
        ("0a", Properties, "property_length", Length(10)),
        ("1c", Properties, "server_reference", PropertyIdentifier(0x1C)),
        ("0007", Properties, "server_reference", Length(7)),
        ("'b.local'", Properties, "server_reference", Text("b.local")),
    ];
    check(V5, &[&header("0c", 12)[..], &server].concat(), "", None);
}

#[test]
fn connack_has_the_codes_of_each_version() {
    let header = ("20", FixedHeader, "packet_type", first(PacketType::Connack));
    let flags = |digits, present| {
        (digits, VariableHeader, "connect_acknowledge_flags", Meaning::SessionPresent(present))
    };
    let refused = code(ReasonCode::NotAuthorized);
    let two = ("02", FixedHeader, "remaining_length", Length(2));
    let three = ("03", FixedHeader, "remaining_length", Length(3));
    check(V311, &[header, two, flags("00", false), ("05", VariableHeader, "reason_code", refused)], "", None);
    let none = ("00", Properties, "property_length", Length(0));
    let refusal = ("87", VariableHeader, "reason_code", refused);
    check(V5, &[header, three, flags("00", false), refusal, none], "", None);
    let goes_on = ("00", VariableHeader, "reason_code", code(ReasonCode::Success));
    check(V5, &[header, three, flags("01", true), goes_on, none], "", None);
}

#[test]
fn the_fields_end_at_the_error() {
    let publish = Meaning::Publish { dup: false, qos: QoS::AtMostOnce, retain: false };
    let publish = ("30", FixedHeader, "packet_type", publish);
    let five = ("05", FixedHeader, "remaining_length", Length(5));

    // In the first byte: not even the packet's type is known.
    check(V5, &[], "36 00", Some(("qos", Violation::QoS3)));
    check(V5, &[], "00 00", Some(("packet_type", Violation::PacketTypeForbidden)));
    check(V5, &[publish], "ffffffff01", Some(("remaining_length", Violation::VariableByteIntegerTooLong)));

    // The length of the topic is there, and the topic is not.
    let long = ("ffff", VariableHeader, "topic_name", Length(65_535));
    check(V311, &[publish, five, long], "'a/b'", Some(("topic_name", Violation::Truncated)));
    // An error in the topic is at the start of the field.
    check(V311, &[publish, five], "0003 'a/#'", Some(("topic_name", Violation::TopicNameWildcard)));

    // The error may be at a byte that is valid by itself: Session Present with a refusal.
    let connack = ("20", FixedHeader, "packet_type", first(PacketType::Connack));
    let three = ("03", FixedHeader, "remaining_length", Length(3));
    let fault = ("session_present", Violation::SessionPresentRefused);
    check(V5, &[connack, three], "01 87 00", Some(fault));

    let disconnect = ("e0", FixedHeader, "packet_type", first(PacketType::Disconnect));
    let reason = ("00", VariableHeader, "reason_code", code(ReasonCode::Success));
    let pair = [
        ("26", Properties, "user_property", PropertyIdentifier(0x26)),
        ("0001", Properties, "user_property", Length(1)),
        ("'k'", Properties, "user_property", Text("k")),
        ("0001", Properties, "user_property", Length(1)),
    ];
    let eight = ("08", FixedHeader, "remaining_length", Length(8));
    let six = ("06", Properties, "property_length", Length(6));
    let rows = [&[disconnect, eight, reason, six][..], &pair].concat();
    check(V5, &rows, "", Some(("user_property", Violation::Truncated)));
}

#[test]
fn an_incomplete_packet_is_no_error() {
    for (bytes, fields) in [
        ("", &[][..]),
        ("30", &["packet_type"]),
        ("30 80", &["packet_type"]),
        ("30 05", &["packet_type", "remaining_length"]),
        // The topic name has a wildcard, but the packet is not complete.
        ("30 05 0001 '#'", &["packet_type", "remaining_length"]),
    ] {
        let bytes = hex(bytes);
        let read = spans(&bytes, V5);
        assert_eq!(read.verdict, Verdict::Incomplete, "{bytes:02x?}");
        assert_eq!(read.list.iter().map(|span| span.field).collect::<Vec<_>>(), fields, "{bytes:02x?}");
        agree(&bytes, V5);
    }
}
