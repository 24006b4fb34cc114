//! The demo as a board sees it: a broker and a fleet on real sockets, watched by a client that is neither.
//! Nothing here sleeps for a fixed time; every wait is for a condition and has a deadline.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use demo::broker::{Broker, BrokerOptions};
use demo::command;
use demo::control::Control;
use demo::device::{Action, Refusal, State};
use demo::fleet::{Fleet, FleetOptions};
use demo::listen::StartError;
use demo::profile::{Convention, Profile};
use futures_util::{SinkExt, StreamExt};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, Publish, QoS};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const SOON: Duration = Duration::from_secs(10);

async fn broker_and_fleet(devices: usize, keep_alive: u64) -> (Broker, Arc<Fleet>) {
    let broker = Broker::start(BrokerOptions::default()).await.expect("broker");
    let keep_alive = Duration::from_secs(keep_alive);
    let options = FleetOptions { keep_alive, ..FleetOptions::new(broker.tcp(), devices) };
    let fleet = Fleet::start(options).await.expect("fleet");
    (broker, Arc::new(fleet))
}

/// The first device of a convention.
fn first(fleet: &Fleet, convention: Convention) -> &Profile {
    fleet.devices().iter().map(|d| d.profile()).find(|p| p.convention == convention).expect("one of each")
}

/// A client that subscribes to everything and keeps what it was sent.
struct Observer {
    events: EventLoop,
    _client: AsyncClient,
}

