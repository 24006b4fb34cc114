//! The devices of one connection: what each last said, how good that knowledge is, and how it came about.
//!
//! [`Fleet::apply`] is the contract's transition table, which stands in `transitions.rs`; what else is known of
//! a device (its name, its parent, that it sleeps) comes in through `metadata.rs`. The fleet never asks the time
//! and never sends anything. The engine writes it, the page reads it through [`Fleet::counts`], [`Fleet::rows`] and [`Fleet::device`].

mod brief;
mod changes;
mod device;
mod families;
mod groups;
mod history;
mod metadata;
mod order;
mod payloads;
mod query;
mod strays;
mod texts;
mod transitions;
mod uptime;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

use hashbrown::{HashMap, HashTable};
use mqtt::Time;

use crate::key::{ByKey, ByTopic, Key, Seeded};

use crate::presence::{CONVENTIONS, Convention, Id, Owner, Owners, Status, Vocabulary};
use brief::Brief;
use changes::{Recency, Stamps};
use device::{
    ALIVE, DISABLED, LAPSED, LIVE, News, PARENT_OFFLINE, PARENT_REPLAYED, PARENT_STALE, PENDING, Slot,
    UNKNOWN, UNTOLD, UNWATCHED,
};
use families::Families;
use history::{Histories, MOST_GAPS};
use metadata::Waiting;
use order::Order;
use payloads::Payloads;
use texts::Texts;

pub use changes::{Changed, MOST_RECENT};
pub use device::{Device, ParentOf, StaleReason};
pub use groups::{Group, GroupKey, Grouping};
pub use history::{Change, ChangeKind, Gap, LONGEST_HISTORY, Span};
pub use metadata::MOST_WANTED;
pub use payloads::{LONGEST_PAYLOAD, MOST_PAYLOAD_BYTES, MOST_PAYLOADS, Payload};
pub use query::{OrderBy, Query, Rows, Statuses};
pub use strays::{Stray, Strays};
pub use uptime::Uptime;

/// How good the board's knowledge of a status is.
///
/// In order: the better is the smaller one.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Evidence {
    /// Seen as a change or a repetition while connected.
    Live,
    /// Learned from a replay of a retained message, whose age nobody knows.
    Retained,
    /// It cannot be known at present.
    Stale,
}

impl Evidence {
    /// The word of the page's `data-evidence` hook.
    pub const fn word(self) -> &'static str {
        match self {
            Evidence::Live => "live",
            Evidence::Retained => "retained",
            Evidence::Stale => "stale",
        }
    }
}

/// How many devices there are of each kind. Kept with every change, never counted anew.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// All devices.
    pub total: u32,
    /// By status.
    pub online: u32,
    /// By status.
    pub offline: u32,
    /// By status.
    pub sleeping: u32,
    /// By status.
    pub degraded: u32,
    /// By status.
    pub unknown: u32,
    /// By evidence.
    pub live: u32,
    /// By evidence.
    pub retained: u32,
    /// By evidence.
    pub stale: u32,
}

impl Counts {
    /// The number of devices of a status.
    pub fn of(&self, status: Status) -> u32 {
        let mut counts = *self;
        *counts.status(status)
    }

    fn status(&mut self, status: Status) -> &mut u32 {
        match status {
            Status::Online => &mut self.online,
            Status::Offline => &mut self.offline,
            Status::Sleeping => &mut self.sleeping,
            Status::Degraded => &mut self.degraded,
            Status::Unknown => &mut self.unknown,
        }
    }

    fn evidence(&mut self, evidence: Evidence) -> &mut u32 {
        match evidence {
            Evidence::Live => &mut self.live,
            Evidence::Retained => &mut self.retained,
            Evidence::Stale => &mut self.stale,
        }
    }
}

/// A device's handle: it stays the same while the device exists, and is never another device's.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Handle {
    slot: u32,
    generation: u32,
}

impl Handle {
    /// A small number that no other device has at the same time; a removed device's may come again.
    pub fn slot(self) -> u32 {
        self.slot
    }
}

