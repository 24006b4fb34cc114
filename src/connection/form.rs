//! The form's state: what is typed, and what connecting and saving do with it.
//!
//! `fields` shows it, `saved` fills it. Reads the saved connections and the page's request, and writes to neither unless
//! the visitor saves.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::validation::{FormError, Section, Typed, default_name, named};
use crate::client::{DEFAULT_KEEP_ALIVE, Profile};
use crate::components::{focus, focus_headline_if_lost};
use crate::context::{AppContext, Dialog};
use crate::route::Request;
use crate::storage::profiles::{self, SavedProfile, version_word};

/// What is typed into the form. Copy: a handle to signals that live as long as the form does.
#[derive(Copy, Clone)]
pub struct FormState {
    app: AppContext,
    /// The address.
    pub broker: RwSignal<String>,
    /// The user name.
    pub user: RwSignal<String>,
    /// The password.
    pub password: RwSignal<String>,
    /// The keep-alive in seconds.
    pub keep_alive: RwSignal<String>,
    /// A word of [`profiles::VERSIONS`].
    pub version: RwSignal<String>,
    /// The client id.
    pub client_id: RwSignal<String>,
    /// Topic filters, one per line.
    pub filters: RwSignal<String>,
    /// The name to save it under.
    pub name: RwSignal<String>,
    /// Whether the password is saved, too.
    pub saves_password: RwSignal<bool>,
    /// Whether the advanced settings are open.
    pub is_advanced_open: RwSignal<bool>,
    /// What is wrong.
    pub error: RwSignal<Option<FormError>>,
    /// The name under which it was just saved.
    pub saved_as: RwSignal<Option<String>>,
    /// The name under which it is saved already; empty if it is not.
    edited: StoredValue<String>,
    /// The address that user name and password were entered for; none for the one that is typed.
    entered_for: StoredValue<Option<String>>,
    /// The fields that may get the focus.
    pub fields: FieldRefs,
}

/// The elements of the fields that may get the focus.
#[derive(Copy, Clone, Default)]
pub struct FieldRefs {
    /// The address.
    pub broker: NodeRef<html::Input>,
    /// The user name.
    pub user: NodeRef<html::Input>,
    /// The password.
    pub password: NodeRef<html::Input>,
    /// The topic filters.
    pub filters: NodeRef<html::Textarea>,
    /// The name.
    pub name: NodeRef<html::Input>,
}

impl FormState {
    /// Filled with the present connection; without one with what the page's address asks for, the connection that was
    /// used last, or the default.
    pub fn new(app: AppContext) -> FormState {
        let text = || RwSignal::new(String::new());
        let form = FormState {
            app,
            broker: text(),
            user: text(),
            password: text(),
            keep_alive: text(),
            version: text(),
            client_id: text(),
            filters: text(),
            name: text(),
            saves_password: RwSignal::new(false),
            is_advanced_open: RwSignal::new(false),
            error: RwSignal::new(None),
            saved_as: RwSignal::new(None),
            edited: StoredValue::new(String::new()),
            entered_for: StoredValue::new(None),
            fields: FieldRefs::default(),
        };
        match app.read_untracked(|active| active.profile.clone()) {
            Some(current) => form.fill_with_current(&current),
            None => form.fill_with_request(&app.request.get_value()),
        }
        form
    }

    fn fill_with_current(self, current: &Profile) {
        let saved = profiles::load();
        // Whether the password is saved, too, makes no difference.
        let same = saved.iter().find(|SavedProfile { profile, .. }| {
            Profile { password: current.password.clone(), ..profile.clone() } == *current
        });
        self.fill(same.map_or("", |saved| &saved.name), current);
        if same.is_none() {
            // A link may have opened a variant of a saved connection. It is proposed under the same name, and saving
            // it does not overwrite that one.
            let variant = saved
                .iter()
                .find(|saved| saved.profile.address == current.address && saved.profile.user == current.user);
            if let Some(variant) = variant {
                self.name.set(variant.name.clone());
            }
        }
    }

    fn fill_with_request(self, request: &Request) {
        let asks_for_nothing = *request == Request::parse("");
        let last_used = profiles::load().into_iter().next().filter(|_| asks_for_nothing);
        if let Some(SavedProfile { name, profile }) = last_used {
            return self.fill(&name, &profile);
        }
        let default_broker = || self.app.origin.with_value(|origin| origin.default_broker());
        self.broker.set(request.broker.clone().unwrap_or_else(default_broker));
        self.keep_alive.set(DEFAULT_KEEP_ALIVE.to_string());
        self.version.set(version_word(request.version).to_owned());
        self.filters.set(request.filters.join("\n"));
        self.is_advanced_open.set(!request.filters.is_empty());
        self.error.set(request.error.clone().map(FormError::Request));
    }

