//! Saved connections as JSON: what this browser stores, and what is exported and imported.
//!
//! A document may be written by anybody. It is read profile by profile, so that a bad one costs only itself, and each
//! problem names its path. Members that are not known are ignored.

use std::collections::BTreeMap;

use mqtt::TopicFilter;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::{
    MAX_CLIENT_ID, MAX_FILTERS, MAX_NAME, MAX_PROFILES, MAX_TEXT, MIN_KEEP_ALIVE, Parsed, Problem, Reason,
    SavedProfile, VERSIONS, is_printable, version_word,
};
use crate::bidi::is_bidi_control;
use crate::client::{Address, DEFAULT_KEEP_ALIVE, Profile};

/// The `format` of a document, so that no other JSON is taken for one.
const FORMAT: &str = "willow-connections";
/// The `version` that is written, and the only one that is read.
const FORMAT_VERSION: u32 = 1;
/// The `$schema` of a document, as the file is called in `docs/`.
const SCHEMA: &str = "profiles.schema.json";

/// Where a document is. Only this browser's own has passwords.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// In the storage of this browser.
    Browser,
    /// In a file that was exported or is imported.
    File,
}

/// Reads a document.
pub fn parse(text: &str, place: Place) -> Parsed {
    let entries = match entries(text) {
        Ok(entries) => entries,
        Err(problem) => return Parsed { profiles: Vec::new(), problems: vec![problem] },
    };
    let mut parsed = Parsed::default();
    for (position, entry) in entries.into_iter().enumerate() {
        let mut add_problem = |Refused { member, reason }| {
            let path = match member.as_str() {
                "" => format!("profiles[{position}]"),
                member => format!("profiles[{position}].{member}"),
            };
            parsed.problems.push(Problem { path, reason });
        };
        if position == MAX_PROFILES {
            add_problem(Refused::new("", Reason::TooMany(MAX_PROFILES)));
            break;
        }
        match Entry::parse(entry).and_then(|entry| Ok((entry.checked()?, entry.password(place)))) {
            Err(refused) => add_problem(refused),
            Ok((mut saved, password)) => {
                saved.profile.password = password.unwrap_or_else(|refused| {
                    add_problem(refused);
                    None
                });
                parsed.profiles.push(saved);
            }
        }
    }
    parsed
}

/// Writes a document, indented for people.
pub fn write(profiles: &[SavedProfile], place: Place) -> String {
    let document = Document {
        schema: SCHEMA,
        format: FORMAT,
        version: FORMAT_VERSION,
        profiles: profiles.iter().map(|saved| WrittenEntry::new(saved, place)).collect(),
    };
    serde_json::to_string_pretty(&document).expect("texts, numbers and lists of them can be written as JSON")
}

/// Whether a profile that is stored is read again as it was: within all limits, and without control characters.
pub fn can_be_stored(saved: &SavedProfile) -> bool {
    let saved = std::slice::from_ref(saved);
    parse(&write(saved, Place::Browser), Place::Browser).profiles == saved
}

/// A document, of any version, without the passwords of its profiles. A text that is not a document stays as it is.
pub fn without_passwords(text: &str) -> String {
    type Members<'a> = BTreeMap<String, &'a RawValue>;
    fn remove_passwords(text: &str) -> serde_json::Result<String> {
        let mut document: Members<'_> = serde_json::from_str(text)?;
        let Some(profiles) = document.get("profiles") else { return Ok(text.to_owned()) };
        let profiles: Vec<&RawValue> = serde_json::from_str(profiles.get())?;
        let without = |profile: &RawValue| match serde_json::from_str::<Members<'_>>(profile.get()) {
            Ok(mut members) => {
                members.remove("password");
                to_raw_value(&members)
            }
            Err(_) => Ok(profile.to_owned()),
        };
        let profiles = profiles.into_iter().map(without).collect::<serde_json::Result<Vec<_>>>()?;
        let profiles = to_raw_value(&profiles)?;
        document.insert("profiles".to_owned(), &profiles);
        serde_json::to_string(&document)
    }
    remove_passwords(text).unwrap_or_else(|_| text.to_owned())
}

