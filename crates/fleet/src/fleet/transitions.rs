//! The contract's table from evidence to evidence: what a message does to the device it is about.
//!
//! `tests/transitions.rs` mirrors the table row by row. Called by [`Fleet::apply`], with a message that was
//! understood; never looks at topics or words itself.

use mqtt::Time;

use super::apply::{Applied, Effect, Message, NewDevice, id_start};
use super::evidence::Coverage;
use super::history::{Change, ChangeKind, Gap};
use super::key::Key;
use super::slot::{
    ALIASED, ALIVE, FIRST_LIVE, FOLLOWS_PARENT, LAPSED, LISTED, LIVE, News, PARENT_OFFLINE, SILENT, Slot,
    UNKNOWN, UNWATCHED, first_sight as first_sight_change,
};
use super::{Alias, Fleet};
use crate::status::{Evidence, Status};

impl Fleet {
    /// A device that is not known yet: by a message of its own, or listed by an inventory, which has no status.
    pub(super) fn first_sight(
        &mut self,
        new: NewDevice<'_>,
        message: Message<'_>,
        name: Option<&str>,
        status: Option<Status>,
    ) -> Applied {
        let NewDevice { key, id_start } = new;
        let Key { convention, id } = key;
        let Message { topic, payload, retain, now } = message;
        let waiting = self.waiting.remove(&key);
        let name = name.or(waiting.as_ref().and_then(|waiting| waiting.name.as_deref())).unwrap_or_default();
        let is_own_id = id_start == topic.len();
        let text = [topic, if is_own_id { id } else { "" }, name];
        let is_full = self.counts.total >= self.bounds.devices;
        let place = if is_full { None } else { self.texts.put(text, self.bounds.texts) };
        let Some(place) = place else {
            self.refused.devices += 1;
            if let Some(waiting) = waiting {
                self.waiting.insert(key.into(), waiting);
            }
            return Applied::of(Effect::Refused);
        };
        let mut slot = Slot {
            first_seen: now,
            clock_start: now,
            since: if retain || status.is_none() { UNKNOWN } else { now },
            text: place,
            topic_len: topic.len() as u16,
            id_start: id_start as u16,
            id_len: id.len() as u16,
            name_len: name.len() as u16,
            stamp: 0,
            heard_on: self.link,
            changes: 0,
            flaps: 0,
            convention,
            status: status.unwrap_or(Status::Unknown),
            news: News::default(),
            flags: if retain { ALIVE } else { ALIVE | LIVE | FIRST_LIVE },
        };
        match status {
            Some(status) => slot.news.see(status, retain),
            None => slot.set(SILENT | LISTED, true),
        }
        slot.flags |= waiting.as_ref().map_or(0, |waiting| waiting.flags);
        slot.set(FOLLOWS_PARENT, self.follows_parent(convention));
        let number = self.insert_slot(slot);
        self.briefs[number as usize].set_status(slot.shown());
        if status.is_some() {
            self.payloads.put(number, payload);
        }
        self.counts.total += 1;
        *self.counts.status_mut(slot.shown()) += 1;
        *self.counts.evidence_mut(self.evidence(&slot)) += 1;
        self.enter_index(number);
        self.queue_for_order(number);
        if let Some(parent) = waiting.and_then(|waiting| waiting.parent) {
            self.attach_by_id(number, convention, &parent);
        }
        self.link_children(number, true);
        self.learn_base(convention, id);
        Applied { effect: Effect::FirstSight, device: Some(self.handle(number)), replayed_before: false }
    }

