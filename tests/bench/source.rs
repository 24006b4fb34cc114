//! Where a page's messages come from: a client that publishes them to mosquitto, or a replayer, which is a WebSocket
//! server that knows as much of MQTT as a subscriber has to be told. The replayer puts many packets into one
//! WebSocket message, as rumqttd and NATS do and mosquitto never does, and is no limit where a broker would be one.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::wire::{self, Changes};

/// How often a paced stream writes.
const TURN: Duration = Duration::from_millis(4);

/// The wall clock, in milliseconds.
pub fn wall() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is set");
    since.as_secs_f64() * 1e3
}

/// Sends messages to whoever subscribed.
pub struct Source {
    bytes: mpsc::Sender<Vec<u8>>,
    /// How many packets a WebSocket message has; none where a broker makes the messages.
    batch: Option<usize>,
}

impl Source {
    /// A client of the broker at this port.
    pub async fn client(port: u16) -> Source {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the broker listens");
        stream.set_nodelay(true).expect("an open socket");
        stream.write_all(&wire::connect("bench")).await.expect("the broker reads");
        let mut connack = [0; 4];
        stream.read_exact(&mut connack).await.expect("the broker answers");
        assert_eq!(connack, [0x20, 2, 0, 0], "the broker lets everybody in");
        let (bytes, mut queue) = mpsc::channel::<Vec<u8>>(1);
        tokio::spawn(async move {
            while let Some(bytes) = queue.recv().await {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        });
        Source { bytes, batch: None }
    }

    /// A replayer: where it listens, and what sends to its one subscriber. The subscriber is first told what is
    /// retained.
    pub async fn replayer(devices: usize, batch: usize) -> (String, Source) {
        let mut packets = Packets::new(Some(batch));
        for (topic, is_online) in wire::retained(devices) {
            packets.push(|into| wire::publish(into, &topic, wire::word(is_online), true));
        }
        let retained: Arc<[u8]> = packets.finish().into();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback interface has free ports");
        let address = listener.local_addr().expect("a bound listener has an address");
        let (bytes, queue) = mpsc::channel::<Vec<u8>>(1);
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a listener accepts");
            // A page that goes away ends it.
            let _ = replay(stream, &retained, queue).await;
        });
        (format!("ws://{address}/mqtt"), Source { bytes, batch: Some(batch) })
    }

    /// Publishes one message, and says when.
    pub async fn publish(&self, topic: &str, is_online: bool) -> f64 {
        let mut packets = Packets::new(self.batch);
        packets.push(|into| wire::publish(into, topic, wire::word(is_online), false));
        let (packets, at) = (packets.finish(), wall());
        self.send(packets).await;
        at
    }

    /// Sends so many changes a second for a time, and gives how many a second were taken.
    pub async fn stream(&self, changes: &mut Changes, rate: usize, time: Duration) -> f64 {
        let began = Instant::now();
        let mut turns = tokio::time::interval(TURN);
        let mut sent = 0;
        while began.elapsed() < time {
            turns.tick().await;
            let due = (began.elapsed().as_secs_f64() * rate as f64) as usize;
            // Whole WebSocket messages; what is missing comes with the next turn. What a slow page did not take in
            // time it is sent as fast as it takes it, in pieces, for the time is over when it is over.
            let number = (due - sent).min(rate / 50 + 100);
            let number = number - number % self.batch.unwrap_or(1);
            if number > 0 {
                self.send(self.packets(changes, number)).await;
            }
            sent += number;
        }
        sent as f64 / began.elapsed().as_secs_f64()
    }

    /// So many changes.
    pub fn packets(&self, changes: &mut Changes, number: usize) -> Vec<u8> {
        let mut packets = Packets::new(self.batch);
        for _ in 0..number {
            packets.push(|into| changes.append(into));
        }
        packets.finish()
    }

    /// Sends what [`Source::packets`] made; returns when it is on its way, which takes as long as what was sent before
    /// is not taken.
    pub async fn send(&self, packets: Vec<u8>) {
        // When nobody takes them any more, it is seen by what the page does not show.
        let _ = self.bytes.send(packets).await;
    }
}

/// Packets, in WebSocket messages where no broker makes them.
struct Packets {
    bytes: Vec<u8>,
    batch: Option<usize>,
    message: Vec<u8>,
    waiting: usize,
}

impl Packets {
    fn new(batch: Option<usize>) -> Packets {
        Packets { bytes: Vec::new(), batch, message: Vec::new(), waiting: 0 }
    }

    fn push(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        let Some(batch) = self.batch else { return append(&mut self.bytes) };
        append(&mut self.message);
        self.waiting += 1;
        if self.waiting == batch {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.waiting > 0 {
            frame(&mut self.bytes, &self.message);
            self.message.clear();
            self.waiting = 0;
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.bytes
    }
}

/// Appends a binary WebSocket message of a server (RFC 6455, section 5.2: unmasked).
fn frame(into: &mut Vec<u8>, message: &[u8]) {
    into.push(0x82);
    match u16::try_from(message.len()).expect("a batch is shorter than 64 KiB") {
        short @ 0..126 => into.push(short as u8),
        long => {
            into.push(126);
            into.extend(long.to_be_bytes());
        }
    }
    into.extend(message);
}

/// Serves one subscriber.
async fn replay(
    stream: TcpStream,
    retained: &[u8],
    mut queue: mpsc::Receiver<Vec<u8>>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    #[expect(clippy::result_large_err, reason = "the type is tungstenite's")]
    let subprotocol = |_: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        response.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("mqtt"));
        Ok(response)
    };
    let mut socket = accept_hdr_async(stream, subprotocol).await?;
    let mut is_subscribed = false;
    loop {
        tokio::select! {
            heard = socket.next() => {
                let Some(Message::Binary(heard)) = heard.transpose()? else { return Ok(()) };
                let mut answers = Vec::new();
                let mut rest = &heard[..];
                // Every packet of a subscriber is short.
                while let [kind, length, ..] = *rest {
                    match kind {
                        0x10 => frame(&mut answers, &[0x20, 2, 0, 0]),
                        0x82 => {
                            frame(&mut answers, &[0x90, 3, rest[2], rest[3], 0]);
                            if !std::mem::replace(&mut is_subscribed, true) {
                                answers.extend(retained);
                            }
                        }
                        0xC0 => frame(&mut answers, &[0xD0, 0]),
                        _ => {}
                    }
                    rest = rest.get(2 + usize::from(length)..).unwrap_or_default();
                }
                socket.get_mut().write_all(&answers).await?;
            }
            Some(bytes) = queue.recv(), if is_subscribed => socket.get_mut().write_all(&bytes).await?,
        }
    }
}

/// Gives a broker its retained messages, and waits until it has them.
pub fn fill(port: u16, devices: usize) {
    let mut packets = wire::connect("filler");
    for (topic, is_online) in wire::retained(devices) {
        wire::publish(&mut packets, &topic, wire::word(is_online), true);
    }
    packets.extend([0xC0, 0]);
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("the broker listens");
    stream.write_all(&packets).expect("the broker reads");
    // CONNACK and, behind everything, PINGRESP.
    stream.read_exact(&mut [0; 6]).expect("the broker answers");
}
