//! Which convention owns a topic: the contract's precedence, as a table built once and read per message.
//!
//! Finding the owner allocates nothing, and a topic that nobody owns costs one look at its last level.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use hashbrown::HashMap;

use crate::key::{ByKey, ByTopic, Key, Seeded};

use super::{CONVENTIONS, Convention, Level, Parent, ParentBy, Pattern, Status, word};

/// How many base topics other than the default ones are known at once.
pub const MOST_BASES: usize = 16;

/// The owner of a topic.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The convention.
    pub convention: &'static Convention,
    /// Its place in [`CONVENTIONS`], which is shorter to keep.
    pub number: u8,
    /// The pattern that the topic matches.
    pub pattern: &'static Pattern,
    /// Where the device's id stands.
    pub id: Id,
}

/// Where the device's id stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Id {
    /// In these bytes of the topic.
    Topic(Range<usize>),
    /// In these bytes of the topic, below a base topic that is not the default one: both are the id.
    Based {
        /// The base topic.
        base: Range<usize>,
        /// The device's own part; empty when the base topic is the id.
        own: Range<usize>,
    },
    /// In the payload: many devices share the topic.
    Payload,
}

/// A topic that metadata named for the status of one device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    /// The convention's place in [`CONVENTIONS`].
    pub number: u8,
    /// The device's id.
    pub id: Box<str>,
    /// The topic of the metadata that named it.
    pub source: Box<str>,
    /// The word that means online.
    pub online: Box<str>,
    /// The word that means offline.
    pub offline: Box<str>,
}

impl Named {
    /// The status in a payload on the topic; trimmed and in any case, as every plain word.
    pub fn read(&self, payload: &[u8]) -> Option<Status> {
        let word = word(payload)?;
        if word.eq_ignore_ascii_case(self.online.as_bytes()) {
            Some(Status::Online)
        } else {
            word.eq_ignore_ascii_case(self.offline.as_bytes()).then_some(Status::Offline)
        }
    }
}

/// The patterns of every convention, in order of precedence, grouped so that few are tried.
#[derive(Debug)]
pub struct Owners {
    /// Below a filter that the user gave, a suffix convention owns its suffix at any depth.
    any_depth: bool,
    /// Patterns that end in a literal level, grouped by it.
    by_last_level: Vec<(&'static str, Vec<Candidate>)>,
    /// All others.
    others: Vec<Candidate>,
    /// Topics that metadata named: they have their owner before any pattern is asked.
    named: ByTopic<Named>,
    /// The topic that each metadata topic named. Several may name the same one; the first has the say.
    named_by: BTreeMap<Box<str>, Box<str>>,
    /// The topic that was named for a device.
    named_for: ByKey<Box<str>>,
    /// Base topics other than the defaults, by the convention that uses them.
    bases: Vec<(u8, Box<str>)>,
}

#[derive(Copy, Clone, Debug)]
struct Candidate {
    number: u8,
    pattern: &'static Pattern,
}

impl Candidate {
    fn precedence(&self) -> impl Ord + use<> {
        (std::cmp::Reverse(self.pattern.literal_levels()), self.number)
    }
}

impl Owner {
    /// The device's id: from the topic, or from the payload, which said this.
    pub fn id_in<'a>(&self, topic: &'a str, said: Option<&'a str>) -> Option<Cow<'a, str>> {
        match &self.id {
            Id::Topic(range) => Some(topic[range.clone()].into()),
            Id::Based { base, own } => Some(based_id(&topic[base.clone()], &topic[own.clone()])),
            Id::Payload => said.map(Cow::Borrowed),
        }
    }

    /// The id of another device below the same base topic.
    pub fn sibling<'a>(&self, topic: &'a str, own: &'a str) -> Cow<'a, str> {
        match &self.id {
            Id::Based { base, .. } => based_id(&topic[base.clone()], own),
            Id::Topic(_) | Id::Payload => own.into(),
        }
    }

