//! JSON, as far as statuses and metadata need it: members that somebody asks for are read, all others skipped.
//!
//! One pass over the bytes, with no type to fill: a general reader compiles one more for each, and the page has
//! to be transferred. What is not JSON ([RFC 8259]) is no document, wherever the fault stands;
//! only in a text that is skipped nobody looks whether it is UTF-8, or an escape half of a pair.
//!
//! [RFC 8259]: https://www.rfc-editor.org/rfc/rfc8259

use std::borrow::Cow;

/// A value that was asked for.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    /// As it stands in the document.
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Value<'a>>),
    /// An object, or an array within an array: nothing of it is read.
    Other,
}

impl<'a> Value<'a> {
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn bool(self) -> Option<bool> {
        if let Value::Bool(is_true) = self { Some(is_true) } else { None }
    }

    /// A number without sign, fraction and exponent.
    pub(super) fn byte(self) -> Option<u8> {
        if let Value::Number(digits) = self { digits.parse().ok() } else { None }
    }

    pub(super) fn list(self) -> Option<Vec<Value<'a>>> {
        if let Value::List(items) = self { Some(items) } else { None }
    }
}

/// A member that may be missing or `null`, of which the outer `None` says that it is something else.
pub(super) fn optional<'a, T>(
    member: Option<Value<'a>>,
    read: impl FnOnce(Value<'a>) -> Option<T>,
) -> Option<Option<T>> {
    match member {
        None | Some(Value::Null) => Some(None),
        Some(value) => read(value).map(Some),
    }
}

/// The members of a document that is one object, in the order of their names here. A document in which one
/// of them stands twice is not understood.
pub(super) fn object<'a, const N: usize>(
    document: &'a [u8],
    names: [&str; N],
) -> Option<[Option<Value<'a>>; N]> {
    let mut members = [const { None }; N];
    let mut reader = Reader { rest: document };
    reader.object(&names, &mut members)?;
    reader.ends().then_some(members)
}

/// What `read` makes of each object in a document that is an array of them; all of it or nothing.
pub(super) fn objects<'a, T, const N: usize>(
    document: &'a [u8],
    names: [&str; N],
    read: impl Fn([Option<Value<'a>>; N]) -> Option<T>,
) -> Option<Vec<T>> {
    let mut objects = Vec::new();
    let mut reader = Reader { rest: document };
    reader.elements(*b"[]", &mut |reader| {
        let mut members = [const { None }; N];
        reader.object(&names, &mut members)?;
        objects.push(read(members)?);
        Some(())
    })?;
    reader.ends().then_some(objects)
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

    /// Takes the next byte if it is this one.
    fn take(&mut self, byte: u8) -> bool {
        let is_it = self.peek() == Some(byte);
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
            let name = reader.text()?;
            if !reader.take(b':') {
                return None;
            }
            match names.iter().position(|wanted| **wanted == *name) {
                None => reader.skip(),
                Some(place) => match members[place].replace(reader.value()?) {
                    None => Some(()),
                    Some(_) => None,
                },
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
        if self.peek() != Some(b'[') {
            return self.scalar();
        }
        let mut items = Vec::new();
        self.elements(*b"[]", &mut |reader| {
            items.push(reader.scalar()?);
            Some(())
        })?;
        Some(Value::List(items))
    }

    fn scalar(&mut self) -> Option<Value<'a>> {
        Some(match self.peek()? {
            b'"' => Value::Text(self.text()?),
            b'{' | b'[' => {
                self.skip()?;
                Value::Other
            }
            b'n' => self.word("null", Value::Null)?,
            b't' => self.word("true", Value::Bool(true))?,
            b'f' => self.word("false", Value::Bool(false))?,
            _ => Value::Number(self.number()?),
        })
    }

    /// Passes over a value, however deep it is: what is open stands in a list, not on the stack.
    fn skip(&mut self) -> Option<()> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            let mut ends_element = true;
            match self.peek()? {
                b'"' => drop(self.raw_text()?),
                bracket @ (b'{' | b'[') => {
                    self.split(1);
                    // In ASCII the closing one is the next but one.
                    open.push(bracket + 2);
                    ends_element = false;
                }
                _ => drop(self.scalar()?),
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
                    self.raw_text()?;
                    if !self.take(b':') {
                        return None;
                    }
                }
                break;
            }
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Option<Value<'a>> {
        self.rest = self.rest.strip_prefix(word.as_bytes())?;
        Some(value)
    }

    /// Takes so many bytes.
    fn split(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn number(&mut self) -> Option<&'a str> {
        let bytes = self.rest;
        let mut at = usize::from(bytes.first() == Some(&b'-'));
        let digits = |at: usize| bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let whole = digits(at);
        if whole == 0 || whole > 1 && bytes[at] == b'0' {
            return None;
        }
        at += whole;
        if bytes.get(at) == Some(&b'.') {
            let fraction = digits(at + 1);
            if fraction == 0 {
                return None;
            }
            at += 1 + fraction;
        }
        if let Some(b'e' | b'E') = bytes.get(at) {
            at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            let exponent = digits(at);
            if exponent == 0 {
                return None;
            }
            at += exponent;
        }
        std::str::from_utf8(self.split(at)).ok()
    }

    /// What stands between the quotes, with its escapes as they are, and whether there are any.
    fn raw_text(&mut self) -> Option<(&'a [u8], bool)> {
        if !self.take(b'"') {
            return None;
        }
        let (mut at, mut has_escapes) = (0, false);
        loop {
            match *self.rest.get(at)? {
                b'"' => break,
                b'\\' => {
                    has_escapes = true;
                    at += match *self.rest.get(at + 1)? {
                        b'u' if self.rest.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => 6,
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                        _ => return None,
                    };
                }
                ..0x20 => return None,
                _ => at += 1,
            }
        }
        let text = self.split(at);
        self.split(1);
        Some((text, has_escapes))
    }

    fn text(&mut self) -> Option<Cow<'a, str>> {
        let (text, has_escapes) = self.raw_text()?;
        let text = std::str::from_utf8(text).ok()?;
        if has_escapes { unescaped(text).map(Cow::Owned) } else { Some(Cow::Borrowed(text)) }
    }
}

