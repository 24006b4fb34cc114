//! What the board admits about its snapshot, in words.
//!
//! Which notices there are is decided by [`super::notice_choice`]. A notice that stays keeps its elements: a button in
//! it may have the focus.

use leptos::prelude::*;

use super::context::use_board;
use super::notice_choice::{NoticeFilter, NoticeKind};
use crate::components::focus_headline_if_lost;
use crate::context::use_app;
use crate::format::use_format;
use crate::i18n::{I18n, foreign, t_count, t_string, text, use_i18n};
use crate::wording::reason_code;

/// How many filters a notice names; the rest are counted.
const MAX_NAMED: usize = 5;

/// The notices, or nothing.
#[component]
pub fn Notices() -> impl IntoView {
    view! {
        {NoticeKind::ALL.map(|kind| view! { <NoticeBox kind /> })}
        <BoundsNotice />
    }
}

/// A notice about filters, if there are any of its kind.
#[component]
fn NoticeBox(
    /// What happened to them.
    kind: NoticeKind,
) -> impl IntoView {
    let (i18n, board) = (use_i18n(), use_board());
    let filters = Memo::new(move |_| {
        board.notices.with(|notices| {
            let notice = notices.iter().find(|notice| notice.kind == kind);
            notice.map(|notice| notice.filters.clone()).unwrap_or_default()
        })
    });
    let named = move || filters.get().into_iter().take(MAX_NAMED).collect::<Vec<_>>();
    let key = |filter: &NoticeFilter| {
        let reason = filter.reason.map(|reason| reason.byte());
        (filter.position, reason, filter.replays, filter.text.clone())
    };
    let more = move || {
        let more = filters.with(|filters| filters.len().saturating_sub(MAX_NAMED));
        (more > 0).then(|| view! { <li>{t_string!(i18n, note.more, n = more.to_string())}</li> })
    };
    view! {
        <Show when=move || filters.with(|filters| !filters.is_empty())>
            <section class="note caution">
                <h2>{move || title(i18n, kind)}</h2>
                <p>{move || explanation(i18n, kind)}</p>
                <ul>
                    <For each=named key=key let:filter>
                        <FilterItem kind filter />
                    </For>
                    {more}
                </ul>
            </section>
        </Show>
    }
}

/// A filter of a notice, and what the visitor can do about it.
#[component]
fn FilterItem(
    /// What happened to it.
    kind: NoticeKind,
    /// The filter.
    filter: NoticeFilter,
) -> impl IntoView {
    let (i18n, format) = (use_i18n(), use_format());
    let NoticeFilter { position, text, replays, reason } = filter;
    let sentence = move || match (kind, reason) {
        (NoticeKind::Rejected, _) => foreign(&text).to_string(),
        (_, Some(reason)) => {
            let code = reason_code(reason);
            t_string!(i18n, note.refused.filter, filter = foreign(&text), code = code)
        }
        _ => {
            let n = format.count(replays);
            t_count!(i18n, replays, note.filter, filter = foreign(&text), n = n)
        }
    };
    let resumable = position.filter(|_| kind == NoticeKind::Paused);
    view! {
        <li dir="auto">
            <span>{sentence}</span>
            " "
            {resumable.map(|position| view! { <ResumeButton position /> })}
        </li>
    }
}

/// Subscribes to a paused filter again.
#[component]
fn ResumeButton(
    /// The filter's position in the snapshot.
    position: usize,
) -> impl IntoView {
    let (i18n, app) = (use_i18n(), use_app());
    // The button goes when the filter is resumed, and the focus with it.
    let was_pressed = StoredValue::new(false);
    on_cleanup(move || {
        if was_pressed.try_get_value() == Some(true) {
            focus_headline_if_lost();
        }
    });
    let resume = move |_| {
        was_pressed.set_value(true);
        app.connection().switch_filter(position, true);
    };
    view! {
        <button type="button" class="button small" on:click=resume>
            {text!(i18n, note.paused.resume)}
        </button>
    }
}

/// What the fleet's bounds kept out.
#[component]
fn BoundsNotice() -> impl IntoView {
    let (i18n, format, app) = (use_i18n(), use_format(), use_app());
    let left_out = Memo::new(move |_| {
        let refused = app.status.with(|status| status.refused);
        refused.devices + refused.topics + refused.metadata
    });
    let body = move || {
        let count = left_out.get();
        t_count!(i18n, count, note.bounded.body, n = format.count(count))
    };
    view! {
        <Show when=move || { left_out.get() > 0 }>
            <section class="note caution">
                <h2>{text!(i18n, note.bounded.title)}</h2>
                <p>{body}</p>
            </section>
        </Show>
    }
}

fn title(i18n: I18n, kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Cut => t_string!(i18n, note.cut.title),
        NoticeKind::Unknown | NoticeKind::UnknownForGood => t_string!(i18n, note.unknown.title),
        NoticeKind::Refused | NoticeKind::RefusedForGood => t_string!(i18n, note.refused.title),
        NoticeKind::Paused => t_string!(i18n, note.paused.title),
        NoticeKind::Rejected => t_string!(i18n, note.rejected.title),
    }
}

fn explanation(i18n: I18n, kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Cut => t_string!(i18n, note.cut.body),
        NoticeKind::Unknown => t_string!(i18n, note.unknown.body),
        NoticeKind::UnknownForGood => t_string!(i18n, note.unknown.body_for_good),
        NoticeKind::Refused => t_string!(i18n, note.refused.body),
        NoticeKind::RefusedForGood => t_string!(i18n, note.refused.body_for_good),
        NoticeKind::Paused => t_string!(i18n, note.paused.body),
        NoticeKind::Rejected => t_string!(i18n, note.rejected.body),
    }
}
