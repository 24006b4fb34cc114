//! The headline, what stands below it, and the page's title.

use std::time::Duration;

use fleet::Counts;
use leptos::prelude::*;
use mqtt::Time;

use super::element::{El, effect, el};
use super::form::focus_headline;
use super::{Page, memo};
use crate::headline::{Extent, Headline, Lead};
use crate::{say, say_count};

/// For how long it is told that nobody looked for a while.
const MISSED: Duration = Duration::from_secs(15 * 60);

/// A sentence in two parts, the first of which may carry a status's colour.
struct Sentence {
    class: &'static str,
    lead: String,
    rest: String,
}

fn sentence(page: Page, headline: Headline) -> Sentence {
    let locale = page.locale.get();
    let count = |count: u32| page.format(|formats| formats.count(count as usize));
    let plain = |lead: &str| Sentence { class: "", lead: lead.to_owned(), rest: String::new() };
    match headline {
        Headline::Welcome => plain(say!(locale, headline.idle)),
        Headline::Connecting => plain(say!(locale, headline.connecting)),
        Headline::NotConnected => plain(say!(locale, headline.cannot_connect)),
        Headline::Listening => plain(say!(locale, headline.listening)),
        Headline::Nobody => plain(say!(locale, headline.nobody)),
        Headline::NoneSeen => plain(say!(locale, headline.none_seen)),
        Headline::AllAsleep { total } => {
            plain(&say_count!(locale, total, headline.all_asleep, total = count(total)))
        }
        Headline::AsOf(time) => {
            let time = page.format(|formats| formats.moment(time, page.now.get().max(time)));
            plain(&say!(locale, headline.as_of, time = time))
        }
        Headline::AllOnline { total, extent } => plain(&match extent {
            Extent::Whole => say_count!(locale, total, headline.all_online, total = count(total)),
            Extent::SoFar => say_count!(locale, total, headline.online_so_far, total = count(total)),
            Extent::Known => say_count!(locale, total, headline.known_online, total = count(total)),
        }),
        Headline::Unconfirmed { stale, total } => {
            plain(&say_count!(locale, stale, headline.unconfirmed, n = count(stale), total = count(total)))
        }
        Headline::Counted { lead, online, total, is_confirmed } => {
            let (n, total) = (count(online), count(total));
            let rest = if is_confirmed {
                say_count!(locale, online, headline.online_of, n = n, total = total)
            } else {
                say_count!(locale, online, headline.last_online_of, n = n, total = total)
            };
            let (class, lead) = match lead {
                Lead::Offline(n) => ("offline", say_count!(locale, n, headline.offline, n = count(n))),
                Lead::Degraded(n) => ("degraded", say_count!(locale, n, headline.degraded, n = count(n))),
                Lead::NoneOffline => ("", say!(locale, headline.none_offline).to_owned()),
                Lead::NoneKnownOffline => ("", say!(locale, headline.none_known_offline).to_owned()),
            };
            Sentence { class, lead, rest }
        }
    }
}

/// The headline in one text.
pub fn say_headline(page: Page, headline: Headline) -> String {
    let Sentence { lead, rest, .. } = sentence(page, headline);
    format!("{lead} {rest}").trim_end().to_owned()
}

