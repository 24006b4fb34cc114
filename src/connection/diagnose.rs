//! Why there is no connection: what is known, what is likely, and what to try.
//!
//! A browser tells a page almost nothing about a WebSocket that failed, so the three are kept apart: a [`Fact`] was
//! seen, a [`Cause`] is a guess, a [`Remedy`] follows from either. Pure: a failure and its circumstances in, typed
//! reasons out. `troubleshooting` words them.

use mqtt::{Error, Failure, ReasonCode, Version, VersionChoice};

use crate::client::{Active, Address, Blocked, Connection, ConnectionFailure};

/// What the failure happened with.
#[derive(Copy, Clone, Debug)]
pub struct Circumstances<'a> {
    /// The broker's address.
    pub address: &'a Address,
    /// Whether the page itself came by https.
    pub page_is_secure: bool,
    /// Which versions were allowed.
    pub version: VersionChoice,
    /// Whether the same address worked earlier in this visit.
    pub worked_before: bool,
    /// How long the attempt took from dialling to its end, in milliseconds, if it ended.
    pub took: Option<u64>,
}

/// A diagnosis. Each list is in the order in which it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnosis {
    /// What kind of ending it was.
    pub kind: Kind,
    /// What was seen.
    pub facts: Vec<Fact>,
    /// What is likely.
    pub causes: Vec<Cause>,
    /// What to try.
    pub remedies: Vec<Remedy>,
}

/// How the connection ended.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It never came to a connection.
    Failed,
    /// There was one, and it is gone.
    Lost,
    /// The broker refused it.
    Refused,
    /// The browser refused it.
    Blocked,
}

/// What was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fact {
    /// `ws://` to another machine, from a page on https.
    MixedContent,
    /// The browser does not take the address.
    InvalidUrl,
    /// The browser did not let the page connect.
    BlockedByBrowser,
    /// Closed before it opened.
    NeverOpened,
    /// The attempt took so long, in milliseconds.
    Took(u64),
    /// Neither opened nor closed.
    OpenTimeout,
    /// Opened; CONNECT was not answered.
    NoConnack,
    /// Opened and closed; CONNECT was not answered.
    ClosedBeforeConnack,
    /// CONNACK 0x86.
    BadCredentials,
    /// CONNACK 0x87.
    NotAuthorised,
    /// CONNACK 0x85.
    ClientId,
    /// The only version that was allowed is not spoken there.
    Version(Version),
    /// Neither version is.
    NoVersion,
    /// DISCONNECT 0x8E.
    TakenOver,
    /// CONNACK 0x88 or 0x89.
    Unavailable,
    /// Any other refusal.
    Refused(ReasonCode),
    /// The broker's DISCONNECT.
    Disconnected(ReasonCode),
    /// The broker's reason string.
    Said(String),
    /// Connected, then closed.
    Lost,
    /// The WebSocket's close code, where it says more than 1006 does.
    CloseCode(u16),
    /// No PINGRESP.
    Silent,
    /// The machine slept or its clock was set.
    Slept,
    /// The broker broke the standard.
    Protocol(Error),
    /// What we would send is not allowed.
    Options(Error),
}

/// What is likely. Always worded as a guess.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Cause {
    /// The port is one of MQTT over TCP.
    TcpPort(u16),
    /// The port is none of those that WebSocket listeners usually have.
    MaybeTcpPort(u16),
    /// What is sent there gets no answer.
    Dropped,
    /// No listener, no route, another host or port.
    NothingListens,
    /// Another path.
    WrongPath,
    /// Not trusted, expired, or of another name.
    Certificate,
    /// `ws://` where `wss://` is expected.
    WantsTls,
    /// `wss://` where `ws://` is expected.
    NoTls,
    /// No `mqtt` subprotocol, or no broker.
    NoSubprotocol,
    /// WebSocket, but not MQTT.
    NotMqtt,
    /// The broker's access rules.
    AccessRules,
    /// A broker that closes instead of refusing.
    HidesReason,
    /// Starting, overloaded, failing over.
    Starting,
    /// The network, or a restart.
    Network,
    /// A proxy that closes what is quiet.
    Proxy,
    /// The same client elsewhere.
    SameClient,
}

