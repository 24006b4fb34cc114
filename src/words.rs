//! The page's words in the visitor's language.
//!
//! `locales/` holds every sentence; keys are checked when the page is compiled. A sentence's parameters
//! stand in single braces and are filled here, at run time: a typed builder per sentence would weigh more
//! than all the words. Called by `ui` only: nothing below it words anything.

#[allow(
    deprecated,
    reason = "the build script offered instead compiles ICU's exporter, for plurals that two languages do not need"
)]
#[allow(missing_docs)]
mod generated {
    leptos_i18n::load_locales!();
}

use crate::bytes::turns;
pub use generated::i18n::Locale;

/// Every language that the page speaks: the files in `locales/` that Cargo.toml lists, in its order.
pub const LOCALES: [Locale; 2] = [Locale::en, Locale::zh_CN];

/// A sentence in every language.
///
/// One text with the languages in a row: where a sentence is given on, it is as small as one. Made by [`phrase!`].
#[derive(Copy, Clone)]
pub struct Phrase(&'static str);

/// What stands between two languages of a phrase.
const BETWEEN: &str = "\0";

impl Phrase {
    /// Of the bytes that [`joined`] has made.
    pub const fn new(joined: &'static [u8]) -> Phrase {
        match std::str::from_utf8(joined) {
            Ok(text) => Phrase(text),
            Err(_) => panic!("texts in a row are text"),
        }
    }

    /// The sentence in a language.
    pub fn to(self, locale: Locale) -> &'static str {
        self.0.split(BETWEEN).nth(locale as usize).unwrap_or_default()
    }
}

/// A sentence about a count in every language: the phrases of `one` and `other` below its key.
///
/// English tells one from other; Chinese has a single form, and its file says it twice.
#[derive(Copy, Clone)]
pub struct Plural {
    /// For exactly one.
    pub one: Phrase,
    /// For none and for more.
    pub other: Phrase,
}

/// How many bytes [`joined`] needs.
pub const fn joined_length(texts: &[&str]) -> usize {
    let (mut length, mut at) = (texts.len() - 1, 0);
    while at < texts.len() {
        length += texts[at].len();
        at += 1;
    }
    length
}

/// Texts in a row. Evaluated by the compiler, which knows no iterators.
pub const fn joined<const LENGTH: usize>(texts: &[&str]) -> [u8; LENGTH] {
    let mut joined = [BETWEEN.as_bytes()[0]; LENGTH];
    let (mut to, mut at) = (0, 0);
    while at < texts.len() {
        let (_, after) = joined.split_at_mut(to);
        let (place, _) = after.split_at_mut(texts[at].len());
        place.copy_from_slice(texts[at].as_bytes());
        to += texts[at].len() + 1;
        at += 1;
    }
    joined
}

/// A [`Phrase`] by its key, which is checked when the page is compiled.
#[macro_export]
macro_rules! phrase {
    ($($key:ident).+) => {{
        const TEXTS: [&str; $crate::words::LOCALES.len()] = {
            let mut texts = [""; $crate::words::LOCALES.len()];
            let mut at = 0;
            while at < texts.len() {
                texts[at] = $crate::words::LOCALES[at].get_keys_const().$($key()).+.inner();
                at += 1;
            }
            texts
        };
        const JOINED: [u8; $crate::words::joined_length(&TEXTS)] = $crate::words::joined(&TEXTS);
        const PHRASE: $crate::words::Phrase = $crate::words::Phrase::new(&JOINED);
        PHRASE
    }};
}

/// A [`Plural`] by its key.
#[macro_export]
macro_rules! plural {
    ($($key:ident).+) => {
        $crate::words::Plural { one: $crate::phrase!($($key).+.one), other: $crate::phrase!($($key).+.other) }
    };
}

/// A sentence by its key: a `&'static str`, or a `String` when parameters are given.
#[macro_export]
macro_rules! say {
    ($locale:expr, $($key:ident).+) => {
        $crate::phrase!($($key).+).to($locale)
    };
    ($locale:expr, $($key:ident).+, $($name:ident = $value:expr),+) => {
        $crate::words::filled(
            $crate::phrase!($($key).+),
            $locale,
            &[$((stringify!($name), ::core::convert::AsRef::<str>::as_ref(&$value))),+],
        )
    };
}

/// A sentence with `one` and `other` below its key, chosen by a count.
#[macro_export]
macro_rules! say_count {
    ($locale:expr, $count:expr, $($key:ident).+ $(, $name:ident = $value:expr)*) => {
        $crate::words::filled(
            if $count == 1 { $crate::phrase!($($key).+.one) } else { $crate::phrase!($($key).+.other) },
            $locale,
            &[$((stringify!($name), ::core::convert::AsRef::<str>::as_ref(&$value))),*],
        )
    };
}