    /// A message of a device that is known: the rows of the table whose state before is not "none".
    pub(super) fn update(
        &mut self,
        number: u32,
        message: Message<'_>,
        name: Option<&str>,
        status: Status,
    ) -> Applied {
        if self.slot(number).is(SILENT) {
            return self.first_word(number, message, name, status);
        }
        let Message { topic, payload, retain, now } = message;
        let is_own_topic = topic == self.topic(self.slot(number));
        let mut alias = if is_own_topic { None } else { self.alias(topic, number) };
        let mut slot = *self.slot(number);
        let before = self.evidence(&slot);
        let own_before = self.own_evidence(&slot);
        let is_stale = own_before == Evidence::Stale;
        // What the topic brought on an earlier link says nothing about this one.
        let mut news = match &alias {
            Some(alias) if alias.heard_on == self.link => alias.news,
            Some(_) => News::default(),
            None if is_stale => News::default(),
            None => slot.news,
        };
        let is_news = news.is_news(status);
        let replayed_before = news.was_replayed();
        news.see(status, retain);

        let differs = status != slot.status;
        let (live, since, kind) = match (retain, is_stale) {
            // any | retain 0: live; since now if the status is another one.
            (false, _) if differs => (true, now, ChangeKind::Live),
            (false, _) => (true, slot.since, ChangeKind::Live),
            // stale, after reconnect | replay: its status, retained. Its beginning was not seen: even the
            // same status may have ended and come back in the meantime.
            (true, true) => (false, UNKNOWN, ChangeKind::WhileAway),
            // link unbroken | replay that is news: its status, retained, since unknown.
            (true, false) if is_news => (false, UNKNOWN, ChangeKind::Missed),
            // link unbroken | replay that is no news: nothing changes.
            (true, false) => {
                self.store_news(number, topic, alias.as_mut(), news);
                let device = Some(self.handle(number));
                return Applied { effect: Effect::Same, device, replayed_before };
            }
        };

        if is_stale {
            self.end_own_gap(number, now);
        }
        if differs {
            let change = Change {
                at: now,
                from: Some(slot.status),
                to: status,
                evidence: if live { Evidence::Live } else { Evidence::Retained },
                kind,
                flap: false,
            };
            slot.changes = slot.changes.saturating_add(1);
            if self.record_change(number, &slot, change) {
                slot.flaps = slot.flaps.saturating_add(1);
            }
        }
        let since_changed = since != slot.since;
        if slot.is(PARENT_OFFLINE) {
            // What was known of its parent on an earlier link does not count on this one.
            slot.flags = self.flags_with_parent(number);
        }
        slot.status = status;
        slot.since = since;
        slot.heard_on = self.link;
        slot.set(LIVE, live);
        slot.set(UNWATCHED | LAPSED, false);
        if is_stale {
            // Also when another topic spoke: the device's own topic starts afresh in this life.
            slot.news = News::default();
        }
        self.update_slot(number, slot);
        // Without one, another device's word is taken over, and its payload with it.
        if !payload.is_empty() && self.payloads.put(number, payload) {
            self.touch(number);
        }
        if let Some(alias) = &mut alias {
            alias.status = status;
        }
        self.store_news(number, topic, alias.as_mut(), news);
        if differs || since_changed || own_before != self.own_evidence(&slot) {
            self.update_children(number);
        }
        let renamed = name.is_some_and(|name| self.rename(number, name));

        let after = self.evidence(&slot);
        let effect = if differs {
            Effect::Changed
        } else if before != after || since_changed || renamed {
            Effect::Confirmed
        } else {
            Effect::Same
        };
        Applied { effect, device: Some(self.handle(number)), replayed_before }
    }

    /// The first word of a device that only an inventory listed so far: its first sight, too.
    fn first_word(
        &mut self,
        number: u32,
        message: Message<'_>,
        name: Option<&str>,
        status: Status,
    ) -> Applied {
        let Message { topic, payload, retain, now } = message;
        let id_start = self.owners.owner(topic).map_or(topic.len(), |owner| id_start(&owner, topic));
        if !self.rewrite_texts(number, topic, id_start, name) {
            self.refused.devices += 1;
            return Applied::of(Effect::Refused);
        }
        self.histories.remove(number);
        self.payloads.put(number, payload);
        let mut slot = Slot {
            first_seen: now,
            since: if retain { UNKNOWN } else { now },
            heard_on: self.link,
            status,
            news: News::default(),
            flags: self.flags_with_parent(number),
            ..*self.slot(number)
        };
        slot.set(SILENT | LAPSED | UNWATCHED, false);
        slot.set(LIVE | FIRST_LIVE, !retain);
        slot.news.see(status, retain);
        self.update_slot(number, slot);
        self.update_children(number);
        Applied { effect: Effect::FirstSight, device: Some(self.handle(number)), replayed_before: false }
    }

