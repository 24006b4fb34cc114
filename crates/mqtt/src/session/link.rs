//! The moves of `Link`'s diagram: dialling, deadlines, clock jumps, and how an attempt or a link ends.
//!
//! Every other file of the session ends a link by `end` or `protocol_error`, so that it happens in one way.
//! Never decides what is sent or told while a link stands. The session calls it.

use std::time::Duration;

use super::connect::needs_the_user;
use super::liveness::Verdict;
use super::{Closed, CommandError, Connection, Core, Failure, Lasting, State, Time, Told, VersionChoice};
use crate::error::{Error, Violation};
use crate::packet::{Disconnect, Packet, PacketType, Version};
use crate::property::Property;
use crate::reason::ReasonCode;

/// A link that has stood this long was not flapping: only then the delay falls back.
const STABLE: Duration = Duration::from_secs(10);
/// Clocks are corrected by less than this without anybody having slept.
const LEAST_SETBACK: Duration = Duration::from_secs(1);

/// What is to be done with the socket at the end.
#[derive(Clone, Copy)]
pub(super) enum Socket {
    /// It is closed already.
    Closed,
    /// Close it, and drop what was queued.
    Close,
    /// Close it, and tell a 5.0 server why.
    Tell(ReasonCode),
}

impl Core {
    /// Opens the next socket, with the version that is most likely to work.
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

    /// 5.0 did not work: dials again at once with 3.1.1. The socket is closed, or about to be.
    pub(super) fn fall_back(&mut self) {
        self.version = Version::V311;
        self.open();
    }

    pub(super) fn may_fall_back(&self) -> bool {
        self.version == Version::V5 && !self.is_forced()
    }

    /// Whether the version is not the session's to choose. With an Authentication Method it is 5.0: 3.1.1
    /// knows none, and a connection without it is not what was asked for.
    fn is_forced(&self) -> bool {
        self.options.version != VersionChoice::Newest || self.options.authentication.is_some()
    }

