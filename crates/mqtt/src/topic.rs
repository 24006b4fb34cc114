//! Topic names and topic filters, and which names match a filter (section 4.7).
//!
//! A value of these types is valid and is never checked again. Never splits a character and never allocates. Used
//! by the codec, the session and every caller that subscribes.

use std::fmt;

use crate::error::Violation;

/// A topic name: at least one character, no wildcard, no U+0000, at most 65,535 bytes.
///
/// [MQTT-4.7.3-1], [MQTT-4.7.3-2], [MQTT-4.7.3-3], [MQTT-3.3.2-2].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName<'a>(&'a str);

impl<'a> TopicName<'a> {
    /// The empty name of a 5.0 PUBLISH that has a Topic Alias instead (section 3.3.2.3.4).
    pub(crate) const ALIASED: TopicName<'static> = TopicName("");

    /// A checked topic name.
    ///
    /// # Errors
    /// `TopicNameEmpty`, `NulCharacter`, `TopicNameWildcard` or `FieldTooLong`.
    #[inline(always)]
    pub fn new(name: &'a str) -> Result<Self, Violation> {
        if name.is_empty() {
            return Err(Violation::TopicNameEmpty);
        }
        if name.len() > usize::from(u16::MAX) {
            return Err(Violation::FieldTooLong);
        }
        if holds_special(name.as_bytes()) {
            // [MQTT-4.7.3-2] comes before [MQTT-3.3.2-2]: with U+0000 it is not even a valid string.
            return Err(match name.contains('\0') {
                true => Violation::NulCharacter,
                false => Violation::TopicNameWildcard,
            });
        }
        Ok(TopicName(name))
    }

    /// A name that `decode` has already checked by `new`.
    pub(crate) const fn from_wire(name: &'a str) -> Self {
        TopicName(name)
    }

    /// The name.
    #[inline]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The levels between the slashes; an empty level is a level.
    pub fn levels(self) -> std::str::Split<'a, char> {
        self.0.split('/')
    }
}

/// A topic filter: at least one character, wildcards in their places, no U+0000, at most 65,535
/// bytes.
///
/// [MQTT-4.7.1-1], [MQTT-4.7.1-2], [MQTT-4.7.3-1] to [MQTT-4.7.3-3]. `$share/` must be followed by
/// a share name and a filter ([MQTT-4.8.2-1], [MQTT-4.8.2-2]), in 3.1.1 too: servers that support shared
/// subscriptions support them in both versions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicFilter<'a>(&'a str);

impl<'a> TopicFilter<'a> {
    /// A checked topic filter.
    ///
    /// # Errors
    /// `TopicFilterEmpty`, `NulCharacter`, `MultiLevelWildcard`, `SingleLevelWildcard`,
    /// `SharedSubscription` or `FieldTooLong`.
    pub fn new(filter: &'a str) -> Result<Self, Violation> {
        if filter.is_empty() {
            return Err(Violation::TopicFilterEmpty);
        }
        if filter.len() > usize::from(u16::MAX) {
            return Err(Violation::FieldTooLong);
        }
        if holds_special(filter.as_bytes()) {
            let mut levels = filter.split('/').peekable();
            while let Some(level) = levels.next() {
                if level.contains('\0') {
                    return Err(Violation::NulCharacter);
                }
                // [MQTT-4.7.1-1]: "#" alone in its level, and that the last.
                if level.contains('#') && (level != "#" || levels.peek().is_some()) {
                    return Err(Violation::MultiLevelWildcard);
                }
                // [MQTT-4.7.1-2]: "+" alone in its level.
                if level.contains('+') && level != "+" {
                    return Err(Violation::SingleLevelWildcard);
                }
            }
        }
        if let Some(shared) = filter.strip_prefix("$share/") {
            match shared.split_once('/') {
                Some((name, rest)) if !name.is_empty() && !rest.is_empty() && !name.contains(['+', '#']) => {}
                _ => return Err(Violation::SharedSubscription),
            }
        }
        Ok(TopicFilter(filter))
    }

    /// A filter that `decode` has already checked by `new`.
    pub(crate) const fn from_wire(filter: &'a str) -> Self {
        TopicFilter(filter)
    }

    /// The filter, with `$share/…/` if it has one.
    #[inline]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Share name and inner filter of a shared subscription (section 4.8.2).
    pub fn share(self) -> Option<(&'a str, TopicFilter<'a>)> {
        let (name, filter) = self.0.strip_prefix("$share/")?.split_once('/')?;
        Some((name, TopicFilter(filter)))
    }

