//! The connection's form: what to connect to, and what of it this browser keeps.

use leptos::prelude::*;
use mqtt::{Link, TopicFilter, VersionChoice};

use super::connections::find;
use super::element::{self, El, Phrase, button, el};
use super::{Page, memo};
use crate::address::{Address, AddressError, RequestError};
use crate::link::{self, Profile};
use crate::profiles::{
    self, LEAST_KEEP_ALIVE, MOST_FILTERS, MOST_ID, MOST_NAME, MOST_PROFILES, MOST_TEXT, Saved, VERSIONS,
};
use crate::words::Locale;
use crate::{phrase, say, store};

/// What is wrong with what was typed, or why it is not kept.
#[derive(Clone, PartialEq)]
pub enum FormError {
    Request(RequestError),
    KeepAlive,
    ClientId,
    FilterLine(String),
    NoneUsable,
    /// The password was given for this other address, and is taken out.
    PasswordOfOther(String),
    /// The user name was given for this other address.
    UserOfOther(String),
    Name,
    NameTaken(String),
    TooMany,
    /// What would be written could not be read again.
    Limits,
    NotKept,
}

impl FormError {
    fn say(&self, locale: Locale) -> String {
        match self {
            FormError::Request(RequestError::Broker(error)) => say_address(locale, *error),
            FormError::Request(RequestError::Filter(value)) => {
                return say!(locale, form.error.filter, value = value);
            }
            FormError::Request(RequestError::Version(value)) => {
                return say!(locale, form.error.version, value = value);
            }
            FormError::FilterLine(value) => return say!(locale, form.error.filter_line, value = value),
            FormError::NameTaken(name) => return say!(locale, form.error.name_taken, name = name),
            FormError::PasswordOfOther(address) => {
                return say!(locale, form.error.password_of_other, address = address);
            }
            FormError::UserOfOther(address) => {
                return say!(locale, form.error.user_of_other, address = address);
            }
            FormError::Limits => {
                let (most, filters) = (MOST_TEXT.to_string(), MOST_FILTERS.to_string());
                return say!(locale, form.error.limits, n = most, filters = filters);
            }
            FormError::KeepAlive => say!(locale, form.error.keep_alive),
            FormError::Request(RequestError::NoFilter) => say!(locale, form.error.no_filter),
            FormError::NoneUsable => say!(locale, form.error.none_usable),
            FormError::ClientId => say!(locale, form.error.client_id),
            FormError::Name => say!(locale, form.error.name),
            FormError::TooMany => say!(locale, form.error.too_many),
            FormError::NotKept => say!(locale, form.error.not_kept),
        }
        .to_owned()
    }

    fn is_of_broker(&self) -> bool {
        matches!(self, FormError::Request(_))
    }

    fn is_of_login(&self) -> bool {
        matches!(self, FormError::PasswordOfOther(_) | FormError::UserOfOther(_))
    }

    fn is_of_name(&self) -> bool {
        use FormError::{Limits, Name, NameTaken, NotKept, TooMany};
        matches!(self, Name | NameTaken(_) | TooMany | Limits | NotKept)
    }

    fn is_of_more(&self) -> bool {
        !self.is_of_broker() && !self.is_of_login() && !self.is_of_name()
    }
}

/// Why a text is not the address of a broker.
pub fn say_address(locale: Locale, error: AddressError) -> &'static str {
    match error {
        AddressError::Empty => say!(locale, form.error.empty),
        AddressError::Scheme => say!(locale, form.error.scheme),
        AddressError::Tcp => say!(locale, form.error.tcp),
        AddressError::Host => say!(locale, form.error.host),
        AddressError::Port => say!(locale, form.error.port),
        AddressError::Credentials => say!(locale, form.error.credentials),
        AddressError::Fragment => say!(locale, form.error.fragment),
    }
}

