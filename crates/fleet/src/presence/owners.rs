//! Which convention owns a topic: the contract's precedence, as a table built once and read per message.
//!
//! Finding the owner allocates nothing, and a topic that nobody owns costs one look at its last level.

use std::ops::Range;

use super::{CONVENTIONS, Convention, Level, Pattern, Vocabulary};

/// The owner of a topic.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The convention.
    pub convention: &'static Convention,
    /// Its place in [`CONVENTIONS`], which is shorter to keep.
    pub number: u8,
    /// How the payload is read.
    pub vocabulary: Vocabulary,
    /// Where the device's id stands.
    pub id: Id,
}

/// Where the device's id stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Id {
    /// In these bytes of the topic.
    Topic(Range<usize>),
    /// In the payload: many devices share the topic.
    Payload,
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

impl Owners {
    /// The table of the conventions in [`CONVENTIONS`].
    ///
    /// `explicit_filters`: the user chose the filters, so the suffix conventions apply at any depth.
    pub fn new(explicit_filters: bool) -> Owners {
        let mut owners =
            Owners { any_depth: explicit_filters, by_last_level: Vec::new(), others: Vec::new() };
        for (number, convention) in CONVENTIONS.iter().enumerate() {
            for pattern in convention.patterns {
                let candidate = Candidate { number: number as u8, pattern };
                let Some(&Level::Literal(last)) = pattern.levels.last() else {
                    owners.others.push(candidate);
                    continue;
                };
                match owners.by_last_level.iter_mut().find(|(level, _)| *level == last) {
                    Some((_, group)) => group.push(candidate),
                    None => owners.by_last_level.push((last, vec![candidate])),
                }
            }
        }
        // Sorting is stable: patterns of one convention keep the order in which it lists them.
        for (_, group) in &mut owners.by_last_level {
            group.sort_by_key(Candidate::precedence);
        }
        owners.others.sort_by_key(Candidate::precedence);
        owners
    }

    /// The owner of a topic, by the pattern with the most literal levels, then by the order of the table.
    pub fn owner(&self, topic: &str) -> Option<Owner> {
        let last = topic.rsplit('/').next().unwrap_or(topic);
        let group = self.by_last_level.iter().find(|(level, _)| *level == last);
        let by_last_level = group.and_then(|(_, group)| self.first_match(group, topic));
        let other = self.first_match(&self.others, topic);
        let (candidate, id) = match (by_last_level, other) {
            (Some(one), Some(other)) if other.0.precedence() < one.0.precedence() => other,
            (Some(one), _) => one,
            (None, other) => other?,
        };
        let vocabulary = candidate.pattern.vocabulary;
        let id = if vocabulary.names_device() { Id::Payload } else { Id::Topic(id) };
        Some(Owner {
            convention: CONVENTIONS[candidate.number as usize],
            number: candidate.number,
            vocabulary,
            id,
        })
    }

    fn first_match(&self, candidates: &[Candidate], topic: &str) -> Option<(Candidate, Range<usize>)> {
        candidates.iter().find_map(|&candidate| {
            let generic = CONVENTIONS[candidate.number as usize].generic;
            let id = id_range(candidate.pattern, topic, generic && self.any_depth)?;
            let nameless = id.is_empty() && !candidate.pattern.vocabulary.names_device();
            let barred = generic && is_reserved(topic);
            (!nameless && !barred).then_some((candidate, id))
        })
    }
}

/// The bytes of the topic that are the id, if the pattern matches; from the right, without allocating.
fn id_range(pattern: &Pattern, topic: &str, any_depth: bool) -> Option<Range<usize>> {
    let mut rest = Some(topic);
    let mut id: Option<Range<usize>> = None;
    for level in pattern.levels.iter().rev() {
        let text = rest?;
        if *level == Level::IdPath {
            if !any_depth && text.bytes().filter(|&byte| byte == b'/').count() > 2 {
                return None;
            }
            return Some(0..text.len());
        }
        let start = text.rfind('/').map_or(0, |slash| slash + 1);
        rest = start.checked_sub(1).map(|slash| &text[..slash]);
        match level {
            Level::Literal(literal) if text[start..] == **literal => {}
            Level::Literal(_) => return None,
            Level::Id | Level::IdPath => id = Some(start..id.map_or(text.len(), |id| id.end)),
            Level::IdThen(suffix) => id = Some(start..start + text[start..].strip_suffix(suffix)?.len()),
        }
    }
    // A level is left over: the topic is deeper than the pattern.
    rest.is_none().then(|| id.unwrap_or(0..0))
}

/// Whether a topic may never become a device of a suffix convention (contract, section 1): it belongs to a
/// system whose own convention knows better what it means.
fn is_reserved(topic: &str) -> bool {
    const TOPICS: [&str; 3] = ["homeassistant/status", "evcc/status", "zigbee2mqtt/bridge/state"];
    const ROOTS: [&str; 10] =
        ["zwave", "ring", "frigate", "espresense", "msh", "hasp", "ebusd", "N", "spBv1.0", "STATE"];
    let root = topic.split('/').next().unwrap_or(topic);
    topic.starts_with('$') || ROOTS.contains(&root) || TOPICS.contains(&topic)
}

/// The filters that bring every topic of every convention, in the order in which the board asks for them:
/// those that begin with a literal level, those with two literal levels, the broad ones, `+` last.
pub fn default_filters() -> Vec<String> {
    let mut filters: Vec<(usize, String)> = Vec::new();
    for pattern in CONVENTIONS.iter().flat_map(|convention| convention.patterns) {
        let depths = if pattern.levels.first() == Some(&Level::IdPath) { 1..=3 } else { 1..=1 };
        for depth in depths {
            let levels: Vec<&str> = pattern
                .levels
                .iter()
                .flat_map(|level| match level {
                    Level::Literal(text) => std::iter::repeat_n(*text, 1),
                    Level::Id | Level::IdThen(_) => std::iter::repeat_n("+", 1),
                    Level::IdPath => std::iter::repeat_n("+", depth),
                })
                .collect();
            let filter = levels.join("/");
            if filters.iter().all(|(_, known)| *known != filter) {
                filters.push((breadth(&filter), filter));
            }
        }
    }
    filters.sort_by_key(|(breadth, _)| *breadth);
    filters.into_iter().map(|(_, filter)| filter).collect()
}

/// How much a filter may bring: 0 for one that begins with a literal level, 1 for one with two literal
/// levels elsewhere, 2 for a suffix, 3 for wildcards alone.
pub(crate) fn breadth(filter: &str) -> usize {
    let is_literal = |level: &str| level != "+" && level != "#";
    let literals = filter.split('/').filter(|level| is_literal(level)).count();
    if filter.split('/').next().is_some_and(is_literal) { 0 } else { 3 - literals.min(2) }
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
                "zigbee2mqtt/bridge/state",
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
    }

    #[test]
    fn filters_go_from_literal_to_broad() {
        assert_eq!(
            default_filters(),
            [
                "mqtt-will",
                "tele/+/LWT",
                "tele/+/+/LWT",
                "home/+/LWT",
                "wled/+/status",
                "+/tele/LWT",
                "+/+/tele/LWT",
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