/// The bounds of a fleet.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// How many devices there may be. Those that come later are counted, not kept.
    pub devices: u32,
    /// How long the topic of a device may be, in bytes.
    pub topic: u16,
    /// How many bytes all topics, ids and names may take together.
    pub texts: usize,
    /// How many changes the histories may hold together.
    pub changes: usize,
    /// How many topics with unknown words are listed.
    pub strays: usize,
    /// How many topics may speak for a device that another topic speaks for already.
    pub aliases: usize,
    /// How many topics metadata may name, and of how many devices that are not there it is kept.
    pub metadata: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            devices: 1_000_000,
            topic: 1_024,
            texts: 512 << 20,
            changes: 4_000_000,
            strays: 256,
            aliases: 4_096,
            metadata: 100_000,
        }
    }
}

/// What a bound kept out. What was there before stays.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Refused {
    /// Messages of devices beyond the bound.
    pub devices: u64,
    /// Messages on topics that are too long.
    pub topics: u64,
    /// What metadata said, of devices that are not there or topics, beyond its bound; and base topics and filters
    /// beyond theirs.
    pub metadata: u64,
    /// Changes that no history has room for.
    pub changes: u64,
}

/// What a message did.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    /// The kind of change.
    pub effect: Effect,
    /// The device it was about, if there is one now.
    pub device: Option<Handle>,
    /// Whether its topic had been replayed already since the link came up: overlapping filters replay twice.
    pub replayed_before: bool,
}

/// The kind of change a message made.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing: nobody owns the topic.
    Unowned,
    /// Nothing: the topic's convention does not know the word, or metadata names another topic for the device.
    UnknownWord,
    /// Nothing: a bound keeps it out.
    Refused,
    /// Nothing that was not known.
    Same,
    /// A device was seen for the first time.
    FirstSight,
    /// A device's status changed.
    Changed,
    /// A device's evidence, name or age changed, its status did not.
    Confirmed,
    /// A device was removed.
    Removed,
}

impl Applied {
    fn of(effect: Effect) -> Applied {
        Applied { effect, device: None, replayed_before: false }
    }

    /// Whether the message was of no use to the board: nobody owns its topic or knows its word.
    pub fn is_useless(&self) -> bool {
        matches!(self.effect, Effect::Unowned | Effect::UnknownWord)
    }
}

/// Another topic that speaks for a device.
#[derive(Copy, Clone, Debug)]
struct Alias {
    slot: u32,
    heard: u32,
    news: News,
    status: Status,
}

/// How much of what is retained the board has seen since the link came up.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Coverage {
    Loading,
    Complete,
    Incomplete,
}

/// The devices of one connection.
#[derive(Debug)]
pub struct Fleet {
    bounds: Bounds,
    seeded: Seeded,
    owners: Owners,

    slots: Vec<Vec<Slot>>,
    slot_count: u32,
    /// By slot.
    briefs: Vec<Brief>,
    free: Vec<u32>,
    texts: Texts,
    payloads: Payloads,
    /// Slots by the key of their device, which stands in `texts`.
    index: HashTable<u32>,
    order: Order,
    /// By topic.
    aliases: BTreeMap<Box<str>, Alias>,
    /// The last writer of each topic that many devices share, by convention.
    last_writers: Vec<(u8, Handle)>,
    families: Families,
    /// Metadata of devices that are not there yet.
    waiting: ByKey<Waiting>,
    /// The hash of the last list, and the epoch behind it.
    last_list: Option<(u64, u64)>,
    /// In which life of the link each topic with metadata was replayed last.
    replayed: ByTopic<u32>,
    /// Filters that metadata asks for, in the order in which it did; those before `wanted_taken` were taken.
    wanted: Vec<String>,
    wanted_taken: usize,

    histories: Histories,
    change_count: usize,
    stamps: Stamps,
    /// The last changes, the oldest first, and some before those.
    recent: Vec<(Handle, Change)>,
    recency: Recency,

    counts: Counts,
    order_epoch: u64,
    refused: Refused,
    strays: Strays,

