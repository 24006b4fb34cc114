//! The transitions of `Link`'s diagram: dialling, deadlines, clock jumps, and the end of an attempt or a link.
//!
//! Every other file of the session ends a link by `end` or `protocol_error`, so there is one way to do it. Never
//! decides what is sent while connected, except the PINGREQs of the keep-alive. The session calls it.

use std::time::Duration;

use super::connect::needs_the_user;
use super::liveness::Verdict;
use super::state::{Connection, Core, Lasting, QueuedEvent, State};
use super::{Closed, CommandError, Failure, Time, VersionChoice};
use crate::error::{Error, Violation};
use crate::packet::{Disconnect, Packet, PacketType, Version};
use crate::property::Property;
use crate::reason::ReasonCode;

/// A link that was up this long was stable, and its end resets the back-off.
const STABLE: Duration = Duration::from_secs(10);
/// A clock that is set back by less than this was only corrected: that is no clock jump.
const MIN_SETBACK: Duration = Duration::from_secs(1);

/// What to do with the socket when an attempt or a link ends.
#[derive(Clone, Copy)]
pub(super) enum SocketEnd {
    /// Nothing: it is closed already.
    Closed,
    /// Discard what is queued and close it.
    Close,
    /// Send DISCONNECT with this reason code, which 5.0 has, and close it.
    Disconnect(ReasonCode),
}

impl Core {
    /// Opens a socket, for the version that is most likely to work.
    pub(super) fn dial(&mut self) {
        self.version = match self.options.version {
            VersionChoice::Only(version) => version,
            VersionChoice::Newest => self.known_version.unwrap_or(Version::V5),
        };
        self.open();
    }

    fn open(&mut self) {
        self.state = State::Opening;
        self.open = true;
        self.connection = Connection::new(self.now, self.now + self.options.connect_timeout);
    }

    /// 5.0 did not work: dials again at once, for 3.1.1. The old socket is closed, or about to be.
    pub(super) fn fall_back(&mut self) {
        self.version = Version::V311;
        self.open();
    }

    pub(super) fn may_fall_back(&self) -> bool {
        self.version == Version::V5 && !self.is_forced()
    }

    /// Whether the session may not choose the version. With an Authentication Method it must be 5.0: 3.1.1 has
    /// none, and would connect without the authentication that was asked for.
    fn is_forced(&self) -> bool {
        self.options.version != VersionChoice::Newest || self.options.authentication.is_some()
    }

    /// Checks every deadline against the time of an input. Whether the clock jumped while connected.
    pub(super) fn advance(&mut self, now: Time) -> bool {
        let setback = self.now.since(now);
        let mut jump = None;
        if setback >= MIN_SETBACK {
            // How much time has passed is unknown. It is taken as none: every deadline stays as far away.
            self.connection.deadline = self.connection.deadline - setback;
            self.connection.connected_at = self.connection.connected_at - setback;
            self.connection.liveness.shift(setback);
            if let State::Waiting { retry_at } = &mut self.state {
                *retry_at = *retry_at - setback;
            }
            if let Some(Lasting { expires_at: Some(at), .. }) = &mut self.lasting {
                *at = *at - setback;
            }
            self.now = now;
            jump = Some((setback, true));
        }
        let now = self.now.max(now);
        self.now = now;

        match self.state {
            State::Idle | State::Refused => {}
            State::Opening if now >= self.connection.deadline => {
                self.end(Failure::OpenTimeout, SocketEnd::Close)
            }
            State::Handshake if now >= self.connection.deadline => {
                self.end(Failure::ConnackTimeout { version: self.version }, SocketEnd::Close);
            }
            State::Opening | State::Handshake => {}
            State::Waiting { retry_at } => {
                if now >= retry_at {
                    self.dial();
                }
            }
            State::Connected => {
                jump = jump.or_else(|| self.connection.liveness.jump(now).map(|by| (by, false)));
                if let Some((by, backwards)) = jump {
                    self.events.push_back(QueuedEvent::ClockJump { by, backwards });
                    self.connection.liveness.probe(now);
                    if !self.send(&Packet::Pingreq) {
                        return true;
                    }
                }
                let mut lost = Vec::new();
                let verdict = self.connection.liveness.check(now, &mut lost);
                self.events.extend(lost.into_iter().map(QueuedEvent::BarrierLost));
                match verdict {
                    Verdict::Alive => {}
                    Verdict::Ping => {
                        self.send(&Packet::Pingreq);
                    }
                    Verdict::Dead if self.connection.liveness.is_after_jump() => {
                        self.end(Failure::ClockJump, SocketEnd::Close);
                    }
                    Verdict::Dead => self.end(Failure::PingTimeout, SocketEnd::Close),
                }
            }
        }
        jump.is_some()
    }

