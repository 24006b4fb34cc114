//! The connections that a visitor keeps: as typed values, and as JSON.
//!
//! Pure: text in, profiles and what is wrong with the others out. `ui` words the problems and `store` keeps the text,
//! in localStorage: it is short, is wanted before the first connection, and IndexedDB would answer only later.
//! JSON is read by the browser's own `JSON.parse`. A document may be anybody's, so every member is looked at, and what
//! nobody asked for stays out.

use js_sys::{Array, JSON, Object, Reflect};
use mqtt::{TopicFilter, Version, VersionChoice};
use wasm_bindgen::{JsCast, JsValue};

use crate::bidi::is_bidi_control;
use crate::client::{Address, AddressError, Profile};
use crate::storage;

/// What a document calls itself, so that no other JSON is taken for one.
const FORMAT: &str = "willow-connections";
/// The version of the format that is written, and the newest that is read.
const FORMAT_VERSION: u32 = 1;
/// The schema of the format, as it lies beside a document in `docs/`.
const SCHEMA: &str = "profiles.schema.json";

/// The largest file that is looked at, in bytes.
pub const MOST_BYTES: f64 = 1_048_576.0;
/// How many profiles there may be.
pub const MOST_PROFILES: usize = 1_000;
/// How many filters a profile may have.
pub const MOST_FILTERS: usize = 64;
/// How many characters a name may have.
pub const MOST_NAME: usize = 64;
/// How many characters an address, a user name, a password or a filter may have.
pub const MOST_TEXT: usize = 8_192;
/// How many characters a client id may have.
pub const MOST_ID: usize = 256;

/// The least keep-alive that is taken, in seconds.
pub const LEAST_KEEP_ALIVE: u16 = 5;

/// The versions and their words in a document.
pub const VERSIONS: [(VersionChoice, &str); 3] = [
    (VersionChoice::Newest, "auto"),
    (VersionChoice::Only(Version::V5), "5"),
    (VersionChoice::Only(Version::V311), "3.1.1"),
];

/// A profile that is kept, under a name that no other one has.
#[derive(Clone, PartialEq, Eq)]
pub struct Saved {
    /// What the visitor calls it.
    pub name: String,
    /// What to connect to. With a password only if the visitor wanted it kept.
    pub profile: Profile,
}

/// What a document holds.
#[derive(Default)]
pub struct Found {
    /// What can be used, in the document's order.
    pub saved: Vec<Saved>,
    /// What cannot, and why.
    pub problems: Vec<Problem>,
}

/// One thing that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Where it stands: `profiles[2].address`. Empty: the document.
    pub at: String,
    /// What is wrong with it.
    pub why: Why,
}

/// Why something cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// It is no JSON.
    NotJson,
    /// It is JSON of something else.
    NotOurs,
    /// A newer Willow wrote it.
    Newer,
    /// There are more of them than are kept.
    TooMany(usize),
    /// It must be there.
    Missing,
    /// It must be this kind of JSON.
    Kind(&'static str),
    /// It is empty, longer than so many characters, or has a line break or another control character in it.
    Text(usize),
    /// No broker has such an address.
    Address(AddressError),
    /// Not a number of seconds that can be a keep-alive.
    KeepAlive,
    /// Not one of the words for a version.
    MqttVersion,
    /// Not a topic filter.
    Filter,
    /// A name with a sign in it that turns the text around it.
    Turned,
    /// Left out, although the profile is used: a password in a file is nobody's secret.
    Password,
}

/// Whether a text can be a name, a user or an id: not empty, so many characters at most, all of them printable.
pub fn is_plain(text: &str, most: usize) -> bool {
    !text.is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
}

/// Whether a text has signs in it that set or turn the direction of what stands around it.
fn is_turned(text: &str) -> bool {
    text.contains(is_bidi_control)
}

/// Whether a text can be the name of a profile.
pub fn is_name(text: &str) -> bool {
    is_plain(text, MOST_NAME) && !is_turned(text)
}

/// Whether a profile that is written comes back as it was: what is read refuses what is too long and what is not text.
pub fn comes_back(saved: &Saved) -> bool {
    let saved = std::slice::from_ref(saved);
    read(&write(saved, true), true).saved == saved
}

