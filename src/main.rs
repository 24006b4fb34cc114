//! Mounts the page in place of the shell of `index.html`, nothing else.

fn main() {
    console_error_panic_hook::set_once();
    if let Some(shell) = leptos::prelude::document().get_element_by_id("shell") {
        shell.remove();
    }
    leptos::mount::mount_to_body(willow::app::App);
}
