//! A section of the board: its title, and those of its devices that are in sight.

use fleet::{Counts, Status};
use leptos::prelude::*;

use super::layout::Placed;
use super::measure::pixels;
use super::sections::{Section, Title};
use super::state::{GridState, TitleWording};
use super::tile::Tiles;
use super::wall::canvas::Cells;
use crate::components::StatusIcon;
use crate::format::use_format;
use crate::i18n::{Locale, t_string, td_string, use_i18n};
use crate::percent::percent_encoded;
use crate::wording::status_word;

/// A section in sight.
#[component]
pub fn SectionView(
    /// What the parts of the grid share.
    grid: GridState,
    /// The name of the section's title.
    name: String,
) -> impl IntoView {
    // White space would make several ids of it.
    let id = format!("s-{}", percent_encoded(&name));
    let placed = grid.placed(name);
    let heading = Memo::new(move |_| {
        let placed = placed.get()?;
        grid.sections.with(|sections| {
            let Section { title, length, .. } = sections.get(placed.section)?;
            Some((title.clone(), *length))
        })
    });
    let length =
        Memo::new(move |_| heading.with(|heading| heading.as_ref().map_or(0, |(_, length)| *length)));
    let pixels_of = move |of: fn(&Placed) -> f64| move || placed.get().map(|placed| pixels(of(&placed)));
    let labelledby = id.clone();
    view! {
        <section
            class="part"
            style:top=pixels_of(|placed| placed.top)
            style:height=pixels_of(|placed| placed.height)
        >
            <SectionTitle grid id heading placed />
            {move || {
                if grid.is_wall.get() {
                    view! { <Cells grid placed /> }.into_any()
                } else {
                    let labelledby = labelledby.clone();
                    view! { <Tiles grid placed length labelledby /> }.into_any()
                }
            }}
        </section>
    }
}

/// The title of a section: what its devices have in common, and how many there are. That of a group folds it.
#[component]
fn SectionTitle(
    /// What the parts of the grid share.
    grid: GridState,
    /// Its id.
    id: String,
    /// The title, and how many devices answer the query.
    heading: Memo<Option<(Title, usize)>>,
    /// Where the section stands.
    placed: Memo<Option<Placed>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let words = move || {
        heading.with(|heading| {
            let title = heading.as_ref().map(|(title, _)| title);
            title.map(|title| title_text(i18n.get_locale(), title, grid.wording.get()).to_owned())
        })
    };
    let count = move || {
        heading.with(|heading| match heading {
            None => String::new(),
            Some((Title::Group { counts, .. }, length)) if counts.total as usize != *length => {
                let (n, total) = (format.count(*length), format.count(counts.total));
                t_string!(i18n, group.some, n = n, total = total)
            }
            Some((_, length)) => format.count(*length),
        })
    };
    let is_group = heading.with_untracked(|heading| matches!(heading, Some((Title::Group { .. }, _))));
    let title = if is_group {
        let name = move || heading.with_untracked(|heading| Some(heading.as_ref()?.0.name()));
        let is_folded = move || {
            heading.with(|heading| matches!(heading, Some((Title::Group { is_folded: true, .. }, _))))
        };
        let toggle = move |_| {
            if let Some(name) = name() {
                grid.app.toggle_fold(&name);
            }
        };
        view! {
            <button
                type="button"
                class="fold"
                aria-expanded=move || if is_folded() { "false" } else { "true" }
                on:click=toggle
            >
                <b dir="auto">{words}</b>
                <span>{count}</span>
            </button>
        }
        .into_any()
    } else {
        view! { {words} " " <span>{count}</span> }.into_any()
    };
    let has_bars = move || !grid.is_wall.get() && placed.get().is_some_and(|placed| placed.section == 0);
    view! {
        <div class="section-title">
            <h2 id=id>{title}</h2>
            <span class="group-counts">
                <GroupCounts heading />
            </span>
            <small class="legend">
                <Show when=has_bars>
                    <i></i>
                    {move || {
                        let timeline = grid.timeline.get();
                        let duration = format.duration(timeline.to.0 - timeline.from.0);
                        t_string!(i18n, tile.history, duration = duration)
                    }}
                </Show>
            </small>
        </div>
    }
}

/// How many devices of a group are not well, each kind by shape, number and word.
#[component]
fn GroupCounts(
    /// The title, and how many devices answer the query.
    heading: Memo<Option<(Title, usize)>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let counts = Memo::new(move |_| {
        heading.with(|heading| match heading {
            Some((Title::Group { counts, .. }, _)) => *counts,
            _ => Counts::default(),
        })
    });
    let of_status = move |status: Status| {
        let number = Memo::new(move |_| counts.with(|counts| counts.of(status)));
        view! {
            <Show when=move || { number.get() > 0 }>
                <span class=format!("group-count {}", status.word())>
                    <StatusIcon status />
                    {move || {
                        format!("{} {}", format.count(number.get()), status_word(i18n.get_locale(), status))
                    }}
                </span>
            </Show>
        }
    };
    [Status::Offline, Status::Degraded, Status::Unknown].map(of_status).collect_view()
}

/// The words of a title.
pub fn title_text(locale: Locale, title: &Title, wording: TitleWording) -> &str {
    match title {
        Title::Group { name, .. } if name.is_empty() => td_string!(locale, group.rest),
        Title::Group { name, .. } => name,
        Title::Attention => td_string!(locale, board.attention),
        Title::Well if wording.is_as_last_known => td_string!(locale, board.last_known_well),
        Title::Well => td_string!(locale, board.well),
        Title::All if wording.is_filtered => td_string!(locale, board.matching),
        Title::All => td_string!(locale, board.all),
    }
}