    /// Whether it has a wildcard.
    pub fn has_wildcard(self) -> bool {
        self.0.contains(['+', '#'])
    }

    /// Whether this topic name matches (section 4.7); for a shared subscription, the inner filter decides.
    pub fn matches(self, topic: TopicName<'_>) -> bool {
        let filter = self.share().map_or(self, |(_, inner)| inner);
        let mut names = topic.0.split('/');
        // [MQTT-4.7.2-1]: a filter that starts with a wildcard matches no name that starts with `$`.
        if topic.0.starts_with('$') && filter.0.starts_with(['+', '#']) {
            return false;
        }
        for level in filter.0.split('/') {
            match (level, names.next()) {
                // "#" also matches the parent level: `a/#` matches `a` (section 4.7.1.2).
                ("#", _) => return true,
                ("+", Some(_)) => {}
                (level, Some(name)) if level == name => {}
                _ => return false,
            }
        }
        names.next().is_none()
    }
}

impl fmt::Debug for TopicName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

impl fmt::Display for TopicName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for TopicFilter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

impl fmt::Display for TopicFilter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Whether U+0000 occurs.
#[inline]
pub(crate) fn holds_nul(bytes: &[u8]) -> bool {
    holds(bytes, |word| word.wrapping_sub(ONES), |byte| byte == 0)
}

/// Whether U+0000, `+` or `#` occurs.
#[inline(always)]
fn holds_special(bytes: &[u8]) -> bool {
    // `+` and `#` are the two bytes that become 0x2B with bit 3.
    let suspects =
        |word: u64| word.wrapping_sub(ONES) | ((word | (ONES * 0x08)) ^ (ONES * 0x2B)).wrapping_sub(ONES);
    holds(bytes, suspects, |byte| matches!(byte, 0 | b'+' | b'#'))
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);