/// A document without the passwords of its profiles, for what is put aside; as it is when it is not one.
pub fn without_passwords(text: &str) -> String {
    let Ok(document) = JSON::parse(text) else { return text.to_owned() };
    let profiles = member(&document, "profiles").and_then(|list| list.dyn_into::<Array>().ok());
    for profile in profiles.iter().flat_map(Array::iter) {
        if let Some(profile) = profile.dyn_ref::<Object>() {
            // What `JSON.parse` made can be changed.
            let _ = Reflect::delete_property(profile, &"password".into());
        }
    }
    JSON::stringify(&document).ok().and_then(|text| text.as_string()).unwrap_or_default()
}

/// The profile to use the credentials of for an address that came with the page's own: one for exactly that address.
pub fn for_address(saved: Vec<Saved>, address: &Address) -> Option<Saved> {
    saved.into_iter().find(|saved| saved.profile.address.as_str() == address.as_str())
}

/// The name, or the name with the first number behind it that makes it nobody's.
pub fn free_name(saved: &[Saved], name: &str) -> String {
    if !saved.iter().any(|other| other.name == name) {
        return name.to_owned();
    }
    let base: String = name.chars().take(MOST_NAME - 7).collect();
    // A thousand of one name are numbered without asking a million times.
    let like = saved.iter().filter(|other| other.name.starts_with(&base)).count();
    let numbered = |n: usize| format!("{base} ({n})");
    let is_free = |name: &String| !saved.iter().any(|other| other.name == *name);
    (like + 1..).map(numbered).find(is_free).expect("there are more numbers than profiles")
}

/// Adds what a file brought, under names that nobody has yet; overwrites nothing. Says what became of each: the name
/// that it got, or none for what was there already.
pub fn merge(into: &mut Vec<Saved>, found: &[Saved]) -> Vec<Option<String>> {
    let take = |saved: &Saved| {
        // Whether a password is kept here is nothing that a file could know.
        let is_here = |kept: &Saved| {
            let with_password =
                || Profile { password: kept.profile.password.clone(), ..saved.profile.clone() };
            // Names first: a profile is copied only for the one that it may be.
            kept.name == saved.name && kept.profile == with_password()
        };
        if into.len() >= MOST_PROFILES || into.iter().any(is_here) {
            return None;
        }
        let name = free_name(into, &saved.name);
        into.push(Saved { name: name.clone(), profile: saved.profile.clone() });
        Some(name)
    };
    found.iter().map(take).collect()
}

/// Reads a document. Passwords are taken only from what this browser keeps, `is_own`.
pub fn read(text: &str, is_own: bool) -> Found {
    let whole = |why| Found { saved: Vec::new(), problems: vec![Problem { at: String::new(), why }] };
    let Ok(document) = JSON::parse(text) else { return whole(Why::NotJson) };
    if member(&document, "format").and_then(|format| format.as_string()).as_deref() != Some(FORMAT) {
        return whole(Why::NotOurs);
    }
    if member(&document, "version").and_then(|version| version.as_f64()) != Some(FORMAT_VERSION.into()) {
        return whole(Why::Newer);
    }
    let Some(profiles) = member(&document, "profiles").and_then(|list| list.dyn_into::<Array>().ok()) else {
        return Found {
            saved: Vec::new(),
            problems: vec![Problem { at: "profiles".to_owned(), why: Why::Kind("array") }],
        };
    };
    let mut found = Found::default();
    for (place, object) in profiles.iter().enumerate() {
        let mut tell = |Wrong { inside, why }| {
            found.problems.push(Problem { at: format!("profiles[{place}]{inside}"), why });
        };
        if place == MOST_PROFILES {
            tell(Wrong { inside: String::new(), why: Why::TooMany(MOST_PROFILES) });
            break;
        }
        let mut members = Members { of: &object, wrong: None };
        let saved = members.profile();
        if let Some(wrong) = members.wrong.take() {
            tell(wrong);
        } else if let Some(mut saved) = saved {
            if is_own {
                saved.profile.password = members.text("password", MOST_TEXT);
            } else if member(&object, "password").is_some() {
                members.refuse(".password", Why::Password);
            }
            members.wrong.map(tell);
            found.saved.push(saved);
        }
    }
    found
}

