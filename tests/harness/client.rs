//! The session without a page: [`mqtt::Session`] on a real WebSocket and the real clock.
//!
//! It only carries bytes and time between a socket and the session, and the session's events to the test. It decides
//! nothing.

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

/// What happened: an event of the session, owned, or a change of its link.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs, reason = "the names are those of `mqtt::Event`")]
pub enum ClientEvent {
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
    /// An event that no test needs, as text.
    Other(String),
}

/// A received message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[allow(missing_docs, reason = "the names are the standard's")]
pub struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
    pub qos: QoS,
    pub retain: bool,
}

/// The result of a SUBSCRIBE and the PINGREQ behind it.
pub struct Subscribed {
    /// The reason codes of the SUBACK.
    pub codes: Vec<ReasonCode>,
    /// The SUBACK came before the PINGRESP.
    pub in_order: bool,
    /// How many of the messages came before the PINGRESP.
    pub before_the_barrier: usize,
    /// The messages that came before both answers were there.
    pub messages: Vec<Message>,
}

/// A client of a broker. Dropped without [`Client::leave`], it ends its socket as a crash does.
pub struct Client {
    label: String,
    commands: mpsc::UnboundedSender<Command>,
    events: mpsc::UnboundedReceiver<ClientEvent>,
    driver: JoinHandle<Option<Socket>>,
    /// Whether the network is broken: the socket ends without a close frame, and no other opens.
    broken: watch::Sender<bool>,
    /// The last events, for the message of a failure.
    seen: VecDeque<ClientEvent>,
}

type Command = Box<dyn FnOnce(&mut Session, Time) + Send>;

