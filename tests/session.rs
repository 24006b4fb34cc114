//! The client's session against real brokers, without a page: Debian's mosquitto, NATS, RabbitMQ and ejabberd,
//! aedes, and the embedded broker, in each version that they speak and with the choice between them.
//!
//! Every scenario runs on all of them, and says what it expects of each in one place: [`Kind`]'s methods below
//! are the table of what each can do, [`Deviation`] names what they do otherwise than the standard.
//! `docs/brokers.md` tells the same to users.

use std::fmt;
use std::ops::{DerefMut, RangeInclusive};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use demo::broker::{Broker, BrokerOptions};
use futures_util::FutureExt;
use futures_util::future::join_all;
use harness::{
    Client, ClientEvent, External, LOGIN, Message, Mosquitto, MosquittoOptions, PATIENCE, Program, Subscribed,
};
use mqtt::{Failure, Link, Options, OwnedWill, QoS, ReasonCode, Version, VersionChoice};
use rumqttc::{AsyncClient, MqttOptions, Outgoing, Packet};
use tokio::sync::{Mutex, MutexGuard};

/// Which broker, spoken to in which version.
#[derive(Clone, Copy, Debug)]
struct Case {
    broker: Kind,
    version: VersionChoice,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Mosquitto,
    Embedded,
    Aedes,
    Nats,
    RabbitMq,
    Ejabberd,
}

const KINDS: [Kind; 6] =
    [Kind::Mosquitto, Kind::Embedded, Kind::Aedes, Kind::Nats, Kind::RabbitMq, Kind::Ejabberd];

const CHOICES: [VersionChoice; 3] =
    [VersionChoice::Only(Version::V311), VersionChoice::Only(Version::V5), VersionChoice::Newest];

/// What a broker does although the standard says otherwise, or leaves out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Deviation {
    NoVersion5,
    NoQoS2,
    NoRetainedForWildcards,
    OutOfOrder,
    AboveTheGrantedQoS,
    WillAfterDisconnect,
    SilentTakeover,
    DisconnectIn311,
    ClosesInsteadOfRefusing,
    AnyLogin,
    ForgetsSessions,
}

/// As `docs/brokers.md` has it, behind the broker's name.
impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Deviation::NoVersion5 => "speaks 3.1.1 only",
            Deviation::NoQoS2 => "has no QoS 2",
            Deviation::NoRetainedForWildcards => "sends nothing retained to a filter with wildcards",
            Deviation::OutOfOrder => "answers a PINGREQ before the SUBSCRIBE in front of it",
            Deviation::AboveTheGrantedQoS => "delivers above the QoS that it granted",
            Deviation::WillAfterDisconnect => "publishes the will after a DISCONNECT, too",
            Deviation::SilentTakeover => "does not tell a client of 5.0 that it was taken over",
            Deviation::DisconnectIn311 => "sends a DISCONNECT in 3.1.1",
            Deviation::ClosesInsteadOfRefusing => "closes the socket instead of refusing in a CONNACK",
            Deviation::AnyLogin => "lets every login in",
            Deviation::ForgetsSessions => "forgets a session that is to outlast its link",
        })
    }
}