    /// The base topic, if the pattern has one.
    pub fn base<'a>(&self, topic: &'a str) -> Option<&'a str> {
        match (self.pattern.levels.first(), &self.id) {
            (Some(Level::Base(_)), Id::Based { base, .. }) => Some(&topic[base.clone()]),
            (Some(Level::Base(default)), _) => Some(default),
            _ => None,
        }
    }

    /// What stands in the topic for the id, without a base topic before it.
    pub fn own_id<'a>(&self, topic: &'a str) -> &'a str {
        match &self.id {
            Id::Topic(own) | Id::Based { own, .. } => &topic[own.clone()],
            Id::Payload => "",
        }
    }
}

/// Contract, section 1: a base topic other than the default is put before the id.
fn based_id<'a>(base: &'a str, own: &'a str) -> Cow<'a, str> {
    if own.is_empty() { base.into() } else { [base, ":", own].concat().into() }
}

impl Owners {
    /// The table of the conventions in [`CONVENTIONS`].
    ///
    /// `explicit_filters`: the user chose the filters, so the suffix conventions apply at any depth.
    pub fn new(explicit_filters: bool) -> Owners {
        Owners::seeded(explicit_filters, Seeded::with_seed(0))
    }

    /// The same, with hashes that nobody can know who chooses the topics.
    pub(crate) fn seeded(explicit_filters: bool, seeded: Seeded) -> Owners {
        let mut owners = Owners {
            any_depth: explicit_filters,
            by_last_level: Vec::new(),
            others: Vec::new(),
            named: HashMap::with_hasher(seeded.clone()),
            named_by: BTreeMap::new(),
            named_for: HashMap::with_hasher(seeded),
            bases: Vec::new(),
        };
        for (number, convention) in CONVENTIONS.iter().enumerate() {
            for pattern in convention.patterns {
                let candidate = Candidate { number: number as u8, pattern };
                let group = match pattern.levels.last() {
                    Some(&Level::Literal(last)) => {
                        let groups = &mut owners.by_last_level;
                        let known = groups.iter().position(|(level, _)| *level == last);
                        let place = known.unwrap_or(groups.len());
                        if known.is_none() {
                            groups.push((last, Vec::new()));
                        }
                        &mut groups[place].1
                    }
                    _ => &mut owners.others,
                };
                group.push(candidate);
            }
        }
        for group in owners.by_last_level.iter_mut().map(|(_, group)| group).chain([&mut owners.others]) {
            // Stable: patterns of one convention keep the order in which it lists them.
            group.sort_by_key(Candidate::precedence);
        }
        owners
    }

    /// The owner of a topic, by the pattern with the most literal levels, then by the order of the table.
    pub fn owner(&self, topic: &str) -> Option<Owner> {
        let last = &topic[last_level(topic)..];
        let group = self.by_last_level.iter().find(|(level, _)| *level == last);
        let by_last_level = group.and_then(|(_, group)| self.first_match(group, topic));
        let other = self.first_match(&self.others, topic);
        let (candidate, id) = match (by_last_level, other) {
            (Some(one), Some(other)) if other.0.precedence() < one.0.precedence() => other,
            (Some(one), _) => one,
            (None, other) => other?,
        };
        let Candidate { number, pattern } = candidate;
        let id = if pattern.vocabulary.names_device() { Id::Payload } else { id };
        Some(Owner { convention: CONVENTIONS[number as usize], number, pattern, id })
    }

    fn first_match(&self, candidates: &[Candidate], topic: &str) -> Option<(Candidate, Id)> {
        candidates.iter().find_map(|&candidate| {
            let generic = CONVENTIONS[candidate.number as usize].generic;
            let id = self.id(candidate, topic)?;
            let barred = generic && is_reserved(topic);
            (!barred).then_some((candidate, id))
        })
    }

