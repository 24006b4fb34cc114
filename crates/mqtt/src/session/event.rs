//! What comes out of a session: what to do with the socket, events, and errors of commands.
//!
//! Plain data. Events own nothing: they borrow from the session until the next call. The driver reads them.

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
    /// The server accepted the connection. Nothing is subscribed, unless Session Present is set.
    Connected(Connected<'a>),
    /// An AUTH of the server's ([`Options::authentication`](super::Options)): after `ContinueAuthentication` it
    /// waits for [`Session::authenticate`](super::Session::authenticate), before `Connected` for at most the
    /// connect timeout; `Success` ends what [`Session::reauthenticate`](super::Session::reauthenticate) began.
    Auth(Auth<'a>),
    /// A message. The session has already acknowledged it, if its QoS demands that. Its topic is complete even
    /// if the server sent only an alias.
    Publish(Publish<'a>),
    /// A SUBSCRIBE was answered; check every reason code.
    Suback(Suback<'a>),
    /// An UNSUBSCRIBE was answered.
    Unsuback(Unsuback<'a>),
    /// The server acknowledged a QoS 1 message, or refused it (5.0); either ends it.
    Puback(Ack<'a>),
    /// The server received a QoS 2 message, and `Pubcomp` will end it; or it refused the message (5.0, a reason
    /// code of 0x80 or above), which ends it.
    Pubrec(Ack<'a>),
    /// A QoS 2 message was delivered exactly once.
    Pubcomp(Ack<'a>),
    /// A QoS 1 or 2 message ended without an answer: its session is gone, or the server that resumed the session
    /// accepts no such message any more. It may have been delivered or not.
    ///
    /// If the session ends with its link, this comes right before `Disconnected`. Otherwise it comes before a
    /// `Connected` without Session Present, or after one with it.
    PublishLost(PacketId),
    /// Everything that the server sent before it received the barrier has come.
    Barrier(BarrierId),
    /// The barrier's PINGRESP did not come, although the link is alive: the server dropped it, and probably also
    /// messages before it (mosquitto 2.0.16 and later do, at 1,000 queued).
    BarrierLost(BarrierId),
    /// The machine slept, or its clock was set: nothing is known of the time in between.
    ClockJump {
        /// How far.
        by: Duration,
        /// Whether it went back.
        backwards: bool,
    },
    /// The link ended; exactly once for each `Connected`. `None` if `disconnect` ended it.
    Disconnected(Option<&'a Failure>),
    /// An attempt ended before the server accepted.
    ConnectFailed(&'a Failure),
}

/// A CONNACK that accepts, with the standard's defaults filled in.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Connected<'a> {
    /// The version in use.
    pub version: Version,
    /// Session Present.
    pub session_present: bool,
    /// The keep-alive in use, in seconds: the server's, if it set one ([MQTT-3.2.2-21]).
    pub keep_alive: u16,
    /// The seconds for which the session outlives the link: the server's value, if it set one; `u32::MAX` is for
    /// ever. 3.1.1 has no such value: 0 after a clean start, otherwise `u32::MAX`.
    pub session_expiry_interval: u32,
    /// How many QoS 1 and 2 messages may wait for their PUBACK or PUBCOMP.
    pub receive_maximum: u16,
    /// How many topic aliases the server accepts.
    pub topic_alias_maximum: u16,
    /// The highest QoS to publish with.
    pub maximum_qos: QoS,
    /// Whether RETAIN may be set.
    pub retain_available: bool,
    /// The largest packet the server accepts, in bytes; `None` if it sets no limit.
    pub maximum_packet_size: Option<u32>,
    /// Whether filters may have wildcards.
    pub wildcard_subscription_available: bool,
    /// Whether a SUBSCRIBE may have a Subscription Identifier.
    pub subscription_identifier_available: bool,
    /// Whether `$share/…` may be subscribed to.
    pub shared_subscription_available: bool,
    /// The client identifier that the server assigned, if the client's was empty.
    pub assigned_client_identifier: Option<&'a str>,
    /// The server's last Authentication Data; the caller checks it by the method.
    pub authentication_data: Option<&'a [u8]>,
    /// All properties of CONNACK; empty in 3.1.1.
    pub properties: Properties<'a>,
}

/// A PINGREQ that was queued after other packets, and whose PINGRESP comes after their answers.
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

/// Why a command was refused. Nothing was queued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CommandError {
    /// The link is not connected.
    NotConnected,
    /// Too much is queued already; poll the transmits and try again.
    QueueFull,
    /// The maximum number of messages, requests or barriers waits for answers, or the maximum of bytes is kept
    /// for a resumed session.
    TooManyOutstanding,
    /// The packet exceeds the server's Maximum Packet Size ([MQTT-3.2.2-15]), or is too large to be kept for a
    /// resumed session.
    PacketTooLarge,
    /// The QoS is above the server's Maximum QoS ([MQTT-3.2.2-11]).
    QoSNotSupported,
    /// The server does not retain messages ([MQTT-3.2.2-14]).
    RetainNotSupported,
    /// The server does not accept wildcards in topic filters (section 3.2.2.3.11).
    WildcardSubscriptionsNotSupported,
    /// The server does not support Subscription Identifiers (section 3.2.2.3.12).
    SubscriptionIdentifiersNotSupported,
    /// The server does not support shared subscriptions (section 3.2.2.3.13).
    SharedSubscriptionsNotSupported,
    /// There is no Authentication Method, or it is the server's turn (section 4.12).
    AuthenticationUnexpected,
    /// The arguments do not make a valid packet.
    Invalid(Error),
}