/// The table: what each broker does where they differ.
impl Kind {
    fn deviations(self) -> &'static [Deviation] {
        match self {
            // Before 2.0.15 (mosquitto#2607), over TCP as well.
            Kind::Mosquitto => &[Deviation::SilentTakeover],
            Kind::Embedded => &[Deviation::DisconnectIn311, Deviation::AnyLogin],
            Kind::Aedes => &[Deviation::NoVersion5, Deviation::OutOfOrder, Deviation::AboveTheGrantedQoS],
            Kind::Nats => &[Deviation::NoVersion5, Deviation::NoQoS2],
            Kind::RabbitMq => &[
                Deviation::NoVersion5,
                Deviation::NoQoS2,
                Deviation::NoRetainedForWildcards,
                Deviation::WillAfterDisconnect,
                Deviation::ClosesInsteadOfRefusing,
            ],
            Kind::Ejabberd => &[],
        }
    }

    fn deviates(self, deviation: Deviation) -> bool {
        self.deviations().contains(&deviation)
    }

    /// As `docs/brokers.md` calls it.
    fn name(self) -> &'static str {
        match self {
            Kind::Mosquitto => "mosquitto",
            Kind::Embedded => "The embedded broker",
            Kind::Aedes => "aedes",
            Kind::Nats => "NATS",
            Kind::RabbitMq => "RabbitMQ",
            Kind::Ejabberd => "ejabberd",
        }
    }

    /// The name that goes with the password of [`LOGIN`]; ejabberd's users belong to a host.
    fn user(self) -> &'static str {
        match self {
            Kind::Ejabberd => "willow@localhost",
            _ => LOGIN.0,
        }
    }

    /// The newest version of the protocol that it speaks.
    fn newest(self) -> Version {
        if self.deviates(Deviation::NoVersion5) { Version::V311 } else { Version::V5 }
    }

    /// How many of the retained messages come before the answer to a PINGREQ that was sent right behind the
    /// SUBSCRIBE, in the same WebSocket message.
    fn before_the_barrier(self, qos: QoS, all: usize) -> RangeInclusive<usize> {
        match (self, qos) {
            // Its `max_inflight_messages`; the others wait for the PUBACKs.
            (Kind::Mosquitto, QoS::AtLeastOnce) => 20..=20,
            // One at a time.
            (Kind::Ejabberd, QoS::AtLeastOnce) => 1..=1,
            (Kind::Mosquitto | Kind::Nats | Kind::Ejabberd, _) => all..=all,
            // It draws lots between what a client asks and what it is to be sent: nothing is certain.
            (Kind::Embedded, _) => 0..=all,
            // It looks for them while it answers what came behind the SUBSCRIBE.
            (Kind::Aedes, _) => 0..=all,
            (Kind::RabbitMq, _) => 0..=0,
        }
    }

    /// The answer to a QoS 1 message in 5.0 that nobody subscribed to: telling so is optional (3.4.2.1).
    fn puback_when_nobody_listens(self) -> ReasonCode {
        match self {
            Kind::Mosquitto | Kind::Ejabberd => ReasonCode::NoMatchingSubscribers,
            _ => ReasonCode::Success,
        }
    }

    /// How many QoS 2 messages may be under way in 3.1.1, which has no way to say so; one more ends the link.
    /// `None`: no limit was met.
    fn quota_at_qos_2_in_3_1_1(self) -> Option<u16> {
        match self {
            Kind::Mosquitto => Some(20),
            _ => None,
        }
    }

    /// How a client learns that the broker stopped: all but the embedded one are killed, as by a power cut.
    fn tells_its_end(self, version: Version, failure: &Failure) -> bool {
        match (self, version) {
            (Kind::Embedded, Version::V5) => {
                let reason = ReasonCode::ServerShuttingDown;
                matches!(failure, Failure::ServerDisconnect { reason: said, .. } if *said == reason)
            }
            _ => matches!(failure, Failure::Closed { .. }),
        }
    }
}

impl Case {
    fn options(self, client_id: &str) -> Options {
        let mut options = Options::new(client_id);
        options.version = self.version;
        // It lets nobody in without; the others let everybody in who has none.
        if self.broker == Kind::Ejabberd {
            options.user = Some(self.broker.user().to_owned());
            options.password = Some(LOGIN.1.into());
        }
        options
    }

    async fn client(self, server: &Server, options: Options) -> Client {
        Client::connected(&self.to_string(), &server.url(), options).await
    }

    /// The version that has to come of it.
    fn spoken(self) -> Version {
        match self.version {
            VersionChoice::Only(version) => version,
            VersionChoice::Newest => self.broker.newest(),
        }
    }

    /// Holds the table to what was seen.
    fn check(self, deviation: Deviation, seen: bool) {
        let listed = self.broker.deviates(deviation);
        assert!(
            seen || !listed,
            "{self}: good news, it is mended: \"{deviation}\" no longer holds. Take it out of the table here and \
             out of docs/brokers.md."
        );
        assert!(
            listed || !seen,
            "{self}: \"{deviation}\": neither the table here nor docs/brokers.md says so."
        );
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {:?}", self.broker.name(), self.version)
    }
}