/// A text with its escapes resolved, unless one is half of a surrogate pair. They are all whole.
fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('\\');
    let mut unescaped = String::from(parts.next()?);
    let unit = |part: &str| u16::from_str_radix(part.get(1..5)?, 16).ok();
    while let Some(part) = parts.next() {
        let (letter, rest) = match part.as_bytes().first() {
            // Two backslashes: what is between them is empty, and what follows is no escape.
            None => ('\\', parts.next()?),
            Some(b'u') => {
                let high = unit(part)?;
                let (units, rest) = match high {
                    0xD800..0xDC00 if part.len() == 5 => {
                        let low = parts.next().filter(|low| low.starts_with('u'))?;
                        ([high, unit(low)?], &low[5..])
                    }
                    _ => ([high, 0], &part[5..]),
                };
                (char::decode_utf16(units).next()?.ok()?, rest)
            }
            Some(b'b') => ('\u{8}', &part[1..]),
            Some(b'f') => ('\u{C}', &part[1..]),
            Some(b'n') => ('\n', &part[1..]),
            Some(b'r') => ('\r', &part[1..]),
            Some(b't') => ('\t', &part[1..]),
            Some(_) => (part.chars().next()?, &part[1..]),
        };
        unescaped.push(letter);
        unescaped += rest;
    }
    Some(unescaped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A value of ours as one of a general reader's, and what that is of a value it read itself.
    fn flat(value: &serde_json::Value) -> String {
        match value {
            serde_json::Value::Object(_) => "other".into(),
            serde_json::Value::Array(items) => {
                let nested =
                    |item: &serde_json::Value| if item.is_array() { "other".into() } else { flat(item) };
                format!("{:?}", items.iter().map(nested).collect::<Vec<_>>())
            }
            scalar => scalar.to_string(),
        }
    }

    fn ours(value: &Value<'_>) -> String {
        match value {
            Value::Null => "null".into(),
            Value::Bool(is_true) => is_true.to_string(),
            Value::Number(digits) => {
                let number: serde_json::Value = serde_json::from_str(digits).expect("a number is JSON");
                number.to_string()
            }
            Value::Text(text) => serde_json::Value::from(&**text).to_string(),
            Value::List(items) => format!("{:?}", items.iter().map(ours).collect::<Vec<_>>()),
            Value::Other => "other".into(),
        }
    }

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
                    assert_eq!(member.as_ref().map(ours), theirs.get(name).map(flat), "{name} of {shown}");
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
            let found = object(document.as_bytes(), ["a"]).map(|[a]| a.and_then(Value::text));
            assert_eq!(found, expected.map(|text| Some(text.into())), "{text}");
            check(document.as_bytes());
        }
    }

    #[test]
    fn a_member_stands_once_and_nobody_looks_into_what_is_skipped() {
        assert_eq!(object(br#"{"a":1,"\u0061":2}"#, ["a"]), None);
        assert_eq!(object(br#"{"b":1,"b":2}"#, ["a"]), Some([None]));
        assert_eq!(object(b"{\"b\":\"\xff\",\"a\":null}", ["a"]), Some([Some(Value::Null)]));
        assert_eq!(object(b"{\"a\":\"\xff\"}", ["a"]), None);
        assert_eq!(object(br#"{"b":"\ud83d"}"#, ["a"]), Some([None]));
        let deep = format!(r#"{{"a":[{}{},7]}}"#, "[".repeat(50_000), "]".repeat(50_000));
        let list = Value::List(vec![Value::Other, Value::Number("7")]);
        assert_eq!(object(deep.as_bytes(), ["a"]), Some([Some(list)]));
    }
}
