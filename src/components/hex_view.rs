//! A stranger's bytes on the page: as text with every character visible, and as a hex dump.
//!
//! They are shown as text nodes only. The fleet bounds their length.

use std::sync::Arc;

use leptos::prelude::*;

use super::bytes::{hex_dump, text_runs};

/// Bytes as text. What cannot be shown has a boxed stand-in.
#[component]
pub fn ByteText(
    /// The bytes.
    #[prop(into)]
    bytes: Signal<Arc<[u8]>>,
    /// The name for a screen reader. With it the box can be reached, and so scrolled, by the keyboard.
    #[prop(optional, into)]
    label: Option<Signal<&'static str>>,
) -> impl IntoView {
    let runs = move || {
        let runs = bytes.with(|bytes| text_runs(bytes)).into_iter();
        runs.map(|run| match run.is_stand_in {
            true => view! { <span class="stand-in">{run.text}</span> }.into_any(),
            false => run.text.into_any(),
        })
        .collect_view()
    };
    let (tabindex, role) = label.map(|_| ("0", "group")).unzip();
    view! {
        <pre class="bytes" dir="auto" tabindex=tabindex role=role aria-label=label>
            {runs}
        </pre>
    }
}

/// Whether [`ByteText`] has a stand-in for some of these bytes.
pub fn has_stand_ins(bytes: &[u8]) -> bool {
    text_runs(bytes).iter().any(|run| run.is_stand_in)
}

/// A hex dump: 16 bytes a line, after the line's offset. The keyboard can reach it, since it scrolls.
#[component]
pub fn HexDump(
    /// The bytes.
    #[prop(into)]
    bytes: Signal<Arc<[u8]>>,
    /// The name for a screen reader.
    #[prop(into)]
    label: Signal<&'static str>,
) -> impl IntoView {
    view! {
        <pre class="bytes" dir="ltr" tabindex="0" role="group" aria-label=label>
            {move || bytes.with(|bytes| hex_dump(bytes))}
        </pre>
    }
}
