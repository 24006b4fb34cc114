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
mod signal;
mod symbols;
mod tile;
mod tools;
mod transfer;
mod wall;

#[cfg(test)]
mod tests;

use std::cell::{OnceCell, RefCell};
use std::ops::Deref;
use std::time::Duration;

use fleet::{ConfigError, Handle};
use js_sys::{Function, Reflect};
use leptos::prelude::*;
use mqtt::Time;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, HtmlElement};

use crate::address::{Address, Origin, Request, RequestError};
use crate::intl::{self, Formats};
use crate::link::{self, Link, Profile};
use crate::state::State;
use crate::store;
use crate::view::{View, folded_of_fragment};
use crate::words::{self, Locale, Plural};

use board::board;
use connections::connection_dialog;
use device::device_panel;
use element::{El, effect};
use forget::forget_dialog;
use header::header;
use help::help_dialog;
use signal::{Memo, Signal, memo};

/// How often relative times are told anew.
const TICK: Duration = Duration::from_secs(10);
/// Under which name the visitor's choice of language is kept.
const LANGUAGE: &str = "willow.language";

/// What every part of the page knows. It is made once and lives as long as the document does, so that whoever listens to
/// the browser may have it.
#[derive(Copy, Clone)]
pub struct Page(&'static Shared);

/// What the parts of a page share: the connection, the language, the clock, and what is being looked for.
pub struct Shared {
    /// None once the page is gone.
    link: &'static RefCell<Option<Link>>,
    formats: [OnceCell<Formats>; words::LOCALES.len()],
    visitor: Vec<String>,
    /// Where the page came from.
    pub origin: Origin,
    /// What the page's address asked for.
    pub request: Request,
    /// The language.
    pub locale: Signal<Locale>,
    /// A coarse clock, for relative times.
    pub now: Signal<Time>,
    /// What the page shows apart from its tiles.
    pub state: Memo<State>,
    /// What the visitor looks at.
    pub view: Signal<View>,
    /// The groups that the visitor folded.
    pub folded: Signal<Vec<String>>,
    /// The visitor's choice of colours, by its number.
    pub theme: Signal<usize>,
    /// The device that the keyboard is at.
    pub cursor: Signal<Option<Handle>>,
    /// The device whose panel is open.
    pub opened: Signal<Option<Handle>>,
    /// Whether the connection's dialog is open.
    pub dialog_is_open: Signal<bool>,
    /// Whether the help is open.
    pub help_is_open: Signal<bool>,
    /// How often the connections that this browser keeps have changed; they are read where they are shown.
    pub saved: Signal<usize>,
    /// Whether the dialog is open in which devices are forgotten.
    pub forget_is_open: Signal<bool>,
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
        let mut request = Request::parse(&window().location().href().unwrap_or_default());
        if let Some(cleaned) = &request.cleaned {
            replace_location(cleaned);
        }
        let link = Link::new();
        let address = request.broker.as_deref().and_then(|broker| Address::parse(broker).ok());
        let mut kept = None;
        if let (Some(address), None) = (address, &request.error) {
            // Whoever sent the address chose where to and what to see; as whom, the visitor did, for exactly there.
            let profile = Profile {
                address,
                user: None,
                password: None,
                keep_alive: link::KEEP_ALIVE,
                version: request.version,
                filters: request.filters.clone(),
                client_id: None,
            };
            let connected = if store::read(store::PROFILES).is_some() {
                let checked = link::check(&profile);
                kept = Some(profile);
                checked
            } else {
                link.connect(profile)
            };
            // Filters that cannot be used leave the page as it would be without them, and say so.
            if let Err(ConfigError::NoFilter(_)) = connected {
                request.error = Some(RequestError::NoFilter);
                request.filters.clear();
                kept = None;
            }
        }
        let page = Page::new(link, request);
        if let Some(profile) = kept {
            connections::connect_as_kept(page, profile);
        }
        let fragment = route().1;
        page.view.set(View::of_fragment(&fragment));
        page.folded.set(folded_of_fragment(&fragment));
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
        let link: &'static RefCell<Option<Link>> = Box::leak(Box::new(RefCell::new(Some(link))));
        let state = memo(move || {
            with_link(link, |link| {
                link.track();
                State::of(link)
            })
        });
        let page = Page(Box::leak(Box::new(Shared {
            link,
            formats: Default::default(),
            visitor,
            origin,
            request,
            locale: Signal::new(locale),
            now: Signal::new(link::now()),
            state,
            view: Signal::new(View::default()),
            folded: Signal::new(Vec::new()),
            theme: Signal::new(0),
            cursor: Signal::new(None),
            opened: Signal::new(None),
            dialog_is_open: Signal::new(false),
            help_is_open: Signal::new(false),
            saved: Signal::new(0),
            forget_is_open: Signal::new(false),
        })));
        // Its sockets and timers go with it.
        finally(move || drop(page.link.take()));
        page
    }

    /// Uses the connection.
    pub fn link<T>(self, with: impl FnOnce(&Link) -> T) -> T {
        with_link(self.link, with)
    }

    /// Whether its connection went with it. Frames and timers may come later than that.
    pub fn is_gone(self) -> bool {
        self.link.borrow().is_none()
    }

    /// Reads the connection, now and again after every change.
    pub fn watch<T>(self, read: impl FnOnce(&Link) -> T) -> T {
        self.link(|link| {
            link.track();
            read(link)
        })
    }

    /// Formats values in the visitor's language, now and again when it changes.
    pub fn format<T>(self, with: impl FnOnce(&Formats) -> T) -> T {
        let locale = self.locale.get();
        let tag = || intl::tag(words::tag(locale), &self.visitor);
        with(self.formats[locale as usize].get_or_init(|| Formats::new(tag())))
    }

    /// A count in the visitor's writing.
    pub fn number(self, count: u32) -> String {
        self.format(|formats| formats.count(count))
    }

    /// A sentence about a count, `{n}`, of `{total}`.
    pub fn counted(self, phrases: Plural, n: u32, total: u32) -> String {
        let phrase = if n == 1 { phrases.one } else { phrases.other };
        let numbers = [("n", &*self.number(n)), ("total", &*self.number(total))];
        words::filled(phrase, self.locale.get(), &numbers)
    }

    /// Opens a device's panel.
    pub fn open_device(self, handle: Handle) {
        self.cursor.set(Some(handle));
        self.opened.set(Some(handle));
    }

    /// Folds a group, or unfolds it.
    pub fn fold(self, name: &str) {
        // In order, so that the same groups make the same address.
        self.folded.update(|folded| match folded.binary_search_by(|known| known.as_str().cmp(name)) {
            Ok(place) => drop(folded.remove(place)),
            Err(place) => folded.insert(place, name.to_owned()),
        });
    }

    /// Another connection has other devices, whose handles may be the same.
    pub fn forget_devices(self) {
        self.cursor.set(None);
        self.opened.set(None);
        self.forget_is_open.set(false);
        self.folded.set(Vec::new());
    }

    /// Chooses a language, for this visit and the next.
    pub fn speak(self, locale: Locale) {
        store::write(LANGUAGE, Some(words::tag(locale)));
        self.locale.set(locale);
    }
}

