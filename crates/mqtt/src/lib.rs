//! MQTT 3.1.1 and 5.0 in one tree: a zero-copy codec and a sans-IO client session.
//!
//! Uses no socket, no clock, no source of randomness and no other crate, so that it builds for the browser and runs
//! in tests on virtual time. `fleet` builds on it; the page drives a [`Session`] over a WebSocket; scripted servers
//! in tests use the codec from the other side.
//!
//! Reading order: [`reason`], [`packet`], [`property`], [`topic`] (the data); [`reader`], [`decode`], [`encode`],
//! [`stream`] (the codec); [`spans`] (the position of each field, for a packet view); [`session`] (the client).
//!
//! # Example
//!
//! ```
//! use mqtt::{Event, Link, Options, Session, Subscription, Time, TopicFilter, Transmit};
//!
//! let mut session = Session::new(Options::new("board-1"));
//!
//! // The user wants a connection: the driver opens a socket, and reports that it is open.
//! session.connect(Time(0));
//! assert_eq!(session.poll_transmit(), Some(Transmit::Open));
//! session.handle_open(Time(20));
//! let Some(Transmit::Send(connect)) = session.poll_transmit() else { panic!() };
//! assert_eq!(connect[..9], *b"\x10\x19\0\x04MQTT\x05");
//!
//! // The server accepts. After every input the driver polls all events, and then all output.
//! session.handle_bytes(&[0x20, 3, 0, 0, 0], Time(40));
//! let Some(Event::Connected(connected)) = session.poll_event() else { panic!() };
//! assert!(connected.retain_available);
//! assert_eq!(session.link(), Link::Connected);
//!
//! // SUBSCRIBE and PINGREQ leave in one message. The PINGRESP ends the burst of retained messages.
//! let filter = TopicFilter::new("+/status").unwrap();
//! session.subscribe(&[Subscription::new(filter)]).unwrap();
//! let barrier = session.barrier().unwrap();
//! let Some(Transmit::Send(bytes)) = session.poll_transmit() else { panic!() };
//! assert!(bytes.ends_with(&[0xC0, 0]));
//! assert_eq!(session.poll_transmit(), None);
//!
//! // SUBACK, one retained message and PINGRESP, in a single WebSocket message.
//! session.handle_bytes(b"\x90\x04\0\x01\0\0\x31\x0d\0\x08a/status\0on\xD0\0", Time(60));
//! assert!(matches!(session.poll_event(), Some(Event::Suback(suback)) if suback.reason_codes.len() == 1));
//! let Some(Event::Publish(publish)) = session.poll_event() else { panic!() };
//! assert_eq!((publish.topic.as_str(), publish.payload, publish.retain), ("a/status", &b"on"[..], true));
//! assert_eq!(session.poll_event(), Some(Event::Barrier(barrier)));
//! assert_eq!(session.poll_event(), None);
//!
//! // Nothing was sent since then, so the next PINGREQ is due a keep-alive later.
//! session.handle_timeout(Time(60));
//! assert_eq!(session.poll_timeout(), Some(Time(30_060)));
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod decode;
pub mod encode;
pub mod error;
pub mod packet;
pub mod property;
pub mod reader;
pub mod reason;
pub mod session;
pub mod spans;
pub mod stream;
pub mod topic;

pub use error::{Error, Violation};
pub use packet::{
    Ack, Auth, Connack, Connect, Delivery, Disconnect, Packet, PacketId, PacketType, Publish, QoS,
    ReasonCodes, RetainHandling, Suback, Subscribe, Subscription, Subscriptions, TopicFilters, Unsuback,
    Unsubscribe, Version, Will,
};
pub use property::{Properties, PropertiesBuf, Property};
pub use reason::ReasonCode;
pub use session::{
    Authentication, BarrierId, Closed, CommandError, Connected, Event, Failure, Link, Options, OwnedWill,
    Session, Time, Transmit, VersionChoice,
};
pub use topic::{TopicFilter, TopicName};