    /// Fills it with a profile. `name`: what it is saved under; empty if it is not.
    pub fn fill(self, name: &str, profile: &Profile) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let address = profile.address.as_str().to_owned();
        self.entered_for.set_value(Some(address.clone()));
        self.broker.set(address);
        self.user.set(text(&profile.user));
        self.password.set(text(&profile.password));
        self.keep_alive.set(profile.keep_alive.to_string());
        self.version.set(version_word(profile.version).to_owned());
        self.client_id.set(text(&profile.client_id));
        self.filters.set(profile.filters.join("\n"));
        self.name.set(name.to_owned());
        self.edited.set_value(name.to_owned());
        // A password that was only typed stays unsaved.
        let has_password = |saved: &SavedProfile| saved.name == name && saved.profile.password.is_some();
        self.saves_password.set(profiles::load().iter().any(has_password));
        self.is_advanced_open.set(!profile.filters.is_empty() || profile.client_id.is_some());
        self.error.set(None);
        self.saved_as.set(None);
    }

    /// Fills it with a saved connection.
    pub fn edit(self, saved: &SavedProfile) {
        self.fill(&saved.name, &saved.profile);
    }

    /// Shows an error where it belongs, or that there is none any more.
    pub fn show(self, result: Result<(), FormError>) {
        let error = result.err();
        if let Some(error) = &error {
            self.saved_as.set(None);
            if error.section() == Section::Advanced {
                self.is_advanced_open.set(true);
            }
        }
        self.error.set(error);
    }

    /// The visitor typed a password: it is for the address that is typed.
    pub fn handle_password_input(self) {
        self.entered_for.set_value(None);
    }

    /// Connects to what is typed.
    ///
    /// # Errors
    /// When it cannot be connected to.
    pub fn connect(self) -> Result<(), FormError> {
        let (profile, name) = (self.profile()?, self.edited.get_value());
        self.connect_to(profile)?;
        self.mark_used(&name);
        Ok(())
    }

    /// Connects, and closes the dialog.
    ///
    /// # Errors
    /// When none of the topic filters can be subscribed to.
    pub fn connect_to(self, profile: Profile) -> Result<(), FormError> {
        let had_devices = self.app.has_address_untracked();
        self.app.connection().connect(profile).map_err(|_| FormError::NoFilterLine)?;
        self.app.dialog.update(|dialog| {
            if *dialog == Some(Dialog::Connection) {
                *dialog = None;
            }
        });
        // What a shared address asks for waits for the first connection.
        if had_devices {
            self.app.reset_devices();
        }
        // Some browsers give a pressed button no focus, so nothing is lost when the first form goes.
        focus_headline_if_lost();
        Ok(())
    }

    /// Ends the connection, and closes the dialog.
    pub fn disconnect(self) {
        self.app.connection().disconnect();
        self.app.dialog.set(None);
    }

    /// Saves what is typed in this browser, the password only if the visitor wants it.
    ///
    /// # Errors
    /// When it cannot be saved. Nothing is changed then.
    pub fn save(self) -> Result<(), FormError> {
        let mut profile = self.profile()?;
        if !self.saves_password.get_untracked() {
            profile.password = None;
        }
        let typed_name = self.name.get_untracked().trim().to_owned();
        let has_name = !typed_name.is_empty();
        let name = if has_name { typed_name } else { default_name(&profile) };
        let mut saved = named(&name, profile)?;
        let edited = self.edited.get_value();
        let name = profiles::change(|profiles| {
            if !has_name {
                saved.name = profiles::free_name(profiles, &saved.name);
            }
            let name = saved.name.clone();
            profiles::put(profiles, &edited, saved)?;
            Ok(name)
        });
        let name = name.map_err(FormError::Change)?;
        self.app.saved_changed.notify();
        self.name.set(name.clone());
        self.edited.set_value(name.clone());
        self.saved_as.set(Some(name));
        Ok(())
    }

    /// Offers a saved connection first the next time.
    pub fn mark_used(self, name: &str) {
        if profiles::load().iter().skip(1).any(|saved| saved.name == name) {
            // A browser that does not store it offers another one first.
            let _ = profiles::change(|profiles| {
                profiles::move_to_front(profiles, name);
                Ok(())
            });
            self.app.saved_changed.notify();
        }
    }

    /// What is typed, if it can be connected to.
    fn profile(self) -> Result<Profile, FormError> {
        let typed = Typed {
            broker: self.broker.get_untracked(),
            user: self.user.get_untracked(),
            password: self.password.get_untracked(),
            keep_alive: self.keep_alive.get_untracked(),
            version: self.version.get_untracked(),
            client_id: self.client_id.get_untracked(),
            filters: self.filters.get_untracked(),
        };
        let result = typed.profile(self.entered_for.get_value().as_deref());
        if let Err(error) = &result
            && error.section() == Section::Login
        {
            // Asked once. The password is removed from the form; the user name can be seen, and stays.
            self.password.set(String::new());
            self.entered_for.set_value(None);
            match error {
                FormError::UserOfOther(_) => focus_next_frame(self.fields.user),
                _ => focus_next_frame(self.fields.password),
            }
        }
        result
    }
}

/// Gives an element the focus in the next frame, when it is in the document.
pub fn focus_next_frame<E>(element: NodeRef<E>)
where
    E: html::ElementType + 'static,
    E::Output: JsCast + Clone + AsRef<web_sys::Element> + 'static,
{
    request_animation_frame(move || {
        if let Some(element) = element.try_get_untracked().flatten() {
            focus(element.as_ref());
        }
    });
}
