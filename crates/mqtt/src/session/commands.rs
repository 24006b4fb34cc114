//! The commands: what a caller asks a session to do.
//!
//! Each checks what it is given and queues at most one packet. Never waits for an answer: that comes as an event.
//! The driver calls them.

use super::state::{Pending, State};
use super::{BarrierId, CommandError, Session, Time};
use crate::packet::{
    Delivery, Disconnect, Packet, PacketId, Publish, QoS, Subscribe, Subscription, Unsubscribe,
};
use crate::property::Properties;
use crate::reason::ReasonCode;
use crate::topic::{TopicFilter, TopicName};

/// # Commands
impl Session {
    /// Dials at once and resets the back-off. Has no effect while connecting or connected.
    pub fn connect(&mut self, now: Time) {
        self.core.advance(now);
        self.core.backoff.reset();
        if let State::Idle | State::Waiting { .. } | State::Refused = self.core.state {
            self.core.dial();
        }
    }

    /// Sends DISCONNECT after what is queued ([MQTT-3.14.4-1]), closes the socket and becomes `Idle`. The server
    /// then discards the will.
    pub fn disconnect(&mut self, now: Time) {
        self.core.now = self.core.now.max(now);
        if self.core.state == State::Connected {
            self.core.send_if_small_enough(&Packet::Disconnect(Disconnect::new(ReasonCode::Success)));
        }
        self.core.leave();
    }

    /// As `disconnect`, with a reason code and properties, which 5.0 has: `DisconnectWithWillMessage` makes the
    /// server publish the will; a Session Expiry Interval replaces that of CONNECT, and 0 ends the session at
    /// once; a Reason String and User Properties. Not connected, both are ignored.
    ///
    /// # Errors
    /// `QueueFull`, `PacketTooLarge`; `Invalid` for a reason code or a Server Reference that only a server may
    /// send, for a Session Expiry Interval where CONNECT or CONNACK had 0 (section 3.14.2.2.2), and for anything
    /// but `Success` without properties in 3.1.1. After an error the link is unchanged.
    pub fn disconnect_with(
        &mut self,
        reason_code: ReasonCode,
        properties: Properties<'_>,
        now: Time,
    ) -> Result<(), CommandError> {
        self.core.now = self.core.now.max(now);
        if self.core.state == State::Connected {
            self.core.disconnect(Disconnect { reason_code, properties })?;
        }
        self.core.leave();
        Ok(())
    }

    /// Answers the server's `Event::Auth` by AUTH 0x18 (section 4.12), before CONNACK or after it.
    ///
    /// # Errors
    /// `NotConnected`, `AuthenticationUnexpected`, `QueueFull`, `PacketTooLarge`; `Invalid` for more than
    /// 65,535 bytes.
    pub fn authenticate(&mut self, data: &[u8]) -> Result<(), CommandError> {
        self.core.authenticate(data)
    }

    /// Authenticates again while connected, by AUTH 0x19 (section 4.12.1). Everything else continues meanwhile.
    /// `Event::Auth` follows: with `Success`, or with a challenge for `authenticate`. A server that refuses ends
    /// the link.
    ///
    /// # Errors
    /// Those of `authenticate`.
    pub fn reauthenticate(&mut self, data: Option<&[u8]>) -> Result<(), CommandError> {
        self.core.reauthenticate(data)
    }

    /// Sets the Authentication Data of all later CONNECTs, for methods that need new data each time, such as the
    /// nonce of SCRAM. Has no effect without [`Options::authentication`](super::Options::authentication).
    pub fn set_authentication_data(&mut self, data: Option<Vec<u8>>) {
        if let Some(authentication) = &mut self.core.options.authentication {
            authentication.data = data;
        }
    }

    /// Dials at once if `Waiting`, without resetting the back-off: the user pressed "Try now", or the browser is
    /// online again.
    pub fn retry_now(&mut self, now: Time) {
        self.core.advance(now);
        if let State::Waiting { .. } = self.core.state {
            self.core.dial();
        }
    }

