//! What is known of a device besides its own word: its name, what it hangs on, that it is switched off or
//! sleeps, which topic it speaks on.
//!
//! Metadata and statuses may come in any order and must end the same. Metadata never changes what a device
//! said, only what that means; a device that only metadata knows of is there when an inventory lists it, and
//! is unknown until it speaks. Called by [`Fleet::apply`].

use std::hash::BuildHasher;

use mqtt::TopicFilter;

use super::device::{
    DISABLED, LAPSED, LISTED, LIVE, PARENT_OFFLINE, PARENT_REPLAYED, PARENT_STALE, SLEEPS, Slot, UNTOLD,
    UNWATCHED,
};
use super::{Applied, Effect, Evidence, Fleet, Message, NewDevice};
use crate::key::Key;
use crate::presence::{
    About, CONVENTIONS, LONGEST_METADATA, LONGEST_NAME, Metadata, Named, Owner, ParentBy, Status,
    StatusTopic, Vocabulary,
};

/// How many filters metadata may ask for.
pub const MOST_WANTED: usize = 64;

/// Metadata of a device that is not there yet, or not any more: the broker keeps it longer than the status.
#[derive(Clone, PartialEq, Default, Debug)]
pub(super) struct Waiting {
    pub(super) name: Option<Box<str>>,
    pub(super) parent: Option<Box<str>>,
    /// Which of `KEPT` the device has.
    pub(super) flags: u16,
}

/// The flags of a device that metadata sets.
const KEPT: u16 = LISTED | DISABLED | SLEEPS;

/// One message with metadata, and the owner of its topic.
#[derive(Copy, Clone)]
struct Source<'a> {
    message: Message<'a>,
    owner: &'a Owner,
}

impl Fleet {
    /// A message with metadata.
    pub(super) fn describe(&mut self, message: Message<'_>, owner: &Owner, metadata: Metadata) -> Applied {
        let source = Source { message, owner };
        let Message { topic, payload, retain, .. } = message;
        let mut changed = false;
        let mut listed: Vec<u32> = Vec::new();
        // A list that comes as before, with nothing in between, changes nothing, however long it is and however
        // often somebody sends it.
        let list = metadata.is_inventory.then(|| self.seeded.hash_one((retain, topic, payload)));
        let is_repeated = list.is_some_and(|list| self.last_list == Some((list, self.epoch())));
        if payload.is_empty() && !is_repeated {
            // It was taken back. What it named is not named any more; a device that spoke stays.
            if let Some((status_topic, named)) = self.owners.unname(topic, None) {
                changed |= self.take_back(named.number, &named.id);
                self.give_back(self.position(named.number, &named.id), &status_topic);
            }
            if let Some(id) = owner.id_in(topic, None)
                && !metadata.is_inventory
            {
                changed |= self.take_back(owner.number, &id);
            }
        } else if !is_repeated {
            let is_understood = payload.len() <= LONGEST_METADATA
                && (metadata.read)(owner.own_id(topic), payload, &mut |about| {
                    changed |= self.learn(&about, source, &mut listed);
                });
            if !is_understood {
                return self.stray(message, owner.number);
            }
        }
        if metadata.is_inventory && !is_repeated {
            changed |= self.unlist_others(source, listed);
        }
        if let Some(list) = list {
            self.last_list = Some((list, self.epoch()));
        }
        let effect = if changed { Effect::Confirmed } else { Effect::Same };
        // A link begins afresh: what it replays first was not replayed before, however well it is known.
        let is_full = self.replayed.len() >= self.bounds.metadata;
        let replayed_before = match self.replayed.get_mut(topic) {
            None if is_full => !changed,
            _ if payload.is_empty() => {
                self.replayed.remove(topic);
                false
            }
            _ if !retain => false,
            Some(life) => std::mem::replace(life, self.life) == self.life,
            None => {
                self.replayed.insert(topic.into(), self.life);
                false
            }
        };
        Applied { effect, device: None, replayed_before }
    }