/// The members of a document before its format and version are known.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    format: Option<&'a RawValue>,
    #[serde(borrow)]
    version: Option<&'a RawValue>,
    #[serde(borrow)]
    profiles: Option<&'a RawValue>,
}

/// The profiles of a document, each as its JSON. They are not looked into: one that is nested deeply or is not what it
/// should be is refused alone.
fn entries(text: &str) -> Result<Vec<&RawValue>, Problem> {
    let problem = |path: &str, reason| Problem { path: path.to_owned(), reason };
    let json: &RawValue = serde_json::from_str(text).map_err(|_| problem("", Reason::NotJson))?;
    let not_ours = || problem("", Reason::NotOurs);
    if !is_object(json) {
        return Err(not_ours());
    }
    let envelope: Envelope<'_> = serde_json::from_str(json.get()).map_err(|_| not_ours())?;
    if member::<String>(envelope.format).as_deref() != Some(FORMAT) {
        return Err(not_ours());
    }
    if member::<f64>(envelope.version) != Some(FORMAT_VERSION.into()) {
        return Err(problem("", Reason::Newer));
    }
    member(envelope.profiles).ok_or_else(|| problem("profiles", Reason::Type("array")))
}

/// A member, if it is there and has this type.
fn member<'a, T: Deserialize<'a>>(json: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(json?.get()).ok()
}

/// Whether it is an object. To serde's derived types an array of the members is one, too.
fn is_object(json: &RawValue) -> bool {
    json.get().starts_with('{')
}

/// Why a profile cannot be used, or be used in full.
struct Refused {
    /// The member within the profile: `filters[2]`. Empty: the profile as a whole.
    member: String,
    reason: Reason,
}

impl Refused {
    fn new(member: impl Into<String>, reason: Reason) -> Refused {
        Refused { member: member.into(), reason }
    }
}

/// A profile of a document, of which only the JSON types are right.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    name: Option<String>,
    address: Option<String>,
    user: Option<String>,
    #[serde(borrow)]
    password: Option<&'a RawValue>,
    client_id: Option<String>,
    keep_alive: Option<f64>,
    mqtt_version: Option<String>,
    filters: Option<Vec<String>>,
}

