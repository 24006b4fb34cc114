//! JSON, as far as statuses and metadata need it: members that somebody asks for are found, all others passed over.
//!
//! One pass over the bytes, with no type to fill: a general reader compiles one more for each, and the page has
//! to be transferred. A value is where it stands in the document, and is read by whoever knows what it should be.
//! What is not JSON ([RFC 8259]) is no document, wherever the fault stands; only in a text that is not read nobody looks
//! whether it is UTF-8, or an escape half of a pair.
//!
//! [RFC 8259]: https://www.rfc-editor.org/rfc/rfc8259

use std::borrow::Cow;

/// A value that was asked for, as it stands in the document.
#[derive(Copy, Clone, PartialEq, Debug)]
pub(super) struct Value<'a>(&'a [u8]);

impl<'a> Value<'a> {
    /// What an empty text is.
    pub(super) const NO_TEXT: Value<'static> = Value(b"\"\"");

    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        let text = self.0.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        let has_escapes = text.contains(&b'\\');
        let text = std::str::from_utf8(text).ok()?;
        if has_escapes { unescaped(text).map(Cow::Owned) } else { Some(Cow::Borrowed(text)) }
    }

    pub(super) fn bool(self) -> Option<bool> {
        match self.0 {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        }
    }

    /// A number without sign, fraction and exponent.
    pub(super) fn byte(self) -> Option<u8> {
        std::str::from_utf8(self.0).ok()?.parse().ok()
    }

    /// The items of a list of texts, in which `null` is an empty one.
    pub(super) fn texts(self) -> Option<Vec<Cow<'a, str>>> {
        let mut texts = Vec::new();
        Reader { rest: self.0 }.elements(*b"[]", &mut |reader| {
            texts.push(optional(Some(reader.value()?), Value::text)?.unwrap_or_default());
            Some(())
        })?;
        Some(texts)
    }
}

/// A member that may be missing or `null`, of which the outer `None` says that it is something else.
pub(super) fn optional<'a, T>(
    member: Option<Value<'a>>,
    read: impl FnOnce(Value<'a>) -> Option<T>,
) -> Option<Option<T>> {
    match member {
        None | Some(Value(b"null")) => Some(None),
        Some(value) => read(value).map(Some),
    }
}

/// The members of a document that is one object, in the order of their names here. A document in which one
/// of them stands twice is not understood.
pub(super) fn object<'a, const N: usize>(
    document: &'a [u8],
    names: [&str; N],
) -> Option<[Option<Value<'a>>; N]> {
    let mut members = [None; N];
    let mut reader = Reader { rest: document };
    reader.object(&names, &mut members)?;
    reader.ends().then_some(members)
}

