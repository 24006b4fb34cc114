//! How the board subscribes, and whether it has seen everything that is retained.
//!
//! A pure state machine over a list of filters. One filter is outstanding at a time: its SUBSCRIBE is
//! followed by a barrier (a PINGREQ in the same WebSocket message), whose answer ends that filter's
//! snapshot. Brokers cut a retained burst that is too large without a word, so that small bites in a known
//! order are the only way to notice (contract, section 3). It sends nothing itself: the engine carries out
//! each [`Step`] and reports what came of it.

use std::ops::Not;
use std::time::Duration;

use mqtt::{BarrierId, PacketId, ReasonCode, Time, TopicFilter, TopicName, Violation};

use crate::conventions::{self, Registry};
use crate::fleet::{Applied, Effect};

/// How many filters there may be.
pub const MOST_FILTERS: usize = 200;
/// A broad filter that brings more useless messages than this in a second is paused.
pub const MOST_USELESS: u32 = 50;
/// How long a SUBACK may be missing after its barrier was answered. A barrier that is not answered itself is
/// the session's to notice: it alone knows which PINGRESP answers which PINGREQ.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How often a snapshot whose end was lost is asked for again.
const RETRIES: u32 = 3;
/// The back-off after a refusal: the first and the longest wait, in seconds.
const BACK_OFF: (u64, u64) = (1, 30);
/// The lengths at which brokers in their stock configuration cut a burst of retained messages at QoS 0:
/// mosquitto 999 and, by version, 1,000 or 1,020, rumqttd 200, mqtt5 10,000. A burst of just this length is not
/// believed: a fleet that really has so many devices gets a note too many, which is better than a gap unsaid.
const SUSPICIOUS: [u32; 5] = [200, 999, 1_000, 1_020, 10_000];

/// Whether everything that is retained was seen.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum SnapshotState {
    /// It is being asked for.
    Loading,
    /// All of it was seen.
    Complete,
    /// The broker very probably left a part of it out.
    Cut,
    /// Nobody knows: not connected, or a filter was refused or never answered.
    Unknown,
}

impl SnapshotState {
    /// The word of the page's `data-snapshot` hook.
    pub const fn word(self) -> &'static str {
        match self {
            SnapshotState::Loading => "loading",
            SnapshotState::Complete => "complete",
            SnapshotState::Cut => "cut",
            SnapshotState::Unknown => "unknown",
        }
    }
}

/// Where one filter stands.
///
/// ```text
/// Waiting ──SUBSCRIBE, PINGREQ──▶ Loading ──PINGRESP──▶ Complete | Cut
///    ▲                              ├──refusing SUBACK──▶ Refused ──back-off──▶ (Loading again)
///    │                              └──no PINGRESP──────▶ Cut, or Unknown ──back-off──▶ (Loading again)
///    ├── from Complete or Cut when more of it comes late: another PINGREQ, no SUBSCRIBE
///    ├── from Loading, Complete or Cut when it turns out whose its topics are: another SUBSCRIBE
///    └── from any state when the link comes up.   Off and Paused: not subscribed to.
/// ```
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum FilterState {
    /// Its turn has not come, or the board is not connected.
    Waiting,
    /// Subscribed to, and what is retained is coming.
    Loading,
    /// All that is retained was seen.
    Complete,
    /// It ended at a length at which brokers cut.
    Cut,
    /// The broker refused it.
    Refused {
        /// Its words for it. A 3.1.1 broker can only say `UnspecifiedError`.
        reason: ReasonCode,
        /// When it is asked again, if at all.
        retry_at: Option<Time>,
    },
    /// The answer to its barrier never came: the broker dropped it, and probably messages before it.
    Unknown {
        /// When it is asked again, if at all.
        retry_at: Option<Time>,
    },
    /// Not subscribed to any more: it brought too many messages that are of no use here.
    Paused,
    /// Not subscribed to: the visitor switched it off.
    Off,
}

/// One filter, as the panel shows it.
#[derive(Clone, Debug)]
pub struct Filter {
    text: Box<str>,
    breadth: usize,
    shape: Shape,
    state: FilterState,
    /// How often in a row it was refused or not answered.
    failures: u32,
    /// The visitor switched it on by hand: it is not paused again.
    is_insisted: bool,
    /// Its snapshot ended in this life of the link, before it was paused.
    was_finished: bool,
    /// It waits for a barrier only: more of what is retained came after the answer to the last one.
    is_late: bool,
    /// It is asked for once more: what it brought was nobody's then.
    is_doubted: bool,
    /// It is asked for once more in this life of the link.
    is_repeated: bool,
    messages: u64,
    useless: u64,
    replays: u32,
    topics: u32,
    window: Window,
}

/// What can be told of a filter, or of a topic, without comparing texts.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
struct Shape {
    /// The number of levels; `None` in a filter that takes any.
    levels: Option<usize>,
    /// The length of the last level; `None` in a filter that takes any.
    last: Option<usize>,
}