    /// Where the id stands in the topic, if the pattern matches.
    fn id(&self, Candidate { number, pattern }: Candidate, topic: &str) -> Option<Id> {
        let is_id = |level: &Level| matches!(level, Level::Id | Level::IdPath | Level::IdThen(_));
        let has_id = || pattern.levels.iter().any(is_id);
        let &[Level::Base(default), ref levels @ ..] = pattern.levels else {
            let any_depth = CONVENTIONS[number as usize].generic && self.any_depth;
            let id = id_range(pattern.levels, topic, any_depth)?;
            return (has_id() != id.is_empty()).then_some(Id::Topic(id));
        };
        let below = |base: &str| {
            let own = topic.strip_prefix(base)?.strip_prefix('/')?;
            let id = id_range(levels, own, self.any_depth)?;
            let start = base.len() + 1;
            (has_id() != id.is_empty()).then_some((0..base.len(), start + id.start..start + id.end))
        };
        // A pattern without a wildcard takes its base topic as id.
        if let Some((base, own)) = below(default) {
            return Some(Id::Topic(if has_id() { own } else { base }));
        }
        let root = Some(first_level(topic)).filter(|root| !root.is_empty())?;
        if root.starts_with('$') || RESERVED_ROOTS.contains(&root) || RESERVED_BASES.contains(&root) {
            return None;
        }
        let by_base = |parent: &Parent| parent.by == ParentBy::Base;
        let (base, own) = if CONVENTIONS[number as usize].parent.as_ref().is_some_and(by_base) {
            // Only what they hang on can tell that these are theirs. One base topic may lie below another.
            let known = self.bases.iter().filter(|(user, _)| *user == number);
            known.filter_map(|(_, base)| below(base)).max_by_key(|(base, _)| base.end)?
        } else if !self.any_depth {
            return None;
        } else if has_id() {
            below(root)?
        } else {
            let (place, _) = topic.rmatch_indices('/').nth(levels.len().checked_sub(1)?)?;
            below(&topic[..place])?
        };
        Some(Id::Based { base, own })
    }

    /// The device that metadata named for this topic.
    pub fn named(&self, topic: &str) -> Option<&Named> {
        if self.named.is_empty() { None } else { self.named.get(topic) }
    }

    /// The topic that metadata named for this device.
    pub(crate) fn topic_of(&self, number: u8, id: &str) -> Option<&str> {
        self.named_for.get(&Key { convention: number, id }).map(|topic| &**topic)
    }

    /// Whether the metadata on this topic may name one, when so many may.
    pub(crate) fn may_name(&self, source: &str, most: usize) -> bool {
        self.named_by.len() < most || self.named_by.contains_key(source)
    }

    /// Metadata names a topic. Returns whether that is new.
    pub(crate) fn name(&mut self, topic: &str, named: Named) -> bool {
        let former = self.named.get(topic);
        if former == Some(&named) {
            return false;
        }
        if let Some((number, id)) = former.map(|former| (former.number, former.id.clone())) {
            self.forget_name_of(number, &id, topic);
        }
        self.named_by.insert(named.source.clone(), topic.into());
        self.named_for.insert(Key { convention: named.number, id: &named.id }.into(), topic.into());
        self.named.insert(topic.into(), named);
        true
    }

    /// Other metadata names a topic that is named already.
    pub(crate) fn name_too(&mut self, topic: &str, source: &str) {
        self.named_by.insert(source.into(), topic.into());
    }

    fn forget_name_of(&mut self, number: u8, id: &str, topic: &str) {
        if self.topic_of(number, id) == Some(topic) {
            self.named_for.remove(&Key { convention: number, id });
        }
    }

    /// The topic that the metadata on this topic named is not named any more, unless it is this one or other
    /// metadata names it too. Returns which it was, and whose.
    pub(crate) fn unname(&mut self, source: &str, but: Option<&str>) -> Option<(Box<str>, Named)> {
        self.named_by.get(source).filter(|topic| but != Some(topic))?;
        let topic = self.named_by.remove(source)?;
        let named = self.named.get_mut(&topic).filter(|named| *named.source == *source)?;
        if let Some((heir, _)) = self.named_by.iter().find(|(_, other)| **other == topic) {
            named.source = heir.clone();
            return None;
        }
        let named = self.named.remove(&topic)?;
        self.forget_name_of(named.number, &named.id, &topic);
        Some((topic, named))
    }

    /// The base topics of the devices that hang on those of this convention, without the default ones.
    pub(crate) fn bases(&self, parent_number: u8) -> impl Iterator<Item = &str> {
        let slug = CONVENTIONS[parent_number as usize].slug;
        let hangs =
            move |user: u8| CONVENTIONS[user as usize].parent.as_ref().is_some_and(|p| p.slug == slug);
        self.bases.iter().filter(move |(user, _)| hangs(*user)).map(|(_, base)| &**base)
    }

    /// Nothing has this base topic any more.
    pub(crate) fn forget_base(&mut self, base: &str) {
        self.bases.retain(|(_, known)| **known != *base);
    }

