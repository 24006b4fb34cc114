//! One section of the board: its title, and those of its tiles that are in sight.

use fleet::{Counts, Handle, Status};
use leptos::prelude::*;

use super::grid::{Window, pixels};
use super::list::{Item, Key, list};
use super::symbols::icon;
use super::tile::Tile;
use super::{Page, derive, memo, on, part, text};
use crate::geometry::Placed;
use crate::say;
use crate::sections::{Section, Title};
use crate::timeline::Timeline;
use crate::view::View;
use crate::words::Locale;

/// What is read of a section apart from its tiles.
#[derive(Clone, PartialEq)]
struct Head {
    title: Title,
    length: usize,
    is_first: bool,
}

/// A section, by the name of its title.
#[component]
pub fn SectionView(
    /// Its title's name.
    name: String,
    /// All sections of the board.
    sections: Memo<Vec<Section>>,
    /// What is in sight.
    window: Memo<Window>,
    /// The tile that Tab reaches.
    tab_stop: Memo<Option<Handle>>,
) -> impl IntoView {
    let page = Page::here();
    // White space would part it into several identifiers.
    let title_id = format!("s-{}", name.replace(char::is_whitespace, "_"));
    let labelled_by = title_id.clone();
    let name = StoredValue::new(name);
    let placed = memo(move |_| -> Option<Placed> {
        window.with(|window| {
            sections.with(|sections| {
                let is_it = |placed: &&Placed| {
                    let title = sections.get(placed.section).map(|section| section.title.name());
                    title.is_some_and(|title| name.with_value(|name| title == *name))
                };
                window.placed.iter().find(is_it).copied()
            })
        })
    });
    let head = memo(move |_| {
        let number = placed.get()?.section;
        sections.with(|sections| {
            let Section { title, length, .. } = sections.get(number)?;
            Some(Head { title: title.clone(), length: *length, is_first: number == 0 })
        })
    });
    let layout = memo(move |_| window.with(|window| window.layout));
    let top = text(move || pixels(placed.get().map_or(0.0, |placed| placed.top)));
    let height = text(move || pixels(placed.get().map_or(0.0, |placed| placed.height)));
    let rows_top = text(move || {
        let layout = layout.get();
        pixels(layout.title + placed.get().map_or(0.0, |placed| placed.first as f64 * layout.pitch))
    });
    let before = memo(move |_| placed.get().map_or(0, |placed| placed.first * layout.get().columns));
    let length = memo(move |_| head.with(|head| head.as_ref().map_or(0, |head| head.length)));
    let shown = move || {
        let (Some(placed), columns) = (placed.get(), layout.get().columns) else {
            return Vec::new();
        };
        sections.with(|sections| {
            let handles = sections.get(placed.section).map_or(&[][..], |section| &section.handles);
            let end = (placed.last * columns).min(handles.len());
            let item = |&handle: &Handle| {
                Item::new(Key::Device(handle), move |index| {
                    let place = derive(move || before.get() + index.get() + 1);
                    view! { <Tile handle place of=length tab_stop /> }.into_any()
                })
            };
            handles.get(placed.first * columns..end).unwrap_or_default().iter().map(item).collect()
        })
    };
    let title = part(move || Some(title_of(page, title_id.clone(), head.get()?)));
    view! {
        <section class="part" style:top=top style:height=height>
            {title}
            <ul
                class="rows"
                role="list"
                aria-labelledby=labelled_by
                style:top=rows_top
                style:grid-template-columns=text(move || format!("repeat({}, minmax(0, 1fr))", layout.get().columns))
            >
                {list(shown)}
            </ul>
        </section>
    }
}

fn title_of(page: Page, id: String, Head { title, length, is_first }: Head) -> AnyView {
    let whole = match &title {
        Title::Group { counts, .. } => counts.total as usize,
        _ => length,
    };
    let count = text(move || {
        let count = |count| page.format(|formats| formats.count(count));
        match length == whole {
            true => count(length),
            false => say!(page.locale.get(), group.some, n = count(length), total = count(whole)),
        }
    });
    let legend = is_first.then(|| {
        let legend = text(move || {
            let since = page.state.with(|state| state.observed_since);
            let Timeline { from, to } = Timeline::of(since, page.now.get());
            let duration = page.format(|formats| formats.duration(to.0 - from.0));
            say!(page.locale.get(), tile.history, duration = duration)
        });
        view! {
            <small class="legend">
                <i></i>
                {legend}
            </small>
        }
    });
    let name = title.name();
    match title {
        Title::Group { name: shown, counts, is_folded, .. } => {
            let shown = text(move || match &*shown {
                "" => say!(page.locale.get(), group.rest).to_owned(),
                shown => shown.to_owned(),
            });
            let on_click = move |_| {
                page.folded.update(|folded| {
                    if !folded.remove(&name) {
                        folded.insert(name.clone());
                    }
                });
            };
            view! {
                <div class="section-title">
                    <h2 id=id>
                        <button type="button" class="fold" aria-expanded=(!is_folded).to_string() on:click=on(on_click)>
                            <b dir="auto">{shown}</b>
                            <span>{count}</span>
                        </button>
                    </h2>
                    {statuses(page, counts)}
                    {legend}
                </div>
            }
            .into_any()
        }
        title => {
            // Nobody may say that what is not known at present is well.
            let is_as_last_known = memo(move |_| {
                page.state.with(|state| state.counts.stale > 0 || state.standing != mqtt::Link::Connected)
            });
            let words = derive(move || {
                let locale = page.locale.get();
                match title {
                    Title::Attention => say!(locale, board.attention),
                    Title::Well if is_as_last_known.get() => say!(locale, board.last_known_well),
                    Title::Well => say!(locale, board.well),
                    _ if page.view.with(View::is_filtered) => say!(locale, board.matching),
                    Title::All | Title::Group { .. } => say!(locale, board.all),
                }
            });
            view! {
                <div class="section-title">
                    <h2 id=id>
                        {words}
                        " "
                        <span>{count}</span>
                    </h2>
                    {legend}
                </div>
            }
            .into_any()
        }
    }
}

/// How many devices of a group are not well, each kind by shape, number and word.
fn statuses(page: Page, counts: Counts) -> Vec<AnyView> {
    let told = |status: Status| {
        let number = counts.of(status);
        (number > 0).then(|| {
            let words = text(move || {
                let number = page.format(|formats| formats.count(number as usize));
                format!("{number} {}", within(page.locale.get(), status))
            });
            view! {
                <span class=format!("told {}", status.word())>
                    {icon(status)}
                    {words}
                </span>
            }
            .into_any()
        })
    };
    [Status::Offline, Status::Degraded, Status::Unknown].into_iter().filter_map(told).collect()
}

/// A status as a word within a sentence.
pub fn within(locale: Locale, status: Status) -> &'static str {
    match status {
        Status::Online => say!(locale, chip.online),
        Status::Offline => say!(locale, chip.offline),
        Status::Sleeping => say!(locale, chip.sleeping),
        Status::Degraded => say!(locale, chip.degraded),
        Status::Unknown => say!(locale, chip.unknown),
    }
}
