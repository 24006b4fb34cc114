//! The page as `trunk serve` serves it while developing: it shows retained wills, under the policy that ships.
//!
//! All other Chromium tests look at what `trunk build --release` makes. This one starts the real `trunk serve`, which
//! compiles the page without optimisation, into a folder of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use harness::{Mosquitto, MosquittoOptions, PATIENCE, Visit, free_port, visit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// How long the first build may take on a slow machine.
const BUILD_PATIENCE: Duration = Duration::from_secs(15 * 60);

/// A running `trunk serve`; ends with the value.
struct TrunkServe {
    port: u16,
    log: PathBuf,
    process: Child,
}

impl TrunkServe {
    /// Starts it on a free port and waits until it has built the page.
    async fn start() -> TrunkServe {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace");
        // Not dist/: the other tests use what was built there for release.
        let dist = root.join("target").join("serve-test");
        fs::create_dir_all(&dist).expect("target/ can be written");
        let log = dist.with_extension("log");
        let output = File::create(&log).expect("target/ can be written");
        let port = free_port();
        let process = Command::new("trunk")
            .args(["serve", "--address", "127.0.0.1", "--port", &port.to_string(), "--dist"])
            .arg(&dist)
            .current_dir(root)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("an open file"))
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .expect("trunk is installed (`cargo xtask setup`)");
        let mut serve = TrunkServe { port, log, process };
        let deadline = Instant::now() + BUILD_PATIENCE;
        while !serve.has_page().await {
            let ended = serve.process.try_wait().expect("our own child");
            let is_over = ended.is_some() || Instant::now() > deadline;
            assert!(!is_over, "trunk serve has no page ({ended:?}):\n{}", serve.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        serve
    }

    /// Whether it answers, with a page.
    async fn has_page(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)).await else { return false };
        let request = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.port);
        let mut response = String::new();
        let answered = async {
            stream.write_all(request.as_bytes()).await?;
            stream.read_to_string(&mut response).await
        };
        matches!(tokio::time::timeout(PATIENCE, answered).await, Ok(Ok(_)))
            && response.starts_with("HTTP/1.1 200")
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// Notes which sockets the page opens, and whether they open.
const WATCH_SOCKETS: &str = "window.__open = [];\
    window.WebSocket = class extends WebSocket { constructor(...all) { super(...all);\
        this.addEventListener('open', () => __open.push(this.url)); } };";

#[tokio::test]
async fn trunk_serve_shows_retained_wills_and_may_reload_the_page() {
    let broker = Mosquitto::start(MosquittoOptions::default()).await;
    broker.publish("hall/door/status", "offline", true).await;
    broker.publish("tele/lamp/LWT", "Online", true).await;
    broker.publish("zigbee2mqtt/kitchen/plug/availability", r#"{"state":"offline"}"#, true).await;
    let serve = TrunkServe::start().await;
    let url = format!("http://127.0.0.1:{}/?broker={}", serve.port, broker.websocket());
    // `visit` fails on every violation of the policy and every error in the console.
    visit(Visit { early: WATCH_SOCKETS.to_owned(), ..Visit::new(url) }, async |page| {
        page.until_link("connected").await;
        page.until_snapshot("complete").await;
        page.until_count("total", 3).await;
        page.until_tile("esphome", "hall/door", "offline", "retained").await;
        page.until_tile("tasmota", "lamp", "online", "retained").await;
        page.until_tile("zigbee2mqtt", "kitchen/plug", "offline", "retained").await;
        broker.publish("tele/lamp/LWT", "Offline", true).await;
        page.until_tile("tasmota", "lamp", "offline", "live").await;
        page.until_count("offline", 3).await;
        // The script that reloads the page after a build was allowed to run and to connect.
        let reload = "return __open.some(url => url.endsWith('/.well-known/trunk/ws'))";
        page.until("the socket of Trunk's reload script", reload).await;
    })
    .await;
}