    /// Learns what metadata says about one device. Returns whether that was news.
    fn learn(&mut self, about: &About<'_>, source: Source<'_>, listed: &mut Vec<u32>) -> bool {
        let Source { message, owner } = source;
        let Message { topic, retain, now, .. } = message;
        let convention = owner.number;
        let mut id = owner.sibling(topic, about.id);
        if id.is_empty() || id.len() > LONGEST_NAME || about.name.is_some_and(|n| n.len() > LONGEST_NAME) {
            return false;
        }
        let mut changed = false;
        if let Some(status_topic) = about.status_topic {
            if let Some((former, named)) = self.owners.unname(topic, Some(status_topic.topic)) {
                changed |= self.take_back(named.number, &named.id);
                self.give_back(self.position(named.number, &named.id), &former);
            }
            let is_anothers = |named: &&Named| named.number == convention && *named.source != *topic;
            let named = |status_topic| self.owners.named(status_topic).filter(is_anothers);
            if let Some(first) = named(status_topic.topic) {
                // Hardware that was replaced leaves its own discovery behind. One topic is one device, by the
                // id and the words of whoever named it first.
                id = first.id.to_string().into();
                if self.owners.may_name(topic, self.bounds.metadata) {
                    self.owners.name_too(status_topic.topic, topic);
                } else {
                    self.refused.metadata += 1;
                }
            } else {
                // Two devices may have the same id in topics that differ elsewhere. Who came first keeps it.
                if self.owners.topic_of(convention, &id).and_then(named).is_some() {
                    id = [&*id, "@", owner.own_id(topic)].concat().into();
                }
                changed |= self.name_topic(status_topic, &id, source);
            }
        }
        let number = match self.position(convention, &id) {
            Some(number) => number,
            None if about.is_listed => {
                let new = NewDevice { key: Key { convention, id: &id }, id_start: topic.len() };
                let applied = self.first_sight(new, message, None, None);
                let Some(handle) = applied.device else {
                    return changed;
                };
                self.join_base(handle.slot, owner, topic);
                changed = true;
                handle.slot
            }
            None => return self.keep_waiting(&id, about, source) || changed,
        };
        listed.push(number);
        if let Some(name) = about.name {
            changed |= self.rename(number, name);
        }
        if let Some(parent) = about.parent {
            changed |= if parent.is_empty() {
                self.part(number)
            } else {
                self.join(number, convention, &owner.sibling(topic, parent))
            };
        }
        let mut slot = *self.slot(number);
        let flags = slot.flags;
        if slot.is(UNTOLD) && self.own_evidence(&slot) == Evidence::Stale {
            self.end_own_gap(number, now);
        }
        slot.set(DISABLED, about.is_disabled.unwrap_or(slot.is(DISABLED)));
        slot.set(SLEEPS, about.sleeps.unwrap_or(slot.is(SLEEPS)));
        slot.set(LISTED, about.is_listed || slot.is(LISTED));
        if slot.is(UNTOLD) {
            // The inventory is all that is heard of it.
            slot.heard = self.life;
            slot.set(LIVE, !retain);
            slot.set(UNWATCHED | LAPSED, false);
        }
        self.restate(number, slot);
        changed || flags != slot.flags
    }

    /// Keeps metadata until its device is there. Returns whether it was news.
    fn keep_waiting(&mut self, id: &str, about: &About<'_>, source: Source<'_>) -> bool {
        let key = Key { convention: source.owner.number, id };
        let before = self.waiting.get(&key).cloned().unwrap_or_default();
        let mut waiting = before.clone();
        if let Some(name) = about.name {
            waiting.name = (!name.is_empty()).then(|| name.into());
        }
        if let Some(parent) = about.parent {
            let parent = (!parent.is_empty()).then(|| source.owner.sibling(source.message.topic, parent));
            waiting.parent = parent.map(|parent| Box::from(&*parent));
        }
        for (flag, said) in [(DISABLED, about.is_disabled), (SLEEPS, about.sleeps)] {
            match said {
                Some(true) => waiting.flags |= flag,
                Some(false) => waiting.flags &= !flag,
                None => {}
            }
        }
        if before == waiting {
            return false;
        }
        self.wait(key, waiting)
    }

    /// Keeps what is not nothing, if there is room for it. Returns whether it did.
    pub(super) fn wait(&mut self, key: Key<'_>, waiting: Waiting) -> bool {
        if waiting == Waiting::default() {
            return self.waiting.remove(&key).is_some();
        }
        if self.waiting.len() >= self.bounds.metadata && !self.waiting.contains_key(&key) {
            self.refused.metadata += 1;
            return false;
        }
        self.waiting.insert(key.into(), waiting);
        true
    }

