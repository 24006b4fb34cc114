//! Mounts the page, nothing else.

fn main() {
    // A panic says in the console what it was and where.
    console_error_panic_hook::set_once();
    if let Some(body) = leptos::prelude::document().body() {
        willow::ui::mount(body, willow::ui::app).forget();
    }
}
