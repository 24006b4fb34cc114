//! What somebody who helps must know of a connection, as a text to send them.
//!
//! In English whatever the page speaks: it is for a forum, an issue or an administrator, and is searched for. Pure:
//! what is known in, a text out. It has no secrets: of user, password and client id only whether they are given; of the
//! address no query, in which some brokers expect a token; of what the broker said only the codes, not its own words.

use std::fmt::Write as _;

use fleet::{Counts, Engine, FilterState};
use mqtt::{Time, Version, VersionChoice};

use crate::address::Address;
use crate::diagnosis::{Cause, Diagnosis, Fact};
use crate::link::{Call, Moment, Step};

/// How many filters are listed; the rest are counted.
const LISTED: usize = 100;

/// What a report is about.
pub struct Subject<'a> {
    /// When it is written.
    pub now: Time,
    /// The browser, as it calls itself.
    pub browser: &'a str,
    /// Whether the page itself came by https.
    pub page_is_secure: bool,
    /// The connection.
    pub call: &'a Call,
    /// The word for where it stands.
    pub standing: &'static str,
    /// Why there is none, if there is none.
    pub diagnosis: Option<&'a Diagnosis>,
}

/// How typed reasons are worded.
pub struct Words {
    /// A fact.
    pub fact: fn(&Fact) -> String,
    /// A guess.
    pub cause: fn(&Cause) -> String,
    /// What became of a filter.
    pub filter: fn(FilterState) -> String,
}

/// The report.
pub fn report(about: &Subject<'_>, words: &Words) -> String {
    let mut lines = Lines(String::new());
    let Call { profile, engine, log, .. } = about.call;
    lines.say("Willow", env!("CARGO_PKG_VERSION"));
    lines.say("Time", &iso(about.now));
    lines.say("Browser", &one_line(about.browser));
    lines.say("Page", if about.page_is_secure { "https" } else { "http" });
    lines.say("Broker", &place(&profile.address));
    let given = |is_given| if is_given { "given" } else { "none" };
    lines.say("User", given(profile.user.is_some()));
    lines.say("Password", given(profile.password.is_some()));
    lines.say("Client id", if profile.client_id.is_some() { "given" } else { "a new one each time" });
    lines.say("Keep-alive", &format!("{} s", profile.keep_alive));
    let allowed = match profile.version {
        VersionChoice::Newest => "5, then 3.1.1",
        VersionChoice::Only(version) => word(version),
    };
    lines.say("MQTT allowed", allowed);
    lines.say("MQTT spoken", engine.session().version().map_or("none so far", word));
    lines.say("Link", about.standing);
    lines.history(log);
    if let Some(Diagnosis { facts, causes, .. }) = about.diagnosis {
        let facts = facts.iter().filter(|fact| !matches!(fact, Fact::Said(_)));
        lines.list("Known", facts.map(words.fact));
        lines.list("Likely (guesses)", causes.iter().map(words.cause));
    }
    lines.say("Snapshot", engine.snapshot().state().word());
    lines.filters(engine, about.now, words.filter);
    let Counts { total, online, offline, sleeping, degraded, unknown, live, retained, stale } =
        engine.fleet().counts();
    lines.say(
        "Devices",
        &format!("{total}: {online} online, {offline} offline, {sleeping} asleep, {degraded} degraded, {unknown} unknown"),
    );
    lines.say("Evidence", &format!("{live} live, {retained} retained, {stale} stale"));
    let refused = engine.fleet().refused();
    if refused.devices + refused.topics + refused.metadata > 0 {
        let left_out =
            format!("{} devices, {} topics, {} metadata", refused.devices, refused.topics, refused.metadata);
        lines.say("Messages left out", &left_out);
    }
    lines.0
}

struct Lines(String);

impl Lines {
    fn say(&mut self, name: &str, value: &str) {
        // A `String` takes whatever is written.
        let _ = writeln!(self.0, "{name}: {value}");
    }

    fn list(&mut self, title: &str, items: impl Iterator<Item = String>) {
        let _ = writeln!(self.0, "{title}:");
        for item in items {
            let _ = writeln!(self.0, "- {}", one_line(&item));
        }
    }

    /// What happened, each with the time since the line before.
    fn history(&mut self, log: &[Moment]) {
        let _ = writeln!(self.0, "History:");
        let mut before: Option<Time> = None;
        for Moment { at, step } in log {
            let when = match before {
                None => iso(*at),
                Some(before) => format!("+{} ms", at.0.saturating_sub(before.0)),
            };
            let code = match step {
                Step::Closed(Some(code)) => format!(" with code {code}"),
                _ => String::new(),
            };
            let _ = writeln!(self.0, "- {when} {}{code}", step.word());
            before = Some(*at);
        }
    }

