//! The history bar of a tile: what was seen of a device, in equal slots of time.
//!
//! The last cell shows the present status, as the tile does; what else happened in its time is a mark in it. What was not
//! observed has no colour: the plain ground of the bar is what is seen there.

use fleet::{Device, Span, Status};
use leptos::prelude::*;

use super::timeline::{SLOTS, Timeline, runs};

/// A history bar.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Bar {
    /// What is shown, where it begins, and how many cells it takes.
    runs: Vec<(Span, usize, usize)>,
    /// The worst status in the last cell, where it is not the present one.
    mark: Option<Status>,
}

impl Bar {
    /// The bar of a device.
    pub fn of(device: &Device<'_>, Timeline { from, to }: Timeline) -> Bar {
        // The spans are what the device said itself: what a device is for its parent's sake is no event of its own.
        let is_own_word = device.said == Some(device.status);
        Bar::new(device.spans(from, to, SLOTS), device.status, is_own_word)
    }

    fn new(mut spans: Vec<Span>, present: Status, is_own_word: bool) -> Bar {
        let mut mark = None;
        if let Some(Span::Seen(last)) = spans.last_mut() {
            let worst = std::mem::replace(last, present);
            mark = (is_own_word && worst != present).then_some(worst);
        }
        Bar { runs: runs(&spans), mark }
    }

    /// A path for each status that is shown, and the mark's.
    fn paths(&self) -> Vec<(Status, String)> {
        let mut paths = Vec::new();
        for status in Status::ALL {
            let of_status = self.runs.iter().filter(|(span, ..)| *span == Span::Seen(status));
            let path: String =
                of_status.map(|(_, start, length)| format!("M{start} 0h{length}v1h-{length}z")).collect();
            if !path.is_empty() {
                paths.push((status, path));
            }
        }
        let last = SLOTS - 1;
        paths.extend(self.mark.map(|status| (status, format!("M{last} .55h1v.45h-1z"))));
        paths
    }
}

/// A device's history as a picture. The tile says in words what matters, so it is silent.
#[component]
pub fn HistoryBar(
    /// What is shown.
    bar: Memo<Bar>,
) -> impl IntoView {
    let paths = move || {
        let path = |(status, d): (Status, String)| view! { <path class=status.word() d=d></path> };
        bar.with(Bar::paths).into_iter().map(path).collect_view()
    };
    view! {
        <svg class="history" viewBox=format!("0 0 {SLOTS} 1") preserveAspectRatio="none" aria-hidden="true">
            {paths}
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use fleet::Status::{Offline, Online};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn spans(last: Span) -> Vec<Span> {
        let mut spans = vec![Span::NotObserved; SLOTS];
        spans[SLOTS - 2] = Span::Seen(Online);
        spans[SLOTS - 1] = last;
        spans
    }

    #[wasm_bindgen_test]
    fn the_last_cell_is_the_present_status_and_marks_what_else_happened() {
        let check = |bar: Bar, expected: &[(Status, &str)]| {
            let paths = bar.paths();
            let paths: Vec<_> = paths.iter().map(|(status, path)| (*status, path.as_str())).collect();
            assert_eq!(paths, expected);
        };
        let both = "M22 0h2v1h-2z";
        check(Bar::new(spans(Span::Seen(Online)), Online, true), &[(Online, both)]);
        // It went offline and came back.
        check(
            Bar::new(spans(Span::Seen(Offline)), Online, true),
            &[(Online, both), (Offline, "M23 .55h1v.45h-1z")],
        );
        // It is offline only because its gateway is.
        let split = [(Online, "M22 0h1v1h-1z"), (Offline, "M23 0h1v1h-1z")];
        check(Bar::new(spans(Span::Seen(Online)), Offline, false), &split);
        // Nobody looked.
        check(Bar::new(spans(Span::NotObserved), Offline, true), &split[..1]);
    }
}
