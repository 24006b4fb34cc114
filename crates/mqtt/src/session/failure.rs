//! Why a link is not up, one variant per reaction of a user interface.
//!
//! Holds no text for a user: the page words each variant in the visitor's language. Made by the session.

use crate::error::Error;
use crate::packet::Version;
use crate::reason::ReasonCode;

/// Why a link is not up.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The socket closed before it opened: wrong address, no server, a certificate refused, mixed content. A
    /// browser does not say which.
    NotOpened {
        /// The WebSocket's close code, if there was one; mostly 1006.
        code: Option<u16>,
    },
    /// The socket neither opened nor closed within the connect timeout.
    OpenTimeout,
    /// The socket opened, and the server closed it instead of answering CONNECT.
    ClosedBeforeConnack {
        /// The version of the CONNECT.
        version: Version,
        /// The WebSocket's close code.
        code: Option<u16>,
    },
    /// The socket opened, and CONNECT was not answered within the connect timeout.
    ConnackTimeout {
        /// The version of the CONNECT.
        version: Version,
    },
    /// CONNACK with a refusal.
    ConnectRefused {
        /// The version of the CONNECT.
        version: Version,
        /// Why; a return code of 3.1.1 as the reason code of 5.0.
        reason: ReasonCode,
        /// Server Reference: where to connect instead (0x9C, 0x9D).
        server_reference: Option<Box<str>>,
        /// Reason String: the server's explanation.
        reason_string: Option<Box<str>>,
    },
    /// The server does not speak this version, and no other was allowed or is left.
    VersionRefused(Version),
    /// The socket closed while connected.
    Closed {
        /// The WebSocket's close code; 1006 if the network went away.
        code: Option<u16>,
    },
    /// The server sent DISCONNECT (5.0).
    ServerDisconnect {
        /// Why.
        reason: ReasonCode,
        /// Server Reference: where to connect instead (0x9C, 0x9D).
        server_reference: Option<Box<str>>,
        /// Reason String: the server's explanation.
        reason_string: Option<Box<str>>,
    },
    /// Another client with the same identifier connected (DISCONNECT 0x8E).
    TakenOver,
    /// Nothing came after a PINGREQ.
    PingTimeout,
    /// The machine slept or its clock was set, and the link did not answer afterwards.
    ClockJump,
    /// The server's Maximum Packet Size, in bytes, is too small for an acknowledgement or a PINGREQ that the
    /// session had to send ([MQTT-3.2.2-15]).
    MaximumPacketSize(u32),
    /// The server broke the protocol.
    Protocol(Error),
    /// The options make no valid CONNECT: the client identifier, will topic or a property is not valid, or they
    /// ask for authentication by AUTH in 3.1.1.
    InvalidOptions(Error),
}
