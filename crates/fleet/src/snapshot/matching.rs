//! Which topics a filter matches, and how two filters overlap, by cheap comparisons.
//!
//! [`mqtt::TopicFilter::matches`] decides about a topic; a [`Shape`] only excludes most topics before. Never
//! allocates. `snapshot` calls it for every message.

use mqtt::TopicName;

/// What is known of a filter or of a topic without comparing texts.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Shape {
    /// The number of levels; `None` in a filter that matches any number.
    levels: Option<usize>,
    /// The length of the last level; `None` in a filter whose last level is a wildcard.
    last: Option<usize>,
}

impl Shape {
    pub(super) fn of_filter(filter: &str) -> Shape {
        let last = filter.rsplit('/').next().unwrap_or(filter);
        let any_last = matches!(last, "+" | "#");
        let levels = (last != "#").then(|| filter.split('/').count());
        Shape { levels, last: (!any_last).then_some(last.len()) }
    }

    pub(super) fn of_topic(topic: TopicName<'_>) -> Shape {
        let (mut levels, mut last) = (1, 0);
        for byte in topic.as_str().bytes() {
            (levels, last) = if byte == b'/' { (levels + 1, 0) } else { (levels, last + 1) };
        }
        Shape { levels: Some(levels), last: Some(last) }
    }

    /// Whether a filter of this shape may match a topic of that shape.
    pub(super) fn may_match(self, topic: Shape) -> bool {
        let fits = |mine: Option<usize>, its: Option<usize>| mine.is_none() || mine == its;
        fits(self.levels, topic.levels) && fits(self.last, topic.last)
    }
}

/// Whether every topic that matches `filter` matches `wider`, level by level; with `in_part`, whether some topic
/// matches both.
pub(super) fn is_within(filter: &str, wider: &str, in_part: bool) -> bool {
    let (mut levels, mut wider) = (filter.split('/'), wider.split('/'));
    loop {
        match (wider.next(), levels.next()) {
            (Some("#"), _) | (None, None) => return true,
            (_, Some("#")) => return in_part,
            (Some("+"), Some(_)) => {}
            (Some(_), Some("+")) if in_part => {}
            (Some(level), Some(same)) if level == same => {}
            _ => return false,
        }
    }
}
