//! The last changes of all devices, in words, beside the board.

use fleet::{Change, Handle, Status};
use leptos::prelude::*;

use super::device::{Told, told};
use super::symbols::icon;
use super::{Page, part, text};
use crate::say;

/// How many changes are in the document.
const SHOWN: usize = 40;

#[derive(Clone, PartialEq)]
struct Item {
    handle: Handle,
    name: String,
    change: Change,
    /// How long the status before lasted, in milliseconds, if both its ends were seen.
    lasted: Option<u64>,
}

/// The rail.
#[component]
pub fn Rail() -> impl IntoView {
    let page = Page::here();
    let items = Memo::new(move |_| {
        let read = page.watch(|link| {
            link.with(|call| {
                let fleet = call.engine.fleet();
                let recent = fleet.recent_changes().take(SHOWN);
                let item = |(handle, change): (Handle, Change)| {
                    let device = fleet.device(handle)?;
                    let before =
                        device.history().rev().find(|before| before.at < change.at && before.to != change.to);
                    let is_known =
                        before.is_some_and(|before| before.from.is_some() && Some(before.to) == change.from);
                    Some(Item {
                        handle,
                        name: device.display_name().to_owned(),
                        change,
                        lasted: before.filter(|_| is_known).map(|before| change.at.0 - before.at.0),
                    })
                };
                recent.filter_map(item).collect::<Vec<Item>>()
            })
        });
        read.unwrap_or_default()
    });
    let is_shown = Memo::new(move |_| page.state.with(|state| state.counts.total > 0));
    let list = part(move || {
        let items = items.get();
        (!items.is_empty()).then(|| {
            let items = items.into_iter().map(|item| item_of(page, item)).collect_view();
            view! { <ol class="changes">{items}</ol> }.into_any()
        })
    });
    let none = text(move || {
        if items.with(|items| items.is_empty()) {
            say!(page.locale.get(), rail.none).to_owned()
        } else {
            String::new()
        }
    });
    view! {
        <aside class="rail" aria-labelledby="rail-title" hidden=Signal::derive(move || !is_shown.get())>
            <h2 id="rail-title">{page.phrase(|locale| say!(locale, rail.title))}</h2>
            <p>{none}</p>
            {list}
        </aside>
    }
}

fn item_of(page: Page, Item { handle, name, change, lasted }: Item) -> AnyView {
    let Told { what, how } = told(page, &change);
    let at = page.format(|formats| formats.moment(change.at, page.now.get_untracked().max(change.at)));
    let after = lasted.filter(|_| change.to == Status::Online).map(|lasted| {
        let time = page.format(|formats| formats.duration(lasted));
        let status = super::section::within(page.locale.get(), change.from.unwrap_or(Status::Offline));
        format!(" · {}", say!(page.locale.get(), change.after, status = status, time = time))
    });
    view! {
        <li class=change.to.word()>
            {icon(change.to)}
            <p>
                <button type="button" class="link" aria-haspopup="dialog" on:click=move |_| page.open_device(handle)>
                    {name}
                </button>
                " "
                {what}
            </p>
            <time>{format!("{at} · {how}")}{after}</time>
        </li>
    }
    .into_any()
}