    /// The socket closed, or failed to open.
    pub(super) fn closed(&mut self, closed: Closed) {
        let code = closed.code;
        match self.state {
            // About the socket before this one: what is still queued for it cannot be sent any more.
            State::Opening if self.open || closed.was_open => self.outbox.clear(),
            State::Opening => self.end(Failure::NotOpened { code }, SocketEnd::Closed),
            // A server that knows only 3.1.1 may close the socket instead of answering. One that has spoken 5.0
            // before has another reason.
            State::Handshake if self.may_fall_back() && self.known_version.is_none() => {
                self.outbox.clear();
                self.fall_back();
            }
            State::Handshake => {
                self.known_version = None;
                self.end(Failure::ClosedBeforeConnack { version: self.version, code }, SocketEnd::Closed);
            }
            State::Connected => self.end(Failure::Closed { code }, SocketEnd::Closed),
            State::Idle | State::Waiting { .. } | State::Refused => self.outbox.clear(),
        }
    }

    /// Queues a DISCONNECT for the caller, after which the link is left.
    pub(super) fn disconnect(&mut self, disconnect: Disconnect<'_>) -> Result<(), CommandError> {
        let expiry = disconnect.properties.find(|property| match property {
            Property::SessionExpiryInterval(seconds) => Some(seconds),
            _ => None,
        });
        // A session that ends with the link cannot be extended: nothing was kept for it.
        let was_to_end =
            self.options.session_expiry_interval == 0 || self.connection.session_expiry_interval == 0;
        let wrong = if !disconnect.reason_code.is_for_clients_disconnect() {
            Some(("reason_code", Violation::ReasonCodeUnknown))
        } else if disconnect.properties.has(0x1C) {
            // Section 3.14.2.2.5: only a server may name another server.
            Some(("server_reference", Violation::PropertyMisplaced))
        } else if expiry.is_some_and(|seconds| seconds > 0) && was_to_end {
            // Section 3.14.2.2.2 speaks of CONNECT's interval. CONNACK may have changed it to 0, too.
            Some(("session_expiry_interval", Violation::PropertyValue))
        } else {
            None
        };
        if let Some((field, violation)) = wrong {
            return Err(CommandError::Invalid(self.error(PacketType::Disconnect, field, violation)));
        }
        self.command(&Packet::Disconnect(disconnect))?;
        if let Some(seconds) = expiry {
            self.connection.session_expiry_interval = seconds;
            // With 0 the session ends with the link, and the next CONNECT must ask for a clean start: a server
            // that did not receive the DISCONNECT still keeps the session.
            self.connection.lasts &= seconds > 0;
        }
        Ok(())
    }

    /// The user ends the attempt or the link.
    pub(super) fn leave(&mut self) {
        match self.state {
            State::Connected => {
                self.close_socket();
                self.connection_ended(false);
                self.events.push_back(QueuedEvent::Disconnected(None));
            }
            State::Opening | State::Handshake => {
                self.outbox.clear();
                self.close_socket();
            }
            State::Idle | State::Waiting { .. } | State::Refused => {}
        }
        self.state = State::Idle;
        self.failure = None;
    }

    /// Closes the socket. If the driver has not polled `Transmit::Open` yet, there is none, and none is opened.
    fn close_socket(&mut self) {
        match std::mem::take(&mut self.open) {
            true => {}
            false => self.close = true,
        }
    }

    /// An attempt or a link ends, and not because the user asked for it.
    pub(super) fn end(&mut self, failure: Failure, socket: SocketEnd) {
        match socket {
            SocketEnd::Closed => self.outbox.clear(),
            SocketEnd::Close => {
                // No DISCONNECT, so that the server publishes the will.
                self.outbox.clear();
                self.close_socket();
            }
            SocketEnd::Disconnect(reason_code) => {
                if self.version == Version::V5 && self.state == State::Connected {
                    // [MQTT-4.13.1-1]. Some codes are for CONNACK only, some for a server's DISCONNECT.
                    let reason_code = match reason_code.is_for_clients_disconnect() {
                        true => reason_code,
                        false => ReasonCode::ProtocolError,
                    };
                    self.send_if_small_enough(&Packet::Disconnect(Disconnect::new(reason_code)));
                }
                self.close_socket();
            }
        }
        let event = match self.state {
            State::Connected => {
                if self.now.since(self.connection.connected_at) >= STABLE {
                    self.backoff.reset();
                }
                self.connection_ended(!matches!(socket, SocketEnd::Disconnect(_)));
                QueuedEvent::Disconnected(Some(failure.clone()))
            }
            _ => QueuedEvent::ConnectFailed(failure.clone()),
        };
        self.events.push_back(event);
        self.state = match needs_the_user(&failure, self.is_forced()) {
            true => State::Refused,
            false => State::Waiting { retry_at: self.now + self.backoff.next() },
        };
        self.failure = Some(failure);
    }

    /// Updates the session state when a connection ends. `dropped`: what was queued was discarded.
    fn connection_ended(&mut self, dropped: bool) {
        self.outbound.link_ended(dropped, self.taken);
        if !self.connection.lasts {
            self.discard_session();
        }
        let expiry = self.connection.session_expiry_interval;
        if let Some(lasting) = &mut self.lasting
            && expiry < u32::MAX
        {
            lasting.expires_at = Some(self.now + Duration::from_secs(expiry.into()));
        }
    }

    /// The server broke the protocol: ends the link, and in 5.0 tells the server by DISCONNECT.
    pub(super) fn protocol_error(&mut self, error: Error) {
        self.end(Failure::Protocol(error), SocketEnd::Disconnect(error.reason_code()));
    }
}
