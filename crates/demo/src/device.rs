//! One simulated device: a task that connects with a last will, says that it is online, and then crashes, falls
//! silent, leaves or returns as it is told. It never publishes anything but its status. Owned by `fleet`.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::{AsyncClient, ConnectionError, Event, EventLoop, LastWill, MqttOptions, Outgoing, Packet, QoS};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::listen::Host;
use crate::profile::Profile;

/// What a device can be told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Crash: the socket goes without a DISCONNECT, and the broker publishes the will at once.
    Kill,
    /// Stay connected and say nothing more, as after a power cut behind a router: the will comes after one and
    /// a half keep-alive intervals.
    Silence,
    /// DISCONNECT without a word: the will is discarded, and the retained "online" stays although it is wrong.
    Leave,
    /// Publish "offline" retained, then DISCONNECT.
    Goodbye,
    /// Connect again with the same client id.
    Return,
}

impl Action {
    /// All of them, in the order of the help text.
    pub const ALL: [Action; 5] =
        [Action::Kill, Action::Silence, Action::Leave, Action::Goodbye, Action::Return];

    /// The word for it, in commands and in the control's paths.
    pub fn word(self) -> &'static str {
        match self {
            Action::Kill => "kill",
            Action::Silence => "silence",
            Action::Leave => "leave",
            Action::Goodbye => "goodbye",
            Action::Return => "return",
        }
    }

    /// The action that a word names.
    pub fn from_word(word: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.word() == word)
    }
}

/// What a device is doing.
///
/// ```text
///              ┌──────────────── return ───────────────┐
///              ▼                                       │
/// start ─► Connecting ─► Online ─ kill ────────────► Crashed ◄─ kill ─ Silent, Connecting
///              ▲           │ ├─── silence ─────────► Silent
///              └─ link lost┘ ├─── leave ───────────► Left
///                            └─── goodbye ─────────► Gone
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Dials, or waits to dial again.
    Connecting,
    /// Connected, and its birth message is with the broker.
    Online,
    /// Crashed.
    Crashed,
    /// Holds its socket and says nothing.
    Silent,
    /// Left without a word.
    Left,
    /// Said goodbye and left.
    Gone,
}

impl State {
    /// The word for it in the control's list.
    pub fn word(self) -> &'static str {
        match self {
            State::Connecting => "connecting",
            State::Online => "online",
            State::Crashed => "crashed",
            State::Silent => "silent",
            State::Left => "left",
            State::Gone => "gone",
        }
    }

    /// The diagram above as a table: where an action leads, or why it cannot be done.
    fn after(self, action: Action) -> Result<State, Refusal> {
        use State::*;
        match (action, self) {
            (Action::Kill, Connecting | Online | Silent) => Ok(Crashed),
            (Action::Silence, Online) => Ok(Silent),
            (Action::Leave, Online) => Ok(Left),
            (Action::Goodbye, Online) => Ok(Gone),
            (Action::Return, Crashed | Silent | Left | Gone) => Ok(Connecting),
            (Action::Return, Online) => Err(Refusal::AlreadyOnline),
            _ => Err(Refusal::NotNow(self)),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Why a device did not do what it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is online: there is nothing to return from.
    AlreadyOnline,
    /// It cannot do that in the state that it is in.
    NotNow(State),
    /// The broker does not answer; the device goes on trying.
    NoAnswer,
    /// The fleet has been stopped.
    Stopped,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::AlreadyOnline => f.write_str("it is online already"),
            Refusal::NotNow(State::Connecting) => f.write_str("it is still connecting"),
            Refusal::NotNow(state) => write!(f, "it is not connected ({state}); `return` brings it back"),
            Refusal::NoAnswer => f.write_str("the broker does not answer; it goes on trying"),
            Refusal::Stopped => f.write_str("the fleet has been stopped"),
        }
    }
}

/// What all devices of a fleet have in common.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub broker: SocketAddr,
    pub keep_alive: Duration,
    /// Only so many may be connecting at a time; see `fleet`.
    pub gate: Arc<Semaphore>,
    /// The latest reason why a device could not connect, for people.
    pub trouble: watch::Sender<String>,
}

