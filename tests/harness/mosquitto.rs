//! Debian's mosquitto as the broker, and `mosquitto_sub` as a device with a real will.

use std::fs;
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::{PATIENCE, free_port};

/// What differs between the brokers that the tests start.
#[derive(Clone, Debug, Default)]
pub struct MosquittoOptions {
    /// More lines for the configuration.
    pub more: String,
    /// Leave `max_queued_messages` at its default of 1,000: a wildcard then brings 999 retained messages.
    pub stock_queue: bool,
    /// The user and password that every client must give.
    pub login: Option<(&'static str, &'static str)>,
}

/// A running mosquitto; ends with the value.
pub struct Mosquitto {
    tcp: u16,
    websocket: u16,
    folder: TempDir,
    process: Option<Child>,
}

impl Mosquitto {
    /// On free ports, without persistence.
    pub async fn start(options: MosquittoOptions) -> Mosquitto {
        // Another test may have taken a port that was free a moment ago.
        for _ in 0..5 {
            let mut broker = Mosquitto::configured(free_port(), &options);
            if broker.listens().await {
                return broker;
            }
        }
        panic!("mosquitto ends as soon as it is started");
    }

    /// With this port for WebSocket.
    pub async fn start_at(websocket: u16, options: MosquittoOptions) -> Mosquitto {
        let mut broker = Mosquitto::configured(websocket, &options);
        broker.run().await;
        broker
    }

    fn configured(websocket: u16, options: &MosquittoOptions) -> Mosquitto {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let tcp = free_port();
        let mut config = String::from("persistence false\nlog_dest none\nset_tcp_nodelay true\n");
        if !options.stock_queue {
            config.push_str("max_queued_messages 0\n");
        }
        match options.login {
            None => config.push_str("allow_anonymous true\n"),
            Some((user, password)) => {
                let file = folder.path().join("passwords");
                let made = std::process::Command::new("mosquitto_passwd")
                    .args(["-b", "-c"])
                    .arg(&file)
                    .args([user, password])
                    .status()
                    .expect("mosquitto_passwd is part of mosquitto");
                assert!(made.success(), "mosquitto_passwd: {made}");
                config.push_str(&format!("allow_anonymous false\npassword_file {}\n", file.display()));
            }
        }
        // Started as root it would change to a user of its own, which may not read the temporary folder.
        config.push_str("user root\n");
        config.push_str(&format!("listener {tcp} 127.0.0.1\nprotocol mqtt\n"));
        config.push_str(&format!("listener {websocket} 127.0.0.1\nprotocol websockets\n"));
        config.push_str(&options.more);
        fs::write(folder.path().join("mosquitto.conf"), config).expect("a temporary file");
        Mosquitto { tcp, websocket, folder, process: None }
    }

    /// Starts it (again) on the same ports. A restart loses all retained messages.
    pub async fn run(&mut self) {
        assert!(self.listens().await, "mosquitto ended as soon as it was started");
    }

    /// Starts it, and waits until both ports answer; false if it ended instead.
    async fn listens(&mut self) -> bool {
        let mut process = Command::new("mosquitto")
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("mosquitto is installed (`cargo xtask setup --tests`)");
        let deadline = Instant::now() + PATIENCE;
        for port in [self.tcp, self.websocket] {
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                if process.try_wait().expect("our own child").is_some() {
                    return false;
                }
                assert!(Instant::now() < deadline, "mosquitto does not listen on {port}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        self.process = Some(process);
        true
    }

    /// Kills it.
    pub async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await.expect("our own child");
        }
    }

    /// The address that a browser connects to.
    pub fn websocket(&self) -> String {
        format!("ws://127.0.0.1:{}/mqtt", self.websocket)
    }

    /// The port for clients over TCP.
    pub fn tcp_port(&self) -> u16 {
        self.tcp
    }