/// How the board knows: evidence and exceptions, or how far it has read.
fn below(page: Page) -> String {
    let (headline, counts, loading) = page.state.with(|state| (state.headline, state.counts, state.loading));
    let locale = page.locale.get();
    let count = |count: u32| page.format(|formats| formats.count(count as usize));
    if headline == Headline::Welcome {
        return say!(locale, sub.idle).to_owned();
    }
    if let Headline::AllAsleep { .. } = headline {
        return say!(locale, sub.all_asleep).to_owned();
    }
    if let Some((done, all)) = loading {
        // The one that is being read counts from 1.
        let done = (done + 1).min(all).to_string();
        return say!(locale, sub.loading, done = done, all = all.to_string());
    }
    let mut parts = Vec::new();
    let Counts { sleeping, degraded, unknown, live, retained, stale, .. } = counts;
    if sleeping > 0 {
        parts.push(say_count!(locale, sleeping, sub.sleeping, n = count(sleeping)));
    }
    let is_told = matches!(headline, Headline::Counted { lead: Lead::Degraded(_), .. });
    if degraded > 0 && !is_told {
        parts.push(say_count!(locale, degraded, sub.degraded, n = count(degraded)));
    }
    if unknown > 0 {
        parts.push(say_count!(locale, unknown, sub.unknown, n = count(unknown)));
    }
    if live > 0 {
        parts.push(say_count!(locale, live, sub.live, n = count(live)));
    }
    if retained > 0 {
        parts.push(say_count!(locale, retained, sub.retained, n = count(retained)));
    }
    if stale > 0 {
        parts.push(say_count!(locale, stale, sub.stale, n = count(stale)));
    }
    let now = page.now.get();
    let missed = page.state.with(|state| state.missed);
    if let Some((from, to)) = missed.filter(|(_, to)| now.since(*to) < MISSED) {
        let moment = |time: Time| page.format(|formats| formats.moment(time, now.max(time)));
        parts.push(say!(locale, sub.missed, from = moment(from), to = moment(to)));
    }
    parts.join(" ")
}

/// The tab's icon: the willow, and over it how many are offline.
fn favicon(offline: usize) -> String {
    const WILLOW: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E\
        %3Cpath fill='none' stroke='%231f7a55' stroke-width='2.4' stroke-linecap='round' \
        d='M12 21V5M12 6c-5 1-7 5-7 11M12 6c5 1 7 5 7 11M12 5c-2.4 2-3.4 6-3.4 11M12 5c2.4 2 3.4 6 3.4 11'/%3E";
    // Three signs fit; a fourth would be a blot.
    let number = if offline > 999 { "999".to_owned() } else { offline.to_string() };
    let badge = match offline {
        0 => String::new(),
        _ => format!(
            "%3Crect y='8' width='24' height='16' rx='4' fill='%23b3261e'/%3E%3Ctext x='12' y='21' fill='white' \
             font-family='sans-serif' font-weight='bold' font-size='13' text-anchor='middle'%3E{number}%3C/text%3E"
        ),
    };
    format!("{WILLOW}{badge}%3C/svg%3E")
}

/// Where an element is made that may have the focus when it goes: then the headline gets it.
pub fn leave_focus(el: &El) {
    let element = StoredValue::new_local(el.element().clone());
    on_cleanup(move || {
        let active = document().active_element();
        let has_focus = element.try_with_value(|element| element.contains(active.as_deref()));
        if active.is_some() && has_focus == Some(true) {
            request_animation_frame(|| {
                if document().active_element().is_none_or(|active| active.tag_name() == "BODY") {
                    focus_headline();
                }
            });
        }
    });
}

/// The answer, and below it how the board knows.
pub fn headline(page: Page, into: El) -> El {
    // At the pace of the counters: both are read together.
    let answer = move || sentence(page, page.state.with(|state| state.headline));

    effect(move || {
        let locale = page.locale.get();
        let offline = page.told(|state| state.counts.offline);
        document().set_title(&match offline {
            0 => say!(locale, page.title).to_owned(),
            n => say!(locale, page.title_offline, n = page.format(|formats| formats.count(n as usize))),
        });
    });
    let offline = memo(move |_| page.told(|state| state.counts.offline as usize));
    effect(move || {
        let offline = offline.get();
        if let Ok(Some(icon)) = document().query_selector("link[rel=icon]") {
            // A `link` takes any `href`.
            let _ = icon.set_attribute("href", &favicon(offline));
        }
    });

    let lead = el("em", "").attr_tells("class", move || answer().class.to_owned());
    let lead = lead.tells(move || answer().lead);
    into.child(el("h1", "headline").attr("tabindex", "-1").child(lead).text(" ").tells(move || answer().rest))
        .child(el("p", "sub").tells(move || below(page)))
}
