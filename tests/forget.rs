//! Deletion without a page: the engine on a real WebSocket, against Debian's mosquitto, in both versions.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use fleet::{Config, Deletion, Engine, Handle, Outcome, SnapshotState, Time};
use futures_util::{SinkExt, StreamExt};
use harness::{Mosquitto, MosquittoOptions, PATIENCE};
use mqtt::{Closed, Options, QoS, ReasonCode, Transmit, Version, VersionChoice};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const VERSIONS: [Version; 2] = [Version::V311, Version::V5];

/// An engine and its socket; the driver of the page in a few lines.
struct Board {
    engine: Engine,
    url: String,
    socket: Option<WebSocketStream<MaybeTlsStream<TcpStream>>>,
}

impl Board {
    /// Connected, with all that is retained.
    async fn open(client_id: &str, broker: &Mosquitto, version: Version) -> Board {
        let mut options = Options::new(client_id);
        options.version = VersionChoice::Only(version);
        let engine = Engine::new(Config::new(options)).expect("the default filters are good");
        let mut board = Board { engine, url: broker.websocket(), socket: None };
        board.engine.connect(now());
        board.until(|engine| engine.snapshot().state() == SnapshotState::Complete).await;
        board
    }

    /// Carries bytes and the time until something has come true.
    async fn until(&mut self, mut is_so: impl FnMut(&Engine) -> bool) {
        let Board { engine, url, socket } = self;
        let carry = async {
            loop {
                while let Some(transmit) = engine.poll_transmit() {
                    match transmit {
                        Transmit::Open => {
                            let url = url.parse().expect("a test's address");
                            let request = ClientRequestBuilder::new(url).with_sub_protocol("mqtt");
                            *socket = Some(connect_async(request).await.expect("the broker listens").0);
                            engine.handle_open(now());
                        }
                        Transmit::Send(bytes) => {
                            // A socket that has just ended says so itself.
                            if let Some(socket) = socket {
                                let _ = socket.send(Message::binary(bytes.to_vec())).await;
                            }
                        }
                        Transmit::Close => *socket = None,
                    }
                }
                if is_so(engine) {
                    return;
                }
                let alarm = engine.poll_timeout().map(|at| at.since(now()));
                tokio::select! {
                    message = async { socket.as_mut().expect("there is one").next().await }, if socket.is_some() => {
                        match message {
                            Some(Ok(Message::Binary(bytes))) => engine.handle_bytes(&bytes, now()),
                            Some(Ok(_)) => {}
                            Some(Err(_)) | None => {
                                *socket = None;
                                engine.handle_closed(Closed { code: None, was_open: true }, now());
                            }
                        }
                    }
                    () = tokio::time::sleep(alarm.unwrap_or_default()), if alarm.is_some() => {
                        engine.handle_timeout(now());
                    }
                }
            }
        };
        tokio::time::timeout(PATIENCE, carry).await.expect("it does not come true");
    }

    async fn look_up(&mut self) {
        let devices: Vec<Handle> = self.engine.fleet().handles().collect();
        self.engine.look_up(&devices, now());
        self.until_done().await;
    }

    async fn forget(&mut self) {
        self.engine.delete_retained(now());
        self.until_done().await;
    }

    async fn undo(&mut self) {
        self.engine.undo(now());
        self.until_done().await;
    }

    async fn until_done(&mut self) {
        self.until(|engine| !engine.deletion().expect("something was looked up").is_running()).await;
    }

    fn forgetting(&self) -> &Deletion {
        self.engine.deletion().expect("something was looked up")
    }

    /// The boundary: the outcomes, by topic.
    #[track_caller]
    fn check(&self, expected: impl Fn(&str) -> Outcome) {
        for item in self.forgetting().items() {
            assert_eq!(item.outcome, expected(&item.topic), "{}", item.topic);
        }
    }
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the epoch is over");
    Time(u64::try_from(since.as_millis()).expect("the epoch was not that long ago"))
}

/// Publishes a retained message with the QoS that its topic begins with.
async fn publish(broker: &Mosquitto, options: &[&str], topic: &str) {
    let mut publish = Command::new("mosquitto_pub");
    publish.args([
        "-p",
        &broker.tcp_port().to_string(),
        "-r",
        "-m",
        "offline",
        "-q",
        &topic[..1],
        "-t",
        topic,
    ]);
    let status = publish.args(options).status().await.expect("mosquitto_pub is installed");
    assert!(status.success(), "mosquitto_pub: {status}");
}