    /// Publishes a message and waits until the broker has it.
    pub async fn publish(&self, topic: &str, payload: &str, retain: bool) {
        publish(self.tcp, &[], topic, payload, retain).await;
    }

    /// Publishes a retained message with a login.
    pub async fn publish_as(&self, user: &str, password: &str, topic: &str, payload: &str) {
        publish(self.tcp, &["-u", user, "-P", password], topic, payload, true).await;
    }

    /// Publishes many retained messages over one connection and waits until the broker has them all.
    pub async fn publish_many(&self, messages: impl Iterator<Item = (String, &'static str)>) {
        let options = MqttOptions::new("publisher", "127.0.0.1", self.tcp);
        let (client, mut eventloop) = AsyncClient::new(options, 100);
        let messages: Vec<_> = messages.collect();
        let all = messages.len();
        let publish = tokio::spawn(async move {
            for (topic, payload) in messages {
                client.publish(topic, QoS::AtLeastOnce, true, payload).await.expect("the event loop runs");
            }
            client
        });
        let mut acknowledged = 0;
        while acknowledged < all {
            let event = eventloop.poll().await.expect("mosquitto takes the messages");
            acknowledged += usize::from(matches!(event, Event::Incoming(Packet::PubAck(_))));
        }
        publish.await.expect("publishing does not panic");
    }

    /// A device as firmware does it: the will is `offline`, retained, and `online` is published, retained,
    /// as soon as it is connected.
    pub async fn device(&self, topic: &str) -> Device {
        // stdbuf: into a pipe it would write only when its buffer is full, not line by line.
        let mut process = Command::new("stdbuf")
            .args([
                "-oL",
                "mosquitto_sub",
                "-d",
                "-p",
                &self.tcp.to_string(),
                "-k",
                "60",
                "-t",
                &format!("commands-for/{topic}"),
            ])
            .args(["--will-topic", topic, "--will-payload", "offline", "--will-retain"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("stdbuf and mosquitto_sub are installed");
        let mut lines = BufReader::new(process.stdout.take().expect("it was piped")).lines();
        let subscribed = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains("SUBACK") {
                    return true;
                }
            }
            false
        };
        let subscribed = tokio::time::timeout(PATIENCE, subscribed).await;
        assert_eq!(subscribed, Ok(true), "mosquitto_sub did not connect");
        // Read on, or the device blocks when the pipe is full.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        self.publish(topic, "online", true).await;
        Device { process }
    }
}

/// A device that is connected to the broker.
pub struct Device {
    process: Child,
}

impl Device {
    /// SIGKILL: the connection breaks without a DISCONNECT, so the broker publishes the will.
    pub async fn crash(mut self) {
        self.process.kill().await.expect("our own child");
    }

    /// SIGTERM: mosquitto_sub sends a DISCONNECT, which deletes the will [MQTT-3.14.4-3].
    pub async fn leave(mut self) {
        let pid = self.process.id().expect("it has not ended").to_string();
        let signalled =
            Command::new("kill").args(["-TERM", &pid]).status().await.expect("kill is part of every Unix");
        assert!(signalled.success());
        let ended = tokio::time::timeout(PATIENCE, self.process.wait()).await;
        ended.expect("mosquitto_sub ends on SIGTERM").expect("our own child");
    }
}

/// Publishes a message to the broker at this TCP port, with further options of mosquitto_pub, and waits until the broker
/// has it.
pub(crate) async fn publish(port: u16, options: &[&str], topic: &str, payload: &str, retain: bool) {
    let mut publish = Command::new("mosquitto_pub");
    publish.args(options);
    publish.args(["-p", &port.to_string(), "-q", "1", "-t", topic]);
    if payload.is_empty() {
        publish.arg("-n");
    } else {
        publish.args(["-m", payload]);
    }
    if retain {
        publish.arg("-r");
    }
    let status = publish.status().await.expect("mosquitto_pub is installed");
    assert!(status.success(), "mosquitto_pub: {status}");
}