    /// The time of the last input that can change a device.
    now: Time,
    is_up: bool,
    /// Which life of the link this is. What was heard in an earlier one is stale.
    life: u32,
    coverage: Coverage,
    observed_since: Option<Time>,
    /// The link's gaps. The last one ended the life before this one, and so on backwards.
    gaps: Vec<Gap>,
    /// When the newest gap ended that was let go of.
    forgotten_gap: Option<Time>,
}

/// Slots are allocated by the chunk: growing never copies them and never holds twice the memory.
const CHUNK: usize = 1024;

/// # Input
impl Fleet {
    /// An empty fleet.
    ///
    /// `explicit_filters`: the user chose the filters, so the suffix conventions apply at any depth. `seed`
    /// makes the hashes of keys unpredictable to whoever chooses the topics.
    pub fn new(bounds: Bounds, explicit_filters: bool, seed: u64) -> Fleet {
        let seeded = Seeded::with_seed(seed);
        Fleet {
            bounds,
            owners: Owners::seeded(explicit_filters, seeded.clone()),
            slots: Vec::new(),
            slot_count: 0,
            briefs: Vec::new(),
            free: Vec::new(),
            texts: Texts::default(),
            payloads: Payloads::new(seeded.clone()),
            index: HashTable::new(),
            order: Order::default(),
            aliases: BTreeMap::new(),
            last_writers: Vec::new(),
            families: Families::new(seeded.clone()),
            waiting: HashMap::with_hasher(seeded.clone()),
            last_list: None,
            replayed: HashMap::with_hasher(seeded.clone()),
            seeded,
            wanted: Vec::new(),
            wanted_taken: 0,
            histories: Histories::default(),
            change_count: 0,
            stamps: Stamps::default(),
            recent: Vec::new(),
            recency: Recency::default(),
            counts: Counts::default(),
            order_epoch: 0,
            refused: Refused::default(),
            strays: Strays::default(),
            now: Time(0),
            is_up: false,
            life: 0,
            coverage: Coverage::Loading,
            observed_since: None,
            gaps: Vec::new(),
            forgotten_gap: None,
        }
    }

    /// Applies one message: the contract's table from evidence to evidence.
    ///
    /// `retain` is the flag the broker delivered it with: set, the message is a replay of unknown age.
    pub fn apply(&mut self, topic: &str, payload: &[u8], retain: bool, now: Time) -> Applied {
        self.now = now;
        let message = Message { topic, payload, retain, now };
        if let Some(applied) = self.apply_named(message) {
            return applied;
        }
        let Some(owner) = self.owners.owner(topic) else {
            return Applied::of(Effect::Unowned);
        };
        if topic.len() > self.bounds.topic as usize {
            self.refused.topics += 1;
            return Applied::of(Effect::Refused);
        }
        if let Vocabulary::Metadata(metadata) = owner.pattern.vocabulary {
            return self.describe(message, &owner, metadata);
        }
        if payload.is_empty() {
            let Some(id) = owner.id_in(topic, None) else {
                // A shared topic holds the message of whoever wrote last.
                let known = self.last_writers.iter().position(|(convention, _)| *convention == owner.number);
                let writer = known.map(|place| self.last_writers.swap_remove(place).1);
                return self
                    .clear(topic, writer.filter(|writer| self.living(*writer).is_some()).map(|w| w.slot));
            };
            return self.clear(topic, self.position(owner.number, &id));
        }
        let Some(said) = owner.pattern.vocabulary.read(payload) else {
            return self.stray(message, owner.number);
        };
        let Some(id) = owner.id_in(topic, said.id.as_deref()) else {
            return Applied::of(Effect::UnknownWord);
        };
        // Metadata names another topic for this device: what is left on this one says nothing about it.
        if self.owners.topic_of(owner.number, &id).is_some() {
            return self.stray(message, owner.number);
        }
        let name = said.name.as_deref();
        let applied = match self.position(owner.number, &id) {
            Some(slot) => self.update(slot, message, name, said.status),
            None => {
                let key = Key { convention: owner.number, id: &id };
                let new = NewDevice { key, id_start: id_start(&owner, topic) };
                let applied = self.first_sight(new, message, name, Some(said.status));
                if let Some(handle) = applied.device {
                    self.join_base(handle.slot, &owner, topic);
                }
                applied
            }
        };
        if let (Id::Payload, Some(handle)) = (&owner.id, applied.device) {
            self.last_writers.retain(|(convention, _)| *convention != owner.number);
            self.last_writers.push((owner.number, handle));
        }
        applied
    }

