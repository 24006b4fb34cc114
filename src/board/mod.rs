//! The board: the answer, the counters that filter, the search, what must be admitted, and the tiles.
//!
//! Pure decisions lie beside the components that show them: `summary` beside `headline`, `notice_choice` beside
//! `notices`, `announcement` beside `announcer`. What other features show within the board comes in as props.

mod activity;
pub mod announcement;
mod announcer;
mod context;
mod counters;
mod empty;
pub mod grid;
mod headline;
pub mod notice_choice;
mod notices;
mod search;
mod subscriptions;
pub mod summary;
mod tab;
#[cfg(test)]
mod tests;
mod toolbar;

pub use grid::focus_device;
use leptos::prelude::*;
use mqtt::Link;

use self::activity::Activity;
use self::announcer::Announcer;
use self::context::BoardContext;
use self::counters::Counters;
use self::empty::{Disconnected, NoDevice, NoMatch};
use self::grid::Grid;
use self::grid::{Section, sections};
use self::headline::HeadlineText;
use self::notices::Notices;
use self::search::Search;
use self::subscriptions::Subscriptions;
use self::tab::TabTitle;
use self::toolbar::Toolbar;
use crate::client::Pace;
use crate::context::{AppContext, Dialog, use_app};

/// The board.
#[component]
pub fn Board(
    /// Asks where to connect. Shown until a connection is asked for.
    #[prop(into)]
    connection_form: ViewFn,
    /// Explains why there is no connection. Shown while there is none and should be one.
    #[prop(into)]
    trouble: ViewFn,
    /// Offers the support report. A part of the subscriptions panel.
    #[prop(into)]
    support_report: ViewFn,
) -> impl IntoView {
    let app = use_app();
    let sections = sections_memo(app);
    let found = Memo::new(move |_| {
        sections.with(|sections| sections.iter().map(|section| section.length).sum::<usize>())
    });
    let board = BoardContext::new(app, found);
    provide_context(board);
    let was_connected = board.was_connected;
    // The form in the dialog is the same: one is shown at most.
    let is_first_visit = move || {
        app.status.with(|status| status.address.is_none())
            && app.dialog.with(|dialog| *dialog != Some(Dialog::Connection))
    };
    let has_ended = move || app.status.with(|status| status.link == Link::Idle && status.address.is_some());
    let has_no_match =
        move || sections.with(Vec::is_empty) && app.status.with(|status| status.counts.total > 0);
    view! {
        <TabTitle />
        <main class="board" data-snapshot=move || app.status.with(|status| status.snapshot.word())>
            <HeadlineText />
            <Announcer />
            <Show when=is_first_visit>
                <div class="first-visit">{connection_form.run()}</div>
            </Show>
            <div class="bar" hidden=move || !was_connected.get()>
                <Search />
                <Counters />
            </div>
            <Toolbar />
            <Show when=has_ended>
                <Disconnected />
            </Show>
            <Show when=move || app.status.with(|status| status.has_failed)>{trouble.run()}</Show>
            <Notices />
            <Show when=move || was_connected.get()>
                <Subscriptions support_report=support_report.clone() />
            </Show>
            <div class="beside">
                <div>
                    <Show when=move || board.has_nobody()>
                        <NoDevice />
                    </Show>
                    <Show when=has_no_match>
                        <NoMatch />
                    </Show>
                    <Grid sections />
                </div>
                <Activity />
            </div>
        </main>
    }
}

/// The devices that answer the query, in order.
fn sections_memo(app: AppContext) -> Memo<Vec<Section>> {
    // The order is walked only when it may have changed, not with every change of a device.
    let order = Memo::new(move |_| {
        app.view.with(|view| {
            app.read(Pace::Frame, |active| active.engine.fleet().rows_epoch(&view.query)).unwrap_or_default()
        })
    });
    Memo::new(move |_| {
        // Read, not only tracked: a memo that nobody reads does not run.
        order.get();
        app.folded.with(|folded| {
            app.view.with(|view| {
                app.read_untracked(|active| sections(active.engine.fleet(), view, folded)).unwrap_or_default()
            })
        })
    })
}
