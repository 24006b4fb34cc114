//! How the board subscribes, and whether it has received everything that is retained.
//!
//! A pure state machine over a list of topic filters. Brokers cut a large burst of retained messages without
//! saying so. Small bursts in a known order, each ended by a barrier, are the only way to notice that (contract,
//! section 3). Never sends anything itself: the engine does.
//!
//! Reading order: this file (the list of filters), `filter` (one of them), `loading` (SUBSCRIBE, SUBACK,
//! barriers), `counts` (messages and their source filter), `matching`, `user_filters`.

mod counts;
mod filter;
mod loading;
mod matching;
#[cfg(test)]
mod tests;
mod user_filters;

use mqtt::{Time, TopicFilter, TopicName};

use self::counts::Sources;
use self::loading::Outstanding;
use self::matching::Shape;
use crate::presence;

pub use self::filter::{Filter, FilterState};
pub use self::loading::{ANSWER_TIMEOUT, Step};
pub use self::user_filters::{RejectedFilter, Rejection};

/// How many filters there may be.
pub const MAX_FILTERS: usize = 200;
/// A broad filter that brings more unmatched messages than this in a second is paused.
pub const MAX_UNMATCHED: u32 = 50;

/// Whether everything that is retained was received.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum SnapshotState {
    /// It is being received.
    Loading,
    /// All of it was received.
    Complete,
    /// The broker very probably left out a part of it.
    Cut,
    /// It cannot be known: not connected, or a filter was refused or never answered.
    Unknown,
}

impl SnapshotState {
    /// The value of the page's `data-snapshot` attribute.
    pub const fn word(self) -> &'static str {
        match self {
            SnapshotState::Loading => "loading",
            SnapshotState::Complete => "complete",
            SnapshotState::Cut => "cut",
            SnapshotState::Unknown => "unknown",
        }
    }
}

/// The list of filters, and the loading of their retained messages.
#[derive(Debug)]
pub struct Snapshot {
    filters: Vec<Filter>,
    /// Filters that were not added, because another one brings all their topics.
    skipped: Vec<String>,
    is_up: bool,
    /// The server supports no wildcards.
    wildcards_refused: bool,
    outstanding: Option<Outstanding>,
    /// The positions of filters to unsubscribe from.
    leaving: Vec<usize>,
    sources: Sources,
    coverage_changed: bool,
}

/// # Making
impl Snapshot {
    /// The default filters of all conventions.
    pub fn with_defaults() -> Snapshot {
        Snapshot::of(presence::default_filters())
    }

    /// The filters of a user, in the order in which they are asked for: those with a literal first level come
    /// first. Filters that cannot be subscribed to are returned with the reason.
    pub fn with_filters(given: Vec<String>) -> (Snapshot, Vec<RejectedFilter>) {
        let (accepted, rejected) = user_filters::check(given);
        (Snapshot::of(accepted), rejected)
    }

    fn of(names: Vec<String>) -> Snapshot {
        let mut snapshot = Snapshot {
            filters: names.into_iter().map(Filter::new).collect(),
            skipped: Vec::new(),
            is_up: false,
            wildcards_refused: false,
            outstanding: None,
            leaving: Vec::new(),
            sources: Sources::default(),
            coverage_changed: false,
        };
        snapshot.sort();
        snapshot
    }

    /// Narrow filters are asked for first, equal ones in the order in which they were added.
    fn sort(&mut self) {
        self.filters.sort_by_key(|filter| filter.breadth);
    }
}

/// # Reading
impl Snapshot {
    /// The filters, in the order in which they are asked for.
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// Whether everything that is retained was received.
    pub fn state(&self) -> SnapshotState {
        let mut on = self.filters.iter().filter(|filter| filter.is_on()).peekable();
        if !self.is_up || on.peek().is_none() {
            return SnapshotState::Unknown;
        }
        let state = |filter: &Filter| match filter.state {
            // While a filter is tried again, its retained messages are as unknown as before.
            FilterState::Waiting | FilterState::Loading if filter.failures > 0 => SnapshotState::Unknown,
            FilterState::Waiting | FilterState::Loading => SnapshotState::Loading,
            FilterState::Complete => SnapshotState::Complete,
            FilterState::Cut => SnapshotState::Cut,
            FilterState::Refused { .. } | FilterState::Unknown { .. } => SnapshotState::Unknown,
            FilterState::Paused if filter.was_finished => SnapshotState::Complete,
            FilterState::Paused | FilterState::Off => SnapshotState::Unknown,
        };
        let weight = |state: &SnapshotState| match state {
            SnapshotState::Complete => 0,
            SnapshotState::Cut => 1,
            SnapshotState::Unknown => 2,
            SnapshotState::Loading => 3,
        };
        on.map(state).max_by_key(weight).unwrap_or(SnapshotState::Complete)
    }

    /// Whether the server said that it supports no wildcards.
    pub fn wildcards_refused(&self) -> bool {
        self.wildcards_refused
    }

    /// The distinct topics with a retained message since the link came up.
    pub fn topics(&self) -> u64 {
        self.filters.iter().map(|filter| u64::from(filter.topics)).sum()
    }

