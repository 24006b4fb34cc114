//! Why there is no connection, in words: facts apart from guesses, and both apart from advice.
//!
//! Loaded at the first trouble, and kept. A moment before, the page came from its host; where that cannot be reached any
//! more, this is a finding as well, and the page has the words for it: the network is down.

use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;
use mqtt::{Link, ReasonCode, Version};

use super::Page;
use super::element::{El, button, el};
use super::headline::leave_focus;
use super::later::{self, later};
use super::list::{Item, list};
use super::report::report_button;
use super::signal::Signal;
use crate::diagnosis::{Cause, Diagnosis, Fact, Kind, Remedy};
use crate::link;
use crate::words::Locale;
use crate::{phrase, say};

/// The panel; nothing while there is nothing to explain.
pub fn diagnosis_panel(page: Page, into: El) -> El {
    // It stays while one diagnosis follows the other: a button in it may have the focus.
    into.part_while(
        move || page.state.with(|state| state.is_in_trouble),
        move || {
            let place = el("div", "");
            leave_focus(&place);
            later::open_or_say(page, place, phrase!(later.no_network), move |into| load_panel(page, into))
        },
    )
}

later! { diagnosis: fn load_panel(page: Page, into: El) { into.append(&panel(page)) } }

/// What is wrong with the connection, now and again after every change.
fn watched(page: Page) -> Option<Diagnosis> {
    page.watch(|link| Diagnosis::of(link, page.origin.secure))
}

fn panel(page: Page) -> El {
    let now = Rc::new(Signal::new(link::now()));
    let clock = now.clone();
    if let Ok(ticks) = set_interval_with_handle(move || clock.set(link::now()), Duration::from_secs(1)) {
        on_cleanup(move || ticks.clear());
    }
    let title = el("h2", "").tells(move || {
        let locale = page.locale.get();
        let Some(Diagnosis { kind, .. }) = watched(page) else { return String::new() };
        let phrase = match kind {
            Kind::Failed => phrase!(diagnosis.title.waiting),
            Kind::Lost => phrase!(diagnosis.title.lost),
            Kind::Refused => phrase!(diagnosis.title.refused),
            Kind::Blocked => phrase!(diagnosis.title.blocked),
        };
        phrase.to(locale).to_owned()
    });
    let columns = list(el("div", "columns"), move || {
        let locale = page.locale.get();
        let Some(Diagnosis { facts, causes, remedies, .. }) = watched(page) else { return Vec::new() };
        let columns = [
            (say!(locale, diagnosis.facts), facts.iter().map(|fact| say_fact(locale, fact)).collect()),
            (say!(locale, diagnosis.causes), causes.iter().map(|cause| say_cause(locale, cause)).collect()),
            (
                say!(locale, diagnosis.remedies),
                remedies.iter().map(|remedy| say_remedy(locale, remedy)).collect(),
            ),
        ];
        columns.into_iter().filter_map(|(title, items)| column(title, items)).collect()
    });
    let countdown = el("span", "countdown").tells(move || {
        let locale = page.locale.get();
        match page.state.with(|state| state.standing) {
            Link::Waiting { retry_at } => {
                // Rounded up: "0 sec" would claim that it is happening.
                let left = retry_at.since(now.get()).as_millis() as u64 + 999;
                let duration = page.format(|formats| formats.duration(left));
                say!(locale, diagnosis.next_try, duration = duration)
            }
            Link::Connecting => say!(locale, diagnosis.trying).to_owned(),
            _ => String::new(),
        }
    });
    let try_now = button("button primary", move |_| page.link(|link| link.retry_now()))
        .says(page, phrase!(diagnosis.try_now));
    let change =
        button("button", move |_| page.dialog_is_open.set(true)).says(page, phrase!(diagnosis.change));
    el("section", "note trouble")
        .attr("data-diagnosis", "")
        .child(title)
        .child(columns)
        .child(el("div", "actions").child(try_now).child(change).child(countdown))
        .child(report_button(page))
}

/// A title and what stands below it; nothing where there is nothing to say. It stays while it says the same.
fn column(title: &'static str, items: Vec<String>) -> Option<Item> {
    (!items.is_empty()).then(|| {
        Item::new(format!("{title}\n{}", items.join("\n")), move || {
            let items = items.iter().map(|item| el("li", "").attr("dir", "auto").text(item));
            el("div", "").child(el("h3", "").text(title)).child(el("ul", "").children(items))
        })
    })
}

