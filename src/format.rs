//! Numbers, times and durations in the visitor's own writing, by the browser's `Intl`.
//!
//! The only place that formats a value for a person. Components call [`use_format`]. Knows no word of any language.

use std::rc::Rc;

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use leptos::prelude::*;
use mqtt::Time;
use wasm_bindgen::{JsCast, JsValue};

use crate::i18n::{self, I18n, Locale, is_same_language};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Formats values in the visitor's language, now and again when it changes. Provided by [`provide_format`].
#[derive(Copy, Clone)]
pub struct Format {
    i18n: I18n,
    /// The visitor's languages by the browser's settings.
    visitor: StoredValue<Vec<String>>,
    /// Those of each language that the page was shown in: formatters are slow to make and fast to use.
    formats: StoredValue<Vec<(Locale, Rc<Formats>)>, LocalStorage>,
}

/// Makes [`use_format`] work in what lies below.
pub fn provide_format(i18n: I18n, visitor: Vec<String>) {
    provide_context(Format {
        i18n,
        visitor: StoredValue::new(visitor),
        formats: StoredValue::new_local(Vec::new()),
    });
}

/// The formatters of the visitor's language.
pub fn use_format() -> Format {
    expect_context()
}

impl Format {
    /// The formatters. The running effect or memo follows the language.
    pub fn get(self) -> Rc<Formats> {
        self.of(self.i18n.get_locale())
    }

    /// The formatters, for an event's listener.
    pub fn get_untracked(self) -> Rc<Formats> {
        self.of(self.i18n.get_locale_untracked())
    }

    fn of(self, locale: Locale) -> Rc<Formats> {
        let known = self.formats.with_value(|formats| {
            formats.iter().find(|(of, _)| *of == locale).map(|(_, formats)| formats.clone())
        });
        known.unwrap_or_else(|| {
            let language = i18n::tag(locale);
            let formats = Rc::new(self.visitor.with_value(|visitor| Formats::new(tag(language, visitor))));
            self.formats.update_value(|known| known.push((locale, formats.clone())));
            formats
        })
    }

    /// A count; see [`Formats::count`] for this and the following.
    pub fn count(self, count: impl TryInto<u64>) -> String {
        self.get().count(count)
    }

    /// A time of day.
    pub fn clock(self, time: Time) -> String {
        self.get().clock(time)
    }

    /// When something was.
    pub fn moment(self, time: Time, now: Time) -> String {
        self.get().moment(time, now)
    }

    /// A share, in thousandths.
    pub fn percent(self, thousandths: u32) -> String {
        self.get().percent(thousandths)
    }

    /// A number of bytes.
    pub fn bytes(self, count: usize) -> String {
        self.get().bytes(count)
    }

    /// A duration that goes on, in milliseconds.
    pub fn duration(self, milliseconds: u64) -> String {
        self.get().duration(milliseconds)
    }

    /// A duration that is over, in milliseconds.
    pub fn lasted(self, milliseconds: u64) -> String {
        self.get().lasted(milliseconds)
    }
}

/// The formatters of one language.
pub struct Formats {
    number: Function,
    percent: Function,
    bytes: Function,
    time: Function,
    short_time: Function,
    date: Function,
    seconds: Function,
    minutes: Function,
    hours: Function,
    days: Function,
    /// Joins the parts of a duration; `None` in a browser without `Intl.ListFormat`.
    parts: Option<Function>,
}