    /// Whether a SUBSCRIBE of the board is outstanding.
    pub(crate) fn is_asking(&self) -> bool {
        self.outstanding.is_some()
    }

    /// Whether the board subscribes, or soon will, to a filter that is exactly this topic.
    pub(crate) fn subscribes_to(&self, topic: &str) -> bool {
        self.filters.iter().any(|filter| *filter.text == *topic && filter.is_active())
    }

    /// Whether this topic matches a filter that the board subscribes to.
    pub fn covers(&self, topic: TopicName<'_>) -> bool {
        self.first_taker(topic).is_some()
    }

    /// The first active filter that matches this topic.
    fn first_taker(&self, topic: TopicName<'_>) -> Option<usize> {
        let shape = Shape::of_topic(topic);
        self.filters.iter().position(|filter| filter.is_active() && filter.takes(topic, shape))
    }
}

/// # The link
impl Snapshot {
    /// The link came up: every filter is asked for again.
    pub fn link_up(&mut self, wildcards_refused: bool, _now: Time) {
        self.is_up = true;
        self.wildcards_refused = wildcards_refused;
        self.start_over();
    }

    /// The link ended.
    pub fn link_down(&mut self, _now: Time) {
        self.is_up = false;
        self.start_over();
    }

    fn start_over(&mut self) {
        self.outstanding = None;
        self.leaving.clear();
        // Filters that were added while the link was up move to their places, which changes all positions.
        self.sort();
        self.sources.clear();
        for filter in &mut self.filters {
            filter.failures = 0;
            filter.was_finished = false;
            filter.is_late = false;
            (filter.needs_repeat, filter.is_repeated) = (false, false);
            // Filters that were paused or switched off stay so.
            if !matches!(filter.state, FilterState::Paused | FilterState::Off) {
                filter.state = FilterState::Waiting;
            }
        }
    }
}

/// # Changing the list
impl Snapshot {
    /// Metadata named topics that match this filter. On this link it is asked for after the others, but not if
    /// another one brings all its topics, as long as that one is not refused, paused or switched off. Has no
    /// effect if the list is full.
    pub fn add(&mut self, filter: &str) {
        let is_full = self.filters.len() + self.skipped.len() >= MAX_FILTERS;
        let is_valid = TopicFilter::new(filter).is_ok_and(|checked| checked.share().is_none());
        let is_known = self.filters.iter().any(|known| known.as_str() == filter)
            || self.skipped.iter().any(|known| *known == filter);
        if is_full || !is_valid || is_known {
            return;
        }
        if self.filters.iter().any(|known| known.is_active() && known.covers(filter)) {
            self.skipped.push(filter.to_owned());
        } else {
            self.filters.push(Filter::new(filter.to_owned()));
            self.coverage_changed = true;
        }
    }

    /// Metadata named the owner of this filter's topics: the filters that may have brought some of them are asked
    /// for again.
    pub fn ask_again(&mut self, filter: &str) {
        for known in self.filters.iter_mut().filter(|known| known.meets(filter)) {
            match known.state {
                FilterState::Complete | FilterState::Cut => known.state = FilterState::Waiting,
                FilterState::Waiting if known.is_late => {}
                FilterState::Loading => {}
                _ => continue,
            }
            known.is_late = false;
            known.needs_repeat = true;
        }
    }

    /// A filter brings nothing any more, so that skipped ones may be needed.
    fn add_skipped(&mut self) {
        for filter in std::mem::take(&mut self.skipped) {
            self.add(&filter);
        }
    }

    /// Switches a filter on or off. A filter that was switched on by hand is not paused any more.
    pub fn switch(&mut self, position: usize, is_on: bool, _now: Time) {
        let Some(filter) = self.filters.get_mut(position) else {
            return;
        };
        let is_subscribed = !matches!(filter.state, FilterState::Off | FilterState::Paused);
        match (is_on, is_subscribed) {
            (true, false) => {
                filter.state = FilterState::Waiting;
                filter.is_forced_on = true;
                filter.failures = 0;
                self.leaving.retain(|leaving| *leaving != position);
                self.coverage_changed = true;
            }
            (true, true) => {}
            (false, true) => self.leave(position, FilterState::Off),
            (false, false) => filter.state = FilterState::Off,
        }
    }

    /// Unsubscribes from a filter.
    fn leave(&mut self, position: usize, state: FilterState) {
        let filter = &mut self.filters[position];
        filter.was_finished = matches!(filter.state, FilterState::Complete | FilterState::Cut);
        let is_subscribed =
            !matches!(filter.state, FilterState::Waiting) || filter.is_late || filter.needs_repeat;
        (filter.is_late, filter.needs_repeat) = (false, false);
        if is_subscribed && self.is_up {
            self.leaving.push(position);
        }
        filter.state = state;
        if self.outstanding.is_some_and(|outstanding| outstanding.position == position) {
            self.outstanding = None;
        }
        self.sources.remove(position);
        self.coverage_changed = true;
        self.add_skipped();
    }

    /// Whether a filter was added, paused, or switched off or on, since the last call.
    pub fn poll_coverage_changed(&mut self) -> bool {
        std::mem::take(&mut self.coverage_changed)
    }
}