/// Runs a scenario against each broker with each choice of versions.
async fn everywhere(scenario: impl AsyncFn(Case, Server)) {
    let cases = KINDS.into_iter().flat_map(|broker| {
        let choices = CHOICES.into_iter().filter(move |choice| match choice {
            VersionChoice::Only(version) => *version <= broker.newest(),
            VersionChoice::Newest => true,
        });
        choices.map(move |version| Case { broker, version })
    });
    let scenario = &scenario;
    let runs = cases.map(|case| {
        let run = async move { scenario(case, Server::start(case.broker).await).await };
        // A failure must not end the other cases: it is the difference between them that tells.
        AssertUnwindSafe(run).catch_unwind().map(move |end| end.is_err().then(|| case.to_string()))
    });
    let failed: Vec<_> = join_all(runs).await.into_iter().flatten().collect();
    assert!(failed.is_empty(), "failed with {failed:?}");
}

/// Held while a broker takes its ports: a free port is only free until the next broker asks for one, and here
/// dozens start at once.
static PORTS: Mutex<()> = Mutex::const_new(());

/// The brokers that take seconds to start run once for all scenarios, which wait for each other.
static RABBITMQ: Mutex<Option<External>> = Mutex::const_new(None);
static EJABBERD: Mutex<Option<External>> = Mutex::const_new(None);

/// A running broker of any kind.
enum Server {
    Mosquitto(Mosquitto),
    Embedded { broker: Option<Broker>, at: BrokerOptions },
    External(Box<dyn DerefMut<Target = External>>),
}

impl Server {
    async fn start(kind: Kind) -> Server {
        match kind {
            Kind::Mosquitto => Server::mosquitto(MosquittoOptions::default()).await,
            Kind::Embedded => {
                let _ports = PORTS.lock().await;
                let broker = Broker::start(BrokerOptions::default()).await.expect("free ports");
                let (tcp, websocket) = (broker.tcp(), broker.websocket());
                let at = BrokerOptions { tcp, websocket, ..BrokerOptions::default() };
                Server::Embedded { broker: Some(broker), at }
            }
            Kind::Aedes => Server::alone(Program::Aedes).await,
            Kind::Nats => Server::alone(Program::Nats).await,
            Kind::RabbitMq => Server::shared(&RABBITMQ, Program::RabbitMq).await,
            Kind::Ejabberd => Server::shared(&EJABBERD, Program::Ejabberd).await,
        }
    }

    async fn mosquitto(options: MosquittoOptions) -> Server {
        let _ports = PORTS.lock().await;
        Server::Mosquitto(Mosquitto::start(options).await)
    }

    async fn alone(program: Program) -> Server {
        let _ports = PORTS.lock().await;
        let broker = External::start(program).await;
        // A box leads to what it holds, as the guard of a shared one does.
        Server::External(Box::new(Box::new(broker)))
    }

    async fn shared(broker: &'static Mutex<Option<External>>, program: Program) -> Server {
        let mut broker = broker.lock().await;
        if broker.is_none() {
            let _ports = PORTS.lock().await;
            *broker = Some(External::start(program).await);
        }
        Server::External(Box::new(MutexGuard::map(broker, |broker| broker.as_mut().expect("it was started"))))
    }

    fn url(&self) -> String {
        match self {
            Server::Mosquitto(mosquitto) => mosquitto.websocket(),
            Server::Embedded { at, .. } => format!("ws://{}{}", at.websocket, at.path),
            Server::External(broker) => broker.websocket(),
        }
    }

    fn tcp_port(&self) -> u16 {
        match self {
            Server::Mosquitto(mosquitto) => mosquitto.tcp_port(),
            Server::Embedded { at, .. } => at.tcp.port(),
            Server::External(broker) => broker.tcp_port(),
        }
    }

    async fn stop(&mut self) {
        match self {
            Server::Mosquitto(mosquitto) => mosquitto.kill().await,
            Server::Embedded { broker, .. } => broker.take().expect("it runs").stop().await,
            Server::External(broker) => broker.kill(),
        }
    }

