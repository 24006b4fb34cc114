//! JSON documents, read by serde_json into the types of the conventions.
//!
//! Two readers, for a document that is one object and for a list of objects that is handed on item by item. Neither
//! holds a document as a tree: members that are not asked for are skipped, at any depth, without recursion.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// A text that borrows from the document unless it has escapes. Serde copies an `Option<Cow<str>>` always.
#[derive(serde::Deserialize, Clone, PartialEq, Eq, Debug, Default)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Reads a document that is one JSON object. `None` when it is anything else, or a member that `T` names is missing,
/// given twice or of another type.
pub(super) fn object<'a, T: Deserialize<'a>>(document: &'a [u8]) -> Option<T> {
    serde_json::from_slice(document).ok().map(|Object(value)| value)
}

/// Reads a document that is a list of JSON objects, and calls `each` with one after the other. `None` when any part of
/// it was not understood; by then `each` may have been called already.
pub(super) fn objects<'a, T: Deserialize<'a>>(document: &'a [u8], each: impl FnMut(T)) -> Option<()> {
    let mut deserializer = serde_json::Deserializer::from_slice(document);
    Items { each, item: PhantomData }.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()
}

/// A JSON object. A derived type alone would take a list for one, too, by the order of its fields.
#[derive(Debug)]
struct Object<T>(T);

impl<'a, T: Deserialize<'a>> Deserialize<'a> for Object<T> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Object<T>, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'a, T: Deserialize<'a>> Visitor<'a> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'a>>(self, members: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// The items of a list, which are not collected.
struct Items<T, F> {
    each: F,
    item: PhantomData<T>,
}

