//! Which convention owns a topic: the contract's precedence, as a table that is built once and read per message.
//!
//! Finding the owner allocates nothing, and a topic that no convention owns costs one look at its last level.

mod bases;
mod levels;
mod matching;
mod owner;
mod reserved;

use super::convention::{Convention, Pattern};
use super::registry::{ConventionId, Precedence, RegisterError, Registry};
use bases::Bases;
use levels::last_level;
use matching::Candidate;

pub use bases::MAX_BASES;
pub use owner::{Id, Owner};
pub use reserved::{RESERVED_ROOTS, RESERVED_TOPICS};

/// The patterns of every convention, in order of precedence, grouped so that few are tried.
#[derive(Debug)]
pub struct Owners {
    registry: Registry,
    /// Below a filter that the user gave, a suffix convention owns its suffix at any depth.
    any_depth: bool,
    /// Patterns that end in a literal level, grouped by it.
    by_last_level: Vec<(Box<str>, Vec<Candidate>)>,
    /// All others.
    others: Vec<Candidate>,
    /// Base topics other than the defaults.
    bases: Bases,
}

impl Owners {
    /// The table of the conventions in a registry.
    ///
    /// `explicit_filters`: the user chose the filters, so the suffix conventions apply at any depth.
    pub fn new(registry: Registry, explicit_filters: bool) -> Owners {
        let mut owners = Owners {
            registry,
            any_depth: explicit_filters,
            by_last_level: Vec::new(),
            others: Vec::new(),
            bases: Bases::default(),
        };
        for id in owners.registry.iter().map(|(id, _)| id).collect::<Vec<_>>() {
            owners.add_patterns(id);
        }
        owners
    }

    /// Adds a convention. It owns topics from now on.
    ///
    /// # Errors
    /// As [`Registry::register`].
    pub fn register(
        &mut self,
        convention: Convention,
        precedence: Precedence,
    ) -> Result<ConventionId, RegisterError> {
        let id = self.registry.register(convention, precedence)?;
        self.add_patterns(id);
        Ok(id)
    }

    fn add_patterns(&mut self, id: ConventionId) {
        for candidate in Candidate::all_of(&self.registry, id) {
            let group = match candidate.last_literal() {
                Some(last) => {
                    let known = self.by_last_level.iter().position(|(level, _)| **level == *last);
                    let place = known.unwrap_or_else(|| {
                        self.by_last_level.push((last.into(), Vec::new()));
                        self.by_last_level.len() - 1
                    });
                    &mut self.by_last_level[place].1
                }
                None => &mut self.others,
            };
            // Behind its equals: patterns of one convention keep the order in which it lists them.
            let place = group.partition_point(|known| known.precedence() <= candidate.precedence());
            group.insert(place, candidate);
        }
    }

    /// The conventions.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The pattern by which a topic has its owner.
    pub fn pattern(&self, owner: &Owner) -> &Pattern {
        &self.registry[owner.convention].patterns[usize::from(owner.pattern)]
    }

    /// The owner of a topic: the convention of the matching pattern that comes first (see [`Precedence`]).
    pub fn owner(&self, topic: &str) -> Option<Owner> {
        let last = &topic[last_level(topic)..];
        let group = self.by_last_level.iter().find(|(level, _)| **level == *last);
        let by_last_level = group.and_then(|(_, group)| self.first_match(group, topic));
        let other = self.first_match(&self.others, topic);
        match (by_last_level, other) {
            (Some(one), Some(other)) if other.0.precedence() < one.0.precedence() => Some(other.1),
            (Some(one), _) => Some(one.1),
            (None, other) => other.map(|(_, owner)| owner),
        }
    }

    /// The base topics of the devices that depend on those of this convention, without the default ones.
    pub(crate) fn bases(&self, parent: ConventionId) -> impl Iterator<Item = &str> {
        self.bases.of_parent(parent, &self.registry)
    }

    /// A device of this convention exists: its id is the base topic of those that depend on it. Returns the
    /// filters that match these, if the base topic is another than the default and was not known yet; `None`
    /// when there are too many.
    pub(crate) fn learn_base(&mut self, parent: ConventionId, id: &str) -> Option<Vec<String>> {
        self.bases.learn(parent, id, &self.registry)
    }

    /// Forgets a base topic that is not used any more.
    pub(crate) fn forget_base(&mut self, base: &str) {
        self.bases.forget(base);
    }

