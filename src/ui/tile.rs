//! One device.
//!
//! Its id and its names come from strangers: they are only ever text and attribute values, never markup.

use fleet::{Evidence, Handle, Span, StaleReason, Status, Time};
use leptos::prelude::*;

use super::symbols::shape;
use super::{Page, derive, memo, on, part, text};
use crate::link;
use crate::say;
use crate::timeline::{SLOTS, Timeline, runs};
use crate::words::Locale;

/// Younger than this, a change's time of day says it all; its age would be a number that jumps.
const FRESH: u64 = 60_000;

/// What a tile shows, compared as a whole.
#[derive(Clone, PartialEq)]
struct Shown {
    name: String,
    id: String,
    topic: String,
    slug: &'static str,
    convention: &'static str,
    status: Status,
    evidence: Evidence,
    since: Option<Time>,
    stale: Option<StaleReason>,
    /// The name of what it hangs on, when that is offline.
    parent_offline: Option<String>,
    is_disabled: bool,
    /// It spoke, and is not only listed.
    has_spoken: bool,
    /// The history bar's runs of equal slots.
    history: Vec<(Span, usize, usize)>,
}

/// One device's tile.
#[component]
pub fn Tile(
    /// Which device.
    handle: Handle,
    /// Its place in its list, from 1; most of the list is not in the document.
    place: Signal<usize>,
    /// How long the list is.
    of: Memo<usize>,
    /// The tile that Tab reaches.
    tab_stop: Memo<Option<Handle>>,
) -> impl IntoView {
    let (page, length) = (Page::here(), of);
    let shown = memo(move |before: Option<&Option<Shown>>| {
        // The bar moves with the time; the coarse clock alone would hide a change until its next tick.
        page.now.track();
        let now = page.watch(|link| {
            link.with(|call| {
                let fleet = call.engine.fleet();
                let Timeline { from, to } = Timeline::of(fleet.observed_since(), link::now());
                fleet.device(handle).map(|device| Shown {
                    name: device.display_name().to_owned(),
                    id: device.id.to_owned(),
                    topic: device.topic.to_owned(),
                    slug: device.convention.slug,
                    convention: device.convention.label,
                    status: device.status,
                    evidence: device.evidence,
                    since: device.since,
                    stale: device.stale,
                    parent_offline: device.parent.filter(|_| device.parent_offline).map(|parent| {
                        let parent = parent
                            .handle
                            .and_then(|handle| fleet.device(handle))
                            .map_or(parent.id, |p| p.display_name());
                        parent.to_owned()
                    }),
                    is_disabled: device.is_disabled,
                    has_spoken: device.said.is_some(),
                    history: runs(&device.spans(from, to, SLOTS)),
                })
            })
        });
        // A device that is gone keeps its face until the grid takes its tile away.
        now.flatten().or_else(|| before.cloned().flatten())
    });
    let of = move |read: fn(&Shown) -> String| {
        text(move || shown.with(|shown| shown.as_ref().map(read).unwrap_or_default()))
    };
    let status = move || shown.with(|shown| shown.as_ref().map_or(Status::Unknown, |shown| shown.status));
    let how =
        text(move || shown.with(|shown| shown.as_ref().map(|shown| how(page, shown)).unwrap_or_default()));
    let parent = derive(move || {
        shown
            .with(|shown| shown.as_ref().is_some_and(|shown| shown.parent_offline.is_some()))
            .then_some("offline")
    });
    let history = part(move || {
        shown.with(|shown| shown.as_ref().map(|shown| paths(&shown.history))).map(IntoAny::into_any)
    });
    let tab_index = derive(move || if tab_stop.get() == Some(handle) { "0" } else { "-1" });
    view! {
        <li
            class="tile"
            id=format!("d{}", handle.slot())
            aria-posinset=text(move || place.get().to_string())
            aria-setsize=text(move || length.get().to_string())
            data-device=of(|shown| shown.id.clone())
            data-convention=of(|shown| shown.slug.to_owned())
            data-status=of(|shown| shown.status.word().to_owned())
            data-evidence=of(|shown| shown.evidence.word().to_owned())
            data-parent=parent
        >
            <button
                type="button"
                class="face"
                aria-haspopup="dialog"
                tabindex=tab_index
                on:click=on(move |_| page.open_device(handle))
            >
                <span class="name">
                    {shape(of(|shown| shown.status.word().to_owned()))}
                    <b dir="auto" title=of(full_name)>
                        <span class="path">{of(|shown| path_and_leaf(&shown.name).0.to_owned())}</span>
                        <span>{of(|shown| path_and_leaf(&shown.name).1.to_owned())}</span>
                    </b>
                    <span class="convention">{of(|shown| shown.convention.to_owned())}</span>
                </span>
                <span class="state" title=how>
                    <span class="word">{derive(move || word(page.locale.get(), status()))}</span>
                    " "
                    {how}
                </span>
                <svg
                    class="history"
                    viewBox=format!("0 0 {SLOTS} 1")
                    preserveAspectRatio="none"
                    aria-hidden="true"
                >
                    {history}
                </svg>
            </button>
        </li>
    }
}

