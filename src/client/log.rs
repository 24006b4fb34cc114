//! What happened to a connection, for the support report.

use std::collections::VecDeque;

use mqtt::{Link, Time};

/// How many entries are kept; the oldest go first.
const MAX_ENTRIES: usize = 40;

/// What happened to a connection, the oldest entry first.
#[derive(Clone, Default)]
pub struct ConnectionLog {
    entries: VecDeque<LogEntry>,
    state: Option<&'static str>,
}

/// One thing that happened.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct LogEntry {
    /// When.
    pub at: Time,
    /// What.
    pub step: Step,
}

/// What can happen to a connection.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// A transport was asked for.
    Dialled,
    /// The browser refused it at once.
    Blocked,
    /// It is open.
    Opened,
    /// It was closed, with this WebSocket close code.
    Closed(Option<u16>),
    /// The session closed it.
    ClosedHere,
    /// The session's state changed to the one with this [`word`].
    State(&'static str),
}

impl ConnectionLog {
    /// Adds an entry.
    pub fn add(&mut self, at: Time, step: Step) {
        if self.entries.len() == MAX_ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(LogEntry { at, step });
    }

    /// Adds the session's state, if it is another one.
    pub fn add_state(&mut self, at: Time, link: Link) {
        let state = Some(word(link));
        if self.state != state {
            self.state = state;
            self.add(at, Step::State(word(link)));
        }
    }

    /// The entries, the oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &LogEntry> {
        self.entries.iter()
    }

    /// How long the last attempt that ended took from dialling to its end, in milliseconds. While another one is under
    /// way it is still that one: what is known of a failure does not vanish with each new attempt.
    pub fn last_attempt(&self) -> Option<u64> {
        let is_end = |entry: &LogEntry| matches!(entry.step, Step::Closed(_) | Step::ClosedHere);
        let ended = self.entries.iter().rposition(is_end)?;
        let dialled = self.entries.iter().take(ended).rfind(|entry| entry.step == Step::Dialled)?;
        Some(self.entries[ended].at.0.saturating_sub(dialled.at.0))
    }
}

impl Step {
    /// Its words in a support report, which is English in every language.
    pub fn words(self) -> &'static str {
        match self {
            Step::Dialled => "dialled",
            Step::Blocked => "blocked by the browser",
            Step::Opened => "WebSocket opened",
            Step::Closed(_) => "WebSocket closed",
            Step::ClosedHere => "WebSocket closed by Willow",
            Step::State(word) => word,
        }
    }
}

/// The word of the page's `data-link` hook.
pub const fn word(link: Link) -> &'static str {
    match link {
        Link::Idle => "idle",
        Link::Connecting => "connecting",
        Link::Connected => "connected",
        Link::Waiting { .. } => "waiting",
        Link::Refused => "refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn the_last_attempt_is_the_last_one_that_ended() {
        let mut log = ConnectionLog::default();
        let mut add = |at, step, expected| {
            log.add(Time(at), step);
            assert_eq!(log.last_attempt(), expected, "{step:?} at {at}");
        };
        add(100, Step::Dialled, None);
        add(130, Step::Closed(None), Some(30));
        add(200, Step::Dialled, Some(30));
        add(250, Step::Opened, Some(30));
        add(270, Step::ClosedHere, Some(70));
    }
}