    /// Queues a SUBSCRIBE. `Event::Suback` with the same packet identifier answers it.
    ///
    /// # Errors
    /// `NotConnected`, `QueueFull`, `TooManyOutstanding`, `PacketTooLarge`,
    /// `WildcardSubscriptionsNotSupported`, `SharedSubscriptionsNotSupported`; `Invalid` for an
    /// empty list or an option that 3.1.1 does not have.
    pub fn subscribe(&mut self, filters: &[Subscription<'_>]) -> Result<PacketId, CommandError> {
        self.subscribe_with(filters, Properties::EMPTY)
    }

    /// As `subscribe`, with properties: a Subscription Identifier, which every message that matches the filters
    /// then has among its properties, and User Properties.
    ///
    /// # Errors
    /// Those of `subscribe`; `SubscriptionIdentifiersNotSupported`; `Invalid` for properties in 3.1.1.
    pub fn subscribe_with(
        &mut self,
        filters: &[Subscription<'_>],
        properties: Properties<'_>,
    ) -> Result<PacketId, CommandError> {
        let packet_id = self.core.free_packet_id()?;
        let connection = &self.core.connection;
        for Subscription { filter, .. } in filters {
            if !connection.wildcard_subscription_available && filter.has_wildcard() {
                return Err(CommandError::WildcardSubscriptionsNotSupported);
            }
            if !connection.shared_subscription_available && filter.share().is_some() {
                return Err(CommandError::SharedSubscriptionsNotSupported);
            }
        }
        if !connection.subscription_identifier_available && properties.has(0x0B) {
            return Err(CommandError::SubscriptionIdentifiersNotSupported);
        }
        self.core.command(&Packet::Subscribe(Subscribe {
            packet_id,
            properties,
            subscriptions: filters.into(),
        }))?;
        self.core.connection.pending.insert(packet_id, Pending::Subscribe(filters.len()));
        self.core.connection.last_subscribe = Some(packet_id);
        Ok(packet_id)
    }

    /// Queues an UNSUBSCRIBE. `Event::Unsuback` with the same packet identifier answers it, in 5.0 with a code
    /// for each filter.
    ///
    /// # Errors
    /// `NotConnected`, `QueueFull`, `TooManyOutstanding`, `PacketTooLarge`; `Invalid` for an empty
    /// list.
    pub fn unsubscribe(&mut self, filters: &[TopicFilter<'_>]) -> Result<PacketId, CommandError> {
        self.unsubscribe_with(filters, Properties::EMPTY)
    }

    /// As `unsubscribe`, with properties: User Properties.
    ///
    /// # Errors
    /// Those of `unsubscribe`; `Invalid` for properties in 3.1.1.
    pub fn unsubscribe_with(
        &mut self,
        filters: &[TopicFilter<'_>],
        properties: Properties<'_>,
    ) -> Result<PacketId, CommandError> {
        let packet_id = self.core.free_packet_id()?;
        self.core.command(&Packet::Unsubscribe(Unsubscribe {
            packet_id,
            properties,
            filters: filters.into(),
        }))?;
        self.core.connection.pending.insert(packet_id, Pending::Unsubscribe(filters.len()));
        Ok(packet_id)
    }

    /// Queues a PINGREQ after what is queued. `Event::Barrier` reports that its PINGRESP came, and so everything
    /// that the server sent before it; `Event::BarrierLost` reports that it did not come. If the link ends first,
    /// neither follows.
    ///
    /// # Errors
    /// `NotConnected`, `QueueFull`, `TooManyOutstanding`.
    pub fn barrier(&mut self) -> Result<BarrierId, CommandError> {
        if self.core.state == State::Connected && !self.core.connection.liveness.has_room() {
            return Err(CommandError::TooManyOutstanding);
        }
        self.core.command(&Packet::Pingreq)?;
        self.core.last_barrier += 1;
        let id = BarrierId(self.core.last_barrier);
        let after = self.core.connection.last_subscribe;
        self.core.connection.liveness.barrier(id, after);
        Ok(id)
    }

    /// Queues a PUBLISH. At QoS 1 and 2 it has a packet identifier, and exactly one of these events ends it:
    /// `Event::Puback`; a refusing `Event::Pubrec` or `Event::Pubcomp`; `Event::PublishLost`.
    ///
    /// It is sent again on another link only if the server resumes the session
    /// ([`Options::clean_start`](super::Options::clean_start)).
    ///
    /// # Errors
    /// `NotConnected`, `QueueFull`, `TooManyOutstanding` (Receive Maximum, [MQTT-3.3.4-7], and
    /// [`Options::max_in_flight`](super::Options::max_in_flight)), `PacketTooLarge`, `QoSNotSupported`,
    /// `RetainNotSupported`.
    pub fn publish(
        &mut self,
        topic: TopicName<'_>,
        payload: &[u8],
        qos: QoS,
        retain: bool,
    ) -> Result<Option<PacketId>, CommandError> {
        self.publish_with(topic, payload, qos, retain, Properties::EMPTY)
    }

    /// As `publish`, with properties: a Message Expiry Interval, a Response Topic and the like.
    ///
    /// # Errors
    /// Those of `publish`; `Invalid` for properties in 3.1.1, for a Subscription Identifier
    /// ([MQTT-3.3.4-6]), and for a Topic Alias: the session assigns those itself.
    pub fn publish_with(
        &mut self,
        topic: TopicName<'_>,
        payload: &[u8],
        qos: QoS,
        retain: bool,
        properties: Properties<'_>,
    ) -> Result<Option<PacketId>, CommandError> {
        let delivery = Delivery::AtMostOnce;
        self.core.publish(Publish { delivery, retain, topic, properties, payload }, qos)
    }
}
