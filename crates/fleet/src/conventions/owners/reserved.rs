//! Topics that no suffix convention owns: they belong to systems whose own convention knows better what they mean.

use super::levels::first_level;

/// First levels below which no suffix convention owns anything. In Homie a property may be called `online` or `status`.
pub const RESERVED_ROOTS: &[&str] =
    &["zwave", "ring", "frigate", "espresense", "msh", "hasp", "ebusd", "homie", "N", "spBv1.0", "STATE"];
/// First levels that are never a base topic, beside [`RESERVED_ROOTS`]: Valetudo speaks Homie below its own.
const RESERVED_BASES: [&str; 1] = ["valetudo"];
/// Topics that no suffix convention owns, for the same reason.
pub const RESERVED_TOPICS: &[&str] = &["homeassistant/status", "evcc/status", "zigbee2mqtt/bridge/state"];

/// Whether a topic may never become a device of a suffix convention (contract, section 1).
pub(super) fn is_reserved(topic: &str) -> bool {
    topic.starts_with('$') || RESERVED_ROOTS.contains(&first_level(topic)) || RESERVED_TOPICS.contains(&topic)
}

/// Whether base topics may begin with this level.
pub(super) fn may_be_base(root: &str) -> bool {
    !root.is_empty()
        && !root.starts_with('$')
        && !RESERVED_ROOTS.contains(&root)
        && !RESERVED_BASES.contains(&root)
}
