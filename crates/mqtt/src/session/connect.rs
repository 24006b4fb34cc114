//! CONNECT and CONNACK (sections 3.1 and 3.2).
//!
//! Writes the CONNECT that the options describe, takes over the limits that CONNACK sets, and decides which
//! refusals are worth trying again. Never decides when to dial: `link` does. The session calls it.

use std::time::Duration;

use super::alias::{ReceivedAliases, SentAliases};
use super::authentication::Turn;
use super::link::SocketEnd;
use super::state::{Core, Lasting, State};
use super::{Connected, Event, Failure, Options};
use crate::encode::encode;
use crate::error::{Error, Violation};
use crate::packet::{Connack, Connect, Packet, PacketType, QoS, Version, Will};
use crate::property::{Place, PropertiesBuf, Property};
use crate::reason::ReasonCode;
use crate::stream::Cursor;
use crate::topic::TopicName;

impl Core {
    /// The socket is open: sends CONNECT.
    pub(super) fn handshake(&mut self) {
        self.cursor = Cursor::new(self.version, self.options.max_packet_size);
        self.state = State::Handshake;
        self.connection.liveness.sent(self.now);
        if self.options.authentication.is_some() {
            self.connection.turn = Turn::Server;
        }
        // [MQTT-4.1.0-2]: a session that expired is gone. One of the other version is not resumed.
        let is_gone = self.lasting.as_ref().is_some_and(|lasting| {
            lasting.version != self.version || lasting.expires_at.is_some_and(|at| self.now >= at)
        });
        // [MQTT-3.1.3-7] of 3.1.1
        let is_nameless = self.version == Version::V311 && self.options.client_id.is_empty();
        self.connection.clean_start = self.options.clean_start || is_gone || is_nameless;
        if self.connection.clean_start {
            self.discard_session();
            self.assigned_client_id = None;
        }
        let client_id = self.assigned_client_id.as_deref().unwrap_or(&self.options.client_id);
        let clean_start = self.connection.clean_start;
        if let Err(error) = connect(&self.options, client_id, clean_start, self.version, &mut self.outbox) {
            self.end(Failure::InvalidOptions(error), SocketEnd::Close);
        }
    }

    /// Whether this CONNACK means that messages in flight are lost, because the server resumes no session. The
    /// loss is reported before `Connected` ([MQTT-3.2.2-5]), so that their packet identifiers are free by then.
    pub(super) fn loses_messages(&mut self, packet: &Packet<'_>) -> bool {
        match packet {
            Packet::Connack(Connack { session_present: false, reason_code: ReasonCode::Success, .. })
                if self.state == State::Handshake =>
            {
                self.discard_session();
                !self.events.is_empty()
            }
            _ => false,
        }
    }

