//! All conventions that a board knows: the built-in ones, and those that are registered at run time.
//!
//! The topic filters of the board are derived from it. It knows no topics of devices: that is [`super::Owners`].

use std::ops::Index;

use super::convention::{Convention, Level, ParentBy, Pattern};

/// A convention of a [`Registry`]. It stays the same however many are registered, and means nothing to another registry
/// with others in it.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConventionId(u16);

/// The conventions by their [`ConventionId`].
#[derive(Clone, Debug)]
pub struct Registry {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    convention: Convention,
    precedence: Precedence,
    dependence: Option<Dependence>,
}

/// Which of the conventions own a topic that the patterns of several match.
///
/// Within one of these ranks it is the pattern with the most literal levels, then the convention registered first.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Precedence {
    /// Before the built-in conventions, however literal their patterns are.
    BeforeBuiltIn,
    /// As one of the built-in conventions.
    BuiltIn,
    /// Only topics that no built-in convention owns.
    AfterBuiltIn,
}

/// Why a convention cannot be registered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RegisterError {
    /// The slug is empty, or another convention has it.
    Slug,
    /// The pattern at this place cannot be matched (see [`Level`]).
    Pattern(usize),
    /// There are too many conventions.
    TooMany,
}

/// What the devices of a convention depend on, with the convention of their parents looked up.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Dependence {
    pub(crate) convention: ConventionId,
    pub(crate) by: ParentBy,
    pub(crate) follows: bool,
}

/// # Making
impl Registry {
    /// A registry with the built-in conventions.
    pub fn built_in() -> Registry {
        let mut registry = Registry { entries: Vec::new() };
        for convention in super::built_in() {
            registry.register(convention, Precedence::BuiltIn).expect("the built-in conventions are valid");
        }
        registry
    }

    /// Adds a convention.
    ///
    /// # Errors
    /// When its slug is taken or one of its patterns cannot be matched.
    pub fn register(
        &mut self,
        convention: Convention,
        precedence: Precedence,
    ) -> Result<ConventionId, RegisterError> {
        if convention.slug.is_empty() || self.find(&convention.slug).is_some() {
            return Err(RegisterError::Slug);
        }
        if let Some(place) = convention.patterns.iter().position(|pattern| !pattern.is_valid()) {
            return Err(RegisterError::Pattern(place));
        }
        let id = u16::try_from(self.entries.len()).map_err(|_| RegisterError::TooMany)?;
        self.entries.push(Entry { convention, precedence, dependence: None });
        // A parent may be registered after what depends on it.
        for place in 0..self.entries.len() {
            let parent = self.entries[place].convention.parent.as_ref();
            let dependence = parent.and_then(|parent| {
                let convention = self.find(&parent.slug)?;
                Some(Dependence { convention, by: parent.by, follows: parent.follows })
            });
            self.entries[place].dependence = dependence;
        }
        Ok(ConventionId(id))
    }
}

/// # Reading
impl Registry {
    /// The convention with this slug.
    pub fn find(&self, slug: &str) -> Option<ConventionId> {
        let place = self.entries.iter().position(|entry| entry.convention.slug == slug)?;
        Some(ConventionId(place as u16))
    }

    /// All conventions, in the order in which they were registered: the built-in ones first.
    pub fn iter(&self) -> impl Iterator<Item = (ConventionId, &Convention)> {
        (0..).map(ConventionId).zip(self.entries.iter().map(|entry| &entry.convention))
    }

    pub(super) fn precedence(&self, id: ConventionId) -> Precedence {
        self.entry(id).precedence
    }

    /// What the devices of a convention depend on.
    pub(crate) fn dependence(&self, id: ConventionId) -> Option<Dependence> {
        self.entry(id).dependence
    }

    fn entry(&self, id: ConventionId) -> &Entry {
        &self.entries[usize::from(id.0)]
    }

    /// The filters that match every topic of every convention, in the order in which the board subscribes to them:
    /// those that begin with a literal level, those with two literal levels, the broad ones, `+` last.
    pub fn default_filters(&self) -> Vec<String> {
        let mut filters: Vec<String> = Vec::new();
        for pattern in self.iter().flat_map(|(_, convention)| &convention.patterns) {
            for filter in filters_of(pattern, None) {
                if !filters.contains(&filter) {
                    let place = filters.partition_point(|known| breadth(known) <= breadth(&filter));
                    filters.insert(place, filter);
                }
            }
        }
        filters
    }
}