/// Writes a document. Passwords only for what this browser keeps, `is_own`.
pub fn write(saved: &[Saved], is_own: bool) -> String {
    let document = object(&[
        ("$schema", SCHEMA.into()),
        ("format", FORMAT.into()),
        ("version", FORMAT_VERSION.into()),
        ("profiles", saved.iter().map(|saved| object_of(saved, is_own)).collect::<Array>().into()),
    ]);
    let space = if is_own { JsValue::NULL } else { JsValue::from(2) };
    // Plain objects of texts, numbers and lists can always be written.
    let text = JSON::stringify_with_replacer_and_space(&document, &JsValue::NULL, &space);
    text.ok().and_then(|text| text.as_string()).unwrap_or_default()
}

fn object_of(Saved { name, profile }: &Saved, is_own: bool) -> JsValue {
    let version = VERSIONS.iter().find(|(version, _)| *version == profile.version);
    let filters: Array = profile.filters.iter().map(|filter| JsValue::from(filter.as_str())).collect();
    let optional = |text: &Option<String>| text.as_deref().map_or(JsValue::UNDEFINED, JsValue::from);
    // What is undefined is not written.
    object(&[
        ("name", name.as_str().into()),
        ("address", profile.address.as_str().into()),
        ("user", optional(&profile.user)),
        ("password", if is_own { optional(&profile.password) } else { JsValue::UNDEFINED }),
        ("clientId", optional(&profile.client_id)),
        ("keepAlive", profile.keep_alive.into()),
        ("mqttVersion", version.map_or("auto", |(_, word)| word).into()),
        ("filters", filters.into()),
    ])
}

fn object(members: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        // A fresh plain object takes any member.
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}

/// What is wrong with a profile: where in it, and why.
struct Wrong {
    inside: String,
    why: Why,
}

/// The members of a profile as they are read, and the first that cannot be used.
struct Members<'a> {
    of: &'a JsValue,
    wrong: Option<Wrong>,
}

impl Members<'_> {
    fn refuse(&mut self, inside: &str, why: Why) {
        self.wrong.get_or_insert_with(|| Wrong { inside: inside.to_owned(), why });
    }

    /// The profile without its password. Nothing, or something of no use, once a member was refused.
    fn profile(&mut self) -> Option<Saved> {
        if !self.of.is_object() || Array::is_array(self.of) {
            self.refuse("", Why::Kind("object"));
            return None;
        }
        let name = self.needed("name", MOST_NAME).trim().to_owned();
        let address = Address::parse(&self.needed("address", MOST_TEXT))
            .map_err(|error| self.refuse(".address", Why::Address(error)));
        let keep_alive = member(self.of, "keepAlive")
            .map_or(Some(crate::client::DEFAULT_KEEP_ALIVE.into()), |n| n.as_f64());
        let is_keep_alive =
            |n: &f64| *n >= LEAST_KEEP_ALIVE.into() && *n <= u16::MAX.into() && n.trunc() == *n;
        let keep_alive = keep_alive.filter(is_keep_alive).unwrap_or_else(|| {
            self.refuse(".keepAlive", Why::KeepAlive);
            0.0
        });
        let word = self.text("mqttVersion", MOST_NAME);
        let version = VERSIONS.iter().find(|(_, known)| word.as_deref().is_none_or(|word| word == *known));
        if version.is_none() {
            self.refuse(".mqttVersion", Why::MqttVersion);
        }
        if name.is_empty() {
            self.refuse(".name", Why::Text(MOST_NAME));
        }
        if is_turned(&name) {
            self.refuse(".name", Why::Turned);
        }
        let profile = Profile {
            user: self.text("user", MOST_TEXT),
            client_id: self.text("clientId", MOST_ID),
            filters: self.filters(),
            password: None,
            keep_alive: keep_alive as u16,
            version: version?.0,
            address: address.ok()?,
        };
        Some(Saved { name, profile })
    }

    fn filters(&mut self) -> Vec<String> {
        let mut filters = Vec::new();
        let Some(list) = member(self.of, "filters") else { return filters };
        let Ok(list) = list.dyn_into::<Array>() else {
            self.refuse(".filters", Why::Kind("array"));
            return filters;
        };
        if list.length() as usize > MOST_FILTERS {
            self.refuse(".filters", Why::TooMany(MOST_FILTERS));
        }
        for (place, filter) in list.iter().take(MOST_FILTERS).enumerate() {
            let inside = format!(".filters[{place}]");
            let filter = self.checked(&inside, &filter, MOST_TEXT);
            if TopicFilter::new(&filter).is_err() {
                self.refuse(&inside, Why::Filter);
            }
            filters.push(filter);
        }
        filters
    }

    fn needed(&mut self, name: &str, most: usize) -> String {
        let text = self.text(name, most);
        if text.is_none() {
            self.refuse(&format!(".{name}"), Why::Missing);
        }
        text.unwrap_or_default()
    }

    /// A member that is a text, if it is there.
    fn text(&mut self, name: &str, most: usize) -> Option<String> {
        let value = member(self.of, name)?;
        Some(self.checked(&format!(".{name}"), &value, most)).filter(|_| self.wrong.is_none())
    }

    /// A value that must be a text; an empty one when it is none, or is no plain one.
    fn checked(&mut self, inside: &str, value: &JsValue, most: usize) -> String {
        let text = value.as_string();
        match &text {
            None => self.refuse(inside, Why::Kind("string")),
            Some(text) if !is_plain(text, most) => self.refuse(inside, Why::Text(most)),
            Some(_) => {}
        }
        text.unwrap_or_default()
    }
}