    /// A CONNACK came.
    pub(super) fn connack<'a>(&mut self, connack: Connack<'a>) -> Option<Event<'a>> {
        match connack.reason_code {
            ReasonCode::Success => {}
            ReasonCode::UnsupportedProtocolVersion => {
                self.refuse_version();
                return None;
            }
            reason => {
                if reason == ReasonCode::ClientIdentifierNotValid {
                    // An identifier that the server assigned may have become invalid.
                    self.assigned_client_id = None;
                }
                let failure = Failure::ConnectRefused {
                    version: self.version,
                    reason,
                    server_reference: connack.properties.server_reference().map(Box::from),
                    reason_string: connack.properties.reason_string().map(Box::from),
                };
                self.end(failure, SocketEnd::Close);
                return None;
            }
        }
        // [MQTT-3.2.2-4]: after a clean start there is no session. In 3.1.1 only the server has to care
        // ([MQTT-3.2.2-1]), and it does no harm.
        if connack.session_present && self.connection.clean_start && self.version == Version::V5 {
            self.protocol_error(self.error(
                PacketType::Connack,
                "session_present",
                Violation::SessionPresentUnasked,
            ));
            return None;
        }
        let method = connack.properties.find(|property| match property {
            Property::AuthenticationMethod(method) => Some(method),
            _ => None,
        });
        let violation = match &self.options.authentication {
            // [MQTT-4.12.0-6]
            None => method.map(|_| Violation::AuthenticationUnasked),
            // [MQTT-4.12.0-5]: a server without the method has not authenticated anybody.
            Some(ours) => (method != Some(&ours.method)).then_some(Violation::AuthenticationMethodOther),
        };
        if let Some(violation) = violation {
            self.protocol_error(self.error(PacketType::Connack, "authentication_method", violation));
            return None;
        }
        let mut connected = Connected {
            version: self.version,
            session_present: connack.session_present,
            keep_alive: self.options.keep_alive,
            session_expiry_interval: match self.version {
                Version::V5 => self.options.session_expiry_interval,
                Version::V311 if self.connection.clean_start => 0,
                Version::V311 => u32::MAX,
            },
            receive_maximum: u16::MAX,
            maximum_qos: QoS::ExactlyOnce,
            retain_available: true,
            maximum_packet_size: None,
            wildcard_subscription_available: true,
            subscription_identifier_available: true,
            topic_alias_maximum: 0,
            shared_subscription_available: true,
            assigned_client_identifier: None,
            authentication_data: None,
            properties: connack.properties,
        };
        for property in connack.properties {
            match property {
                Property::ServerKeepAlive(seconds) => connected.keep_alive = seconds,
                Property::SessionExpiryInterval(seconds) => connected.session_expiry_interval = seconds,
                Property::ReceiveMaximum(maximum) => connected.receive_maximum = maximum,
                Property::TopicAliasMaximum(maximum) => connected.topic_alias_maximum = maximum,
                Property::MaximumQoS(qos) => connected.maximum_qos = qos,
                Property::RetainAvailable(available) => connected.retain_available = available,
                Property::MaximumPacketSize(size) => connected.maximum_packet_size = Some(size),
                Property::WildcardSubscriptionAvailable(available) => {
                    connected.wildcard_subscription_available = available;
                }
                Property::SubscriptionIdentifierAvailable(available) => {
                    connected.subscription_identifier_available = available;
                }
                Property::SharedSubscriptionAvailable(available) => {
                    connected.shared_subscription_available = available;
                }
                Property::AssignedClientIdentifier(id) => connected.assigned_client_identifier = Some(id),
                Property::AuthenticationData(data) => connected.authentication_data = Some(data),
                _ => {}
            }
        }
        self.state = State::Connected;
        self.failure = None;
        self.known_version = Some(self.version);
        let connection = &mut self.connection;
        connection.connected_at = self.now;
        connection.turn = Turn::None;
        connection.liveness.begin(Duration::from_secs(connected.keep_alive.into()));
        connection.session_expiry_interval = connected.session_expiry_interval;
        connection.lasts = !self.options.clean_start && connected.session_expiry_interval > 0;
        // 3.1.1 has no aliases: its CONNACK states no maximum.
        let Options { topic_alias_maximum, max_topic_aliases, max_packet_size, .. } = self.options;
        connection.received_aliases = ReceivedAliases::new(topic_alias_maximum, max_packet_size);
        connection.sent_aliases = SentAliases::new(connected.topic_alias_maximum.min(max_topic_aliases));
        connection.maximum_qos = connected.maximum_qos;
        connection.retain_available = connected.retain_available;
        connection.maximum_packet_size = connected.maximum_packet_size;
        connection.wildcard_subscription_available = connected.wildcard_subscription_available;
        connection.subscription_identifier_available = connected.subscription_identifier_available;
        connection.shared_subscription_available = connected.shared_subscription_available;
        if connection.lasts {
            self.lasting = Some(Lasting { version: self.version, expires_at: None });
            if let Some(client_id) = connected.assigned_client_identifier {
                self.assigned_client_id = Some(client_id.into());
            }
        } else {
            self.lasting = None;
        }
        self.outbound.begin(connected.receive_maximum.min(self.options.max_in_flight));
        self.inbound.begin(match self.version {
            Version::V5 => self.options.receive_maximum,
            Version::V311 => u16::MAX,
        });
        self.resume();
        Some(Event::Connected(connected))
    }

    /// The server does not speak this version.
    pub(super) fn refuse_version(&mut self) {
        if self.may_fall_back() {
            self.outbox.clear();
            self.close = true;
            self.fall_back();
        } else {
            // If the version may be chosen, the next attempt starts with 5.0 again.
            self.known_version = None;
            self.end(Failure::VersionRefused(self.version), SocketEnd::Close);
        }
    }
}