/// The handle of a running device.
pub struct Device {
    profile: Arc<Profile>,
    orders: mpsc::Sender<Order>,
    state: watch::Receiver<State>,
    task: JoinHandle<()>,
}

impl Device {
    pub(crate) fn start(profile: Profile, surroundings: Surroundings) -> Device {
        let profile = Arc::new(profile);
        let (orders, inbox) = mpsc::channel(4);
        let (state, seen) = watch::channel(State::Connecting);
        let life = Life { profile: Arc::clone(&profile), surroundings, orders: inbox, state };
        Device { profile, orders, state: seen, task: tokio::spawn(life.run()) }
    }

    /// Who it is.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What it is doing.
    pub fn state(&self) -> State {
        *self.state.borrow()
    }

    /// Returns once the device is in that state.
    pub async fn reached(&self, state: State) -> Result<(), Refusal> {
        let mut seen = self.state.clone();
        seen.wait_for(|now| *now == state).await.map(drop).map_err(|_| Refusal::Stopped)
    }

    /// Tells it to do something and returns when it has been done: after a kill the socket is closed, after a
    /// departure the broker has closed its end, after a return the birth message is with the broker.
    pub async fn act(&self, action: Action) -> Result<State, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.orders.send(Order { action, reply }).await.map_err(|_| Refusal::Stopped)?;
        match timeout(PATIENCE, answer).await {
            Ok(Ok(result)) => result,
            // Somebody else's kill came between: this order is void.
            Ok(Err(_)) => Err(Refusal::NotNow(self.state())),
            Err(_) => Err(Refusal::NoAnswer),
        }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How long the caller waits for an order to be followed. Thousands of devices that return together have to
/// queue at the gate.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the broker may take for a handshake or a farewell.
const BROKER_TIME: Duration = Duration::from_secs(5);

struct Order {
    action: Action,
    reply: Reply,
}

type Reply = oneshot::Sender<Result<State, Refusal>>;

/// A connection: rumqttc's event loop has the socket, so dropping it is a crash, and not polling it is silence.
struct Session {
    client: AsyncClient,
    events: EventLoop,
}

/// What the task does next.
enum Turn {
    /// Dial. An old silent socket stays open until the new connection stands, as the half-open connection of a
    /// device that lost its network does; the broker sees a takeover.
    Connect { old: Option<Session>, asked: Option<Reply> },
    /// Be online.
    Serve(Session),
    /// Wait for a return, perhaps holding a silent socket.
    Wait(Option<Session>),
    /// The fleet is gone.
    End,
}

/// How a piece of work ended that an order may interrupt.
enum Attended<T> {
    Done(T),
    Interrupted(Order, State),
    Stopped,
}

struct Life {
    profile: Arc<Profile>,
    surroundings: Surroundings,
    orders: mpsc::Receiver<Order>,
    state: watch::Sender<State>,
}

impl Life {
    async fn run(mut self) {
        let mut turn = Turn::Connect { old: None, asked: None };
        loop {
            turn = match turn {
                Turn::Connect { old, asked } => self.connect(old, asked).await,
                Turn::Serve(session) => self.serve(session).await,
                Turn::Wait(held) => self.wait(held).await,
                Turn::End => return,
            }
        }
    }

    async fn connect(&mut self, old: Option<Session>, asked: Option<Reply>) -> Turn {
        self.state.send_replace(State::Connecting);
        let dial = dial_until_open(&self.profile, &self.surroundings);
        match attend(&mut self.orders, State::Connecting, dial).await {
            Attended::Done(session) => {
                drop(old);
                self.state.send_replace(State::Online);
                if let Some(reply) = asked {
                    let _ = reply.send(Ok(State::Online));
                }
                Turn::Serve(session)
            }
            // A kill is all that can interrupt it.
            Attended::Interrupted(order, next) => {
                drop(old);
                self.settle(order.reply, next, None)
            }
            Attended::Stopped => Turn::End,
        }
    }

