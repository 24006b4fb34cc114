//! The page as a whole: contexts, header, board, dialogs, and the address that shares what is looked at.
//!
//! The only module that knows all features.

use fleet::ConfigError;
use gloo_timers::callback::Interval;
use leptos::ev;
use leptos::prelude::*;
use leptos_meta::{Html, provide_meta_context};

use crate::board::{Board, focus_device};
use crate::client::{self, Address, Connection, DEFAULT_KEEP_ALIVE, Origin, Profile};
use crate::components::focus_headline;
use crate::connection::{ConnectionDialog, ConnectionForm, SupportReport, TroublePanel};
use crate::context::{AppContext, TICK};
use crate::device::DeviceDialog;
use crate::forget::ForgetDialog;
use crate::format::provide_format;
use crate::header::Header;
use crate::help::HelpDialog;
use crate::i18n::{self, provide_i18n};
use crate::route::{self, Request, RequestError, Route};
use crate::storage::{self, profiles};

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let languages: Vec<String> =
        window().navigator().languages().iter().filter_map(|tag| tag.as_string()).collect();
    let i18n = provide_i18n(i18n::choose(storage::read(storage::LANGUAGE).as_deref(), &languages));
    provide_meta_context();
    provide_format(i18n, languages);
    let app = open();
    provide_context(app);
    keep_time(app);
    share_by_address(app);
    // A dialog was closed, and what had the focus is gone: then the cursor's tile gets it.
    let on_focus_lost = Callback::new(move |()| {
        let cursor = app.cursor.get_untracked().filter(|handle| {
            app.read_untracked(|active| active.engine.fleet().device(*handle).is_some()) == Some(true)
        });
        if !cursor.is_some_and(|handle| focus_device(handle, true)) {
            focus_headline();
        }
    });
    let language = move || i18n::tag(i18n.get_locale());
    let direction = move || leptos_i18n::Locale::direction(i18n.get_locale()).as_str();
    view! {
        <Html
            attr:lang=language
            attr:dir=direction
            attr:data-theme=move || app.theme.get().word()
        />
        <Header />
        <Board
            connection_form=|| view! { <ConnectionForm /> }
            trouble=|| view! { <TroublePanel /> }
            support_report=|| view! { <SupportReport /> }
        />
        <ConnectionDialog />
        <DeviceDialog on_focus_lost />
        <ForgetDialog on_focus_lost />
        <HelpDialog />
    }
}

/// Reads the page's address, and connects if it says where to.
fn open() -> AppContext {
    let location = window().location();
    let mut request = Request::parse(&location.href().unwrap_or_default());
    if let Some(cleaned) = &request.cleaned {
        // A password must not stay in the location bar and in the history.
        route::replace_location(cleaned);
    }
    let origin = Origin {
        secure: location.protocol().is_ok_and(|protocol| protocol == "https:"),
        host: location.hostname().unwrap_or_default(),
    };
    let connection = Connection::new();
    let address = request.broker.as_deref().and_then(|broker| Address::parse(broker).ok());
    if let (Some(address), None) = (address, &request.error) {
        // Filters that cannot be used leave the page as it would be without them, and say so.
        if let Err(ConfigError::NoFilter(_)) = connection.connect(requested_profile(address, &request)) {
            request.error = Some(RequestError::NoFilter);
            request.filters.clear();
        }
    }
    AppContext::new(connection, origin, request, Route::parse(&route::location().1))
}

/// What to connect to: broker, topic filters and version from the page's address; the rest, credentials included, from the
/// connection that this browser keeps for exactly that broker address, if it does.
fn requested_profile(address: Address, request: &Request) -> Profile {
    let saved = profiles::for_address(profiles::load(), &address);
    let profile = saved.map(|saved| saved.profile).unwrap_or(Profile {
        address,
        user: None,
        password: None,
        keep_alive: DEFAULT_KEEP_ALIVE,
        version: request.version,
        filters: Vec::new(),
        client_id: None,
    });
    Profile { version: request.version, filters: request.filters.clone(), ..profile }
}

