//! What the parts of the board share: facts about the connection that only the board shows, each a memo of its own.
//!
//! [`Board`](super::Board) provides it once. Never knows how a fact is worded.

use leptos::html;
use leptos::prelude::*;
use mqtt::{Link, Time};

use super::notice_choice::{self, Notice};
use super::summary::{self, Extent, Headline, Progress};
use crate::client::Pace;
use crate::context::AppContext;

/// What the parts of the board share. Copy: a handle to memos.
#[derive(Copy, Clone)]
pub(super) struct BoardContext {
    /// Whether a broker accepted a connection in this visit. Stays true from then on.
    pub was_connected: Memo<bool>,
    /// What the headline says: how the fleet is.
    pub headline: Memo<Headline>,
    /// How much of the snapshot is read, while it is loading.
    pub loading: Memo<Option<Progress>>,
    /// When the board last did not observe for a while, from and to, if it observes now.
    pub missed: Memo<Option<(Time, Time)>>,
    /// What the board must admit about its snapshot.
    pub notices: Memo<Vec<Notice>>,
    /// How many devices the search and the filters leave.
    pub found: Memo<usize>,
    /// The search field.
    pub search: NodeRef<html::Input>,
}

impl BoardContext {
    /// The facts of the page's connection. `found`: how many devices the search and the filters leave.
    pub fn new(app: AppContext, found: Memo<usize>) -> BoardContext {
        let status = app.status;
        BoardContext {
            was_connected: Memo::new(move |before: Option<&bool>| {
                // Also when the connection came and went between two updates.
                let is_connected =
                    status.with(|status| status.link == Link::Connected || status.observed_since.is_some());
                is_connected || before.copied().unwrap_or_default()
            }),
            headline: Memo::new(move |_| {
                let (link, counts) = status.with(|status| (status.link, status.counts));
                let read = app.read(Pace::Frame, |active| {
                    let extent = Extent::of_engine(active.engine);
                    Headline::of(link, extent, &counts, summary::as_of(active.engine.fleet()))
                });
                read.unwrap_or(Headline::Welcome)
            }),
            loading: Memo::new(move |_| {
                app.read(Pace::Frame, |active| Progress::of(active.engine.snapshot())).flatten()
            }),
            missed: Memo::new(move |_| {
                app.read(Pace::Frame, |active| summary::missed(active.engine.fleet())).flatten()
            }),
            notices: Memo::new(move |_| {
                let notices = app.read(Pace::Frame, |active| {
                    notice_choice::notices(active.engine.snapshot(), active.engine.rejected_filters())
                });
                notices.unwrap_or_default()
            }),
            found,
            search: NodeRef::new(),
        }
    }

    /// Whether a broker is connected and no device is there, so that the board explains what it looked at.
    pub fn has_nobody(self) -> bool {
        matches!(self.headline.get(), Headline::Nobody | Headline::NoneSeen)
    }
}

/// What the parts of the board share.
pub(super) fn use_board() -> BoardContext {
    expect_context()
}