impl Shape {
    fn of_filter(filter: &str) -> Shape {
        let last = filter.rsplit('/').next().unwrap_or(filter);
        let any_last = matches!(last, "+" | "#");
        let levels = (last != "#").then(|| filter.split('/').count());
        Shape { levels, last: (!any_last).then_some(last.len()) }
    }

    fn of_topic(topic: TopicName<'_>) -> Shape {
        let (mut levels, mut last) = (1, 0);
        for byte in topic.as_str().bytes() {
            (levels, last) = if byte == b'/' { (levels + 1, 0) } else { (levels, last + 1) };
        }
        Shape { levels: Some(levels), last: Some(last) }
    }

    fn may_take(self, topic: Shape) -> bool {
        let fits = |mine: Option<usize>, its: Option<usize>| mine.is_none() || mine == its;
        fits(self.levels, topic.levels) && fits(self.last, topic.last)
    }
}

/// The messages of the second that runs, and of the one before.
#[derive(Copy, Clone, Debug, Default)]
struct Window {
    start: Time,
    messages: u32,
    useless_live: u32,
    messages_before: u32,
}

impl Window {
    const LENGTH: u64 = 1_000;

    fn advance(&mut self, now: Time) {
        let passed = now.0.abs_diff(self.start.0);
        if passed >= Window::LENGTH {
            let messages_before = if passed < 2 * Window::LENGTH { self.messages } else { 0 };
            *self = Window { start: now, messages_before, ..Window::default() };
        }
    }
}

impl Filter {
    fn new(text: String) -> Filter {
        Filter {
            breadth: conventions::breadth(&text),
            shape: Shape::of_filter(&text),
            text: text.into(),
            state: FilterState::Waiting,
            failures: 0,
            is_insisted: false,
            was_finished: false,
            is_late: false,
            is_doubted: false,
            is_repeated: false,
            messages: 0,
            useless: 0,
            replays: 0,
            topics: 0,
            window: Window::default(),
        }
    }

    /// The topic filter.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where it stands.
    pub fn state(&self) -> FilterState {
        self.state
    }

    /// Whether it is switched on.
    pub fn is_on(&self) -> bool {
        !matches!(self.state, FilterState::Off)
    }

    /// Whether it begins with a wildcard: it may bring anything, and is paused when it does.
    pub fn is_broad(&self) -> bool {
        self.breadth > 0
    }

    /// The messages it brought in this visit. A message that several filters bring counts for the first.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// How many of them nobody owns or nobody understands.
    pub fn useless(&self) -> u64 {
        self.useless
    }

    /// The retained messages of its last snapshot.
    pub fn replays(&self) -> u32 {
        self.replays
    }

    /// The distinct topics among them that no filter before it had brought.
    pub fn topics(&self) -> u32 {
        self.topics
    }

    /// Messages a second, over the last whole second.
    pub fn rate(&self, now: Time) -> u32 {
        let mut window = self.window;
        window.advance(now);
        window.messages_before
    }

    fn filter(&self) -> TopicFilter<'_> {
        // Without `expect`, whose words for the error the page would have to carry.
        TopicFilter::new(&self.text).unwrap_or_else(|_| unreachable!("checked when the snapshot was made"))
    }

    /// Whether it takes a topic. Most topics are turned down by their shape alone.
    fn takes(&self, topic: TopicName<'_>, shape: Shape) -> bool {
        self.shape.may_take(shape) && self.filter().matches(topic)
    }

    /// Whether some topic may be taken by both.
    fn meets(&self, other: &str) -> bool {
        is_within(other, &self.text, true)
    }

    /// Whether it takes every topic that the other filter takes.
    fn brings_all_of(&self, other: &str) -> bool {
        // [MQTT-4.7.2-1]: a wildcard in the first place takes no topic that begins with `$`.
        let is_special = self.text.starts_with(['+', '#']) && other.starts_with('$');
        !is_special && is_within(other, &self.text, false)
    }

    /// Whether the board is, or soon will be, subscribed to it.
    fn is_active(&self) -> bool {
        !matches!(self.state, FilterState::Paused | FilterState::Off | FilterState::Refused { .. })
    }

    fn retry_at(&self) -> Option<Time> {
        match self.state {
            FilterState::Refused { retry_at, .. } | FilterState::Unknown { retry_at } => retry_at,
            _ => None,
        }
    }

    fn back_off(&mut self, now: Time) -> Time {
        let (first, longest) = BACK_OFF;
        let wait = (first << self.failures.min(10)).min(longest);
        self.failures = self.failures.saturating_add(1);
        now + Duration::from_secs(wait)
    }
}

/// Whether a filter takes nothing, level by level, that the wider one does not take; or, if `in_part`, whether it takes
/// something that the other takes as well.
fn is_within(filter: &str, wider: &str, in_part: bool) -> bool {
    let (mut levels, mut wider) = (filter.split('/'), wider.split('/'));
    loop {
        match (wider.next(), levels.next()) {
            (Some("#"), _) | (None, None) => return true,
            (_, Some("#")) => return in_part,
            (Some("+"), Some(_)) => {}
            (Some(_), Some("+")) if in_part => {}
            (Some(level), Some(same)) if level == same => {}
            _ => return false,
        }
    }
}

