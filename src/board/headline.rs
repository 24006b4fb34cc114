//! The headline, and below it how the board knows.
//!
//! Words what [`super::summary`] has chosen; decides nothing. [`headline_text`] is also what the announcer says.

use std::time::Duration;

use fleet::Counts;
use leptos::prelude::*;
use mqtt::Time;

use super::context::use_board;
use super::summary::{Extent, Headline, Lead, Progress};
use crate::context::{AppContext, use_app};
use crate::format::{Format, use_format};
use crate::i18n::{I18n, t_count, t_string, use_i18n};

/// For how long a gap in the observation is mentioned after it ended.
const MISSED: Duration = Duration::from_secs(15 * 60);

/// The answer, and below it how the board knows.
#[component]
pub fn HeadlineText() -> impl IntoView {
    let (i18n, format, app) = (use_i18n(), use_format(), use_app());
    let board = use_board();
    // With every frame, as the counters: both are read together.
    let sentences = Memo::new(move |_| Sentences::of(i18n, format, app, board.headline.get()));
    let evidence = move || {
        let headline = board.headline.get();
        match (headline, board.loading.get()) {
            (Headline::Welcome, _) => t_string!(i18n, sub.idle).to_owned(),
            (Headline::AllAsleep { .. }, _) => t_string!(i18n, sub.all_asleep).to_owned(),
            (_, Some(progress)) => progress_text(i18n, progress),
            _ => {
                let counts = app.status.with(|status| status.counts);
                let mut sentences = count_sentences(i18n, format, headline, &counts);
                sentences.extend(missed_text(i18n, format, app, board.missed.get()));
                sentences.join(" ")
            }
        }
    };
    view! {
        <h1 class="headline" tabindex="-1">
            <em class=move || sentences.with(|sentences| sentences.class)>
                {move || sentences.with(|sentences| sentences.lead.clone())}
            </em>
            " "
            {move || sentences.with(|sentences| sentences.rest.clone())}
        </h1>
        <p class="sub">{evidence}</p>
    }
}

/// A headline in one text.
pub fn headline_text(i18n: I18n, format: Format, app: AppContext, headline: Headline) -> String {
    let Sentences { lead, rest, .. } = Sentences::of(i18n, format, app, headline);
    format!("{lead} {rest}").trim_end().to_owned()
}

/// A headline in words.
#[derive(Clone, PartialEq)]
struct Sentences {
    /// The class of the first sentence, which may carry a status's colour.
    class: &'static str,
    /// The first sentence.
    lead: String,
    /// The second one, or nothing.
    rest: String,
}

impl Sentences {
    fn of(i18n: I18n, format: Format, app: AppContext, headline: Headline) -> Sentences {
        let (mut class, mut rest) = ("", String::new());
        let lead = match headline {
            Headline::Welcome => t_string!(i18n, headline.idle).to_owned(),
            Headline::Connecting => t_string!(i18n, headline.connecting).to_owned(),
            Headline::NotConnected => t_string!(i18n, headline.cannot_connect).to_owned(),
            Headline::Listening => t_string!(i18n, headline.listening).to_owned(),
            Headline::Nobody => t_string!(i18n, headline.nobody).to_owned(),
            Headline::NoneSeen => t_string!(i18n, headline.none_seen).to_owned(),
            Headline::AllAsleep { total } => {
                t_count!(i18n, total, headline.all_asleep, total = format.count(total))
            }
            Headline::AsOf(time) => {
                let time = format.moment(time, app.now.get().max(time));
                t_string!(i18n, headline.as_of, time = time)
            }
            Headline::AllOnline { total, extent } => {
                let count = format.count(total);
                match extent {
                    Extent::Whole => t_count!(i18n, total, headline.all_online, total = count),
                    Extent::SoFar => t_count!(i18n, total, headline.online_so_far, total = count),
                    Extent::Known => t_count!(i18n, total, headline.known_online, total = count),
                }
            }
            Headline::Unconfirmed { stale, total } => {
                let (n, total) = (format.count(stale), format.count(total));
                t_count!(i18n, stale, headline.unconfirmed, n = n, total = total)
            }
            Headline::Counted { lead, online, total, is_confirmed } => {
                let (n, total) = (format.count(online), format.count(total));
                rest = match is_confirmed {
                    true => t_count!(i18n, online, headline.online_of, n = n, total = total),
                    false => t_count!(i18n, online, headline.last_online_of, n = n, total = total),
                };
                match lead {
                    Lead::Offline(count) => {
                        class = "offline";
                        t_count!(i18n, count, headline.offline, n = format.count(count))
                    }
                    Lead::Degraded(count) => {
                        class = "degraded";
                        t_count!(i18n, count, headline.degraded, n = format.count(count))
                    }
                    Lead::NoneOffline => t_string!(i18n, headline.none_offline).to_owned(),
                    Lead::NoneKnownOffline => t_string!(i18n, headline.none_known_offline).to_owned(),
                }
            }
        };
        Sentences { class, lead, rest }
    }
}

/// How far the snapshot is read. The filter that is being read counts from 1.
fn progress_text(i18n: I18n, Progress { read, wanted }: Progress) -> String {
    t_string!(i18n, sub.loading, done = (read + 1).min(wanted).to_string(), all = wanted.to_string())
}

/// One sentence for each kind of devices that there are, apart from what the headline says already.
fn count_sentences(i18n: I18n, format: Format, headline: Headline, counts: &Counts) -> Vec<String> {
    let &Counts { sleeping, degraded, unknown, live, retained, stale, .. } = counts;
    let is_degraded_said = matches!(headline, Headline::Counted { lead: Lead::Degraded(_), .. });
    let sentences = [
        (sleeping > 0).then(|| t_count!(i18n, sleeping, sub.sleeping, n = format.count(sleeping))),
        (degraded > 0 && !is_degraded_said)
            .then(|| t_count!(i18n, degraded, sub.degraded, n = format.count(degraded))),
        (unknown > 0).then(|| t_count!(i18n, unknown, sub.unknown, n = format.count(unknown))),
        (live > 0).then(|| t_count!(i18n, live, sub.live, n = format.count(live))),
        (retained > 0).then(|| t_count!(i18n, retained, sub.retained, n = format.count(retained))),
        (stale > 0).then(|| t_count!(i18n, stale, sub.stale, n = format.count(stale))),
    ];
    sentences.into_iter().flatten().collect()
}

/// When the board last did not observe, if that was not long ago.
fn missed_text(i18n: I18n, format: Format, app: AppContext, missed: Option<(Time, Time)>) -> Option<String> {
    let (from, to) = missed?;
    let now = app.now.get();
    let moment = |time: Time| format.moment(time, now.max(time));
    (now.since(to) < MISSED).then(|| t_string!(i18n, sub.missed, from = moment(from), to = moment(to)))
}