/// Reads each object in a document that is an array of them. Whether all of it was understood.
pub(super) fn objects<'a, const N: usize>(
    document: &'a [u8],
    names: [&str; N],
    read: &mut dyn FnMut([Option<Value<'a>>; N]) -> Option<()>,
) -> bool {
    let mut reader = Reader { rest: document };
    let read = reader.elements(*b"[]", &mut |reader| {
        let mut members = [None; N];
        reader.object(&names, &mut members)?;
        read(members)
    });
    read.is_some() && reader.ends()
}

/// What is left of a document.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.rest.first().copied()
    }

    /// Takes the next byte that is not white space, if it is this one.
    fn take(&mut self, byte: u8) -> bool {
        self.peek();
        self.take_next(byte)
    }

    /// Takes the very next byte, if it is this one.
    fn take_next(&mut self, byte: u8) -> bool {
        let is_it = self.rest.first() == Some(&byte);
        if is_it {
            self.rest = &self.rest[1..];
        }
        is_it
    }

    fn ends(&mut self) -> bool {
        self.peek().is_none()
    }

    fn object(&mut self, names: &[&str], members: &mut [Option<Value<'a>>]) -> Option<()> {
        self.elements(*b"{}", &mut |reader| {
            let name = reader.value()?.text()?;
            if !reader.take(b':') {
                return None;
            }
            let value = reader.value()?;
            match names.iter().position(|wanted| **wanted == *name) {
                Some(place) if members[place].replace(value).is_some() => None,
                _ => Some(()),
            }
        })
    }

    /// What stands between two brackets, with commas in between.
    fn elements(
        &mut self,
        [open, close]: [u8; 2],
        element: &mut dyn FnMut(&mut Reader<'a>) -> Option<()>,
    ) -> Option<()> {
        if !self.take(open) {
            return None;
        }
        if self.take(close) {
            return Some(());
        }
        loop {
            element(self)?;
            if self.take(close) {
                return Some(());
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn value(&mut self) -> Option<Value<'a>> {
        self.peek()?;
        let start = self.rest;
        self.skip()?;
        Some(Value(&start[..start.len() - self.rest.len()]))
    }

    /// Passes over a value, however deep it is: what is open stands in a list, not on the stack.
    fn skip(&mut self) -> Option<()> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            let mut ends_element = true;
            match self.peek()? {
                b'"' => self.text()?,
                bracket @ (b'{' | b'[') => {
                    self.take_next(bracket);
                    // In ASCII the closing one is the next but one.
                    open.push(bracket + 2);
                    ends_element = false;
                }
                b'n' => self.word("null")?,
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                _ => self.number()?,
            }
            loop {
                let Some(&close) = open.last() else {
                    return Some(());
                };
                if self.take(close) {
                    open.pop();
                    ends_element = true;
                    continue;
                }
                if ends_element && !self.take(b',') {
                    return None;
                }
                if close == b'}' {
                    self.peek();
                    self.text()?;
                    if !self.take(b':') {
                        return None;
                    }
                }
                break;
            }
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(word.as_bytes())?;
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        self.take_next(b'-');
        // What follows a leading zero is no digit of the number.
        if !self.take_next(b'0') {
            self.digits()?;
        }
        if self.take_next(b'.') {
            self.digits()?;
        }
        if self.take_next(b'e') || self.take_next(b'E') {
            let _ = self.take_next(b'+') || self.take_next(b'-');
            self.digits()?;
        }
        Some(())
    }

    /// At least one digit.
    fn digits(&mut self) -> Option<()> {
        let length = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = &self.rest[length..];
        (length > 0).then_some(())
    }

    /// A text with its quotes, and its escapes as they are.
    fn text(&mut self) -> Option<()> {
        if !self.take_next(b'"') {
            return None;
        }
        while !self.take_next(b'"') {
            let length = match self.rest {
                [b'\\', b'u', digits @ ..] if digits.get(..4)?.iter().all(u8::is_ascii_hexdigit) => 6,
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
                [b'\\' | ..0x20, ..] | [] => return None,
                _ => 1,
            };
            self.rest = &self.rest[length..];
        }
        Some(())
    }
}

/// A text with its escapes resolved, unless one is half of a surrogate pair. They are all whole.
fn unescaped(text: &str) -> Option<String> {
    let mut unescaped = String::new();
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        let letter = match letter {
            '\\' => match rest.next()? {
                'b' => '\u{8}',
                'f' => '\u{C}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => match unit(&mut rest)? {
                    high @ 0xD800..0xDC00 => {
                        let is_pair = rest.next()? == '\\' && rest.next()? == 'u';
                        let low =
                            unit(&mut rest)?.checked_sub(0xDC00).filter(|low| is_pair && *low < 0x400)?;
                        char::from_u32(0x1_0000 + ((high - 0xD800) << 10 | low))?
                    }
                    unit => char::from_u32(unit)?,
                },
                itself => itself,
            },
            letter => letter,
        };
        unescaped.push(letter);
    }
    Some(unescaped)
}

