//! One section of the board: its title, and those of its tiles that are in sight.

use fleet::{Counts, Status};
use leptos::prelude::*;

use super::grid::{Window, pixels};
use super::symbols::icon;
use super::tile::Tile;
use super::{Page, part, text};
use crate::geometry::Placed;
use crate::say;
use crate::sections::{Section, Title};
use crate::timeline::Timeline;
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
    window: RwSignal<Window>,
) -> impl IntoView {
    let page = Page::here();
    let name = StoredValue::new(name);
    let head = Memo::new(move |_| {
        sections.with(|sections| {
            let mut numbered = sections.iter().enumerate();
            let (number, section) =
                numbered.find(|(_, section)| name.with_value(|name| section.title.name() == *name))?;
            let Section { title, length, .. } = section;
            Some((number, Head { title: title.clone(), length: *length, is_first: number == 0 }))
        })
    });
    let placed = Memo::new(move |_| -> Option<Placed> {
        let number = head.with(|head| head.as_ref().map(|(number, _)| *number))?;
        window.with(|window| window.placed.iter().find(|placed| placed.section == number).copied())
    });
    let layout = Memo::new(move |_| window.with(|window| window.layout));
    let top = text(move || pixels(placed.get().map_or(0.0, |placed| placed.top)));
    let height = text(move || pixels(placed.get().map_or(0.0, |placed| placed.height)));
    let rows_top = text(move || {
        let layout = layout.get();
        pixels(layout.title + placed.get().map_or(0.0, |placed| placed.first as f64 * layout.pitch))
    });
    let before = Memo::new(move |_| placed.get().map_or(0, |placed| placed.first * layout.get().columns));
    let in_first = Memo::new(move |_| head.with(|head| head.as_ref().is_some_and(|(_, head)| head.is_first)));
    let length = Memo::new(move |_| head.with(|head| head.as_ref().map_or(0, |(_, head)| head.length)));
    let shown = move || {
        let (Some(placed), columns) = (placed.get(), layout.get().columns) else {
            return Vec::new();
        };
        sections.with(|sections| {
            let handles = sections.get(placed.section).map_or(&[][..], |section| &section.handles);
            let end = (placed.last * columns).min(handles.len());
            handles.get(placed.first * columns..end).unwrap_or_default().to_vec()
        })
    };
    let title = part(move || {
        let (_, head) = head.get()?;
        Some(title_of(page, head))
    });
    view! {
        <section class="part" style:top=top style:height=height>
            {title}
            <ul
                class="rows"
                role="list"
                style:top=rows_top
                style:grid-template-columns=text(move || format!("repeat({}, minmax(0, 1fr))", layout.get().columns))
            >
                <ForEnumerate each=shown key=|handle| *handle let(index, handle)>
                    <Tile handle place=Signal::derive(move || before.get() + index.get() + 1) of=length in_first />
                </ForEnumerate>
            </ul>
        </section>
    }
}

fn title_of(page: Page, Head { title, length, is_first }: Head) -> AnyView {
    let count = text(move || page.format(|formats| formats.count(length)));
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
                <h2 class="section-title">
                    <button type="button" class="fold" aria-expanded=(!is_folded).to_string() on:click=on_click>
                        <b dir="auto">{shown}</b>
                        <span>{count}</span>
                    </button>
                    {statuses(page, counts)}
                    {legend}
                </h2>
            }
            .into_any()
        }
        title => {
            // Nobody may say that what is not known at present is well.
            let is_as_last_known = Memo::new(move |_| {
                page.state.with(|state| state.counts.stale > 0 || state.standing != mqtt::Link::Connected)
            });
            let words = Signal::derive(move || {
                let locale = page.locale.get();
                match title {
                    Title::Attention => say!(locale, board.attention),
                    Title::Well if is_as_last_known.get() => say!(locale, board.last_known_well),
                    Title::Well => say!(locale, board.well),
                    Title::All | Title::Group { .. } => say!(locale, board.all),
                }
            });
            view! {
                <h2 class="section-title">
                    {words}
                    <span>{count}</span>
                    {legend}
                </h2>
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
