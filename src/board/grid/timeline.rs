//! The time a history bar spans, and the bar's runs of equal slots.
//!
//! Pure. All bars of the board share one time axis, so that what happened together stands together.

use fleet::{Span, Time};

/// How many slots a bar has; the style sheet's mask has as many.
pub const SLOTS: usize = 24;

const MINUTE: u64 = 60_000;
/// The lengths a slot may have: the shortest that spans the visit so far is used.
const SLOT_LENGTHS: [u64; 9] = [
    MINUTE / 6,
    MINUTE / 2,
    MINUTE,
    5 * MINUTE / 2,
    5 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    60 * MINUTE,
    180 * MINUTE,
];

/// The time that every bar spans.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Timeline {
    /// Where the bars begin.
    pub from: Time,
    /// Where they end: the end of the slot that is running.
    pub to: Time,
}

impl Timeline {
    /// The time axis for a board that has looked since `since`.
    ///
    /// Slots begin at round times, so that a bar moves one slot at a time and never shimmers.
    pub fn of(since: Option<Time>, now: Time) -> Timeline {
        let looked = now.0.saturating_sub(since.unwrap_or(now).0);
        let spans_the_visit = |length: &u64| (SLOTS as u64 - 1) * length >= looked;
        let length = SLOT_LENGTHS.into_iter().find(spans_the_visit).unwrap_or(SLOT_LENGTHS[8]);
        let to = (now.0 / length + 1) * length;
        Timeline { from: Time(to.saturating_sub(SLOTS as u64 * length)), to: Time(to) }
    }
}

/// Runs of equal slots: what they show, where they begin, how long they are.
pub fn runs(spans: &[Span]) -> Vec<(Span, usize, usize)> {
    let mut start = 0;
    spans
        .chunk_by(PartialEq::eq)
        .map(|run| {
            start += run.len();
            (run[0], start - run.len(), run.len())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleet::Status;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn the_axis_grows_with_the_visit_and_ends_behind_now() {
        let start = 1_700_000_123_456;
        for (minutes, span) in [(0, 4), (3, 4), (10, 12), (20, 24), (57, 60), (60, 120), (600, 720)] {
            let now = Time(start + minutes * MINUTE);
            let timeline = Timeline::of(Some(Time(start)), now);
            let slot = (timeline.to.0 - timeline.from.0) / SLOTS as u64;
            assert_eq!(slot * SLOTS as u64, span * MINUTE, "after {minutes} minutes");
            assert!(timeline.from.0 <= start && now < timeline.to && timeline.to.0 <= now.0 + slot);
            assert_eq!(timeline.to.0 % slot, 0, "slots begin at round times");
        }
        // Longer than any: the latest time is what counts.
        let late = Timeline::of(Some(Time(start)), Time(start + 30 * 24 * 60 * MINUTE));
        assert_eq!(late.to.0 - late.from.0, 72 * 60 * MINUTE);
    }

    #[wasm_bindgen_test]
    fn equal_slots_are_one_run() {
        let (nobody, online, offline) =
            (Span::NotObserved, Span::Seen(Status::Online), Span::Seen(Status::Offline));
        assert_eq!(
            runs(&[nobody, nobody, online, offline, offline, offline]),
            [(nobody, 0, 2), (online, 2, 1), (offline, 3, 3)]
        );
        assert!(runs(&[]).is_empty());
    }
}
