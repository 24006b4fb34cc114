//! The devices of one connection: what each last said, how good that knowledge is, and how it came about.
//!
//! Messages come in through `apply.rs`; `transitions.rs` is the contract's table of what they do to a device, and
//! `metadata.rs` learns what else is known of it. The fleet never reads a clock and never sends anything. The engine
//! writes it, the page reads it by [`Fleet::counts`], [`Fleet::rows`] and [`Fleet::device`].

mod apply;
mod bounds;
mod brief;
mod changes;
mod counts;
mod device;
mod evidence;
mod families;
mod groups;
mod history;
mod key;
mod metadata;
mod named;
mod order;
mod parents;
mod payloads;
mod query;
mod slot;
mod store;
mod texts;
mod transitions;
mod unrecognized;
mod uptime;

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashTable};
use mqtt::Time;

use crate::conventions::{Convention, ConventionId, Owners, Precedence, RegisterError, Registry};
use crate::status::{Evidence, Status};
use brief::Brief;
use changes::{Recency, Stamps};
use evidence::Coverage;
use families::Families;
use history::Histories;
use key::{ByKey, ByTopic, Seeded};
use metadata::Waiting;
use named::NamedTopics;
use order::Order;
use payloads::Payloads;
use slot::{ALIVE, News, Slot};
use texts::Texts;

pub use apply::{Applied, Effect};
pub use bounds::{Bounds, Refused};
pub use changes::{Changed, MAX_RECENT};
pub use counts::Counts;
pub use device::{Device, ParentOf};
pub use evidence::StaleReason;
pub use groups::{Group, GroupKey, Grouping};
pub use history::{Change, ChangeKind, Gap, MAX_HISTORY, Span};
pub use metadata::MAX_WANTED_FILTERS;
pub use payloads::{MAX_PAYLOAD, MAX_PAYLOAD_BYTES, MAX_PAYLOADS, Payload};
pub use query::{OrderBy, Query, Rows, Statuses};
pub use store::Handle;
pub use unrecognized::{Unrecognized, UnrecognizedTopic};
pub use uptime::Uptime;

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
    /// Slots by the key of their device; its id is in `texts`.
    index: HashTable<u32>,
    order: Order,
    /// By topic.
    aliases: BTreeMap<Box<str>, Alias>,
    /// The topics that metadata names.
    named: NamedTopics,
    /// The last writer of each topic that many devices share.
    last_writers: HashMap<ConventionId, Handle, Seeded>,
    families: Families,
    /// Metadata of devices that do not exist yet.
    waiting: ByKey<Waiting>,
    /// The hash of the last inventory, and the epoch after it.
    last_list: Option<(u64, u64)>,
    /// On which link each topic with metadata was replayed last.
    replayed: ByTopic<u32>,
    /// Filters that metadata wants, in order; those before `wanted_taken` were taken.
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
    unrecognized: Unrecognized,

    /// The time of the last input that can change a device.
    now: Time,
    is_up: bool,
    /// The number of the link. What was heard on an earlier one is stale.
    link: u32,
    coverage: Coverage,
    observed_since: Option<Time>,
    /// The times without a link. The last one came before this link, and so on backwards.
    gaps: Vec<Gap>,
    /// When the newest gap ended that was dropped.
    forgotten_gap: Option<Time>,
}

/// A further topic of a device.
#[derive(Copy, Clone, Debug)]
struct Alias {
    slot: u32,
    heard_on: u32,
    news: News,
    status: Status,
}

/// # Making
impl Fleet {
    /// An empty fleet with the built-in conventions.
    ///
    /// `explicit_filters`: the user chose the filters, so the suffix conventions apply at any depth. `seed`
    /// makes the hashes of keys unpredictable to those who choose the topics.
    pub fn new(bounds: Bounds, explicit_filters: bool, seed: u64) -> Fleet {
        Fleet::with_conventions(Registry::built_in(), bounds, explicit_filters, seed)
    }

    /// An empty fleet with these conventions.
    pub fn with_conventions(
        conventions: Registry,
        bounds: Bounds,
        explicit_filters: bool,
        seed: u64,
    ) -> Fleet {
        let seeded = Seeded::with_seed(seed);
        Fleet {
            bounds,
            owners: Owners::new(conventions, explicit_filters),
            slots: Vec::new(),
            slot_count: 0,
            briefs: Vec::new(),
            free: Vec::new(),
            texts: Texts::default(),
            payloads: Payloads::new(seeded.clone()),
            index: HashTable::new(),
            order: Order::default(),
            aliases: BTreeMap::new(),
            named: NamedTopics::new(seeded.clone()),
            last_writers: HashMap::with_hasher(seeded.clone()),
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
            unrecognized: Unrecognized::default(),
            now: Time(0),
            is_up: false,
            link: 0,
            coverage: Coverage::Loading,
            observed_since: None,
            gaps: Vec::new(),
            forgotten_gap: None,
        }
    }

    /// Registers a further convention. It owns topics from the next message on; devices that exist keep the
    /// convention by which they were found.
    ///
    /// # Errors
    /// As [`Registry::register`].
    pub fn register(
        &mut self,
        convention: Convention,
        precedence: Precedence,
    ) -> Result<ConventionId, RegisterError> {
        self.owners.register(convention, precedence)
    }
}

/// # Reading
impl Fleet {
    /// The conventions.
    pub fn conventions(&self) -> &Registry {
        self.owners.registry()
    }

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
        self.find_by_id(self.conventions().find(convention_slug)?, id)
    }

    /// The same of a convention that was looked up.
    pub fn find_by_id(&self, convention: ConventionId, id: &str) -> Option<Handle> {
        self.position(convention, id).map(|slot| self.handle(slot))
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

    /// Messages on owned topics that their conventions do not know.
    pub fn unrecognized(&self) -> &Unrecognized {
        &self.unrecognized
    }

    /// The next filter that metadata wants: it matches status topics that metadata named, or topics below a base
    /// topic that was learned. Each is returned once.
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