impl Client {
    /// Begins to connect. The label is for the messages of failures.
    pub fn start(label: &str, url: &str, options: Options) -> Client {
        let ((commands, todo), (report, events)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let label = format!("{label}, client {:?}", options.client_id);
        let (broken, network) = watch::channel(false);
        let driver = tokio::spawn(drive(url.to_owned(), Session::new(options), todo, report, network));
        let client = Client { label, commands, events, driver, broken, seen: VecDeque::new() };
        client.send(|session, now| session.connect(now));
        client
    }

    /// Connects and waits until the server has accepted.
    pub async fn connected(label: &str, url: &str, options: Options) -> Client {
        let mut client = Client::start(label, url, options);
        client.until(|event| matches!(event, ClientEvent::Connected { .. }).then_some(())).await;
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
        self.until(|event| {
            match event {
                ClientEvent::Message(message) => messages.push(message.clone()),
                ClientEvent::Suback(id, granted) if *id == subscribe => codes = Some(granted.clone()),
                ClientEvent::Barrier(id) if *id == barrier => {
                    before_the_barrier = Some((codes.is_some(), messages.len()));
                }
                ClientEvent::Link(Link::Connected) => {}
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
        self.until_barrier(barrier, |event| panic!("{label}: {event:?} before a barrier")).await
    }

    async fn until_barrier(
        &mut self,
        barrier: BarrierId,
        mut other: impl FnMut(&ClientEvent),
    ) -> Vec<Message> {
        let mut messages = Vec::new();
        self.until(|event| {
            match event {
                ClientEvent::Message(message) => messages.push(message.clone()),
                ClientEvent::Barrier(id) if *id == barrier => return Some(()),
                ClientEvent::Link(Link::Connected) => {}
                event => other(event),
            }
            None
        })
        .await;
        messages
    }

    /// The next event.
    pub async fn next(&mut self) -> ClientEvent {
        self.until(|event| Some(event.clone())).await
    }

    /// Waits until `find` finds something in an event.
    pub async fn until<T>(&mut self, mut find: impl FnMut(&ClientEvent) -> Option<T>) -> T {
        let Client { label, events, seen, .. } = self;
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                let next = events.recv().await.expect("the driver runs as long as the client");
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
        found.unwrap_or_else(|_| panic!("{label}: the event did not come; the last ones: {seen:#?}"))
    }

    /// Breaks the network: the connection ends without a DISCONNECT, and the session waits to connect again.
    pub async fn break_network(&mut self) {
        self.broken.send_replace(true);
        self.until(|event| matches!(event, ClientEvent::Disconnected(_)).then_some(())).await;
    }

    /// Mends the network.
    pub fn mend_network(&self) {
        self.broken.send_replace(false);
    }

    /// Sends DISCONNECT and waits until the socket is closed at both ends: the server has read it then.
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
        // Sending fails if the test no longer waits, which is no concern of the session.
        self.send(move |session, now| drop(reply.send(command(session, now))));
        answer.await.expect("the driver runs as long as the client")
    }

    fn send(&self, command: impl FnOnce(&mut Session, Time) + Send + 'static) {
        assert!(self.commands.send(Box::new(command)).is_ok(), "{}: its driver has ended", self.label);
    }
}

/// Runs the session until its client is dropped. It returns a socket that is being closed.
async fn drive(
    url: String,
    mut session: Session,
    mut commands: mpsc::UnboundedReceiver<Command>,
    report: mpsc::UnboundedSender<ClientEvent>,
    mut network: watch::Receiver<bool>,
) -> Option<Socket> {
    let (mut socket, mut closing) = (None::<Socket>, None);
    let mut link = session.link();
    loop {
        while let Some(event) = session.poll_event() {
            // Sending fails if the test no longer listens.
            let _ = report.send(ClientEvent::from(event));
        }
        if link != session.link() {
            link = session.link();
            let _ = report.send(ClientEvent::Link(link));
        }
        while let Some(transmit) = session.poll_transmit() {
            match transmit {
                Transmit::Open => socket = Some(Socket::open(url.clone(), network.clone())),
                Transmit::Send(bytes) => {
                    if let Some(Socket { send: Some(send), .. }) = &socket {
                        // Sending fails if the socket has just ended, which is an event of its own.
                        let _ = send.send(bytes.to_vec());
                    }
                }
                Transmit::Close => {
                    closing = socket.take().map(|socket| Socket { send: None, ..socket });
                }
            }
        }
        let timeout = session.poll_timeout().map(|at| at.since(now()));
        tokio::select! {
            command = commands.recv() => match command {
                Some(command) => command(&mut session, now()),
                None => {
                    if let Some(socket) = socket {
                        socket.end.abort();
                    }
                    return closing;
                }
            },
            event = next_event(&mut socket) => match event {
                SocketEvent::Open => session.handle_open(now()),
                SocketEvent::Bytes(bytes) => session.handle_bytes(&bytes, now()),
                SocketEvent::Closed(closed) => {
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
            () = tokio::time::sleep(timeout.unwrap_or_default()), if timeout.is_some() => {
                session.handle_timeout(now());
            }
        }
    }
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Time(u64::try_from(since.as_millis()).expect("the epoch was not that long ago"))
}

async fn next_event(socket: &mut Option<Socket>) -> SocketEvent {
    match socket {
        // Its last event is `Closed`.
        Some(socket) => socket.events.recv().await.unwrap_or(SocketEvent::Closed(Closed::default())),
        None => std::future::pending().await,
    }
}

/// One WebSocket as two channels. It closes when `send` is dropped.
struct Socket {
    send: Option<mpsc::UnboundedSender<Vec<u8>>>,
    events: mpsc::UnboundedReceiver<SocketEvent>,
    end: JoinHandle<()>,
}

enum SocketEvent {
    Open,
    Bytes(Vec<u8>),
    Closed(Closed),
}

impl Socket {
    fn open(url: String, network: watch::Receiver<bool>) -> Socket {
        let ((send, out), (report, events)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        Socket { send: Some(send), events, end: tokio::spawn(carry(url, out, report, network)) }
    }
}

async fn carry(
    url: String,
    mut out: mpsc::UnboundedReceiver<Vec<u8>>,
    report: mpsc::UnboundedSender<SocketEvent>,
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
        let _ = report.send(SocketEvent::Open);
        let mut is_closing = false;
        loop {
            tokio::select! {
                bytes = out.recv(), if !is_closing => is_closing = match bytes {
                    Some(bytes) => socket.send(tungstenite::Message::binary(bytes)).await.is_err(),
                    None => { let _ = socket.close(None).await; true }
                },
                message = socket.next() => match message {
                    Some(Ok(tungstenite::Message::Binary(bytes))) => drop(report.send(SocketEvent::Bytes(bytes.into()))),
                    Some(Ok(tungstenite::Message::Close(frame))) => {
                        closed.code = frame.map(|frame| frame.code.into());
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => break,
                },
            }
        }
    }
    let _ = report.send(SocketEvent::Closed(closed));
}

impl From<Event<'_>> for ClientEvent {
    fn from(event: Event<'_>) -> ClientEvent {
        match event {
            Event::Connected(connected) => ClientEvent::Connected {
                version: connected.version,
                session_present: connected.session_present,
                keep_alive: connected.keep_alive,
            },
            Event::Publish(publish) => ClientEvent::Message(Message {
                topic: publish.topic.as_str().to_owned(),
                payload: publish.payload.to_vec(),
                qos: publish.qos(),
                retain: publish.retain,
            }),
            Event::Suback(suback) => {
                ClientEvent::Suback(suback.packet_id, suback.reason_codes.iter().collect())
            }
            Event::Puback(ack) => ClientEvent::Puback(ack.packet_id, ack.reason_code),
            Event::Pubrec(ack) => ClientEvent::Pubrec(ack.packet_id, ack.reason_code),
            Event::Pubcomp(ack) => ClientEvent::Pubcomp(ack.packet_id, ack.reason_code),
            Event::Barrier(id) => ClientEvent::Barrier(id),
            Event::Disconnected(failure) => ClientEvent::Disconnected(failure.cloned()),
            Event::ConnectFailed(failure) => ClientEvent::ConnectFailed(failure.clone()),
            other => ClientEvent::Other(format!("{other:?}")),
        }
    }
}
