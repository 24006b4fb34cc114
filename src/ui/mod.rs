//! What the visitor sees: layout, wiring, and the wording of what the layers below have decided.
//!
//! Nothing here is decided that a test would want to ask about, and nothing is reactive per device outside
//! the rows in sight. [`mount`] shows the page once; every part of it is a function
//! of [`Page`] that gives an element (see `element.rs`).

mod announce;
mod board;
mod cells;
mod children;
mod connections;
mod device;
mod diagnosis;
mod dialog;
mod element;
mod empty;
mod filters;
mod forget;
mod form;
mod grid;
mod header;
mod headline;
mod help;
mod later;
mod list;
mod measure;
mod notes;
mod payload;
mod rail;
mod report;
mod section;
mod symbols;
mod tile;
mod tools;
mod transfer;
mod wall;

#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::time::Duration;

use fleet::{ConfigError, Handle};
use js_sys::{Function, Reflect};
use leptos::prelude::*;
use mqtt::Time;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

use crate::address::{Address, Origin, Request, RequestError};
use crate::intl::{self, Formats};
use crate::link::{self, Link, Profile};
use crate::profiles;
use crate::state::State;
use crate::store;
use crate::view::{View, folded_of_fragment};
use crate::words::{self, Locale};

use board::board;
use connections::connection_dialog;
use device::device_panel;
use element::{El, effect};
use forget::forget_dialog;
use header::header;
use help::help_dialog;

/// How often relative times are told anew.
const TICK: Duration = Duration::from_secs(10);
/// Under which name the visitor's choice of language is kept.
const LANGUAGE: &str = "willow.language";

/// What every component shares; a copy is the same page.
#[derive(Copy, Clone)]
pub struct Page(&'static Shared);

/// The connection, the language, the clock, and what is being looked for.
///
/// It is never freed, as there is one page in a document: so what takes it along, as nearly every closure does, takes a
/// pointer along and not all of this.
pub struct Shared {
    link: StoredValue<Link, LocalStorage>,
    formats: StoredValue<Vec<(Locale, OnceCell<Formats>)>, LocalStorage>,
    visitor: StoredValue<Vec<String>>,
    /// Where the page came from.
    pub origin: StoredValue<Origin>,
    /// What the page's address asked for.
    pub request: StoredValue<Request>,
    /// The language.
    pub locale: RwSignal<Locale>,
    /// A coarse clock, for relative times.
    pub now: RwSignal<Time>,
    /// What the page shows apart from its tiles.
    pub state: Memo<State>,
    /// What the visitor looks at.
    pub view: RwSignal<View>,
    /// The groups that the visitor folded.
    pub folded: RwSignal<BTreeSet<String>>,
    /// The visitor's choice of colours, by its number.
    pub theme: RwSignal<usize>,
    /// The device that the keyboard is at.
    pub cursor: RwSignal<Option<Handle>>,
    /// The device whose panel is open.
    pub opened: RwSignal<Option<Handle>>,
    /// Whether the connection's dialog is open.
    pub dialog_is_open: RwSignal<bool>,
    /// Whether the help is open.
    pub help_is_open: RwSignal<bool>,
    /// How often the connections that this browser keeps have changed; they are read where they are shown.
    pub saved: RwSignal<usize>,
    /// Whether the dialog is open in which devices are forgotten.
    pub forget_is_open: RwSignal<bool>,
}

impl Deref for Page {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        self.0
    }
}