impl Formats {
    /// Formatters for a language tag; a tag the browser does not know falls back to its own.
    pub fn new(tag: &str) -> Formats {
        let tags = Array::of1(&tag.into());
        let number = |pairs: &[(&str, JsValue)]| Intl::NumberFormat::new(&tags, &options(pairs)).format();
        let measure = |unit: &str, display: &str| {
            number(&[("style", "unit".into()), ("unit", unit.into()), ("unitDisplay", display.into())])
        };
        let unit = |name: &str| measure(name, "short");
        // 24 hours everywhere: the width stays the same all day, and no "PM" hides behind an ellipsis.
        let date = |pairs: &[(&str, &str)]| {
            let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, JsValue::from(*value))).collect();
            Intl::DateTimeFormat::new(&tags, &options(&pairs)).format()
        };
        Formats {
            number: number(&[]),
            percent: number(&[
                ("style", "percent".into()),
                ("minimumFractionDigits", 1.into()),
                ("maximumFractionDigits", 1.into()),
            ]),
            bytes: measure("byte", "long"),
            time: date(&[
                ("hour", "2-digit"),
                ("minute", "2-digit"),
                ("second", "2-digit"),
                ("hourCycle", "h23"),
            ]),
            short_time: date(&[("hour", "2-digit"), ("minute", "2-digit"), ("hourCycle", "h23")]),
            date: date(&[
                ("month", "short"),
                ("day", "numeric"),
                ("hour", "2-digit"),
                ("minute", "2-digit"),
                ("hourCycle", "h23"),
            ]),
            seconds: unit("second"),
            minutes: unit("minute"),
            hours: unit("hour"),
            days: unit("day"),
            parts: list_format(&tags),
        }
    }

    /// A count, with the language's separators: 100,000.
    pub fn count(&self, count: impl TryInto<u64>) -> String {
        // A `usize` of the page has 32 bits only.
        let count = count.try_into().unwrap_or(u64::MAX);
        formatted(&self.number, &JsValue::from_f64(count as f64))
    }

    /// The time of day, with seconds.
    pub fn clock(&self, time: Time) -> String {
        formatted(&self.time, &date(time))
    }

    /// When something was, no longer than it must be: seconds while they matter, the day once it is not
    /// today any more.
    pub fn moment(&self, time: Time, now: Time) -> String {
        let format = match now.0.saturating_sub(time.0) {
            age if age >= DAY || date(time).get_date() != date(now).get_date() => &self.date,
            age if age >= HOUR => &self.short_time,
            _ => &self.time,
        };
        formatted(format, &date(time))
    }

    /// A share of the whole, given in thousandths: 99.9%.
    pub fn percent(&self, thousandths: u32) -> String {
        formatted(&self.percent, &JsValue::from_f64(f64::from(thousandths) / 1_000.0))
    }

    /// A number of bytes.
    pub fn bytes(&self, count: usize) -> String {
        formatted(&self.bytes, &JsValue::from_f64(count as f64))
    }

    /// A duration that goes on, in milliseconds, no finer than the page's clock recomputes it: `12 sec`,
    /// `4 min`, `2 hr 55 min`.
    pub fn duration(&self, milliseconds: u64) -> String {
        // Below an hour the seconds would jump.
        match milliseconds {
            MINUTE..HOUR => self.lasted(milliseconds / MINUTE * MINUTE),
            _ => self.lasted(milliseconds),
        }
    }

    /// A duration that is over, in milliseconds, in its two largest units, or fewer: `3 min 12 sec`, `9 days`.
    pub fn lasted(&self, milliseconds: u64) -> String {
        let unit = |format, count: u64| formatted(format, &JsValue::from_f64(count as f64));
        let (large, small, length, part) = match milliseconds {
            0..MINUTE => return unit(&self.seconds, milliseconds / SECOND),
            MINUTE..HOUR => (&self.minutes, &self.seconds, MINUTE, SECOND),
            HOUR..DAY => (&self.hours, &self.minutes, HOUR, MINUTE),
            _ => (&self.days, &self.hours, DAY, HOUR),
        };
        let (whole, rest) = (milliseconds / length, milliseconds % length / part);
        let whole = unit(large, whole);
        if rest == 0 {
            return whole;
        }
        let rest = unit(small, rest);
        match &self.parts {
            Some(parts) => formatted(parts, &Array::of2(&whole.into(), &rest.into())),
            None => format!("{whole} {rest}"),
        }
    }
}

/// What joins `3 min` and `12 sec` without a comma.
fn list_format(tags: &Array) -> Option<Function> {
    let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let class: Function = Reflect::get(&intl, &"ListFormat".into()).ok()?.dyn_into().ok()?;
    let options = options(&[("type", "unit".into()), ("style", "narrow".into())]);
    let list = Reflect::construct(&class, &Array::of2(tags, &options)).ok()?;
    let format: Function = Reflect::get(&list, &"format".into()).ok()?.dyn_into().ok()?;
    // Unlike the others' it is no getter that is bound already.
    Some(format.bind0(&list))
}

/// The tag to format by: the visitor's own variant of the language (British dates for an English page),
/// or else the language itself.
pub fn tag<'a>(language: &'a str, visitor: &'a [String]) -> &'a str {
    // Traditional characters beside a page in simplified ones would be another language.
    let is_traditional =
        |part: &str| ["hant", "tw", "hk", "mo"].iter().any(|other| part.eq_ignore_ascii_case(other));
    let fits = |tag: &&String| {
        is_same_language(tag, language) && !tag.split('-').any(is_traditional) && is_well_formed(tag)
    };
    visitor.iter().find(fits).map_or(language, String::as_str)
}

/// Whether `Intl` takes a tag. It throws on others, and some systems have them: `en-US@posix`.
fn is_well_formed(tag: &str) -> bool {
    let intl = Reflect::get(&js_sys::global(), &"Intl".into());
    let check = intl.and_then(|intl| Reflect::get(&intl, &"getCanonicalLocales".into()));
    let check = check.ok().and_then(|check| check.dyn_into::<Function>().ok());
    check.is_some_and(|check| check.call1(&JsValue::UNDEFINED, &tag.into()).is_ok())
}

