//! The browser side of a session: the only place that opens a socket, sets a timer for it, or reads a clock.
//!
//! A driver and no more: it carries bytes and the time between a WebSocket and [`fleet::Engine`], which
//! decides everything. `ui` gives commands here, reads the engine, and hears of changes through one signal
//! that is raised at most once per frame.

mod alarms;
mod notice;
mod socket;

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use fleet::{Config, ConfigError, Engine, Handle};
use leptos::leptos_dom::helpers::WindowListenerHandle;
use leptos::prelude::*;
use mqtt::{Closed, Failure, Options, Time, VersionChoice};

use crate::address::Address;
use alarms::{Alarm, Alarms};
use notice::Notice;
use socket::{Heard, Socket};

/// The keep-alive that is offered first, in seconds.
pub const KEEP_ALIVE: u16 = 30;

/// What to connect to, and as whom.
#[derive(Clone, PartialEq, Eq)]
pub struct Profile {
    /// Where.
    pub address: Address,
    /// User name, if any.
    pub user: Option<String>,
    /// Password, if any. Never written anywhere from here.
    pub password: Option<String>,
    /// In seconds.
    pub keep_alive: u16,
    /// Which versions are allowed.
    pub version: VersionChoice,
    /// Instead of the default filters; empty for those.
    pub filters: Vec<String>,
    /// Client identifier; without one, a new one each time.
    pub client_id: Option<String>,
}

/// Why the browser did not even try.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Blocked {
    /// A `SyntaxError`: this is no WebSocket address to the browser.
    Url,
    /// A `SecurityError`: mixed content, mostly.
    Security,
}

/// What ended the last attempt.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Trouble<'a> {
    /// The browser's doing.
    Blocked(Blocked),
    /// The session's own account.
    Failed(&'a Failure),
}

/// How many moments of a connection are kept; the oldest go first.
const LOGGED: usize = 40;

/// One thing that happened to a connection.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Moment {
    /// When.
    pub at: Time,
    /// What.
    pub step: Step,
}

/// What can happen to a connection.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// A WebSocket was asked for.
    Dialled,
    /// The browser refused it at once.
    Blocked,
    /// It is open.
    Opened,
    /// It was closed, with this code.
    Closed(Option<u16>),
    /// It was closed from here.
    HungUp,
    /// The session came to stand there, by the word of [`word`].
    Stands(&'static str),
}

impl Step {
    /// Its word in a report.
    pub fn word(self) -> &'static str {
        match self {
            Step::Dialled => "dialled",
            Step::Blocked => "blocked by the browser",
            Step::Opened => "WebSocket opened",
            Step::Closed(_) => "WebSocket closed",
            Step::HungUp => "hung up",
            Step::Stands(word) => word,
        }
    }
}

/// How long the last attempt took from dialling to its end, in milliseconds, if it ended.
pub fn attempt(log: &[Moment]) -> Option<u64> {
    let dialled = log.iter().rposition(|moment| moment.step == Step::Dialled)?;
    let is_end = |moment: &&Moment| matches!(moment.step, Step::Closed(_) | Step::HungUp);
    let ended = log[dialled..].iter().find(is_end)?;
    Some(ended.at.0.saturating_sub(log[dialled].at.0))
}

fn note(log: &mut Vec<Moment>, at: Time, step: Step) {
    if log.len() == LOGGED {
        log.remove(0);
    }
    log.push(Moment { at, step });
}

/// The current time, by the only clock that goes on while the machine sleeps.
pub fn now() -> Time {
    Time(js_sys::Date::now() as u64)
}

/// A connection to a broker, and the devices seen through it. A page may have several.
#[derive(Clone)]
pub struct Link {
    driver: Rc<RefCell<Driver>>,
    notice: Rc<Notice>,
}

