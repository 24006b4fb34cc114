//! (being ported)

use leptos::prelude::*;

/// (being ported)
#[component]
pub fn ConnectionDialog() -> impl IntoView {}
