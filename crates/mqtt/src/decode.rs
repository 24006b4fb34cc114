//! Bytes into packets.
//!
//! Borrows everything from the bytes it is given and allocates nothing. Accepts only what the standard allows, so
//! that a decoded packet needs no further check. Never panics on any bytes. `stream` and the session call it with
//! one whole packet at a time.

use crate::error::{Error, Violation};
use crate::packet::{
    Ack, Auth, Connack, Connect, Delivery, Disconnect, Packet, PacketType, Publish, QoS, ReasonCodes, Suback,
    Subscribe, Subscriptions, TopicFilters, Unsuback, Unsubscribe, Version, Will,
};
use crate::property::{Place, Properties, Property};
use crate::reader::Reader;
use crate::reason::ReasonCode;
use crate::stream;
use crate::topic::TopicName;

/// Decodes `bytes`, which must be exactly one packet.
///
/// A CONNECT states its own version; `version` is ignored for it.
///
/// # Errors
/// `Truncated` or `TrailingBytes` if it is not one packet, and any other violation of the standard.
pub fn decode(bytes: &[u8], version: Version) -> Result<Packet<'_>, Error> {
    let whole = |violation| Error { violation, packet: None, field: "remaining_length", offset: 0, version };
    match stream::frame(bytes, version, u32::MAX)? {
        None => Err(whole(Violation::Truncated)),
        Some(frame) if frame.len < bytes.len() => Err(whole(Violation::TrailingBytes)),
        Some(frame) => body(bytes, frame, version),
    }
}

/// Decodes what follows a fixed header that `frame` has checked.
// Forced inlining here, in `publish` and in `Cursor::next` keeps the fields of a PUBLISH in registers, instead of
// copying a value of the size of the largest packet: 13 ns a packet instead of 37 in the native benchmark.
#[inline(always)]
pub(crate) fn body(bytes: &[u8], frame: stream::Frame, version: Version) -> Result<Packet<'_>, Error> {
    match frame.packet {
        PacketType::Publish => Ok(Packet::Publish(publish(bytes, frame, version)?)),
        _ => other(bytes, frame, version),
    }
}

/// Decodes any packet but PUBLISH. Almost every packet is a PUBLISH, so this stays out of its path.
#[inline(never)]
fn other(bytes: &[u8], frame: stream::Frame, version: Version) -> Result<Packet<'_>, Error> {
    let mut reader = frame.reader(bytes, version);
    let r = &mut reader;
    let packet = match frame.packet {
        PacketType::Publish => return Ok(Packet::Publish(publish(bytes, frame, version)?)),
        PacketType::Connect => Packet::Connect(connect(r)?),
        PacketType::Connack => Packet::Connack(connack(r)?),
        PacketType::Puback => Packet::Puback(ack(r)?),
        PacketType::Pubrec => Packet::Pubrec(ack(r)?),
        PacketType::Pubrel => Packet::Pubrel(ack(r)?),
        PacketType::Pubcomp => Packet::Pubcomp(ack(r)?),
        PacketType::Subscribe => Packet::Subscribe(subscribe(r)?),
        PacketType::Suback => Packet::Suback(suback(r)?),
        PacketType::Unsubscribe => Packet::Unsubscribe(unsubscribe(r)?),
        PacketType::Unsuback => Packet::Unsuback(unsuback(r)?),
        PacketType::Pingreq => Packet::Pingreq,
        PacketType::Pingresp => Packet::Pingresp,
        PacketType::Disconnect => {
            let (reason_code, properties) = reason_and_properties(r)?;
            Packet::Disconnect(Disconnect { reason_code, properties })
        }
        PacketType::Auth => {
            let (reason_code, properties) = reason_and_properties(r)?;
            Packet::Auth(Auth { reason_code, properties })
        }
    };
    reader.finish()?;
    Ok(packet)
}

/// Decodes a PUBLISH.
#[inline(always)]
pub(crate) fn publish(bytes: &[u8], frame: stream::Frame, version: Version) -> Result<Publish<'_>, Error> {
    let first = bytes[0];
    let r = &mut frame.reader(bytes, version);
    let dup = first & 0b1000 != 0;
    let start = *r;
    let mut topic = match r.peek() {
        // With a Topic Alias the name may be empty (section 3.3.2.3.4). Whether there is one is checked below.
        [0, 0, ..] if r.version() == Version::V5 => {
            r.two_byte_integer("topic_name")?;
            None
        }
        _ => Some(r.topic_name("topic_name")?),
    };
    // `frame` has already refused QoS 3 and DUP at QoS 0.
    let delivery = match (first >> 1) & 0b11 {
        0 => Delivery::AtMostOnce,
        1 => Delivery::AtLeastOnce { packet_id: r.packet_id()?, dup },
        _ => Delivery::ExactlyOnce { packet_id: r.packet_id()?, dup },
    };
    let properties = properties(r)?;
    if topic.is_none() && properties.iter().any(|property| matches!(property, Property::TopicAlias(_))) {
        topic = Some(TopicName::ALIASED);
    }
    match topic {
        Some(topic) => Ok(Publish { delivery, retain: first & 1 != 0, topic, properties, payload: r.rest() }),
        None => Err(start.error("topic_name", Violation::TopicNameEmpty)),
    }
}

