//! The headline, what stands below it, and the page's title.

use std::time::Duration;

use leptos::prelude::*;
use mqtt::Time;

use super::element::{El, Phrase, effect, el};
use super::form::focus_headline;
use super::{Page, finally};
use crate::headline::{Extent, Headline, Lead};
use crate::link::Link;
use crate::words::{Plural, add};
use crate::{phrase, plural, say};

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
    let (mut class, mut rest) = ("", String::new());
    let plain = |phrase: Phrase| phrase.to(locale).to_owned();
    let lead = match headline {
        Headline::Welcome => plain(phrase!(headline.idle)),
        Headline::Connecting => plain(phrase!(headline.connecting)),
        Headline::NotConnected => plain(phrase!(headline.cannot_connect)),
        Headline::Listening => plain(phrase!(headline.listening)),
        Headline::Nobody => plain(phrase!(headline.nobody)),
        Headline::NoneSeen => plain(phrase!(headline.none_seen)),
        Headline::AllAsleep { total } => page.counted(plural!(headline.all_asleep), total, total),
        Headline::AsOf(time) => {
            let time = page.format(|formats| formats.moment(time, page.now.get().max(time)));
            say!(locale, headline.as_of, time = time)
        }
        Headline::AllOnline { total, extent } => {
            let phrases = match extent {
                Extent::Whole => plural!(headline.all_online),
                Extent::SoFar => plural!(headline.online_so_far),
                Extent::Known => plural!(headline.known_online),
            };
            page.counted(phrases, total, total)
        }
        Headline::Unconfirmed { stale, total } => page.counted(plural!(headline.unconfirmed), stale, total),
        Headline::Counted { lead, online, total, is_confirmed } => {
            let phrases =
                if is_confirmed { plural!(headline.online_of) } else { plural!(headline.last_online_of) };
            rest = page.counted(phrases, online, total);
            match lead {
                Lead::Offline(n) => {
                    class = "offline";
                    page.counted(plural!(headline.offline), n, total)
                }
                Lead::Degraded(n) => {
                    class = "degraded";
                    page.counted(plural!(headline.degraded), n, total)
                }
                Lead::NoneOffline => plain(phrase!(headline.none_offline)),
                Lead::NoneKnownOffline => plain(phrase!(headline.none_known_offline)),
            }
        }
    };
    Sentence { class, lead, rest }
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
    match headline {
        Headline::Welcome => return say!(locale, sub.idle).to_owned(),
        Headline::AllAsleep { .. } => return say!(locale, sub.all_asleep).to_owned(),
        _ => {}
    }
    if let Some((done, all)) = loading {
        // The one that is being read counts from 1.
        let done = (done + 1).min(all).to_string();
        return say!(locale, sub.loading, done = done, all = all.to_string());
    }
    let mut text = String::new();
    let mut tell = |n: u32, phrases: Plural| {
        if n > 0 {
            add(&mut text, " ", &page.counted(phrases, n, counts.total));
        }
    };
    let is_told = matches!(headline, Headline::Counted { lead: Lead::Degraded(_), .. });
    tell(counts.sleeping, plural!(sub.sleeping));
    tell(if is_told { 0 } else { counts.degraded }, plural!(sub.degraded));
    tell(counts.unknown, plural!(sub.unknown));
    tell(counts.live, plural!(sub.live));
    tell(counts.retained, plural!(sub.retained));
    tell(counts.stale, plural!(sub.stale));
    let now = page.now.get();
    let missed = page.state.with(|state| state.missed);
    if let Some((from, to)) = missed.filter(|(_, to)| now.since(*to) < MISSED) {
        let moment = |time: Time| page.format(|formats| formats.moment(time, now.max(time)));
        add(&mut text, " ", &say!(locale, sub.missed, from = moment(from), to = moment(to)));
    }
    text
}

/// The tab's icon: the page's own (`index.html`), and over it how many are offline.
fn favicon(own: &str, offline: u32) -> String {
    const END: &str = "%3C/svg%3E";
    let drawing = own.strip_suffix(END).filter(|_| offline > 0);
    let Some(drawing) = drawing else { return own.to_owned() };
    // Three signs fit; a fourth would be a blot.
    let number = offline.min(999);
    format!(
        "{drawing}%3Crect y='8' width='24' height='16' rx='4' fill='%23b3261e'/%3E%3Ctext x='12' y='21' fill='white' \
         font-family='sans-serif' font-weight='bold' font-size='13' text-anchor='middle'%3E{number}%3C/text%3E{END}"
    )
}

/// Where an element is made that may have the focus when it goes: then the headline gets it.
pub fn leave_focus(el: &El) {
    let element = el.element().clone();
    finally(move || {
        let active = document().active_element();
        if active.is_some() && element.contains(active.as_deref()) {
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

    let offline = move || {
        page.link(Link::track_slowly);
        page.state.with_untracked(|state| state.counts.offline)
    };
    effect(move || {
        let locale = page.locale.get();
        let offline = offline();
        document().set_title(&match offline {
            0 => say!(locale, page.title).to_owned(),
            n => say!(locale, page.title_offline, n = page.number(n)),
        });
    });
    if let Ok(Some(icon)) = document().query_selector("link[rel=icon]") {
        let (own, mut shown) = (icon.get_attribute("href").unwrap_or_default(), 0);
        effect(move || {
            let offline = offline();
            if std::mem::replace(&mut shown, offline) != offline {
                // A `link` takes any `href`.
                let _ = icon.set_attribute("href", &favicon(&own, offline));
            }
        });
    }

    let lead = el("em", "").attr_tells("class", move || answer().class.to_owned());
    let lead = lead.tells(move || answer().lead);
    into.child(el("h1", "headline").attr("tabindex", "-1").child(lead).text(" ").tells(move || answer().rest))
        .child(el("p", "sub").tells(move || below(page)))
}