/// Whether it is of no use to try again before the user acts. `is_forced`: no other version may be tried.
pub(super) fn needs_the_user(failure: &Failure, is_forced: bool) -> bool {
    match failure {
        Failure::TakenOver | Failure::InvalidOptions(_) => true,
        Failure::VersionRefused(_) => is_forced,
        Failure::ConnectRefused { reason, .. } => {
            matches!(
                reason,
                // The options are wrong, perhaps those of the will.
                ReasonCode::ClientIdentifierNotValid
                    | ReasonCode::TopicNameInvalid
                    | ReasonCode::PacketTooLarge
                    | ReasonCode::PayloadFormatInvalid
                    | ReasonCode::RetainNotSupported
                    | ReasonCode::QoSNotSupported
            ) || is_final(*reason)
        }
        Failure::ServerDisconnect { reason, .. } => is_final(*reason),
        Failure::NotOpened { .. }
        | Failure::OpenTimeout
        | Failure::ClosedBeforeConnack { .. }
        | Failure::ConnackTimeout { .. }
        | Failure::Closed { .. }
        | Failure::PingTimeout
        | Failure::ClockJump
        | Failure::MaximumPacketSize(_)
        | Failure::Protocol(_) => false,
    }
}

fn is_final(reason: ReasonCode) -> bool {
    matches!(
        reason,
        ReasonCode::BadUserNameOrPassword
            | ReasonCode::NotAuthorized
            | ReasonCode::Banned
            | ReasonCode::BadAuthenticationMethod
            | ReasonCode::SessionTakenOver
            | ReasonCode::UseAnotherServer
            | ReasonCode::ServerMoved
    )
}

/// Appends the CONNECT that the options describe.
pub(super) fn connect(
    options: &Options,
    client_id: &str,
    clean_start: bool,
    version: Version,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let error =
        |violation, field| Error { violation, packet: Some(PacketType::Connect), field, offset: 0, version };
    // 3.1.1 would connect without the authentication that was asked for.
    if version == Version::V311 && options.authentication.is_some() {
        return Err(error(Violation::NotInThisVersion, "authentication_method"));
    }
    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Connect));
    let mut will_properties = PropertiesBuf::new(Place::Will);
    if version == Version::V5 {
        // Properties that have the standard's default are left out.
        let (expiry, aliases) = (options.session_expiry_interval, options.topic_alias_maximum);
        let optional = [
            (expiry > 0).then_some(Property::SessionExpiryInterval(expiry)),
            (options.receive_maximum < u16::MAX).then_some(Property::ReceiveMaximum(options.receive_maximum)),
            Some(Property::MaximumPacketSize(options.max_packet_size)),
            (aliases > 0).then_some(Property::TopicAliasMaximum(aliases)),
            options.request_response_information.then_some(Property::RequestResponseInformation(true)),
            (!options.request_problem_information).then_some(Property::RequestProblemInformation(false)),
            options.authentication.as_ref().map(|ours| Property::AuthenticationMethod(&ours.method)),
            options
                .authentication
                .as_ref()
                .and_then(|ours| ours.data.as_deref())
                .map(Property::AuthenticationData),
        ];
        let user = options.user_properties.iter().map(|(name, value)| Property::UserProperty(name, value));
        for property in optional.into_iter().flatten().chain(user) {
            properties.push(property)?;
        }
    }
    let topic = |topic| TopicName::new(topic).map_err(|violation| error(violation, "will_topic"));
    let will = match &options.will {
        None => None,
        Some(will) => {
            if version == Version::V5 {
                let optional = [
                    (will.delay_interval > 0).then_some(Property::WillDelayInterval(will.delay_interval)),
                    will.payload_format_indicator.then_some(Property::PayloadFormatIndicator(true)),
                    will.message_expiry_interval.map(Property::MessageExpiryInterval),
                    will.content_type.as_deref().map(Property::ContentType),
                    will.response_topic.as_deref().map(topic).transpose()?.map(Property::ResponseTopic),
                    will.correlation_data.as_deref().map(Property::CorrelationData),
                ];
                let user =
                    will.user_properties.iter().map(|(name, value)| Property::UserProperty(name, value));
                for property in optional.into_iter().flatten().chain(user) {
                    will_properties.push(property)?;
                }
            }
            Some(Will {
                qos: will.qos,
                retain: will.retain,
                properties: will_properties.as_properties(),
                topic: topic(&will.topic)?,
                payload: &will.payload,
            })
        }
    };
    // [MQTT-3.1.2-22]: in 3.1.1 a password needs a user name, which may be empty.
    let empty = (version == Version::V311 && options.password.is_some()).then_some("");
    let packet = Packet::Connect(Connect {
        version,
        clean_start,
        keep_alive: options.keep_alive,
        properties: properties.as_properties(),
        client_id,
        will,
        user_name: options.user.as_deref().or(empty),
        password: options.password.as_deref(),
    });
    encode(&packet, version, out)
}
