//! The support report: what a helper needs to know about a connection, as text to send.
//!
//! In English in every language: it is for a forum, an issue or an administrator, and is searched for. Pure. It contains
//! no secrets: only whether user, password and client id are given; no query of the address, in which some brokers
//! expect a token; the broker's codes, but not its own words.

use std::fmt::Write as _;

use fleet::{Counts, Engine, SubscriptionState};
use mqtt::{Time, VersionChoice};

use super::diagnose::{Cause, Diagnosis, Fact};
use crate::client::{Active, Address, ConnectionLog, LogEntry, Step};

/// How many topic filters are listed; the rest are counted.
const MAX_LISTED: usize = 100;
/// How many characters of a text are shown.
const MAX_TEXT: usize = 300;

/// What a report is about.
pub struct Subject<'a> {
    /// When it is written.
    pub now: Time,
    /// The browser, as it calls itself.
    pub browser: &'a str,
    /// Whether the page itself came by https.
    pub page_is_secure: bool,
    /// The connection.
    pub active: Active<'a>,
    /// The word for its state, see [`crate::client::word`].
    pub link: &'static str,
    /// Why there is none, if it failed.
    pub diagnosis: Option<&'a Diagnosis>,
}

/// The wording of typed values, in English.
pub struct Wording {
    /// A fact.
    pub fact: fn(&Fact) -> String,
    /// A likely cause.
    pub cause: fn(&Cause) -> String,
    /// The state of a topic filter.
    pub filter: fn(SubscriptionState) -> String,
}

/// Writes the report.
pub fn report(subject: &Subject<'_>, wording: &Wording) -> String {
    let mut lines = Lines(String::new());
    let Active { profile, engine, log } = subject.active;
    lines.add("Willow", env!("CARGO_PKG_VERSION"));
    lines.add("Time", &iso(subject.now));
    lines.add("Browser", &one_line(subject.browser));
    lines.add("Page", if subject.page_is_secure { "https" } else { "http" });
    lines.add("Broker", &address_text(&profile.address));
    let given = |is_given| if is_given { "given" } else { "none" };
    lines.add("User", given(profile.user.is_some()));
    lines.add("Password", given(profile.password.is_some()));
    lines.add("Client id", if profile.client_id.is_some() { "given" } else { "a new one each time" });
    lines.add("Keep-alive", &format!("{} s", profile.keep_alive));
    let allowed = match profile.version {
        VersionChoice::Newest => "5, then 3.1.1".to_owned(),
        VersionChoice::Only(version) => version.to_string(),
    };
    lines.add("MQTT allowed", &allowed);
    let spoken = engine.session().version().map(|version| version.to_string());
    lines.add("MQTT spoken", spoken.as_deref().unwrap_or("none so far"));
    lines.add("Link", subject.link);
    lines.history(log);
    if let Some(Diagnosis { facts, causes, .. }) = subject.diagnosis {
        let facts = facts.iter().filter(|fact| !matches!(fact, Fact::Said(_)));
        lines.list("Known", facts.map(wording.fact));
        lines.list("Likely (guesses)", causes.iter().map(wording.cause));
    }
    lines.add("Snapshot", engine.snapshot().state().word());
    lines.filters(engine, subject.now, wording.filter);
    let Counts { total, online, offline, sleeping, degraded, unknown, live, retained, stale } =
        engine.fleet().counts();
    lines.add(
        "Devices",
        &format!("{total}: {online} online, {offline} offline, {sleeping} asleep, {degraded} degraded, {unknown} unknown"),
    );
    lines.add("Evidence", &format!("{live} live, {retained} retained, {stale} stale"));
    let refused = engine.fleet().refused();
    if refused.devices + refused.topics + refused.metadata > 0 {
        let left_out =
            format!("{} devices, {} topics, {} metadata", refused.devices, refused.topics, refused.metadata);
        lines.add("Messages left out", &left_out);
    }
    lines.0
}

struct Lines(String);

impl Lines {
    fn add(&mut self, name: &str, value: &str) {
        // Writing to a `String` does not fail.
        let _ = writeln!(self.0, "{name}: {value}");
    }

    fn list(&mut self, title: &str, items: impl Iterator<Item = String>) {
        let _ = writeln!(self.0, "{title}:");
        for item in items {
            let _ = writeln!(self.0, "- {}", one_line(&item));
        }
    }

