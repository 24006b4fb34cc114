//! What the server receives, and which rules of the standard the client must keep.

use mqtt::stream::Cursor;
use mqtt::{Packet, Property, Publish, QoS, ReasonCode, Version};

use super::{Kept, Server};
use crate::counters::Counters;
use crate::life::{Life, METHOD};
use crate::model::{Line, Model, Socket, publish_words};

impl Life {
    /// The server receives a WebSocket message. The client's answers are added to `answers`, and the messages that a
    /// clean start loses to `lost`.
    pub fn receive(&mut self, bytes: &[u8], answers: &mut Vec<String>, lost: &mut Vec<String>) {
        let line = self.line.as_mut().expect("something to send without a socket");
        assert_eq!(line.socket, Socket::Open, "something to send and no open socket");
        let mut cursor = Cursor::new(line.version.unwrap_or(Version::V5), u32::MAX);
        let mut words = Vec::new();
        loop {
            let start = cursor.position;
            let Some(packet) = cursor.next(bytes).expect("the client keeps to the standard") else { break };
            let len = cursor.position - start;
            assert!(!line.left, "[MQTT-3.14.4-1] {packet:?} after DISCONNECT");
            assert_eq!(
                line.version.is_none(),
                matches!(packet, Packet::Connect(_)),
                "[MQTT-3.1.0-1] CONNECT comes first, and once: {packet:?}"
            );
            let may_come = matches!(packet, Packet::Connect(_) | Packet::Auth(_)) || line.limits.is_some();
            assert!(may_come, "[MQTT-3.1.2-30] {packet:?} before CONNACK");
            if let Some(limits) = line.limits {
                assert!(len <= limits.maximum_packet_size as usize, "[MQTT-3.2.2-15] {len} bytes");
            }
            words.push(packet.packet_type().to_string());
            let is_deaf = line.server_side.is_deaf;
            if let (Some(kept), Some(_), false) = (&mut self.server.kept, line.limits, is_deaf) {
                kept.is_known = true;
            }
            let unknown = |reason_code| match reason_code {
                ReasonCode::PacketIdentifierNotFound => " unknown",
                _ => "",
            };
            let meaning = match packet {
                Packet::Connect(connect) => {
                    line.version = Some(connect.version);
                    line.clean_start = connect.clean_start;
                    cursor.version = connect.version;
                    lost.extend(self.model.connects(&connect, self.elapsed, &mut self.counters));
                    let is_gone = |kept: &Kept| {
                        connect.clean_start
                            || !kept.lasts
                            || !kept.is_known
                            || kept.version != connect.version
                            || kept.client_id != connect.client_id
                    };
                    if self.server.kept.as_ref().is_some_and(is_gone) {
                        self.server.kept = None;
                    }
                    let server_side = &mut line.server_side;
                    server_side.client_id = connect.client_id.to_owned();
                    server_side.receive_maximum = u16::MAX;
                    for property in connect.properties {
                        match property {
                            Property::SessionExpiryInterval(seconds) => {
                                server_side.session_expiry_interval = seconds
                            }
                            Property::ReceiveMaximum(maximum) => server_side.receive_maximum = maximum,
                            Property::TopicAliasMaximum(maximum) => server_side.topic_alias_maximum = maximum,
                            Property::AuthenticationMethod(method) => {
                                server_side.has_method = method == METHOD
                            }
                            _ => {}
                        }
                    }
                    continue;
                }
                Packet::Puback(ack) => {
                    answers.push(format!("PUBACK {}", ack.packet_id));
                    if !is_deaf && let Some(kept) = &mut self.server.kept {
                        kept.sent.retain(|sent| sent.id != ack.packet_id || sent.qos != QoS::AtLeastOnce);
                        line.server_side.in_flight.remove(&ack.packet_id);
                    }
                    continue;
                }
                Packet::Pubrec(ack) => {
                    answers.push(format!("PUBREC {}", ack.packet_id));
                    if !is_deaf
                        && let Some(kept) = &mut self.server.kept
                        && let Some(sent) = kept.sent.iter_mut().find(|sent| sent.id == ack.packet_id)
                    {
                        sent.is_received = true;
                        line.server_side.received.push_back(ack.packet_id);
                    }
                    continue;
                }
                Packet::Pubcomp(ack) => {
                    answers.push(format!("PUBCOMP {}{}", ack.packet_id, unknown(ack.reason_code)));
                    if !is_deaf
                        && let Some(kept) = &mut self.server.kept
                        && let Some(at) = kept.sent.iter().position(|sent| sent.id == ack.packet_id)
                    {
                        let number = kept.sent.remove(at).number;
                        assert!(
                            self.server.reported.contains(&number),
                            "{number} was acknowledged and never reported"
                        );
                        line.server_side.in_flight.remove(&ack.packet_id);
                    }
                    continue;
                }
                Packet::Pubrel(ack) => {
                    answers.push(format!("PUBREL {}{}", ack.packet_id, unknown(ack.reason_code)));
                    if !is_deaf && let Some(kept) = &mut self.server.kept {
                        let known = kept.received.remove(&ack.packet_id);
                        line.server_side.releases.push_back((ack.packet_id, known.is_some()));
                    }
                    continue;
                }
                Packet::Disconnect(disconnect) => {
                    line.left = true;
                    let seconds = disconnect.properties.find(|property| match property {
                        Property::SessionExpiryInterval(seconds) => Some(seconds),
                        _ => None,
                    });
                    if !is_deaf && let (Some(seconds), Some(kept)) = (seconds, &mut self.server.kept) {
                        kept.lasts = seconds > 0;
                    }
                    continue;
                }
                Packet::Auth(auth) => {
                    if !is_deaf {
                        line.server_side.has_asked = false;
                        line.server_side.is_asked = line.accepted;
                    }
                    format!("AUTH {:?}", auth.reason_code)
                }
                Packet::Pingreq => {
                    if !is_deaf {
                        line.server_side.unanswered_pings += 1;
                    }
                    // A PINGREQ of the keep-alive comes after the commands of the same message.
                    let barrier = match line.owed.front().is_some_and(|owed| owed == "PINGREQ") {
                        true => line.owed_barriers.pop_front(),
                        false => None,
                    };
                    line.pings.push_back((barrier, self.drained_at));
                    if barrier.is_none() {
                        continue;
                    }
                    "PINGREQ".to_owned()
                }
                Packet::Subscribe(subscribe) => {
                    let filters = subscribe.subscriptions.iter().count();
                    if !is_deaf {
                        line.server_side.subscribes.push_back((subscribe.packet_id, filters));
                    }
                    format!("SUBSCRIBE {} {filters}", subscribe.packet_id)
                }
                Packet::Unsubscribe(unsubscribe) => {
                    let filters = unsubscribe.filters.iter().count();
                    if !is_deaf {
                        line.server_side.unsubscribes.push_back((unsubscribe.packet_id, filters));
                    }
                    format!("UNSUBSCRIBE {} {filters}", unsubscribe.packet_id)
                }
                Packet::Publish(publish) => {
                    receive_publish(line, &mut self.server, &mut self.model, publish, &mut self.counters)
                }
                packet => panic!("not a client's: {packet:?}"),
            };
            assert_eq!(line.owed.pop_front(), Some(meaning), "commands in their order");
        }
        assert_eq!(cursor.position, bytes.len(), "half a packet");
        self.note(format!("> {}", words.join(", ")));
    }
}

