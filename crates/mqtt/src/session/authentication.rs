//! Enhanced authentication of 5.0 (section 4.12): AUTH in both directions, before CONNACK and after it.
//!
//! Carries data between the server and the caller, who knows the method, and tracks whose turn it is. Never
//! interprets the data. The session calls it.

use super::state::{Core, State};
use super::{CommandError, Event};
use crate::error::Violation;
use crate::packet::{Auth, Packet, PacketType};
use crate::property::{Place, PropertiesBuf, Property};
use crate::reason::ReasonCode;

/// Who sends the next AUTH.
///
/// ```text
///   CONNECT with a method,        AUTH 0x18
///   or `reauthenticate`   ┌────────┐ ─────▶ ┌────────┐
///  ─────────────────────▶ │ Server │        │ Client │
///                         └────────┘ ◀───── └────────┘
///                             │      `authenticate`
///                             ▼ CONNACK, or AUTH 0x00 after it
///                           none
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    None,
    Server,
    Client,
}

impl Core {
    /// An AUTH came.
    pub(super) fn auth<'a>(&mut self, auth: Auth<'a>) -> Option<Event<'a>> {
        let Some(ours) = &self.options.authentication else {
            return self.reject_auth("packet_type", Violation::AuthenticationUnasked);
        };
        let turn = match (self.connection.turn, auth.reason_code) {
            (Turn::Server, ReasonCode::ContinueAuthentication) => Turn::Client,
            // Before CONNACK, it is CONNACK that ends the exchange.
            (Turn::Server, ReasonCode::Success) if self.state == State::Connected => Turn::None,
            _ => return self.reject_auth("reason_code", Violation::PacketUnexpected),
        };
        // [MQTT-4.12.0-5]. An AUTH with Success may leave everything out: it then has a Remaining Length of 0
        // (section 3.15.2.1).
        let is_short = auth.reason_code == ReasonCode::Success && auth.properties.is_empty();
        if !is_short && auth.method() != Some(&ours.method) {
            return self.reject_auth("authentication_method", Violation::AuthenticationMethodOther);
        }
        self.connection.turn = turn;
        Some(Event::Auth(auth))
    }

    /// Answers the server's AUTH ([MQTT-4.12.0-3]).
    pub(super) fn authenticate(&mut self, data: &[u8]) -> Result<(), CommandError> {
        match self.state {
            State::Handshake | State::Connected if self.connection.turn == Turn::Client => {
                self.queue_auth(ReasonCode::ContinueAuthentication, Some(data))
            }
            State::Handshake | State::Connected => Err(CommandError::AuthenticationUnexpected),
            _ => Err(CommandError::NotConnected),
        }
    }

    /// Begins an exchange while connected (section 4.12.1).
    pub(super) fn reauthenticate(&mut self, data: Option<&[u8]>) -> Result<(), CommandError> {
        match self.state {
            State::Connected if self.connection.turn == Turn::None => {
                self.queue_auth(ReasonCode::ReAuthenticate, data)
            }
            State::Connected => Err(CommandError::AuthenticationUnexpected),
            _ => Err(CommandError::NotConnected),
        }
    }

    fn queue_auth(&mut self, reason_code: ReasonCode, data: Option<&[u8]>) -> Result<(), CommandError> {
        // [MQTT-4.12.0-7]
        let Some(ours) = &self.options.authentication else {
            return Err(CommandError::AuthenticationUnexpected);
        };
        let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Auth));
        // [MQTT-4.12.1-1]
        let method = Property::AuthenticationMethod(&ours.method);
        for property in [method].into_iter().chain(data.map(Property::AuthenticationData)) {
            properties.push(property).map_err(CommandError::Invalid)?;
        }
        self.queue(&Packet::Auth(Auth { reason_code, properties: properties.as_properties() }))?;
        self.connection.turn = Turn::Server;
        Ok(())
    }

    fn reject_auth(&mut self, field: &'static str, violation: Violation) -> Option<Event<'static>> {
        self.protocol_error(self.error(PacketType::Auth, field, violation));
        None
    }
}
