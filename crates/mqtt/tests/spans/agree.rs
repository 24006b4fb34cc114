//! Both readings of any bytes agree: `decode` and `spans`. The fuzz target `spans_agree` includes
//! this file.

use mqtt::spans::{ConnectFlags, Meaning, Part, Span, Verdict, spans};
use mqtt::stream::frame;
use mqtt::{Ack, Packet, Properties, Property, QoS, ReasonCode, TopicFilter, TopicName, Version, decode};

/// The spans cover the packet up to its end or its error, each has the meaning of its bytes, and all of
/// them together make the packet that was decoded, or its error.
pub fn agree(bytes: &[u8], version: Version) {
    let read = spans(bytes, version);
    let mut end = 0;
    for span in &read.list {
        assert_eq!(span.range.start, end, "{span:?} in {bytes:02x?}");
        assert!(span.range.end > end, "{span:?} in {bytes:02x?}");
        end = span.range.end;
        says_its_bytes(span, &bytes[span.range.clone()]);
    }

    let (packet, header_len) = match frame(bytes, version, u32::MAX) {
        Ok(Some(frame)) => (&bytes[..frame.len], frame.header_len),
        Ok(None) => {
            assert_eq!(read.verdict, Verdict::Incomplete, "{bytes:02x?}");
            let fields = read.list.iter().map(|span| span.field).collect::<Vec<_>>();
            assert!(["packet_type", "remaining_length"].starts_with(&fields), "{bytes:02x?}: {fields:?}");
            return;
        }
        Err(_) => (bytes, 0),
    };
    match decode::decode(packet, version) {
        Ok(decoded) => {
            assert_eq!((read.verdict, end), (Verdict::Whole, packet.len()), "{decoded:?}");
            let said = read.list.iter().map(|span| (span.part, span.field, span.meaning));
            let expected = Expected::of(&decoded, version, packet.len() - header_len);
            assert_eq!(said.collect::<Vec<_>>(), expected.lines, "{packet:02x?}");
        }
        Err(error) => {
            assert_eq!(read.verdict, Verdict::Malformed(error), "{bytes:02x?}");
            assert_eq!(end, error.offset as usize, "{error}: {bytes:02x?}");
        }
    }
}

/// Reads the bytes of one span a third time, by their meaning.
fn says_its_bytes(span: &Span<'_>, bytes: &[u8]) {
    let integer = match span.field {
        "remaining_length" | "property_length" | "subscription_identifier" => {
            bytes.iter().rev().fold(0, |sum, byte| sum << 7 | u32::from(byte & 0x7F))
        }
        _ => bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)),
    };
    let bits = |bits: &[(bool, u8)]| bits.iter().map(|(set, at)| u32::from(*set) << at).sum::<u32>();
    let same = match span.meaning {
        Meaning::PacketType(packet) => {
            integer == (packet as u32) << 4 | u32::from(packet.reserved_flags().expect("no PUBLISH"))
        }
        Meaning::Publish { dup, qos, retain } => {
            integer == 0x30 | bits(&[(dup, 3), (retain, 0)]) | u32::from(qos.byte()) << 1
        }
        Meaning::Length(value) | Meaning::Seconds(value) | Meaning::Size(value) | Meaning::Number(value) => {
            integer == value
        }
        Meaning::PacketId(id) => integer == u32::from(id.get()),
        Meaning::ProtocolVersion(version) => integer == u32::from(version.byte()),
        Meaning::ConnectFlags(ConnectFlags {
            user_name,
            password,
            will_retain,
            will_qos,
            will,
            clean_start,
        }) => {
            let flags = [(user_name, 7), (password, 6), (will_retain, 5), (will, 2), (clean_start, 1)];
            integer == bits(&flags) | u32::from(will_qos.byte()) << 3
        }
        Meaning::SessionPresent(flag) | Meaning::Flag(flag) => integer == u32::from(flag),
        Meaning::SubscriptionOptions(subscription) => {
            integer
                == u32::from(subscription.qos.byte())
                    | bits(&[(subscription.no_local, 2), (subscription.retain_as_published, 3)])
                    | (subscription.retain_handling as u32) << 4
        }
        Meaning::ReasonCode(code) => {
            integer == u32::from(code.byte()) || Some(integer) == code.return_code().map(u32::from)
        }
        Meaning::PropertyIdentifier(id) => integer == u32::from(id),
        Meaning::QoS(qos) => integer == u32::from(qos.byte()),
        Meaning::Text(text) => text.as_bytes() == bytes,
        Meaning::TopicName(name) => name.as_str().as_bytes() == bytes,
        Meaning::TopicFilter(filter) => filter.as_str().as_bytes() == bytes,
        Meaning::Binary(binary) => binary == bytes,
    };
    assert!(same, "{span:?} is {bytes:02x?}");
}

/// The spans that a decoded packet must have.
struct Expected<'a> {
    part: Part,
    lines: Vec<(Part, &'static str, Meaning<'a>)>,
}