    /// An empty payload: the retained message is gone, and the device with it.
    pub(super) fn clear(&mut self, topic: &str, number: Option<u32>) -> Applied {
        let Some(number) = number else {
            return Applied::of(Effect::Same);
        };
        let slot = *self.slot(number);
        let named = self.named.topic_of(self.key(&slot));
        // The topic that metadata names is the device's own, whatever else spoke for it.
        if named != Some(topic) {
            if self.aliases.get(topic).is_some_and(|alias| alias.slot == number) {
                self.aliases.remove(topic);
                return Applied::of(Effect::Same);
            }
            // The topic that is kept of one that never spoke is the list's.
            let is_its_own = if slot.is(SILENT) { named.is_none() } else { *topic == *self.topic(&slot) };
            if !is_its_own {
                return Applied::of(Effect::Same);
            }
            // Another topic speaks for the device as well: it goes on under that one, with its last word.
            let heir = self.aliases.iter().find(|(_, alias)| slot.is(ALIASED) && alias.slot == number);
            if let Some((heir, alias)) = heir.map(|(topic, alias)| (topic.clone(), *alias)) {
                self.aliases.remove(&heir);
                self.continue_as(number, &heir, alias);
                let device = Some(self.handle(number));
                return Applied { effect: Effect::Changed, device, replayed_before: false };
            }
        }
        self.keep_metadata(number);
        self.remove(number);
        Applied::of(Effect::Removed)
    }

    pub(super) fn remove(&mut self, number: u32) {
        self.link_children(number, false);
        self.families.detach(number);
        self.leave_index(number);
        let slot = *self.slot(number);
        *self.counts.status_mut(slot.shown()) -= 1;
        *self.counts.evidence_mut(self.evidence(&slot)) -= 1;
        self.counts.total -= 1;
        if let Some(record) = self.histories.remove(number) {
            self.change_count -= record.changes.len();
        }
        if slot.is(ALIASED) {
            self.aliases.retain(|_, alias| alias.slot != number);
        }
        self.texts.release(slot.text_len());
        self.payloads.remove(number);
        self.slot_mut(number).flags = 0;
        self.briefs[number as usize].retire();
        self.recency.remove(number);
        self.touch(number);
        self.order.removed.push(number);
        self.order.is_stale = true;
        self.order_epoch += 1;
        self.settle_if_due();
    }

    /// Gives a device another topic of its own, and the last word of that topic.
    fn continue_as(&mut self, number: u32, topic: &str, alias: Alias) {
        let id_start = self.owners.owner(topic).map_or(topic.len(), |owner| id_start(&owner, topic));
        if !self.rewrite_texts(number, topic, id_start, None) {
            return self.remove(number);
        }
        // The bytes of the other topic's last word were not kept.
        self.payloads.remove(number);
        let mut slot = *self.slot(number);
        slot.since = if slot.status == alias.status { slot.since } else { UNKNOWN };
        slot.status = alias.status;
        slot.news = if alias.heard_on == self.link { alias.news } else { News::default() };
        slot.set(LIVE, slot.is(LIVE) && slot.since != UNKNOWN);
        self.update_slot(number, slot);
        self.update_children(number);
        self.order_epoch += 1;
        self.settle_if_due();
    }

