//! (being ported)

mod grid;

use fleet::Statuses;
use leptos::prelude::*;

use crate::client::Pace;
use crate::context::use_app;
use grid::{Grid, sections};

/// (being ported)
#[component]
pub fn Board() -> impl IntoView {
    let app = use_app();
    let order = Memo::new(move |_| {
        app.view.with(|view| app.read(Pace::Frame, |active| active.engine.fleet().rows_epoch(&view.query)))
    });
    let sections = Memo::new(move |_| {
        order.get();
        app.view.with(|view| {
            app.folded.with(|folded| {
                app.read_untracked(|active| sections(active.engine.fleet(), view, folded)).unwrap_or_default()
            })
        })
    });
    let _ = Statuses::ALL;
    let snapshot = move || app.status.with(|status| status.snapshot.word());
    let chip = move |word: &'static str| {
        let count = move || {
            app.status.with(|status| {
                let counts = status.counts;
                match word {
                    "total" => counts.total,
                    "online" => counts.online,
                    _ => counts.offline,
                }
            })
        };
        view! { <b data-count=word>{move || count().to_string()}</b> }
    };
    view! {
        <main class="board" data-snapshot=snapshot>
            <h1 class="headline" tabindex="-1">"Stub"</h1>
            <p>{chip("total")} " " {chip("online")} " " {chip("offline")}</p>
            <div class="beside"><div><Grid sections /></div></div>
        </main>
    }
}