impl Link {
    /// A link that nobody asked to connect yet.
    pub fn new() -> Link {
        let notice = Notice::new();
        let driver = Rc::new_cyclic(|me: &Weak<RefCell<Driver>>| {
            let (ringing, noticed) = (me.clone(), notice.clone());
            let alarms = Alarms::new(move |alarm| match (alarm, ringing.upgrade()) {
                (Alarm::Session, Some(driver)) => driver.borrow_mut().handle_alarm(),
                (Alarm::Session, None) => {}
                (Alarm::Notice, _) => noticed.give(),
            });
            RefCell::new(Driver {
                call: None,
                chosen: Vec::new(),
                blocked: None,
                told: None,
                scratch: Vec::new(),
                alarms,
                alarm_at: None,
                notice: notice.clone(),
                me: me.clone(),
                listeners: Vec::new(),
            })
        });
        // A timer may have been late while the tab was hidden or frozen: look at the clock at once.
        let listeners = ["visibilitychange", "pageshow", "online"].map(|event| {
            let me = Rc::downgrade(&driver);
            window_event_listener_untyped(event, move |_| {
                if let Some(driver) = me.upgrade() {
                    driver.borrow_mut().handle_attention();
                }
            })
        });
        driver.borrow_mut().listeners.extend(listeners);
        Link { driver, notice }
    }

    /// Connects, forgetting what an earlier connection brought.
    ///
    /// # Errors
    /// When none of the profile's filters can be subscribed to; the earlier connection is kept then.
    pub fn connect(&self, profile: Profile) -> Result<(), ConfigError> {
        self.driver.borrow_mut().connect(profile)
    }

    /// Ends the connection and keeps what is known.
    pub fn disconnect(&self) {
        let mut driver = self.driver.borrow_mut();
        driver.blocked = None;
        driver.command(|engine, now| engine.disconnect(now));
    }

    /// Switches a filter of the engine's snapshot on or off, by its position. Switched on by hand it is not
    /// paused again.
    pub fn switch_filter(&self, position: usize, is_on: bool) {
        self.driver.borrow_mut().command(|engine, now| engine.switch_filter(position, is_on, now));
    }

    /// Chooses devices that are to be forgotten, as soon as what does that is loaded.
    pub fn choose(&self, devices: &[Handle]) {
        self.driver.borrow_mut().chosen = devices.to_vec();
    }

    /// Asks what the broker keeps of the devices that were chosen, unless there are none; see [`Engine::look_up`] for
    /// this and the next four.
    pub fn look_up(&self) {
        let mut driver = self.driver.borrow_mut();
        let devices = std::mem::take(&mut driver.chosen);
        if !devices.is_empty() {
            driver.command(|engine, now| engine.look_up(&devices, now));
        }
    }

    /// Deletes what was looked up.
    pub fn forget(&self) {
        self.driver.borrow_mut().command(|engine, now| engine.forget(now));
    }

    /// Puts back what was deleted.
    pub fn undo(&self) {
        self.driver.borrow_mut().command(|engine, now| engine.undo(now));
    }

    /// Ends looking up, deleting or putting back behind what is under way.
    pub fn stop_forgetting(&self) {
        self.driver.borrow_mut().command(|engine, _| engine.stop_forgetting());
    }

    /// Drops what was looked up: nothing can be undone any more.
    pub fn close_forgetting(&self) {
        self.driver.borrow_mut().command(|engine, _| engine.close_forgetting());
    }

    /// Tries again without waiting for the next attempt.
    pub fn retry_now(&self) {
        self.driver.borrow_mut().retry();
    }

    /// Subscribes the running effect or memo to every change, at most one per frame.
    pub fn track(&self) {
        self.notice.track();
    }

    /// Subscribes the running effect or memo to changes no more often than a person can read.
    pub fn track_calmly(&self) {
        self.notice.track_calmly();
    }

    /// Subscribes the running effect or memo to changes no more often than the browser can draw a tab.
    pub fn track_slowly(&self) {
        self.notice.track_slowly();
    }

    /// Reads the connection, once there is one.
    pub fn with<T>(&self, read: impl FnOnce(&Call) -> T) -> Option<T> {
        self.driver.borrow().call.as_ref().map(read)
    }

    /// Where the connection stands; refused by the browser counts as refused.
    pub fn standing(&self) -> mqtt::Link {
        let driver = self.driver.borrow();
        match (&driver.call, driver.blocked) {
            (None, _) => mqtt::Link::Idle,
            (Some(_), Some(_)) => mqtt::Link::Refused,
            (Some(call), None) => call.engine.session().link(),
        }
    }