impl Page {
    /// Opens the page: reads its address and the visitor's choices, connects if the address says so.
    pub fn open() -> Page {
        let request = Request::parse(&window().location().href().unwrap_or_default());
        if let Some(cleaned) = &request.cleaned {
            replace_location(cleaned);
        }
        let page = Page::new(Link::new(), request);
        let fragment = route().1;
        page.view.set(View::of_fragment(&fragment));
        page.folded.set(folded_of_fragment(&fragment));
        page.request.update_value(|request| {
            let address = request.broker.as_deref().and_then(|broker| Address::parse(broker).ok());
            if let (Some(address), None) = (address, &request.error) {
                // Whoever sent the address chose where to and what to see; as whom, the visitor did, for exactly there.
                let (filters, version) = (request.filters.clone(), request.version);
                let saved = store::profiles();
                let profile = match profiles::for_address(&saved, &address) {
                    Some(saved) => Profile { filters, version, ..saved.profile.clone() },
                    None => Profile {
                        address,
                        user: None,
                        password: None,
                        keep_alive: link::KEEP_ALIVE,
                        version,
                        filters,
                        client_id: None,
                    },
                };
                // Filters that cannot be used leave the page as it would be without them, and say so.
                if let Err(ConfigError::NoFilter(_)) = page.link(|link| link.connect(profile)) {
                    request.error = Some(RequestError::NoFilter);
                    request.filters.clear();
                }
            }
        });
        page
    }

    fn new(link: Link, request: Request) -> Page {
        let location = window().location();
        let origin = Origin {
            secure: location.protocol().is_ok_and(|protocol| protocol == "https:"),
            host: location.hostname().unwrap_or_default(),
        };
        let visitor: Vec<String> =
            window().navigator().languages().iter().filter_map(|tag| tag.as_string()).collect();
        let locale = words::choose(store::read(LANGUAGE).as_deref(), &visitor);
        let link = StoredValue::new_local(link);
        let page_is_secure = origin.secure;
        let state = memo(move |_| {
            link.with_value(|link| {
                link.track();
                State::of(link, page_is_secure)
            })
        });
        Page(Box::leak(Box::new(Shared {
            link,
            state,
            formats: StoredValue::new_local(
                words::all().iter().map(|locale| (*locale, OnceCell::new())).collect(),
            ),
            visitor: StoredValue::new(visitor),
            origin: StoredValue::new(origin),
            request: StoredValue::new(request),
            locale: RwSignal::new(locale),
            now: RwSignal::new(link::now()),
            view: RwSignal::new(View::default()),
            folded: RwSignal::new(BTreeSet::new()),
            theme: RwSignal::new(0),
            cursor: RwSignal::new(None),
            opened: RwSignal::new(None),
            dialog_is_open: RwSignal::new(false),
            help_is_open: RwSignal::new(false),
            saved: RwSignal::new(0),
            forget_is_open: RwSignal::new(false),
        })))
    }

    /// Uses the connection.
    pub fn link<T>(self, with: impl FnOnce(&Link) -> T) -> T {
        self.link.with_value(with)
    }

    /// Reads the connection, now and again after every change.
    pub fn watch<T>(self, read: impl FnOnce(&Link) -> T) -> T {
        self.link.with_value(|link| {
            link.track();
            read(link)
        })
    }

    /// Reads the state for a text that need not keep pace with frames.
    pub fn told<T>(self, read: impl FnOnce(&State) -> T) -> T {
        self.link(Link::track_calmly);
        self.state.with_untracked(read)
    }

    /// Formats values in the visitor's language, now and again when it changes.
    pub fn format<T>(self, with: impl FnOnce(&Formats) -> T) -> T {
        let locale = self.locale.get();
        let making =
            || self.visitor.with_value(|visitor| Formats::new(intl::tag(words::tag(locale), visitor)));
        self.formats.with_value(|formats| {
            let (_, formats) =
                formats.iter().find(|(known, _)| *known == locale).expect("there is one for each");
            with(formats.get_or_init(making))
        })
    }

    /// Opens a device's panel.
    pub fn open_device(self, handle: Handle) {
        self.cursor.set(Some(handle));
        self.opened.set(Some(handle));
    }

    /// Folds a group, or unfolds it.
    pub fn fold(self, name: &str) {
        self.folded.update(|folded| {
            if !folded.remove(name) {
                folded.insert(name.to_owned());
            }
        });
    }

    /// Another connection has other devices, whose handles may be the same.
    pub fn forget_devices(self) {
        self.cursor.set(None);
        self.opened.set(None);
        self.forget_is_open.set(false);
        self.folded.set(BTreeSet::new());
    }

