//! The session without a page: [`mqtt::Session`] on a real WebSocket and the real clock.
//!
//! A driver and no more, as `link` is in the browser: it carries bytes and the time between a socket and the
//! session, and what happened to the test, as values. It decides nothing.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt, StreamExt};
use mqtt::{
    BarrierId, Closed, CommandError, Event, Failure, Link, Options, PacketId, QoS, ReasonCode, Session,
    Subscription, Time, TopicFilter, TopicName, Transmit, Version,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{self, ClientRequestBuilder, http::Uri};

use crate::PATIENCE;

/// What a session told: its events, owned, and where the link stood after them.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs, reason = "the names are those of `mqtt::Event`")]
pub enum Told {
    Connected {
        version: Version,
        session_present: bool,
        keep_alive: u16,
    },
    Message(Message),
    Suback(PacketId, Vec<ReasonCode>),
    Puback(PacketId, ReasonCode),
    Pubrec(PacketId, ReasonCode),
    Pubcomp(PacketId, ReasonCode),
    Barrier(BarrierId),
    Disconnected(Option<Failure>),
    ConnectFailed(Failure),
    Link(Link),
    /// What no test asks for; in words.
    Other(String),
}

/// A message that came.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[allow(missing_docs, reason = "the names are the standard's")]
pub struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
    pub qos: QoS,
    pub retain: bool,
}

/// What came of a SUBSCRIBE and the PINGREQ behind it.
pub struct Subscribed {
    /// What the SUBACK says.
    pub codes: Vec<ReasonCode>,
    /// The SUBACK came before the PINGRESP.
    pub in_order: bool,
    /// How many of the messages came before the PINGRESP.
    pub before_the_barrier: usize,
    /// What came until both were there.
    pub messages: Vec<Message>,
}

/// A client of a broker. Dropped without [`Client::leave`], it breaks off its socket as a crash does.
pub struct Client {
    label: String,
    commands: mpsc::UnboundedSender<Command>,
    told: mpsc::UnboundedReceiver<Told>,
    driver: JoinHandle<Option<Socket>>,
    /// Whether the network is broken: the socket ends without a word, and no other opens.
    broken: watch::Sender<bool>,
    /// What was told already, for the message of a failure.
    seen: VecDeque<Told>,
}

type Command = Box<dyn FnOnce(&mut Session, Time) + Send>;