/// Whether some byte fulfils `is`. `suspects` checks eight bytes at once, and marks a suspicious byte by its highest
/// bit: below 0x80, only a zero byte gets it when 1 is subtracted. It may mark too many bytes, but never too few.
///
/// Every PUBLISH needs this, and the compiler does not vectorise a loop over bytes that may stop early.
#[inline(always)]
fn holds(bytes: &[u8], suspects: impl Fn(u64) -> u64, is: impl Fn(u8) -> bool) -> bool {
    if let Some(tail) = bytes.last_chunk::<8>() {
        // The last word overlaps the one before it, which saves a loop over single bytes.
        let mut found = suspects(u64::from_ne_bytes(*tail));
        for word in bytes.as_chunks::<8>().0 {
            found |= suspects(u64::from_ne_bytes(*word));
        }
        if found & HIGHS == 0 {
            return false;
        }
    }
    // Fewer than eight bytes, or a suspicious one.
    bytes.iter().any(|byte| is(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(filter: &str, matching: &[&str], others: &[&str]) {
        let filter = TopicFilter::new(filter).expect(filter);
        for topic in matching {
            assert!(filter.matches(TopicName::new(topic).expect(topic)), "{topic} must match {filter}");
        }
        for topic in others {
            assert!(!filter.matches(TopicName::new(topic).expect(topic)), "{topic} must not match {filter}");
        }
    }

    #[test]
    fn mqtt_4_7_1_a_filter_matches_level_by_level() {
        check("a/b", &["a/b"], &["a", "a/b/", "a/b/c", "A/b", "/a/b", "ab"]);
        check("+", &["a", "ä", "温度"], &["a/b", "/a", "a/", "/"]);
        check("+/+", &["a/b", "/a", "a/", "/"], &["a", "a/b/c", "//"]);
        check("/+", &["/a", "/"], &["a", "/a/b"]);
        check("+/status", &["x/status", "/status"], &["status", "x/status/y", "x/y/status"]);
        check("a/+/c", &["a/b/c", "a//c"], &["a/c", "a/b/b/c"]);
        check("#", &["a", "a/b", "/", "/a", "ä/ö"], &[]);
        check("a/#", &["a", "a/", "a/b", "a/b/c"], &["ab", "b/a", "/a"]);
        check("/#", &["/", "/a"], &["a"]);
        check("+/#", &["a", "a/b", "/", "/a"], &[]);
        check("a/+/#", &["a/b", "a/b/c", "a/"], &["a", "b/b"]);
        check("+/+/#", &["a/b", "a/b/c"], &["a"]);
    }

    #[test]
    fn mqtt_4_7_1_characters_are_not_split() {
        check("é/#", &["é", "é/x"], &["e", "è"]);
        check("+/状态", &["设备/状态", "/状态"], &["设备/状", "设备/状态/x"]);
        check("🏠/+", &["🏠/🚪"], &["🏠", "🚪/🏠"]);
        check("é", &["é"], &["\u{65}\u{301}"]);
    }

    #[test]
    fn mqtt_4_7_2_1_leading_wildcards_match_no_dollar_topics() {
        check("#", &["a$", "a/$SYS"], &["$SYS", "$SYS/broker", "$", "$share"]);
        check("+/broker", &["x/broker"], &["$SYS/broker"]);
        check("+/#", &[], &["$SYS/broker"]);
        check("$SYS/#", &["$SYS", "$SYS/broker/load"], &["SYS", "$SYSx"]);
        check("$SYS/+", &["$SYS/uptime"], &["$SYS", "$SYS/a/b"]);
        check("a/+", &["a/$x"], &[]);
    }

    #[test]
    fn mqtt_4_8_2_a_shared_filter_matches_by_its_inner_filter() {
        check("$share/group/a/+", &["a/b"], &["$share/group/a/b", "a", "$x/b"]);
        check("$share/group/#", &["a"], &["$SYS/a"]);
        check("$share/group//a", &["/a"], &["a"]);
        let filter = TopicFilter::new("$share/g/x/#").unwrap();
        let (name, inner) = filter.share().unwrap();
        assert_eq!((name, inner.as_str()), ("g", "x/#"));
        assert!(TopicFilter::new("$sharex/a").unwrap().share().is_none());
    }

    #[test]
    fn mqtt_4_7_filters_are_checked() {
        let long = "a".repeat(65_536);
        for (filter, violation) in [
            ("", Violation::TopicFilterEmpty),
            ("a\0", Violation::NulCharacter),
            ("#/a", Violation::MultiLevelWildcard),
            ("a/#/b", Violation::MultiLevelWildcard),
            ("a#", Violation::MultiLevelWildcard),
            ("a/b#", Violation::MultiLevelWildcard),
            ("##", Violation::MultiLevelWildcard),
            ("é#", Violation::MultiLevelWildcard),
            ("#/", Violation::MultiLevelWildcard),
            ("a+", Violation::SingleLevelWildcard),
            ("+a/b", Violation::SingleLevelWildcard),
            ("++", Violation::SingleLevelWildcard),
            ("a/é+", Violation::SingleLevelWildcard),
            ("$share/", Violation::SharedSubscription),
            ("$share/g", Violation::SharedSubscription),
            ("$share/g/", Violation::SharedSubscription),
            ("$share//a", Violation::SharedSubscription),
            ("$share/+/a", Violation::SharedSubscription),
            (long.as_str(), Violation::FieldTooLong),
        ] {
            assert_eq!(TopicFilter::new(filter), Err(violation), "{filter}");
        }
        for filter in ["/", "//", "+", "#", "+/+", "a//#", "$share", "$SYS/#", " ", &long[1..]] {
            assert!(TopicFilter::new(filter).is_ok(), "{filter}");
        }
    }

    #[test]
    fn mqtt_3_3_2_2_names_are_checked() {
        let long = "a".repeat(65_536);
        for (name, violation) in [
            ("", Violation::TopicNameEmpty),
            ("\0", Violation::NulCharacter),
            ("a+\0", Violation::NulCharacter),
            ("+", Violation::TopicNameWildcard),
            ("a/#", Violation::TopicNameWildcard),
            ("aaaaaaa+", Violation::TopicNameWildcard),
            ("aaaaaaaa+", Violation::TopicNameWildcard),
            ("+aaaaaaaaaaaaaaa", Violation::TopicNameWildcard),
            ("#aaaaaaaaaaaaaaaa", Violation::TopicNameWildcard),
            ("aaaaaaaaaaaaaaaaaaaa\0aa", Violation::NulCharacter),
            (long.as_str(), Violation::FieldTooLong),
        ] {
            assert_eq!(TopicName::new(name), Err(violation), "{name}");
        }
        for name in ["/", "//", "a b", "$SYS", "温度", "\u{1}", "*,\"$", &long[1..]] {
            assert!(TopicName::new(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn eight_bytes_at_a_time_finds_what_one_at_a_time_finds() {
        for len in 0..40 {
            for at in 0..len {
                for byte in 0..=255 {
                    let mut bytes = vec![b'a'; len];
                    bytes[at] = byte;
                    let special = matches!(byte, 0 | b'+' | b'#');
                    assert_eq!(holds_special(&bytes), special, "{byte} at {at} of {len}");
                    assert_eq!(holds_nul(&bytes), byte == 0, "{byte} at {at} of {len}");
                }
            }
        }
    }
}