    /// Reads what ended the last attempt, while there is no connection and should be one.
    pub fn with_trouble<T>(&self, read: impl FnOnce(Trouble<'_>, &Profile) -> T) -> Option<T> {
        // Connected, or ended by the visitor: nothing to explain.
        if matches!(self.standing(), mqtt::Link::Connected | mqtt::Link::Idle) {
            return None;
        }
        let driver = self.driver.borrow();
        let call = driver.call.as_ref()?;
        let trouble = match driver.blocked {
            Some(blocked) => Trouble::Blocked(blocked),
            None => Trouble::Failed(call.engine.session().last_failure()?),
        };
        Some(read(trouble, &call.profile))
    }
}

#[cfg(test)]
impl Link {
    /// A link that heard these bytes and has no socket: what a test's broker says.
    pub fn scripted(profile: Profile, heard: &[&[u8]]) -> Link {
        let link = Link::new();
        link.connect(profile).expect("a test's filters can be subscribed to");
        if let Some(call) = &mut link.driver.borrow_mut().call {
            call.socket = None;
        }
        link.driver.borrow_mut().handle_socket(Heard::Open);
        heard.iter().for_each(|bytes| link.hear(bytes));
        link
    }

    /// Hears further bytes.
    pub fn hear(&self, bytes: &[u8]) {
        self.driver.borrow_mut().handle_socket(Heard::Bytes(js_sys::Uint8Array::from(bytes)));
    }
}

impl Default for Link {
    fn default() -> Link {
        Link::new()
    }
}

/// One connection: whom it was asked for, and what came of it.
pub struct Call {
    /// What was asked for.
    pub profile: Profile,
    /// Session, fleet and snapshot.
    pub engine: Engine,
    /// What happened to it, the last of it last.
    pub log: Vec<Moment>,
    socket: Option<Socket>,
}

struct Driver {
    call: Option<Call>,
    /// The devices that are to be forgotten.
    chosen: Vec<Handle>,
    blocked: Option<Blocked>,
    /// What the page was last told of: the engine's epoch, the link's state, and what the browser refused.
    told: Option<(u64, mqtt::Link, Option<Blocked>)>,
    scratch: Vec<u8>,
    alarms: Alarms,
    /// What the session's alarm is set to; never later than what the session wants.
    alarm_at: Option<Time>,
    notice: Rc<Notice>,
    me: Weak<RefCell<Driver>>,
    listeners: Vec<WindowListenerHandle>,
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.listeners.drain(..).for_each(WindowListenerHandle::remove);
    }
}

impl Driver {
    fn connect(&mut self, profile: Profile) -> Result<(), ConfigError> {
        let engine = Engine::new(config(&profile))?;
        self.command(|engine, now| engine.disconnect(now));
        self.call = Some(Call { profile, engine, log: Vec::new(), socket: None });
        // The new engine counts its epochs from the beginning.
        self.told = None;
        self.retry();
        Ok(())
    }

    /// The visitor wants it tried now, whether it waits, was refused, or was blocked by the browser.
    fn retry(&mut self) {
        self.blocked = None;
        self.command(|engine, now| match engine.session().link() {
            mqtt::Link::Waiting { .. } => engine.retry_now(now),
            _ => engine.connect(now),
        });
    }

    fn command(&mut self, command: impl FnOnce(&mut Engine, Time)) {
        if let Some(call) = &mut self.call {
            command(&mut call.engine, now());
        }
        self.drive();
    }

    fn handle_socket(&mut self, heard: Heard) {
        let Some(call) = &mut self.call else { return };
        self.notice.handle_task(if let Heard::Bytes(bytes) = &heard { bytes.length() } else { 0 });
        let now = now();
        match heard {
            Heard::Open => {
                note(&mut call.log, now, Step::Opened);
                call.engine.handle_open(now);
            }
            Heard::Bytes(bytes) => {
                self.scratch.resize(bytes.length() as usize, 0);
                bytes.copy_to(&mut self.scratch);
                call.engine.handle_bytes(&self.scratch, now);
            }
            Heard::Closed(closed) => {
                call.socket = None;
                note(&mut call.log, now, Step::Closed(closed.code));
                call.engine.handle_closed(closed, now);
            }
        }
        self.drive();
    }

    fn handle_alarm(&mut self) {
        self.alarm_at = None;
        self.command(|engine, now| engine.handle_timeout(now));
    }

    /// The visitor looks, the page was thawed, or the network came back.
    fn handle_attention(&mut self) {
        self.command(|engine, now| {
            engine.handle_timeout(now);
            if matches!(engine.session().link(), mqtt::Link::Waiting { .. }) && !document().hidden() {
                engine.retry_now(now);
            }
        });
        self.notice.handle_visibility(&self.alarms);
    }