/// The QoS that a topic begins with.
fn qos(topic: &str) -> QoS {
    match &topic[..1] {
        "0" => QoS::AtMostOnce,
        "1" => QoS::AtLeastOnce,
        _ => QoS::ExactlyOnce,
    }
}

#[tokio::test]
async fn what_mosquitto_keeps_is_deleted_and_put_back_as_it_was() {
    for version in VERSIONS {
        let broker = Mosquitto::start(MosquittoOptions::default()).await;
        // Three batches at QoS 2, which has the most to be waited for, and a few of the others.
        for number in 0..45 {
            publish(&broker, &[], &format!("2{number}/status")).await;
        }
        for topic in ["0a/status", "0b/status", "1a/status", "1b/status"] {
            publish(&broker, &[], topic).await;
        }
        let mut board = Board::open("board", &broker, version).await;
        board.look_up().await;
        assert_eq!(board.forgetting().items().len(), 49);
        let kept = |topic: &str| Outcome::Kept { bytes: 7, qos: qos(topic) };
        board.check(kept);
        board.forget().await;
        board.check(|_| Outcome::Gone);
        assert_eq!(board.engine.fleet().counts().total, 0);
        let late = Board::open("late", &broker, version).await;
        assert_eq!(late.engine.fleet().counts().total, 0, "nothing is retained");
        drop(late);
        board.undo().await;
        board.check(|_| Outcome::Restored);
        let counts = board.engine.fleet().counts();
        assert_eq!((counts.offline, counts.retained, counts.live), (49, 49, 0));
        board.look_up().await;
        board.check(kept);
        assert_eq!(board.engine.snapshot().state(), SnapshotState::Complete);
    }
}

/// A mosquitto with two retained messages, of which a board may delete the one, and the file that says so.
async fn with_rules(stock_queue: bool) -> (Mosquitto, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("acl");
    let rules = "topic read #\ntopic write 1open/status\nuser admin\ntopic readwrite #\n";
    fs::write(&file, rules).expect("a temporary file");
    let more = format!("acl_file {}\nallow_anonymous true\n", file.display());
    let login = Some(("admin", "secret"));
    let broker = Mosquitto::start(MosquittoOptions { login, more, stock_queue }).await;
    for topic in ["1open/status", "1locked/status"] {
        publish(&broker, &["-u", "admin", "-P", "secret"], topic).await;
    }
    (broker, folder)
}

#[tokio::test]
async fn what_mosquitto_does_not_allow_is_still_there() {
    for version in VERSIONS {
        let (broker, _rules) = with_rules(true).await;
        let mut board = Board::open("board", &broker, version).await;
        board.look_up().await;
        board.forget().await;
        board.check(|topic| match (topic, version) {
            ("1open/status", _) => Outcome::Gone,
            (_, Version::V5) => Outcome::Refused(ReasonCode::NotAuthorized),
            (_, Version::V311) => Outcome::StillThere { same_bytes: true, came_live: false },
        });
        assert_eq!(board.engine.fleet().counts().total, 1);
    }
}

/// With `max_queued_messages 0`, 2.0.11 acknowledges what it does not allow and then closes the link.
#[tokio::test]
async fn a_link_that_mosquitto_closes_leaves_nothing_taken_for_gone() {
    for version in VERSIONS {
        let (broker, _rules) = with_rules(false).await;
        let mut board = Board::open("board", &broker, version).await;
        board.look_up().await;
        board.forget().await;
        // What only 5.0 can say has come by then.
        board.check(|topic| match (topic, version) {
            ("1locked/status", Version::V5) => Outcome::Refused(ReasonCode::NotAuthorized),
            _ => Outcome::Unverified,
        });
        // Looked up on the next link, it is known what became of it.
        board.until(|engine| engine.snapshot().state() == SnapshotState::Complete).await;
        board.look_up().await;
        let locked = Outcome::Kept { bytes: 7, qos: QoS::AtLeastOnce };
        board.check(|_| locked);
        assert_eq!(board.forgetting().items().len(), 1);
    }
}