    fn filters(&mut self, engine: &Engine, now: Time, state: fn(FilterState) -> String) {
        let _ = writeln!(self.0, "Filters:");
        let filters = engine.snapshot().filters();
        for filter in filters.iter().take(LISTED) {
            let _ = writeln!(
                self.0,
                "- {}: {}; {} messages, {} topics, {} of no use, {} per second",
                one_line(filter.as_str()),
                state(filter.state()),
                filter.messages(),
                filter.topics(),
                filter.useless(),
                filter.rate(now)
            );
        }
        if filters.len() > LISTED {
            let _ = writeln!(self.0, "- and {} more", filters.len() - LISTED);
        }
        for rejected in engine.rejected_filters() {
            let _ = writeln!(self.0, "- {}: cannot be used", one_line(&rejected.filter));
        }
    }
}

/// Scheme, host, port and path.
fn place(address: &Address) -> String {
    let (host, bracket) = (address.host(), address.host().contains(':'));
    let (open, close) = if bracket { ("[", "]") } else { ("", "") };
    let scheme = if address.secure() { "wss" } else { "ws" };
    let (path, query) =
        address.path().split_once('?').map_or((address.path(), ""), |(path, _)| (path, " (query left out)"));
    format!("{scheme}://{open}{host}{close}:{}{path}{query}", address.port())
}

fn word(version: Version) -> &'static str {
    match version {
        Version::V311 => "3.1.1",
        Version::V5 => "5",
    }
}

/// A text that cannot begin a line of its own.
fn one_line(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).take(300).collect()
}

fn iso(time: Time) -> String {
    // The browser's clock gave it, so it is a date.
    js_sys::Date::new(&(time.0 as f64).into()).to_iso_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{Link, Profile};
    use wasm_bindgen_test::wasm_bindgen_test;

    /// The boundary: a profile and what was heard ⇄ the report.
    fn written(address: &str, heard: &[&[u8]]) -> String {
        let profile = Profile {
            address: Address::parse(address).expect("a test's address is valid"),
            user: Some("secret-user".to_owned()),
            password: Some("secret-password".to_owned()),
            keep_alive: 30,
            version: VersionChoice::Only(Version::V311),
            filters: vec!["site/#".to_owned(), "$share/g/a".to_owned()],
            client_id: Some("secret-id".to_owned()),
        };
        let link = Link::scripted(profile, heard);
        let diagnosis = Diagnosis {
            kind: crate::diagnosis::Kind::Failed,
            facts: vec![Fact::NeverOpened, Fact::Said("secret-word".to_owned())],
            causes: vec![Cause::Network],
            remedies: Vec::new(),
        };
        let words = Words {
            fact: |fact| format!("{fact:?}\nKnown:"),
            cause: |cause| format!("{cause:?}"),
            filter: |_| "as it is".to_owned(),
        };
        let text = link.with(|call| {
            let about = Subject {
                now: Time(1_700_000_000_000),
                browser: "Browser/1\nLink: connected",
                page_is_secure: true,
                call,
                standing: "waiting",
                diagnosis: Some(&diagnosis),
            };
            report(&about, &words)
        });
        text.expect("the link was asked to connect")
    }

    #[wasm_bindgen_test]
    fn a_report_says_what_helps_and_no_secret() {
        let text = written("wss://FD.example:8084/mqtt?token=secret-token", &[&[0x20, 2, 0, 0]]);
        for line in [
            "Time: 2023-11-14T22:13:20.000Z",
            "Browser: Browser/1 Link: connected",
            "Page: https",
            "Broker: wss://fd.example:8084/mqtt (query left out)",
            "User: given",
            "Password: given",
            "Client id: given",
            "MQTT allowed: 3.1.1",
            "MQTT spoken: 3.1.1",
            "Link: waiting",
            "- NeverOpened Known:",
            "- Network",
            "- site/#: as it is; 0 messages, 0 topics, 0 of no use, 0 per second",
            "- $share/g/a: cannot be used",
            "Devices: 0: 0 online, 0 offline, 0 asleep, 0 degraded, 0 unknown",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\nin\n{text}");
        }
        assert!(text.contains("opened") && text.contains("connected"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }

    #[wasm_bindgen_test]
    fn an_address_is_told_without_its_query() {
        let check = |address: &str, expected: &str| {
            assert_eq!(place(&Address::parse(address).expect("a test's address is valid")), expected);
        };
        check("ws://[::1]/a/b", "ws://[::1]:80/a/b");
        check("ws://farm", "ws://farm:80");
        check("wss://farm?x", "wss://farm:443 (query left out)");
    }
}