impl<'a> Expected<'a> {
    /// `remaining_length` says which of several equivalent forms was used.
    fn of(packet: &Packet<'a>, version: Version, remaining_length: usize) -> Self {
        let mut expected = Expected { part: Part::FixedHeader, lines: Vec::new() };
        let e = &mut expected;
        e.line(
            "packet_type",
            match packet {
                Packet::Publish(publish) => Meaning::Publish {
                    dup: publish.delivery.dup(),
                    qos: publish.qos(),
                    retain: publish.retain,
                },
                _ => Meaning::PacketType(packet.packet_type()),
            },
        );
        e.line("remaining_length", Meaning::Length(remaining_length as u32));
        e.part = Part::VariableHeader;
        match *packet {
            Packet::Connect(connect) => {
                e.text("protocol_name", "MQTT");
                e.line("protocol_version", Meaning::ProtocolVersion(connect.version));
                e.line(
                    "connect_flags",
                    Meaning::ConnectFlags(ConnectFlags {
                        user_name: connect.user_name.is_some(),
                        password: connect.password.is_some(),
                        will_retain: connect.will.is_some_and(|will| will.retain),
                        will_qos: connect.will.map_or(QoS::AtMostOnce, |will| will.qos),
                        will: connect.will.is_some(),
                        clean_start: connect.clean_start,
                    }),
                );
                e.line("keep_alive", Meaning::Seconds(connect.keep_alive.into()));
                e.properties(connect.properties, connect.version, Part::Properties);
                e.part = Part::Payload;
                e.text("client_id", connect.client_id);
                if let Some(will) = connect.will {
                    e.properties(will.properties, connect.version, Part::WillProperties);
                    e.topic_name("will_topic", will.topic);
                    e.binary("will_payload", will.payload);
                }
                if let Some(user_name) = connect.user_name {
                    e.text("user_name", user_name);
                }
                if let Some(password) = connect.password {
                    e.binary("password", password);
                }
            }
            Packet::Connack(connack) => {
                e.line("connect_acknowledge_flags", Meaning::SessionPresent(connack.session_present));
                e.line("reason_code", Meaning::ReasonCode(connack.reason_code));
                e.properties(connack.properties, version, Part::Properties);
            }
            Packet::Publish(publish) => {
                e.topic_name("topic_name", publish.topic);
                if let Some(packet_id) = publish.packet_id() {
                    e.line("packet_id", Meaning::PacketId(packet_id));
                }
                e.properties(publish.properties, version, Part::Properties);
                e.part = Part::Payload;
                if !publish.payload.is_empty() {
                    e.line("payload", Meaning::Binary(publish.payload));
                }
            }
            Packet::Puback(ack) | Packet::Pubrec(ack) | Packet::Pubrel(ack) | Packet::Pubcomp(ack) => {
                let Ack { packet_id, reason_code, properties } = ack;
                e.line("packet_id", Meaning::PacketId(packet_id));
                e.outcome(reason_code, properties, version, remaining_length - 2);
            }
            Packet::Subscribe(subscribe) => {
                e.line("packet_id", Meaning::PacketId(subscribe.packet_id));
                e.properties(subscribe.properties, version, Part::Properties);
                e.part = Part::Payload;
                for subscription in subscribe.subscriptions {
                    e.topic_filter(subscription.filter);
                    e.line("subscription_options", Meaning::SubscriptionOptions(subscription));
                }
            }
            Packet::Suback(suback) => {
                e.line("packet_id", Meaning::PacketId(suback.packet_id));
                e.properties(suback.properties, version, Part::Properties);
                e.part = Part::Payload;
                for code in suback.reason_codes {
                    e.line("reason_code", Meaning::ReasonCode(code));
                }
            }
            Packet::Unsubscribe(unsubscribe) => {
                e.line("packet_id", Meaning::PacketId(unsubscribe.packet_id));
                e.properties(unsubscribe.properties, version, Part::Properties);
                e.part = Part::Payload;
                for filter in unsubscribe.filters {
                    e.topic_filter(filter);
                }
            }
            Packet::Unsuback(unsuback) => {
                e.line("packet_id", Meaning::PacketId(unsuback.packet_id));
                e.properties(unsuback.properties, version, Part::Properties);
                e.part = Part::Payload;
                for code in unsuback.reason_codes {
                    e.line("reason_code", Meaning::ReasonCode(code));
                }
            }
            Packet::Pingreq | Packet::Pingresp => {}
            Packet::Disconnect(disconnect) => {
                e.outcome(disconnect.reason_code, disconnect.properties, version, remaining_length);
            }
            Packet::Auth(auth) => e.outcome(auth.reason_code, auth.properties, version, remaining_length),
        }
        expected
    }

    fn line(&mut self, field: &'static str, meaning: Meaning<'a>) {
        self.lines.push((self.part, field, meaning));
    }