    fn first_match<'a>(&self, candidates: &'a [Candidate], topic: &str) -> Option<(&'a Candidate, Owner)> {
        candidates
            .iter()
            .find_map(|candidate| Some((candidate, candidate.owner(topic, self.any_depth, &self.bases)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conventions::{Level, Pattern, Vocabulary, Words};
    use crate::status::Status;

    fn owners(explicit_filters: bool) -> Owners {
        Owners::new(Registry::built_in(), explicit_filters)
    }

    /// The contract's boundary: topic → slug and id.
    fn check(owners: &Owners, topic: &str, expected: Option<(&str, &str)>) {
        let owner = owners.owner(topic);
        let found = owner.as_ref().map(|owner| {
            let id = match &owner.id {
                Id::Topic(range) => &topic[range.clone()],
                Id::Based { own, .. } => &topic[own.clone()],
                Id::Payload => "<payload>",
            };
            (owners.registry()[owner.convention].slug.to_string(), id.to_owned())
        });
        let expected = expected.map(|(slug, id)| (slug.to_owned(), id.to_owned()));
        assert_eq!(found, expected, "owner of {topic:?}");
    }

    #[test]
    fn a_topic_has_one_owner() {
        let owners = self::owners(false);
        for (topic, expected) in [
            ("client-1-will", Some(("taichi-maker", "client-1"))),
            ("x-Will", Some(("taichi-maker", "x"))),
            ("x-WILL", None),
            ("-will", None),
            ("a/x-will", None),
            ("mqtt-will", Some(("taichi-maker", "<payload>"))),
            ("tele/tasmota_49A3BC/LWT", Some(("tasmota", "tasmota_49A3BC"))),
            ("tasmota_49A3BC/tele/LWT", Some(("tasmota", "tasmota_49A3BC"))),
            ("attic/plug/tele/LWT", Some(("tasmota", "attic/plug"))),
            ("tele/attic/plug/LWT", Some(("tasmota", "attic/plug"))),
            // Equally literal patterns: the table's order, then the pattern's.
            ("home/tele/LWT", Some(("tasmota", "home"))),
            ("tele/tele/LWT", Some(("tasmota", "tele"))),
            ("home/OMG_ESP32/LWT", Some(("openmqttgateway", "OMG_ESP32"))),
            ("home/attic/OMG/LWT", Some(("lwt", "home/attic/OMG"))),
            ("wled/18b3c8/status", Some(("wled", "18b3c8"))),
            ("wled/status", Some(("esphome", "wled"))),
            ("garage/cam/status", Some(("esphome", "garage/cam"))),
            ("a/b/c/status", Some(("esphome", "a/b/c"))),
            ("a/b/c/d/status", None),
            ("status", None),
            ("/status", None),
            ("espeasy1/LWT", Some(("lwt", "espeasy1"))),
            ("tele/LWT", Some(("lwt", "tele"))),
            ("LWT", None),
            ("ü/status", Some(("esphome", "ü"))),
            ("", None),
            ("/", None),
            ("tele/lamp1/STATE", None),
            ("tasmota/discovery/DC4F2249A3BC/config", Some(("tasmota", "DC4F2249A3BC"))),
            ("tasmota/discovery/DC4F2249A3BC/sensors", None),
            ("shellies/shelly1-328900/online", Some(("shelly-gen1", "shelly1-328900"))),
            ("shellies/online", Some(("shelly", "shellies"))),
            ("shellies/a/b/online", Some(("shelly", "shellies/a/b"))),
            ("shellies/announce", None),
            ("zigbee2mqtt/bridge/state", Some(("zigbee2mqtt-bridge", "zigbee2mqtt"))),
            ("attic-z2m/bridge/state", Some(("zigbee2mqtt-bridge", "attic-z2m"))),
            ("home/attic-z2m/bridge/state", None),
            ("zigbee2mqtt/lamp/availability", Some(("zigbee2mqtt", "lamp"))),
            ("zigbee2mqtt/kitchen/lamp/availability", Some(("zigbee2mqtt", "kitchen/lamp"))),
            ("zigbee2mqtt/bridge/availability", Some(("zigbee2mqtt", "bridge"))),
            ("zigbee2mqtt/availability", None),
            ("attic-z2m/lamp/availability", None),
            ("homie/super-car/$state", Some(("homie", "super-car"))),
            ("homie/686f6d6965/$online", Some(("homie", "686f6d6965"))),
            ("homie/super-car/$name", Some(("homie", "super-car"))),
            ("homie/5/bridge/$state", Some(("homie5", "bridge"))),
            ("homie/5/bridge/$description", Some(("homie5", "bridge"))),
            ("homie/4/bridge/$state", None),
            // A device of Homie 4 may be called 5.
            ("homie/5/$state", Some(("homie", "5"))),
        ] {
            check(&owners, topic, expected);
        }
    }

    #[test]
    fn a_reserved_topic_never_belongs_to_a_suffix() {
        for owners in [owners(false), owners(true)] {
            for topic in [
                "homeassistant/status",
                "evcc/status",
                "homie/super-car/engine/status",
                "homie/super-car/engine/online",
                "zwave/_CLIENTS/x/status",
                "zwave/driver/status",
                "ring/a/b/c/status",
                "frigate/front/status",
                "espresense/rooms/x/status",
                "msh/EU/2/status",
                "hasp/plate/LWT",
                "ebusd/x/status",
                "N/c06/status",
                "spBv1.0/G/status",
                "STATE/host/status",
                "$SYS/broker/status",
                "$x/LWT",
            ] {
                check(&owners, topic, None);
            }
        }
        // Only the whole level is reserved.
        check(&owners(false), "ringside/status", Some(("esphome", "ringside")));
        check(&owners(false), "evcc/x/status", Some(("esphome", "evcc/x")));
    }

    #[test]
    fn an_explicit_filter_lets_a_suffix_apply_at_any_depth() {
        let owners = self::owners(true);
        check(&owners, "a/b/c/d/e/status", Some(("esphome", "a/b/c/d/e")));
        check(&owners, "tasmota/bedroom/lamp1/tele/LWT", Some(("lwt", "tasmota/bedroom/lamp1/tele")));
        check(&owners, "a/x-will", None);
        check(&owners, "devices/5/bridge/$state", Some(("homie5", "bridge")));
        check(&owners, "devices/car/$state", Some(("homie", "car")));
        for reserved in
            ["valetudo/robot/$state", "frigate/car/$state", "$x/car/$state", "ring/bridge/availability"]
        {
            check(&owners, reserved, None);
        }
    }

    #[test]
    fn another_base_topic_is_known_by_its_bridge() {
        for is_explicit in [false, true] {
            let mut owners = self::owners(is_explicit);
            let [lamp, lower] = ["rtl_433/lamp/availability", "rtl_433/z2m/attic/lamp/availability"];
            check(&owners, lamp, None);
            assert_eq!(owners.owner("rtl_433/z2m/bridge/state").is_some(), is_explicit);
            for base in ["rtl_433", "rtl_433/z2m"] {
                let bridge = owners.owner("x/bridge/state").expect("any bridge is one").convention;
                assert!(owners.learn_base(bridge, base).is_some_and(|filters| filters.len() == 4));
            }
            check(&owners, lamp, Some(("zigbee2mqtt", "lamp")));
            check(&owners, lower, Some(("zigbee2mqtt", "attic/lamp")));
        }
    }

    fn rule(slug: &'static str, levels: Vec<Level>) -> Convention {
        let vocabulary = Vocabulary::Words(Words::new([("up", Status::Online)]));
        Convention {
            slug: slug.into(),
            label: slug.into(),
            patterns: vec![Pattern { levels, vocabulary }],
            announces: true,
            offline_is_will: true,
            parent: None,
            generic: false,
        }
    }

    #[test]
    fn a_convention_registered_at_run_time_stands_before_or_after_the_built_in_ones() {
        let levels = || vec![Level::IdPath, Level::literal("LWT")];
        let mut owners = self::owners(false);
        owners.register(rule("after", levels()), Precedence::AfterBuiltIn).expect("it is valid");
        check(&owners, "tele/lamp/LWT", Some(("tasmota", "lamp")));
        check(&owners, "lamp/LWT", Some(("lwt", "lamp")));
        check(&owners, "hasp/plate/LWT", Some(("after", "hasp/plate")));
        owners.register(rule("before", levels()), Precedence::BeforeBuiltIn).expect("it is valid");
        check(&owners, "tele/lamp/LWT", Some(("before", "tele/lamp")));
        check(&owners, "wled/x/status", Some(("wled", "x")));
    }

    #[test]
    fn a_path_may_stand_between_literal_levels() {
        let mut owners = self::owners(false);
        let levels =
            vec![Level::literal("solar"), Level::IdPath, Level::literal("up"), Level::literal("state")];
        owners.register(rule("solar", levels), Precedence::BeforeBuiltIn).expect("it is valid");
        check(&owners, "solar/roof/up/state", Some(("solar", "roof")));
        check(&owners, "solar/roof/east/2/up/state", Some(("solar", "roof/east/2")));
        for other in [
            "solar/a/b/c/d/up/state",
            "solar/up/state",
            "lunar/roof/up/state",
            "solarroof/up/state",
            "up/state",
        ] {
            check(&owners, other, None);
        }
    }
}