/// Updates the coarse clock while the page is visible.
fn keep_time(app: AppContext) {
    let tick = move || {
        if !document().hidden() {
            app.now.set(client::now());
        }
    };
    // Dropped, and so cancelled, with the owner of the page.
    StoredValue::new_local(Interval::new(TICK.as_millis() as u32, tick));
    let listener = window_event_listener(ev::visibilitychange, move |_| tick());
    on_cleanup(move || listener.remove());
}

/// The address shows what is looked at, and an address that is entered changes it.
fn share_by_address(app: AppContext) {
    Effect::new(move || {
        let shown = app.route().fragment();
        let (address, route) = route::location();
        if Route::parse(&route).fragment() != shown {
            route::replace_location(&format!("{address}{shown}"));
        }
    });
    let entered = window_event_listener(ev::hashchange, move |_| {
        app.show_route(Route::parse(&route::location().1));
    });
    // Another tab changed what this browser keeps.
    let stored = window_event_listener(ev::storage, move |_| app.saved_changed.notify());
    on_cleanup(move || {
        entered.remove();
        stored.remove();
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Stage, frames};
    use wasm_bindgen::JsCast;
    use wasm_bindgen_test::wasm_bindgen_test;
    use web_sys::HtmlInputElement;

    #[wasm_bindgen_test]
    async fn a_first_visit_is_offered_a_connection() {
        storage::write(storage::LANGUAGE, Some("en"));
        let stage = Stage::mount(Connection::new(), App);
        frames(2).await;
        let link = || stage.one(".badge").get_attribute("data-link").unwrap_or_default();
        let value = |selector| stage.one(selector).unchecked_into::<HtmlInputElement>().value();
        let is_wrong = |selector| stage.one(selector).get_attribute("aria-invalid") == Some("true".into());
        let submit = || stage.click("form button[type=submit]");
        assert_eq!(link(), "idle");
        assert_eq!(stage.one("main").get_attribute("data-snapshot").as_deref(), Some("unknown"));
        assert_eq!(stage.text("[data-count=total]"), "0");
        assert_eq!((stage.count("form"), stage.count("input[type=search]")), (1, 1));
        assert_eq!(value("input[name=broker]"), "ws://127.0.0.1:9001/mqtt");

        stage.type_into("input[name=broker]", "ws://me:secret@farm/mqtt");
        submit();
        frames(2).await;
        assert!(stage.text(".error").contains("must not contain a password"));
        assert!(is_wrong("input[name=broker]"));
        assert_eq!(link(), "idle");

        stage.type_into("input[name=broker]", "ws://127.0.0.1:9/mqtt");
        stage.type_into("input[name=keep-alive]", "four");
        submit();
        frames(2).await;
        assert!(is_wrong("input[name=keep-alive]") && !is_wrong("input[name=broker]"));
        assert!(stage.text("#connection-error").is_empty() && !stage.text("#more-error").is_empty());

        // The password was given for this broker, and is not sent to another one.
        stage.type_into("input[name=keep-alive]", "30");
        stage.type_into("input[name=password]", "secret");
        submit();
        frames(4).await;
        assert_eq!(stage.count("form"), 0);
        let focused = document().active_element().map(|element| element.class_name());
        assert_eq!(focused.as_deref(), Some("headline"));
        stage.click(".badge");
        frames(3).await;
        assert_eq!(value("input[name=password]"), "secret");
        stage.type_into("input[name=broker]", "ws://127.0.0.1:9/other");
        submit();
        frames(3).await;
        assert_eq!(value("input[name=password]"), "");
        assert!(stage.text("#login-error").contains("ws://127.0.0.1:9/mqtt"));
        submit();
        frames(3).await;
        stage.click(".badge");
        frames(3).await;
        assert_eq!(value("input[name=password]"), "");
        stage.click("dialog .close");
        frames(2).await;
        assert_eq!(stage.count("form"), 0);
        stage.click(".badge");
        frames(2).await;
        stage.click("button[name=disconnect]");
        frames(3).await;
        assert_eq!(link(), "idle");
    }
}