    /// A message on a convention's topic that the convention does not know.
    fn stray(&mut self, message: Message<'_>, convention: u8) -> Applied {
        self.strays.note(message, CONVENTIONS[convention as usize], self.bounds.strays);
        Applied::of(Effect::UnknownWord)
    }

    /// A message on a topic that metadata named; `None` when it named no such topic.
    fn apply_named(&mut self, message: Message<'_>) -> Option<Applied> {
        let Message { topic, payload, .. } = message;
        let named = self.owners.named(topic)?;
        let (number, position) = (named.number, self.position(named.number, &named.id));
        if payload.is_empty() {
            return Some(self.clear(topic, position));
        }
        let Some(status) = named.read(payload) else {
            return Some(self.stray(message, number));
        };
        if let Some(slot) = position {
            return Some(self.update(slot, message, None, status));
        }
        let id = named.id.clone();
        let new = NewDevice { key: Key { convention: number, id: &id }, id_start: topic.len() };
        Some(self.first_sight(new, message, None, Some(status)))
    }

    /// The link came up: what is heard from now on counts as observed.
    pub fn link_up(&mut self, now: Time) {
        if self.is_up {
            return;
        }
        self.is_up = true;
        self.coverage = Coverage::Loading;
        self.observed_since.get_or_insert(now);
        if let Some(gap) = self.gaps.last_mut() {
            gap.to.get_or_insert(now);
        }
        self.touch_all();
    }

    /// The link ended, or the machine slept and cannot know what it missed: everything is stale.
    ///
    /// `now` is the last moment at which the link is known to have worked.
    pub fn link_down(&mut self, now: Time) {
        if !self.is_up {
            return;
        }
        self.is_up = false;
        // Nothing is walked: every device was heard in an earlier life from here on.
        self.life += 1;
        self.counts.live = 0;
        self.counts.retained = 0;
        self.counts.stale = self.counts.total;
        if self.gaps.len() >= MOST_GAPS {
            self.forget_gap();
        }
        self.gaps.push(Gap { from: now, to: None });
        self.touch_all();
    }

    /// Everything that is retained was seen: what is stale now was not announced again.
    pub fn snapshot_finished(&mut self, _now: Time) {
        self.set_coverage(Coverage::Complete);
    }

    /// The board asked for everything that is retained and could not see all of it.
    pub fn snapshot_incomplete(&mut self, _now: Time) {
        self.set_coverage(Coverage::Incomplete);
    }

    /// The board asks again for what is retained.
    pub fn snapshot_started(&mut self, _now: Time) {
        self.set_coverage(Coverage::Loading);
    }

    fn set_coverage(&mut self, coverage: Coverage) {
        // It is why a stale device is stale.
        if self.coverage != coverage && self.counts.stale > 0 {
            self.touch_all();
        }
        self.coverage = coverage;
    }

    /// Filters were paused, or switched off or on: a device on whose topic `is_covered` is false is stale until
    /// it is heard again. Returns how many became stale.
    pub fn cover(&mut self, is_covered: impl Fn(&str) -> bool, now: Time) -> u32 {
        self.now = now;
        let mut count = 0;
        for number in 0..self.slot_count {
            let slot = *self.slot(number);
            if !slot.is(ALIVE) {
                continue;
            }
            let is_lost = !is_covered(self.topic(&slot));
            if is_lost != slot.is(UNWATCHED) {
                self.slot_mut(number).set(UNWATCHED, is_lost);
                self.touch(number);
            }
            if is_lost && slot.heard == self.life && !slot.is(LAPSED) {
                self.set_flags(number, self.slot(number).flags | LAPSED);
                self.tell_children(number);
                count += 1;
            }
        }
        count
    }
}