/// What is typed into the form.
#[derive(Copy, Clone)]
pub struct Form {
    page: Page,
    broker: RwSignal<String>,
    user: RwSignal<String>,
    password: RwSignal<String>,
    keep_alive: RwSignal<String>,
    version: RwSignal<String>,
    client_id: RwSignal<String>,
    /// One a line.
    filters: RwSignal<String>,
    name: RwSignal<String>,
    keeps_password: RwSignal<bool>,
    /// The name under which it is kept already; empty for what is not.
    edited: RwSignal<String>,
    /// The address that user name and password were given for: another must not be sent them unasked. Empty for the
    /// one that stands in the form.
    given_for: RwSignal<String>,
    is_more_open: RwSignal<bool>,
    error: RwSignal<Option<FormError>>,
    /// What was done last, for the visitor to read.
    told: RwSignal<String>,
    /// Whether it stands on the board, before any connection.
    is_first_visit: bool,
}

impl Form {
    /// Filled with the connection there is, with what the page's address says, with the connection that was used
    /// last, or with the default.
    pub fn new(page: Page) -> Form {
        let request = page.request.clone();
        let current = page.link(|link| link.with(|call| call.profile.clone()));
        let is_first_visit = current.is_none();
        let empty = || RwSignal::new(String::new());
        let form = Form {
            page,
            broker: empty(),
            user: empty(),
            password: empty(),
            keep_alive: empty(),
            version: empty(),
            client_id: empty(),
            filters: empty(),
            name: empty(),
            keeps_password: RwSignal::new(false),
            edited: empty(),
            given_for: empty(),
            is_more_open: RwSignal::new(false),
            error: RwSignal::new(request.error.clone().filter(|_| is_first_visit).map(FormError::Request)),
            told: empty(),
            is_first_visit,
        };
        let mut saved = store::profiles().into_iter();
        match current {
            Some(current) => {
                let (saved, same_user): (Vec<Saved>, _) = (saved.collect(), |saved: &&Saved| {
                    saved.profile.address == current.address && saved.profile.user == current.user
                });
                // Whether the password is kept, too, makes no difference.
                let same = saved.iter().find(|Saved { profile, .. }| {
                    Profile { password: current.password.clone(), ..profile.clone() } == current
                });
                form.fill(same.map_or("", |saved| &saved.name), &current);
                // What a link opened is another connection of that name: saved, it overwrites nothing.
                if let Some(like) = saved.iter().find(same_user).filter(|_| same.is_none()) {
                    form.name.set(like.name.clone());
                }
            }
            None => {
                let last = saved.next().filter(|_| request == crate::address::Request::parse(""));
                match last {
                    Some(Saved { name, profile }) => form.fill(&name, &profile),
                    None => {
                        let proposed = || page.origin.default_broker();
                        form.broker.set(request.broker.unwrap_or_else(proposed));
                        form.fill_more(link::KEEP_ALIVE, request.version, &request.filters, "");
                    }
                }
            }
        }
        form
    }

