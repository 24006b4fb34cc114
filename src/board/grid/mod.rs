//! (being ported)

pub mod layout;
pub mod sections;
pub mod timeline;

use leptos::prelude::*;

use self::sections::Section;

/// (being ported)
#[component]
pub fn Grid(
    /// The devices.
    sections: Memo<Vec<Section>>,
) -> impl IntoView {
    let _ = sections;
}