/// # Housekeeping
impl Fleet {
    /// Merges new and renamed devices into the order by name. Never needed, for [`Fleet::rows`] is right
    /// without it; but then it sorts them anew at each call.
    pub fn settle(&mut self) {
        let order = self.ordered().into_owned();
        self.order.sorted = order;
        self.order.is_stale = false;
        for number in std::mem::take(&mut self.order.pending) {
            let slot = self.slot_mut(number);
            slot.set(PENDING, false);
            let is_alive = slot.is(ALIVE);
            self.briefs[number as usize].set_placed(is_alive);
        }
        self.free.append(&mut self.order.limbo);
    }

    /// Whether [`Fleet::settle`] has anything to do.
    pub fn is_settled(&self) -> bool {
        self.order.pending.is_empty() && self.order.limbo.is_empty()
    }
}

/// # Reading
impl Fleet {
    /// How many devices there are of each kind.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// A number that changes whenever the order of the rows may have changed: with a device, a status, a name,
    /// a parent or the topic of a device.
    pub fn order_epoch(&self) -> u64 {
        self.order_epoch
    }

    /// The device of a handle, unless it was removed.
    pub fn device(&self, handle: Handle) -> Option<Device<'_>> {
        let slot = self.living(handle)?;
        Some(Device::new(self, handle, slot))
    }

    /// What a device shows at a glance, without the rest of [`Fleet::device`].
    pub fn glance(&self, handle: Handle) -> Option<(Status, Evidence)> {
        let slot = self.living(handle)?;
        Some((slot.shown(), self.evidence(slot)))
    }

    /// The device of a convention and id.
    pub fn find(&self, convention_slug: &str, id: &str) -> Option<Handle> {
        let number = CONVENTIONS.iter().position(|convention| convention.slug == convention_slug)?;
        self.position(number as u8, id).map(|slot| self.handle(slot))
    }

    /// Every device, in no order.
    pub fn handles(&self) -> impl Iterator<Item = Handle> {
        (0..self.slot_count).filter(|slot| self.slot(*slot).is(ALIVE)).map(|slot| self.handle(slot))
    }

    /// When the board was first connected in this visit.
    pub fn observed_since(&self) -> Option<Time> {
        self.observed_since
    }

    /// The times since then in which the board was not connected, the oldest first; the last 64 of them.
    pub fn gaps(&self) -> impl DoubleEndedIterator<Item = Gap> {
        self.gaps.iter().copied()
    }

    /// Words on owned topics that their conventions do not know.
    pub fn strays(&self) -> &Strays {
        &self.strays
    }

    /// The next filter that metadata asks for: it brings status topics that it named, or those below a base
    /// topic of which it told. Each is given once.
    pub fn poll_wanted_filter(&mut self) -> Option<&str> {
        let wanted = self.wanted.get(self.wanted_taken)?;
        self.wanted_taken += 1;
        Some(wanted)
    }

    /// What the bounds kept out.
    pub fn refused(&self) -> &Refused {
        &self.refused
    }
}

/// # The store
impl Fleet {
    fn slot(&self, number: u32) -> &Slot {
        &self.slots[number as usize / CHUNK][number as usize % CHUNK]
    }

    fn slot_mut(&mut self, number: u32) -> &mut Slot {
        &mut self.slots[number as usize / CHUNK][number as usize % CHUNK]
    }

    fn living(&self, handle: Handle) -> Option<&Slot> {
        let slot = (handle.slot < self.slot_count).then(|| self.slot(handle.slot))?;
        (slot.is(ALIVE) && self.handle(handle.slot) == handle).then_some(slot)
    }

    fn position(&self, convention: u8, id: &str) -> Option<u32> {
        let key = Key { convention, id };
        self.index.find(self.seeded.hash_one(key), |number| self.key(self.slot(*number)) == key).copied()
    }

