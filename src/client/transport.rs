//! What carries a connection's bytes: a WebSocket, later also a `MessagePort` to a broker in the tab.
//!
//! The driver knows nothing else of the browser's sockets. A test's transport is a few lines.

use std::rc::Rc;

use js_sys::Uint8Array;
use mqtt::Closed;

/// An open, or opening, way to a broker. Dropping it closes it, and no event comes from it any more.
pub trait Transport {
    /// Sends one binary message. On a transport that is closing it is lost, and [`TransportEvent::Closed`] follows.
    fn send(&self, bytes: &[u8]);
}

/// What happens to a transport.
pub enum TransportEvent {
    /// It is open.
    Open,
    /// It brought a binary message: any part of any number of packets.
    Bytes(Uint8Array),
    /// It is gone. This is its last event.
    Closed(Closed),
}

/// Why the browser refused to open a transport. To try again would not help.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Blocked {
    /// A `SyntaxError`: the browser does not take this as a WebSocket address.
    Url,
    /// A `SecurityError`: mostly mixed content, `ws://` from a page on https.
    Security,
}

/// Receives the events of a transport, never while it is being opened.
pub type TransportListener = Rc<dyn Fn(TransportEvent)>;

/// Opens transports, one at each dial.
pub type Dial = Box<dyn Fn(TransportListener) -> Result<Box<dyn Transport>, Blocked>>;