    /// A device goes, by its own topic: what metadata said of it waits for it to come back.
    pub(super) fn remember(&mut self, number: u32) {
        let slot = *self.slot(number);
        let convention = CONVENTIONS[slot.convention as usize];
        let is_metadata = |vocabulary: &Vocabulary| matches!(vocabulary, Vocabulary::Metadata(_));
        let has_metadata = convention.patterns.iter().any(|pattern| is_metadata(&pattern.vocabulary));
        let by_metadata = convention.parent.as_ref().is_some_and(|parent| parent.by == ParentBy::Metadata);
        let (_, id, name) = self.texts_of(&slot);
        let id = id.to_owned();
        let flags = slot.flags & KEPT;
        let waiting = Waiting {
            name: (has_metadata && !name.is_empty()).then(|| Box::from(name)),
            // Of a device that is listed it tells by whom; that of any other stands in its topic.
            parent: self
                .families
                .parent(number)
                .filter(|_| by_metadata || flags & LISTED != 0)
                .map(|(parent, _)| Box::from(parent.id)),
            flags,
        };
        self.wait(Key { convention: slot.convention, id: &id }, waiting);
    }

    /// Metadata about a device was taken back: nothing but its own word is known of it any more.
    fn take_back(&mut self, convention: u8, id: &str) -> bool {
        let had_waited = self.waiting.remove(&Key { convention, id }).is_some();
        let Some(number) = self.position(convention, id) else {
            return had_waited;
        };
        if self.slot(number).is(UNTOLD) && self.owners.topic_of(convention, id).is_none() {
            self.remove(number);
            return true;
        }
        let flags = self.slot(number).flags;
        self.set_flags(number, flags & !(SLEEPS | DISABLED | LISTED));
        let is_named_by_parent = CONVENTIONS[convention as usize].parent.as_ref();
        let parted =
            is_named_by_parent.is_some_and(|parent| parent.by == ParentBy::Metadata) && self.part(number);
        let renamed = self.rename(number, "");
        had_waited || parted || renamed || flags != self.slot(number).flags
    }

    /// A topic is not named any more: its device is whose the patterns say, and nobody's if they say nothing.
    fn give_back(&mut self, number: Option<u32>, topic: &str) {
        let Some(number) = number.filter(|number| *self.topic(self.slot(*number)) == *topic) else {
            return;
        };
        let owner = self.owners.owner(topic);
        let key = owner.as_ref().and_then(|owner| Some((owner.number, owner.id_in(topic, None)?)));
        let is_owned = key.is_some_and(|(owner, own)| {
            let is_free = self.position(owner, &own).is_none_or(|known| known == number);
            is_free && self.rekey(number, owner, &own)
        });
        if !is_owned {
            // Nobody could say any more when its status changes.
            self.remove(number);
        }
    }

    /// An inventory came that lists these devices: the others below its base topic are not listed any more.
    fn unlist_others(&mut self, source: Source<'_>, listed: Vec<u32>) -> bool {
        let parent = source.owner.convention.parent.as_ref().zip(source.owner.base(source.message.topic));
        let Some((parent, base)) = parent else {
            return false;
        };
        let Some(parent_number) = number_of(parent.slug) else {
            return false;
        };
        let mut is_listed = vec![false; self.slot_count as usize];
        for number in listed {
            is_listed[number as usize] = true;
        }
        let mut changed = false;
        // From the end, where taking one out of its family moves no others.
        for child in self.families.children_of(Key { convention: parent_number, id: base }).into_iter().rev()
        {
            let slot = *self.slot(child);
            if !slot.is(LISTED) || is_listed[child as usize] {
                continue;
            }
            changed = true;
            if slot.is(UNTOLD) {
                self.remove(child);
            } else {
                self.set_flags(child, slot.flags & !(LISTED | DISABLED));
            }
        }
        let waited = self.waiting.len();
        self.waiting.retain(|key, waiting| {
            let is_listed = waiting.flags & LISTED != 0 && waiting.parent.as_deref() == Some(base);
            key.convention != source.owner.number || !is_listed
        });
        changed || waited != self.waiting.len()
    }