impl Observer {
    async fn new(broker: SocketAddr, qos: QoS) -> Observer {
        // An id of its own: a second observer would take over the first one's session.
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let id = format!("observer-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut options = MqttOptions::new(id, broker.ip().to_string(), broker.port());
        options.set_keep_alive(Duration::from_secs(5));
        let (client, events) = AsyncClient::new(options, 10);
        client.subscribe("#", qos).await.expect("room in the queue");
        Observer { events, _client: client }
    }

    async fn next(&mut self) -> Publish {
        let publish = async {
            loop {
                if let Event::Incoming(Packet::Publish(publish)) =
                    self.events.poll().await.expect("connected")
                {
                    return publish;
                }
            }
        };
        timeout(SOON, publish).await.expect("a message in time")
    }

    /// What is said on the first `count` topics, retained or live.
    async fn words(&mut self, count: usize) -> HashMap<String, String> {
        let mut seen = HashMap::new();
        while seen.len() < count {
            let publish = self.next().await;
            seen.insert(publish.topic, String::from_utf8(publish.payload.to_vec()).unwrap());
        }
        seen
    }

    /// The next live message must be this word on this device's topic.
    async fn expect(&mut self, profile: &Profile, word: &str) {
        let publish = self.next().await;
        assert_eq!((publish.topic.as_str(), &publish.payload[..]), (profile.topic.as_str(), word.as_bytes()));
        assert!(!publish.retain, "live messages have retain 0");
    }
}

/// What a new board would be told about one topic.
async fn retained_word(broker: &Broker, topic: &str, devices: usize) -> String {
    Observer::new(broker.tcp(), QoS::AtLeastOnce).await.words(devices).await.remove(topic).expect("the topic")
}

#[tokio::test]
async fn a_new_observer_sees_every_device_online() {
    let (broker, fleet) = broker_and_fleet(12, 15).await;
    let seen = Observer::new(broker.tcp(), QoS::AtLeastOnce).await.words(12).await;
    for device in fleet.devices() {
        let profile = device.profile();
        assert_eq!(seen.get(&profile.topic).map(String::as_str), Some(profile.online), "{}", profile.id);
        assert_eq!(device.state(), State::Online);
    }
    broker.stop().await;
}

#[tokio::test]
async fn each_convention_dies_leaves_and_returns_in_its_own_words() {
    let (broker, fleet) = broker_and_fleet(12, 15).await;
    let mut observer = Observer::new(broker.tcp(), QoS::AtLeastOnce).await;
    observer.words(12).await;
    for convention in Convention::ALL {
        let profile = first(&fleet, convention);
        let device = fleet.device(&profile.id).unwrap();

        let killed = Instant::now();
        assert_eq!(device.act(Action::Kill).await, Ok(State::Crashed));
        observer.expect(profile, profile.offline).await;
        let after = killed.elapsed();
        assert!(after < Duration::from_secs(1), "the will took {after:?}");
        println!("{convention}: kill to will in {after:?}");
        assert_eq!(device.act(Action::Return).await, Ok(State::Online));
        observer.expect(profile, profile.online).await;

        // Nothing comes between: the next message is the one of the return.
        assert_eq!(device.act(Action::Leave).await, Ok(State::Left));
        assert_eq!(retained_word(&broker, &profile.topic, 12).await, profile.online);
        assert_eq!(device.act(Action::Return).await, Ok(State::Online));
        observer.expect(profile, profile.online).await;

        assert_eq!(device.act(Action::Goodbye).await, Ok(State::Gone));
        observer.expect(profile, profile.offline).await;
        assert_eq!(retained_word(&broker, &profile.topic, 12).await, profile.offline);
        // No will follows a goodbye.
        assert_eq!(device.act(Action::Return).await, Ok(State::Online));
        observer.expect(profile, profile.online).await;
    }
    broker.stop().await;
}

#[tokio::test]
async fn silence_is_noticed_after_one_and_a_half_keep_alives() {
    let (broker, fleet) = broker_and_fleet(4, 1).await;
    let mut observer = Observer::new(broker.tcp(), QoS::AtLeastOnce).await;
    observer.words(4).await;
    let profile = first(&fleet, Convention::Esphome);
    let device = fleet.device(&profile.id).unwrap();

    let silent = Instant::now();
    assert_eq!(device.act(Action::Silence).await, Ok(State::Silent));
    observer.expect(profile, profile.offline).await;
    let after = silent.elapsed();
    println!("silence to will in {after:?}");
    // The interval runs from the last packet, which may have been sent up to one keep-alive ago.
    assert!(after > Duration::from_millis(300), "only {after:?}: was the socket closed?");
    assert_eq!(device.act(Action::Return).await, Ok(State::Online));
    observer.expect(profile, profile.online).await;
    assert_eq!(retained_word(&broker, &profile.topic, 4).await, profile.online);
    broker.stop().await;
}

/// A device that comes back before its silence is noticed takes its own session over. The broker may publish the
/// old will or not; the device must end as online.
#[tokio::test]
async fn a_return_from_silence_ends_online() {
    let (broker, fleet) = broker_and_fleet(4, 15).await;
    for convention in Convention::ALL {
        let profile = first(&fleet, convention);
        let mut observer = Observer::new(broker.tcp(), QoS::AtLeastOnce).await;
        observer.words(4).await;
        let device = fleet.device(&profile.id).unwrap();
        assert_eq!(device.act(Action::Silence).await, Ok(State::Silent));
        assert_eq!(device.act(Action::Return).await, Ok(State::Online));
        let mut words = Vec::new();
        while words.last().map(String::as_str) != Some(profile.online) {
            let publish = observer.next().await;
            assert_eq!(publish.topic, profile.topic);
            words.push(String::from_utf8(publish.payload.to_vec()).unwrap());
        }
        println!("{convention}: a takeover is seen as {words:?}");
        // A kill is the next thing that anybody hears of it.
        assert_eq!(device.act(Action::Kill).await, Ok(State::Crashed));
        observer.expect(profile, profile.offline).await;
        assert_eq!(device.act(Action::Return).await, Ok(State::Online));
    }
    broker.stop().await;
}

#[tokio::test]
async fn orders_that_make_no_sense_are_refused_in_words() {
    let (broker, fleet) = broker_and_fleet(12, 15).await;
    let id = &fleet.devices()[0].profile().id;
    let device = fleet.device(id).unwrap();
    assert_eq!(device.act(Action::Return).await, Err(Refusal::AlreadyOnline));
    assert_eq!(device.act(Action::Kill).await, Ok(State::Crashed));
    assert_eq!(device.act(Action::Leave).await, Err(Refusal::NotNow(State::Crashed)));

    let wrong = format!("{id}x");
    let unknown = command::act(&fleet, &wrong, Action::Kill).await.unwrap_err();
    assert_eq!(unknown.closest.first(), Some(id));
    assert!(unknown.to_string().contains(&wrong));

    let (followed, sentence) = command::act(&fleet, "all", Action::Kill).await.unwrap();
    assert_eq!(followed, 11, "{sentence}");
    let (followed, sentence) = command::act(&fleet, "all", Action::Return).await.unwrap();
    assert_eq!(followed, 12, "{sentence}");
    broker.stop().await;
}

/// Sends a request as it stands and returns the status and the body.
async fn http(control: &Control, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(control.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(SOON, stream.read_to_string(&mut answer)).await.expect("an answer in time").unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

fn order(path: &str, headers: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:9002\r\nConnection: close\r\nContent-Length: 0\r\n{headers}\r\n"
    )
}

#[tokio::test]
async fn the_control_obeys_programs_and_refuses_web_pages() {
    const OURS: &str = "X-Willow-Control: 1\r\n";
    let (broker, fleet) = broker_and_fleet(40, 15).await;
    let control = Control::start("127.0.0.1:0".parse().unwrap(), Arc::clone(&fleet)).await.unwrap();
    let device = fleet.devices().iter().find(|d| d.profile().id.contains('/')).expect("two levels");
    let encoded = device.profile().id.replace('/', "%2F");
    let kill = format!("/devices/{encoded}/kill");

    let (status, list) =
        http(&control, "GET /devices HTTP/1.1\r\nHost: localhost:9002\r\nConnection: close\r\n\r\n").await;
    assert_eq!(status, 200);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), 40);
    let entry = list.iter().find(|entry| entry["id"] == device.profile().id.as_str()).unwrap();
    assert_eq!(entry["convention"], "esphome");
    assert_eq!(entry["topic"], device.profile().topic.as_str());
    assert_eq!(entry["state"], "online");

