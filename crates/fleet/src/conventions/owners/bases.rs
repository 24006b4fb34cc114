//! Base topics other than the default ones, learned from the devices that have them as their id.

use crate::conventions::convention::ParentBy;
use crate::conventions::registry::{ConventionId, Registry, filters_of};

/// How many base topics other than the default ones are known at once.
pub const MAX_BASES: usize = 16;

/// Base topics, each with the convention whose topics lie below it.
#[derive(Default, Debug)]
pub(super) struct Bases(Vec<(ConventionId, Box<str>)>);

impl Bases {
    /// The base topics of a convention.
    pub(super) fn used_by(&self, convention: ConventionId) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(user, _)| *user == convention).map(|(_, base)| &**base)
    }

    /// The base topics of all conventions whose devices depend on those of this one.
    pub(super) fn of_parent(&self, parent: ConventionId, registry: &Registry) -> impl Iterator<Item = &str> {
        let depends =
            move |user| registry.dependence(user).is_some_and(|dependence| dependence.convention == parent);
        self.0.iter().filter(move |(user, _)| depends(*user)).map(|(_, base)| &**base)
    }

    /// Learns a base topic from a device of this convention. Returns the filters of those that depend on it, none when
    /// it is the default or known already; `None` when there are too many.
    pub(super) fn learn(
        &mut self,
        parent: ConventionId,
        id: &str,
        registry: &Registry,
    ) -> Option<Vec<String>> {
        let mut filters = Vec::new();
        for (user, convention) in registry.iter() {
            let dependence = registry.dependence(user).filter(|dependence| dependence.by == ParentBy::Base);
            if dependence.is_none_or(|dependence| dependence.convention != parent)
                || convention.patterns.iter().any(|pattern| pattern.has_default_base(id))
                || self.used_by(user).any(|base| *base == *id)
            {
                continue;
            }
            if self.0.len() >= MAX_BASES {
                return None;
            }
            self.0.push((user, id.into()));
            filters.extend(convention.patterns.iter().flat_map(|pattern| filters_of(pattern, Some(id))));
        }
        Some(filters)
    }

    pub(super) fn forget(&mut self, base: &str) {
        self.0.retain(|(_, known)| **known != *base);
    }
}
