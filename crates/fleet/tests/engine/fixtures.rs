//! Retained messages and filters that several tests use.

use std::sync::LazyLock;

use fleet::Outcome;
use mqtt::{QoS, Version};

pub const BOTH: [Version; 2] = [Version::V311, Version::V5];

pub const THREE: &[(&str, &str, QoS)] = &[
    ("a/status", "online", QoS::AtMostOnce),
    ("b/status", "offline", QoS::AtLeastOnce),
    ("c/status", "ONLINE", QoS::ExactlyOnce),
];

/// The default filters, in the order in which the board asks for them.
pub static FILTERS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    fleet::Registry::built_in().default_filters().into_iter().map(|filter| &*filter.leak()).collect()
});

pub fn kept(bytes: u32, qos: QoS) -> Outcome {
    Outcome::Kept { bytes, qos }
}

/// Enough topics for batches of 20, 20 and 5.
pub fn forty_five(qos: QoS) -> Vec<(String, &'static str, QoS)> {
    (0..45).map(|number| (format!("d{number:02}/status"), "offline", qos)).collect()
}

pub fn borrowed<'a>(retained: &'a [(String, &'a str, QoS)]) -> Vec<(&'a str, &'a str, QoS)> {
    retained.iter().map(|(topic, payload, qos)| (&**topic, *payload, *qos)).collect()
}
