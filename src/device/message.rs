//! The message that a device's status rests on, byte by byte; and the unrecognized messages on its topic.
//!
//! A stranger's bytes: whatever they are, they are shown as text, and nothing in them is hidden.

use std::borrow::Cow;
use std::sync::Arc;

use fleet::fleet::MAX_PAYLOAD;
use fleet::{Device, Fleet, Payload};
use leptos::prelude::*;

use super::subject::Subject;
use crate::components::{ByteText, HexDump, has_stand_ins};
use crate::format::use_format;
use crate::i18n::{t_count, t_string, text, use_i18n};

/// What was received from the device.
#[derive(Clone, PartialEq, Default)]
struct Received {
    origin: Origin,
    /// The payload that the status rests on, if it was kept.
    bytes: Option<Arc<[u8]>>,
    unrecognized: Option<Unrecognized>,
}

impl Received {
    fn of(fleet: &Fleet, device: &Device<'_>) -> Received {
        Received {
            origin: Origin::of(device),
            bytes: device.payload().and_then(|payload| payload.bytes).map(Arc::from),
            unrecognized: Unrecognized::of(fleet, device),
        }
    }
}

/// The message that the status rests on.
#[derive(Copy, Clone, PartialEq, Default)]
enum Origin {
    /// The device never spoke: a list names it.
    #[default]
    NeverSpoke,
    /// The topic it last spoke on was emptied. An earlier word on another topic counts.
    Emptied,
    /// A message.
    Message {
        /// The length of its payload.
        length: usize,
        /// Whether the broker had retained it.
        retained: bool,
        /// Whether the payload was kept.
        is_kept: bool,
    },
}

impl Origin {
    fn of(device: &Device<'_>) -> Origin {
        match device.payload() {
            Some(Payload { bytes, length, retained }) => {
                Origin::Message { length, retained, is_kept: bytes.is_some() }
            }
            None if device.said.is_none() => Origin::NeverSpoke,
            None => Origin::Emptied,
        }
    }
}

/// Messages on the device's topic that its convention does not know.
#[derive(Clone, PartialEq)]
struct Unrecognized {
    /// The label of the convention.
    convention: Cow<'static, str>,
    count: u64,
    /// The beginning of the last one.
    last: Arc<[u8]>,
    /// The length of the last one.
    length: usize,
}

impl Unrecognized {
    fn of(fleet: &Fleet, device: &Device<'_>) -> Option<Unrecognized> {
        // The topic of a device that never spoke is the list's.
        device.said?;
        let known = fleet.unrecognized().of(device.topic)?;
        Some(Unrecognized {
            convention: fleet.conventions()[known.convention].label.clone(),
            count: known.messages,
            last: known.last.as_ref().into(),
            length: known.length,
        })
    }
}

/// The last message that counted, and what was not recognized.
#[component]
pub fn LastMessage(
    /// The device.
    subject: Subject,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let received = subject.fact(Received::of);
    let about = move || {
        let (length, retained, is_kept) = match received.with(|received| received.origin) {
            Origin::NeverSpoke => return t_string!(i18n, device.payload.none).to_owned(),
            Origin::Emptied => return t_string!(i18n, device.payload.emptied).to_owned(),
            Origin::Message { length, retained, is_kept } => (length, retained, is_kept),
        };
        let size = format.bytes(length);
        let came = match retained {
            true => t_string!(i18n, device.payload.retained, size = size),
            false => t_string!(i18n, device.payload.live, size = size),
        };
        match is_kept {
            true => came,
            false if length > MAX_PAYLOAD => {
                let max = format.bytes(MAX_PAYLOAD);
                format!("{came} {}", t_string!(i18n, device.payload.too_long, most = max))
            }
            false => format!("{came} {}", t_string!(i18n, device.payload.no_room)),
        }
    };
    let bytes = Memo::new(move |_| received.with(|received| received.bytes.clone()).unwrap_or_default());
    view! {
        <h3>{text!(i18n, device.payload.title)}</h3>
        <p>{about}</p>
        <Show when=move || received.with(|received| received.bytes.is_some())>
            <PayloadViews bytes />
        </Show>
        <UnrecognizedMessages received />
    }
}

/// A payload as text and in hex.
#[component]
fn PayloadViews(
    /// The payload.
    bytes: Memo<Arc<[u8]>>,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="views">
            <ByteText bytes label=text!(i18n, device.payload.text) />
            <p class="hint" hidden=move || !bytes.with(|bytes| has_stand_ins(bytes))>
                {text!(i18n, device.payload.legend)}
            </p>
            <HexDump bytes label=text!(i18n, device.payload.hex) />
        </div>
    }
}

/// How many messages were not recognized, and the beginning of the last one.
#[component]
fn UnrecognizedMessages(
    /// What was received from the device.
    received: Memo<Received>,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let about = move || {
        let Unrecognized { convention, count, last, length } = received.get().unrecognized?;
        let (n, size) = (format.count(count), format.bytes(length));
        let text = t_count!(i18n, count, device.unrecognized, n = n, convention = convention, size = size);
        Some(match length > last.len() {
            true => format!("{text} {}", t_string!(i18n, device.unrecognized_begins)),
            false => text,
        })
    };
    let last = Memo::new(move |_| {
        let unrecognized = received.with(|received| received.unrecognized.clone());
        unrecognized.map(|messages| messages.last).unwrap_or_default()
    });
    view! {
        <p hidden=move || received.with(|received| received.unrecognized.is_none())>{about}</p>
        <Show when=move || !last.get().is_empty()>
            <ByteText bytes=last />
        </Show>
    }
}
