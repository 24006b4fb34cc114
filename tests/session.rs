//! The client's session against real brokers, without a page: Debian's mosquitto and the embedded broker, in
//! each version of the protocol and with the choice between them.
//!
//! Every scenario runs on a broker of its own, all six of its cases at once. What a broker does otherwise
//! than the other stands in one place, [`Server`]'s methods below, and in `docs/brokers.md`.

use std::fmt;
use std::ops::RangeInclusive;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use demo::broker::{Broker, BrokerOptions};
use futures_util::FutureExt;
use futures_util::future::join_all;
use harness::{Client, Message, Mosquitto, MosquittoOptions, PATIENCE, Told};
use mqtt::{Failure, Link, Options, OwnedWill, QoS, ReasonCode, Version, VersionChoice};
use rumqttc::{AsyncClient, MqttOptions, Outgoing, Packet};
use tokio::sync::Mutex;

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
}

const CHOICES: [VersionChoice; 3] =
    [VersionChoice::Only(Version::V311), VersionChoice::Only(Version::V5), VersionChoice::Newest];

impl Case {
    fn options(self, client_id: &str) -> Options {
        let mut options = Options::new(client_id);
        options.version = self.version;
        options
    }

    async fn client(self, server: &Server, options: Options) -> Client {
        Client::connected(&self.to_string(), &server.url(), options).await
    }

    /// The version that has to come of it: both brokers speak both.
    fn spoken(self) -> Version {
        match self.version {
            VersionChoice::Only(version) => version,
            VersionChoice::Newest => Version::V5,
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} with {:?}", self.broker, self.version)
    }
}

/// Runs a scenario against each broker with each choice of versions.
async fn everywhere(scenario: impl AsyncFn(Case, Server)) {
    let kinds = [Kind::Mosquitto, Kind::Embedded];
    let cases = kinds.into_iter().flat_map(|broker| CHOICES.map(|version| Case { broker, version }));
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

/// A running broker of either kind.
enum Server {
    Mosquitto(Mosquitto),
    Embedded { broker: Option<Broker>, at: BrokerOptions },
}

/// What each broker does where the two differ: all the deviations that the scenarios expect.
impl Server {
    /// How many of the retained messages come before the answer to a PINGREQ that was sent right behind the
    /// SUBSCRIBE, in the same WebSocket message.
    fn before_the_barrier(&self, qos: QoS, all: usize) -> RangeInclusive<usize> {
        match (self, qos) {
            (Server::Mosquitto(_), QoS::AtMostOnce) => all..=all,
            // Its `max_inflight_messages`; the others wait for the PUBACKs.
            (Server::Mosquitto(_), _) => 20..=20,
            // It draws lots between what a client asks and what it is to be sent: nothing is certain.
            (Server::Embedded { .. }, _) => 0..=all,
        }
    }

    /// The answer to a QoS 1 message in 5.0 that nobody subscribed to: telling so is optional (3.4.2.1).
    fn puback_when_nobody_listens(&self) -> ReasonCode {
        match self {
            Server::Mosquitto(_) => ReasonCode::NoMatchingSubscribers,
            Server::Embedded { .. } => ReasonCode::Success,
        }
    }

    /// How many QoS 2 messages may be under way in 3.1.1, which has no way to say so; one more ends the link.
    /// `None`: no limit was met.
    fn quota_at_qos_2_in_3_1_1(&self) -> Option<u16> {
        match self {
            Server::Mosquitto(_) => Some(20),
            Server::Embedded { .. } => None,
        }
    }

    /// How a client learns that another one has its client identifier. Both versions want it disconnected
    /// ([MQTT-3.1.4-2] and, in 5.0, [MQTT-3.1.4-3]); 5.0 wants it told why.
    fn tells_a_takeover(&self, version: Version, failure: &Failure) -> bool {
        match (self, version) {
            (Server::Mosquitto(_), Version::V311) => matches!(failure, Failure::Closed { .. }),
            // Before 2.0.15 (mosquitto#2607) it closes without a word, over TCP as well.
            (Server::Mosquitto(_), Version::V5) => {
                matches!(failure, Failure::Closed { .. } | Failure::TakenOver)
            }
            // It sends a DISCONNECT, which only a client may in 3.1.1.
            (Server::Embedded { .. }, Version::V311) => matches!(failure, Failure::Protocol(_)),
            (Server::Embedded { .. }, Version::V5) => *failure == Failure::TakenOver,
        }
    }

    /// How a client learns that the broker stopped: mosquitto is killed here, as by a power cut.
    fn tells_its_end(&self, version: Version, failure: &Failure) -> bool {
        match (self, version) {
            (Server::Embedded { .. }, Version::V5) => {
                let reason = ReasonCode::ServerShuttingDown;
                matches!(failure, Failure::ServerDisconnect { reason: said, .. } if *said == reason)
            }
            _ => matches!(failure, Failure::Closed { .. }),
        }
    }
}

impl Server {
    async fn start(kind: Kind) -> Server {
        Server::start_with(kind, MosquittoOptions::default()).await
    }

    async fn start_with(kind: Kind, options: MosquittoOptions) -> Server {
        let _ports = PORTS.lock().await;
        match kind {
            Kind::Mosquitto => Server::Mosquitto(Mosquitto::start(options).await),
            Kind::Embedded => {
                let broker = Broker::start(BrokerOptions::default()).await.expect("free ports");
                let (tcp, websocket) = (broker.tcp(), broker.websocket());
                let at = BrokerOptions { tcp, websocket, ..BrokerOptions::default() };
                Server::Embedded { broker: Some(broker), at }
            }
        }
    }

    fn url(&self) -> String {
        match self {
            Server::Mosquitto(mosquitto) => mosquitto.websocket(),
            Server::Embedded { at, .. } => format!("ws://{}{}", at.websocket, at.path),
        }
    }

    fn tcp_port(&self) -> u16 {
        match self {
            Server::Mosquitto(mosquitto) => mosquitto.tcp_port(),
            Server::Embedded { at, .. } => at.tcp.port(),
        }
    }

    async fn stop(&mut self) {
        match self {
            Server::Mosquitto(mosquitto) => mosquitto.kill().await,
            Server::Embedded { broker, .. } => broker.take().expect("it runs").stop().await,
        }
    }

    async fn restart(&mut self) {
        match self {
            Server::Mosquitto(mosquitto) => mosquitto.run().await,
            Server::Embedded { broker, at } => {
                *broker = Some(Broker::start(at.clone()).await.expect("the ports are free again"));
            }
        }
    }

    /// Publishes with a client library that shares no code with the session, over TCP, and waits until the
    /// broker has it all.
    async fn publish(&self, messages: &[Message]) {
        let mut options = MqttOptions::new("publisher", "127.0.0.1", self.tcp_port());
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
        assert_eq!(client.next().await, Told::Link(Link::Connecting));
        let connected = Told::Connected { version: case.spoken(), session_present: false, keep_alive: 30 };
        assert_eq!(client.next().await, connected, "{case}");
        assert_eq!(client.next().await, Told::Link(Link::Connected));
        client.leave().await;
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
        server.publish(&kept).await;
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
            let mut client = case.client(&server, case.options(&format!("tab-{}", qos as u8))).await;
            let (codes, mut messages) = client.subscribe("shelf/#", qos).await;
            assert_eq!(codes.len(), 1, "{case}");
            assert_eq!(codes[0].byte(), qos as u8, "{case}: the QoS that was granted");
            let expected = server.before_the_barrier(qos, kept.len());
            assert!(expected.contains(&messages.len()), "{case}: {} at {qos:?}", messages.len());

            let deadline = Instant::now() + PATIENCE;
            while messages.len() < kept.len() {
                messages.extend(client.barrier().await);
                assert!(Instant::now() < deadline, "{case}: {} of {}", messages.len(), kept.len());
            }
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
        let first = watcher
            .until(|told| match told {
                Told::Message(message) => Some(message.clone()),
                _ => None,
            })
            .await;
        assert_eq!(first, message("wills/crasher", "offline", QoS::AtLeastOnce), "{case}");
        assert_eq!(watcher.barrier().await, [], "{case}: nothing else");
    })
    .await;
}