fn full_name(device: &Shown) -> String {
    let Shown { name, id, topic, .. } = device;
    if name == id { format!("{id}\n{topic}") } else { format!("{name}\n{id}\n{topic}") }
}

/// A name that is a path is cut short at its path: its last level tells it from its neighbours.
fn path_and_leaf(name: &str) -> (&str, &str) {
    name.split_at(name.trim_end_matches('/').rfind('/').map_or(0, |slash| slash + 1))
}

/// A status as a word that begins a line.
pub fn word(locale: Locale, status: Status) -> &'static str {
    match status {
        Status::Online => say!(locale, status.online),
        Status::Offline => say!(locale, status.offline),
        Status::Sleeping => say!(locale, status.sleeping),
        Status::Degraded => say!(locale, status.degraded),
        Status::Unknown => say!(locale, status.unknown),
    }
}

/// How the board knows, in the words that follow the status.
fn how(page: Page, device: &Shown) -> String {
    let locale = page.locale.get();
    let reason = match &device.parent_offline {
        _ if device.is_disabled => Some(say!(locale, tile.disabled).to_owned()),
        Some(parent) => Some(say!(locale, tile.parent_offline, parent = parent)),
        None if !device.has_spoken && device.stale.is_none() => Some(say!(locale, tile.untold).to_owned()),
        None => None,
    };
    if let Some(reason) = reason {
        return format!("· {reason}");
    }
    if let Some(reason) = device.stale {
        let reason = match reason {
            StaleReason::LinkDown => say!(locale, tile.stale.link_down),
            StaleReason::Loading => say!(locale, tile.stale.loading),
            StaleReason::NotAnnouncedAgain => say!(locale, tile.stale.not_announced),
            StaleReason::SnapshotIncomplete => say!(locale, tile.stale.incomplete),
            StaleReason::WaitsForNextMessage => say!(locale, tile.stale.waits),
            StaleReason::NotSubscribed => say!(locale, tile.stale.not_subscribed),
            // Said above, with the parent's name.
            StaleReason::ParentOffline => "",
        };
        return format!("· {reason}");
    }
    match (device.since, device.evidence) {
        (Some(since), _) => {
            let now = page.now.get();
            let age = now.since(since).as_millis() as u64;
            let moment = page.format(|formats| formats.moment(since, now.max(since)));
            if device.evidence == Evidence::Retained {
                say!(locale, tile.since_retained, moment = moment)
            } else if age < FRESH {
                say!(locale, tile.since, moment = moment)
            } else {
                let age = page.format(|formats| formats.duration(age));
                say!(locale, tile.since_age, moment = moment, age = age)
            }
        }
        (None, Evidence::Live) => format!("· {}", say!(locale, tile.seen_live)),
        (None, _) => format!("· {}", say!(locale, tile.retained)),
    }
}

/// One path per status that the bar shows; what was not observed is the ground that shines through.
fn paths(history: &[(Span, usize, usize)]) -> Vec<impl IntoView + use<>> {
    Status::ALL
        .into_iter()
        .filter_map(|status| {
            let d: String = history
                .iter()
                .filter(|(span, ..)| *span == Span::Seen(status))
                .map(|(_, start, length)| format!("M{start} 0h{length}v1h-{length}z"))
                .collect();
            (!d.is_empty()).then(|| view! { <path class=status.word() d=d /> })
        })
        .collect()
}