    /// Metadata names the topic of a device. Returns whether that is news.
    fn name_topic(&mut self, status_topic: StatusTopic<'_>, id: &str, source: Source<'_>) -> bool {
        let StatusTopic { topic, filter, online, offline } = status_topic;
        if topic.len() > self.bounds.topic as usize {
            return false;
        }
        let (number, naming) = (source.owner.number, source.message.topic);
        // Another owner may have taken the topic before: then that device is this one, under another key.
        let former = self.owners.named(topic).map(|named| (named.number, named.id.clone()));
        let before = match &former {
            Some((number, id)) => self.position(*number, id),
            None => {
                let owner = self.owners.owner(topic);
                owner.and_then(|owner| self.position(owner.number, &owner.id_in(topic, None)?))
            }
        };
        let is_this = |before: &u32| {
            let slot = self.slot(*before);
            *self.topic(slot) == *topic || (former.is_some() && slot.is(UNTOLD))
        };
        let before = before.filter(is_this);
        let named = Named {
            number,
            id: id.into(),
            source: naming.into(),
            online: online.into(),
            offline: offline.into(),
        };
        if !self.owners.may_name(naming, self.bounds.metadata) {
            self.refused.metadata += 1;
            return false;
        }
        let is_news = self.owners.name(topic, named);
        if let Some((number, former)) = former.filter(|(_, former)| **former != *id) {
            self.waiting.remove(&Key { convention: number, id: &former });
        }
        if let Some(before) = before {
            let slot = *self.slot(before);
            let known = self.position(number, id).filter(|known| *known != before);
            let has_room = match known {
                // It is listed, and this is what it said.
                Some(known) if self.slot(known).is(UNTOLD) => {
                    self.remove(known);
                    self.rekey(before, number, id)
                }
                // The device is there already, by another topic: it takes over what was said, if that holds.
                Some(known) => {
                    let is_stale = self.own_evidence(&slot) == Evidence::Stale;
                    if !is_stale && !slot.is(UNTOLD) {
                        let now = source.message.now;
                        let word = Message { topic, payload: b"", retain: !slot.is(LIVE), now };
                        let applied = self.update(known, word, None, slot.status);
                        if applied.effect != Effect::Same {
                            self.payloads.copy(before, known);
                        }
                        if applied.effect == Effect::Changed {
                            self.restate(known, Slot { since: slot.since, ..*self.slot(known) });
                        }
                    }
                    self.remove(before);
                    true
                }
                None => self.rekey(before, number, id),
            };
            if !has_room {
                self.owners.unname(naming, None);
                self.give_back(Some(before), topic);
                self.refused.metadata += 1;
                return false;
            }
        }
        if is_news && TopicFilter::new(filter).is_ok() {
            self.want(filter.to_owned());
        }
        is_news
    }

    /// A device turns out to have another key. Its handle and its history stay. Returns whether there was room.
    fn rekey(&mut self, number: u32, convention: u8, id: &str) -> bool {
        if self.position(convention, id) == Some(number) {
            return true;
        }
        let (topic, _, name) = self.texts_of(self.slot(number));
        let (topic, name) = (topic.to_owned(), name.to_owned());
        let Some(place) = self.texts.put([&topic, id, &name], self.bounds.texts) else {
            return false;
        };
        self.meet_children(number, false);
        self.part(number);
        self.leave_index(number);
        let slot = self.slot_mut(number);
        let old_length = slot.text_len();
        slot.text = place;
        (slot.id_start, slot.id_len) = (slot.topic_len, id.len() as u16);
        slot.convention = convention;
        self.texts.forget(old_length);
        self.enter_index(number);
        self.order.is_stale = true;
        self.wait_for_place(number);
        self.meet_children(number, true);
        true
    }

    /// A device is there that may be the parent of those below its base topic, and these are asked for.
    pub(super) fn learn_base(&mut self, convention: u8, id: &str) {
        let mut filters = self.owners.learn_base(convention, id);
        if filters.is_none() {
            // Those without a parent and without devices make room.
            let is_idle = |base: &&str| {
                self.position(convention, base).is_none()
                    && self.families.children_of(Key { convention, id: base }).is_empty()
            };
            let idle: Vec<String> =
                self.owners.bases(convention).filter(is_idle).map(str::to_owned).collect();
            for base in &idle {
                self.owners.forget_base(base);
                let is_its_own =
                    |filter: &&String| filter.strip_prefix(base).is_some_and(|rest| rest.starts_with('/'));
                self.wanted_taken -= self.wanted[..self.wanted_taken].iter().filter(is_its_own).count();
                self.wanted.retain(|filter| !is_its_own(&filter));
            }
            filters = self.owners.learn_base(convention, id);
        }
        match filters {
            Some(filters) => filters.into_iter().for_each(|filter| self.want(filter)),
            None => self.refused.metadata += 1,
        }
    }