/// Puts parameters into a sentence. A value is never searched for further parameters: it may be hostile. Signs that
/// would turn the rest of the sentence round are left out of it.
pub fn filled(phrase: Phrase, locale: Locale, parameters: &[(&str, &str)]) -> String {
    let sentence = phrase.to(locale);
    let mut out = String::with_capacity(sentence.len() + 16);
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        if let Some((_, value)) = parameters.iter().find(|(known, _)| *known == name) {
            out.extend(value.chars().filter(|sign| !turns(*sign)));
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Adds to a list that is written with something between its items.
pub fn add(to: &mut String, between: &str, item: &str) {
    if !to.is_empty() {
        to.push_str(between);
    }
    to.push_str(item);
}

/// A language's tag, as in `lang` and in the name of its file.
pub fn tag(locale: Locale) -> &'static str {
    leptos_i18n::Locale::as_str(locale)
}

/// Whether two tags begin with the same language.
pub fn is_one_language(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|tag| tag.split(['-', '_']).next().unwrap_or_default());
    one.eq_ignore_ascii_case(other)
}

/// The language to begin with: the one chosen earlier, or the first of the visitor's that we speak. Only what a tag
/// begins with is compared: whoever reads `zh-Hant` is better off with `zh-CN` than with English.
pub fn choose(saved: Option<&str>, visitor: &[String]) -> Locale {
    let known = |wanted: &str| LOCALES.into_iter().find(|known| is_one_language(tag(*known), wanted));
    saved.into_iter().chain(visitor.iter().map(String::as_str)).find_map(known).unwrap_or(Locale::en)
}

#[cfg(test)]
mod tests {
    use super::*;
    use js_sys::{JSON, Object};
    use std::collections::BTreeMap;
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_test::wasm_bindgen_test;

    /// Every sentence of a file by its dotted key.
    fn sentences(json: &str) -> BTreeMap<String, String> {
        fn walk(path: &str, value: &JsValue, into: &mut BTreeMap<String, String>) {
            match value.as_string() {
                Some(text) => {
                    into.insert(path.to_owned(), text);
                }
                None => {
                    for entry in Object::entries(value.unchecked_ref()) {
                        let entry: js_sys::Array = entry.unchecked_into();
                        let key = entry.get(0).as_string().expect("an object's key is a string");
                        walk(&format!("{path}.{key}"), &entry.get(1), into);
                    }
                }
            }
        }
        let mut into = BTreeMap::new();
        walk("", &JSON::parse(json).expect("a locale file is JSON"), &mut into);
        into
    }

    fn parameters(sentence: &str) -> Vec<&str> {
        let mut names: Vec<_> =
            sentence.split('{').skip(1).filter_map(|part| part.split('}').next()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    #[wasm_bindgen_test]
    fn both_languages_say_the_same_things() {
        let english = sentences(include_str!("../locales/en.json"));
        let chinese = sentences(include_str!("../locales/zh-CN.json"));
        assert!(english.keys().eq(chinese.keys()), "a key is missing in one of the files");
        for (key, sentence) in &english {
            // "The only device" may do without its number.
            let all_used = parameters(sentence) == parameters(&chinese[key]) || key.ends_with(".one");
            assert!(all_used, "{key}: {sentence} / {}", chinese[key]);
            assert!(!sentence.trim().is_empty() && !chinese[key].trim().is_empty(), "{key} is empty");
        }
        for key in english.keys().filter_map(|key| key.strip_suffix(".one")) {
            assert_eq!(chinese[&format!("{key}.one")], chinese[&format!("{key}.other")], "{key}");
        }
    }

    #[wasm_bindgen_test]
    fn parameters_are_filled_once() {
        let check = |sentence, expected: &str| {
            assert_eq!(filled(Phrase(sentence), Locale::en, &[("name", "{n}"), ("n", "3")]), expected);
        };
        check("{n} of {name}", "3 of {n}");
        check("{missing}!", "!");
        check("a { b", "a { b");
        check("", "");
        let offline = Phrase("{name} is offline\0{name} 离线");
        let fill = |locale| filled(offline, locale, &[("name", "\u{202E}pmal\u{2066}灯")]);
        assert_eq!(
            (fill(Locale::en), fill(Locale::zh_CN)),
            ("pmal灯 is offline".into(), "pmal灯 离线".into())
        );
    }

    #[wasm_bindgen_test]
    fn a_phrase_has_every_language_in_its_place() {
        assert_eq!(LOCALES, <Locale as leptos_i18n::Locale>::get_all());
        for (place, locale) in LOCALES.into_iter().enumerate() {
            assert_eq!(locale as usize, place);
            assert_eq!(say!(locale, page.own_name), leptos_i18n::td_string!(locale, page.own_name));
        }
        assert_eq!(say!(Locale::zh_CN, page.own_name), "简体中文");
    }

    #[wasm_bindgen_test]
    fn the_first_language_that_we_speak() {
        let visitor = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        assert_eq!(choose(None, &visitor(&["fr-FR", "zh-Hant-TW", "en"])), Locale::zh_CN);
        assert_eq!(choose(Some("en"), &visitor(&["zh-CN"])), Locale::en);
        assert_eq!(choose(Some("??"), &visitor(&["zh"])), Locale::zh_CN);
        assert_eq!(choose(None, &visitor(&["文"])), Locale::en);
    }
}