    /// Fills it with a profile, and with the name that it is kept under, if it is.
    pub fn fill(self, name: &str, profile: &Profile) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let address = profile.address.as_str().to_owned();
        self.given_for.set(address.clone());
        self.broker.set(address);
        self.user.set(text(&profile.user));
        self.password.set(text(&profile.password));
        // Ticked for what is kept with its password; typed in this visit it is not kept by that.
        let is_kept =
            store::profiles().iter().any(|saved| saved.name == name && saved.profile.password.is_some());
        self.keeps_password.set(is_kept);
        self.name.set(name.to_owned());
        self.edited.set(name.to_owned());
        self.error.set(None);
        self.told.set(String::new());
        self.fill_more(profile.keep_alive, profile.version, &profile.filters, &text(&profile.client_id));
    }

    /// Says what came of something, where the visitor looks.
    pub fn tell(self, outcome: Result<(), FormError>) {
        let error = outcome.err();
        if error.as_ref().is_some_and(FormError::is_of_more) {
            self.is_more_open.set(true);
        }
        if error.is_some() {
            self.told.set(String::new());
        }
        self.error.set(error);
    }

    fn fill_more(self, keep_alive: u16, version: VersionChoice, filters: &[String], client_id: &str) {
        self.keep_alive.set(keep_alive.to_string());
        let word = VERSIONS.iter().find(|(known, _)| *known == version).map_or("", |(_, word)| word);
        self.version.set(word.to_owned());
        self.filters.set(filters.join("\n"));
        self.client_id.set(client_id.to_owned());
        self.is_more_open.set(!filters.is_empty() || !client_id.is_empty());
    }

    /// What is typed, if it can be connected to.
    fn read(self) -> Result<Profile, FormError> {
        let address = Address::parse(&self.broker.get_untracked())
            .map_err(|error| FormError::Request(RequestError::Broker(error)))?;
        let seconds = self.keep_alive.get_untracked().trim().parse().ok();
        let seconds = seconds.filter(|seconds| *seconds >= LEAST_KEEP_ALIVE).ok_or(FormError::KeepAlive)?;
        self.ask_for_login(&address)?;
        let version = self.version.get_untracked();
        let version = VERSIONS.iter().find(|(_, word)| *word == version);
        let client_id = optional(self.client_id);
        if client_id.as_ref().is_some_and(|id| !profiles::is_plain(id, MOST_ID)) {
            return Err(FormError::ClientId);
        }
        let mut filters = Vec::new();
        for line in self.filters.get_untracked().lines().filter(|line| !line.trim().is_empty()) {
            TopicFilter::new(line).map_err(|_| FormError::FilterLine(line.to_owned()))?;
            filters.push(line.to_owned());
        }
        Ok(Profile {
            address,
            user: optional(self.user),
            password: optional(self.password),
            keep_alive: seconds,
            version: version.map_or(VersionChoice::Newest, |(version, _)| *version),
            filters,
            client_id,
        })
    }

    /// Asks once, before user name and password go to another address than they were given for. The password is taken
    /// out of the form; the user name can be seen, and stays.
    fn ask_for_login(self, address: &Address) -> Result<(), FormError> {
        let given_for = self.given_for.get_untracked();
        if given_for.is_empty() || given_for == address.as_str() {
            return Ok(());
        }
        let error = match (optional(self.password), optional(self.user)) {
            (None, None) => return Ok(()),
            (Some(_), _) => FormError::PasswordOfOther(given_for),
            (None, Some(_)) => FormError::UserOfOther(given_for),
        };
        self.password.set(String::new());
        self.given_for.set(String::new());
        find(if matches!(error, FormError::UserOfOther(_)) { "[name=user]" } else { "[name=password]" });
        Err(error)
    }

    fn connect(self) -> Result<(), FormError> {
        let profile = self.read()?;
        self.connect_to(profile)?;
        // Used as it is kept, it is the one that is offered first the next time.
        used(self.page, &self.edited.get_untracked());
        Ok(())
    }

    /// Connects, and leaves the form.
    pub fn connect_to(self, profile: Profile) -> Result<(), FormError> {
        let page = self.page;
        page.link(|link| link.connect(profile)).map_err(|_| FormError::NoneUsable)?;
        page.dialog_is_open.set(false);
        page.forget_devices();
        // The form on the board goes, and the focus with it. A dialog gives it back by itself.
        if self.is_first_visit {
            request_animation_frame(focus_headline);
        }
        Ok(())
    }

    /// Keeps what is typed in this browser, the password only if the visitor ticked that.
    fn save(self) -> Result<(), FormError> {
        let mut profile = self.read()?;
        if !self.keeps_password.get_untracked() {
            profile.password = None;
        }
        let mut name = self.name.get_untracked().trim().to_owned();
        let edited = self.edited.get_untracked();
        let is_named = !name.is_empty();
        if !is_named {
            name = profile.address.host().chars().take(MOST_NAME).collect();
        }
        if !profiles::is_name(&name) {
            return Err(FormError::Name);
        }
        let saved = Saved { name, profile };
        if !profiles::comes_back(&saved) {
            return Err(FormError::Limits);
        }
        let Saved { mut name, profile } = saved;
        let mut error = None;
        let is_kept = store::change_profiles(|kept| {
            if !is_named {
                name = profiles::free_name(kept, &name);
            }
            let place = kept.iter().position(|saved| saved.name == edited);
            if name != edited && kept.iter().any(|saved| saved.name == name) {
                error = Some(FormError::NameTaken(name.clone()));
            } else if let Some(place) = place {
                kept[place] = Saved { name: name.clone(), profile };
            } else if kept.len() >= MOST_PROFILES {
                error = Some(FormError::TooMany);
            } else {
                kept.insert(0, Saved { name: name.clone(), profile });
            }
        });
        if let Some(error) = error.or((!is_kept).then_some(FormError::NotKept)) {
            return Err(error);
        }
        self.page.saved.update(|changes| *changes += 1);
        self.name.set(name.clone());
        self.edited.set(name.clone());
        self.told.set(say!(self.page.locale.get_untracked(), form.saved, name = name));
        Ok(())
    }
}

