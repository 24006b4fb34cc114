//! The connections that this browser keeps, and the form below them: on the board at the first visit, in a dialog
//! from then on.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::*;

use super::Page;
use super::dialog::dialog;
use super::element::{El, Phrase, button, effect, el, focus};
use super::form::{Form, FormError, connection_form, used};
use super::later::{self, later};
use super::list::{Item, list};
use super::transfer::{export, import};
use crate::link::Profile;
use crate::profiles::{self, MOST_PROFILES, Saved, free_name};
use crate::{phrase, say, store};

/// The connections in a dialog of their own, opened by the badge.
pub fn connection_dialog(page: Page) -> El {
    dialog(
        page,
        "form",
        "connection-title",
        |page| page.dialog_is_open.set(false),
        |page, into| page.dialog_is_open.get().then(|| fill(page, into)),
    )
}

/// Fills an element with what is kept, and the form, as soon as that is loaded.
pub fn fill(page: Page, into: El) -> El {
    later::open(page, into, move |into| load_connections(page, into))
}

/// Connects by an address that came with the page's own: as whom the visitor chose for exactly there, and as nobody where
/// none is kept. Only who keeps connections waits for what reads them.
pub fn connect_as_kept(page: Page, profile: Profile) {
    leptos::task::spawn_local(async move {
        if load_kept(page, profile.clone()).await.is_err() {
            connect(page, profile);
        }
    });
}

later! {
    connection: fn load_kept(page: Page, profile: Profile) {
        let Profile { address, filters, version, .. } = &profile;
        let kept = profiles::for_address(store::profiles(), address);
        let (filters, version) = (filters.clone(), *version);
        connect(page, kept.map_or(profile, |saved| Profile { filters, version, ..saved.profile }));
    }
}

fn connect(page: Page, profile: Profile) {
    // Meanwhile the visitor may have chosen another broker. The filters were checked.
    if !page.is_gone() && page.link(|link| link.with(|_| ()).is_none()) {
        let _ = page.link(|link| link.connect(profile));
    }
}

later! { connection: fn load_connections(page: Page, into: El) { into.append(&connections(page)) } }

/// What is kept, and the form.
fn connections(page: Page) -> El {
    let form = Form::new(page);
    let title = el("h2", "").attr("id", "connection-title").tells(move || {
        let locale = page.locale.get();
        if page.dialog_is_open.get() { say!(locale, form.title) } else { say!(locale, form.welcome) }
            .to_owned()
    });
    el("div", "connections")
        .child(title)
        .child(kept(page, form))
        .child(connection_form(form))
        .child(transfer(page))
}

/// How many connections are listed in one frame: a thousand take most of a second, in which the page would stand still.
const AT_ONCE: usize = 50;

/// What was deleted last, and where it stood.
type Deleted = Rc<RefCell<Option<(usize, Saved)>>>;

/// The list, and what can be undone of it.
fn kept(page: Page, form: Form) -> El {
    let deleted: Deleted = Rc::new(RefCell::new(None));
    let is_deleted = RwSignal::new(String::new());
    let undone = deleted.clone();
    let undo: Rc<dyn Fn()> = Rc::new(move || {
        // It stays at hand until it is kept again.
        let was = undone.borrow().clone();
        if let Some((place, saved)) = was {
            let outcome = keep(|kept| {
                let name = free_name(kept, &saved.name);
                kept.insert(place.min(kept.len()), Saved { name, ..saved });
            });
            if outcome.is_err() {
                return form.tell(outcome);
            }
            *undone.borrow_mut() = None;
            page.saved.update(|changes| *changes += 1);
        }
        is_deleted.set(String::new());
        // This button goes as well.
        find("[name=use]");
    });
    let (all, listed) = (RwSignal::new(Vec::new()), RwSignal::new(AT_ONCE));
    effect(move || {
        page.saved.track();
        all.set(store::profiles());
    });
    let share = move || {
        let (all, listed) = (all.with(Vec::len), listed.get());
        (listed < all).then(|| listed * 1_000 / all)
    };
    let items = move || {
        let item = |saved: &Saved| {
            let saved = saved.clone();
            let Saved { name, profile } = &saved;
            let key = format!(
                "{name}\n{}\n{:?}",
                profile.address.as_str(),
                (&profile.user, profile.password.is_some())
            );
            let deleted = deleted.clone();
            Item::new(key, move || item(page, form, saved, deleted, is_deleted))
        };
        if share().is_some() {
            request_animation_frame(move || {
                // The dialog may be gone by then.
                if !listed.is_disposed() {
                    listed.update(|listed| *listed += AT_ONCE);
                }
            });
        }
        all.with(|all| all.iter().take(listed.get()).map(item).collect())
    };
    let progress = el("progress", "")
        .attr("max", "1000")
        .attr("aria-labelledby", "listing")
        .prop("value", move || share().unwrap_or(1_000).into());
    let listing = move || {
        let share = page.format(|formats| formats.percent(share().unwrap_or(1_000) as u32));
        say!(page.locale.get(), kept.listing, share = share)
    };
    el("div", "kept")
        .child(list(el("ul", "").attr_says(page, "aria-label", phrase!(kept.title)), items))
        .child(
            el("p", "listing")
                .attr_if("hidden", move || share().is_none())
                .child(progress)
                .text(" ")
                .child(el("span", "").attr("id", "listing").tells(listing)),
        )
        .child(el("p", "undo").attr("role", "status").part(move || {
            let name = is_deleted.get();
            let undo = undo.clone();
            (!name.is_empty()).then(|| {
                let told = move || say!(page.locale.get(), kept.deleted, name = name);
                el("span", "").tells(told).text(" ").child(
                    button("button small", move |_| undo())
                        .attr("name", "undo")
                        .says(page, phrase!(kept.undo)),
                )
            })
        }))
}

