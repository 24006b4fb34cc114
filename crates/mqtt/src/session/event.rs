//! What goes into a session besides bytes, and what comes out of it.
//!
//! Plain data. Never keeps anything: events borrow from the session until the next call. Read by
//! the driver.

use std::time::Duration;

use super::Failure;
use crate::error::Error;
use crate::packet::{Ack, Auth, PacketId, Publish, QoS, Suback, Unsuback, Version};
use crate::property::Properties;

/// What the driver must do with the socket, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transmit<'a> {
    /// Dial: open a new WebSocket with the subprotocol `mqtt` ([MQTT-6.0.0-3]).
    Open,
    /// Send this as one binary message ([MQTT-6.0.0-1]).
    Send(&'a [u8]),
    /// Close the socket, detach its handlers and report nothing of it any more.
    Close,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The server accepted: subscribe now, nothing is subscribed unless Session Present says so.
    Connected(Connected<'a>),
    /// The server goes on with the authentication ([`Options::authentication`](super::Options)): with
    /// `ContinueAuthentication` it waits for [`Session::authenticate`](super::Session::authenticate), before
    /// `Connected` within the connect timeout; `Success` ends what
    /// [`Session::reauthenticate`](super::Session::reauthenticate) began.
    Auth(Auth<'a>),
    /// A message. Acknowledged already where its QoS wants it; its topic is there even if the server
    /// sent an alias only.
    Publish(Publish<'a>),
    /// A SUBSCRIBE was answered; look at every code.
    Suback(Suback<'a>),
    /// An UNSUBSCRIBE was answered.
    Unsuback(Unsuback<'a>),
    /// The server acknowledged a QoS 1 message, or refused it (5.0); either ends it.
    Puback(Ack<'a>),
    /// The server has a QoS 2 message, and `Pubcomp` will end it; or it refused the message (5.0, a
    /// code of 0x80 or above), which ends it.
    Pubrec(Ack<'a>),
    /// A QoS 2 message was delivered exactly once.
    Pubcomp(Ack<'a>),
    /// A QoS 1 or 2 message ended without an answer: the session it belonged to is gone, or the
    /// server that resumed it takes no such message any more. Perhaps it was delivered, perhaps not.
    ///
    /// Without a session that lasts it comes right before `Disconnected`; with one, before the
    /// `Connected` that has Session Present 0, or after the one that has it 1.
    PublishLost(PacketId),
    /// Everything that the server sent before it saw the barrier has come.
    Barrier(BarrierId),
    /// The barrier's PINGRESP did not come though the link is alive: the server dropped it, and
    /// with it probably messages in front of it (mosquitto 2.0.16 and later, at 1,000 queued).
    BarrierLost(BarrierId),
    /// The machine slept or its clock was set: nothing is known of the time in between.
    ClockJump {
        /// How far.
        by: Duration,
        /// Whether it went back.
        backwards: bool,
    },
    /// The link ended; exactly once for each `Connected`. `None` if by `disconnect`.
    Disconnected(Option<&'a Failure>),
    /// An attempt ended before the server accepted.
    ConnectFailed(&'a Failure),
}

/// What the server said when it accepted, with the standard's defaults filled in.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Connected<'a> {
    /// The version in use.
    pub version: Version,
    /// Session Present.
    pub session_present: bool,
    /// The keep-alive in use, in seconds: the server's if it set one ([MQTT-3.2.2-21]).
    pub keep_alive: u16,
    /// The seconds for which the session outlives the link: the server's if it set another;
    /// `u32::MAX` is for ever. 3.1.1 has no number: 0 after a clean start, or else `u32::MAX`.
    pub session_expiry_interval: u32,
    /// How many QoS 1 and 2 messages may wait for their PUBACK or PUBCOMP.
    pub receive_maximum: u16,
    /// How many topic aliases the server takes.
    pub topic_alias_maximum: u16,
    /// The highest QoS to publish with.
    pub maximum_qos: QoS,
    /// Whether RETAIN may be set.
    pub retain_available: bool,
    /// The largest packet the server takes, in bytes; `None` if it sets no limit.
    pub maximum_packet_size: Option<u32>,
    /// Whether filters may have wildcards.
    pub wildcard_subscription_available: bool,
    /// Whether a SUBSCRIBE may have a Subscription Identifier.
    pub subscription_identifier_available: bool,
    /// Whether `$share/…` may be subscribed to.
    pub shared_subscription_available: bool,
    /// The identifier the server made up for an empty one.
    pub assigned_client_identifier: Option<&'a str>,
    /// The last words of the server's authentication; the method decides whether they are good.
    pub authentication_data: Option<&'a [u8]>,
    /// Everything the server said; empty in 3.1.1.
    pub properties: Properties<'a>,
}

/// A PINGREQ behind what was queued; its PINGRESP comes behind the answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct BarrierId(pub u64);

/// How a socket ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Closed {
    /// The WebSocket's close code, if there was one.
    pub code: Option<u16>,
    /// Whether the socket had ever opened.
    pub was_open: bool,
}

/// Why a command was not taken. Nothing was queued then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CommandError {
    /// There is no link to send on.
    NotConnected,
    /// Too much is queued already; poll the transmits and try again.
    QueueFull,
    /// As many messages, filters or barriers wait for their answers as may, or as many bytes of
    /// messages as may be kept for a resumed session.
    TooManyOutstanding,
    /// The server takes no packet this large (Maximum Packet Size, [MQTT-3.2.2-15]), or it is too large
    /// to be kept for a resumed session.
    PacketTooLarge,
    /// The server takes no such QoS ([MQTT-3.2.2-11]).
    QoSNotSupported,
    /// The server retains nothing ([MQTT-3.2.2-14]).
    RetainNotSupported,
    /// The server takes no wildcards in filters (section 3.2.2.3.11).
    WildcardSubscriptionsNotSupported,
    /// The server knows no Subscription Identifiers (section 3.2.2.3.12).
    SubscriptionIdentifiersNotSupported,
    /// The server shares no subscriptions (section 3.2.2.3.13).
    SharedSubscriptionsNotSupported,
    /// There is no Authentication Method, or it is the server's turn to speak (section 4.12).
    AuthenticationUnexpected,
    /// What was given makes no packet.
    Invalid(Error),
}