    /// What is kept of a further topic that speaks for a device; `None` when there is no room for it, then
    /// it counts as the device's own.
    fn alias(&mut self, topic: &str, number: u32) -> Option<Alias> {
        if let Some(alias) = self.aliases.get(topic).filter(|alias| alias.slot == number) {
            return Some(*alias);
        }
        if self.aliases.len() >= self.bounds.aliases {
            return None;
        }
        let alias =
            Alias { slot: number, heard_on: self.link, news: News::default(), status: Status::Unknown };
        self.aliases.insert(topic.into(), alias);
        self.slot_mut(number).set(ALIASED, true);
        Some(alias)
    }

    fn store_news(&mut self, number: u32, topic: &str, alias: Option<&mut Alias>, news: News) {
        let link = self.link;
        match alias {
            Some(alias) => {
                (alias.news, alias.heard_on) = (news, link);
                if let Some(kept) = self.aliases.get_mut(topic) {
                    *kept = *alias;
                }
            }
            None => self.slot_mut(number).news = news,
        }
    }

    /// Adds a change to a device's history. Returns whether it closes a flap.
    fn record_change(&mut self, number: u32, before: &Slot, mut change: Change) -> bool {
        let has_room = self.change_count + 2 <= self.bounds.changes;
        let record = match self.histories.get_mut(number) {
            Some(record) if has_room || !record.changes.is_empty() => record,
            None if has_room => self.histories.of(number),
            _ => {
                self.refused.changes += 1;
                self.record_recent(number, change);
                return false;
            }
        };
        let length = record.changes.len();
        if length == 0 {
            record.push(first_sight_change(before));
        } else if !has_room {
            record.changes.remove(0);
            self.refused.changes += 1;
        }
        change.flap = record.push(change);
        self.change_count = self.change_count + record.changes.len() - length;
        self.record_recent(number, change);
        change.flap
    }

    /// A stale device is heard again: if that took longer than the link's gap, it had one of its own.
    pub(super) fn end_own_gap(&mut self, number: u32, now: Time) {
        let slot = *self.slot(number);
        // Confirmed in the first life after it, while the snapshot loads, it shares the link's gap.
        let is_late = self.coverage != Coverage::Loading || self.link - slot.heard_on > 1;
        if slot.heard_on != self.link
            && is_late
            && let Some(from) = self.stale_from(&slot)
        {
            self.histories.of(number).push_gap(Gap { from, to: Some(now) });
        }
    }

    /// Gives a device another name; an empty one takes it away. Returns whether it had a different one.
    pub(super) fn rename(&mut self, number: u32, name: &str) -> bool {
        let slot = self.slot(number);
        let (topic, _, known) = self.texts_of(slot);
        if known == name {
            return false;
        }
        let (topic, id_start) = (topic.to_owned(), slot.id_start.into());
        self.rewrite_texts(number, &topic, id_start, Some(name))
    }

    /// Replaces the texts of a device: another topic, and another name if one is given. Returns whether
    /// there was room for it.
    fn rewrite_texts(&mut self, number: u32, topic: &str, id_start: usize, name: Option<&str>) -> bool {
        let slot = *self.slot(number);
        let (_, id, known) = self.texts_of(&slot);
        let (id, name) = (id.to_owned(), name.unwrap_or(known).to_owned());
        // Metadata may have given it an id that does not stand where the topic's pattern has one.
        let is_in_topic = topic[id_start..].starts_with(&id);
        let (id_start, own_id) = if is_in_topic { (id_start, "") } else { (topic.len(), &*id) };
        let Some(place) = self.texts.put([topic, own_id, &name], self.bounds.texts) else {
            return false;
        };
        self.texts.release(slot.text_len());
        let slot = self.slot_mut(number);
        slot.text = place;
        slot.topic_len = topic.len() as u16;
        slot.id_start = id_start as u16;
        slot.name_len = name.len() as u16;
        self.order.is_stale = true;
        self.queue_for_order(number);
        true
    }
}
