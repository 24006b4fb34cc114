//! (being ported)

use leptos::prelude::*;

/// (being ported)
#[component]
pub fn Board() -> impl IntoView {}
