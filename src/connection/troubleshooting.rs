//! Why there is no connection, in words: what is known, what is likely, and what to try, each in a column of its own.
//!
//! The panel is shown while a connection should be there and is not.

use gloo_timers::callback::Interval;
use leptos::html;
use leptos::prelude::*;
use mqtt::{Link, Version};

use super::diagnose::{Cause, Diagnosis, Fact, Kind, Remedy};
use super::support_report::SupportReport;
use crate::client::{self, Pace};
use crate::components::restore_focus_on_cleanup;
use crate::context::{Dialog, use_app};
use crate::format::use_format;
use crate::i18n::{Locale, foreign, t, t_string, td_string, use_i18n};
use crate::wording::reason_code;

/// The panel; nothing while there is nothing to explain.
#[component]
pub fn TroublePanel() -> impl IntoView {
    let app = use_app();
    // It stays from one diagnosis to the next: a button in it may have the focus.
    let has_failed = Memo::new(move |_| app.status.with(|status| status.has_failed));
    view! {
        <Show when=move || has_failed.get()>
            <Trouble />
        </Show>
    }
}

#[component]
fn Trouble() -> impl IntoView {
    let i18n = use_i18n();
    let app = use_app();
    let panel = NodeRef::<html::Section>::new();
    restore_focus_on_cleanup(panel);
    let diagnosis = Memo::new(move |_| {
        let connection = app.connection();
        connection.track(Pace::Frame);
        app.origin.with_value(|origin| Diagnosis::of(&connection, origin.secure))
    });
    let kind = Memo::new(move |_| diagnosis.with(|diagnosis| diagnosis.as_ref().map(|found| found.kind)));
    let title = move || {
        kind.get().map(|kind| match kind {
            Kind::Failed => t_string!(i18n, diagnosis.title.waiting),
            Kind::Lost => t_string!(i18n, diagnosis.title.lost),
            Kind::Refused => t_string!(i18n, diagnosis.title.refused),
            Kind::Blocked => t_string!(i18n, diagnosis.title.blocked),
        })
    };
    // The sentences of a part of the diagnosis.
    let sentences = move |read: fn(&Diagnosis, Locale) -> Vec<String>| {
        Memo::new(move |_| {
            let locale = i18n.get_locale();
            diagnosis.with(|found| found.as_ref().map(|found| read(found, locale)).unwrap_or_default())
        })
    };
    let facts = sentences(|found, locale| found.facts.iter().map(|fact| fact_text(locale, fact)).collect());
    let causes =
        sentences(|found, locale| found.causes.iter().map(|cause| cause_text(locale, cause)).collect());
    let remedies =
        sentences(|found, locale| found.remedies.iter().map(|remedy| remedy_text(locale, remedy)).collect());
    view! {
        <section class="note trouble" data-diagnosis="" node_ref=panel>
            <h2>{title}</h2>
            <div class="columns">
                <Column title=Signal::derive(move || t_string!(i18n, diagnosis.facts)) items=facts />
                <Column title=Signal::derive(move || t_string!(i18n, diagnosis.causes)) items=causes />
                <Column
                    title=Signal::derive(move || t_string!(i18n, diagnosis.remedies))
                    items=remedies
                />
            </div>
            <div class="actions">
                <button
                    class="button primary"
                    type="button"
                    on:click=move |_| app.connection().retry_now()
                >
                    {t!(i18n, diagnosis.try_now)}
                </button>
                <button
                    class="button"
                    type="button"
                    on:click=move |_| app.dialog.set(Some(Dialog::Connection))
                >
                    {t!(i18n, diagnosis.change)}
                </button>
                <Countdown />
            </div>
            <SupportReport />
        </section>
    }
}

/// A title with a list; nothing while the list is empty.
#[component]
fn Column(
    /// The title.
    title: Signal<&'static str>,
    /// The list.
    items: Memo<Vec<String>>,
) -> impl IntoView {
    let lines =
        move || items.get().into_iter().map(|item| view! { <li dir="auto">{item}</li> }).collect_view();
    view! {
        <Show when=move || items.with(|items| !items.is_empty())>
            <div>
                <h3>{title}</h3>
                <ul>{lines}</ul>
            </div>
        </Show>
    }
}

/// When the next attempt is.
#[component]
fn Countdown() -> impl IntoView {
    let i18n = use_i18n();
    let app = use_app();
    let format = use_format();
    let now = RwSignal::new(client::now());
    let interval = StoredValue::new_local(Some(Interval::new(1_000, move || now.set(client::now()))));
    on_cleanup(move || drop(interval.try_update_value(Option::take)));
    let link = Memo::new(move |_| app.status.with(|status| status.link));
    let text = move || match link.get() {
        Link::Waiting { retry_at } => {
            // Rounded up: "0 sec" would claim that it is happening.
            let left = retry_at.since(now.get()).as_millis() as u64 + 999;
            Some(t_string!(i18n, diagnosis.next_try, duration = format.duration(left)))
        }
        Link::Connecting => Some(t_string!(i18n, diagnosis.trying).to_owned()),
        _ => None,
    };
    view! { <span class="countdown">{text}</span> }
}