/// A member that is there and not `null`.
fn member(object: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(object, &name.into()).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// Under which key the saved connections are kept.
pub const PROFILES: &str = "willow.profiles";
/// Where what cannot be read is put before it would be overwritten, passwords left out: a newer page may understand it.
const ASIDE: &str = "willow.profiles.aside";

/// The connections that are kept, the last used one first.
pub fn load() -> Vec<Saved> {
    storage::read(PROFILES).map(|text| self::read(&text, true).saved).unwrap_or_default()
}

/// Changes the connections that are kept, as they are at this moment: another tab may have added some. Says whether
/// the browser keeps the change.
pub fn change(change: impl FnOnce(&mut Vec<Saved>)) -> bool {
    let text = storage::read(PROFILES).unwrap_or_default();
    let mut found = self::read(&text, true);
    if !text.is_empty()
        && !found.problems.is_empty()
        && !storage::write(ASIDE, Some(&without_passwords(&text)))
    {
        return false;
    }
    change(&mut found.saved);
    storage::write(PROFILES, Some(&self::write(&found.saved, true)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn saved(name: &str) -> Saved {
        Saved {
            name: name.to_owned(),
            profile: Profile {
                address: Address::parse("wss://farm.example/mqtt").expect("a test's address is valid"),
                user: Some("board".to_owned()),
                password: Some("correct-horse".to_owned()),
                keep_alive: 20,
                version: VersionChoice::Only(Version::V311),
                filters: vec!["site/#".to_owned(), "温室/+/status".to_owned()],
                client_id: Some("wall-1".to_owned()),
            },
        }
    }

    fn document(profiles: &str) -> String {
        format!(r#"{{"format":"willow-connections","version":1,"profiles":{profiles}}}"#)
    }

    #[wasm_bindgen_test]
    fn what_is_kept_comes_back_and_what_is_exported_has_no_password() {
        let one = saved("Farm “灯”\\ \"x\"");
        let own = read(&write(std::slice::from_ref(&one), true), true);
        assert!(own.saved == [one.clone()] && own.problems.is_empty());

        let exported = write(std::slice::from_ref(&one), false);
        assert!(!exported.contains("correct-horse") && !exported.contains("password"), "{exported}");
        let mut without = one;
        without.profile.password = None;
        assert!(read(&exported, false).saved == [without]);
    }

    #[wasm_bindgen_test]
    fn what_could_not_be_read_again_is_not_kept() {
        let check = |change: fn(&mut Saved), expected: bool| {
            let mut saved = saved("Farm");
            change(&mut saved);
            assert_eq!(comes_back(&saved), expected);
        };
        check(|_| {}, true);
        check(|saved| saved.profile.user = Some("u".repeat(MOST_TEXT)), true);
        check(|saved| saved.profile.user = Some("u".repeat(MOST_TEXT + 1)), false);
        check(|saved| saved.profile.password = Some("灯".repeat(MOST_TEXT)), true);
        check(|saved| saved.profile.password = Some("p".repeat(MOST_TEXT + 1)), false);
        check(|saved| saved.profile.password = Some("a\u{1}".to_owned()), false);
        check(|saved| saved.profile.filters = vec!["a".to_owned(); MOST_FILTERS + 1], false);
        check(|saved| saved.profile.filters = vec!["a\u{7}".to_owned()], false);
        check(|saved| saved.name = "a\u{202E}b".to_owned(), false);
    }

    #[wasm_bindgen_test]
    fn a_kept_password_that_cannot_be_one_is_a_problem() {
        let found = read(&document(r#"[{"name":"a","address":"ws://b","password":7}]"#), true);
        assert_eq!(found.saved.len(), 1);
        let at = "profiles[0].password".to_owned();
        assert_eq!(found.problems, [Problem { at, why: Why::Kind("string") }]);
    }

    #[wasm_bindgen_test]
    fn what_is_put_aside_has_no_passwords() {
        assert_eq!(without_passwords("from the future"), "from the future");
        let newer = document(r#"[{"name":"a","password":"s","new":{"x":[1]}},7,null]"#);
        assert_eq!(without_passwords(&newer), document(r#"[{"name":"a","new":{"x":[1]}},7,null]"#));
        for other in ["null", "[]", "7", r#"{"profiles":7}"#] {
            assert_eq!(without_passwords(other), other);
        }
    }

    #[wasm_bindgen_test]
    fn a_file_s_password_is_left_out_and_said() {
        let found = read(
            &document(r#"[{"name":"a","address":"ws://b","password":"s","__proto__":{"user":1}}]"#),
            false,
        );
        assert!(found.saved[0].profile.password.is_none() && found.saved[0].profile.user.is_none());
        let problem = Problem { at: "profiles[0].password".to_owned(), why: Why::Password };
        assert_eq!(found.problems, [problem]);
    }

    #[wasm_bindgen_test]
    fn each_problem_says_where_it_is_and_costs_only_its_profile() {
        let check = |profile: &str, at: &str, why: Why| {
            let found = read(&document(&format!(r#"[{profile},{{"name":"b","address":"ws://b"}}]"#)), false);
            assert_eq!(found.problems, [Problem { at: format!("profiles[0]{at}"), why }], "{profile}");
            assert_eq!(found.saved.len(), 1, "{profile}");
        };
        let with = |member: &str| format!(r#"{{"name":"a","address":"ws://b",{member}}}"#);
        check("null", "", Why::Kind("object"));
        check("[]", "", Why::Kind("object"));
        check("\"ws://b\"", "", Why::Kind("object"));
        check(r#"{"address":"ws://b"}"#, ".name", Why::Missing);
        check(r#"{"name":"a"}"#, ".address", Why::Missing);
        check(r#"{"name":" ","address":"ws://b"}"#, ".name", Why::Text(MOST_NAME));
        check(r#"{"name":"a\nb","address":"ws://b"}"#, ".name", Why::Text(MOST_NAME));
        check(
            &format!(r#"{{"name":"{}","address":"ws://b"}}"#, "灯".repeat(65)),
            ".name",
            Why::Text(MOST_NAME),
        );
        check("{\"name\":\"a\u{202E}b\",\"address\":\"ws://b\"}", ".name", Why::Turned);
        check(r#"{"name":7,"address":"ws://b"}"#, ".name", Why::Kind("string"));
        check(r#"{"name":"a","address":"http://b"}"#, ".address", Why::Address(AddressError::Scheme));
        check(
            r#"{"name":"a","address":"ws://me:pw@b"}"#,
            ".address",
            Why::Address(AddressError::Credentials),
        );
        for number in ["4", "65536", "-1", "30.5", "1e999", "\"30\"", "[]"] {
            check(&with(&format!(r#""keepAlive":{number}"#)), ".keepAlive", Why::KeepAlive);
        }
        check(&with(r#""mqttVersion":"4""#), ".mqttVersion", Why::MqttVersion);
        check(&with(r#""mqttVersion":5"#), ".mqttVersion", Why::Kind("string"));
        check(&with(r#""filters":"site/#""#), ".filters", Why::Kind("array"));
        check(&with(r#""filters":["a","b/#/c"]"#), ".filters[1]", Why::Filter);
        check(&with(r#""filters":[{}]"#), ".filters[0]", Why::Kind("string"));
        let many = vec!["\"a\""; 65].join(",");
        check(&with(&format!(r#""filters":[{many}]"#)), ".filters", Why::TooMany(MOST_FILTERS));
        check(&with(r#""user":{}"#), ".user", Why::Kind("string"));
        check(&with(r#""clientId":"a\u0000""#), ".clientId", Why::Text(MOST_ID));
    }

    #[wasm_bindgen_test]
    fn what_is_no_document_of_ours_is_none() {
        let check = |text: &str, at: &str, why: Why| {
            let found = read(text, false);
            assert_eq!(found.problems, [Problem { at: at.to_owned(), why }], "{text}");
            assert!(found.saved.is_empty(), "{text}");
        };
        for text in ["", "{", "\u{0}", "{} {}", "profiles"] {
            check(text, "", Why::NotJson);
        }
        for text in ["null", "7", "[]", "\"x\"", "{}", r#"{"format":"x","version":1,"profiles":[]}"#] {
            check(text, "", Why::NotOurs);
        }
        check(r#"{"format":"willow-connections","version":2,"profiles":[]}"#, "", Why::Newer);
        check(&document("{}"), "profiles", Why::Kind("array"));
        // Deeper than any parser's stack would like: no panic.
        let deep = document(&format!("{}{}", "[".repeat(50_000), "]".repeat(50_000)));
        assert!(read(&deep, false).saved.is_empty());
    }

    #[wasm_bindgen_test]
    fn more_than_are_kept_are_left_out() {
        let one = |n| format!(r#"{{"name":"a","address":"ws://b{n}"}}"#);
        let list = (0..MOST_PROFILES + 5).map(one).collect::<Vec<_>>().join(",");
        let found = read(&document(&format!("[{list}]")), false);
        assert_eq!(found.saved.len(), MOST_PROFILES);
        let problem = Problem { at: "profiles[1000]".to_owned(), why: Why::TooMany(MOST_PROFILES) };
        assert_eq!(found.problems, [problem]);
        let mut kept = vec![saved("b")];
        let outcomes = merge(&mut kept, &found.saved);
        assert_eq!(kept.len(), MOST_PROFILES);
        assert_eq!((outcomes[0].as_deref(), outcomes[1].as_deref()), (Some("a"), Some("a (2)")));
        assert_eq!(outcomes[MOST_PROFILES - 1], None);
    }

    #[wasm_bindgen_test]
    fn merging_overwrites_nothing() {
        let mut kept = vec![saved("Farm")];
        let mut same = saved("Farm");
        same.profile.password = None;
        let mut other = same.clone();
        other.profile.keep_alive = 60;
        let outcomes = merge(&mut kept, &[same, other.clone()]);
        assert_eq!(outcomes, [None, Some("Farm (2)".to_owned())]);
        assert!(kept[0] == saved("Farm") && kept[1].profile == other.profile);
        assert_eq!(free_name(&kept, "Farm"), "Farm (3)");
        assert_eq!(free_name(&kept, "Barn"), "Barn");
        let long = "x".repeat(MOST_NAME);
        kept.push(saved(&long));
        assert!(free_name(&kept, &long).chars().count() <= MOST_NAME);
    }

    #[wasm_bindgen_test]
    fn credentials_are_for_exactly_one_address() {
        let finds = |address: &str| {
            let address = Address::parse(address).expect("a test's address is valid");
            for_address(vec![saved("Farm")], &address).is_some()
        };
        assert!(finds("wss://farm.example/mqtt"));
        for other in [
            "wss://farm.example/mqtt/",
            "wss://farm.example:443/mqtt",
            "ws://farm.example/mqtt",
            "wss://Farm.example/mqtt",
            "wss://farm.example/mqtt?x",
            "wss://farm.example.evil/mqtt",
        ] {
            assert!(!finds(other), "{other}");
        }
    }
}
