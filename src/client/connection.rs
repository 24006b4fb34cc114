//! The board's connection: an engine in a driver, replaced as a whole when the visitor connects somewhere else.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use fleet::{Config, ConfigError, Engine, Handle};
use leptos::leptos_dom::helpers::WindowListenerHandle;
use leptos::prelude::{document, window_event_listener_untyped};
use mqtt::{Failure, Link, Options};

use super::driver::{Driver, Observer};
use super::frames::{FrameScheduler, Pace};
use super::log::ConnectionLog;
use super::timers::Timers;
use super::transport::{Blocked, Dial};
use super::websocket::websocket;
use super::{Profile, new_client_id, random};

/// A connection to a broker, and the devices seen through it. A clone is the same one. The page may have several.
#[derive(Clone)]
pub struct Connection(Rc<Shared>);

struct Shared {
    timers: Timers,
    frames: Rc<FrameScheduler>,
    current: RefCell<Option<Current>>,
    dial: Box<dyn Fn(&Profile) -> Dial>,
    listeners: RefCell<Vec<WindowListenerHandle>>,
}

struct Current {
    profile: Profile,
    driver: Driver<Engine>,
}

/// What there is to read of a connection.
pub struct Active<'a> {
    /// What was asked for.
    pub profile: &'a Profile,
    /// Session, fleet and snapshot.
    pub engine: &'a Engine,
    /// What happened to the transports.
    pub log: &'a ConnectionLog,
}

/// What ended the last attempt.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum ConnectionFailure<'a> {
    /// The browser refused to dial.
    Blocked(Blocked),
    /// The session's account of it.
    Failed(&'a Failure),
}

/// Schedules an update when something changed that the page shows. Most turns of an idle connection are its keep-alive.
struct Changes {
    frames: Rc<FrameScheduler>,
    shown: Cell<Option<(u64, Link, Option<Blocked>)>>,
}

impl Observer<Engine> for Changes {
    fn before_event(&self, bytes: u64) {
        self.frames.handle_task(bytes);
    }

    fn after_turn(&self, engine: &Engine, blocked: Option<Blocked>) {
        let shown = Some((engine.epoch(), engine.session().link(), blocked));
        if self.shown.replace(shown) != shown {
            self.frames.schedule();
        }
    }
}

impl Connection {
    /// A connection that goes nowhere yet. It dials WebSockets.
    pub fn new() -> Connection {
        Connection::with_dial(|profile| websocket(profile.address.as_str().to_owned()))
    }

    /// A connection that dials in another way.
    pub fn with_dial(dial: impl Fn(&Profile) -> Dial + 'static) -> Connection {
        let timers = Timers::new();
        let shared = Rc::new(Shared {
            frames: FrameScheduler::new(&timers),
            timers,
            current: RefCell::default(),
            dial: Box::new(dial),
            listeners: RefCell::default(),
        });
        // A timer may have been late while the tab was hidden or frozen: look at the clock at once.
        let listeners = ["visibilitychange", "pageshow", "online"].map(|event| {
            let shared = Rc::downgrade(&shared);
            window_event_listener_untyped(event, move |_| {
                if let Some(shared) = shared.upgrade() {
                    shared.handle_attention();
                }
            })
        });
        shared.listeners.borrow_mut().extend(listeners);
        Connection(shared)
    }

    /// Connects. What an earlier connection brought is dropped.
    ///
    /// # Errors
    /// When none of the profile's filters can be subscribed to; the earlier connection is kept then.
    pub fn connect(&self, profile: Profile) -> Result<(), ConfigError> {
        let engine = Engine::new(config(&profile))?;
        self.disconnect();
        let changes = Changes { frames: self.0.frames.clone(), shown: Cell::new(None) };
        let driver = Driver::new(engine, (self.0.dial)(&profile), &self.0.timers, Rc::new(changes));
        self.0.current.replace(Some(Current { profile, driver }));
        self.retry_now();
        Ok(())
    }

    /// Ends the connection and keeps what is known.
    pub fn disconnect(&self) {
        if let Some(driver) = self.driver() {
            driver.unblock();
            driver.command(|engine, now| engine.disconnect(now));
        }
    }

    /// Tries again now, whether the session waits, was refused, or was blocked by the browser.
    pub fn retry_now(&self) {
        if let Some(driver) = self.driver() {
            driver.unblock();
            driver.command(|engine, now| match engine.session().link() {
                Link::Waiting { .. } => engine.retry_now(now),
                _ => engine.connect(now),
            });
        }
    }

    /// Switches a filter of the engine's snapshot on or off, by its position. Switched on by hand it is not paused
    /// again.
    pub fn switch_filter(&self, position: usize, is_on: bool) {
        self.command(|engine, now| engine.switch_subscription(position, is_on, now));
    }

    /// Looks up what the broker retains of these devices; see [`Engine::look_up`] for this and the next four.
    pub fn look_up(&self, devices: &[Handle]) {
        self.command(|engine, now| engine.look_up(devices, now));
    }

    /// Deletes the retained messages that were looked up.
    pub fn delete_retained(&self) {
        self.command(|engine, now| engine.delete_retained(now));
    }

    /// Publishes again what was deleted.
    pub fn undo_deletion(&self) {
        self.command(|engine, now| engine.undo(now));
    }

    /// Stops looking up, deleting or undoing after what is under way.
    pub fn stop_deletion(&self) {
        self.command(|engine, _| engine.stop_deletion());
    }

    /// Drops what was looked up: nothing can be undone any more.
    pub fn close_deletion(&self) {
        self.command(|engine, _| engine.close_deletion());
    }