    // Nothing of this kills it.
    for (request, expected) in [
        (order(&kill, ""), 403),
        (order(&kill, "X-Willow-Control: 0\r\n"), 403),
        (order(&kill, &format!("{OURS}Origin: https://example.com\r\n")), 403),
        (order(&kill, &format!("{OURS}Origin: null\r\n")), 403),
        (order(&kill, OURS).replace("127.0.0.1:9002", "evil.example:9002"), 403),
        (format!("GET {kill} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{OURS}\r\n"), 404),
        (order(&format!("/devices/{encoded}/explode"), OURS), 400),
        (order("/devices/%FF/kill", OURS), 400),
        (order("/devices/nobody-at-all/kill", OURS), 404),
        (order("/nothing", OURS), 404),
    ] {
        let (status, sentence) = http(&control, &request).await;
        assert_eq!(status, expected, "{request}{sentence}");
        assert!(sentence.trim_end().ends_with('.'), "no sentence: {sentence:?}");
    }
    assert_eq!(device.state(), State::Online);

    let mut observer = Observer::new(broker.tcp(), QoS::AtLeastOnce).await;
    observer.words(40).await;
    for (action, state, word) in [
        ("kill", State::Crashed, Some(device.profile().offline)),
        ("return", State::Online, Some(device.profile().online)),
        ("goodbye", State::Gone, Some(device.profile().offline)),
        ("return", State::Online, Some(device.profile().online)),
        ("leave", State::Left, None),
        ("return", State::Online, Some(device.profile().online)),
        ("silence", State::Silent, None),
    ] {
        let (status, sentence) = http(&control, &order(&format!("/devices/{encoded}/{action}"), OURS)).await;
        assert_eq!((status, device.state()), (200, state), "{sentence}");
        if let Some(word) = word {
            observer.expect(device.profile(), word).await;
        }
    }
    let (status, sentence) = http(&control, &order(&format!("/devices/{encoded}/leave"), OURS)).await;
    assert_eq!(status, 409, "{sentence}");
    let (status, sentence) = http(&control, &order("/devices/tasmota/kill", OURS)).await;
    assert_eq!(status, 200, "{sentence}");

    let elsewhere = Control::start("0.0.0.0:0".parse().unwrap(), fleet).await;
    assert!(matches!(elsewhere, Err(StartError::NotLoopback(_))));
    broker.stop().await;
}