/// What to try.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// `wss://`, or the page by http.
    UseWss,
    /// The usual ports.
    UsualPorts,
    /// The broker's listener, the way there.
    CheckListener,
    /// The path.
    CheckPath,
    /// Open this address in a tab, where the browser says what is wrong with the certificate.
    OpenHttps(String),
    /// User and password.
    CheckCredentials,
    /// The administrator.
    AskAdmin,
    /// Any version.
    AnyVersion,
    /// The broker's log.
    BrokerLog,
    /// Connect by hand.
    ConnectAgain,
    /// Nothing.
    Wait,
    /// The address.
    CorrectAddress,
}

/// Where brokers usually listen for WebSocket: mosquitto 9001, EMQX 8083 and 8084, HiveMQ 8000, others 8080 and
/// 8081, RabbitMQ 15675, and the web's own.
const USUAL_PORTS: [u16; 9] = [80, 443, 8000, 8080, 8081, 8083, 8084, 9001, 15675];

/// A machine that is there refuses within a few round trips. After this many milliseconds it did not answer.
const UNANSWERED: u64 = 3_000;

impl Diagnosis {
    /// Of a connection that failed or is being tried again. `page_is_secure`: the page itself came by https.
    pub fn of(connection: &Connection, page_is_secure: bool) -> Option<Diagnosis> {
        connection.read_failure(|failure, Active { profile, engine, log }| {
            let circumstances = Circumstances {
                address: &profile.address,
                page_is_secure,
                version: profile.version,
                worked_before: engine.fleet().observed_since().is_some(),
                took: log.last_attempt(),
            };
            diagnose(failure, circumstances)
        })
    }
}