/// What was seen, in words.
pub fn say_fact(locale: Locale, fact: &Fact) -> String {
    let phrase = match fact {
        Fact::MixedContent => phrase!(fact.mixed_content),
        Fact::InvalidUrl => phrase!(fact.invalid_url),
        Fact::BlockedByBrowser => phrase!(fact.blocked),
        Fact::NeverOpened => phrase!(fact.never_opened),
        Fact::OpenTimeout => phrase!(fact.timed_out_opening),
        Fact::NoConnack => phrase!(fact.no_connack),
        Fact::ClosedBeforeConnack => phrase!(fact.closed_before_connack),
        Fact::BadCredentials => phrase!(fact.bad_credentials),
        Fact::NotAuthorised => phrase!(fact.not_authorised),
        Fact::ClientId => phrase!(fact.client_id),
        Fact::NoVersion => phrase!(fact.version_any),
        Fact::TakenOver => phrase!(fact.taken_over),
        Fact::Unavailable => phrase!(fact.unavailable),
        Fact::Lost => phrase!(fact.lost),
        Fact::Silent => phrase!(fact.keep_alive),
        Fact::Slept => phrase!(fact.slept),
        Fact::Version(version) => {
            let version = match version {
                Version::V311 => "3.1.1",
                Version::V5 => "5",
            };
            return say!(locale, fact.version, version = version);
        }
        Fact::Refused(reason) => return say!(locale, fact.refused, code = code(*reason)),
        Fact::Disconnected(reason) => return say!(locale, fact.disconnected, code = code(*reason)),
        Fact::Said(text) => return say!(locale, fact.said, text = text),
        Fact::Took(took) => return say!(locale, fact.took, n = took.to_string()),
        Fact::CloseCode(code) => return say!(locale, fact.close_code, code = code.to_string()),
        Fact::Protocol(error) => return say!(locale, fact.protocol, text = fault(locale, error)),
        Fact::Options(error) => return say!(locale, fact.options, text = fault(locale, error)),
    };
    phrase.to(locale).to_owned()
}

/// A reason code, and how the standard names it.
pub fn code(reason: ReasonCode) -> String {
    format!("0x{:02X} ({})", reason.byte(), term(reason))
}

/// A reason code as the standard names it, in any language: `NotAuthorized` is "Not authorized".
pub fn term(reason: ReasonCode) -> String {
    let mut term = String::new();
    // "QoS" is one word.
    for letter in format!("{reason:?}").replace("QoS", "Qos").chars() {
        if !term.is_empty() && (letter.is_ascii_uppercase() || letter.is_ascii_digit()) {
            term.push(' ');
            term.push(letter.to_ascii_lowercase());
        } else {
            term.push(letter);
        }
    }
    term.replace("Qos", "qos").replace("qos", "QoS")
}

/// What broke the standard: which packet, which field, which clause. The crate words it in English only.
fn fault(locale: Locale, error: &mqtt::Error) -> String {
    match locale {
        Locale::en => error.to_string(),
        _ => {
            let packet = error.packet.map(|packet| format!("{packet} ")).unwrap_or_default();
            format!("{packet}{} [{}]", error.field, error.clause())
        }
    }
}

/// What is likely, in words.
pub fn say_cause(locale: Locale, cause: &Cause) -> String {
    let phrase = match cause {
        Cause::MaybeTcpPort(port) => {
            return say!(locale, cause.maybe_tcp_port, port = port.to_string());
        }
        Cause::TcpPort(port) => return say!(locale, cause.tcp_port, port = port.to_string()),
        Cause::Dropped => phrase!(cause.dropped),
        Cause::NothingListens => phrase!(cause.nothing_listens),
        Cause::WrongPath => phrase!(cause.wrong_path),
        Cause::Certificate => phrase!(cause.certificate),
        Cause::WantsTls => phrase!(cause.wants_tls),
        Cause::NoTls => phrase!(cause.no_tls),
        Cause::NoSubprotocol => phrase!(cause.no_subprotocol),
        Cause::NotMqtt => phrase!(cause.not_mqtt),
        Cause::AccessRules => phrase!(cause.access_rules),
        Cause::HidesReason => phrase!(cause.hides_reason),
        Cause::Starting => phrase!(cause.starting),
        Cause::Network => phrase!(cause.network),
        Cause::Proxy => phrase!(cause.proxy),
        Cause::SameClient => phrase!(cause.same_page),
    };
    phrase.to(locale).to_owned()
}

fn say_remedy(locale: Locale, remedy: &Remedy) -> String {
    let phrase = match remedy {
        Remedy::UseWss => phrase!(remedy.use_wss),
        Remedy::UsualPorts => phrase!(remedy.usual_ports),
        Remedy::CheckListener => phrase!(remedy.check_listener),
        Remedy::CheckPath => phrase!(remedy.check_path),
        Remedy::OpenHttps(url) => return say!(locale, remedy.open_https, url = url),
        Remedy::CheckCredentials => phrase!(remedy.check_credentials),
        Remedy::AskAdmin => phrase!(remedy.ask_admin),
        Remedy::AnyVersion => phrase!(remedy.any_version),
        Remedy::BrokerLog => phrase!(remedy.broker_log),
        Remedy::ConnectAgain => phrase!(remedy.connect_again),
        Remedy::Wait => phrase!(remedy.wait),
        Remedy::CorrectAddress => phrase!(remedy.correct_address),
    };
    phrase.to(locale).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn reason_codes_by_the_standard_s_names() {
        let check = |reason, expected: &str| assert_eq!(term(reason), expected);
        check(ReasonCode::NotAuthorized, "Not authorized");
        check(ReasonCode::Banned, "Banned");
        check(ReasonCode::QoSNotSupported, "QoS not supported");
        check(ReasonCode::GrantedQoS1, "Granted QoS 1");
        check(ReasonCode::BadUserNameOrPassword, "Bad user name or password");
    }
}
