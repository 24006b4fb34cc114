//! What the browser tests use: the page as it ships, a real Chromium, real brokers, and devices that connect, crash and
//! leave.
//!
//! A test calls [`visit`], which opens the page and afterwards fails on any violation of the Content-Security-Policy, page
//! error or console error. Nothing here sleeps for a fixed time: everything waits for a condition, up to [`PATIENCE`].

mod browser;
mod client;
mod external;
mod mosquitto;
mod site;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::Mutex;
use std::time::Duration;

pub use browser::{Browser, Page, Tile, Visit, visit};
pub use client::{Client, ClientEvent, Message, Subscribed};
pub use external::{External, LOGIN, Program};
pub use mosquitto::{Device, Mosquitto, MosquittoOptions};
pub use site::Site;

/// How long to wait for something that has to happen. It is long because CI machines are slow; only a failing test waits
/// so long.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A free TCP port of the loopback interface, which no other test of this program was given: mosquitto does not fail on a
/// WebSocket port in use, but shares it.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback interface has free ports");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        if GIVEN.lock().expect("nobody panics with it").insert(port) {
            return port;
        }
    }
}
