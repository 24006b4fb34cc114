//! Who a simulated device is: its convention, its id, its status topic and the exact words that real firmware
//! of that kind publishes there. Pure data from a seed; it never opens a socket. `fleet` calls it.

use std::collections::{HashMap, HashSet};
use std::fmt;

use rumqttc::QoS;

/// The conventions that the fleet mixes, by the slugs that the page uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Convention {
    /// Taichi-Maker's advice (`<id>-will`) and its ESP8266 course code (`<prefix><MAC>-Will`).
    TaichiMaker,
    /// `tele/<topic>/LWT` and the variants of Tasmota's FullTopic.
    Tasmota,
    /// `<name>/status`, where the name may have levels.
    Esphome,
    /// `<name>/LWT`, as ESPEasy and many home-made sketches have it.
    Lwt,
}

impl Convention {
    /// All of them, in the order of the help text.
    pub const ALL: [Convention; 4] =
        [Convention::TaichiMaker, Convention::Tasmota, Convention::Esphome, Convention::Lwt];

    /// The name that the page, the control and the commands use.
    pub fn slug(self) -> &'static str {
        match self {
            Convention::TaichiMaker => "taichi-maker",
            Convention::Tasmota => "tasmota",
            Convention::Esphome => "esphome",
            Convention::Lwt => "lwt",
        }
    }
}

impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

/// Everything that distinguishes one device from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// With the id the key by which the page knows the device.
    pub convention: Convention,
    /// The id, unique in the fleet whatever the convention.
    pub id: String,
    /// The MQTT client id, unique in the fleet.
    pub client_id: String,
    /// Where the will and the birth message go: one retained topic for both.
    pub topic: String,
    /// The birth message.
    pub online: &'static str,
    /// The will, and the last word of a device that says goodbye.
    pub offline: &'static str,
    /// The quality of service of the will.
    pub will_qos: QoS,
    /// The quality of service of the birth message and of a goodbye.
    pub birth_qos: QoS,
    /// ESPHome asks for a session that survives; the others for a clean one.
    pub clean_session: bool,
}

/// The first `count` devices of the fleet that belongs to `seed`. A larger fleet begins with the same devices.
pub fn profiles(count: usize, seed: u64) -> Vec<Profile> {
    use Convention::*;
    // Ten devices show all conventions in about the proportions of a house; in this order even a small fleet
    // is mixed.
    const MIX: [Convention; 10] =
        [TaichiMaker, Tasmota, Esphome, Lwt, Tasmota, Esphome, TaichiMaker, Tasmota, Esphome, TaichiMaker];
    let mut naming = Naming { chance: Chance::new(seed), taken: HashSet::new() };
    // Every dialect of a convention gets its turn.
    let mut turns = HashMap::new();
    (0..count)
        .map(|index| {
            let convention = MIX[index % MIX.len()];
            let turn = turns.entry(convention).or_insert(0_usize);
            *turn += 1;
            match convention {
                TaichiMaker if turn.is_multiple_of(3) => taichi_course(&mut naming),
                TaichiMaker => taichi_advice(&mut naming),
                Tasmota => tasmota(&mut naming, *turn),
                Esphome => esphome(&mut naming, *turn),
                Lwt => lwt(&mut naming),
            }
        })
        .collect()
}

/// The advice of the Taichi-Maker course: the will topic is the client id and `-will`.
fn taichi_advice(naming: &mut Naming) -> Profile {
    let id = naming.name('-');
    Profile {
        convention: Convention::TaichiMaker,
        topic: format!("{id}-will"),
        client_id: id.clone(),
        id,
        online: "online",
        offline: "offline",
        will_qos: QoS::AtMostOnce,
        birth_qos: QoS::AtMostOnce,
        clean_session: true,
    }
}

/// The ESP8266 code of the same course: a prefix, the address with colons, `-Will`, and other words.
fn taichi_course(naming: &mut Naming) -> Profile {
    let [a, b, c] = naming.address();
    let id = format!("Taichi-Maker-5C:CF:7F:{a:02X}:{b:02X}:{c:02X}");
    Profile {
        convention: Convention::TaichiMaker,
        topic: format!("{id}-Will"),
        client_id: id.clone(),
        id,
        online: "CLIENT-ONLINE",
        offline: "CLIENT-OFFLINE",
        will_qos: QoS::AtMostOnce,
        birth_qos: QoS::AtMostOnce,
        clean_session: true,
    }
}

/// Two of three keep the default topic with the end of their address; the third was named by its owner. One of
/// five turns the FullTopic round, as many installations do.
fn tasmota(naming: &mut Naming, turn: usize) -> Profile {
    let [a, b, c] = naming.address();
    let id = match turn % 3 {
        2 => naming.name('_'),
        _ => format!("tasmota_{a:02X}{b:02X}{c:02X}"),
    };
    Profile {
        convention: Convention::Tasmota,
        topic: match turn % 5 {
            0 => format!("{id}/tele/LWT"),
            _ => format!("tele/{id}/LWT"),
        },
        client_id: format!("DVES_{a:02X}{b:02X}{c:02X}"),
        id,
        online: "Online",
        offline: "Offline",
        will_qos: QoS::AtLeastOnce,
        birth_qos: QoS::AtLeastOnce,
        clean_session: true,
    }
}