/// The sentence of a fact.
pub fn fact_text(locale: Locale, fact: &Fact) -> String {
    let text = match fact {
        Fact::MixedContent => td_string!(locale, fact.mixed_content),
        Fact::InvalidUrl => td_string!(locale, fact.invalid_url),
        Fact::BlockedByBrowser => td_string!(locale, fact.blocked),
        Fact::NeverOpened => td_string!(locale, fact.never_opened),
        Fact::OpenTimeout => td_string!(locale, fact.timed_out_opening),
        Fact::NoConnack => td_string!(locale, fact.no_connack),
        Fact::ClosedBeforeConnack => td_string!(locale, fact.closed_before_connack),
        Fact::BadCredentials => td_string!(locale, fact.bad_credentials),
        Fact::NotAuthorised => td_string!(locale, fact.not_authorised),
        Fact::ClientId => td_string!(locale, fact.client_id),
        Fact::NoVersion => td_string!(locale, fact.version_any),
        Fact::TakenOver => td_string!(locale, fact.taken_over),
        Fact::Unavailable => td_string!(locale, fact.unavailable),
        Fact::Lost => td_string!(locale, fact.lost),
        Fact::Silent => td_string!(locale, fact.keep_alive),
        Fact::Slept => td_string!(locale, fact.slept),
        Fact::Version(version) => {
            let version = match version {
                Version::V311 => "3.1.1",
                Version::V5 => "5",
            };
            return td_string!(locale, fact.version, version = version);
        }
        Fact::Refused(reason) => return td_string!(locale, fact.refused, code = reason_code(*reason)),
        Fact::Disconnected(reason) => {
            return td_string!(locale, fact.disconnected, code = reason_code(*reason));
        }
        Fact::Said(text) => return td_string!(locale, fact.said, text = foreign(text)),
        Fact::Took(milliseconds) => return td_string!(locale, fact.took, n = *milliseconds),
        Fact::CloseCode(code) => return td_string!(locale, fact.close_code, code = *code),
        Fact::Protocol(error) => return td_string!(locale, fact.protocol, text = violation(locale, error)),
        Fact::Options(error) => return td_string!(locale, fact.options, text = violation(locale, error)),
    };
    text.to_owned()
}

/// What violates the standard: packet, field and clause. The crate words it in English only.
fn violation(locale: Locale, error: &mqtt::Error) -> String {
    match locale {
        Locale::en => error.to_string(),
        _ => {
            let packet = error.packet.map(|packet| format!("{packet} ")).unwrap_or_default();
            format!("{packet}{} [{}]", error.field, error.clause())
        }
    }
}

/// The sentence of a likely cause.
pub fn cause_text(locale: Locale, cause: &Cause) -> String {
    let text = match cause {
        Cause::MaybeTcpPort(port) => return td_string!(locale, cause.maybe_tcp_port, port = *port),
        Cause::TcpPort(port) => return td_string!(locale, cause.tcp_port, port = *port),
        Cause::Dropped => td_string!(locale, cause.dropped),
        Cause::NothingListens => td_string!(locale, cause.nothing_listens),
        Cause::WrongPath => td_string!(locale, cause.wrong_path),
        Cause::Certificate => td_string!(locale, cause.certificate),
        Cause::WantsTls => td_string!(locale, cause.wants_tls),
        Cause::NoTls => td_string!(locale, cause.no_tls),
        Cause::NoSubprotocol => td_string!(locale, cause.no_subprotocol),
        Cause::NotMqtt => td_string!(locale, cause.not_mqtt),
        Cause::AccessRules => td_string!(locale, cause.access_rules),
        Cause::HidesReason => td_string!(locale, cause.hides_reason),
        Cause::Starting => td_string!(locale, cause.starting),
        Cause::Network => td_string!(locale, cause.network),
        Cause::Proxy => td_string!(locale, cause.proxy),
        Cause::SameClient => td_string!(locale, cause.same_page),
    };
    text.to_owned()
}

fn remedy_text(locale: Locale, remedy: &Remedy) -> String {
    let text = match remedy {
        Remedy::UseWss => td_string!(locale, remedy.use_wss),
        Remedy::UsualPorts => td_string!(locale, remedy.usual_ports),
        Remedy::CheckListener => td_string!(locale, remedy.check_listener),
        Remedy::CheckPath => td_string!(locale, remedy.check_path),
        Remedy::OpenHttps(url) => return td_string!(locale, remedy.open_https, url = foreign(url)),
        Remedy::CheckCredentials => td_string!(locale, remedy.check_credentials),
        Remedy::AskAdmin => td_string!(locale, remedy.ask_admin),
        Remedy::AnyVersion => td_string!(locale, remedy.any_version),
        Remedy::BrokerLog => td_string!(locale, remedy.broker_log),
        Remedy::ConnectAgain => td_string!(locale, remedy.connect_again),
        Remedy::Wait => td_string!(locale, remedy.wait),
        Remedy::CorrectAddress => td_string!(locale, remedy.correct_address),
    };
    text.to_owned()
}