impl<'a> Entry<'a> {
    fn parse(json: &'a RawValue) -> Result<Entry<'a>, Refused> {
        if !is_object(json) {
            return Err(Refused::new("", Reason::Type("object")));
        }
        let mut deserializer = serde_json::Deserializer::from_str(json.get());
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            match error.path().to_string().as_str() {
                // Every member is optional here, so nothing else can be wrong with the whole.
                "." => Refused::new("", Reason::Repeated),
                "keepAlive" => Refused::new("keepAlive", Reason::KeepAlive),
                "filters" => Refused::new("filters", Reason::Type("array")),
                text => Refused::new(text, Reason::Type("string")),
            }
        })
    }

    /// The profile without its password, if every member is within its limits.
    fn checked(&self) -> Result<SavedProfile, Refused> {
        let name = required("name", &self.name, MAX_NAME)?.trim();
        if name.is_empty() {
            return Err(Refused::new("name", Reason::Text(MAX_NAME)));
        }
        if name.contains(is_bidi_control) {
            return Err(Refused::new("name", Reason::BidiControl));
        }
        let address = Address::parse(required("address", &self.address, MAX_TEXT)?)
            .map_err(|error| Refused::new("address", Reason::Address(error)))?;
        let version = match optional("mqttVersion", &self.mqtt_version, MAX_NAME)? {
            None => VERSIONS[0].0,
            Some(word) => {
                let known = VERSIONS.iter().find(|(_, known)| *known == word);
                known.ok_or_else(|| Refused::new("mqttVersion", Reason::MqttVersion))?.0
            }
        };
        let profile = Profile {
            address,
            user: optional("user", &self.user, MAX_TEXT)?.map(str::to_owned),
            password: None,
            keep_alive: self.keep_alive()?,
            version,
            filters: self.filters()?,
            client_id: optional("clientId", &self.client_id, MAX_CLIENT_ID)?.map(str::to_owned),
        };
        Ok(SavedProfile { name: name.to_owned(), profile })
    }

    fn keep_alive(&self) -> Result<u16, Refused> {
        let Some(seconds) = self.keep_alive else { return Ok(DEFAULT_KEEP_ALIVE) };
        let range = f64::from(MIN_KEEP_ALIVE)..=f64::from(u16::MAX);
        if range.contains(&seconds) && seconds.fract() == 0.0 {
            Ok(seconds as u16)
        } else {
            Err(Refused::new("keepAlive", Reason::KeepAlive))
        }
    }

    fn filters(&self) -> Result<Vec<String>, Refused> {
        let filters = self.filters.as_deref().unwrap_or_default();
        if filters.len() > MAX_FILTERS {
            return Err(Refused::new("filters", Reason::TooMany(MAX_FILTERS)));
        }
        for (position, filter) in filters.iter().enumerate() {
            let member = format!("filters[{position}]");
            printable(&member, filter, MAX_TEXT)?;
            TopicFilter::new(filter).map_err(|_| Refused::new(member, Reason::Filter))?;
        }
        Ok(filters.to_vec())
    }

    /// The password. One that cannot be used costs only itself.
    fn password(&self, place: Place) -> Result<Option<String>, Refused> {
        let Some(json) = self.password else { return Ok(None) };
        if place == Place::File {
            return Err(Refused::new("password", Reason::Password));
        }
        let password: String =
            serde_json::from_str(json.get()).map_err(|_| Refused::new("password", Reason::Type("string")))?;
        printable("password", &password, MAX_TEXT)?;
        Ok(Some(password))
    }
}

fn required<'t>(member: &str, text: &'t Option<String>, max: usize) -> Result<&'t str, Refused> {
    optional(member, text, max)?.ok_or_else(|| Refused::new(member, Reason::Missing))
}

fn optional<'t>(member: &str, text: &'t Option<String>, max: usize) -> Result<Option<&'t str>, Refused> {
    text.as_deref().map(|text| printable(member, text, max)).transpose()
}

fn printable<'t>(member: &str, text: &'t str, max: usize) -> Result<&'t str, Refused> {
    if is_printable(text, max) { Ok(text) } else { Err(Refused::new(member, Reason::Text(max))) }
}

/// A document as it is written.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    format: &'static str,
    version: u32,
    profiles: Vec<WrittenEntry<'a>>,
}

/// A profile as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenEntry<'a> {
    name: &'a str,
    address: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    keep_alive: u16,
    mqtt_version: &'static str,
    filters: &'a [String],
}

