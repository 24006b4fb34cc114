//! How a session connects.
//!
//! Plain data, checked when the CONNECT is written. Never changed by the session. The page makes it from a
//! saved profile.

use std::fmt;
use std::time::Duration;

use crate::packet::{QoS, Version};

/// Which version to speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum VersionChoice {
    /// 5.0 first, then 3.1.1 if the server does not speak 5.0: on CONNACK 0x84 or 0x01, on a 3.1.1-shaped
    /// CONNACK, or once on a close before any CONNACK.
    #[default]
    Newest,
    /// Only this version.
    Only(Version),
}

/// How a session connects.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// Which version to speak.
    pub version: VersionChoice,
    /// Client Identifier; unique for each tab. Empty: the server assigns one.
    pub client_id: String,
    /// User Name.
    pub user: Option<String>,
    /// Password. In 3.1.1 it needs a user name ([MQTT-3.1.2-22]), so an absent user name is sent as an empty
    /// one.
    pub password: Option<Vec<u8>>,
    /// 5.0: enhanced authentication by AUTH. Prevents falling back to 3.1.1, which would connect without this
    /// authentication.
    pub authentication: Option<Authentication>,
    /// Keep Alive in seconds; 0 turns it off. A 5.0 server may set another value.
    pub keep_alive: u16,
    /// Clean Start; 3.1.1 calls it Clean Session. `true`: every link begins a new session.
    ///
    /// `false`: each link asks the server to resume the session of the link before, even that of an earlier run,
    /// whose unacknowledged messages this side does not know any more. A session that expired or was made in the
    /// other version is not resumed; nor, in 3.1.1, one without a client identifier ([MQTT-3.1.3-7]).
    pub clean_start: bool,
    /// 5.0: Session Expiry Interval, the seconds for which the session outlives its link; `u32::MAX` is for
    /// ever. With 0 there is no session to resume.
    pub session_expiry_interval: u32,
    /// How many QoS 1 and 2 messages may be in flight to the server at a time; its Receive Maximum may allow
    /// fewer.
    pub max_in_flight: u16,
    /// How many bytes of unacknowledged messages are kept to be sent again when a session is
    /// resumed. Nothing is kept for a session that does not outlive its link.
    pub max_resume_bytes: usize,
    /// 5.0: Receive Maximum, how many QoS 1 and 2 messages the server may send before they are acknowledged;
    /// never 0. A server that sends more ends the link.
    pub receive_maximum: u16,
    /// 5.0: Topic Alias Maximum, how many aliases the server may assign. Their topic names may together have
    /// `max_packet_size` bytes; more end the link.
    pub topic_alias_maximum: u16,
    /// 5.0: how many aliases this client assigns, if the server allows as many: to the first topics that are
    /// published a second time.
    pub max_topic_aliases: u16,
    /// 5.0: Request Problem Information. If `false`, only PUBLISH, CONNACK and DISCONNECT may have Reason
    /// Strings and User Properties; any other packet with one ends the link.
    pub request_problem_information: bool,
    /// 5.0: Request Response Information. If `true`, CONNACK may have Response Information.
    pub request_response_information: bool,
    /// 5.0: User Properties of CONNECT.
    pub user_properties: Vec<(String, String)>,
    /// The will, which the server publishes when the link ends without a DISCONNECT.
    pub will: Option<OwnedWill>,
    /// The longest time from dialling to CONNACK.
    pub connect_timeout: Duration,
    /// The largest packet that may be received, in bytes. A 5.0 server is told; it is enforced in both versions.
    pub max_packet_size: u32,
    /// Any number, for the jitter of the back-off; different in each tab.
    pub seed: u64,
}

impl Options {
    /// The defaults: 5.0 or else 3.1.1, no credentials, no will, a keep-alive of 30 s, a connect timeout of 10 s,
    /// packets up to 16 MiB, a clean start, at most 1,024 messages in flight, at most 1 MiB kept for a resumed
    /// session, at most 16 topic aliases to the server and none from it; the rest as in the standard.
    ///
    /// A 3.1.1 server cannot be told the maximum packet size: a single larger retained message would end the link
    /// at every attempt. So the maximum is so large that it only stops a hostile length from filling the memory.
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

/// Shows everything but the password and the Authentication Data, so that a log may print it.
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

/// Enhanced authentication, as CONNECT begins it (section 4.12).
#[derive(Clone, PartialEq, Eq)]
pub struct Authentication {
    /// Authentication Method: a name that both ends know, for example `SCRAM-SHA-256`. It never changes during a
    /// session.
    pub method: String,
    /// Authentication Data, if the method lets the client begin. If each CONNECT needs new data,
    /// [`Session::set_authentication_data`](super::Session::set_authentication_data) sets it.
    pub data: Option<Vec<u8>>,
}

/// Shows the method only: the data may be secret.
impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = self.data.as_ref().map(|_| "…");
        f.debug_struct("Authentication").field("method", &self.method).field("data", &data).finish()
    }
}

/// A will that owns its data, for every CONNECT of a session (section 3.1.3.2).
///
/// Fields that only 5.0 has are left out of a 3.1.1 CONNECT.
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
    /// 5.0: Message Expiry Interval in seconds.
    pub message_expiry_interval: Option<u32>,
    /// 5.0: Content Type.
    pub content_type: Option<String>,
    /// 5.0: Response Topic.
    pub response_topic: Option<String>,
    /// 5.0: Correlation Data.
    pub correlation_data: Option<Vec<u8>>,
    /// 5.0: User Properties.
    pub user_properties: Vec<(String, String)>,
}
