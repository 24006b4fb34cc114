//! What is known of a device besides its own word: its name, its parent, whether it is disabled or sleeps, and the
//! topic of its status.
//!
//! Metadata and statuses may come in any order, with the same result. Metadata never changes what a device said, only
//! what that means. A device that only metadata knows exists when an inventory lists it, and is unknown until it speaks.

use std::hash::BuildHasher;

use mqtt::TopicFilter;

use super::Fleet;
use super::apply::{Applied, Effect, Message, NewDevice};
use super::key::{Key, OwnedKey};
use super::named::NamedTopic;
use super::slot::{DISABLED, FOLLOWS_PARENT, LAPSED, LISTED, LIVE, SILENT, SLEEPS, Slot, UNWATCHED};
use crate::conventions::{
    About, ConventionId, MAX_METADATA, MAX_NAME, Metadata, Owner, ParentBy, StatusTopic, Vocabulary,
};
use crate::status::Evidence;

/// How many filters metadata may want.
pub const MAX_WANTED_FILTERS: usize = 64;

/// Metadata of a device that does not exist yet, or not any more: the broker keeps it longer than the status.
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
    /// Applies a message with metadata.
    pub(super) fn apply_metadata(
        &mut self,
        message: Message<'_>,
        owner: &Owner,
        metadata: Metadata,
    ) -> Applied {
        let source = Source { message, owner };
        let Message { topic, payload, retain, .. } = message;
        let mut changed = false;
        let mut listed: Vec<u32> = Vec::new();
        // An inventory that is repeated, with nothing in between, changes nothing: it costs nothing, however long it is
        // and however often it is sent.
        let list = metadata.is_inventory.then(|| self.seeded.hash_one((retain, topic, payload)));
        let is_repeated = list.is_some_and(|list| self.last_list == Some((list, self.epoch())));
        if payload.is_empty() && !is_repeated {
            // The metadata is deleted. What it named is not named any more; a device that spoke stays.
            if let Some((status_topic, named)) = self.named.remove_source(topic, None) {
                changed |= self.withdraw_metadata(named.key.borrowed());
                self.release_topic(named.key.borrowed(), &status_topic);
            }
            if let Some(id) = owner.id_in(topic, None)
                && !metadata.is_inventory
            {
                changed |= self.withdraw_metadata(Key { convention: owner.convention, id: &id });
            }
        } else if !is_repeated {
            let is_understood = payload.len() <= MAX_METADATA
                && (metadata.read)(owner.own_id(topic), payload, &mut |about| {
                    changed |= self.learn(&about, source, &mut listed);
                });
            if !is_understood {
                return self.note_unrecognized(message, owner.convention);
            }
        }
        if metadata.is_inventory && !is_repeated {
            changed |= self.unlist_others(source, listed);
        }
        if let Some(list) = list {
            self.last_list = Some((list, self.epoch()));
        }
        let effect = if changed { Effect::Confirmed } else { Effect::Same };
        // Each link replays for the first time, however well the metadata is known from an earlier one.
        let is_full = self.replayed.len() >= self.bounds.metadata;
        let replayed_before = match self.replayed.get_mut(topic) {
            None if is_full => !changed,
            _ if payload.is_empty() => {
                self.replayed.remove(topic);
                false
            }
            _ if !retain => false,
            Some(link) => std::mem::replace(link, self.link) == self.link,
            None => {
                self.replayed.insert(topic.into(), self.link);
                false
            }
        };
        Applied { effect, device: None, replayed_before }
    }

    /// Learns what metadata says about one device. Returns whether that was news.
    fn learn(&mut self, about: &About<'_>, source: Source<'_>, listed: &mut Vec<u32>) -> bool {
        let Source { message, owner } = source;
        let Message { topic, retain, now, .. } = message;
        let convention = owner.convention;
        let mut id = owner.sibling(topic, about.id);
        if id.is_empty() || id.len() > MAX_NAME || about.name.is_some_and(|n| n.len() > MAX_NAME) {
            return false;
        }
        let mut changed = false;
        if let Some(status_topic) = about.status_topic {
            if let Some((former, named)) = self.named.remove_source(topic, Some(status_topic.topic)) {
                changed |= self.withdraw_metadata(named.key.borrowed());
                self.release_topic(named.key.borrowed(), &former);
            }
            let is_by_another =
                |named: &&NamedTopic| named.key.convention == convention && *named.source != *topic;
            let named = |status_topic| self.named.get(status_topic).filter(is_by_another);
            if let Some(first) = named(status_topic.topic) {
                // Hardware that was replaced leaves its own discovery behind. One topic is one device, by the
                // id and the words of the metadata that named it first.
                id = first.key.id.to_string().into();
                if self.named.has_room(topic, self.bounds.metadata) {
                    self.named.add_source(status_topic.topic, topic);
                } else {
                    self.refused.metadata += 1;
                }
            } else {
                // Two devices may have the same id in topics that differ elsewhere. The first one keeps it.
                if self.named.topic_of(Key { convention, id: &id }).and_then(named).is_some() {
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
                self.attach_by_base(handle.slot(), owner, topic);
                changed = true;
                handle.slot()
            }
            None => return self.keep_early_metadata(&id, about, source) || changed,
        };
        listed.push(number);
        if let Some(name) = about.name {
            changed |= self.rename(number, name);
        }
        if let Some(parent) = about.parent {
            changed |= if parent.is_empty() {
                self.detach(number)
            } else {
                self.attach_by_id(number, convention, &owner.sibling(topic, parent))
            };
        }
        let mut slot = *self.slot(number);
        let flags = slot.flags;
        if slot.is(SILENT) && self.own_evidence(&slot) == Evidence::Stale {
            self.end_own_gap(number, now);
        }
        slot.set(DISABLED, about.is_disabled.unwrap_or(slot.is(DISABLED)));
        slot.set(SLEEPS, about.sleeps.unwrap_or(slot.is(SLEEPS)));
        slot.set(LISTED, about.is_listed || slot.is(LISTED));
        if slot.is(SILENT) {
            // The inventory is all that is heard of it.
            slot.heard_on = self.link;
            slot.set(LIVE, !retain);
            slot.set(UNWATCHED | LAPSED, false);
        }
        self.update_slot(number, slot);
        changed || flags != slot.flags
    }

    /// Keeps metadata until its device exists. Returns whether it was news.
    fn keep_early_metadata(&mut self, id: &str, about: &About<'_>, source: Source<'_>) -> bool {
        let key = Key { convention: source.owner.convention, id };
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
        self.set_waiting(key, waiting)
    }

    /// Keeps metadata of a device that does not exist, if there is any and room for it. Returns whether that changed
    /// anything.
    pub(super) fn set_waiting(&mut self, key: Key<'_>, waiting: Waiting) -> bool {
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

    /// A device is about to be removed by its own topic: its metadata is kept until it comes back.
    pub(super) fn keep_metadata(&mut self, number: u32) {
        let slot = *self.slot(number);
        let convention = &self.conventions()[slot.convention];
        let is_metadata = |vocabulary: &Vocabulary| matches!(vocabulary, Vocabulary::Metadata(_));
        let has_metadata = convention.patterns.iter().any(|pattern| is_metadata(&pattern.vocabulary));
        let by_metadata = convention.parent.as_ref().is_some_and(|parent| parent.by == ParentBy::Metadata);
        let (_, id, name) = self.texts_of(&slot);
        let id = id.to_owned();
        let flags = slot.flags & KEPT;
        let waiting = Waiting {
            name: (has_metadata && !name.is_empty()).then(|| Box::from(name)),
            // A listed device keeps the gateway that lists it; that of any other is in its topic.
            parent: self
                .families
                .parent(number)
                .filter(|_| by_metadata || flags & LISTED != 0)
                .map(|(parent, _)| Box::from(parent.id)),
            flags,
        };
        self.set_waiting(Key { convention: slot.convention, id: &id }, waiting);
    }

    /// Metadata about a device was deleted: only its own word still counts. Returns whether that changed anything.
    fn withdraw_metadata(&mut self, key: Key<'_>) -> bool {
        let had_waited = self.waiting.remove(&key).is_some();
        let Some(number) = self.position(key.convention, key.id) else {
            return had_waited;
        };
        if self.slot(number).is(SILENT) && self.named.topic_of(key).is_none() {
            self.remove(number);
            return true;
        }
        let flags = self.slot(number).flags;
        self.set_flags(number, flags & !(SLEEPS | DISABLED | LISTED));
        let dependence = self.conventions().dependence(key.convention);
        let is_detached =
            dependence.is_some_and(|dependence| dependence.by == ParentBy::Metadata) && self.detach(number);
        let renamed = self.rename(number, "");
        had_waited || is_detached || renamed || flags != self.slot(number).flags
    }

    /// A topic is not named any more: its device gets the key that the patterns say, and is removed if none matches.
    fn release_topic(&mut self, key: Key<'_>, topic: &str) {
        let number = self.position(key.convention, key.id);
        let Some(number) = number.filter(|number| *self.topic(self.slot(*number)) == *topic) else {
            return;
        };
        let owner = self.owners.owner(topic);
        let key = owner.as_ref().and_then(|owner| Some((owner.convention, owner.id_in(topic, None)?)));
        let is_owned = key.is_some_and(|(owner, own)| {
            let is_free = self.position(owner, &own).is_none_or(|known| known == number);
            is_free && self.rekey(number, owner, &own)
        });
        if !is_owned {
            // No message could change its status any more.
            self.remove(number);
        }
    }

    /// An inventory came that lists these devices: the others below its base topic are not listed any more.
    fn unlist_others(&mut self, source: Source<'_>, listed: Vec<u32>) -> bool {
        let dependence = self.conventions().dependence(source.owner.convention);
        let Some((dependence, base)) = dependence.zip(source.owner.base(source.message.topic)) else {
            return false;
        };
        let mut is_listed = vec![false; self.slot_count as usize];
        for number in listed {
            is_listed[number as usize] = true;
        }
        let mut changed = false;
        // From the end, where removing one from its family moves no others.
        for child in
            self.families.children_of(Key { convention: dependence.convention, id: base }).into_iter().rev()
        {
            let slot = *self.slot(child);
            if !slot.is(LISTED) || is_listed[child as usize] {
                continue;
            }
            changed = true;
            if slot.is(SILENT) {
                self.remove(child);
            } else {
                self.set_flags(child, slot.flags & !(LISTED | DISABLED));
            }
        }
        let waited = self.waiting.len();
        self.waiting.retain(|key, waiting| {
            let is_listed = waiting.flags & LISTED != 0 && waiting.parent.as_deref() == Some(base);
            key.convention != source.owner.convention || !is_listed
        });
        changed || waited != self.waiting.len()
    }

    /// Metadata names the topic of a device. Returns whether that is news.
    fn name_topic(&mut self, status_topic: StatusTopic<'_>, id: &str, source: Source<'_>) -> bool {
        let StatusTopic { topic, filter, online, offline } = status_topic;
        if topic.len() > self.bounds.topic as usize {
            return false;
        }
        let (convention, naming) = (source.owner.convention, source.message.topic);
        // Another owner may have taken the topic before: then that device is this one, under another key.
        let former = self.named.get(topic).map(|named| named.key.clone());
        let before = match &former {
            Some(key) => self.position(key.convention, &key.id),
            None => {
                let owner = self.owners.owner(topic);
                owner.and_then(|owner| self.position(owner.convention, &owner.id_in(topic, None)?))
            }
        };
        let is_this = |before: &u32| {
            let slot = self.slot(*before);
            *self.topic(slot) == *topic || (former.is_some() && slot.is(SILENT))
        };
        let before = before.filter(is_this);
        let named = NamedTopic {
            key: Key { convention, id }.into(),
            source: naming.into(),
            online: online.into(),
            offline: offline.into(),
        };
        if !self.named.has_room(naming, self.bounds.metadata) {
            self.refused.metadata += 1;
            return false;
        }
        let is_news = self.named.insert(topic, named);
        if let Some(former) = former.filter(|former| *former.id != *id) {
            self.waiting.remove(&former.borrowed());
        }
        if let Some(before) = before {
            let slot = *self.slot(before);
            let known = self.position(convention, id).filter(|known| *known != before);
            let has_room = match known {
                // It is listed, and this is what it said.
                Some(known) if self.slot(known).is(SILENT) => {
                    self.remove(known);
                    self.rekey(before, convention, id)
                }
                // The device exists already, by another topic: it takes over what was said, if that still counts.
                Some(known) => {
                    let is_stale = self.own_evidence(&slot) == Evidence::Stale;
                    if !is_stale && !slot.is(SILENT) {
                        let now = source.message.now;
                        let word = Message { topic, payload: b"", retain: !slot.is(LIVE), now };
                        let applied = self.update(known, word, None, slot.status);
                        if applied.effect != Effect::Same {
                            self.payloads.copy(before, known);
                        }
                        if applied.effect == Effect::Changed {
                            self.update_slot(known, Slot { since: slot.since, ..*self.slot(known) });
                        }
                    }
                    self.remove(before);
                    true
                }
                None => self.rekey(before, convention, id),
            };
            if !has_room {
                self.named.remove_source(naming, None);
                let key = OwnedKey::from(self.key(self.slot(before)));
                self.release_topic(key.borrowed(), topic);
                self.refused.metadata += 1;
                return false;
            }
        }
        if is_news && TopicFilter::new(filter).is_ok() {
            self.want_filter(filter.to_owned());
        }
        is_news
    }

    /// A device turns out to have another key. Its handle and its history stay. Returns whether there was room.
    fn rekey(&mut self, number: u32, convention: ConventionId, id: &str) -> bool {
        if self.position(convention, id) == Some(number) {
            return true;
        }
        let (topic, _, name) = self.texts_of(self.slot(number));
        let (topic, name) = (topic.to_owned(), name.to_owned());
        let Some(place) = self.texts.put([&topic, id, &name], self.bounds.texts) else {
            return false;
        };
        self.link_children(number, false);
        self.detach(number);
        self.leave_index(number);
        let follows = self.follows_parent(convention);
        let slot = self.slot_mut(number);
        let old_length = slot.text_len();
        slot.text = place;
        (slot.id_start, slot.id_len) = (slot.topic_len, id.len() as u16);
        slot.convention = convention;
        slot.set(FOLLOWS_PARENT, follows);
        self.texts.release(old_length);
        self.enter_index(number);
        self.order.is_stale = true;
        self.queue_for_order(number);
        self.link_children(number, true);
        true
    }

    /// A device exists that may be the parent of those below its base topic: their filters are wanted.
    pub(super) fn learn_base(&mut self, convention: ConventionId, id: &str) {
        let mut filters = self.owners.learn_base(convention, id);
        if filters.is_none() {
            // Base topics without a parent and without devices make room.
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
            Some(filters) => filters.into_iter().for_each(|filter| self.want_filter(filter)),
            None => self.refused.metadata += 1,
        }
    }

    /// Wants a filter, unless it is wanted already or there are too many.
    fn want_filter(&mut self, filter: String) {
        if self.wanted.contains(&filter) {
            return;
        }
        if self.wanted.len() < MAX_WANTED_FILTERS {
            self.wanted.push(filter);
        } else {
            self.refused.metadata += 1;
        }
    }
}