/// Diagnoses a failure.
pub fn diagnose(failure: ConnectionFailure<'_>, at: Circumstances<'_>) -> Diagnosis {
    use {Cause as C, Fact as F, Kind as K, Remedy as R};
    // A visitor may have allowed it for this page, so that it worked; then it is not the reason.
    let is_mixed =
        at.page_is_secure && !at.address.secure() && !at.address.is_loopback() && !at.worked_before;
    let (kind, fact, causes, remedies): (K, F, &[C], &[R]) = match failure {
        ConnectionFailure::Blocked(Blocked::Url) => (K::Blocked, F::InvalidUrl, &[], &[R::CorrectAddress]),
        // Some browsers throw a `SecurityError`, others let the socket fail as if nothing listened.
        ConnectionFailure::Blocked(Blocked::Security)
        | ConnectionFailure::Failed(Failure::NotOpened { .. })
            if is_mixed =>
        {
            (K::Blocked, F::MixedContent, &[], &[R::UseWss])
        }
        // Browsers keep a list of ports that pages may not use.
        ConnectionFailure::Blocked(Blocked::Security) => {
            (K::Blocked, F::BlockedByBrowser, &[], &[R::UsualPorts])
        }
        ConnectionFailure::Failed(failure) => match failure {
            // The address, its path and its certificate worked before, so they are not the cause.
            Failure::NotOpened { .. } | Failure::OpenTimeout if at.worked_before => {
                (K::Lost, never_opened(failure), &[C::Network, C::Starting], &[R::Wait])
            }
            // What else is likely is added below.
            Failure::NotOpened { .. } | Failure::OpenTimeout => {
                (K::Failed, never_opened(failure), &[], &[R::CheckListener])
            }
            Failure::ClosedBeforeConnack { .. } => (
                K::Failed,
                F::ClosedBeforeConnack,
                &[C::HidesReason, C::NotMqtt],
                &[R::CheckCredentials, R::BrokerLog],
            ),
            Failure::ConnackTimeout { .. } => {
                (K::Failed, F::NoConnack, &[C::NotMqtt, C::Starting], &[R::CheckListener])
            }
            Failure::ConnectRefused { reason, .. } => match reason {
                ReasonCode::BadUserNameOrPassword => {
                    (K::Refused, F::BadCredentials, &[], &[R::CheckCredentials])
                }
                // mosquitto 2.0 answers a wrong password with this code as well.
                ReasonCode::NotAuthorized | ReasonCode::Banned => {
                    (K::Refused, F::NotAuthorised, &[C::AccessRules], &[R::CheckCredentials, R::AskAdmin])
                }
                ReasonCode::ClientIdentifierNotValid => {
                    (K::Refused, F::ClientId, &[C::AccessRules], &[R::AskAdmin])
                }
                ReasonCode::ServerUnavailable | ReasonCode::ServerBusy => {
                    (K::Refused, F::Unavailable, &[C::Starting], &[R::Wait])
                }
                other => (K::Refused, F::Refused(*other), &[], &[R::BrokerLog]),
            },
            Failure::VersionRefused(version) => match at.version {
                VersionChoice::Only(_) => (K::Refused, F::Version(*version), &[], &[R::AnyVersion]),
                VersionChoice::Newest => (K::Refused, F::NoVersion, &[C::NotMqtt], &[R::BrokerLog]),
            },
            Failure::TakenOver => (K::Refused, F::TakenOver, &[C::SameClient], &[R::ConnectAgain]),
            Failure::ServerDisconnect { reason, .. } => {
                (K::Lost, F::Disconnected(*reason), &[], &[R::BrokerLog])
            }
            Failure::Closed { .. } => (K::Lost, F::Lost, &[C::Network, C::Proxy], &[R::Wait]),
            Failure::PingTimeout => (K::Lost, F::Silent, &[C::Network], &[R::Wait]),
            Failure::ClockJump => (K::Lost, F::Slept, &[], &[R::Wait]),
            Failure::Protocol(error) if at.worked_before => {
                (K::Lost, F::Protocol(*error), &[], &[R::BrokerLog])
            }
            Failure::Protocol(error) => (K::Failed, F::Protocol(*error), &[C::NotMqtt], &[R::BrokerLog]),
            Failure::InvalidOptions(error) => (K::Refused, F::Options(*error), &[], &[R::CheckCredentials]),
            // The enum may grow; a failure without a wording of its own is still a failure.
            _ => {
                let kind = if at.worked_before { K::Lost } else { K::Failed };
                let facts = at.took.filter(|_| !at.worked_before).map(F::Took).into_iter().collect();
                return Diagnosis { kind, facts, causes: vec![], remedies: vec![R::BrokerLog] };
            }
        },
    };
    let mut diagnosis =
        Diagnosis { kind, facts: vec![fact], causes: causes.to_vec(), remedies: remedies.to_vec() };
    if let ConnectionFailure::Failed(failure) = failure {
        add_facts(&mut diagnosis, failure, at.took);
        if kind == K::Failed && matches!(failure, Failure::NotOpened { .. } | Failure::OpenTimeout) {
            add_guesses(&mut diagnosis, at.address, *failure == Failure::OpenTimeout, at.took);
        }
    }
    diagnosis
}

fn never_opened(failure: &Failure) -> Fact {
    if *failure == Failure::OpenTimeout { Fact::OpenTimeout } else { Fact::NeverOpened }
}

/// Adds what else was seen.
fn add_facts(diagnosis: &mut Diagnosis, failure: &Failure, took: Option<u64>) {
    match failure {
        Failure::ConnectRefused { reason_string: Some(words), .. }
        | Failure::ServerDisconnect { reason_string: Some(words), .. } => {
            diagnosis.facts.push(Fact::Said(words.to_string()));
        }
        // 1006 is the browser's own code for a close without one.
        Failure::Closed { code: Some(code) } if *code != 1006 => diagnosis.facts.push(Fact::CloseCode(*code)),
        _ => {}
    }
    // How long a connection lasted that worked says nothing.
    if let (Kind::Failed | Kind::Refused, Some(took)) = (diagnosis.kind, took) {
        diagnosis.facts.push(Fact::Took(took));
    }
}

