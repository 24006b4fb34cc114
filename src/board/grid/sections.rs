//! The board's devices in sections, in the order in which they stand on the page.
//!
//! Pure: the fleet and the view in, lists of handles out. The grid titles them and puts the ones in sight into the
//! document.

use std::collections::BTreeSet;

use fleet::{Counts, Fleet, Group, GroupKey, Handle, OrderBy, Rows};

use crate::view::{View, fold_prefix};

/// Devices that stand together below one title.
#[derive(Clone, PartialEq, Debug)]
pub struct Section {
    /// What they have in common.
    pub title: Title,
    /// How many there are that answer the query.
    pub length: usize,
    /// Those that are shown: all of them, or none when the visitor folded the section.
    pub handles: Vec<Handle>,
}

/// What the devices of a section have in common.
#[derive(Clone, PartialEq, Debug)]
pub enum Title {
    /// They need attention.
    Attention,
    /// They do not.
    Well,
    /// They answer the query, in an order that sets nothing apart.
    All,
    /// They are of one group.
    Group {
        /// Which group.
        key: GroupKey,
        /// Its name; empty for what is in no other group.
        name: String,
        /// How many devices it has of each kind, whatever is asked for.
        counts: Counts,
        /// Whether the visitor folded it.
        is_folded: bool,
    },
}

impl Title {
    /// A name that no other section has, and that a fold is remembered by.
    pub fn name(&self) -> String {
        match self {
            Title::Attention => "attention".to_owned(),
            Title::Well => "well".to_owned(),
            Title::All => "all".to_owned(),
            Title::Group { key, .. } => fold_name(key),
        }
    }
}

/// The sections of a fleet. One that has nothing to show is left out.
pub fn sections(fleet: &Fleet, view: &View, folded: &BTreeSet<String>) -> Vec<Section> {
    let plain = |title, handles: Vec<Handle>| Section { title, length: handles.len(), handles };
    let mut sections = match view.grouping {
        None => {
            let Rows { attention, well } = fleet.rows(&view.query);
            if view.query.order == OrderBy::Trouble {
                vec![plain(Title::Attention, attention), plain(Title::Well, well)]
            } else {
                vec![plain(Title::All, well)]
            }
        }
        Some(grouping) => {
            let section = |Group { key, name, counts, mut rows }: Group| {
                let is_folded = folded.contains(&fold_name(&key));
                let length = rows.len();
                if is_folded {
                    rows.clear();
                }
                Section { title: Title::Group { key, name, counts, is_folded }, length, handles: rows }
            };
            fleet.groups(&view.query, grouping).into_iter().map(section).collect()
        }
    };
    sections.retain(|section| section.length > 0);
    sections
}

/// How many devices each section shows.
pub fn lengths(sections: &[Section]) -> Vec<usize> {
    sections.iter().map(|section| section.handles.len()).collect()
}

/// The section of a device and its place in it.
pub fn place_of(sections: &[Section], handle: Handle) -> Option<(usize, usize)> {
    sections.iter().enumerate().find_map(|(number, section)| {
        let place = section.handles.iter().position(|other| *other == handle)?;
        Some((number, place))
    })
}

fn fold_name(GroupKey { by, convention, text }: &GroupKey) -> String {
    let space = if convention.is_some() && !text.is_empty() { " " } else { "" };
    format!("{}{}{space}{text}", fold_prefix(*by), convention.as_deref().unwrap_or_default())
}

/// The device that stands where another one stood.
pub fn replacement(sections: &[Section], place: (usize, usize)) -> Option<Handle> {
    let handles = &sections.get(place.0).or(sections.last())?.handles;
    handles.get(place.1).or(handles.last()).copied()
}