    /// A device of this convention is there: its id is the base topic of those that hang on it. Returns the
    /// filters that bring these, if the base topic is another than the default and was not known yet; `None`
    /// when there are too many.
    pub(crate) fn learn_base(&mut self, parent_number: u8, id: &str) -> Option<Vec<String>> {
        let parent_slug = CONVENTIONS[parent_number as usize].slug;
        let mut filters = Vec::new();
        for (number, convention) in CONVENTIONS.iter().enumerate() {
            let number = number as u8;
            let hangs = |parent: &Parent| parent.slug == parent_slug && parent.by == ParentBy::Base;
            let is_default =
                |pattern: &Pattern| matches!(pattern.levels.first(), Some(Level::Base(base)) if *base == id);
            if !convention.parent.as_ref().is_some_and(hangs)
                || convention.patterns.iter().any(is_default)
                || self.bases.iter().any(|(user, base)| *user == number && **base == *id)
            {
                continue;
            }
            if self.bases.len() >= MOST_BASES {
                return None;
            }
            self.bases.push((number, id.into()));
            for pattern in convention.patterns {
                filters.extend(filters_of(pattern, Some(id)));
            }
        }
        Some(filters)
    }
}

/// Where the last level begins. By the byte: a page built for size searches characters slowly, and this is done with
/// every message.
fn last_level(topic: &str) -> usize {
    topic.bytes().rposition(|byte| byte == b'/').map_or(0, |slash| slash + 1)
}

fn first_level(topic: &str) -> &str {
    topic.bytes().position(|byte| byte == b'/').map_or(topic, |slash| &topic[..slash])
}

/// The bytes of the topic that are the id, if the levels match; from the right, without allocating.
fn id_range(levels: &[Level], topic: &str, any_depth: bool) -> Option<Range<usize>> {
    let mut rest = Some(topic);
    let mut id: Option<Range<usize>> = None;
    for level in levels.iter().rev() {
        let text = rest?;
        if matches!(level, Level::IdPath) {
            if !any_depth && text.bytes().filter(|&byte| byte == b'/').count() > 2 {
                return None;
            }
            return Some(0..text.len());
        }
        let start = last_level(text);
        rest = start.checked_sub(1).map(|slash| &text[..slash]);
        match level {
            Level::Literal(literal) if text[start..] == **literal => {}
            Level::Literal(_) | Level::Base(_) => return None,
            Level::Id | Level::IdPath => id = Some(start..id.map_or(text.len(), |id| id.end)),
            Level::IdThen(suffix) => id = Some(start..start + text[start..].strip_suffix(suffix)?.len()),
        }
    }
    // A level is left over: the topic is deeper than the pattern.
    rest.is_none().then(|| id.unwrap_or(0..0))
}

/// First levels below which no suffix convention owns anything: what lies there belongs to a system whose own
/// convention knows better what it means. In Homie a property may be called `online` or `status`.
pub const RESERVED_ROOTS: &[&str] =
    &["zwave", "ring", "frigate", "espresense", "msh", "hasp", "ebusd", "homie", "N", "spBv1.0", "STATE"];
/// First levels that are nobody's base topic, beside [`RESERVED_ROOTS`]: Valetudo speaks Homie below its own.
const RESERVED_BASES: [&str; 1] = ["valetudo"];
/// Topics that no suffix convention owns, for the same reason.
pub const RESERVED_TOPICS: &[&str] = &["homeassistant/status", "evcc/status", "zigbee2mqtt/bridge/state"];

/// Whether a topic may never become a device of a suffix convention (contract, section 1).
fn is_reserved(topic: &str) -> bool {
    let root = first_level(topic);
    topic.starts_with('$') || RESERVED_ROOTS.contains(&root) || RESERVED_TOPICS.contains(&topic)
}

/// The filters that bring every topic of every convention, in the order in which the board asks for them:
/// those that begin with a literal level, those with two literal levels, the broad ones, `+` last.
pub fn default_filters() -> Vec<String> {
    let mut filters: Vec<String> = Vec::new();
    for pattern in CONVENTIONS.iter().flat_map(|convention| convention.patterns) {
        for filter in filters_of(pattern, None) {
            if !filters.contains(&filter) {
                filters.push(filter);
            }
        }
    }
    filters.sort_by_key(|filter| breadth(filter));
    filters
}

