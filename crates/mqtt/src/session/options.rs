//! What a session is told before it begins.
//!
//! Plain data, checked when the CONNECT is written. Never changed by the session. Made by the
//! driver from a profile.

use std::fmt;
use std::time::Duration;

use crate::packet::{QoS, Version};

/// Which version to speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum VersionChoice {
    /// 5.0 first, and 3.1.1 where the server does not know it: on CONNACK 0x84 or 0x01, on a
    /// 3.1.1-shaped CONNACK, or once on a close before any CONNACK.
    #[default]
    Newest,
    /// This one and no other.
    Only(Version),
}

/// What a session is told before it begins.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// Which version to speak.
    pub version: VersionChoice,
    /// Client Identifier; unique for each tab. Empty: the server makes one up.
    pub client_id: String,
    /// User Name.
    pub user: Option<String>,
    /// Password. In 3.1.1, where it needs a user name ([MQTT-3.1.2-22]), an absent one is sent as
    /// an empty one.
    pub password: Option<Vec<u8>>,
    /// 5.0: enhanced authentication by AUTH. There is no falling back to 3.1.1 with it, for that would be a
    /// connection without the authentication that was asked for.
    pub authentication: Option<Authentication>,
    /// Keep Alive in seconds; 0 turns it off. A 5.0 server may set another.
    pub keep_alive: u16,
    /// Clean Start; 3.1.1 calls it Clean Session. `true`: every link begins a session of its own.
    ///
    /// `false`: each link asks the server to go on with the session of the one before, even that of
    /// an earlier run, whose unacknowledged messages are forgotten on this side. A session that
    /// expired, or was made in the other version, is not asked for; nor, in 3.1.1, one without a
    /// client identifier ([MQTT-3.1.3-7]).
    pub clean_start: bool,
    /// 5.0: Session Expiry Interval, the seconds for which the session outlives its link;
    /// `u32::MAX` is for ever. With 0 there is nothing to go on with.
    pub session_expiry_interval: u32,
    /// How many QoS 1 and 2 messages may be under way to the server at a time; its Receive Maximum
    /// may allow fewer.
    pub max_in_flight: u16,
    /// How many bytes of unacknowledged messages are kept to be sent again when a session is
    /// resumed. Nothing is kept for a session that does not outlive its link.
    pub max_resume_bytes: usize,
    /// 5.0: Receive Maximum, how many QoS 1 and 2 messages the server may send before they are
    /// acknowledged; never 0. More end the link.
    pub receive_maximum: u16,
    /// 5.0: Topic Alias Maximum, how many aliases the server may give. All names that they stand for
    /// together may have `max_packet_size` bytes; more end the link.
    pub topic_alias_maximum: u16,
    /// 5.0: how many aliases this client gives, as far as the server takes them: to the first topics
    /// that are published a second time.
    pub max_topic_aliases: u16,
    /// 5.0: Request Problem Information. Off, only PUBLISH, CONNACK and DISCONNECT may bring Reason
    /// Strings and User Properties; any other packet that does ends the link.
    pub request_problem_information: bool,
    /// 5.0: Request Response Information; CONNACK may bring it then.
    pub request_response_information: bool,
    /// 5.0: User Properties of CONNECT.
    pub user_properties: Vec<(String, String)>,
    /// What the server is to publish when the link ends without a DISCONNECT.
    pub will: Option<OwnedWill>,
    /// The longest time from dialling to CONNACK.
    pub connect_timeout: Duration,
    /// The largest packet to be received, in bytes. Told to a 5.0 server, enforced with both.
    pub max_packet_size: u32,
    /// Any number, for the jitter of the back-off; different in each tab.
    pub seed: u64,
}

impl Options {
    /// Version 5.0 or else 3.1.1, no credentials, no will, a keep-alive of 30 s, a connect timeout
    /// of 10 s, packets up to 16 MiB, a clean start, at most 1,024 messages under way, at most 1 MiB
    /// kept for a resumed session, at most 16 topic aliases for the server and none from it; the
    /// rest at the standard's defaults.
    ///
    /// A 3.1.1 server cannot be told the limit: a single larger retained message ends the link at
    /// every attempt. So the limit only keeps a hostile length from filling the memory.
    pub fn new(client_id: impl Into<String>) -> Self {
        Options {
            version: VersionChoice::Newest,
            client_id: client_id.into(),
            user: None,
            password: None,
            authentication: None,
            keep_alive: 30,
            clean_start: true,
            session_expiry_interval: 0,
            max_in_flight: 1024,
            max_resume_bytes: 1024 * 1024,
            receive_maximum: u16::MAX,
            topic_alias_maximum: 0,
            max_topic_aliases: 16,
            request_problem_information: true,
            request_response_information: false,
            user_properties: Vec::new(),
            will: None,
            connect_timeout: Duration::from_secs(10),
            max_packet_size: 16 * 1024 * 1024,
            seed: 0,
        }
    }
}

/// Shows everything but the password and the authentication's data, so that a log may print it.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("version", &self.version)
            .field("client_id", &self.client_id)
            .field("user", &self.user)
            .field("password", &self.password.as_ref().map(|_| "…"))
            .field("authentication", &self.authentication)
            .field("keep_alive", &self.keep_alive)
            .field("clean_start", &self.clean_start)
            .field("session_expiry_interval", &self.session_expiry_interval)
            .field("max_in_flight", &self.max_in_flight)
            .field("max_resume_bytes", &self.max_resume_bytes)
            .field("receive_maximum", &self.receive_maximum)
            .field("topic_alias_maximum", &self.topic_alias_maximum)
            .field("max_topic_aliases", &self.max_topic_aliases)
            .field("request_problem_information", &self.request_problem_information)
            .field("request_response_information", &self.request_response_information)
            .field("user_properties", &self.user_properties)
            .field("will", &self.will)
            .field("connect_timeout", &self.connect_timeout)
            .field("max_packet_size", &self.max_packet_size)
            .field("seed", &self.seed)
            .finish()
    }
}

/// The first words of enhanced authentication, which CONNECT says (section 4.12).
#[derive(Clone, PartialEq, Eq)]
pub struct Authentication {
    /// Authentication Method: a name that both ends know, for example `SCRAM-SHA-256`. The same for as long
    /// as the session is.
    pub method: String,
    /// Authentication Data, if the method has the client speak first. Where that may not be said twice,
    /// [`Session::set_authentication_data`](super::Session::set_authentication_data) changes it.
    pub data: Option<Vec<u8>>,
}

/// Shows the method only: data may be a secret.
impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = self.data.as_ref().map(|_| "…");
        f.debug_struct("Authentication").field("method", &self.method).field("data", &data).finish()
    }
}

/// A will that outlives the connection it was made for (section 3.1.3.2).
///
/// What only 5.0 has is left out of a 3.1.1 CONNECT.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OwnedWill {
    /// Will Topic.
    pub topic: String,
    /// Will Payload.
    pub payload: Vec<u8>,
    /// Will QoS.
    pub qos: QoS,
    /// Will Retain.
    pub retain: bool,
    /// 5.0: Will Delay Interval in seconds; 0 is none.
    pub delay_interval: u32,
    /// 5.0: whether the payload is UTF-8.
    pub payload_format_indicator: bool,
    /// 5.0: seconds.
    pub message_expiry_interval: Option<u32>,
    /// 5.0.
    pub content_type: Option<String>,
    /// 5.0.
    pub response_topic: Option<String>,
    /// 5.0.
    pub correlation_data: Option<Vec<u8>>,
    /// 5.0.
    pub user_properties: Vec<(String, String)>,
}