/// Adds why an address that never worked may not open.
fn add_guesses(diagnosis: &mut Diagnosis, address: &Address, is_timeout: bool, took: Option<u64>) {
    use {Cause as C, Remedy as R};
    let Diagnosis { causes, remedies, .. } = diagnosis;
    if is_timeout || took.is_some_and(|took| took >= UNANSWERED) {
        causes.push(C::Dropped);
    }
    let port = address.port();
    if !USUAL_PORTS.contains(&port) {
        causes.push(if matches!(port, 1883 | 8883) { C::TcpPort(port) } else { C::MaybeTcpPort(port) });
        remedies.push(R::UsualPorts);
    }
    causes.push(C::NothingListens);
    // A path, a subprotocol and a certificate matter only where something listens.
    if is_timeout {
        return;
    }
    causes.push(C::WrongPath);
    remedies.push(R::CheckPath);
    if address.secure() {
        causes.extend([C::Certificate, C::NoTls]);
        let url = address.as_str();
        remedies.push(R::OpenHttps(format!("https{}", &url[url.find(':').unwrap_or(0)..])));
    } else {
        causes.push(C::WantsTls);
    }
    causes.push(C::NoSubprotocol);
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn check(broker: &str, page_is_secure: bool, failure: ConnectionFailure<'_>) -> Diagnosis {
        let address = Address::parse(broker).expect("a test's address is valid");
        let version = VersionChoice::Only(Version::V5);
        let at =
            Circumstances { address: &address, page_is_secure, version, worked_before: false, took: None };
        diagnose(failure, at)
    }

    #[wasm_bindgen_test]
    fn mixed_content_is_a_fact_only_where_it_is_one() {
        let blocked = ConnectionFailure::Blocked(Blocked::Security);
        let facts = |broker, secure| check(broker, secure, blocked).facts;
        assert_eq!(facts("ws://farm.example/mqtt", true), [Fact::MixedContent]);
        assert_eq!(facts("ws://localhost:9001", true), [Fact::BlockedByBrowser]);
        assert_eq!(facts("wss://farm.example/mqtt", true), [Fact::BlockedByBrowser]);
        let silent = Failure::NotOpened { code: Some(1006) };
        let silent = check("ws://farm.example/mqtt", true, ConnectionFailure::Failed(&silent));
        assert_eq!((silent.kind, silent.facts), (Kind::Blocked, vec![Fact::MixedContent]));
    }

    #[wasm_bindgen_test]
    fn a_socket_that_never_opened_leaves_guesses() {
        let failure = Failure::NotOpened { code: Some(1006) };
        let causes = |broker| check(broker, false, ConnectionFailure::Failed(&failure)).causes;
        assert_eq!(causes("ws://farm:1883")[..2], [Cause::TcpPort(1883), Cause::NothingListens]);
        assert_eq!(causes("ws://farm:41883")[..2], [Cause::MaybeTcpPort(41883), Cause::NothingListens]);
        assert_eq!(causes("ws://farm:9001/mqtt")[0], Cause::NothingListens);
        assert!(!causes("ws://farm:9001/mqtt").contains(&Cause::Certificate));
        assert!(causes("wss://farm/mqtt").contains(&Cause::Certificate));
        let remedies = check("WSS://farm:8084/mqtt", false, ConnectionFailure::Failed(&failure)).remedies;
        assert!(remedies.contains(&Remedy::OpenHttps("https://farm:8084/mqtt".into())), "{remedies:?}");
        // Without any answer nothing can be said about the path.
        let silence = check("ws://farm:9001", false, ConnectionFailure::Failed(&Failure::OpenTimeout));
        assert_eq!(silence.causes, [Cause::Dropped, Cause::NothingListens]);
    }

    #[wasm_bindgen_test]
    fn how_long_an_attempt_took_is_a_fact_and_changes_the_guess() {
        let address = Address::parse("ws://farm:9001/mqtt").expect("a test's address is valid");
        let of = |failure: &Failure, took| {
            let version = VersionChoice::Newest;
            let at = Circumstances {
                address: &address,
                page_is_secure: false,
                version,
                worked_before: false,
                took,
            };
            diagnose(ConnectionFailure::Failed(failure), at)
        };
        let failure = Failure::NotOpened { code: Some(1006) };
        let quick = of(&failure, Some(2));
        assert_eq!(quick.facts, [Fact::NeverOpened, Fact::Took(2)]);
        assert_eq!(quick.causes[0], Cause::NothingListens);
        let slow = of(&failure, Some(UNANSWERED));
        assert_eq!(slow.causes[..2], [Cause::Dropped, Cause::NothingListens]);
        // How long a connection lasted that worked says nothing.
        let lost = of(&Failure::Closed { code: Some(1001) }, Some(9));
        assert_eq!(lost.facts, [Fact::Lost, Fact::CloseCode(1001)]);
    }

    #[wasm_bindgen_test]
    fn a_reason_of_the_broker_is_a_fact_without_guesses() {
        let refused = |reason, words: Option<&str>| Failure::ConnectRefused {
            version: Version::V5,
            reason,
            server_reference: None,
            reason_string: words.map(Into::into),
        };
        let bad = check(
            "ws://farm",
            false,
            ConnectionFailure::Failed(&refused(ReasonCode::BadUserNameOrPassword, None)),
        );
        assert_eq!(
            (bad.kind, &bad.facts[..], bad.causes.len()),
            (Kind::Refused, &[Fact::BadCredentials][..], 0)
        );
        let quota = refused(ReasonCode::QuotaExceeded, Some("come back tomorrow"));
        assert_eq!(
            check("ws://farm", false, ConnectionFailure::Failed(&quota)).facts,
            [Fact::Refused(ReasonCode::QuotaExceeded), Fact::Said("come back tomorrow".into())]
        );
        let version = Failure::VersionRefused(Version::V5);
        assert_eq!(
            check("ws://farm", false, ConnectionFailure::Failed(&version)).remedies,
            [Remedy::AnyVersion]
        );
    }

    #[wasm_bindgen_test]
    fn an_address_that_worked_before_is_not_the_cause() {
        let address = Address::parse("wss://farm:1883/mqtt").expect("a test's address is valid");
        let version = VersionChoice::Newest;
        let at = Circumstances {
            address: &address,
            page_is_secure: false,
            version,
            worked_before: true,
            took: None,
        };
        let again = diagnose(ConnectionFailure::Failed(&Failure::NotOpened { code: Some(1006) }), at);
        assert_eq!((again.kind, again.causes), (Kind::Lost, vec![Cause::Network, Cause::Starting]));
        assert_eq!(again.facts, [Fact::NeverOpened]);
        let silent = diagnose(ConnectionFailure::Failed(&Failure::OpenTimeout), at);
        assert_eq!((silent.kind, silent.facts), (Kind::Lost, vec![Fact::OpenTimeout]));
    }

    #[wasm_bindgen_test]
    fn a_close_code_is_a_fact_unless_it_is_1006() {
        let facts =
            |code| check("ws://farm", false, ConnectionFailure::Failed(&Failure::Closed { code })).facts;
        assert_eq!(facts(Some(1006)), [Fact::Lost]);
        assert_eq!(facts(None), [Fact::Lost]);
        assert_eq!(facts(Some(1001)), [Fact::Lost, Fact::CloseCode(1001)]);
    }
}