    fn key(&self, slot: &Slot) -> Key<'_> {
        Key { convention: slot.convention, id: self.id(slot) }
    }

    fn topic(&self, slot: &Slot) -> &str {
        self.texts.at(slot.text, slot.topic_len.into())
    }

    fn id(&self, slot: &Slot) -> &str {
        let (start, length) = (usize::from(slot.id_start), usize::from(slot.id_len));
        &self.texts.at(slot.text, start + length)[start..]
    }

    /// Topic, id and name.
    fn texts_of(&self, slot: &Slot) -> (&str, &str, &str) {
        let text = self.texts.at(slot.text, slot.text_len());
        (self.topic(slot), self.id(slot), &text[text.len() - slot.name_len as usize..])
    }

    fn display_name(&self, number: u32) -> &str {
        let slot = self.slot(number);
        match self.texts_of(slot) {
            (_, id, "") => id,
            (_, _, name) => name,
        }
    }

    /// How good the knowledge of what is shown is.
    fn evidence(&self, slot: &Slot) -> Evidence {
        let own = self.own_evidence(slot);
        if slot.is(PARENT_OFFLINE) && !slot.follows_parent() {
            Evidence::Stale
        } else if slot.is_down_with_parent() {
            // It rests on both: on its own word, that it is there at all, and on its parent's.
            own.max(match (slot.is(PARENT_STALE), slot.is(PARENT_REPLAYED)) {
                (true, _) => Evidence::Stale,
                (_, true) => Evidence::Retained,
                _ => Evidence::Live,
            })
        } else {
            own
        }
    }

    /// How good the knowledge of what the device said is, whatever it hangs on.
    fn own_evidence(&self, slot: &Slot) -> Evidence {
        if slot.heard != self.life || slot.is(LAPSED) {
            Evidence::Stale
        } else if slot.is(LIVE) {
            Evidence::Live
        } else {
            Evidence::Retained
        }
    }

    fn stale_reason(&self, slot: &Slot) -> Option<StaleReason> {
        let convention: &Convention = CONVENTIONS[slot.convention as usize];
        if self.evidence(slot) != Evidence::Stale {
            None
        } else if !self.is_up {
            Some(StaleReason::LinkDown)
        } else if slot.is(UNWATCHED) {
            Some(StaleReason::NotSubscribed)
        } else if slot.is(PARENT_OFFLINE)
            && (!slot.follows_parent() || self.own_evidence(slot) != Evidence::Stale)
        {
            Some(StaleReason::ParentOffline)
        } else if !convention.announces {
            Some(StaleReason::WaitsForNextMessage)
        } else {
            Some(match self.coverage {
                Coverage::Loading => StaleReason::Loading,
                Coverage::Complete => StaleReason::NotAnnouncedAgain,
                Coverage::Incomplete => StaleReason::SnapshotIncomplete,
            })
        }
    }

    /// Since when a device has the status that is shown; `None` when nobody saw it begin.
    fn since(&self, number: u32, slot: &Slot) -> Option<Time> {
        let known = |slot: &Slot| (slot.since != UNKNOWN).then_some(slot.since);
        if slot.is(DISABLED) || slot.is(UNTOLD) {
            None
        } else if slot.is_down_with_parent() {
            let (_, parent) = self.families.parent(number)?;
            known(self.slot(parent?))
        } else {
            known(slot)
        }
    }

    /// What a device hangs on.
    fn parent(&self, number: u32) -> Option<ParentOf<'_>> {
        let (key, parent) = self.families.parent(number)?;
        let handle = parent.map(|parent| self.handle(parent));
        Some(ParentOf { convention: CONVENTIONS[key.convention as usize], id: key.id, handle })
    }

    /// Changes what the flags say of a device.
    fn set_flags(&mut self, number: u32, flags: u16) {
        self.restate(number, Slot { flags, ..*self.slot(number) });
    }

    /// Changes what a device is, and with it the counts, its clock and what the page asks about.
    fn restate(&mut self, number: u32, mut slot: Slot) {
        let before = *self.slot(number);
        self.keep_time(number, &before, &mut slot);
        *self.slot_mut(number) = slot;
        let looks = |slot: &Slot| (slot.shown(), self.evidence(slot), slot.status, slot.since, slot.flags);
        let (was, is) = (looks(&before), looks(&slot));
        if was == is {
            return;
        }
        *self.counts.status(was.0) -= 1;
        *self.counts.evidence(was.1) -= 1;
        *self.counts.status(is.0) += 1;
        *self.counts.evidence(is.1) += 1;
        if was.0 != is.0 {
            self.briefs[number as usize].set_status(is.0);
            self.order_epoch += 1;
        }
        self.touch(number);
    }

    /// Since when a stale device is stale; `None` when it is not.
    fn stale_from(&self, slot: &Slot) -> Option<Time> {
        if slot.heard == self.life {
            // Then its filter or its parent cuts it off, and it has an open gap of its own, which is listed already.
            return None;
        }
        // The last gap ended the life before this one, and so on backwards.
        let back = (self.life - slot.heard) as usize;
        let position = self.gaps.len().saturating_sub(back);
        self.gaps.get(position).map(|gap| gap.from)
    }

    /// Puts a device in line for its place by name.
    fn wait_for_place(&mut self, number: u32) {
        self.order_epoch += 1;
        self.touch(number);
        self.briefs[number as usize].set_placed(false);
        if !self.slot(number).is(PENDING) {
            self.slot_mut(number).set(PENDING, true);
            self.order.pending.push(number);
        }
        self.settle_if_due();
    }

    /// Tidies up when there is enough of it to do.
    fn settle_if_due(&mut self) {
        if self.order.is_due() {
            self.settle();
        }
        if self.texts.is_wasteful() {
            let mut texts = Texts::default();
            for number in 0..self.slot_count {
                let slot = *self.slot(number);
                if !slot.is(ALIVE) {
                    continue;
                }
                let text = self.texts.at(slot.text, slot.text_len());
                let place = texts.put([text, "", ""], usize::MAX).expect("the old store had room for it");
                self.slot_mut(number).text = place;
            }
            self.texts = texts;
        }
    }

    /// The devices by name.
    fn ordered(&self) -> Cow<'_, [u32]> {
        let keep = |number: u32| self.briefs[number as usize].is_placed();
        self.order.merged(&self.arrivals(), keep, |a, b| self.compare(a, b))
    }

    /// The devices that wait for a place, sorted.
    fn arrivals(&self) -> Vec<u32> {
        let waits = |number: &u32| self.slot(*number).is(ALIVE) && self.slot(*number).is(PENDING);
        let mut arrivals: Vec<(&str, u32)> = self
            .order
            .pending
            .iter()
            .filter(|number| waits(number))
            .map(|number| (self.display_name(*number), *number))
            .collect();
        let compare = |(a, one): &(&str, u32), (b, other): &(&str, u32)| {
            order::natural(a, b).then_with(|| self.compare(*one, *other))
        };
        arrivals.sort_unstable_by(compare);
        arrivals.into_iter().map(|(_, number)| number).collect()
    }

    fn compare(&self, a: u32, b: u32) -> Ordering {
        let (one, other) = (self.slot(a), self.slot(b));
        order::natural(self.display_name(a), self.display_name(b))
            .then_with(|| self.id(one).cmp(self.id(other)))
            .then_with(|| one.convention.cmp(&other.convention))
    }
}

/// One message, as [`Fleet::apply`] was given it.
#[derive(Copy, Clone)]
struct Message<'a> {
    topic: &'a str,
    payload: &'a [u8],
    retain: bool,
    now: Time,
}

/// A device that is not there yet.
#[derive(Copy, Clone, Debug)]
struct NewDevice<'a> {
    key: Key<'a>,
    /// Where the id begins in the topic; the length of the topic when it is no part of it.
    id_start: usize,
}

fn id_start(owner: &Owner, topic: &str) -> usize {
    match &owner.id {
        Id::Topic(range) => range.start,
        Id::Based { base, own } if own.is_empty() => base.start,
        Id::Based { .. } | Id::Payload => topic.len(),
    }
}