/// The filters that bring the topics of a pattern, below its default base topic or another one.
fn filters_of(pattern: &Pattern, base: Option<&str>) -> Vec<String> {
    let is_path = pattern.levels.iter().any(|level| matches!(level, Level::IdPath));
    let filter = |depth| {
        let mut filter = String::new();
        for level in pattern.levels {
            let (text, times) = match level {
                Level::Literal(text) => (*text, 1),
                Level::Base(default) => (base.unwrap_or(default), 1),
                Level::Id | Level::IdThen(_) => ("+", 1),
                Level::IdPath => ("+", depth),
            };
            for _ in 0..times {
                if !filter.is_empty() {
                    filter.push('/');
                }
                filter += text;
            }
        }
        filter
    };
    (1..=if is_path { 3 } else { 1 }).map(filter).collect()
}

/// How much a filter may bring: 0 for one that begins with a literal level, 1 for one with two literal
/// levels elsewhere, 2 for a suffix, 3 for wildcards alone.
pub(crate) fn breadth(filter: &str) -> usize {
    let mut literals = 0;
    for (position, level) in filter.split('/').enumerate() {
        if level != "+" && level != "#" {
            if position == 0 {
                return 0;
            }
            literals += 1;
        }
    }
    3 - literals.min(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contract's boundary: topic → slug and id.
    fn check(owners: &Owners, topic: &str, expected: Option<(&str, &str)>) {
        let owner = owners.owner(topic);
        let found = owner.as_ref().map(|owner| {
            let id = match &owner.id {
                Id::Topic(range) => &topic[range.clone()],
                Id::Based { own, .. } => &topic[own.clone()],
                Id::Payload => "<payload>",
            };
            (owner.convention.slug, id)
        });
        assert_eq!(found, expected, "owner of {topic:?}");
    }

    #[test]
    fn a_topic_has_one_owner() {
        let owners = Owners::new(false);
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
        for owners in [Owners::new(false), Owners::new(true)] {
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
        check(&Owners::new(false), "ringside/status", Some(("esphome", "ringside")));
        check(&Owners::new(false), "evcc/x/status", Some(("esphome", "evcc/x")));
    }

    #[test]
    fn an_explicit_filter_lets_a_suffix_apply_at_any_depth() {
        let owners = Owners::new(true);
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
            let mut owners = Owners::new(is_explicit);
            let [lamp, lower] = ["rtl_433/lamp/availability", "rtl_433/z2m/attic/lamp/availability"];
            check(&owners, lamp, None);
            let bridge = owners.owner("rtl_433/z2m/bridge/state");
            assert_eq!(bridge.is_some(), is_explicit);
            for base in ["rtl_433", "rtl_433/z2m"] {
                let number = owners.owner("x/bridge/state").expect("any bridge is one").number;
                assert!(owners.learn_base(number, base).is_some_and(|filters| filters.len() == 4));
            }
            check(&owners, lamp, Some(("zigbee2mqtt", "lamp")));
            check(&owners, lower, Some(("zigbee2mqtt", "attic/lamp")));
        }
    }

    #[test]
    fn filters_go_from_literal_to_broad() {
        assert_eq!(
            default_filters(),
            [
                "mqtt-will",
                "tasmota/discovery/+/config",
                "tele/+/LWT",
                "tele/+/+/LWT",
                "home/+/LWT",
                "wled/+/status",
                "shellies/+/online",
                "zigbee2mqtt/bridge/state",
                "zigbee2mqtt/+/availability",
                "zigbee2mqtt/+/+/availability",
                "zigbee2mqtt/+/+/+/availability",
                "zigbee2mqtt/bridge/devices",
                "homie/+/$state",
                "homie/+/$online",
                "homie/+/$name",
                "homie/5/+/$state",
                "homie/5/+/$description",
                "+/tele/LWT",
                "+/+/tele/LWT",
                "+/bridge/state",
                "+/online",
                "+/+/online",
                "+/+/+/online",
                "+/status",
                "+/+/status",
                "+/+/+/status",
                "+/LWT",
                "+/+/LWT",
                "+/+/+/LWT",
                "+",
            ]
        );
    }
}