impl<'a, T: Deserialize<'a>, F: FnMut(T)> DeserializeSeed<'a> for Items<T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'a, T: Deserialize<'a>, F: FnMut(T)> Visitor<'a> for Items<T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(Object(item)) = items.next_element()? {
            (self.each)(item);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// What the readers are asked for in these tests: a text that must be there and a number that may be.
    #[derive(serde::Deserialize, PartialEq, Debug)]
    struct Pair<'a> {
        #[serde(borrow)]
        a: Cow<'a, str>,
        b: Option<u8>,
    }

    /// The same, read from a tree.
    fn pair_of(value: &Value) -> Option<Pair<'static>> {
        let object = value.as_object()?;
        let b = match object.get("b") {
            None | Some(Value::Null) => None,
            Some(number) => Some(u8::try_from(number.as_u64()?).ok()?),
        };
        Some(Pair { a: object.get("a")?.as_str()?.to_owned().into(), b })
    }

    /// How often a document names a member that is asked for, at any depth.
    fn most_often_named(document: &str) -> usize {
        let names = document.replace("\\u0061", "a").replace([' ', '\n', '\t'], "");
        names.matches(r#""a":"#).count().max(names.matches(r#""b":"#).count())
    }

    /// The boundary: a document is read as from a tree of it, as an object and as a list.
    fn check(document: &[u8]) {
        let shown = String::from_utf8_lossy(document);
        let mut listed = Vec::new();
        let list = objects::<Pair<'_>>(document, |pair| listed.push(pair)).map(|()| listed);
        let found = object::<Pair<'_>>(document);
        let Ok(tree) = serde_json::from_slice::<Value>(document) else {
            // Half a surrogate pair, a number without end and invalid UTF-8 are skipped where they are not asked for.
            let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(document).is_ok();
            assert!(is_json || (found.is_none() && list.is_none()), "{shown} is no JSON");
            return;
        };
        let expected = pair_of(&tree);
        // A tree keeps the last of several members with one name.
        assert!(found == expected || (found.is_none() && most_often_named(&shown) > 1), "{shown}: {found:?}");
        let expected =
            tree.as_array().and_then(|items| items.iter().map(pair_of).collect::<Option<Vec<_>>>());
        assert!(list == expected || (list.is_none() && most_often_named(&shown) > 1), "{shown}: {list:?}");
    }

    /// Documents that are JSON, or nearly.
    fn document() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            Just("7".to_owned()),
            "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
            "-?[0-9.eE+-]{1,5}",
            "\"[a-cé \\t]{0,4}\"",
            r#""(\\["\\/bfnrtx]|\\u00[0-9a-f]{2}|\\ud83d\\ude0[0-9]|a){0,4}""#,
            "[a-z\"\\\\]{0,3}",
        ];
        let value = scalar.prop_recursive(3, 12, 3, |inner| {
            let name = prop_oneof![Just("\"a\""), Just("\"b\""), Just("\"c\""), Just("\"\\u0061\"")];
            let gap = "[ \n\t]{0,1}";
            let member =
                (name, gap, inner.clone()).prop_map(|(name, gap, value)| format!("{name}:{gap}{value}"));
            prop_oneof![
                (prop::collection::vec(inner, 0..3), gap)
                    .prop_map(|(items, gap)| format!("[{}{gap}]", items.join(","))),
                (prop::collection::vec(member, 0..3), gap)
                    .prop_map(|(members, gap)| format!("{{{gap}{}}}", members.join(","))),
            ]
        });
        let pair = ("\"[a-cé]{0,3}\"", value.clone(), "[0-9]{1,3}|null|\"b\"")
            .prop_map(|(a, c, b)| format!("{{\"a\":{a}, \"c\":{c} ,\"b\":{b}}}"));
        prop_oneof![
            2 => pair.clone(),
            2 => prop::collection::vec(pair, 0..3).prop_map(|pairs| format!("[{}]", pairs.join(" ,\n"))),
            1 => value,
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_reads_what_stands_in_the_tree(document in document(), cut in 0..100usize, byte in "[\\[\\]{},:\"\\\\a]?") {
            check(document.as_bytes());
            let mut cut = cut % (document.len() + 1);
            while !document.is_char_boundary(cut) {
                cut -= 1;
            }
            check(format!("{}{byte}{}", &document[..cut], &document[cut..]).as_bytes());
            check(&document.as_bytes()[..cut]);
        }
    }

    #[test]
    fn a_text_is_borrowed_unless_it_has_escapes() {
        let read = |document| object::<Pair<'_>>(document).expect("it is a pair").a;
        assert!(matches!(read(br#"{"a":"plain"}"#), Cow::Borrowed("plain")));
        assert!(matches!(read(br#"{"a":"a\u00e9"}"#), Cow::Owned(text) if text == "aé"));
        let text = |document| object::<OneText<'_>>(document).and_then(|one| one.text);
        assert!(matches!(text(br#"{"text":"plain"}"#), Some(Text(Cow::Borrowed("plain")))));

        #[derive(serde::Deserialize)]
        struct OneText<'a> {
            #[serde(borrow)]
            text: Option<Text<'a>>,
        }
    }

    #[test]
    fn a_member_stands_once_and_what_is_skipped_is_not_looked_into() {
        assert_eq!(object::<Pair<'_>>(br#"{"a":"x","\u0061":"y"}"#), None);
        let x = || Some(Pair { a: "x".into(), b: None });
        assert_eq!(object(br#"{"a":"x","c":1,"c":2}"#), x());
        assert_eq!(object(b"{\"c\":\"\xff\",\"a\":\"x\"}"), x());
        assert_eq!(object::<Pair<'_>>(b"{\"a\":\"\xff\"}"), None);
        assert_eq!(object(br#"{"c":"\ud83d","a":"x"}"#), x());
        assert_eq!(object::<Pair<'_>>(br#"{"a":"\ud83d"}"#), None);
        let deep = format!(r#"{{"a":"x","c":[{}{},7]}}"#, "[".repeat(50_000), "]".repeat(50_000));
        assert_eq!(object(deep.as_bytes()), x());
    }

    #[test]
    fn a_list_is_handed_on_up_to_its_fault() {
        let mut names = Vec::new();
        let read =
            objects(br#"[{"a":"x"},{"a":"y"},{"a":7},{"a":"z"}]"#, |pair: Pair<'_>| names.push(pair.a));
        assert_eq!((read, &*names), (None, &["x".into(), "y".into()][..]));
    }
}
