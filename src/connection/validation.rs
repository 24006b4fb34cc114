//! What is typed into the form, checked; and the sentences for what is wrong with it.
//!
//! Pure: texts in, a [`Profile`] or a [`FormError`] out.

use mqtt::{TopicFilter, VersionChoice};

use crate::client::{Address, AddressError, Profile};
use crate::i18n::{Locale, foreign, td_string};
use crate::route::RequestError;
use crate::storage::profiles::{
    self, ChangeError, MAX_CLIENT_ID, MAX_FILTERS, MAX_NAME, MAX_TEXT, MIN_KEEP_ALIVE, SavedProfile, VERSIONS,
};

/// Why what was typed cannot be connected to or saved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FormError {
    /// The address of the broker, or of the page, cannot be used.
    Request(RequestError),
    /// The keep-alive is not a number of seconds within its limits.
    KeepAlive,
    /// The client id is too long or contains control characters.
    ClientId,
    /// This line is not a topic filter.
    FilterLine(String),
    /// None of the lines can be subscribed to.
    NoFilterLine,
    /// The password was entered for this other address.
    PasswordOfOther(String),
    /// The user name was entered for this other address.
    UserOfOther(String),
    /// The name is too long or contains characters that none may have.
    Name,
    /// Something is beyond the limits of what is saved.
    Limits,
    /// The saved connections could not be changed.
    Change(ChangeError),
}

/// Where an error is shown.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Section {
    /// At the address.
    Broker,
    /// At user name and password.
    Login,
    /// At the settings that most visitors never change.
    Advanced,
    /// At the name.
    Save,
}

impl FormError {
    /// Where it is shown.
    pub fn section(&self) -> Section {
        match self {
            FormError::Request(_) => Section::Broker,
            FormError::PasswordOfOther(_) | FormError::UserOfOther(_) => Section::Login,
            FormError::KeepAlive
            | FormError::ClientId
            | FormError::FilterLine(_)
            | FormError::NoFilterLine => Section::Advanced,
            FormError::Name | FormError::Limits | FormError::Change(_) => Section::Save,
        }
    }

    /// Its sentence.
    pub fn text(&self, locale: Locale) -> String {
        match self {
            FormError::Request(RequestError::Broker(error)) => address_error(locale, *error).to_owned(),
            FormError::Request(RequestError::Filter(value)) => {
                td_string!(locale, form.error.filter, value = foreign(value))
            }
            FormError::Request(RequestError::Version(value)) => {
                td_string!(locale, form.error.version, value = foreign(value))
            }
            FormError::Request(RequestError::NoFilter) => td_string!(locale, form.error.no_filter).to_owned(),
            FormError::KeepAlive => td_string!(locale, form.error.keep_alive).to_owned(),
            FormError::ClientId => td_string!(locale, form.error.client_id).to_owned(),
            FormError::FilterLine(line) => {
                td_string!(locale, form.error.filter_line, value = foreign(line))
            }
            FormError::NoFilterLine => td_string!(locale, form.error.no_filter_line).to_owned(),
            FormError::PasswordOfOther(address) => {
                td_string!(locale, form.error.password_of_other, address = foreign(address))
            }
            FormError::UserOfOther(address) => {
                td_string!(locale, form.error.user_of_other, address = foreign(address))
            }
            FormError::Name => td_string!(locale, form.error.name).to_owned(),
            FormError::Limits => {
                td_string!(locale, form.error.limits, n = MAX_TEXT, filters = MAX_FILTERS)
            }
            FormError::Change(error) => change_error(locale, error),
        }
    }
}

/// Why a text is not the address of a broker.
pub fn address_error(locale: Locale, error: AddressError) -> &'static str {
    match error {
        AddressError::Empty => td_string!(locale, form.error.empty),
        AddressError::Scheme => td_string!(locale, form.error.scheme),
        AddressError::Tcp => td_string!(locale, form.error.tcp),
        AddressError::Host => td_string!(locale, form.error.host),
        AddressError::Port => td_string!(locale, form.error.port),
        AddressError::Credentials => td_string!(locale, form.error.credentials),
        AddressError::Fragment => td_string!(locale, form.error.fragment),
    }
}

/// Why the saved connections could not be changed.
pub fn change_error(locale: Locale, error: &ChangeError) -> String {
    match error {
        ChangeError::NameTaken(name) => td_string!(locale, form.error.name_taken, name = foreign(name)),
        ChangeError::TooMany => td_string!(locale, form.error.too_many).to_owned(),
        ChangeError::NotStored => td_string!(locale, form.error.not_stored).to_owned(),
    }
}

/// What is typed into the form.
#[derive(Clone, Default)]
pub struct Typed {
    /// The address.
    pub broker: String,
    /// The user name; empty for none.
    pub user: String,
    /// The password; empty for none.
    pub password: String,
    /// Seconds.
    pub keep_alive: String,
    /// A word of [`VERSIONS`].
    pub version: String,
    /// The client id; empty for a new one for each connection.
    pub client_id: String,
    /// Topic filters, one per line.
    pub filters: String,
}