#[tokio::test]
async fn messages_at_each_qos_go_out_and_come_back() {
    everywhere(async |case, server| {
        let mut client = case.client(&server, case.options("tab")).await;
        client.subscribe("echo/#", QoS::AtLeastOnce).await;

        assert_eq!(client.publish("echo/0", "zero", QoS::AtMostOnce).await, None);
        let echo = client.barrier().await;
        assert_eq!(echo, [message("echo/0", "zero", QoS::AtMostOnce)], "{case}");

        // Acknowledgement and echo come in any order.
        let id = client.publish("echo/1", "one", QoS::AtLeastOnce).await.expect("QoS 1 has one");
        let (mut puback, mut echo) = (None, None);
        client
            .until(|told| {
                match told {
                    Told::Puback(of, code) if *of == id => puback = Some(*code),
                    Told::Message(message) => echo = Some(message.clone()),
                    _ => {}
                }
                (puback.is_some() && echo.is_some()).then_some(())
            })
            .await;
        assert_eq!(puback, Some(ReasonCode::Success), "{case}");
        assert_eq!(echo, Some(message("echo/1", "one", QoS::AtLeastOnce)), "{case}");

        let id = client.publish("nobody/listens", "one", QoS::AtLeastOnce).await.expect("QoS 1 has one");
        let puback = client.until(|told| match told {
            Told::Puback(of, code) if *of == id => Some(*code),
            _ => None,
        });
        let expected = match case.spoken() {
            Version::V311 => ReasonCode::Success,
            Version::V5 => server.puback_when_nobody_listens(),
        };
        assert_eq!(puback.await, expected, "{case}");

        let id = client.publish("echo/2", "two", QoS::ExactlyOnce).await.expect("QoS 2 has one");
        let (mut pubcomp, mut echo) = (None, None);
        client
            .until(|told| {
                match told {
                    Told::Pubcomp(of, code) if *of == id => pubcomp = Some(*code),
                    Told::Message(message) => echo = Some(message.clone()),
                    _ => {}
                }
                (pubcomp.is_some() && echo.is_some()).then_some(())
            })
            .await;
        assert_eq!(pubcomp, Some(ReasonCode::Success), "{case}");
        assert_eq!(echo, Some(message("echo/2", "two", QoS::AtLeastOnce)), "{case}: at the lower QoS");
        assert_eq!(client.barrier().await, [], "{case}: nothing comes twice");
        client.leave().await;
    })
    .await;
}

