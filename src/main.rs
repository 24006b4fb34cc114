//! Mounts the page, nothing else.

fn main() {
    // Says where a panic was; in the page that is shipped it ends without a word.
    #[cfg(not(split))]
    console_error_panic_hook::set_once();
    if let Some(body) = leptos::prelude::document().body() {
        willow::ui::mount(body, willow::ui::app).forget();
    }
}
