//! Mounts the page, nothing else.

fn main() {
    console_error_panic_hook::set_once();
    if let Some(body) = leptos::prelude::document().body() {
        willow::ui::mount(body, willow::ui::app).forget();
    }
}