    /// Chooses a language, for this visit and the next.
    pub fn speak(self, locale: Locale) {
        store::write(LANGUAGE, Some(words::tag(locale)));
        self.locale.set(locale);
    }
}

/// Puts another address into the location bar and the history, where a password must not stay.
fn replace_location(href: &str) {
    let history = Reflect::get(&window(), &"history".into());
    let replace =
        history.as_ref().ok().and_then(|history| Reflect::get(history, &"replaceState".into()).ok());
    if let (Ok(history), Some(replace)) = (&history, replace.and_then(|f| f.dyn_into::<Function>().ok())) {
        // Refused for a page from a file; there the address is nobody's but the visitor's.
        let _ = replace.call3(history, &JsValue::NULL, &"".into(), &href.into());
    }
}

/// The page's address in two parts: up to its route, and the route. A `#` before the route belongs to a filter.
fn route() -> (String, String) {
    let href = window().location().href().unwrap_or_default();
    let (address, route) = href.split_at(href.find("#/").unwrap_or(href.len()));
    (address.to_owned(), route.to_owned())
}

/// A value that is worked out anew only when what it is made of changes; told what it was before.
pub fn memo<T: PartialEq + Send + Sync + 'static>(
    value: impl Fn(Option<&T>) -> T + Send + Sync + 'static,
) -> Memo<T> {
    type Boxed<T> = Box<dyn Fn(Option<&T>) -> T + Send + Sync>;
    let value: Boxed<T> = Box::new(value);
    Memo::new(value)
}

/// Shows a page in an element of the document, until what is returned is dropped.
///
/// Leptos knows of no element of it: it brings the reactive owner that everything lives under, and the executor.
pub fn mount(
    place: HtmlElement,
    show: impl FnOnce() -> Vec<El> + 'static,
) -> leptos::mount::UnmountHandle<<() as Render>::State> {
    let into = place.clone();
    leptos::mount::mount_to(place, move || {
        for el in show() {
            // The page's own elements go wherever elements are wanted.
            let _ = into.append_child(el.element());
        }
    })
}

/// The whole page.
pub fn app() -> Vec<El> {
    let page = Page::open();
    effect(move || {
        if let Some(root) = document().document_element() {
            // Both are valid attributes of every element.
            let locale = page.locale.get();
            let _ = root.set_attribute("lang", words::tag(locale));
            let _ = root.set_attribute("dir", leptos_i18n::Locale::direction(locale).as_str());
        }
    });
    let tick = move || {
        if !document().hidden() {
            page.now.set(link::now());
        }
    };
    // The address shares the view, and an address that somebody enters changes it.
    effect(move || {
        let fragment = page.view.with(|view| page.folded.with(|folded| view.fragment_with(folded)));
        let (address, route) = route();
        if View::of_fragment(&route).fragment_with(&folded_of_fragment(&route)) != fragment {
            replace_location(&format!("{address}{fragment}"));
        }
    });
    let went = window_event_listener_untyped("hashchange", move |_| {
        let route = route().1;
        let (view, folded) = (View::of_fragment(&route), folded_of_fragment(&route));
        if page.view.with_untracked(|known| *known != view) {
            page.view.set(view);
        }
        if page.folded.with_untracked(|known| *known != folded) {
            page.folded.set(folded);
        }
    });
    // Another tab changed what is kept.
    let kept = window_event_listener_untyped("storage", move |_| page.saved.update(|changes| *changes += 1));
    let clock = set_interval_with_handle(tick, TICK);
    let seen_again = window_event_listener_untyped("visibilitychange", move |_| tick());
    on_cleanup(move || {
        seen_again.remove();
        went.remove();
        kept.remove();
        if let Ok(clock) = clock {
            clock.clear();
        }
    });
    vec![
        header(page),
        board(page),
        connection_dialog(page),
        device_panel(page),
        forget_dialog(page),
        help_dialog(page),
    ]
}