/// One of three has a topic prefix with two levels.
fn esphome(naming: &mut Naming, turn: usize) -> Profile {
    let id = naming.name(if turn % 3 == 2 { '/' } else { '-' });
    let [a, b, c] = naming.address();
    Profile {
        convention: Convention::Esphome,
        topic: format!("{id}/status"),
        // The node's name and its address; the prefix may have levels, a name never.
        client_id: format!("{}-30aea4{a:02x}{b:02x}{c:02x}", id.replace('/', "-")),
        id,
        online: "online",
        offline: "offline",
        will_qos: QoS::AtMostOnce,
        birth_qos: QoS::AtMostOnce,
        clean_session: false,
    }
}

/// A home-made sketch.
fn lwt(naming: &mut Naming) -> Profile {
    let id = naming.name('-');
    Profile {
        convention: Convention::Lwt,
        topic: format!("{id}/LWT"),
        client_id: id.clone(),
        id,
        online: "online",
        offline: "offline",
        will_qos: QoS::AtMostOnce,
        birth_qos: QoS::AtMostOnce,
        clean_session: true,
    }
}

/// A small generator of chance (SplitMix64). Our own, because the names of a seed must not change with the
/// version of a library: pictures and tests quote them.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The sequence that belongs to a seed.
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    /// The next number below `limit`. `limit` is not zero.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        (mixed % limit as u64) as usize
    }
}

/// Gives out names and addresses, each once.
struct Naming {
    chance: Chance,
    taken: HashSet<String>,
}

impl Naming {
    /// A place and mostly a thing in it, with a number from the second of its kind on.
    fn name(&mut self, join: char) -> String {
        let place = PLACES[self.chance.below(PLACES.len())];
        let thing = THINGS[self.chance.below(THINGS.len())];
        // A name with levels needs both.
        let name = match self.chance.below(6) {
            0 if join != '/' => place.to_owned(),
            _ => format!("{place}{join}{thing}"),
        };
        // `garage/cam` and `garage-cam` would be easy to confuse, and ESPHome's client ids would be equal.
        let plain = name.replace(['/', '_'], "-");
        let mut number = 1;
        let mut numbered = plain.clone();
        while !self.taken.insert(numbered) {
            number += 1;
            numbered = format!("{plain}{number}");
        }
        if number == 1 { name } else { format!("{name}{number}") }
    }

    /// The last three bytes of a hardware address.
    fn address(&mut self) -> [u8; 3] {
        loop {
            let [a, b, c] = [(); 3].map(|()| self.chance.below(256) as u8);
            if self.taken.insert(format!("{a:02x}{b:02x}{c:02x}")) {
                return [a, b, c];
            }
        }
    }
}

const PLACES: [&str; 36] = [
    "attic",
    "balcony",
    "barn",
    "basement",
    "bathroom",
    "bedroom",
    "boiler-room",
    "carport",
    "cellar",
    "driveway",
    "garage",
    "garden",
    "gate",
    "greenhouse",
    "guest-room",
    "hallway",
    "kitchen",
    "landing",
    "laundry",
    "library",
    "living-room",
    "nursery",
    "office",
    "orchard",
    "pantry",
    "patio",
    "pond",
    "pool",
    "porch",
    "roof",
    "shed",
    "stable",
    "stairs",
    "studio",
    "terrace",
    "workshop",
];

const THINGS: [&str; 30] = [
    "air",
    "blinds",
    "cam",
    "clock",
    "co2",
    "door",
    "dimmer",
    "fan",
    "freezer",
    "fridge",
    "heater",
    "lamp",
    "leak",
    "light",
    "lock",
    "meter",
    "motion",
    "plug",
    "printer",
    "pump",
    "radio",
    "relay",
    "scale",
    "shutter",
    "siren",
    "smoke",
    "soil",
    "thermostat",
    "valve",
    "window",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_client_ids_and_topics_are_unique() {
        let all = profiles(2500, 1);
        for key in
            [|p: &Profile| p.id.clone(), |p: &Profile| p.client_id.clone(), |p: &Profile| p.topic.clone()]
        {
            assert_eq!(all.iter().map(key).collect::<HashSet<_>>().len(), all.len());
        }
    }

    #[test]
    fn a_seed_always_gives_the_same_devices_and_a_larger_fleet_begins_with_them() {
        let twelve = profiles(12, 1);
        assert_eq!(twelve, profiles(40, 1)[..12]);
        assert_ne!(twelve, profiles(12, 2));
        for convention in Convention::ALL {
            assert!(twelve.iter().any(|p| p.convention == convention), "no {convention} among twelve");
        }
    }

    /// The dialects that a board must understand are all there in the default fleet.
    #[test]
    fn forty_devices_show_every_dialect() {
        let topics: Vec<_> = profiles(40, 1).into_iter().map(|p| p.topic).collect();
        let has = |what: &str, test: &dyn Fn(&str) -> bool| {
            assert!(topics.iter().any(|topic| test(topic)), "no {what} in {topics:#?}");
        };
        has("Taichi-Maker advice", &|t| t.ends_with("-will"));
        has("Taichi-Maker course code", &|t| t.ends_with("-Will"));
        has("Tasmota default", &|t| t.starts_with("tele/tasmota_"));
        has("Tasmota named", &|t| t.starts_with("tele/") && !t.contains("tasmota_"));
        has("Tasmota turned round", &|t| t.ends_with("/tele/LWT"));
        has("ESPHome with one level", &|t| t.ends_with("/status") && t.matches('/').count() == 1);
        has("ESPHome with two levels", &|t| t.ends_with("/status") && t.matches('/').count() == 2);
        has("generic LWT", &|t| t.ends_with("/LWT") && !t.contains("tele"));
    }
}