fn optional(text: RwSignal<String>) -> Option<String> {
    Some(text.get_untracked()).filter(|text| !text.is_empty())
}

/// Offers a connection first the next time.
pub fn used(page: Page, name: &str) {
    if store::profiles().iter().skip(1).any(|saved| saved.name == name) {
        store::change_profiles(|kept| {
            if let Some(place) = kept.iter().position(|saved| saved.name == name) {
                kept[..=place].rotate_right(1);
            }
        });
        page.saved.update(|changes| *changes += 1);
    }
}

/// The form itself.
pub fn connection_form(form: Form) -> El {
    let page = form.page;
    let is_linked = memo(move || page.watch(|link| link.standing() != Link::Idle));
    let submit = el("button", "button primary").attr("type", "submit").says(page, phrase!(form.connect));
    let actions = el("div", "actions").child(submit).part(move || {
        is_linked.get().then(|| {
            let disconnect = move |_| {
                page.link(|link| link.disconnect());
                page.dialog_is_open.set(false);
            };
            button("button", disconnect).attr("name", "disconnect").says(page, phrase!(form.disconnect))
        })
    });
    el("form", "connection")
        .attr("novalidate", "")
        .on("submit", move |event| {
            // A form that navigates would end the page, and the policy forbids it.
            event.prevent_default();
            form.tell(form.connect());
        })
        .child(broker(form))
        .child(login(form))
        .child(more(form))
        .child(actions)
        .child(keeping(form))
}

fn broker(form: Form) -> El {
    let field = field("broker", form.broker)
        .attr("type", "url")
        .attr("autocomplete", "url")
        .attr("dir", "ltr")
        .attr("aria-describedby", "connection-error");
    el("div", "")
        .child(label(form, "broker", phrase!(form.broker), wrong(form, field, FormError::is_of_broker)))
        .child(error_of(form, "connection-error", FormError::is_of_broker))
}

fn login(form: Form) -> El {
    let user = field("user", form.user)
        .attr("autocomplete", "username")
        .attr("aria-describedby", "login-hint login-error");
    let password = field("password", form.password)
        .attr("type", "password")
        .attr("autocomplete", "current-password")
        .attr("aria-describedby", "login-hint login-error")
        .on("input", move |_| form.given_for.set(String::new()));
    el("div", "pair")
        .child(label(form, "", phrase!(form.user), user))
        .child(label(form, "", phrase!(form.password), password))
        .child(hint(form, "login-hint", phrase!(form.optional)))
        .child(error_of(form, "login-error", FormError::is_of_login))
}