    fn counted(&mut self, field: &'static str, len: usize, meaning: Meaning<'a>) {
        self.line(field, Meaning::Length(len as u32));
        if len > 0 {
            self.line(field, meaning);
        }
    }

    fn text(&mut self, field: &'static str, text: &'a str) {
        self.counted(field, text.len(), Meaning::Text(text));
    }

    fn binary(&mut self, field: &'static str, binary: &'a [u8]) {
        self.counted(field, binary.len(), Meaning::Binary(binary));
    }

    fn topic_name(&mut self, field: &'static str, name: TopicName<'a>) {
        self.counted(field, name.as_str().len(), Meaning::TopicName(name));
    }

    fn topic_filter(&mut self, filter: TopicFilter<'a>) {
        self.counted("topic_filter", filter.as_str().len(), Meaning::TopicFilter(filter));
    }

    /// A reason code and properties, which may both be missing at the end.
    fn outcome(&mut self, code: ReasonCode, properties: Properties<'a>, version: Version, len: usize) {
        if len > 0 {
            self.line("reason_code", Meaning::ReasonCode(code));
        }
        if len > 1 {
            self.properties(properties, version, Part::Properties);
        }
    }

    fn properties(&mut self, properties: Properties<'a>, version: Version, part: Part) {
        if version == Version::V311 {
            return;
        }
        let around = std::mem::replace(&mut self.part, part);
        self.line("property_length", Meaning::Length(properties.as_bytes().len() as u32));
        for property in properties {
            self.property(property);
        }
        self.part = around;
    }

    fn property(&mut self, property: Property<'a>) {
        use Meaning::{Flag, Number, Seconds, Size};
        let (id, field, meaning) = match property {
            Property::PayloadFormatIndicator(value) => (0x01, "payload_format_indicator", Flag(value)),
            Property::MessageExpiryInterval(value) => (0x02, "message_expiry_interval", Seconds(value)),
            Property::ContentType(value) => (0x03, "content_type", Meaning::Text(value)),
            Property::ResponseTopic(value) => (0x08, "response_topic", Meaning::TopicName(value)),
            Property::CorrelationData(value) => (0x09, "correlation_data", Meaning::Binary(value)),
            Property::SubscriptionIdentifier(value) => (0x0B, "subscription_identifier", Number(value)),
            Property::SessionExpiryInterval(value) => (0x11, "session_expiry_interval", Seconds(value)),
            Property::AssignedClientIdentifier(value) => {
                (0x12, "assigned_client_identifier", Meaning::Text(value))
            }
            Property::ServerKeepAlive(value) => (0x13, "server_keep_alive", Seconds(value.into())),
            Property::AuthenticationMethod(value) => (0x15, "authentication_method", Meaning::Text(value)),
            Property::AuthenticationData(value) => (0x16, "authentication_data", Meaning::Binary(value)),
            Property::RequestProblemInformation(value) => (0x17, "request_problem_information", Flag(value)),
            Property::WillDelayInterval(value) => (0x18, "will_delay_interval", Seconds(value)),
            Property::RequestResponseInformation(value) => {
                (0x19, "request_response_information", Flag(value))
            }
            Property::ResponseInformation(value) => (0x1A, "response_information", Meaning::Text(value)),
            Property::ServerReference(value) => (0x1C, "server_reference", Meaning::Text(value)),
            Property::ReasonString(value) => (0x1F, "reason_string", Meaning::Text(value)),
            Property::ReceiveMaximum(value) => (0x21, "receive_maximum", Number(value.into())),
            Property::TopicAliasMaximum(value) => (0x22, "topic_alias_maximum", Number(value.into())),
            Property::TopicAlias(value) => (0x23, "topic_alias", Number(value.into())),
            Property::MaximumQoS(value) => (0x24, "maximum_qos", Meaning::QoS(value)),
            Property::RetainAvailable(value) => (0x25, "retain_available", Flag(value)),
            Property::UserProperty(name, value) => {
                self.line("user_property", Meaning::PropertyIdentifier(0x26));
                self.text("user_property", name);
                return self.text("user_property", value);
            }
            Property::MaximumPacketSize(value) => (0x27, "maximum_packet_size", Size(value)),
            Property::WildcardSubscriptionAvailable(value) => {
                (0x28, "wildcard_subscription_available", Flag(value))
            }
            Property::SubscriptionIdentifierAvailable(value) => {
                (0x29, "subscription_identifier_available", Flag(value))
            }
            Property::SharedSubscriptionAvailable(value) => {
                (0x2A, "shared_subscription_available", Flag(value))
            }
        };
        self.line(field, Meaning::PropertyIdentifier(id));
        match meaning {
            Meaning::Text(text) => self.text(field, text),
            Meaning::TopicName(name) => self.topic_name(field, name),
            Meaning::Binary(binary) => self.binary(field, binary),
            number => self.line(field, number),
        }
    }
}
