//! The browser side of a connection: the only place that opens a socket, sets a timer for one, or reads a clock.
//!
//! A [`Connection`] is the board's: a [`fleet::Engine`], which decides everything, in a [`Driver`], which carries bytes
//! and time. Features give commands here, read the engine, and follow its changes at a [`Pace`].

mod address;
mod connection;
mod driver;
mod frames;
mod log;
mod timers;
mod transport;
mod websocket;

use leptos::prelude::window;
use mqtt::{Time, VersionChoice};

pub use address::{Address, AddressError, Origin};
#[cfg(test)]
pub(crate) use connection::tests::ScriptedBroker;
pub use connection::{Active, Connection, ConnectionFailure};
pub use driver::{Driver, Machine, Observer};
pub use frames::Pace;
pub use log::{ConnectionLog, LogEntry, Step, word};
pub use timers::{Timer, Timers};
pub use transport::{Blocked, Dial, Transport, TransportEvent, TransportListener};

/// The keep-alive that a new connection is offered, in seconds.
pub const DEFAULT_KEEP_ALIVE: u16 = 30;

/// What to connect to, and as whom.
#[derive(Clone, PartialEq, Eq)]
pub struct Profile {
    /// The broker.
    pub address: Address,
    /// User name, if any.
    pub user: Option<String>,
    /// Password, if any. Never written anywhere from here.
    pub password: Option<String>,
    /// Keep-alive in seconds.
    pub keep_alive: u16,
    /// Which versions are allowed.
    pub version: VersionChoice,
    /// Topic filters in place of the default ones; empty for those.
    pub filters: Vec<String>,
    /// Client identifier; without one, each connection gets a new one.
    pub client_id: Option<String>,
}

/// The current time, by the only clock of a browser that goes on while the machine sleeps.
pub fn now() -> Time {
    Time(js_sys::Date::now() as u64)
}

/// A client identifier that nobody else has. None is stored unless the visitor asks for it: a duplicated tab would take
/// over the connection of the first one.
pub fn new_client_id() -> String {
    // 23 characters: as many as every 3.1.1 server has to take ([MQTT-3.1.3-5]).
    random().iter().fold("willow-".to_owned(), |id, byte| format!("{id}{byte:02x}"))
}

fn random() -> [u8; 8] {
    let mut random = [0; 8];
    // A browser without `crypto` has no WebSocket either.
    if let Ok(crypto) = window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut random);
    }
    random
}