/// One connection. What its buttons do, they do to what is kept under its name at that moment.
fn item(page: Page, form: Form, saved: Saved, deleted: Deleted, is_deleted: RwSignal<String>) -> El {
    let Saved { name, profile } = saved;
    let now = {
        let name = name.clone();
        move || store::profiles().into_iter().find(|saved| saved.name == name)
    };
    let now = Rc::new(now);
    let with = |phrase: Phrase, act: fn(Page, Form, Saved)| {
        let now = now.clone();
        let on_click = move |_| match now() {
            Some(saved) => act(page, form, saved),
            // Another tab deleted it.
            None => page.saved.update(|changes| *changes += 1),
        };
        let label = name.clone();
        button("button small", on_click)
            .says(page, phrase)
            .attr_tells("aria-label", move || format!("{} – {label}", phrase.to(page.locale.get())))
    };
    let connect = with(phrase!(form.connect), |page, form, saved| {
        // Without its password the broker would only refuse: it is asked for first.
        if saved.profile.user.is_some() && saved.profile.password.is_none() {
            edit(form, &saved, "[name=password]");
            return;
        }
        used(page, &saved.name);
        if let Err(error) = form.connect_to(saved.profile.clone()) {
            edit(form, &saved, "[name=filters]");
            form.tell(Err(error));
        }
    });
    let change = with(phrase!(kept.edit), |_, form, saved| edit(form, &saved, "[name=broker]"));
    let copy = with(phrase!(kept.copy), |page, form, mut saved| {
        let outcome = keep(|kept| {
            let place =
                kept.iter().position(|other| other.name == saved.name).map_or(kept.len(), |at| at + 1);
            saved.name = free_name(kept, &saved.name);
            kept.insert(place, saved.clone());
        });
        match outcome {
            Err(error) => form.tell(Err(error)),
            Ok(()) => {
                page.saved.update(|changes| *changes += 1);
                edit(form, &saved, "[name=name]");
            }
        }
    });
    let (gone, label) = (name.clone(), name.clone());
    let delete = button("button small", move |_| {
        let mut removed = None;
        let is_kept = store::change_profiles(|kept| {
            let place = kept.iter().position(|saved| saved.name == gone);
            removed = place.map(|place| (place, kept.remove(place)));
        });
        if !is_kept {
            return form.tell(Err(FormError::NotKept));
        }
        page.saved.update(|changes| *changes += 1);
        // Another tab may have deleted it: then there is nothing to undo here.
        if removed.is_none() {
            return;
        }
        *deleted.borrow_mut() = removed;
        is_deleted.set(gone.clone());
        // The button goes, and the focus with it.
        find("[name=undo]");
    })
    .says(page, phrase!(kept.delete))
    .attr_tells("aria-label", move || format!("{} – {label}", say!(page.locale.get(), kept.delete)));
    let details = move || {
        let locale = page.locale.get();
        let mut parts = vec![profile.address.as_str().to_owned()];
        parts.extend(profile.user.clone());
        if profile.password.is_some() {
            parts.push(say!(locale, kept.with_password).to_owned());
        }
        parts.join(" · ")
    };
    el("li", "")
        .attr("data-profile", &name)
        .child(el("b", "").attr("dir", "auto").text(&name))
        .child(el("span", "details").attr("dir", "auto").tells(details))
        .child(
            el("div", "actions").child(connect.attr("name", "use")).child(change).child(copy).child(delete),
        )
}

/// Adds a connection to those that are kept, if there is room and the browser stores it.
fn keep(add: impl FnOnce(&mut Vec<Saved>)) -> Result<(), FormError> {
    let mut has_room = true;
    let is_kept = store::change_profiles(|kept| {
        has_room = kept.len() < MOST_PROFILES;
        if has_room {
            add(kept);
        }
    });
    match (has_room, is_kept) {
        (false, _) => Err(FormError::TooMany),
        (_, false) => Err(FormError::NotKept),
        _ => Ok(()),
    }
}

/// Puts a connection into the form, and the focus to a field of it.
fn edit(form: Form, saved: &Saved, field: &str) {
    form.fill(&saved.name, &saved.profile);
    find(field);
}

/// Gives the focus to what the visible sheet has of that kind.
pub fn find(selector: &str) {
    let selector = format!(".connections {selector}");
    request_animation_frame(move || {
        if let Ok(Some(found)) = document().query_selector(&selector) {
            focus(&found);
        }
    });
}

/// Taking the connections elsewhere.
fn transfer(page: Page) -> El {
    el("details", "more")
        .child(el("summary", "").says(page, phrase!(kept.transfer)))
        .child(export(page))
        .child(import(page))
}