impl Client {
    /// Begins to connect. The label is for the messages of failures.
    pub fn start(label: &str, url: &str, options: Options) -> Client {
        let ((commands, orders), (tell, told)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let label = format!("{label}, client {:?}", options.client_id);
        let (broken, network) = watch::channel(false);
        let driver = tokio::spawn(drive(url.to_owned(), Session::new(options), orders, tell, network));
        let client = Client { label, commands, told, driver, broken, seen: VecDeque::new() };
        client.order(|session, now| session.connect(now));
        client
    }

    /// Connects and waits until the server has accepted.
    pub async fn connected(label: &str, url: &str, options: Options) -> Client {
        let mut client = Client::start(label, url, options);
        client.until(|told| matches!(told, Told::Connected { .. }).then_some(())).await;
        client
    }

    /// Subscribes, asks for an answer behind it, and waits until both have come.
    pub async fn subscribe(&mut self, filter: &'static str, qos: QoS) -> Subscribed {
        let asked = self.command(move |session, _| {
            let filter = TopicFilter::new(filter).expect("a test's filter");
            Ok::<_, CommandError>((
                session.subscribe(&[Subscription { qos, ..Subscription::new(filter) }])?,
                session.barrier()?,
            ))
        });
        let (subscribe, barrier) = asked.await.expect("there is a link");
        let (mut codes, mut messages, mut before_the_barrier) = (None, Vec::new(), None);
        let label = self.label.clone();
        self.until(|told| {
            match told {
                Told::Message(message) => messages.push(message.clone()),
                Told::Suback(id, granted) if *id == subscribe => codes = Some(granted.clone()),
                Told::Barrier(id) if *id == barrier => {
                    before_the_barrier = Some((codes.is_some(), messages.len()));
                }
                Told::Link(Link::Connected) => {}
                other => panic!("{label}: {other:?} between SUBSCRIBE and its answers"),
            }
            (codes.is_some() && before_the_barrier.is_some()).then_some(())
        })
        .await;
        let (codes, (in_order, before_the_barrier)) = codes.zip(before_the_barrier).expect("both have come");
        Subscribed { codes, in_order, before_the_barrier, messages }
    }

    /// Publishes; the packet identifier, if the QoS has one.
    pub async fn publish(&self, topic: &'static str, payload: &'static str, qos: QoS) -> Option<PacketId> {
        let asked = self.command(move |session, _| {
            session.publish(TopicName::new(topic).expect("a test's topic"), payload.as_bytes(), qos, false)
        });
        asked.await.expect("there is a link")
    }

    /// Publishes so many empty messages in one go, or as many as the session takes: how many it took.
    pub async fn publish_at_once(&self, count: usize, topic: &'static str, qos: QoS) -> usize {
        let asked = self.command(move |session, _| {
            let topic = TopicName::new(topic).expect("a test's topic");
            (0..count).take_while(|_| session.publish(topic, b"", qos, false).is_ok()).count()
        });
        asked.await
    }

    /// Waits until the server has answered all that it was sent: the messages that came before that.
    pub async fn barrier(&mut self) -> Vec<Message> {
        let barrier = self.command(|session, _| session.barrier()).await.expect("there is a link");
        let label = self.label.clone();
        self.until_barrier(barrier, |told| panic!("{label}: {told:?} before a barrier")).await
    }

    async fn until_barrier(&mut self, barrier: BarrierId, mut other: impl FnMut(&Told)) -> Vec<Message> {
        let mut messages = Vec::new();
        self.until(|told| {
            match told {
                Told::Message(message) => messages.push(message.clone()),
                Told::Barrier(id) if *id == barrier => return Some(()),
                Told::Link(Link::Connected) => {}
                told => other(told),
            }
            None
        })
        .await;
        messages
    }

    /// The next thing that was told.
    pub async fn next(&mut self) -> Told {
        self.until(|told| Some(told.clone())).await
    }

    /// Waits for what `find` finds in what is told from now on.
    pub async fn until<T>(&mut self, mut find: impl FnMut(&Told) -> Option<T>) -> T {
        let Client { label, told, seen, .. } = self;
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                let next = told.recv().await.expect("the driver runs as long as the client");
                let found = find(&next);
                seen.push_back(next);
                if seen.len() > 20 {
                    seen.pop_front();
                }
                if let Some(found) = found {
                    return found;
                }
            }
        });
        let found = found.await;
        found.unwrap_or_else(|_| panic!("{label}: it did not come; the last that did: {seen:#?}"))
    }

    /// Breaks the network: the link ends without a word, and the session waits to get through again.
    pub async fn break_network(&mut self) {
        self.broken.send_replace(true);
        self.until(|told| matches!(told, Told::Disconnected(_)).then_some(())).await;
    }

    /// Mends the network.
    pub fn mend_network(&self) {
        self.broken.send_replace(false);
    }

    /// Says DISCONNECT, and waits until the socket is closed at both ends: the server has read it then.
    pub async fn leave(self) {
        self.command(|session, now| session.disconnect(now)).await;
        drop(self.commands);
        let closing = self.driver.await.expect("the driver does not panic").expect("there was a socket");
        let closed = tokio::time::timeout(PATIENCE, closing.end).await;
        closed
            .unwrap_or_else(|_| panic!("{}: the server left the socket open", self.label))
            .expect("no panic");
    }

    async fn command<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Session, Time) -> T + Send + 'static,
    ) -> T {
        let (reply, answer) = oneshot::channel();
        // Nobody waits for it any more: that is no concern of the session.
        self.order(move |session, now| drop(reply.send(command(session, now))));
        answer.await.expect("the driver runs as long as the client")
    }

    fn order(&self, command: impl FnOnce(&mut Session, Time) + Send + 'static) {
        assert!(self.commands.send(Box::new(command)).is_ok(), "{}: its driver has ended", self.label);
    }
}

/// Runs the session until nobody gives orders any more. What it returns is a socket that is being closed.
async fn drive(
    url: String,
    mut session: Session,
    mut orders: mpsc::UnboundedReceiver<Command>,
    tell: mpsc::UnboundedSender<Told>,
    mut network: watch::Receiver<bool>,
) -> Option<Socket> {
    let (mut socket, mut closing) = (None::<Socket>, None);
    let mut link = session.link();
    loop {
        while let Some(event) = session.poll_event() {
            // A test that has seen enough listens no longer.
            let _ = tell.send(Told::from(event));
        }
        if link != session.link() {
            link = session.link();
            let _ = tell.send(Told::Link(link));
        }
        while let Some(transmit) = session.poll_transmit() {
            match transmit {
                Transmit::Open => socket = Some(Socket::open(url.clone(), network.clone())),
                Transmit::Send(bytes) => {
                    if let Some(Socket { send: Some(send), .. }) = &socket {
                        // A socket that has just ended says so itself.
                        let _ = send.send(bytes.to_vec());
                    }
                }
                Transmit::Close => {
                    closing = socket.take().map(|socket| Socket { send: None, ..socket });
                }
            }
        }
        let alarm = session.poll_timeout().map(|at| at.since(now()));
        tokio::select! {
            order = orders.recv() => match order {
                Some(order) => order(&mut session, now()),
                None => {
                    if let Some(socket) = socket {
                        socket.end.abort();
                    }
                    return closing;
                }
            },
            heard = hear(&mut socket) => match heard {
                Heard::Open => session.handle_open(now()),
                Heard::Bytes(bytes) => session.handle_bytes(&bytes, now()),
                Heard::Closed(closed) => {
                    socket = None;
                    session.handle_closed(closed, now());
                }
            },
            Ok(()) = network.changed() => {
                let ended = socket.take_if(|_| *network.borrow());
                if let Some(Socket { end, .. }) = ended {
                    end.abort();
                    session.handle_closed(Closed { was_open: true, ..Closed::default() }, now());
                }
            }
            () = tokio::time::sleep(alarm.unwrap_or_default()), if alarm.is_some() => {
                session.handle_timeout(now());
            }
        }
    }
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Time(u64::try_from(since.as_millis()).expect("the epoch was not that long ago"))
}

