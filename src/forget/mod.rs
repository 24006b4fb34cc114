//! (being ported)

use leptos::prelude::*;

/// (being ported)
#[component]
pub fn ForgetDialog() -> impl IntoView {}
