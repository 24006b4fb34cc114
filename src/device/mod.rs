//! (being ported)

use leptos::prelude::*;

/// (being ported)
#[component]
pub fn DeviceDialog() -> impl IntoView {}