async fn hear(socket: &mut Option<Socket>) -> Heard {
    match socket {
        // It tells its end before it ends.
        Some(socket) => socket.heard.recv().await.unwrap_or(Heard::Closed(Closed::default())),
        None => std::future::pending().await,
    }
}

/// One WebSocket, whose ends are channels. Closes when its sender is dropped.
struct Socket {
    send: Option<mpsc::UnboundedSender<Vec<u8>>>,
    heard: mpsc::UnboundedReceiver<Heard>,
    end: JoinHandle<()>,
}

enum Heard {
    Open,
    Bytes(Vec<u8>),
    Closed(Closed),
}

impl Socket {
    fn open(url: String, network: watch::Receiver<bool>) -> Socket {
        let ((send, out), (tell, heard)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        Socket { send: Some(send), heard, end: tokio::spawn(carry(url, out, tell, network)) }
    }
}

async fn carry(
    url: String,
    mut out: mpsc::UnboundedReceiver<Vec<u8>>,
    tell: mpsc::UnboundedSender<Heard>,
    mut network: watch::Receiver<bool>,
) {
    // The network stays broken for ever if the client is gone.
    let _ = network.wait_for(|is_broken| !is_broken).await;
    let url: Uri = url.parse().expect("a test's address");
    // [MQTT-6.0.0-3]; a server that does not choose it is refused [MQTT-6.0.0-4].
    let request = ClientRequestBuilder::new(url).with_sub_protocol("mqtt");
    let mut closed = Closed::default();
    if let Ok((mut socket, _)) = connect_async(request).await {
        closed.was_open = true;
        // Nobody listens after `Transmit::Close`.
        let _ = tell.send(Heard::Open);
        let mut is_closing = false;
        loop {
            tokio::select! {
                bytes = out.recv(), if !is_closing => is_closing = match bytes {
                    Some(bytes) => socket.send(tungstenite::Message::binary(bytes)).await.is_err(),
                    None => { let _ = socket.close(None).await; true }
                },
                message = socket.next() => match message {
                    Some(Ok(tungstenite::Message::Binary(bytes))) => drop(tell.send(Heard::Bytes(bytes.into()))),
                    Some(Ok(tungstenite::Message::Close(frame))) => {
                        closed.code = frame.map(|frame| frame.code.into());
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => break,
                },
            }
        }
    }
    let _ = tell.send(Heard::Closed(closed));
}

impl From<Event<'_>> for Told {
    fn from(event: Event<'_>) -> Told {
        match event {
            Event::Connected(connected) => Told::Connected {
                version: connected.version,
                session_present: connected.session_present,
                keep_alive: connected.keep_alive,
            },
            Event::Publish(publish) => Told::Message(Message {
                topic: publish.topic.as_str().to_owned(),
                payload: publish.payload.to_vec(),
                qos: publish.qos(),
                retain: publish.retain,
            }),
            Event::Suback(suback) => Told::Suback(suback.packet_id, suback.reason_codes.iter().collect()),
            Event::Puback(ack) => Told::Puback(ack.packet_id, ack.reason_code),
            Event::Pubrec(ack) => Told::Pubrec(ack.packet_id, ack.reason_code),
            Event::Pubcomp(ack) => Told::Pubcomp(ack.packet_id, ack.reason_code),
            Event::Barrier(id) => Told::Barrier(id),
            Event::Disconnected(failure) => Told::Disconnected(failure.cloned()),
            Event::ConnectFailed(failure) => Told::ConnectFailed(failure.clone()),
            other => Told::Other(format!("{other:?}")),
        }
    }
}
