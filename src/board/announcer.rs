//! The live region for visitors who listen: what changed, in one sentence every few seconds.
//!
//! Nothing is said per message: a timer gathers what happens, then [`super::announcement`] decides what is worth a
//! sentence. While the snapshot is loading it is silent.

use std::time::Duration;

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use mqtt::Time;

use super::announcement::{Announced, Announcement, ChangeSummary};
use super::context::{BoardContext, use_board};
use super::headline::headline_text;
use crate::client::{self, Pace};
use crate::context::{AppContext, use_app};
use crate::format::{Format, use_format};
use crate::i18n::{I18n, foreign, t_count, t_string, use_i18n};
use crate::wording::change_text;

/// How long what happens together is gathered.
const GATHER: Duration = Duration::from_secs(1);
/// At most one sentence in this time: a fleet that flaps must not talk without end.
const INTERVAL: Duration = Duration::from_secs(5);

/// The live region, in the document from the start and silent then.
#[component]
pub fn Announcer() -> impl IntoView {
    let announcer = AnnouncerContext {
        i18n: use_i18n(),
        format: use_format(),
        app: use_app(),
        board: use_board(),
        sentence: RwSignal::new(String::new()),
        announced: StoredValue::new(None),
        announced_at: StoredValue::new(Time(0)),
        timer: StoredValue::new_local(None),
    };
    announcer.begin();
    Effect::new(move || {
        announcer.app.read(Pace::Text, |_| ());
        announcer.app.view.track();
        announcer.announce_soon();
    });
    view! {
        <p class="spoken" role="status" aria-live="polite">
            {announcer.sentence}
        </p>
    }
}

/// Decides and words what the live region says. Copy, as what the timer's callback holds.
#[derive(Copy, Clone)]
struct AnnouncerContext {
    i18n: I18n,
    format: Format,
    app: AppContext,
    board: BoardContext,
    sentence: RwSignal<String>,
    announced: StoredValue<Option<Announced>>,
    announced_at: StoredValue<Time>,
    /// Set while something may have to be said.
    timer: StoredValue<Option<Timeout>, LocalStorage>,
}

impl AnnouncerContext {
    /// What the page begins with is read with the page: nothing of it is news.
    fn begin(self) {
        let headline = self.board.headline.get_untracked();
        let query = self.app.view.with_untracked(|view| view.query.clone());
        self.announced.set_value(Some(Announced::new(&headline, query, client::now())));
        on_cleanup(move || drop(self.timer.try_update_value(Option::take)));
    }

    fn announce_soon(self) {
        if self.timer.with_value(Option::is_some) {
            return;
        }
        let pause = INTERVAL.saturating_sub(client::now().since(self.announced_at.get_value()));
        let delay = pause.max(GATHER).as_millis() as u32;
        self.timer.set_value(Some(Timeout::new(delay, move || self.announce())));
    }

    fn announce(self) {
        self.timer.set_value(None);
        let headline = self.board.headline.get_untracked();
        let is_loading = self.board.loading.with_untracked(Option::is_some);
        let now = client::now();
        let changes = |after| {
            let changes = self.app.read_untracked(|active| {
                ChangeSummary::of(active.engine.fleet().recent_changes(), after, now)
            });
            changes.unwrap_or_default()
        };
        let announcement = self.app.view.with_untracked(|view| {
            self.announced.try_update_value(|announced| {
                announced.as_mut()?.next(is_loading, &headline, &view.query, now, changes)
            })
        });
        if let Some(announcement) = announcement.flatten() {
            self.sentence.set(untrack(|| self.text(announcement)));
            self.announced_at.set_value(now);
            // There may be more to say.
            self.announce_soon();
        }
    }

    fn text(self, announcement: Announcement) -> String {
        let AnnouncerContext { i18n, format, app, board, .. } = self;
        match announcement {
            Announcement::Headline => headline_text(i18n, format, app, board.headline.get()),
            Announcement::Found => {
                let total = app.status.with(|status| status.counts.total);
                let (n, total) = (format.count(board.found.get()), format.count(total));
                t_string!(i18n, announce.found, n = n, total = total)
            }
            Announcement::Changes(changes) => {
                self.device_text(&changes).unwrap_or_else(|| self.changes_text(&changes))
            }
        }
    }

    /// What one device did, if it is the only one that changed.
    fn device_text(self, changes: &ChangeSummary) -> Option<String> {
        let (handle, change) = changes.latest.filter(|_| changes.devices() == 1)?;
        let name = self.app.read_untracked(|active| {
            let device = active.engine.fleet().device(handle)?;
            Some(device.display_name().to_owned())
        });
        let (name, what) = (name.flatten()?, change_text(self.i18n.get_locale(), &change));
        Some(t_string!(self.i18n, announce.device, name = foreign(&name), what = what))
    }

    /// What several devices did.
    fn changes_text(self, &ChangeSummary { offline, back, other, .. }: &ChangeSummary) -> String {
        let AnnouncerContext { i18n, format, .. } = self;
        let sentences = [
            (offline > 0).then(|| t_count!(i18n, offline, announce.offline, n = format.count(offline))),
            (back > 0).then(|| t_count!(i18n, back, announce.back, n = format.count(back))),
            (other > 0).then(|| t_count!(i18n, other, announce.other, n = format.count(other))),
        ];
        sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}
