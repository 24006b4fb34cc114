//! The sentences of a diagnosis: facts, likely causes, remedies. Shown by the trouble panel, and in English by the report.

use super::diagnose::{Cause, Fact, Remedy};
use crate::i18n::{Locale, foreign, td_string};
use crate::wording::reason_code;

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
            return td_string!(locale, fact.version, version = *version);
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

/// The sentence of a remedy.
pub fn remedy_text(locale: Locale, remedy: &Remedy) -> String {
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