#[tokio::test]
async fn qos_2_is_received_exactly_once() {
    everywhere(async |case, server| {
        let mut client = case.client(&server, case.options("tab")).await;
        let (codes, _) = client.subscribe("once/#", QoS::ExactlyOnce).await;
        assert_eq!(codes, [ReasonCode::GrantedQoS2], "{case}");
        let sent: Vec<_> = (0..200).map(|n| message("once/more", &n.to_string(), QoS::ExactlyOnce)).collect();
        server.publish(&sent).await;
        let mut messages = Vec::new();
        client
            .until(|told| {
                if let Told::Message(message) = told {
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
        let quota = match case.spoken() {
            Version::V311 => server.quota_at_qos_2_in_3_1_1(),
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
                Told::Pubcomp(_, code) => {
                    assert_eq!(*code, ReasonCode::Success, "{case}");
                    done += 1;
                    (done == taken).then_some(None)
                }
                Told::Disconnected(failure) => Some(failure.clone()),
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
            Told::Disconnected(failure) => Some(failure.clone().expect("nobody asked for it")),
            _ => None,
        });
        let failure = failure.await;
        let link = first.next().await;
        assert!(server.tells_a_takeover(case.spoken(), &failure), "{case}: {failure:?}");
        match failure {
            // It must not fight for the name, or the two would throw each other out for ever.
            Failure::TakenOver => assert_eq!(link, Told::Link(Link::Refused), "{case}"),
            // It cannot know.
            _ => assert!(matches!(link, Told::Link(Link::Waiting { .. })), "{case}: {link:?}"),
        }
        // And the second is there to stay, once the first no longer comes back.
        drop(first);
        second.leave().await;
    })
    .await;
}

#[tokio::test]
async fn a_wrong_login_is_refused_with_the_code_of_the_broker() {
    let login = Some(("willow", "right"));
    let options = MosquittoOptions { login, ..MosquittoOptions::default() };
    let mosquitto = Server::start_with(Kind::Mosquitto, options).await;
    let embedded = Server::start(Kind::Embedded).await;
    for version in CHOICES {
        let case = Case { broker: Kind::Mosquitto, version };
        let login = |password: &str| {
            let mut options = case.options("tab");
            options.user = Some("willow".to_owned());
            options.password = Some(password.as_bytes().to_vec());
            options
        };
        for options in [login("wrong"), case.options("nobody")] {
            let mut client = Client::start(&case.to_string(), &mosquitto.url(), options);
            assert_eq!(client.next().await, Told::Link(Link::Connecting));
            match client.next().await {
                Told::ConnectFailed(Failure::ConnectRefused { version, reason, .. }) => {
                    assert_eq!((version, reason), (case.spoken(), ReasonCode::NotAuthorized), "{case}");
                }
                other => panic!("{case}: {other:?}"),
            }
            assert_eq!(client.next().await, Told::Link(Link::Refused), "{case}");
        }
        Client::connected(&case.to_string(), &mosquitto.url(), login("right")).await.leave().await;

        // The embedded broker has no logins: whoever brings one is let in like anybody else.
        let case = Case { broker: Kind::Embedded, version };
        case.client(&embedded, login("wrong")).await.leave().await;
    }
}

#[tokio::test]
async fn a_link_comes_back_by_itself_when_its_broker_does() {
    everywhere(async |case, mut server| {
        let mut client = case.client(&server, case.options("tab")).await;
        client.subscribe("before/#", QoS::AtMostOnce).await;
        // Nobody else is to take its ports in the meantime.
        let ports = PORTS.lock().await;
        server.stop().await;
        let failure = client.until(|told| match told {
            Told::Disconnected(failure) => Some(failure.clone().expect("nobody asked for it")),
            _ => None,
        });
        let failure = failure.await;
        assert!(server.tells_its_end(case.spoken(), &failure), "{case}: {failure:?}");
        let link = client.next().await;
        assert!(matches!(link, Told::Link(Link::Waiting { .. })), "{case}: {link:?}");

        server.restart().await;
        drop(ports);
        let version = client.until(|told| match told {
            Told::Connected { version, .. } => Some(*version),
            _ => None,
        });
        assert_eq!(version.await, case.spoken(), "{case}");
        client.leave().await;
    })
    .await;
}