    /// Asks for a filter, unless it was asked for before or there are too many.
    fn want(&mut self, filter: String) {
        if self.wanted.contains(&filter) {
            return;
        }
        if self.wanted.len() < MOST_WANTED {
            self.wanted.push(filter);
        } else {
            self.refused.metadata += 1;
        }
    }
}

/// # Parents
impl Fleet {
    /// A device below a base topic hangs on the one that has the base topic as its id.
    pub(super) fn join_base(&mut self, number: u32, owner: &Owner, topic: &str) {
        let parent = owner.convention.parent.as_ref().filter(|parent| parent.by == ParentBy::Base);
        if let (Some(parent), Some(base)) = (parent, owner.base(topic))
            && let Some(parent_number) = number_of(parent.slug)
        {
            self.hang(number, parent_number, base);
        }
    }

    /// A device hangs on another one, which metadata names. Returns whether that is news.
    pub(super) fn join(&mut self, number: u32, convention: u8, parent_id: &str) -> bool {
        let parent = CONVENTIONS[convention as usize].parent.as_ref();
        match parent.and_then(|parent| number_of(parent.slug)) {
            Some(parent_number) => self.hang(number, parent_number, parent_id),
            None => false,
        }
    }

    fn hang(&mut self, number: u32, parent_convention: u8, parent_id: &str) -> bool {
        let parent = self.position(parent_convention, parent_id);
        // A device that names itself hangs on nothing.
        if parent == Some(number) {
            return self.part(number);
        }
        let key = Key { convention: parent_convention, id: parent_id };
        let is_news = self.families.join(number, key, parent);
        if is_news {
            self.order_epoch += 1;
            self.touch(number);
        }
        self.see_parent(number);
        is_news
    }

    /// A device hangs on nothing any more. Returns whether it did.
    fn part(&mut self, number: u32) -> bool {
        let hung = self.families.leave(number);
        if hung {
            self.see_parent(number);
            self.touch(number);
            self.order_epoch += 1;
        }
        hung
    }

    /// A device is there, or not any more: others may hang on it.
    pub(super) fn meet_children(&mut self, number: u32, is_there: bool) {
        if self.families.is_empty() {
            return;
        }
        let slot = *self.slot(number);
        let id = self.id(&slot).to_owned();
        let key = Key { convention: slot.convention, id: &id };
        if self.families.set_parent(key, number, is_there) {
            for child in self.families.children_of(key) {
                self.see_parent(child);
                self.touch(child);
            }
        }
    }

    /// A device was heard, or is not any more: those that hang on it learn whether it is offline.
    pub(super) fn tell_children(&mut self, number: u32) {
        for child in self.families.children(number).to_vec() {
            self.see_parent(child);
            self.touch(child);
        }
    }

    fn see_parent(&mut self, number: u32) {
        let (known, seen) = (self.slot(number).flags, self.seen_of_parent(number));
        if known != seen {
            self.set_flags(number, seen);
        }
    }

    /// The flags of a device with what is known now of what it hangs on.
    pub(super) fn seen_of_parent(&self, number: u32) -> u16 {
        let slot = self.slot(number);
        let flags = slot.flags & !(PARENT_OFFLINE | PARENT_REPLAYED | PARENT_STALE);
        let Some(parent) = self.families.parent(number).and_then(|(_, parent)| Some(self.slot(parent?)))
        else {
            return flags;
        };
        // By its own word. Never by its own parent's: peers may name each other.
        if parent.status != Status::Offline || parent.is(UNTOLD) {
            return flags;
        }
        flags
            | PARENT_OFFLINE
            | match self.own_evidence(parent) {
                Evidence::Retained if slot.follows_parent() => PARENT_REPLAYED,
                Evidence::Stale if slot.follows_parent() => PARENT_STALE,
                _ => 0,
            }
    }
}

fn number_of(slug: &str) -> Option<u8> {
    CONVENTIONS.iter().position(|convention| convention.slug == slug).map(|number| number as u8)
}
