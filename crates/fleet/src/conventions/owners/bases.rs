//! Base topics other than the default ones, as they are learned from the devices that have them as their id.

use super::Owners;
use crate::conventions::convention::{ParentBy, Pattern};
use crate::conventions::registry::{ConventionId, filters_of};

/// How many base topics other than the default ones are known at once.
pub const MAX_BASES: usize = 16;

/// Base topics, each with the convention whose topics lie below it.
#[derive(Default, Debug)]
pub(super) struct Bases(Vec<(ConventionId, Box<str>)>);

impl Bases {
    /// The base topics of a convention, without its default one.
    pub(super) fn used_by(&self, convention: ConventionId) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(user, _)| *user == convention).map(|(_, base)| &**base)
    }
}

impl Owners {
    /// The base topics of the devices that depend on those of this convention, without the default ones.
    pub(crate) fn bases(&self, parent: ConventionId) -> impl Iterator<Item = &str> {
        let depends = move |user: ConventionId| {
            self.registry.dependence(user).is_some_and(|dependence| dependence.convention == parent)
        };
        self.bases.0.iter().filter(move |(user, _)| depends(*user)).map(|(_, base)| &**base)
    }

    /// Forgets a base topic that nothing has any more.
    pub(crate) fn forget_base(&mut self, base: &str) {
        self.bases.0.retain(|(_, known)| **known != *base);
    }

    /// A device of this convention is there: its id is the base topic of those that depend on it. Returns the
    /// filters that match these, if the base topic is another than the default and was not known yet; `None`
    /// when there are too many.
    pub(crate) fn learn_base(&mut self, parent: ConventionId, id: &str) -> Option<Vec<String>> {
        let Owners { registry, bases, .. } = self;
        let mut filters = Vec::new();
        for (user, convention) in registry.iter() {
            let dependence = registry.dependence(user).filter(|dependence| dependence.by == ParentBy::Base);
            if dependence.is_none_or(|dependence| dependence.convention != parent)
                || convention.patterns.iter().any(|pattern: &Pattern| pattern.has_default_base(id))
                || bases.used_by(user).any(|base| *base == *id)
            {
                continue;
            }
            if bases.0.len() >= MAX_BASES {
                return None;
            }
            bases.0.push((user, id.into()));
            filters.extend(convention.patterns.iter().flat_map(|pattern| filters_of(pattern, Some(id))));
        }
        Some(filters)
    }
}