/// Why a filter of the user's was not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RejectedFilter {
    /// The filter as given.
    pub filter: String,
    /// Why.
    pub reason: Rejection,
}

/// Why a filter of the user's was not taken.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Rejection {
    /// It is not a topic filter.
    Invalid(Violation),
    /// A shared subscription brings each subscriber a part of the messages, and nothing that is retained.
    Shared,
    /// It was given twice.
    Repeated,
    /// There are more than [`MOST_FILTERS`].
    TooMany,
}

/// What the engine must send next.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Step<'a> {
    /// SUBSCRIBE to this filter and send a barrier behind it, in the same WebSocket message.
    Subscribe(TopicFilter<'a>),
    /// Send a barrier: the SUBACK, or more of what is retained, came after the answer to the last one.
    Barrier,
    /// UNSUBSCRIBE from this filter.
    Unsubscribe(TopicFilter<'a>),
}

/// The filter that is being loaded.
#[derive(Copy, Clone, Debug)]
struct Outstanding {
    position: usize,
    packet_id: Option<PacketId>,
    barrier: Option<BarrierId>,
    is_granted: bool,
    /// The barrier was answered before the SUBACK came.
    is_early: bool,
    /// When the SUBACK counts as lost, once the barrier was answered.
    deadline: Option<Time>,
}

/// The list of filters and the loading of what is retained.
#[derive(Debug)]
pub struct Snapshot {
    filters: Vec<Filter>,
    /// Filters that were not added because another one brings all that they would.
    skipped: Vec<String>,
    is_up: bool,
    /// The server takes no wildcards.
    wildcards_refused: bool,
    outstanding: Option<Outstanding>,
    /// Filters to unsubscribe from.
    leaving: Vec<usize>,
    /// Which filter brings the device of a slot. One byte each, so that a message costs no matching.
    bringers: Vec<u8>,
    coverage_changed: bool,
}

/// No filter is known to bring it.
const NOBODY: u8 = u8::MAX;

/// The order in which filters are asked for: the narrow ones first, and equals as they came.
fn by_breadth(filters: Vec<Filter>) -> Vec<Filter> {
    let mut sorted: Vec<Filter> = Vec::new();
    for filter in filters {
        let place = sorted.partition_point(|other| other.breadth <= filter.breadth);
        sorted.insert(place, filter);
    }
    sorted
}

/// # Making
impl Snapshot {
    /// The default filters of all conventions.
    pub fn with_defaults() -> Snapshot {
        Snapshot::of(Registry::built_in().default_filters())
    }

    /// The filters a user gave, in the order in which they are asked for: those that begin with a literal
    /// level first. What cannot be taken is returned with the reason.
    pub fn with_filters(given: Vec<String>) -> (Snapshot, Vec<RejectedFilter>) {
        let (mut taken, mut rejected) = (Vec::<String>::new(), Vec::new());
        for filter in given {
            let reason = match TopicFilter::new(&filter) {
                Err(violation) => Some(Rejection::Invalid(violation)),
                Ok(checked) if checked.share().is_some() => Some(Rejection::Shared),
                Ok(_) if taken.contains(&filter) => Some(Rejection::Repeated),
                Ok(_) if taken.len() >= MOST_FILTERS => Some(Rejection::TooMany),
                Ok(_) => None,
            };
            match reason {
                Some(reason) => rejected.push(RejectedFilter { filter, reason }),
                None => taken.push(filter),
            }
        }
        (Snapshot::of(taken), rejected)
    }

    fn of(names: Vec<String>) -> Snapshot {
        let filters = by_breadth(names.into_iter().map(Filter::new).collect());
        Snapshot {
            filters,
            skipped: Vec::new(),
            is_up: false,
            wildcards_refused: false,
            outstanding: None,
            leaving: Vec::new(),
            bringers: Vec::new(),
            coverage_changed: false,
        }
    }
}

/// # Reading
impl Snapshot {
    /// The filters, in the order in which they are asked for.
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// Whether everything that is retained was seen.
    pub fn state(&self) -> SnapshotState {
        let mut on = self.filters.iter().filter(|filter| filter.is_on()).peekable();
        if !self.is_up || on.peek().is_none() {
            return SnapshotState::Unknown;
        }
        let mut state = SnapshotState::Complete;
        for filter in on {
            let one = match filter.state {
                // While a refused filter is asked again, the answer is still as unknown as before.
                FilterState::Waiting | FilterState::Loading if filter.failures > 0 => SnapshotState::Unknown,
                FilterState::Waiting | FilterState::Loading => SnapshotState::Loading,
                FilterState::Complete => SnapshotState::Complete,
                FilterState::Cut => SnapshotState::Cut,
                FilterState::Refused { .. } | FilterState::Unknown { .. } => SnapshotState::Unknown,
                FilterState::Paused if filter.was_finished => SnapshotState::Complete,
                FilterState::Paused | FilterState::Off => SnapshotState::Unknown,
            };
            let weight = |state| match state {
                SnapshotState::Complete => 0,
                SnapshotState::Cut => 1,
                SnapshotState::Unknown => 2,
                SnapshotState::Loading => 3,
            };
            if weight(one) > weight(state) {
                state = one;
            }
        }
        state
    }

    /// Whether the server said that it takes no wildcards.
    pub fn wildcards_refused(&self) -> bool {
        self.wildcards_refused
    }

    /// The retained messages seen on distinct topics since the link came up.
    pub fn topics(&self) -> u64 {
        self.filters.iter().map(|filter| u64::from(filter.topics)).sum()
    }

    /// Whether a SUBSCRIBE of the board's is outstanding.
    pub(crate) fn is_asking(&self) -> bool {
        self.outstanding.is_some()
    }

    /// Whether the board subscribes, or soon will, to a filter that is just this topic.
    pub(crate) fn subscribes_to(&self, topic: &str) -> bool {
        self.filters.iter().any(|filter| *filter.text == *topic && filter.is_active())
    }

    /// Whether a filter that the board subscribes to brings this topic.
    pub fn covers(&self, topic: TopicName<'_>) -> bool {
        self.first_taker(topic).is_some()
    }
}

impl Snapshot {
    /// The first filter that the board subscribes to and that brings this topic.
    fn first_taker(&self, topic: TopicName<'_>) -> Option<usize> {
        let shape = Shape::of_topic(topic);
        self.filters.iter().position(|filter| filter.is_active() && filter.takes(topic, shape))
    }
}

/// # Input
impl Snapshot {
    /// Metadata named topics that this filter brings. On this link it is asked for after the others, unless one of
    /// them brings all that it would, and as long as that one is not refused, paused or switched off. A full list
    /// stays as it is.
    pub fn add(&mut self, filter: &str) {
        let is_full = self.filters.len() + self.skipped.len() >= MOST_FILTERS;
        let is_taken = TopicFilter::new(filter).is_ok_and(|checked| checked.share().is_none());
        let is_known = self.filters.iter().any(|known| known.as_str() == filter)
            || self.skipped.iter().any(|known| *known == filter);
        if is_full || !is_taken || is_known {
            return;
        }
        if self.filters.iter().any(|known| known.is_active() && known.brings_all_of(filter)) {
            self.skipped.push(filter.to_owned());
        } else {
            self.filters.push(Filter::new(filter.to_owned()));
            self.coverage_changed = true;
        }
    }

    /// Metadata tells whose the topics of this filter are: those that may have brought some of them are asked for
    /// again.
    pub fn ask_again(&mut self, filter: &str) {
        for known in self.filters.iter_mut().filter(|known| known.meets(filter)) {
            match known.state {
                FilterState::Complete | FilterState::Cut => known.state = FilterState::Waiting,
                FilterState::Waiting if known.is_late => {}
                FilterState::Loading => {}
                _ => continue,
            }
            known.is_late = false;
            known.is_doubted = true;
        }
    }

    /// A filter does not bring anything any more: others may be needed in its place.
    fn add_skipped(&mut self) {
        for filter in std::mem::take(&mut self.skipped) {
            self.add(&filter);
        }
    }

    /// The link came up: every filter is asked for afresh.
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
        // Those that were added while the link was up take their place, and with it all places change.
        self.filters = by_breadth(std::mem::take(&mut self.filters));
        self.bringers.clear();
        for filter in &mut self.filters {
            filter.failures = 0;
            filter.was_finished = false;
            filter.is_late = false;
            (filter.is_doubted, filter.is_repeated) = (false, false);
            // What was paused for its noise or switched off stays so.
            if !matches!(filter.state, FilterState::Paused | FilterState::Off) {
                filter.state = FilterState::Waiting;
            }
        }
    }

    /// Switches a filter on or off. Switched on by hand it is not paused any more.
    pub fn switch(&mut self, position: usize, is_on: bool, _now: Time) {
        let Some(filter) = self.filters.get_mut(position) else {
            return;
        };
        let is_subscribed = !matches!(filter.state, FilterState::Off | FilterState::Paused);
        match (is_on, is_subscribed) {
            (true, false) => {
                filter.state = FilterState::Waiting;
                filter.is_insisted = true;
                filter.failures = 0;
                self.leaving.retain(|leaving| *leaving != position);
                self.coverage_changed = true;
            }
            (true, true) => {}
            (false, true) => self.leave(position, FilterState::Off),
            (false, false) => filter.state = FilterState::Off,
        }
    }

    fn leave(&mut self, position: usize, state: FilterState) {
        let filter = &mut self.filters[position];
        filter.was_finished = matches!(filter.state, FilterState::Complete | FilterState::Cut);
        let is_subscribed =
            !matches!(filter.state, FilterState::Waiting) || filter.is_late || filter.is_doubted;
        (filter.is_late, filter.is_doubted) = (false, false);
        if is_subscribed && self.is_up {
            self.leaving.push(position);
        }
        filter.state = state;
        if self.outstanding.is_some_and(|outstanding| outstanding.position == position) {
            self.outstanding = None;
        }
        for bringer in &mut self.bringers {
            if usize::from(*bringer) == position {
                *bringer = NOBODY;
            }
        }
        self.coverage_changed = true;
        self.add_skipped();
    }

    /// The SUBSCRIBE of the last [`Step::Subscribe`] was queued, with the barrier behind it.
    pub fn handle_subscribed(&mut self, packet_id: PacketId, barrier: BarrierId) {
        if let Some(outstanding) = &mut self.outstanding {
            outstanding.packet_id = Some(packet_id);
            outstanding.barrier = Some(barrier);
        }
    }

    /// The barrier of the last [`Step::Barrier`] was queued.
    pub fn handle_barrier_sent(&mut self, barrier: BarrierId) {
        if let Some(outstanding) = &mut self.outstanding {
            outstanding.barrier = Some(barrier);
            outstanding.is_early = false;
        }
    }

    /// The last step could not be carried out: it is tried again later.
    pub fn handle_not_sent(&mut self, now: Time) {
        self.lose(now);
    }

    /// A SUBSCRIBE was answered. `codes` has one outcome per filter; we ask for one at a time.
    pub fn handle_suback(&mut self, packet_id: PacketId, code: Option<ReasonCode>, now: Time) {
        let Some(outstanding) = self.outstanding.as_mut().filter(|o| o.packet_id == Some(packet_id)) else {
            return;
        };
        outstanding.deadline = None;
        let filter = &mut self.filters[outstanding.position];
        match code {
            // [MQTT-3.9.3-2] and section 3.9.3: codes from 0x80 on are failures.
            Some(reason) if reason as u8 >= 0x80 => {
                // A server that knows no wildcards, or no such filter, will not learn them.
                let is_final = reason == ReasonCode::WildcardSubscriptionsNotSupported
                    || reason == ReasonCode::TopicFilterInvalid;
                let retry_at = is_final.not().then(|| filter.back_off(now));
                filter.state = FilterState::Refused { reason, retry_at };
                self.outstanding = None;
                self.add_skipped();
            }
            _ => outstanding.is_granted = true,
        }
    }

    /// A barrier was answered: everything the broker sent before it has come.
    pub fn handle_barrier(&mut self, barrier: BarrierId, now: Time) {
        let Some(outstanding) = self.outstanding.as_mut().filter(|o| o.barrier == Some(barrier)) else {
            return;
        };
        if !outstanding.is_granted {
            // The broker answers PINGREQ before it is done with SUBSCRIBE: another barrier, later.
            outstanding.is_early = true;
            outstanding.deadline = Some(now + PATIENCE);
            return;
        }
        let filter = &mut self.filters[outstanding.position];
        let is_cut = SUSPICIOUS.contains(&filter.replays);
        filter.state = match (filter.is_doubted, is_cut) {
            (true, _) => FilterState::Waiting,
            (false, true) => FilterState::Cut,
            (false, false) => FilterState::Complete,
        };
        filter.failures = 0;
        self.outstanding = None;
    }

    /// A barrier's answer was dropped by the broker: its queue was full, so it dropped messages before it.
    /// Stopped at a suspicious length, it would stop there again (mosquitto since 2.0.16 and Debian's 2.0.11
    /// do, at 999).
    pub fn handle_barrier_lost(&mut self, barrier: BarrierId, now: Time) {
        let Some(outstanding) = self.outstanding.filter(|o| o.barrier == Some(barrier)) else {
            return;
        };
        let filter = &mut self.filters[outstanding.position];
        if SUSPICIOUS.contains(&filter.replays) {
            filter.state = FilterState::Cut;
            filter.failures = 0;
            self.outstanding = None;
        } else {
            self.lose(now);
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Time) {
        let deadline = self.outstanding.and_then(|outstanding| outstanding.deadline);
        if deadline.is_some_and(|deadline| deadline <= now) {
            self.lose(now);
        }
    }

    /// The end of the outstanding snapshot will not be known.
    fn lose(&mut self, now: Time) {
        if let Some(outstanding) = self.outstanding.take() {
            let filter = &mut self.filters[outstanding.position];
            let retry_at = filter.back_off(now);
            let is_over = filter.failures > RETRIES;
            filter.state = match filter.replays {
                // Some of it came each time, and its end never did.
                1.. if is_over => FilterState::Cut,
                _ => FilterState::Unknown { retry_at: (!is_over).then_some(retry_at) },
            };
        }
    }

    /// A message came, and this is what it did.
    pub fn handle_message(&mut self, topic: TopicName<'_>, retain: bool, applied: &Applied, now: Time) {
        let Some(position) = self.bringer(topic, retain, applied) else {
            return;
        };
        let useless = applied.is_unmatched();
        let is_outstanding = self.outstanding.is_some_and(|outstanding| outstanding.position == position);
        let filter = &mut self.filters[position];
        let is_over = matches!(filter.state, FilterState::Complete | FilterState::Cut);
        if retain && is_over && !useless && !applied.replayed_before {
            // mqtt5 0.49 keeps a burst in a queue of its own and may answer the PINGREQ first. What comes late
            // was not complete yet: another barrier, until nothing new comes before its answer.
            filter.state = FilterState::Waiting;
            filter.is_late = true;
        }
        if retain && (is_outstanding || self.filters[position].is_late) {
            let is_new = if useless || self.filters[position].is_repeated {
                // A filter that was asked for before has brought it already.
                self.first_taker(topic) == Some(position)
            } else {
                !applied.replayed_before
            };
            self.filters[position].replays += 1;
            self.filters[position].topics += u32::from(is_new);
        }
        let filter = &mut self.filters[position];
        filter.messages += 1;
        filter.useless += u64::from(useless);
        filter.window.advance(now);
        filter.window.messages += 1;
        // What is retained comes once, however much it is; only what keeps coming is noise.
        filter.window.useless_live += u32::from(useless && !retain);
        if filter.window.useless_live > MOST_USELESS && filter.is_broad() && !filter.is_insisted {
            self.leave(position, FilterState::Paused);
        }
    }

    /// The filter that brought a message: a replay belongs to the outstanding one, anything else to the first
    /// that takes it.
    fn bringer(&mut self, topic: TopicName<'_>, retain: bool, applied: &Applied) -> Option<usize> {
        if let Some(outstanding) = self.outstanding
            && retain
            && self.filters[outstanding.position].takes(topic, Shape::of_topic(topic))
        {
            return Some(outstanding.position);
        }
        let slot = applied.device.map(|handle| handle.slot() as usize);
        let known = slot.filter(|_| applied.effect != Effect::FirstSight);
        if let Some(&bringer) = known.and_then(|slot| self.bringers.get(slot)).filter(|b| **b != NOBODY) {
            return Some(bringer.into());
        }
        let position = self.first_taker(topic);
        if let Some(slot) = slot {
            if self.bringers.len() <= slot {
                self.bringers.resize(slot + 1, NOBODY);
            }
            self.bringers[slot] = position.map_or(NOBODY, |position| position as u8);
        }
        position
    }
}

/// # Output
impl Snapshot {
    /// What must be sent next, if anything. Each step is either reported back or failed.
    pub fn poll_step(&mut self, now: Time) -> Option<Step<'_>> {
        if !self.is_up {
            return None;
        }
        if let Some(position) = self.leaving.pop() {
            return Some(Step::Unsubscribe(self.filters[position].filter()));
        }
        if let Some(outstanding) = &self.outstanding {
            return (outstanding.is_granted && outstanding.is_early).then_some(Step::Barrier);
        }
        let wildcards_refused = self.wildcards_refused;
        let position = self.filters.iter_mut().position(|filter| {
            let is_waiting = matches!(filter.state, FilterState::Waiting);
            if is_waiting && wildcards_refused && filter.filter().has_wildcard() {
                let reason = ReasonCode::WildcardSubscriptionsNotSupported;
                filter.state = FilterState::Refused { reason, retry_at: None };
            }
            matches!(filter.state, FilterState::Waiting) || filter.retry_at().is_some_and(|at| at <= now)
        })?;
        let filter = &mut self.filters[position];
        let is_late = std::mem::take(&mut filter.is_late);
        filter.state = FilterState::Loading;
        self.outstanding = Some(Outstanding {
            position,
            packet_id: None,
            barrier: None,
            is_granted: is_late,
            is_early: is_late,
            deadline: None,
        });
        if is_late {
            return Some(Step::Barrier);
        }
        filter.is_repeated = std::mem::take(&mut filter.is_doubted);
        filter.replays = 0;
        filter.topics = 0;
        Some(Step::Subscribe(self.filters[position].filter()))
    }

    /// When to call [`Snapshot::handle_timeout`] and poll for a step again.
    pub fn poll_timeout(&self) -> Option<Time> {
        if !self.is_up {
            return None;
        }
        match &self.outstanding {
            Some(outstanding) => outstanding.deadline,
            None => self.filters.iter().filter_map(Filter::retry_at).min(),
        }
    }

    /// Whether a filter was paused, or switched off or on, since the last call.
    pub fn poll_coverage_changed(&mut self) -> bool {
        std::mem::take(&mut self.coverage_changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUCCESS: Option<ReasonCode> = Some(ReasonCode::Success);

    fn id(number: u16) -> PacketId {
        PacketId::new(number).expect("not zero")
    }

    fn snapshot(filters: &[&str]) -> Snapshot {
        let (mut snapshot, rejected) =
            Snapshot::with_filters(filters.iter().map(|f| (*f).to_owned()).collect());
        assert_eq!(rejected, []);
        snapshot.link_up(false, Time(0));
        snapshot
    }

    /// The boundary: what must be sent next.
    #[track_caller]
    fn check(snapshot: &mut Snapshot, now: u64, expected: Option<&str>) {
        let step = snapshot.poll_step(Time(now)).map(|step| match step {
            Step::Subscribe(filter) => filter.as_str().to_owned(),
            Step::Barrier => "barrier".to_owned(),
            Step::Unsubscribe(filter) => format!("-{}", filter.as_str()),
        });
        assert_eq!(step.as_deref(), expected);
    }

    #[test]
    fn a_barrier_answered_before_the_suback_is_asked_again() {
        let mut snapshot = snapshot(&["a/+", "b/+"]);
        check(&mut snapshot, 0, Some("a/+"));
        check(&mut snapshot, 0, None);
        snapshot.handle_subscribed(id(1), BarrierId(1));
        snapshot.handle_barrier(BarrierId(1), Time(5));
        check(&mut snapshot, 5, None);
        snapshot.handle_suback(id(1), SUCCESS, Time(6));
        check(&mut snapshot, 6, Some("barrier"));
        snapshot.handle_barrier_sent(BarrierId(2));
        check(&mut snapshot, 6, None);
        snapshot.handle_barrier(BarrierId(2), Time(7));
        assert_eq!(snapshot.filters()[0].state(), FilterState::Complete);
        check(&mut snapshot, 7, Some("b/+"));
    }

    #[test]
    fn a_suback_that_never_comes_is_given_up() {
        let mut snapshot = snapshot(&["a/+", "b/+"]);
        check(&mut snapshot, 0, Some("a/+"));
        snapshot.handle_subscribed(id(1), BarrierId(1));
        assert_eq!(snapshot.poll_timeout(), None);
        snapshot.handle_barrier(BarrierId(1), Time(5));
        assert_eq!(snapshot.poll_timeout(), Some(Time(10_005)));
        snapshot.handle_timeout(Time(10_004));
        assert_eq!(snapshot.filters()[0].state(), FilterState::Loading);
        snapshot.handle_timeout(Time(10_005));
        let retry_at = Some(Time(11_005));
        assert_eq!(snapshot.filters()[0].state(), FilterState::Unknown { retry_at });
        check(&mut snapshot, 10_005, Some("b/+"));
    }

    #[test]
    fn an_unanswered_snapshot_is_asked_for_three_times_more() {
        let mut snapshot = snapshot(&["a/+"]);
        let mut now = 0;
        for (barrier, wait) in [1_000, 2_000, 4_000].into_iter().enumerate() {
            check(&mut snapshot, now, Some("a/+"));
            snapshot.handle_subscribed(id(1), BarrierId(barrier as u64));
            snapshot.handle_suback(id(1), SUCCESS, Time(now));
            snapshot.handle_barrier_lost(BarrierId(barrier as u64), Time(now));
            assert_eq!(snapshot.poll_timeout(), Some(Time(now + wait)));
            check(&mut snapshot, now + wait - 1, None);
            now += wait;
        }
        check(&mut snapshot, now, Some("a/+"));
        snapshot.handle_subscribed(id(1), BarrierId(9));
        snapshot.handle_barrier_lost(BarrierId(9), Time(now));
        assert_eq!(snapshot.filters()[0].state(), FilterState::Unknown { retry_at: None });
        check(&mut snapshot, u64::MAX, None);
        assert_eq!(snapshot.state(), SnapshotState::Unknown);
        // A new link is a new chance.
        snapshot.link_down(Time(now));
        snapshot.link_up(false, Time(now));
        check(&mut snapshot, now, Some("a/+"));
    }

    #[test]
    fn a_burst_that_stops_at_a_suspicious_length_is_cut_with_or_without_its_barrier() {
        for is_answered in [true, false] {
            let mut snapshot = snapshot(&["a/+"]);
            check(&mut snapshot, 0, Some("a/+"));
            snapshot.handle_subscribed(id(1), BarrierId(1));
            snapshot.handle_suback(id(1), SUCCESS, Time(0));
            snapshot.filters[0].replays = 999;
            if is_answered {
                snapshot.handle_barrier(BarrierId(1), Time(0));
            } else {
                snapshot.handle_barrier_lost(BarrierId(1), Time(0));
            }
            assert_eq!(snapshot.filters()[0].state(), FilterState::Cut);
            assert_eq!((snapshot.state(), snapshot.poll_timeout()), (SnapshotState::Cut, None));
        }
    }

    /// mqtt5 0.49 may answer the PINGREQ before it has sent what is retained.
    #[test]
    fn what_is_retained_and_comes_late_asks_for_another_barrier() {
        let mut snapshot = snapshot(&["a/+"]);
        let topic = TopicName::new("a/b").expect("a plain name");
        let replay = |replayed_before| Applied { effect: Effect::FirstSight, device: None, replayed_before };
        check(&mut snapshot, 0, Some("a/+"));
        snapshot.handle_subscribed(id(1), BarrierId(1));
        snapshot.handle_suback(id(1), SUCCESS, Time(0));
        snapshot.handle_message(topic, true, &replay(false), Time(0));
        snapshot.handle_barrier(BarrierId(1), Time(0));
        assert_eq!(snapshot.state(), SnapshotState::Complete);
        for barrier in 2..5 {
            snapshot.handle_message(topic, true, &replay(false), Time(1));
            assert_eq!(snapshot.state(), SnapshotState::Loading);
            assert_eq!(snapshot.poll_step(Time(1)), Some(Step::Barrier));
            snapshot.handle_barrier_sent(BarrierId(barrier));
            assert_eq!(snapshot.poll_step(Time(1)), None);
            snapshot.handle_barrier(BarrierId(barrier), Time(1));
            assert_eq!(snapshot.state(), SnapshotState::Complete);
        }
        assert_eq!((snapshot.filters()[0].replays(), snapshot.filters()[0].topics()), (4, 4));
        // A broker that marks live messages as retained must not keep the board loading for ever.
        snapshot.handle_message(topic, true, &replay(true), Time(2));
        snapshot.handle_message(topic, false, &replay(false), Time(2));
        assert_eq!((snapshot.state(), snapshot.poll_step(Time(2))), (SnapshotState::Complete, None));
    }

    #[test]
    fn a_server_without_wildcards_is_asked_for_literal_filters_only() {
        let mut snapshot = snapshot(&["a/b", "a/+"]);
        snapshot.link_up(true, Time(0));
        check(&mut snapshot, 0, Some("a/b"));
        snapshot.handle_subscribed(id(1), BarrierId(1));
        snapshot.handle_suback(id(1), SUCCESS, Time(0));
        snapshot.handle_barrier(BarrierId(1), Time(0));
        check(&mut snapshot, 0, None);
        let reason = ReasonCode::WildcardSubscriptionsNotSupported;
        assert_eq!(snapshot.filters()[1].state(), FilterState::Refused { reason, retry_at: None });
        assert_eq!((snapshot.poll_timeout(), snapshot.state()), (None, SnapshotState::Unknown));
    }

    #[test]
    fn what_a_broad_filter_brings_is_asked_for_when_it_brings_nothing() {
        let mut snapshot = snapshot(&["a/+", "+/#"]);
        let texts = |snapshot: &Snapshot| -> Vec<String> {
            snapshot.filters().iter().map(|filter| filter.as_str().to_owned()).collect()
        };
        for filter in ["a/b", "x/+/LWT", "x/+/LWT", "$x/+/LWT", "$share/g/x"] {
            snapshot.add(filter);
        }
        assert_eq!(texts(&snapshot), ["a/+", "+/#", "$x/+/LWT"]);
        check(&mut snapshot, 0, Some("a/+"));
        snapshot.handle_subscribed(id(1), BarrierId(1));
        snapshot.handle_suback(id(1), SUCCESS, Time(0));
        snapshot.handle_barrier(BarrierId(1), Time(0));
        check(&mut snapshot, 0, Some("+/#"));
        snapshot.handle_subscribed(id(2), BarrierId(2));
        snapshot.handle_suback(id(2), Some(ReasonCode::NotAuthorized), Time(0));
        assert_eq!(texts(&snapshot), ["a/+", "+/#", "$x/+/LWT", "x/+/LWT"]);
        // The next link asks for the narrow ones first.
        snapshot.link_down(Time(1));
        snapshot.link_up(false, Time(2));
        assert_eq!(texts(&snapshot), ["a/+", "$x/+/LWT", "x/+/LWT", "+/#"]);
        snapshot.switch(0, false, Time(3));
        assert_eq!(texts(&snapshot), ["a/+", "$x/+/LWT", "x/+/LWT", "+/#"]);
        snapshot.switch(3, false, Time(3));
        assert_eq!(texts(&snapshot), ["a/+", "$x/+/LWT", "x/+/LWT", "+/#", "a/b"]);
    }

    #[test]
    fn a_shape_never_turns_down_what_the_filter_takes() {
        let filters = [
            "a", "a/b", "+", "#", "+/b", "a/+", "a/#", "+/+", "/", "+/", "/+", "a//b", "é/ü", "a/b/#",
            "+/b/c",
        ];
        let topics = ["a", "b", "a/b", "b/b", "/", "a/", "/a", "a//b", "a/b/c", "é/ü", "$S/b", "$S"];
        for filter in filters {
            let filter = Filter::new(filter.to_owned());
            for topic in topics {
                let topic = TopicName::new(topic).expect("a topic");
                let takes = filter.filter().matches(topic);
                assert_eq!(
                    filter.takes(topic, Shape::of_topic(topic)),
                    takes,
                    "{} {}",
                    filter.as_str(),
                    topic.as_str()
                );
            }
        }
    }
}