    async fn serve(&mut self, mut session: Session) -> Turn {
        loop {
            match attend(&mut self.orders, State::Online, session.events.poll()).await {
                Attended::Done(Ok(_)) => {}
                // The broker went away: real firmware dials again, and so does this.
                Attended::Done(Err(_)) => {
                    return Turn::Connect { old: None, asked: None };
                }
                Attended::Interrupted(order, next) => {
                    let held = match next {
                        State::Silent => Some(session),
                        State::Left | State::Gone => {
                            farewell(session, &self.profile, next == State::Gone).await;
                            None
                        }
                        _ => {
                            drop(session);
                            None
                        }
                    };
                    return self.settle(order.reply, next, held);
                }
                Attended::Stopped => return Turn::End,
            }
        }
    }

    async fn wait(&mut self, held: Option<Session>) -> Turn {
        let now = *self.state.borrow();
        match attend(&mut self.orders, now, std::future::pending::<()>()).await {
            Attended::Interrupted(order, State::Connecting) => {
                Turn::Connect { old: held, asked: Some(order.reply) }
            }
            Attended::Interrupted(order, next) => {
                drop(held);
                self.settle(order.reply, next, None)
            }
            Attended::Done(()) | Attended::Stopped => Turn::End,
        }
    }

    fn settle(&self, reply: Reply, next: State, held: Option<Session>) -> Turn {
        self.state.send_replace(next);
        let _ = reply.send(Ok(next));
        Turn::Wait(held)
    }
}

/// Does the work until it is done or until an order comes that can be followed now. Others are answered
/// without interrupting the work.
async fn attend<T>(
    orders: &mut mpsc::Receiver<Order>,
    now: State,
    work: impl Future<Output = T>,
) -> Attended<T> {
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Attended::Done(done),
            order = orders.recv() => match order {
                None => return Attended::Stopped,
                Some(order) => match now.after(order.action) {
                    Ok(next) => return Attended::Interrupted(order, next),
                    Err(refusal) => {
                        let _ = order.reply.send(Err(refusal));
                    }
                },
            },
        }
    }
}

/// Dials until it succeeds, more and more slowly, as firmware does.
async fn dial_until_open(profile: &Profile, surroundings: &Surroundings) -> Session {
    let mut pause = Duration::from_millis(250);
    loop {
        // The gate is never closed, so this cannot fail. It is open again for others during the pause.
        let permit = surroundings.gate.acquire().await;
        let trouble = match timeout(BROKER_TIME, dial(profile, surroundings)).await {
            Ok(Ok(session)) => return session,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        surroundings.trouble.send_replace(format!("{}: {trouble}", profile.client_id));
        drop(permit);
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(8));
    }
}

/// CONNECT with the will, and right after CONNACK the birth message.
async fn dial(profile: &Profile, surroundings: &Surroundings) -> Result<Session, ConnectionError> {
    let host = Host(surroundings.broker.ip()).to_string();
    let mut options = MqttOptions::new(&profile.client_id, host, surroundings.broker.port());
    options
        .set_keep_alive(surroundings.keep_alive)
        .set_clean_session(profile.clean_session)
        .set_last_will(LastWill::new(&profile.topic, profile.offline, profile.will_qos, true));
    let (client, events) = AsyncClient::new(options, 4);
    let mut session = Session { client, events };
    loop {
        if let Event::Incoming(Packet::ConnAck(_)) = session.events.poll().await? {
            break;
        }
    }
    say(&session.client, profile, profile.online).await;
    loop {
        match (session.events.poll().await?, profile.birth_qos) {
            (Event::Outgoing(Outgoing::Publish(_)), QoS::AtMostOnce) => break,
            (Event::Incoming(Packet::PubAck(_)), _) => break,
            _ => {}
        }
    }
    Ok(session)
}

/// Ends a session in good order, with a last word or without.
async fn farewell(mut session: Session, profile: &Profile, with_a_word: bool) {
    if with_a_word {
        say(&session.client, profile, profile.offline).await;
    }
    let _ = session.client.disconnect().await;
    // The broker closes the connection when it has read the DISCONNECT. Waiting for that, instead of closing
    // first, makes sure that it has read the last word too.
    let _ = timeout(BROKER_TIME, async { while session.events.poll().await.is_ok() {} }).await;
}

/// Queues a retained status message; the next polls send it. The queue is empty here, so it has room.
async fn say(client: &AsyncClient, profile: &Profile, word: &str) {
    let _ = client.publish(&profile.topic, profile.birth_qos, true, word).await;
}