/// A WebSocket handshake that asks for `mqtt`, then a CONNECT; returns what the broker answers.
async fn connect_over_websocket(broker: &Broker, connect: &[u8]) -> Vec<u8> {
    let mut request = broker.url().into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "mqtt".parse().unwrap());
    let (mut socket, response) = connect_async(request).await.unwrap();
    assert_eq!(response.headers()["Sec-WebSocket-Protocol"], "mqtt");
    socket.send(Message::binary(connect.to_vec())).await.unwrap();
    loop {
        match timeout(SOON, socket.next()).await.expect("an answer in time").unwrap().unwrap() {
            Message::Binary(bytes) => return bytes.to_vec(),
            other => println!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn browsers_can_connect_with_either_version() {
    let broker = Broker::start(BrokerOptions::default()).await.unwrap();
    let version_4 = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x0a\x00\x01a";
    let answer = connect_over_websocket(&broker, version_4).await;
    assert_eq!(answer, [0x20, 2, 0, 0], "a 3.1.1 CONNACK, accepted");
    let version_5 = b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x0a\x00\x00\x01b";
    let answer = connect_over_websocket(&broker, version_5).await;
    assert_eq!((answer[0], answer[3]), (0x20, 0), "a 5.0 CONNACK, accepted: {answer:02x?}");
    broker.stop().await;
}

/// mqtt5 drops the rest of a retained delivery in silence where its channel for a client ends, at 10,000 by
/// default.
#[tokio::test]
async fn a_large_fleet_is_delivered_whole_at_qos_0() {
    const TOPICS: usize = 12_000;
    let broker = Broker::start(BrokerOptions::default()).await.unwrap();
    let mut options = MqttOptions::new("many", broker.tcp().ip().to_string(), broker.tcp().port());
    options.set_keep_alive(Duration::from_secs(60)).set_inflight(1000);
    let (client, mut events) = AsyncClient::new(options, 1000);
    tokio::spawn(async move {
        for number in 0..TOPICS {
            client
                .publish(format!("device-{number}/status"), QoS::AtLeastOnce, true, "online")
                .await
                .unwrap();
        }
        std::future::pending::<()>().await;
    });
    let mut acknowledged = 0;
    let publish_all = async {
        while acknowledged < TOPICS {
            if let Event::Incoming(Packet::PubAck(_)) = events.poll().await.expect("connected") {
                acknowledged += 1;
            }
        }
    };
    timeout(Duration::from_secs(30), publish_all).await.expect("all acknowledged");
    let mut observer = Observer::new(broker.tcp(), QoS::AtMostOnce).await;
    assert_eq!(observer.words(TOPICS).await.len(), TOPICS);
    broker.stop().await;
}

#[tokio::test]
async fn an_occupied_port_is_named_and_a_stopped_broker_gives_its_ports_back() {
    let occupied = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = occupied.local_addr().unwrap();
    for options in [
        BrokerOptions { tcp: at, ..BrokerOptions::default() },
        BrokerOptions { websocket: at, ..BrokerOptions::default() },
    ] {
        let error = Broker::start(options).await.err().expect("the port is taken");
        assert!(matches!(error, StartError::InUse(_, address) if address == at));
        assert!(error.to_string().contains(&at.port().to_string()), "{error}");
    }

    let broker = Broker::start(BrokerOptions::default()).await.unwrap();
    let options = FleetOptions::new(broker.tcp(), 4);
    let fleet = Fleet::start(options).await.unwrap();
    let same = BrokerOptions { tcp: broker.tcp(), websocket: broker.websocket(), ..BrokerOptions::default() };
    broker.stop().await;
    // The devices find the new broker by themselves.
    let broker = Broker::start(same).await.expect("the ports are free again");
    let seen = Observer::new(broker.tcp(), QoS::AtLeastOnce).await.words(4).await;
    for device in fleet.devices() {
        assert_eq!(seen.get(&device.profile().topic).map(String::as_str), Some(device.profile().online));
    }
    broker.stop().await;
}

/// The README's first order must work in the demo that it starts.
#[test]
fn the_readmes_example_is_a_device_of_the_demo() {
    let readme = include_str!("../../../README.md");
    let (_, after) = readme.split_once("type `kill ").expect("README.md gives an example");
    let (id, _) = after.split_once('`').expect("the example ends");
    assert!(
        demo::profile::profiles(40, 1).iter().any(|profile| profile.id == id),
        "no device is called {id}"
    );
}