fn connect<'a>(r: &mut Reader<'a>) -> Result<Connect<'a>, Error> {
    let start = *r;
    // [MQTT-3.1.2-1]
    if r.binary("protocol_name")? != b"MQTT" {
        return Err(start.error("protocol_name", Violation::ProtocolName));
    }
    let start = *r;
    // [MQTT-3.1.2-2]
    let version = match r.byte("protocol_version")? {
        4 => Version::V311,
        5 => Version::V5,
        _ => return Err(start.error("protocol_version", Violation::ProtocolVersion)),
    };
    r.set_version(version);

    let start = *r;
    let flags = r.byte("connect_flags")?;
    // [MQTT-3.1.2-3]
    if flags & 1 != 0 {
        return Err(start.error("connect_flags", Violation::ReservedBit));
    }
    let will_flag = flags & 0b100 != 0;
    // [MQTT-3.1.2-11], [MQTT-3.1.2-13]; 3.1.1: [MQTT-3.1.2-13], [MQTT-3.1.2-15]
    if !will_flag && flags & 0b0011_1000 != 0 {
        return Err(start.error("connect_flags", Violation::WillFlagMissing));
    }
    // [MQTT-3.1.2-12]; 3.1.1: [MQTT-3.1.2-14]
    let Some(will_qos) = QoS::from_byte((flags >> 3) & 0b11) else {
        return Err(start.error("will_qos", Violation::QoS3));
    };
    let (password_flag, user_name_flag) = (flags & 0x40 != 0, flags & 0x80 != 0);
    // [MQTT-3.1.2-22], lifted in 5.0.
    if version == Version::V311 && password_flag && !user_name_flag {
        return Err(start.error("connect_flags", Violation::PasswordWithoutUserName));
    }

    let keep_alive = r.two_byte_integer("keep_alive")?;
    let properties = properties(r)?;
    let client_id = r.string("client_id")?;
    let will = match will_flag {
        false => None,
        true => {
            let properties = match version {
                Version::V311 => Properties::EMPTY,
                Version::V5 => Properties::decode(r, Place::Will)?,
            };
            Some(Will {
                qos: will_qos,
                retain: flags & 0b0010_0000 != 0,
                properties,
                topic: r.topic_name("will_topic")?,
                payload: r.binary("will_payload")?,
            })
        }
    };
    let user_name = user_name_flag.then(|| r.string("user_name")).transpose()?;
    let password = password_flag.then(|| r.binary("password")).transpose()?;
    Ok(Connect {
        version,
        clean_start: flags & 0b10 != 0,
        keep_alive,
        properties,
        client_id,
        will,
        user_name,
        password,
    })
}

fn connack<'a>(r: &mut Reader<'a>) -> Result<Connack<'a>, Error> {
    let start = *r;
    let flags = r.byte("connect_acknowledge_flags")?;
    // [MQTT-3.2.2-1]; 3.1.1: section 3.2.2.1
    if flags & !1 != 0 {
        return Err(start.error("connect_acknowledge_flags", Violation::ReservedBit));
    }
    let session_present = flags != 0;

    let code = *r;
    let byte = r.byte("reason_code")?;
    let reason_code = match r.version() {
        Version::V311 => ReasonCode::from_return_code(byte),
        // A 5.0 CONNACK has a Property Length: one without it comes from a 3.1.1 server.
        Version::V5 if r.is_empty() => {
            let code_311 = ReasonCode::from_return_code(byte)
                .or_else(|| fitting(byte, PacketType::Connack))
                .unwrap_or(ReasonCode::UnsupportedProtocolVersion);
            return Err(code.error("reason_code", Violation::Connack311(code_311)));
        }
        // 5.0 has no such reason code. In 3.1.1 it means "unacceptable protocol version".
        Version::V5 if byte == 1 => {
            let code_311 = ReasonCode::UnsupportedProtocolVersion;
            return Err(code.error("reason_code", Violation::Connack311(code_311)));
        }
        Version::V5 => fitting(byte, PacketType::Connack),
    };
    let Some(reason_code) = reason_code else {
        return Err(code.error("reason_code", Violation::ReasonCodeUnknown));
    };
    // [MQTT-3.2.2-6]; 3.1.1: [MQTT-3.2.2-4]
    if session_present && reason_code != ReasonCode::Success {
        return Err(start.error("session_present", Violation::SessionPresentRefused));
    }
    Ok(Connack { session_present, reason_code, properties: properties(r)? })
}

fn ack<'a>(r: &mut Reader<'a>) -> Result<Ack<'a>, Error> {
    let packet_id = r.packet_id()?;
    let (reason_code, properties) = reason_and_properties(r)?;
    Ok(Ack { packet_id, reason_code, properties })
}