    /// What happened, each line with the time since the one before.
    fn history(&mut self, log: &ConnectionLog) {
        let _ = writeln!(self.0, "History:");
        let mut previous: Option<Time> = None;
        for LogEntry { at, step } in log.entries() {
            let when = match previous {
                None => iso(*at),
                Some(previous) => format!("+{} ms", at.0.saturating_sub(previous.0)),
            };
            let code = match step {
                Step::Closed(Some(code)) => format!(" with code {code}"),
                _ => String::new(),
            };
            let _ = writeln!(self.0, "- {when} {}{code}", step.words());
            previous = Some(*at);
        }
    }

    fn filters(&mut self, engine: &Engine, now: Time, state: fn(SubscriptionState) -> String) {
        let _ = writeln!(self.0, "Filters:");
        let filters = engine.snapshot().subscriptions();
        for filter in filters.iter().take(MAX_LISTED) {
            let _ = writeln!(
                self.0,
                "- {}: {}; {} messages, {} topics, {} unmatched, {} per second",
                one_line(filter.as_str()),
                state(filter.state()),
                filter.messages(),
                filter.topics(),
                filter.unmatched(),
                filter.rate(now)
            );
        }
        if filters.len() > MAX_LISTED {
            let _ = writeln!(self.0, "- and {} more", filters.len() - MAX_LISTED);
        }
        for rejected in engine.rejected_filters() {
            let _ = writeln!(self.0, "- {}: cannot be used", one_line(&rejected.filter));
        }
    }
}

/// Scheme, host, port and path.
fn address_text(address: &Address) -> String {
    let (host, bracket) = (address.host(), address.host().contains(':'));
    let (open, close) = if bracket { ("[", "]") } else { ("", "") };
    let scheme = if address.secure() { "wss" } else { "ws" };
    let (path, query) =
        address.path().split_once('?').map_or((address.path(), ""), |(path, _)| (path, " (query left out)"));
    format!("{scheme}://{open}{host}{close}:{}{path}{query}", address.port())
}

/// A text without line breaks, so that it cannot pass for another line of the report.
fn one_line(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).take(MAX_TEXT).collect()
}

fn iso(time: Time) -> String {
    // The browser's clock gave it, so it is a date.
    js_sys::Date::new(&(time.0 as f64).into()).to_iso_string().into()
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::super::diagnose::Kind;
    use super::*;
    use crate::client::{Profile, ScriptedBroker};
    use mqtt::Version;

    /// The boundary: a profile and what the broker sent ⇄ the report.
    fn written(address: &str, received: &[&[u8]]) -> String {
        let profile = Profile {
            address: Address::parse(address).expect("a test's address is valid"),
            user: Some("secret-user".to_owned()),
            password: Some("secret-password".to_owned()),
            keep_alive: 30,
            version: VersionChoice::Only(Version::V311),
            filters: vec!["site/#".to_owned(), "$share/g/a".to_owned()],
            client_id: Some("secret-id".to_owned()),
        };
        let (connection, _broker) = ScriptedBroker::connected(profile, received);
        let diagnosis = Diagnosis {
            kind: Kind::Failed,
            facts: vec![Fact::NeverOpened, Fact::Said("secret-word".to_owned())],
            causes: vec![Cause::Network],
            remedies: Vec::new(),
        };
        let wording = Wording {
            fact: |fact| format!("{fact:?}\nKnown:"),
            cause: |cause| format!("{cause:?}"),
            filter: |_| "as it is".to_owned(),
        };
        let text = connection.read(|active| {
            let subject = Subject {
                now: Time(1_700_000_000_000),
                browser: "Browser/1\nLink: connected",
                page_is_secure: true,
                active,
                link: "waiting",
                diagnosis: Some(&diagnosis),
            };
            report(&subject, &wording)
        });
        text.expect("the connection was asked for")
    }

    #[wasm_bindgen_test]
    fn a_report_contains_what_helps_and_no_secret() {
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
            "- site/#: as it is; 0 messages, 0 topics, 0 unmatched, 0 per second",
            "- $share/g/a: cannot be used",
            "Devices: 0: 0 online, 0 offline, 0 asleep, 0 degraded, 0 unknown",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\nin\n{text}");
        }
        assert!(text.contains("opened") && text.contains("connected"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }

    #[wasm_bindgen_test]
    fn an_address_is_shown_without_its_query() {
        let check = |address: &str, expected: &str| {
            assert_eq!(address_text(&Address::parse(address).expect("a test's address is valid")), expected);
        };
        check("ws://[::1]/a/b", "ws://[::1]:80/a/b");
        check("ws://farm", "ws://farm:80");
        check("wss://farm?x", "wss://farm:443 (query left out)");
    }
}
