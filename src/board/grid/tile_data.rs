//! What a tile shows of a device, as values: worded from the fleet once a frame for the tiles that changed.
//!
//! Ids and names come from strangers: they are only ever text and attribute values, never markup.

use std::borrow::Cow;

use fleet::{Device, Evidence, Handle, StaleReason, Status, Time};

use super::history::Bar;
use super::timeline::Timeline;
use crate::format::Formats;
use crate::i18n::{Locale, foreign, td_string};

/// Younger than this, in milliseconds, a change's time of day says it all; its age would be a number that jumps.
const MIN_AGE: u64 = 60_000;

/// What a tile shows of a device.
#[derive(Clone, PartialEq, Debug)]
pub struct TileData {
    /// The device.
    pub handle: Handle,
    /// Its id.
    pub id: String,
    /// Its name in full, its id and its topic, a line each.
    pub title: String,
    /// All levels of its name but the last. Where there is no room, these give way.
    pub path: String,
    /// The last level of its name.
    pub leaf: String,
    /// Its convention, as in an address.
    pub slug: Cow<'static, str>,
    /// Its convention's name.
    pub label: Cow<'static, str>,
    /// Its status.
    pub status: Status,
    /// How good that knowledge is.
    pub evidence: Evidence,
    /// Whether what it depends on is offline.
    pub parent_offline: bool,
    /// How the board knows its status, and since when.
    pub how: String,
    /// Its history.
    pub bar: Bar,
}

/// In which language and at which time devices are worded.
pub struct Wording<'a> {
    /// The language.
    pub locale: Locale,
    /// Its numbers and times.
    pub formats: &'a Formats,
    /// The coarse clock by which ages are given.
    pub now: Time,
}

impl TileData {
    /// The tile of a device.
    pub fn of(device: &Device<'_>, wording: &Wording<'_>, timeline: Timeline) -> TileData {
        let (path, leaf) = path_and_leaf(device.display_name());
        TileData {
            handle: device.handle,
            id: device.id.to_owned(),
            title: full_name(device),
            path: path.to_owned(),
            leaf: leaf.to_owned(),
            slug: device.convention.slug.clone(),
            label: device.convention.label.clone(),
            status: device.status,
            evidence: device.evidence,
            parent_offline: device.parent_offline,
            how: wording.how(device),
            bar: Bar::of(device, timeline),
        }
    }
}

fn full_name(device: &Device<'_>) -> String {
    let (name, id, topic) = (device.display_name(), device.id, device.topic);
    if name == id { format!("{id}\n{topic}") } else { format!("{name}\n{id}\n{topic}") }
}

/// A name that is a path is cut short at its path: its last level tells it from its neighbours.
fn path_and_leaf(name: &str) -> (&str, &str) {
    name.split_at(name.trim_end_matches('/').rfind('/').map_or(0, |slash| slash + 1))
}

impl Wording<'_> {
    /// How the board knows a status, in the words that follow it.
    pub fn how(&self, device: &Device<'_>) -> String {
        let Wording { locale, formats, now } = *self;
        let parent = device.parent_name().filter(|_| device.parent_offline);
        let reason = match (parent, device.stale) {
            _ if device.is_disabled => td_string!(locale, tile.disabled),
            (Some(parent), _) => {
                let reason = td_string!(locale, tile.parent_offline, parent = foreign(parent));
                return format!("· {reason}");
            }
            (None, None) if device.said.is_none() => td_string!(locale, tile.listed),
            (None, Some(reason)) => match reason {
                StaleReason::LinkDown => td_string!(locale, tile.stale.link_down),
                StaleReason::Loading => td_string!(locale, tile.stale.loading),
                StaleReason::NotAnnouncedAgain => td_string!(locale, tile.stale.not_announced),
                StaleReason::SnapshotIncomplete => td_string!(locale, tile.stale.incomplete),
                StaleReason::WaitsForNextMessage => td_string!(locale, tile.stale.waits),
                StaleReason::NotSubscribed => td_string!(locale, tile.stale.not_subscribed),
                // Worded above, with the parent's name.
                StaleReason::ParentOffline => "",
            },
            (None, None) => {
                let Some(since) = device.since else {
                    let seen = match device.evidence {
                        Evidence::Live => td_string!(locale, tile.seen_live),
                        _ => td_string!(locale, tile.retained),
                    };
                    return format!("· {seen}");
                };
                let age = now.since(since).as_millis() as u64;
                let moment = formats.moment(since, now.max(since));
                return if device.evidence == Evidence::Retained {
                    td_string!(locale, tile.since_retained, moment = moment)
                } else if age < MIN_AGE {
                    td_string!(locale, tile.since, moment = moment)
                } else {
                    td_string!(locale, tile.since_age, moment = moment, age = formats.duration(age))
                };
            }
        };
        // The status began then, however long ago anybody last looked.
        match device.since.filter(|_| device.stale.is_some()) {
            Some(since) => {
                let moment = formats.moment(since, now.max(since));
                format!("{} · {reason}", td_string!(locale, tile.since, moment = moment))
            }
            None => format!("· {reason}"),
        }
    }
}