impl WrittenEntry<'_> {
    fn new(SavedProfile { name, profile }: &SavedProfile, place: Place) -> WrittenEntry<'_> {
        WrittenEntry {
            name,
            address: profile.address.as_str(),
            user: profile.user.as_deref(),
            password: profile.password.as_deref().filter(|_| place == Place::Browser),
            client_id: profile.client_id.as_deref(),
            keep_alive: profile.keep_alive,
            mqtt_version: version_word(profile.version),
            filters: &profile.filters,
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::super::tests::{document, saved};
    use super::*;
    use crate::client::AddressError;

    #[wasm_bindgen_test]
    fn what_is_stored_is_read_again_and_what_is_exported_has_no_password() {
        let one = saved("Farm “灯”\\ \"x\"");
        let own = parse(&write(std::slice::from_ref(&one), Place::Browser), Place::Browser);
        assert!(own.profiles == [one.clone()] && own.problems.is_empty());

        let exported = write(std::slice::from_ref(&one), Place::File);
        assert!(!exported.contains("correct-horse") && !exported.contains("password"), "{exported}");
        let mut without = one;
        without.profile.password = None;
        assert!(parse(&exported, Place::File).profiles == [without]);
    }

    #[wasm_bindgen_test]
    fn what_could_not_be_read_again_cannot_be_stored() {
        let check = |change: fn(&mut SavedProfile), expected: bool| {
            let mut saved = saved("Farm");
            change(&mut saved);
            assert_eq!(can_be_stored(&saved), expected);
        };
        check(|_| {}, true);
        check(|saved| saved.profile.user = Some("u".repeat(MAX_TEXT)), true);
        check(|saved| saved.profile.user = Some("u".repeat(MAX_TEXT + 1)), false);
        check(|saved| saved.profile.password = Some("灯".repeat(MAX_TEXT)), true);
        check(|saved| saved.profile.password = Some("p".repeat(MAX_TEXT + 1)), false);
        check(|saved| saved.profile.password = Some("a\u{1}".to_owned()), false);
        check(|saved| saved.profile.filters = vec!["a".to_owned(); MAX_FILTERS + 1], false);
        check(|saved| saved.profile.filters = vec!["a\u{7}".to_owned()], false);
        check(|saved| saved.name = "a\u{202E}b".to_owned(), false);
    }

    #[wasm_bindgen_test]
    fn a_stored_password_that_cannot_be_one_is_a_problem() {
        for (password, reason) in [("7", Reason::Type("string")), (r#""a\n""#, Reason::Text(MAX_TEXT))] {
            let profiles = format!(r#"[{{"name":"a","address":"ws://b","password":{password}}}]"#);
            let found = parse(&document(&profiles), Place::Browser);
            assert_eq!(found.profiles.len(), 1);
            assert_eq!(found.problems, [Problem { path: "profiles[0].password".to_owned(), reason }]);
        }
    }

    #[wasm_bindgen_test]
    fn what_is_put_aside_has_no_passwords() {
        assert_eq!(without_passwords("from the future"), "from the future");
        let newer = document(r#"[{"name":"a","p\u0061ssword":"s","new":{"x":[1]}},7,null]"#);
        assert_eq!(
            without_passwords(&newer),
            r#"{"format":"willow-connections","profiles":[{"name":"a","new":{"x":[1]}},7,null],"version":1}"#
        );
        for other in ["null", "[]", "7", r#"{"profiles":7}"#] {
            assert_eq!(without_passwords(other), other);
        }
    }

    #[wasm_bindgen_test]
    fn a_file_s_password_is_left_out_and_named() {
        for password in [r#""s""#, "7", "[[1e999]]"] {
            let profiles = format!(
                r#"[{{"name":"a","address":"ws://b","password":{password},"__proto__":{{"user":1}}}}]"#
            );
            let found = parse(&document(&profiles), Place::File);
            let profile = &found.profiles[0].profile;
            assert!(profile.password.is_none() && profile.user.is_none());
            let problem = Problem { path: "profiles[0].password".to_owned(), reason: Reason::Password };
            assert_eq!(found.problems, [problem]);
        }
    }

    #[wasm_bindgen_test]
    fn each_problem_names_its_path_and_costs_only_its_profile() {
        let check = |profile: &str, member: &str, reason: Reason| {
            let found =
                parse(&document(&format!(r#"[{profile},{{"name":"b","address":"ws://b"}}]"#)), Place::File);
            let path = format!("profiles[0]{member}");
            assert_eq!(found.problems, [Problem { path, reason }], "{profile}");
            assert_eq!(found.profiles.len(), 1, "{profile}");
        };
        let with = |member: &str| format!(r#"{{"name":"a","address":"ws://b",{member}}}"#);
        check("null", "", Reason::Type("object"));
        check("[]", "", Reason::Type("object"));
        check(r#"["a","ws://b",null,null,null,null,null,null]"#, "", Reason::Type("object"));
        check("\"ws://b\"", "", Reason::Type("object"));
        check(r#"{"address":"ws://b"}"#, ".name", Reason::Missing);
        check(r#"{"name":"a"}"#, ".address", Reason::Missing);
        check(r#"{"name":null,"address":"ws://b"}"#, ".name", Reason::Missing);
        check(r#"{"name":"a","name":"b","address":"ws://b"}"#, "", Reason::Repeated);
        check(r#"{"name":" ","address":"ws://b"}"#, ".name", Reason::Text(MAX_NAME));
        check(r#"{"name":"a\nb","address":"ws://b"}"#, ".name", Reason::Text(MAX_NAME));
        check(
            &format!(r#"{{"name":"{}","address":"ws://b"}}"#, "灯".repeat(65)),
            ".name",
            Reason::Text(MAX_NAME),
        );
        check("{\"name\":\"a\u{202E}b\",\"address\":\"ws://b\"}", ".name", Reason::BidiControl);
        check(r#"{"name":7,"address":"ws://b"}"#, ".name", Reason::Type("string"));
        check(r#"{"name":"a","address":"http://b"}"#, ".address", Reason::Address(AddressError::Scheme));
        check(
            r#"{"name":"a","address":"ws://me:pw@b"}"#,
            ".address",
            Reason::Address(AddressError::Credentials),
        );
        for number in ["4", "65536", "-1", "30.5", "1e999", "\"30\"", "[]"] {
            check(&with(&format!(r#""keepAlive":{number}"#)), ".keepAlive", Reason::KeepAlive);
        }
        check(&with(r#""mqttVersion":"4""#), ".mqttVersion", Reason::MqttVersion);
        check(&with(r#""mqttVersion":5"#), ".mqttVersion", Reason::Type("string"));
        check(&with(r#""filters":"site/#""#), ".filters", Reason::Type("array"));
        check(&with(r#""filters":["a","b/#/c"]"#), ".filters[1]", Reason::Filter);
        check(&with(r#""filters":[{}]"#), ".filters[0]", Reason::Type("string"));
        let many = vec!["\"a\""; 65].join(",");
        check(&with(&format!(r#""filters":[{many}]"#)), ".filters", Reason::TooMany(MAX_FILTERS));
        check(&with(r#""user":{}"#), ".user", Reason::Type("string"));
        check(&with(r#""clientId":"a\u0000""#), ".clientId", Reason::Text(MAX_CLIENT_ID));
    }

    #[wasm_bindgen_test]
    fn members_may_be_null_or_unknown() {
        let found = parse(
            &document(
                r#"[{"name":" a ","address":"ws://b","user":null,"keepAlive":30.0,"mqttVersion":null,
                "filters":null,"clientId":null,"password":null,"note":{"deep":[[1e999]]}}]"#,
            ),
            Place::File,
        );
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        assert_eq!((found.profiles[0].name.as_str(), found.profiles[0].profile.keep_alive), ("a", 30));
    }

    #[wasm_bindgen_test]
    fn other_texts_are_no_documents() {
        let check = |text: &str, path: &str, reason: Reason| {
            let found = parse(text, Place::File);
            assert_eq!(found.problems, [Problem { path: path.to_owned(), reason }], "{text}");
            assert!(found.profiles.is_empty(), "{text}");
        };
        for text in ["", "{", "\u{0}", "{} {}", "profiles", &"[".repeat(300_000)] {
            check(text, "", Reason::NotJson);
        }
        for text in [
            "null",
            "7",
            "[]",
            r#"["willow-connections",1,[]]"#,
            "\"x\"",
            "{}",
            r#"{"format":"x","version":1,"profiles":[]}"#,
        ] {
            check(text, "", Reason::NotOurs);
        }
        check(r#"{"format":"willow-connections","version":2,"profiles":[]}"#, "", Reason::Newer);
        check(&document("{}"), "profiles", Reason::Type("array"));
        check(r#"{"format":"willow-connections","version":1}"#, "profiles", Reason::Type("array"));
        // Nested more deeply than a recursive parser could follow.
        let deep = document(&format!("{}{}", "[".repeat(50_000), "]".repeat(50_000)));
        assert!(parse(&deep, Place::File).profiles.is_empty());
    }
}
