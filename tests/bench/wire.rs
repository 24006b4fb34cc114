//! The few packets of MQTT 3.1.1 that the benchmark sends, and the changes of its fleet. Nothing of the page's
//! own codec: it is what is measured.

use std::collections::VecDeque;

/// The filter that every page subscribes to.
pub const FILTER: &str = "fleet/#";
/// The devices whose changes are timed. First by name.
pub const PROBES: usize = 10;

/// The topic of a device by its number.
pub fn topic(device: usize) -> String {
    format!("fleet/n{device:07}/status")
}

/// The id of a probe, which is its topic without the last level.
pub fn probe(number: usize) -> String {
    format!("fleet/a-probe-{number}")
}

/// The word of a status.
pub fn word(is_online: bool) -> &'static str {
    if is_online { "online" } else { "offline" }
}

/// Appends a PUBLISH at QoS 0.
pub fn publish(into: &mut Vec<u8>, topic: &str, payload: &str, retain: bool) {
    let length = 2 + topic.len() + payload.len();
    let length = u8::try_from(length).ok().filter(|length| *length < 128);
    into.push(0x30 | u8::from(retain));
    into.push(length.expect("the benchmark's messages are short"));
    into.extend((topic.len() as u16).to_be_bytes());
    into.extend(topic.as_bytes());
    into.extend(payload.as_bytes());
}

/// A CONNECT with a clean session and without keep-alive.
pub fn connect(client: &str) -> Vec<u8> {
    let mut packet = vec![0x10, 12 + client.len() as u8, 0, 4];
    packet.extend(b"MQTT\x04\x02\0\0\0");
    packet.push(client.len() as u8);
    packet.extend(client.as_bytes());
    packet
}

/// What is retained of a fleet: one device in fifty is offline.
pub fn retained(devices: usize) -> impl Iterator<Item = (String, bool)> {
    let probes = (0..PROBES.min(devices)).map(|number| (format!("{}/status", probe(number)), true));
    probes.chain((PROBES..devices).map(|device| (topic(device), device % 50 != 0)))
}

/// Changes of a fleet, for ever: a device goes offline, then the one that has been offline for longest comes back, so
/// that their number stays. Each message is a change.
pub struct Changes {
    online: Vec<bool>,
    offline: VecDeque<usize>,
    random: u64,
    goes: bool,
}

impl Changes {
    /// Of a fleet as [`retained`] has it.
    pub fn of(devices: usize) -> Changes {
        let online: Vec<bool> = (0..devices).map(|device| device < PROBES || device % 50 != 0).collect();
        let offline = (0..devices).filter(|device| !online[*device]).collect();
        Changes { online, offline, random: 0x9E37_79B9_7F4A_7C15, goes: true }
    }

    /// Appends the next one.
    pub fn append(&mut self, into: &mut Vec<u8>) {
        let back = if self.goes { None } else { self.offline.pop_front() };
        let device = back.unwrap_or_else(|| self.any_online());
        self.goes = !self.goes;
        self.online[device] = back.is_some();
        if back.is_none() {
            self.offline.push_back(device);
        }
        publish(into, &topic(device), word(back.is_some()), false);
    }

    fn any_online(&mut self) -> usize {
        loop {
            // xorshift64
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            let devices = self.online.len() - PROBES;
            let device = PROBES + (self.random % devices as u64) as usize;
            if self.online[device] {
                return device;
            }
        }
    }
}