    /// Looks at every deadline with the time that an input tells. Whether the clock jumped under a
    /// link.
    pub(super) fn advance(&mut self, now: Time) -> bool {
        let setback = self.now.since(now);
        let mut jump = None;
        if setback >= LEAST_SETBACK {
            // No time has passed that anybody could know of; so everything keeps its distance.
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
                self.end(Failure::OpenTimeout, Socket::Close)
            }
            State::Handshake if now >= self.connection.deadline => {
                self.end(Failure::ConnackTimeout { version: self.version }, Socket::Close);
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
                    self.events.push_back(Told::ClockJump { by, backwards });
                    self.connection.liveness.probe(now);
                    if !self.send(&Packet::Pingreq) {
                        return true;
                    }
                }
                let mut lost = Vec::new();
                let verdict = self.connection.liveness.check(now, &mut lost);
                self.events.extend(lost.into_iter().map(Told::BarrierLost));
                match verdict {
                    Verdict::Alive => {}
                    Verdict::Ping => {
                        self.send(&Packet::Pingreq);
                    }
                    Verdict::Dead if self.connection.liveness.is_after_jump() => {
                        self.end(Failure::ClockJump, Socket::Close);
                    }
                    Verdict::Dead => self.end(Failure::PingTimeout, Socket::Close),
                }
            }
        }
        jump.is_some()
    }

    pub(super) fn closed(&mut self, close: Closed) {
        let code = close.code;
        match self.state {
            // Still about the socket before, which hears no last words any more, or about one that never was.
            State::Opening if self.open || close.was_open => self.outbox.clear(),
            State::Opening => self.end(Failure::NotOpened { code }, Socket::Closed),
            // A server that knows 3.1.1 only may close without a word. One that has spoken 5.0
            // before knows better: then it is trouble of another kind.
            State::Handshake if self.may_fall_back() && self.known_version.is_none() => {
                self.outbox.clear();
                self.fall_back();
            }
            State::Handshake => {
                self.known_version = None;
                self.end(Failure::ClosedBeforeConnack { version: self.version, code }, Socket::Closed);
            }
            State::Connected => self.end(Failure::Closed { code }, Socket::Closed),
            State::Idle | State::Waiting { .. } | State::Refused => self.outbox.clear(),
        }
    }

    /// Queues a DISCONNECT of the user's, behind which the link is to be left.
    pub(super) fn disconnect(&mut self, disconnect: Disconnect<'_>) -> Result<(), CommandError> {
        let expiry = disconnect.properties.find(|property| match property {
            Property::SessionExpiryInterval(seconds) => Some(seconds),
            _ => None,
        });
        // Of one that was to end with the link, nothing was kept.
        let was_to_end =
            self.options.session_expiry_interval == 0 || self.connection.session_expiry_interval == 0;
        let wrong = if !disconnect.reason_code.is_for_clients_disconnect() {
            Some(("reason_code", Violation::ReasonCodeUnknown))
        } else if disconnect.properties.has(0x1C) {
            // Section 3.14.2.2.5: a client names no other server.
            Some(("server_reference", Violation::PropertyMisplaced))
        } else if expiry.is_some_and(|seconds| seconds > 0) && was_to_end {
            // Section 3.14.2.2.2 says it of CONNECT's interval, but CONNACK may have made it 0, too.
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
            // With 0 it expires with the link, and the next CONNECT has to say so: a server that never heard
            // the DISCONNECT still keeps it.
            self.connection.lasts &= seconds > 0;
        }
        Ok(())
    }

    /// The user's own end of the link.
    pub(super) fn leave(&mut self) {
        match self.state {
            State::Connected => {
                self.hang_up();
                self.unlink(false);
                self.events.push_back(Told::Disconnected(None));
            }
            State::Opening | State::Handshake => {
                self.outbox.clear();
                self.hang_up();
            }
            State::Idle | State::Waiting { .. } | State::Refused => {}
        }
        self.state = State::Idle;
        self.failure = None;
    }

    /// Closes the socket that was asked for, or does not ask for it.
    fn hang_up(&mut self) {
        match std::mem::take(&mut self.open) {
            true => {}
            false => self.close = true,
        }
    }

    /// An attempt or a link ends, and it is not the user's wish.
    pub(super) fn end(&mut self, failure: Failure, socket: Socket) {
        match socket {
            Socket::Closed => self.outbox.clear(),
            Socket::Close => {
                // Not even a DISCONNECT: the will is to be published.
                self.outbox.clear();
                self.hang_up();
            }
            Socket::Tell(reason_code) => {
                if self.version == Version::V5 && self.state == State::Connected {
                    // [MQTT-4.13.1-1]. Some codes are for CONNACK only, some are the server's to say.
                    let reason_code = match reason_code.is_for_clients_disconnect() {
                        true => reason_code,
                        false => ReasonCode::ProtocolError,
                    };
                    self.send_if_taken(&Packet::Disconnect(Disconnect::new(reason_code)));
                }
                self.hang_up();
            }
        }
        let told = match self.state {
            State::Connected => {
                if self.now.since(self.connection.connected_at) >= STABLE {
                    self.backoff.reset();
                }
                self.unlink(!matches!(socket, Socket::Tell(_)));
                Told::Disconnected(Some(failure.clone()))
            }
            _ => Told::ConnectFailed(failure.clone()),
        };
        self.events.push_back(told);
        self.state = match needs_the_user(&failure, self.is_forced()) {
            true => State::Refused,
            false => State::Waiting { retry_at: self.now + self.backoff.next() },
        };
        self.failure = Some(failure);
    }

    /// What a connection's end means for the session. `dropped`: with what was queued.
    fn unlink(&mut self, dropped: bool) {
        self.outbound.link_ended(dropped, self.taken);
        if !self.connection.lasts {
            self.forget();
        }
        let expiry = self.connection.session_expiry_interval;
        if let Some(lasting) = &mut self.lasting
            && expiry < u32::MAX
        {
            lasting.expires_at = Some(self.now + Duration::from_secs(expiry.into()));
        }
    }

    pub(super) fn protocol_error(&mut self, error: Error) {
        self.end(Failure::Protocol(error), Socket::Tell(error.reason_code()));
    }
}
