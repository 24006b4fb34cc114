//! How the server answers everything but CONNECT.

use mqtt::{Packet, PacketType, Properties, ReasonCode, Unsuback, Version};

use crate::life::Life;
use crate::model::Meaning;

impl Life {
    /// Answers one of the requests that wait, if any.
    pub fn answer(&mut self, version: Version) {
        let server_side = &mut self.line.as_mut().expect("a socket").server_side;
        match self.random.below(8) {
            0 => {
                if let Some((id, len)) = server_side.subscribes.pop_front() {
                    // One code too many.
                    let len = len + usize::from(!self.server.is_conforming && self.random.once_in(16));
                    self.suback(version, id, len);
                }
            }
            1 => {
                if let Some((id, len)) = server_side.unsubscribes.pop_front() {
                    let codes = vec![ReasonCode::Success; if version == Version::V5 { len } else { 0 }];
                    let reason_codes = codes[..].into();
                    let unsuback = Unsuback { packet_id: id, properties: Properties::EMPTY, reason_codes };
                    self.send(version, Packet::Unsuback(unsuback), Meaning::Unsuback(id));
                }
            }
            2 => {
                if let Some(id) = server_side.publishes.pop_front() {
                    server_side.outstanding.remove(&id);
                    self.send_ack(version, PacketType::Puback, id, ReasonCode::Success, Meaning::Puback(id));
                }
            }
            3 => self.answer_qos_2(version),
            4 => {
                if let Some((id, is_known)) = server_side.releases.pop_front() {
                    server_side.outstanding.remove(&id);
                    let reason_code = match is_known || version == Version::V311 {
                        true => ReasonCode::Success,
                        false => ReasonCode::PacketIdentifierNotFound,
                    };
                    self.send_ack(version, PacketType::Pubcomp, id, reason_code, Meaning::Pubcomp(id));
                }
            }
            5 => {
                if let Some(id) = server_side.received.pop_front() {
                    self.send_ack(version, PacketType::Pubrel, id, ReasonCode::Success, Meaning::Pubrel(id));
                }
            }
            6 => {
                if std::mem::take(&mut server_side.is_asked) {
                    let reason = self.random.pick(&[ReasonCode::Success, ReasonCode::ContinueAuthentication]);
                    self.send_auth(version, reason, Meaning::Auth(reason));
                }
            }
            _ => {
                if server_side.unanswered_pings > 0 {
                    server_side.unanswered_pings -= 1;
                    // mosquitto drops one if its queue is full.
                    match self.random.once_in(12) && !self.is_settling {
                        true => self.line.as_mut().expect("a socket").doubtful = true,
                        false => self.send(version, Packet::Pingresp, Meaning::Pingresp),
                    }
                }
            }
        }
    }

    /// PUBREC, which seldom refuses, and never a message that it has accepted before.
    pub(super) fn answer_qos_2(&mut self, version: Version) {
        let line = self.line.as_mut().expect("a socket");
        let Some(id) = line.server_side.qos_2.pop_front() else { return };
        let kept = self.server.kept.as_mut().expect("a session was accepted");
        let Some(&number) = kept.received.get(&id) else { return };
        if kept.receipted.insert(number) && version == Version::V5 && self.random.once_in(10) {
            kept.received.remove(&id);
            self.model.delivered.remove(&number);
            line.server_side.outstanding.remove(&id);
            let reason_code = ReasonCode::QuotaExceeded;
            self.send_ack(version, PacketType::Pubrec, id, reason_code, Meaning::Pubrec(id, true));
            return;
        }
        if self.random.once_in(8) {
            // Again later.
            line.server_side.qos_2.push_back(id);
        }
        self.send_ack(version, PacketType::Pubrec, id, ReasonCode::Success, Meaning::Pubrec(id, false));
    }
}