    /// Carries out what the engine wants of the socket and the timer.
    fn drive(&mut self) {
        let Some(Call { profile, engine, log, socket }) = &mut self.call else {
            return;
        };
        let now = now();
        while let Some(transmit) = engine.poll_transmit() {
            match transmit {
                mqtt::Transmit::Send(bytes) => {
                    if let Some(socket) = socket {
                        socket.send(bytes);
                    }
                }
                mqtt::Transmit::Close => {
                    if socket.take().is_some() {
                        note(log, now, Step::HungUp);
                    }
                }
                mqtt::Transmit::Open => {
                    note(log, now, Step::Dialled);
                    let me = self.me.clone();
                    let heard = move |heard| {
                        if let Some(driver) = me.upgrade() {
                            driver.borrow_mut().handle_socket(heard);
                        }
                    };
                    match Socket::open(profile.address.as_str(), heard) {
                        Ok(opened) => *socket = Some(opened),
                        Err(blocked) => {
                            // It would be refused for ever: the visitor must act.
                            self.blocked = Some(blocked);
                            note(log, now, Step::Blocked);
                            engine.handle_closed(Closed::default(), now);
                            engine.disconnect(now);
                        }
                    }
                }
            }
        }
        let standing = word(engine.session().link());
        let stood = log.iter().rev().find_map(|moment| match moment.step {
            Step::Stands(word) => Some(word),
            _ => None,
        });
        if stood != Some(standing) {
            note(log, now, Step::Stands(standing));
        }
        // A deadline that moved away is looked at when the alarm rings: setting it anew with every message of
        // a burst would cost more than the message.
        let wanted = engine.poll_timeout();
        if let Some(at) = wanted.filter(|at| self.alarm_at.is_none_or(|set| *at < set)) {
            self.alarm_at = Some(at);
            self.alarms.set(Alarm::Session, at.since(now));
        }
        // Most turns of an idle connection are its keep-alive, which shows nowhere.
        let shown = (engine.epoch(), engine.session().link(), self.blocked);
        if self.told.replace(shown) != Some(shown) {
            self.notice.raise(&self.alarms);
        }
    }
}

/// A client identifier that nobody has. Unless the visitor wants one kept, each connection gets another and none is
/// stored: a duplicated tab would take the first one's connection over.
pub fn new_client_id() -> String {
    // 23 characters: as many as every 3.1.1 server has to take ([MQTT-3.1.3-5]).
    random().iter().fold("willow-".to_owned(), |id, byte| format!("{id}{byte:02x}"))
}

fn random() -> [u8; 8] {
    let mut random = [0; 8];
    // A page without `crypto` would have no WebSocket either.
    if let Ok(crypto) = window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut random);
    }
    random
}

/// Whether a connection can be asked for.
///
/// # Errors
/// As [`Link::connect`].
pub fn check(profile: &Profile) -> Result<(), ConfigError> {
    Engine::new(config(profile)).map(drop)
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

/// The word of the page's `data-link` hook.
pub const fn word(standing: mqtt::Link) -> &'static str {
    match standing {
        mqtt::Link::Idle => "idle",
        mqtt::Link::Connecting => "connecting",
        mqtt::Link::Connected => "connected",
        mqtt::Link::Waiting { .. } => "waiting",
        mqtt::Link::Refused => "refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn a_link_that_is_dropped_leaves_nothing_behind() {
        let link = Link::new();
        let driver = Rc::downgrade(&link.driver);
        drop(link);
        assert_eq!(driver.strong_count(), 0, "its timers and its listeners go with it");
    }

    #[wasm_bindgen_test]
    fn what_the_browser_blocked_can_be_given_up() {
        let link = Link::new();
        let profile = Profile {
            address: Address::parse("ws://%/").expect("text can be checked only so far"),
            user: None,
            password: None,
            keep_alive: KEEP_ALIVE,
            version: VersionChoice::Newest,
            filters: Vec::new(),
            client_id: None,
        };
        link.connect(profile).expect("the default filters can be subscribed to");
        assert_eq!(link.standing(), mqtt::Link::Refused);
        link.disconnect();
        assert_eq!(link.standing(), mqtt::Link::Idle);
    }
}