/// A PUBLISH of the client, as a line.
fn receive_publish(
    line: &mut Line,
    server: &mut Server,
    model: &mut Model,
    publish: Publish<'_>,
    counters: &mut Counters,
) -> String {
    let limits = line.limits.expect("nothing but AUTH comes before CONNACK");
    assert!(publish.qos() <= limits.maximum_qos, "[MQTT-3.2.2-11]");
    assert!(!publish.retain || limits.retain, "[MQTT-3.2.2-14]");
    let number = str::from_utf8(publish.payload).expect("a number").trim_end();
    let number = number.parse::<u64>().expect("a number");
    let alias = publish.properties.find(|property| match property {
        Property::TopicAlias(alias) => Some(alias),
        _ => None,
    });
    let mut topic = publish.topic.as_str().to_owned();
    if let Some(alias) = alias {
        assert!(alias <= limits.topic_alias_maximum, "[MQTT-3.2.2-17]");
        match topic.is_empty() {
            true => {
                counters.aliases_out += 1;
                topic = line
                    .server_side
                    .client_aliases
                    .get(&alias)
                    .expect("an alias that stands for a name")
                    .clone();
            }
            false => drop(line.server_side.client_aliases.insert(alias, topic.clone())),
        }
    }
    if let Some(id) = publish.packet_id() {
        let message = model.outgoing.iter_mut().find(|message| message.number == number);
        if let Some(message) = message {
            assert_eq!(publish.delivery.dup(), message.was_sent, "[MQTT-3.3.1-1]");
            message.was_sent = true;
        }
        if publish.delivery.dup() {
            counters.resent += 1;
        }
        if line.server_side.is_deaf {
            counters.unheard += 1;
        } else {
            assert!(line.server_side.outstanding.insert(id), "{id} is in use");
            let max = usize::from(limits.receive_maximum);
            assert!(line.server_side.outstanding.len() <= max, "[MQTT-3.3.4-7] Receive Maximum");
            let kept = server.kept.as_mut().expect("accepted");
            match publish.qos() {
                QoS::ExactlyOnce => {
                    // [MQTT-4.3.3-10]
                    match kept.received.insert(id, number) {
                        Some(before) => assert_eq!(before, number, "{id} belongs to another message"),
                        None => assert!(model.delivered.insert(number), "{number} came twice"),
                    }
                    line.server_side.qos_2.push_back(id);
                }
                _ => line.server_side.publishes.push_back(id),
            }
        }
    }
    publish_words(number, &topic, publish.packet_id(), publish.qos(), publish.retain, publish.delivery.dup())
}