fn with_link<T>(link: &RefCell<Option<Link>>, with: impl FnOnce(&Link) -> T) -> T {
    with(link.borrow().as_ref().expect("nobody uses the connection of a page that is gone"))
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

/// Does something when the reactive owner ends that this is called under.
pub fn finally(act: impl FnOnce() + 'static) {
    let act: SendWrapper<Box<dyn FnOnce()>> = SendWrapper::new(Box::new(act));
    on_cleanup(move || (act.take())());
}

/// Listens to an event of the window, until the reactive owner ends that this is called under.
pub fn on_window(event: &'static str, act: impl Fn(Event) + 'static) {
    on_window_by(event, Box::new(act));
}

fn on_window_by(event: &str, act: Box<dyn Fn(Event)>) {
    let listener = window_event_listener_untyped(event, act);
    finally(move || listener.remove());
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
    on_window("hashchange", move |_| {
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
    on_window("storage", move |_| page.saved.update(|changes| *changes += 1));
    on_window("visibilitychange", move |_| tick());
    if let Ok(clock) = set_interval_with_handle(tick, TICK) {
        finally(move || clock.clear());
    }
    vec![
        header(page),
        board(page),
        connection_dialog(page),
        device_panel(page),
        forget_dialog(page),
        help_dialog(page),
    ]
}