/// What most visitors never change.
fn more(form: Form) -> El {
    let page = form.page;
    let keep_alive = field("keep-alive", form.keep_alive)
        .attr("inputmode", "numeric")
        .attr("aria-describedby", "more-error");
    let choices = VERSIONS.map(|(_, word)| {
        let phrase: Phrase = match word {
            "5" => phrase!(form.version_5),
            "3.1.1" => phrase!(form.version_311),
            _ => phrase!(form.version_newest),
        };
        el("option", "").attr("value", word).says(page, phrase)
    });
    // Only a choice that is there can be chosen.
    let version = el("select", "field").attr("name", "version").children(choices).bind(form.version);
    let client_id = field("client-id", form.client_id)
        .attr("dir", "ltr")
        .attr("aria-describedby", "client-id-hint more-error")
        .attr_says(page, "placeholder", phrase!(form.client_id_new));
    let renew: Phrase = phrase!(form.client_id_renew);
    let renew = button("button renew", move |_| form.client_id.set(link::new_client_id()))
        .attr("name", "renew")
        .attr_says(page, "title", renew)
        .attr_says(page, "aria-label", renew)
        .text("↻");
    let filters = el("textarea", "field")
        .attr("name", "filters")
        .attr("rows", "3")
        .attr("dir", "ltr")
        .attr("spellcheck", "false")
        .attr("autocapitalize", "off")
        .attr("aria-describedby", "filters-hint more-error")
        .bind(form.filters);
    let is = |wanted: fn(&FormError) -> bool, field| wrong(form, field, wanted);
    el("details", "more")
        .prop("open", move || form.is_more_open.get().into())
        .child(el("summary", "").says(page, phrase!(form.more)))
        .child(
            el("div", "pair")
                .child(label(
                    form,
                    "",
                    phrase!(form.keep_alive),
                    is(|error| *error == FormError::KeepAlive, keep_alive),
                ))
                .child(label(form, "", phrase!(form.version), version)),
        )
        .child(
            el("div", "pair with-button")
                .child(label(
                    form,
                    "",
                    phrase!(form.client_id),
                    is(|error| *error == FormError::ClientId, client_id),
                ))
                .child(renew)
                .child(hint(form, "client-id-hint", phrase!(form.client_id_hint))),
        )
        .child(label(
            form,
            "",
            phrase!(form.filter_lines),
            is(|error| matches!(error, FormError::FilterLine(_) | FormError::NoneUsable), filters),
        ))
        .child(hint(form, "filters-hint", phrase!(form.filter_hint)))
        .child(error_of(form, "more-error", FormError::is_of_more))
}

/// What of it this browser keeps, and what that means.
fn keeping(form: Form) -> El {
    let page = form.page;
    let save =
        button("button", move |_| form.tell(form.save())).attr("name", "save").says(page, phrase!(form.save));
    let told = el("span", "told").attr("role", "status").tells(move || form.told.get());
    let name = field("name", form.name)
        .attr("maxlength", &MOST_NAME.to_string())
        .attr("aria-describedby", "name-error")
        .attr_says(page, "placeholder", phrase!(form.name_placeholder));
    let tick = el("input", "")
        .attr("type", "checkbox")
        .attr("name", "keep-password")
        .attr("aria-describedby", "keep-password-hint")
        .prop("checked", move || form.keeps_password.get().into())
        .on("change", move |_| form.keeps_password.update(|keeps| *keeps = !*keeps));
    let tick = el("label", "tick").child(tick).child(el("span", "").says(page, phrase!(form.keep_password)));
    // The address whose scripts can read it is named.
    let origin = window().location().host().unwrap_or_default();
    let risk = move || say!(page.locale.get(), form.keep_password_risk, origin = origin);
    el("fieldset", "keeping")
        .child(el("legend", "").says(page, phrase!(form.keep)))
        .child(label(form, "", phrase!(form.name), wrong(form, name, FormError::is_of_name)))
        .child(error_of(form, "name-error", FormError::is_of_name))
        .child(tick)
        .child(el("p", "hint").attr("id", "keep-password-hint").tells(risk))
        .child(el("div", "actions").child(save).child(told))
}

/// Each error stands at the field that it is about.
fn error_of(form: Form, id: &str, is_here: fn(&FormError) -> bool) -> El {
    el("p", "error").attr("id", id).attr("role", "alert").tells(move || {
        form.error.with(|error| match error {
            Some(error) if is_here(error) => error.say(form.page.locale.get()),
            _ => String::new(),
        })
    })
}

fn wrong(form: Form, field: El, is_here: fn(&FormError) -> bool) -> El {
    field.attr_tells("aria-invalid", move || {
        form.error.with(|error| error.as_ref().is_some_and(is_here)).to_string()
    })
}

fn label(form: Form, class: &str, phrase: Phrase, field: El) -> El {
    el("label", class).says(form.page, phrase).child(field)
}

fn hint(form: Form, id: &str, phrase: Phrase) -> El {
    el("p", "hint").attr("id", id).says(form.page, phrase)
}

fn field(name: &str, text: RwSignal<String>) -> El {
    el("input", "field")
        .attr("name", name)
        .attr("autocomplete", "off")
        .attr("autocapitalize", "off")
        .attr("spellcheck", "false")
        .bind(text)
}

/// The headline gets the focus when what had it is gone.
pub fn focus_headline() {
    if let Ok(Some(headline)) = document().query_selector(".headline") {
        element::focus(&headline);
    }
}