impl Typed {
    /// What to connect to. `entered_for`: the address that user name and password were entered for, if it is another
    /// one than what is typed.
    ///
    /// # Errors
    /// The first thing that is wrong, from top to bottom. Credentials for another address are an error: they must not
    /// be sent there unasked.
    pub fn profile(self, entered_for: Option<&str>) -> Result<Profile, FormError> {
        let address =
            Address::parse(&self.broker).map_err(|error| FormError::Request(RequestError::Broker(error)))?;
        if let Some(other) = entered_for.filter(|entered_for| *entered_for != address.as_str()) {
            if !self.password.is_empty() {
                return Err(FormError::PasswordOfOther(other.to_owned()));
            }
            if !self.user.is_empty() {
                return Err(FormError::UserOfOther(other.to_owned()));
            }
        }
        let keep_alive = self.keep_alive.trim().parse().ok().filter(|seconds| *seconds >= MIN_KEEP_ALIVE);
        let keep_alive = keep_alive.ok_or(FormError::KeepAlive)?;
        let version = VERSIONS.iter().find(|(_, word)| *word == self.version);
        let client_id = optional(self.client_id);
        if client_id.as_ref().is_some_and(|id| !profiles::is_printable(id, MAX_CLIENT_ID)) {
            return Err(FormError::ClientId);
        }
        let lines = self.filters.lines().filter(|line| !line.trim().is_empty());
        let filter = |line: &str| match TopicFilter::new(line) {
            Ok(_) => Ok(line.to_owned()),
            Err(_) => Err(FormError::FilterLine(line.to_owned())),
        };
        Ok(Profile {
            address,
            user: optional(self.user),
            password: optional(self.password),
            keep_alive,
            version: version.map_or(VersionChoice::Newest, |(version, _)| *version),
            filters: lines.map(filter).collect::<Result<_, _>>()?,
            client_id,
        })
    }
}

/// A profile under a name, if both can be saved.
///
/// # Errors
/// When the name cannot be one, or something is too long to be read again.
pub fn named(name: &str, profile: Profile) -> Result<SavedProfile, FormError> {
    if !profiles::is_name(name) {
        return Err(FormError::Name);
    }
    let saved = SavedProfile { name: name.to_owned(), profile };
    if profiles::can_be_stored(&saved) { Ok(saved) } else { Err(FormError::Limits) }
}

/// The name of a profile that the visitor gave none: the host.
pub fn default_name(profile: &Profile) -> String {
    profile.address.host().chars().take(MAX_NAME).collect()
}

fn optional(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn typed() -> Typed {
        Typed {
            broker: " ws://farm:9001/mqtt ".to_owned(),
            keep_alive: " 30 ".to_owned(),
            version: "3.1.1".to_owned(),
            filters: "a/#\n\n  \n+/b\r\n".to_owned(),
            ..Typed::default()
        }
    }

    #[wasm_bindgen_test]
    fn typed_texts_become_a_profile() {
        let profile = typed().profile(None).expect("it can be connected to");
        assert_eq!(profile.address.as_str(), "ws://farm:9001/mqtt");
        assert_eq!((profile.user, profile.password, profile.client_id), (None, None, None));
        assert_eq!((profile.keep_alive, profile.filters), (30, vec!["a/#".to_owned(), "+/b".to_owned()]));
        assert_eq!(profile.version, VersionChoice::Only(mqtt::Version::V311));
    }

    #[wasm_bindgen_test]
    fn the_first_error_is_shown_at_its_section() {
        let check = |change: fn(&mut Typed), section: Section, expected: FormError| {
            let mut typed = typed();
            change(&mut typed);
            let error = typed.profile(None).err().expect("it cannot be connected to");
            assert_eq!((error.section(), error), (section, expected));
        };
        let tcp = FormError::Request(RequestError::Broker(AddressError::Tcp));
        check(|typed| typed.broker = "mqtt://farm".to_owned(), Section::Broker, tcp);
        for keep_alive in ["", "4", "65536", "-5", "30 s"] {
            let mut typed = typed();
            typed.keep_alive = keep_alive.to_owned();
            assert!(typed.profile(None).is_err_and(|error| error == FormError::KeepAlive), "{keep_alive}");
        }
        let client_id = |typed: &mut Typed| typed.client_id = "x".repeat(MAX_CLIENT_ID + 1);
        check(client_id, Section::Advanced, FormError::ClientId);
        let line = FormError::FilterLine("a/#/b".to_owned());
        check(|typed| typed.filters = "a\na/#/b".to_owned(), Section::Advanced, line);
    }

    #[wasm_bindgen_test]
    fn credentials_are_not_sent_to_another_address() {
        let profile = |user: &str, password: &str, entered_for: Option<&str>| {
            let (user, password) = (user.to_owned(), password.to_owned());
            Typed { user, password, ..typed() }.profile(entered_for).err()
        };
        let other = "ws://barn:9001/mqtt";
        assert_eq!(profile("me", "pw", None), None);
        assert_eq!(profile("me", "pw", Some("ws://farm:9001/mqtt")), None);
        assert_eq!(profile("", "", Some(other)), None);
        assert_eq!(profile("me", "pw", Some(other)), Some(FormError::PasswordOfOther(other.to_owned())));
        assert_eq!(profile("me", "", Some(other)), Some(FormError::UserOfOther(other.to_owned())));
    }

    #[wasm_bindgen_test]
    fn a_name_and_what_it_stands_for_have_limits() {
        let profile = || typed().profile(None).expect("it can be connected to");
        assert_eq!(default_name(&profile()), "farm");
        assert!(named("Farm 灯", profile()).is_ok());
        for name in ["", "a\nb", "a\u{202E}b", &"x".repeat(MAX_NAME + 1)] {
            assert!(named(name, profile()).is_err_and(|error| error == FormError::Name), "{name:?}");
        }
        let mut long = profile();
        long.user = Some("u".repeat(MAX_TEXT + 1));
        assert!(named("Farm", long).is_err_and(|error| error == FormError::Limits));
    }
}