    /// Makes the running effect or memo follow the connection's changes.
    pub fn track(&self, pace: Pace) {
        self.0.frames.track(pace);
    }

    /// Reads the connection, once there is one.
    pub fn read<T>(&self, read: impl FnOnce(Active<'_>) -> T) -> Option<T> {
        let current = self.0.current.borrow();
        let Current { profile, driver } = current.as_ref()?;
        Some(driver.read(|engine, log| read(Active { profile, engine, log })))
    }

    /// Where the connection stands. Blocked by the browser counts as refused.
    pub fn link(&self) -> Link {
        let Some(driver) = self.driver() else { return Link::Idle };
        match driver.blocked() {
            Some(_) => Link::Refused,
            None => driver.read(|engine, _| engine.session().link()),
        }
    }

    /// Reads what ended the last attempt, while there is no connection and should be one.
    pub fn read_failure<T>(&self, read: impl FnOnce(ConnectionFailure<'_>, Active<'_>) -> T) -> Option<T> {
        // Connected, or ended by the visitor: nothing to explain.
        if matches!(self.link(), Link::Connected | Link::Idle) {
            return None;
        }
        let blocked = self.driver()?.blocked();
        self.read(|active| {
            let failure = match blocked {
                Some(blocked) => ConnectionFailure::Blocked(blocked),
                None => ConnectionFailure::Failed(active.engine.session().last_failure()?),
            };
            Some(read(failure, active))
        })?
    }

    fn command(&self, command: impl FnOnce(&mut Engine, mqtt::Time)) {
        if let Some(driver) = self.driver() {
            driver.command(command);
        }
    }

    fn driver(&self) -> Option<Driver<Engine>> {
        self.0.current.borrow().as_ref().map(|current| current.driver.clone())
    }
}

impl Default for Connection {
    fn default() -> Connection {
        Connection::new()
    }
}

impl Shared {
    /// The visitor looks, the page was thawed, or the network came back.
    fn handle_attention(&self) {
        let driver = self.current.borrow().as_ref().map(|current| current.driver.clone());
        if let Some(driver) = driver {
            driver.command(|engine, now| {
                engine.handle_timeout(now);
                if matches!(engine.session().link(), Link::Waiting { .. }) && !document().hidden() {
                    engine.retry_now(now);
                }
            });
        }
        self.frames.handle_visibility();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.listeners.get_mut().drain(..).for_each(WindowListenerHandle::remove);
    }
}

fn config(profile: &Profile) -> Config {
    let mut session = Options::new(profile.client_id.clone().unwrap_or_else(new_client_id));
    session.version = profile.version;
    session.user = profile.user.clone();
    session.password = profile.password.clone().map(String::into_bytes);
    session.keep_alive = profile.keep_alive;
    session.seed = u64::from_le_bytes(random());
    let mut config = Config::new(session);
    config.filters = (!profile.filters.is_empty()).then(|| profile.filters.clone());
    config
}

#[cfg(test)]
pub(crate) mod tests {
    use mqtt::VersionChoice;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::super::transport::{Transport, TransportEvent, TransportListener};
    use super::super::{Address, DEFAULT_KEEP_ALIVE};
    use super::*;

    struct Nowhere;

    impl Transport for Nowhere {
        fn send(&self, _: &[u8]) {}
    }

    /// A broker that says what a test lets it say.
    #[derive(Clone, Default)]
    pub struct ScriptedBroker(Rc<RefCell<Option<TransportListener>>>);

    impl ScriptedBroker {
        /// A connection to it, which received these bytes.
        pub fn connected(profile: Profile, received: &[&[u8]]) -> (Connection, ScriptedBroker) {
            let broker = ScriptedBroker::default();
            let dialled = broker.clone();
            let connection = Connection::with_dial(move |_| {
                let dialled = dialled.clone();
                Box::new(move |listener| {
                    dialled.0.replace(Some(listener));
                    Ok(Box::new(Nowhere))
                })
            });
            connection.connect(profile).expect("a test's filters can be subscribed to");
            broker.event(TransportEvent::Open);
            received.iter().for_each(|bytes| broker.send(bytes));
            (connection, broker)
        }

        /// Sends bytes to the page.
        pub fn send(&self, bytes: &[u8]) {
            self.event(TransportEvent::Bytes(js_sys::Uint8Array::from(bytes)));
        }

        fn event(&self, event: TransportEvent) {
            let listener = self.0.borrow().clone().expect("the page has dialled");
            listener(event);
        }
    }

    fn profile(address: &str) -> Profile {
        Profile {
            address: Address::parse(address).expect("a test's address is valid"),
            user: None,
            password: None,
            keep_alive: DEFAULT_KEEP_ALIVE,
            version: VersionChoice::Newest,
            filters: Vec::new(),
            client_id: None,
        }
    }

    #[wasm_bindgen_test]
    fn a_connection_that_is_dropped_leaves_nothing_behind() {
        let connection = Connection::new();
        connection.connect(profile("ws://127.0.0.1:9/")).expect("the default filters can be subscribed to");
        let shared = Rc::downgrade(&connection.0);
        let frames = Rc::downgrade(&connection.0.frames);
        drop(connection);
        assert_eq!(
            (shared.strong_count(), frames.strong_count()),
            (0, 0),
            "its sockets, timers and listeners go with it"
        );
    }

    #[wasm_bindgen_test]
    fn what_the_browser_blocked_can_be_given_up() {
        let connection = Connection::new();
        connection.connect(profile("ws://%/")).expect("the default filters can be subscribed to");
        assert_eq!(connection.link(), Link::Refused);
        connection.disconnect();
        assert_eq!(connection.link(), Link::Idle);
    }
}