/// Four hexadecimal digits.
fn unit(digits: &mut std::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |unit, _| Some(unit << 4 | digits.next()?.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The boundary: a document, read by ours and by `serde_json`, which must agree whether it is an object at
    /// all and on two of its members.
    fn check(document: &[u8]) {
        // A member that stands twice is one to `serde_json`, whose document then has fewer.
        let theirs = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(document).ok();
        let found = object(document, ["a", "b"]);
        let shown = String::from_utf8_lossy(document);
        match (found, theirs) {
            (Some(found), Some(theirs)) => {
                for (name, member) in ["a", "b"].into_iter().zip(&found) {
                    let ours = member.map(|value| serde_json::from_slice(value.0).expect("a value is JSON"));
                    assert_eq!(ours.as_ref(), theirs.get(name), "{name} of {shown}");
                    let [text, same] = [
                        member.and_then(Value::text),
                        theirs.get(name).and_then(|v| Some(v.as_str()?.into())),
                    ];
                    assert_eq!(text, same, "{name} of {shown}");
                }
            }
            (None, None) => {}
            (None, Some(_)) => {
                let names = shown.replace("\\u0061", "a").replace([' ', '\n', '\t'], "");
                let names = names.matches(r#""a":"#).count().max(names.matches(r#""b":"#).count());
                assert!(names > 1, "{shown} is JSON");
            }
            (Some(_), None) => {
                // Half a pair is no text and 1e999 no number to whoever reads it, but JSON to whoever passes over it.
                let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(document).is_ok();
                assert!(
                    is_json && (shown.contains(r"\ud") || shown.contains(['e', 'E'])),
                    "{shown} is no JSON"
                );
            }
        }
    }

    /// Documents that are JSON, or nearly.
    fn document() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            Just("false".to_owned()),
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
        let member = |name: &'static str| value.clone().prop_map(move |value| format!("\"{name}\":{value}"));
        prop_oneof![
            4 => (member("a"), member("c"), member("b")).prop_map(|(a, c, b)| format!("{{{a}, {c} ,{b}}}")),
            1 => value.clone(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_reads_what_a_general_reader_reads(document in document(), cut in 0..100usize, byte in "[\\[\\]{},:\"\\\\a]?") {
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
    fn texts_are_read_with_their_escapes() {
        for (text, expected) in [
            (r#""""#, Some("")),
            (r#""\\\"\/\b\f\n\r\t""#, Some("\\\"/\u{8}\u{C}\n\r\t")),
            (r#""\\\\n\\""#, Some("\\\\n\\")),
            (r#""a\u00e9\ud83d\ude00b""#, Some("aé😀b")),
            (r#""\u00e9é\u00C9""#, Some("éé\u{C9}")),
            // Half a pair, a pair the wrong way round, and two first halves.
            (r#""\ud83d""#, None),
            (r#""\ud83dx""#, None),
            (r#""\ud83d\n""#, None),
            (r#""\ude00\ud83d""#, None),
            (r#""\ud83d\ud83d""#, None),
            (r#""\u12""#, None),
            (r#""\u+123""#, None),
            (r#""\x""#, None),
            ("\"\n\"", None),
            ("\"\\\"", None),
        ] {
            let document = format!(r#"{{"a":{text}}}"#);
            let found = object(document.as_bytes(), ["a"]).and_then(|[a]| a?.text());
            assert_eq!(found, expected.map(Cow::from), "{text}");
            check(document.as_bytes());
        }
    }

    #[test]
    fn a_member_stands_once_and_nobody_looks_into_what_is_skipped() {
        assert_eq!(object(br#"{"a":1,"\u0061":2}"#, ["a"]), None);
        assert_eq!(object(br#"{"b":1,"b":2}"#, ["a"]), Some([None]));
        assert_eq!(object(b"{\"b\":\"\xff\",\"a\":null}", ["a"]), Some([Some(Value(b"null"))]));
        assert_eq!(object(b"{\"a\":\"\xff\"}", ["a"]).and_then(|[a]| a?.text()), None);
        assert_eq!(object(br#"{"b":"\ud83d"}"#, ["a"]), Some([None]));
        let deep = format!(r#"{{"a":[{}{},7]}}"#, "[".repeat(50_000), "]".repeat(50_000));
        assert_eq!(object(deep.as_bytes(), ["a"]).map(|[a]| a.is_some()), Some(true));
        let texts = object(br#"{"a":["b",null]}"#, ["a"]).and_then(|[a]| a?.texts());
        assert_eq!(texts, Some(vec!["b".into(), "".into()]));
    }
}