impl Default for Registry {
    fn default() -> Registry {
        Registry::built_in()
    }
}

/// # Panics
/// With the id of another registry, if this one has fewer conventions.
impl Index<ConventionId> for Registry {
    type Output = Convention;

    fn index(&self, id: ConventionId) -> &Convention {
        &self.entry(id).convention
    }
}

/// The filters that match the topics of a pattern, below its default base topic or another one.
pub(super) fn filters_of(pattern: &Pattern, base: Option<&str>) -> impl Iterator<Item = String> {
    let is_path = pattern.levels.contains(&Level::IdPath);
    (1..=if is_path { 3 } else { 1 }).map(move |depth| {
        let levels = pattern.levels.iter().flat_map(|level| match level {
            Level::Literal(text) => std::iter::repeat_n(&**text, 1),
            Level::Base(default) => std::iter::repeat_n(base.unwrap_or(default), 1),
            Level::Id | Level::IdThen(_) => std::iter::repeat_n("+", 1),
            Level::IdPath => std::iter::repeat_n("+", depth),
        });
        levels.collect::<Vec<&str>>().join("/")
    })
}

/// How much a filter may match: 0 for one that begins with a literal level, 1 for one with two literal
/// levels elsewhere, 2 for a suffix, 3 for wildcards alone.
pub(crate) fn breadth(filter: &str) -> usize {
    let is_literal = |level: &&str| *level != "+" && *level != "#";
    if filter.split('/').next().is_some_and(|first| is_literal(&first)) {
        return 0;
    }
    3 - filter.split('/').filter(is_literal).count().min(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conventions::{Vocabulary, Words};
    use crate::status::Status;

    fn convention(slug: &'static str, levels: Vec<Level>) -> Convention {
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
    fn a_convention_is_checked_before_it_is_registered() {
        use Level::{Id, IdPath};
        let (literal, base, id_then) = (Level::literal, Level::base, Level::id_then);
        for (slug, levels, expected) in [
            ("rule:a", vec![Id, literal("state")], Ok(())),
            ("rule:b", vec![base("home/z2m"), Id, Id, literal("state")], Ok(())),
            ("rule:c", vec![literal("evcc"), literal("state")], Ok(())),
            ("", vec![Id], Err(RegisterError::Slug)),
            ("lwt", vec![Id], Err(RegisterError::Slug)),
            ("bad", vec![], Err(RegisterError::Pattern(0))),
            ("bad", vec![literal("a/b")], Err(RegisterError::Pattern(0))),
            ("bad", vec![literal("+")], Err(RegisterError::Pattern(0))),
            ("bad", vec![literal("")], Err(RegisterError::Pattern(0))),
            ("bad", vec![base("a")], Err(RegisterError::Pattern(0))),
            ("bad", vec![Id, base("a")], Err(RegisterError::Pattern(0))),
            ("bad", vec![Id, literal("a"), Id], Err(RegisterError::Pattern(0))),
            ("bad", vec![IdPath, IdPath], Err(RegisterError::Pattern(0))),
            ("bad", vec![Id, IdPath], Err(RegisterError::Pattern(0))),
            ("bad", vec![Id, id_then("-will")], Err(RegisterError::Pattern(0))),
        ] {
            let mut registry = Registry::built_in();
            let result = registry.register(convention(slug, levels.clone()), Precedence::AfterBuiltIn);
            assert_eq!(result.clone().map(|_| ()), expected, "{slug} {levels:?}");
            if let Ok(id) = result {
                assert_eq!((&*registry[id].slug, registry.find(slug)), (slug, Some(id)));
            }
        }
    }

    #[test]
    fn a_parent_may_be_registered_after_what_depends_on_it() {
        let mut registry = Registry::built_in();
        let mut child = convention("child", vec![Level::Id]);
        child.parent = Some(super::super::Parent { slug: "hub".into(), by: ParentBy::Base, follows: false });
        let child = registry.register(child, Precedence::AfterBuiltIn).expect("it is valid");
        assert_eq!(registry.dependence(child), None);
        let hub = convention("hub", vec![literal_hub()]);
        let hub = registry.register(hub, Precedence::AfterBuiltIn).expect("it is valid");
        assert_eq!(registry.dependence(child).map(|dependence| dependence.convention), Some(hub));
    }

    fn literal_hub() -> Level {
        Level::literal("hub")
    }

    #[test]
    fn filters_go_from_literal_to_broad() {
        assert_eq!(
            Registry::built_in().default_filters(),
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