    async fn restart(&mut self) {
        match self {
            Server::Mosquitto(mosquitto) => mosquitto.run().await,
            Server::Embedded { broker, at } => {
                *broker = Some(Broker::start(at.clone()).await.expect("the ports are free again"));
            }
            Server::External(broker) => broker.run().await,
        }
    }

    /// Publishes with a client library that shares no code with the session, over TCP, and waits until the
    /// broker has it all.
    async fn publish(&self, case: Case, messages: &[Message]) {
        let mut options = MqttOptions::new("publisher", "127.0.0.1", self.tcp_port());
        options.set_credentials(case.broker.user(), LOGIN.1);
        options.set_inflight(10);
        let (client, mut eventloop) = AsyncClient::new(options, 10);
        let publish = async {
            for Message { topic, payload, qos, retain } in messages {
                let qos = match qos {
                    QoS::AtMostOnce => rumqttc::QoS::AtMostOnce,
                    QoS::AtLeastOnce => rumqttc::QoS::AtLeastOnce,
                    QoS::ExactlyOnce => rumqttc::QoS::ExactlyOnce,
                };
                client.publish(topic, qos, *retain, payload.as_slice()).await.expect("the event loop runs");
            }
        };
        let acknowledge = async {
            let mut acknowledged = 0;
            while acknowledged < messages.len() {
                let event = eventloop.poll().await.expect("the broker takes the messages");
                let done = matches!(event, rumqttc::Event::Incoming(Packet::PubAck(_) | Packet::PubComp(_)));
                acknowledged += usize::from(done);
            }
        };
        let done = tokio::time::timeout(PATIENCE, async { tokio::join!(publish, acknowledge) }).await;
        done.expect("the broker acknowledges every message");
        client.disconnect().await.expect("the event loop runs");
        while let Ok(event) = eventloop.poll().await {
            if event == rumqttc::Event::Outgoing(Outgoing::Disconnect) {
                break;
            }
        }
    }
}

fn message(topic: impl Into<String>, payload: &str, qos: QoS) -> Message {
    Message { topic: topic.into(), payload: payload.into(), qos, retain: false }
}