fn subscribe<'a>(r: &mut Reader<'a>) -> Result<Subscribe<'a>, Error> {
    let packet_id = r.packet_id()?;
    let properties = properties(r)?;
    let list = r.peek();
    // [MQTT-3.8.3-2]; 3.1.1: [MQTT-3.8.3-3]
    if list.is_empty() {
        return Err(r.error("topic_filter", Violation::ListEmpty));
    }
    while !r.is_empty() {
        let filter = r.topic_filter("topic_filter")?;
        let start = *r;
        let options = r.byte("subscription_options")?;
        // [MQTT-3.8.3-5]; 3.1.1: [MQTT-3-8.3-4]
        let reserved = match r.version() {
            Version::V311 => 0b1111_1100,
            Version::V5 => 0b1100_0000,
        };
        if options & reserved != 0 {
            return Err(start.error("subscription_options", Violation::ReservedBit));
        }
        if options & 0b11 == 3 {
            return Err(start.error("subscription_options", Violation::QoS3));
        }
        if options >> 4 == 3 {
            return Err(start.error("subscription_options", Violation::RetainHandling3));
        }
        // [MQTT-3.8.3-4]
        if options & 0b100 != 0 && filter.share().is_some() {
            return Err(start.error("subscription_options", Violation::SharedNoLocal));
        }
    }
    Ok(Subscribe { packet_id, properties, subscriptions: Subscriptions::from_wire(list) })
}

fn suback<'a>(r: &mut Reader<'a>) -> Result<Suback<'a>, Error> {
    let packet_id = r.packet_id()?;
    let properties = properties(r)?;
    Ok(Suback { packet_id, properties, reason_codes: reason_codes(r)? })
}

fn unsubscribe<'a>(r: &mut Reader<'a>) -> Result<Unsubscribe<'a>, Error> {
    let packet_id = r.packet_id()?;
    let properties = properties(r)?;
    let list = r.peek();
    // [MQTT-3.10.3-2]
    if list.is_empty() {
        return Err(r.error("topic_filter", Violation::ListEmpty));
    }
    while !r.is_empty() {
        r.topic_filter("topic_filter")?;
    }
    Ok(Unsubscribe { packet_id, properties, filters: TopicFilters::from_wire(list) })
}

fn unsuback<'a>(r: &mut Reader<'a>) -> Result<Unsuback<'a>, Error> {
    let packet_id = r.packet_id()?;
    let properties = properties(r)?;
    let reason_codes = match r.version() {
        Version::V311 => ReasonCodes::from_wire(&[]),
        Version::V5 => reason_codes(r)?,
    };
    Ok(Unsuback { packet_id, properties, reason_codes })
}

/// The packet's properties; none in 3.1.1.
#[inline(always)]
fn properties<'a>(r: &mut Reader<'a>) -> Result<Properties<'a>, Error> {
    match r.version() {
        Version::V311 => Ok(Properties::EMPTY),
        Version::V5 => Properties::decode(r, Place::Packet(r.packet())),
    }
}

/// The end of most packets in 5.0: nothing, which means Success, a reason code, or a reason code and properties
/// (sections 3.4.2.1, 3.14.2.1, 3.15.2.1). In 3.1.1 it is always empty.
fn reason_and_properties<'a>(r: &mut Reader<'a>) -> Result<(ReasonCode, Properties<'a>), Error> {
    if r.version() == Version::V311 || r.is_empty() {
        return Ok((ReasonCode::Success, Properties::EMPTY));
    }
    let start = *r;
    let byte = r.byte("reason_code")?;
    let Some(reason_code) = fitting(byte, r.packet()) else {
        return Err(start.error("reason_code", Violation::ReasonCodeUnknown));
    };
    match r.is_empty() {
        true => Ok((reason_code, Properties::EMPTY)),
        false => Ok((reason_code, properties(r)?)),
    }
}

/// The reason codes of a SUBACK or UNSUBACK, to the end of the packet.
fn reason_codes<'a>(r: &mut Reader<'a>) -> Result<ReasonCodes<'a>, Error> {
    if r.is_empty() {
        return Err(r.error("reason_code", Violation::ListEmpty));
    }
    let list = r.peek();
    while !r.is_empty() {
        let start = *r;
        let byte = r.byte("reason_code")?;
        let known = match r.version() {
            // [MQTT-3.9.3-2] of 3.1.1
            Version::V311 => matches!(byte, 0..=2 | 0x80),
            Version::V5 => fitting(byte, r.packet()).is_some(),
        };
        if !known {
            return Err(start.error("reason_code", Violation::ReasonCodeUnknown));
        }
    }
    Ok(ReasonCodes::from_wire(list))
}

/// The reason code of this byte, if the packet may have it.
fn fitting(byte: u8, packet: PacketType) -> Option<ReasonCode> {
    ReasonCode::from_byte(byte).filter(|code| code.fits(packet))
}
