//! What the browser tests are made of: the page as it is shipped, a real Chromium, real brokers and
//! devices that come, crash and leave.
//!
//! A test calls [`visit`], which opens the page and afterwards fails on any Content-Security-Policy
//! violation, page error or console error. Nothing here sleeps for a fixed time: everything waits for what
//! it wants to see, up to [`PATIENCE`].

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
pub use client::{Client, Message, Subscribed, Told};
pub use external::{External, LOGIN, Program};
pub use mosquitto::{Device, Mosquitto, MosquittoOptions};
pub use site::Site;

/// How long to wait for something that has to happen. Long, for CI machines are slow; nothing that works
/// waits for it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A TCP port of the loopback interface that nothing listens on at the moment, and that no other test of this
/// program was given: mosquitto shares its WebSocket port with another broker instead of failing.
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