#[tokio::test]
async fn a_connection_in_the_version_that_was_asked_for() {
    everywhere(async |case, server| {
        let mut client = Client::start(&case.to_string(), &server.url(), case.options("tab"));
        assert_eq!(client.next().await, ClientEvent::Link(Link::Connecting));
        let told = client.next().await;
        let ClientEvent::Connected { version, session_present: false, keep_alive: 30 } = told else {
            panic!("{case}: {told:?}")
        };
        assert_eq!(client.next().await, ClientEvent::Link(Link::Connected));
        client.leave().await;
        if case.version != VersionChoice::Newest {
            return assert_eq!(version, case.spoken(), "{case}");
        }

        case.check(Deviation::NoVersion5, version == Version::V311);
        if version == Version::V311 {
            // Where nothing else is allowed, there must be no falling back.
            let case = Case { version: VersionChoice::Only(Version::V5), ..case };
            let mut client = Client::start(&case.to_string(), &server.url(), case.options("tab"));
            assert_eq!(client.next().await, ClientEvent::Link(Link::Connecting));
            let (told, link) = (client.next().await, client.next().await);
            let is_closed = matches!(told, ClientEvent::ConnectFailed(Failure::ClosedBeforeConnack { .. }));
            case.check(Deviation::ClosesInsteadOfRefusing, is_closed);
            if !is_closed {
                assert_eq!(told, ClientEvent::ConnectFailed(Failure::VersionRefused(Version::V5)), "{case}");
                assert_eq!(link, ClientEvent::Link(Link::Refused), "{case}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_retained_message_comes_and_where_it_can_before_the_barrier() {
    everywhere(async |case, server| {
        let kept: Vec<_> = (0..500)
            .map(|n| Message {
                retain: true,
                ..message(format!("shelf/{n}/status"), "online", QoS::AtLeastOnce)
            })
            .collect();
        server.publish(case, &kept).await;
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
            let mut client = case.client(&server, case.options(&format!("tab-{}", qos as u8))).await;
            let subscribed = client.subscribe("shelf/#", qos).await;
            let Subscribed { codes, in_order, before_the_barrier, mut messages } = subscribed;
            assert_eq!(codes.len(), 1, "{case}");
            assert_eq!(codes[0].byte(), qos as u8, "{case}: the QoS that was granted");
            case.check(Deviation::OutOfOrder, !in_order);
            let expected = case.broker.before_the_barrier(qos, kept.len());
            assert!(expected.contains(&before_the_barrier), "{case}: {before_the_barrier} at {qos:?}");
            if case.broker.deviates(Deviation::NoRetainedForWildcards) {
                messages.extend(client.barrier().await);
                case.check(Deviation::NoRetainedForWildcards, messages.is_empty());
                let by_name = client.subscribe("shelf/7/status", qos).await.messages;
                assert_eq!(by_name, [Message { qos, ..kept[7].clone() }], "{case}: by its own name it comes");
                client.leave().await;
                continue;
            }

            let deadline = Instant::now() + PATIENCE;
            while messages.len() < kept.len() {
                messages.extend(client.barrier().await);
                assert!(Instant::now() < deadline, "{case}: {} of {}", messages.len(), kept.len());
            }
            let is_above = messages[0].qos > qos;
            if qos == QoS::AtMostOnce {
                case.check(Deviation::AboveTheGrantedQoS, is_above);
            }
            let qos = if is_above { QoS::AtLeastOnce } else { qos };
            messages.sort();
            let mut all: Vec<_> = kept.iter().map(|message| Message { qos, ..message.clone() }).collect();
            all.sort();
            assert!(messages == all, "{case}: every one once, retained, at {qos:?}: {messages:#?}");
            client.leave().await;
        }
    })
    .await;
}

/// The order is what makes "none" provable: the clean end is over at both sides before the crash begins.
#[tokio::test]
async fn a_will_after_a_crash_and_none_after_a_disconnect() {
    everywhere(async |case, server| {
        let mut watcher = case.client(&server, case.options("watcher")).await;
        watcher.subscribe("wills/#", QoS::AtLeastOnce).await;
        let mut clients = Vec::new();
        for name in ["leaver", "crasher"] {
            let mut options = case.options(name);
            options.will = Some(OwnedWill {
                topic: format!("wills/{name}"),
                payload: b"offline".to_vec(),
                qos: QoS::AtLeastOnce,
                ..OwnedWill::default()
            });
            clients.push(case.client(&server, options).await);
        }
        let (crasher, leaver) = (clients.pop().expect("two"), clients.pop().expect("two"));
        leaver.leave().await;
        drop(crasher);
        let mut wills = Vec::new();
        watcher
            .until(|told| {
                if let ClientEvent::Message(message) = told {
                    wills.push(message.clone());
                }
                (wills.last()?.topic == "wills/crasher").then_some(())
            })
            .await;
        wills.extend(watcher.barrier().await);
        let will = |name: &str| message(format!("wills/{name}"), "offline", QoS::AtLeastOnce);
        case.check(Deviation::WillAfterDisconnect, wills.contains(&will("leaver")));
        wills.retain(|message| *message != will("leaver"));
        assert_eq!(wills, [will("crasher")], "{case}: nothing else");
        watcher.leave().await;
    })
    .await;
}

#[tokio::test]
async fn messages_at_each_qos_go_out_and_come_back() {
    everywhere(async |case, server| {
        let mut client = case.client(&server, case.options("tab")).await;
        client.subscribe("echo/#", QoS::AtLeastOnce).await;

        assert_eq!(client.publish("echo/0", "zero", QoS::AtMostOnce).await, None);
        let echo = client.until(|told| match told {
            ClientEvent::Message(message) => Some(message.clone()),
            _ => None,
        });
        assert_eq!(echo.await, message("echo/0", "zero", QoS::AtMostOnce), "{case}");

        // Acknowledgement and echo come in any order.
        let id = client.publish("echo/1", "one", QoS::AtLeastOnce).await.expect("QoS 1 has one");
        let (mut puback, mut echo) = (None, None);
        client
            .until(|told| {
                match told {
                    ClientEvent::Puback(of, code) if *of == id => puback = Some(*code),
                    ClientEvent::Message(message) => echo = Some(message.clone()),
                    _ => {}
                }
                (puback.is_some() && echo.is_some()).then_some(())
            })
            .await;
        assert_eq!(puback, Some(ReasonCode::Success), "{case}");
        assert_eq!(echo, Some(message("echo/1", "one", QoS::AtLeastOnce)), "{case}");

        let id = client.publish("nobody/listens", "one", QoS::AtLeastOnce).await.expect("QoS 1 has one");
        let puback = client.until(|told| match told {
            ClientEvent::Puback(of, code) if *of == id => Some(*code),
            _ => None,
        });
        let expected = match case.spoken() {
            Version::V311 => ReasonCode::Success,
            Version::V5 => case.broker.puback_when_nobody_listens(),
        };
        assert_eq!(puback.await, expected, "{case}");
        if case.broker.deviates(Deviation::NoQoS2) {
            client.publish("echo/2", "two", QoS::ExactlyOnce).await;
            let end = client.until(|told| match told {
                ClientEvent::Message(message) => Some(Ok(message.clone())),
                ClientEvent::Disconnected(failure) => Some(Err(failure.clone())),
                _ => None,
            });
            let end = end.await;
            if case.broker == Kind::Nats {
                assert_eq!(end, Err(Some(Failure::Closed { code: Some(1002) })), "{case}");
                return;
            }
            assert_eq!(end, Ok(message("echo/2", "two", QoS::AtLeastOnce)), "{case}");
            // Its PUBACK is none of QoS 2's answers: nothing is told.
            assert_eq!(client.barrier().await, [], "{case}");
            return client.leave().await;
        }

        let id = client.publish("echo/2", "two", QoS::ExactlyOnce).await.expect("QoS 2 has one");
        let (mut pubcomp, mut echo) = (None, None);
        client
            .until(|told| {
                match told {
                    ClientEvent::Pubcomp(of, code) if *of == id => pubcomp = Some(*code),
                    ClientEvent::Message(message) => echo = Some(message.clone()),
                    _ => {}
                }
                (pubcomp.is_some() && echo.is_some()).then_some(())
            })
            .await;
        assert_eq!(pubcomp, Some(ReasonCode::Success), "{case}");
        let echo = echo.expect("it came");
        case.check(Deviation::AboveTheGrantedQoS, echo.qos == QoS::ExactlyOnce);
        assert_eq!(echo, Message { qos: echo.qos, ..message("echo/2", "two", QoS::AtLeastOnce) }, "{case}");
        assert_eq!(client.barrier().await, [], "{case}: nothing comes twice");
        client.leave().await;
    })
    .await;
}

#[tokio::test]
async fn qos_2_is_received_exactly_once() {
    everywhere(async |case, server| {
        let mut client = case.client(&server, case.options("tab")).await;
        let codes = client.subscribe("once/#", QoS::ExactlyOnce).await.codes;
        case.check(Deviation::NoQoS2, codes == [ReasonCode::GrantedQoS1]);
        if case.broker.deviates(Deviation::NoQoS2) {
            return client.leave().await;
        }
        assert_eq!(codes, [ReasonCode::GrantedQoS2], "{case}");
        let sent: Vec<_> = (0..200).map(|n| message("once/more", &n.to_string(), QoS::ExactlyOnce)).collect();
        server.publish(case, &sent).await;
        let mut messages = Vec::new();
        client
            .until(|told| {
                if let ClientEvent::Message(message) = told {
                    messages.push(message.clone());
                }
                (messages.len() == sent.len()).then_some(())
            })
            .await;
        messages.extend(client.barrier().await);
        assert_eq!(messages, sent, "{case}: each once, in their order");
        client.leave().await;
    })
    .await;
}

/// A 5.0 server tells its Receive Maximum, and the session keeps within it. In 3.1.1 `max_in_flight` must.
#[tokio::test]
async fn a_hundred_messages_at_qos_2_at_once_and_the_quota_of_3_1_1() {
    everywhere(async |case, server| {
        if case.broker.deviates(Deviation::NoQoS2) {
            return;
        }
        let quota = match case.spoken() {
            Version::V311 => case.broker.quota_at_qos_2_in_3_1_1(),
            Version::V5 => None,
        };
        for max_in_flight in [Some(1024), quota].into_iter().flatten() {
            let mut options = case.options("tab");
            options.max_in_flight = max_in_flight;
            let mut client = case.client(&server, options).await;
            let taken = client.publish_at_once(100, "many", QoS::ExactlyOnce).await;
            assert!(taken > 0, "{case}");
            let mut done = 0;
            let end = client.until(|told| match told {
                ClientEvent::Pubcomp(_, code) => {
                    assert_eq!(*code, ReasonCode::Success, "{case}");
                    done += 1;
                    (done == taken).then_some(None)
                }
                ClientEvent::Disconnected(failure) => Some(failure.clone()),
                _ => None,
            });
            let end = end.await;
            if quota.is_some_and(|quota| max_in_flight > quota) {
                assert!(matches!(end, Some(Failure::Closed { .. })), "{case}: {end:?}");
            } else {
                assert_eq!(end, None, "{case}");
                client.leave().await;
            }
        }
    })
    .await;
}

/// Time itself is the subject: after one and a half keep-alives of silence, 3 s, a broker hangs up.
#[tokio::test]
async fn a_silent_link_stays_up_beyond_its_keep_alive() {
    everywhere(async |case, server| {
        let mut options = case.options("tab");
        options.keep_alive = 2;
        let mut client = case.client(&server, options).await;
        client.subscribe("silence/#", QoS::AtMostOnce).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        // Whatever else was told in the meantime would be an end of the link, and the barrier finds it.
        assert_eq!(client.barrier().await, [], "{case}");
        client.leave().await;
    })
    .await;
}

#[tokio::test]
async fn a_second_client_of_the_same_name_takes_over() {
    everywhere(async |case, server| {
        let mut first = case.client(&server, case.options("twin")).await;
        let second = case.client(&server, case.options("twin")).await;
        let failure = first.until(|told| match told {
            ClientEvent::Disconnected(failure) => Some(failure.clone().expect("nobody asked for it")),
            _ => None,
        });
        let failure = failure.await;
        let link = first.next().await;
        match case.spoken() {
            Version::V311 => {
                let told = matches!(failure, Failure::Protocol(_));
                case.check(Deviation::DisconnectIn311, told);
                assert!(told || matches!(failure, Failure::Closed { .. }), "{case}: {failure:?}");
            }
            Version::V5 => {
                let silent = matches!(failure, Failure::Closed { .. });
                case.check(Deviation::SilentTakeover, silent);
                assert!(silent || failure == Failure::TakenOver, "{case}: {failure:?}");
            }
        }
        match failure {
            // It must not fight for the name, or the two would throw each other out for ever.
            Failure::TakenOver => assert_eq!(link, ClientEvent::Link(Link::Refused), "{case}"),
            // It cannot know.
            _ => assert!(matches!(link, ClientEvent::Link(Link::Waiting { .. })), "{case}: {link:?}"),
        }
        // And the second is there to stay, once the first no longer comes back.
        drop(first);
        second.leave().await;
    })
    .await;
}

/// What was published while the link was broken comes when it stands again, and nothing is subscribed to anew.
#[tokio::test]
async fn a_session_is_resumed_with_what_came_meanwhile() {
    everywhere(async |case, server| {
        // Those that run for all cases keep a session for each.
        let place = CHOICES.iter().position(|choice| *choice == case.version).expect("one of them");
        let mut options = case.options(&format!("sleeper-{place}"));
        options.clean_start = false;
        options.session_expiry_interval = 300;
        let mut client = case.client(&server, options).await;
        client.subscribe("post/#", QoS::AtLeastOnce).await;
        client.break_network().await;
        let sent = message("post/1", "while nobody was there", QoS::AtLeastOnce);
        server.publish(case, std::slice::from_ref(&sent)).await;
        client.mend_network();
        let is_present = client.until(|told| match told {
            ClientEvent::Connected { session_present, .. } => Some(*session_present),
            _ => None,
        });
        let is_present = is_present.await;
        case.check(Deviation::ForgetsSessions, !is_present);
        if is_present {
            let came = client.until(|told| match told {
                ClientEvent::Message(message) => Some(message.clone()),
                _ => None,
            });
            assert_eq!(came.await, sent, "{case}");
            assert_eq!(client.barrier().await, [], "{case}: once");
        }
        client.leave().await;
    })
    .await;
}

#[tokio::test]
async fn a_wrong_login_is_refused_with_the_code_of_the_broker() {
    everywhere(async |case, server| {
        let server = match case.broker {
            // Unasked, it lets everybody in.
            Kind::Mosquitto => {
                let options = MosquittoOptions { login: Some(LOGIN), ..MosquittoOptions::default() };
                Server::mosquitto(options).await
            }
            _ => server,
        };
        let login = |password: Option<&str>| {
            let mut options = case.options("tab");
            options.user = password.map(|_| case.broker.user().to_owned());
            options.password = password.map(Into::into);
            options
        };
        let mut refused = vec![login(Some("wrong"))];
        if matches!(case.broker, Kind::Mosquitto | Kind::Ejabberd) {
            refused.push(login(None));
        }
        for options in refused {
            let mut client = Client::start(&case.to_string(), &server.url(), options);
            assert_eq!(client.next().await, ClientEvent::Link(Link::Connecting));
            let (told, link) = (client.next().await, client.next().await);
            let is_closed = matches!(told, ClientEvent::ConnectFailed(Failure::ClosedBeforeConnack { .. }));
            case.check(Deviation::ClosesInsteadOfRefusing, is_closed);
            case.check(Deviation::AnyLogin, matches!(told, ClientEvent::Connected { .. }));
            match told {
                ClientEvent::ConnectFailed(Failure::ConnectRefused { version, reason, .. }) => {
                    assert_eq!((version, reason), (case.spoken(), ReasonCode::NotAuthorized), "{case}");
                    assert_eq!(link, ClientEvent::Link(Link::Refused), "{case}");
                }
                // Checked above.
                ClientEvent::ConnectFailed(Failure::ClosedBeforeConnack { .. })
                | ClientEvent::Connected { .. } => {}
                other => panic!("{case}: {other:?}"),
            }
        }
        case.client(&server, login(Some(LOGIN.1))).await.leave().await;
    })
    .await;
}

#[tokio::test]
async fn a_link_comes_back_by_itself_when_its_broker_does() {
    everywhere(async |case, mut server| {
        let takes_seconds = matches!(case.broker, Kind::RabbitMq | Kind::Ejabberd);
        if takes_seconds && case.version != VersionChoice::Newest {
            return;
        }
        let mut client = case.client(&server, case.options("tab")).await;
        client.subscribe("before/#", QoS::AtMostOnce).await;
        // Nobody else is to take its ports in the meantime.
        let ports = PORTS.lock().await;
        server.stop().await;
        let failure = client.until(|told| match told {
            ClientEvent::Disconnected(failure) => Some(failure.clone().expect("nobody asked for it")),
            _ => None,
        });
        let failure = failure.await;
        assert!(case.broker.tells_its_end(case.spoken(), &failure), "{case}: {failure:?}");
        let link = client.next().await;
        assert!(matches!(link, ClientEvent::Link(Link::Waiting { .. })), "{case}: {link:?}");

        server.restart().await;
        drop(ports);
        let version = client.until(|told| match told {
            ClientEvent::Connected { version, .. } => Some(*version),
            _ => None,
        });
        assert_eq!(version.await, case.spoken(), "{case}");
        client.leave().await;
    })
    .await;
}

#[test]
fn the_document_for_users_names_every_deviation() {
    let document = include_str!("../docs/brokers.md").split_whitespace().collect::<Vec<_>>().join(" ");
    for kind in KINDS {
        for deviation in kind.deviations() {
            let said = format!("**{} {deviation}.**", kind.name());
            assert!(document.contains(&said), "docs/brokers.md does not say: {said}");
        }
    }
}