fn date(time: Time) -> Date {
    Date::new(&JsValue::from_f64(time.0 as f64))
}

fn formatted(format: &Function, value: &JsValue) -> String {
    // `Intl` throws for values that are no number or no date; these are always one.
    format.call1(&JsValue::UNDEFINED, value).ok().and_then(|text| text.as_string()).unwrap_or_default()
}

fn options(pairs: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in pairs {
        // Setting a property of a fresh plain object cannot fail.
        let _ = Reflect::set(object.unchecked_ref(), &(*name).into(), value);
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn counts_and_durations_in_both_languages() {
        let (english, chinese) = (Formats::new("en"), Formats::new("zh-CN"));
        assert_eq!(english.count(100_000), "100,000");
        assert_eq!(english.count(5_000_000_000_u64), "5,000,000,000");
        let check = |milliseconds, in_english: &str, in_chinese: &str| {
            assert_eq!(english.duration(milliseconds), in_english);
            assert_eq!(chinese.duration(milliseconds), in_chinese);
        };
        check(0, "0 sec", "0秒");
        check(59_999, "59 sec", "59秒");
        check(4 * MINUTE + 59 * SECOND, "4 min", "4分钟");
        check(2 * HOUR + 55 * MINUTE, "2 hr 55 min", "2小时55分钟");
        check(3 * HOUR, "3 hr", "3小时");
        check(DAY + 2 * HOUR, "1 day 2 hr", "1天2小时");
        check(9 * DAY, "9 days", "9天");
        let check = |milliseconds, in_english: &str, in_chinese: &str| {
            assert_eq!(english.lasted(milliseconds), in_english);
            assert_eq!(chinese.lasted(milliseconds), in_chinese);
        };
        check(999, "0 sec", "0秒");
        check(3 * MINUTE + 12 * SECOND + 999, "3 min 12 sec", "3分钟12秒");
        check(3 * MINUTE, "3 min", "3分钟");
        check(2 * HOUR + 5 * MINUTE + 59 * SECOND, "2 hr 5 min", "2小时5分钟");
        check(4 * DAY + 3 * HOUR, "4 days 3 hr", "4天3小时");
    }

    #[wasm_bindgen_test]
    fn shares_and_sizes_in_both_languages() {
        let (english, chinese) = (Formats::new("en"), Formats::new("zh-CN"));
        assert_eq!((english.percent(999), chinese.percent(999)), ("99.9%".into(), "99.9%".into()));
        assert_eq!((english.percent(1_000), english.percent(0)), ("100.0%".into(), "0.0%".into()));
        assert_eq!((english.bytes(1), english.bytes(1_024)), ("1 byte".into(), "1,024 bytes".into()));
        assert_eq!(chinese.bytes(6), "6字节");
    }

    #[wasm_bindgen_test]
    fn moments_say_the_day_only_when_it_is_another() {
        let formats = Formats::new("en");
        // Noon of some day, wherever the test runs.
        let noon = {
            let date = Date::new(&JsValue::from_f64(1_700_000_000_000.0));
            date.set_hours(12);
            date.set_minutes(7);
            date.set_seconds(31);
            date.get_time() as u64
        };
        assert_eq!(formats.clock(Time(noon)), "12:07:31");
        assert_eq!(formats.moment(Time(noon), Time(noon + 5 * MINUTE)), "12:07:31");
        assert_eq!(formats.moment(Time(noon), Time(noon + 2 * HOUR)), "12:07");
        assert!(formats.moment(Time(noon), Time(noon + DAY)).contains("Nov"));
        assert!(formats.moment(Time(noon), Time(noon + 13 * HOUR)).contains("Nov"));
    }

    #[wasm_bindgen_test]
    fn the_visitor_s_own_variant_is_used() {
        let visitor = ["de-DE", "en-GB", "zh-TW"].map(str::to_owned);
        assert_eq!(tag("en", &visitor), "en-GB");
        assert_eq!(tag("zh-CN", &visitor[..2]), "zh-CN");
        assert_eq!(tag("en", &[]), "en");
        let chinese = ["zh-Hant-HK", "zh-tw", "zh-MO", "zh-Hans-SG", "zh-CN"].map(str::to_owned);
        assert_eq!(tag("zh-CN", &chinese), "zh-Hans-SG");
        let odd = ["en-US@posix", "en_GB", "en-AU"].map(str::to_owned);
        assert_eq!(tag("en", &odd), "en-AU");
        assert_eq!(tag("en", &odd[..2]), "en");
    }
}
