//! The first and the last level of a topic. By the byte: both are asked for with every message.

/// Where the last level begins.
pub(super) fn last_level(topic: &str) -> usize {
    topic.bytes().rposition(|byte| byte == b'/').map_or(0, |slash| slash + 1)
}

/// The first level.
pub(super) fn first_level(topic: &str) -> &str {
    topic.bytes().position(|byte| byte == b'/').map_or(topic, |slash| &topic[..slash])
}
