//! The order of the devices by name, kept instead of sorted each time: a full sort of 100,000 names takes longer
//! than a frame.
//!
//! New and renamed devices wait in `pending` and are merged in by the batch. Removed ones are skipped where
//! they stand and swept out with the next batch; until then their slots are not used again.

use std::borrow::Cow;
use std::cmp::Ordering;

#[derive(Default, Debug)]
pub(super) struct Order {
    /// Slots by name. An entry counts only if its device lives and does not wait in `pending`.
    pub(super) sorted: Vec<u32>,
    /// Slots whose place is not known yet.
    pub(super) pending: Vec<u32>,
    /// Slots of removed devices that may still stand in `sorted` or `pending`.
    pub(super) removed: Vec<u32>,
    /// Whether entries of `sorted` do not count any more.
    pub(super) is_stale: bool,
}

impl Order {
    /// Whether so much waits that it should be merged without being asked to: rare enough to cost little,
    /// often enough that reading never has much to sort.
    pub(super) fn is_due(&self) -> bool {
        self.pending.len() + self.removed.len() > 1024.max(self.sorted.len() / 4)
    }

    /// The order with `arrivals`, which must be sorted, in their places, and without what `keep` does not want.
    pub(super) fn merged(
        &self,
        arrivals: &[u32],
        keep: impl Fn(u32) -> bool,
        compare: impl Fn(u32, u32) -> Ordering,
    ) -> Cow<'_, [u32]> {
        let mut sorted = Cow::Borrowed(self.sorted.as_slice());
        if self.is_stale {
            sorted = self.sorted.iter().copied().filter(|slot| keep(*slot)).collect::<Vec<u32>>().into();
        }
        if arrivals.is_empty() {
            return sorted;
        }
        let mut merged = Vec::with_capacity(sorted.len() + arrivals.len());
        let mut rest = &*sorted;
        for &arrival in arrivals {
            // Arrivals are few among many: doubling steps find each one's place in few comparisons.
            let mut step = 1;
            while step < rest.len() && compare(rest[step - 1], arrival) == Ordering::Less {
                step *= 2;
            }
            let window = &rest[..step.min(rest.len())];
            let place = window.partition_point(|slot| compare(*slot, arrival) == Ordering::Less);
            let (before, after) = rest.split_at(place);
            merged.extend_from_slice(before);
            merged.push(arrival);
            rest = after;
        }
        merged.extend_from_slice(rest);
        merged.into()
    }
}

/// The order of names as people expect it: case does not matter and `lamp 9` stands before `lamp 10`.
///
/// Names that differ only in case or in leading zeros are equal; the caller decides between them.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    // What both begin with decides nothing, but for a number that goes on behind it.
    let same = common_prefix(a.as_bytes(), b.as_bytes());
    let digits_before = a.as_bytes()[..same].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let mut start = same - digits_before;
    while !a.is_char_boundary(start) || !b.is_char_boundary(start) {
        start -= 1;
    }
    let (mut a, mut b) = (&a[start..], &b[start..]);
    loop {
        let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else {
            return a.len().cmp(&b.len());
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (m, n) = (digits(&mut a), digits(&mut b));
            match m.len().cmp(&n.len()).then_with(|| m.cmp(n)) {
                Ordering::Equal => continue,
                unequal => return unequal,
            }
        }
        match ignoring_case(x, y) {
            Ordering::Equal => (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]),
            unequal => return unequal,
        }
    }
}

/// Compares two characters as if they were in lower case.
fn ignoring_case(a: char, b: char) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase())
    } else {
        a.to_lowercase().cmp(b.to_lowercase())
    }
}

/// How many bytes both begin with; eight at a time, for the names of a fleet begin alike.
fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let (words, others) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    // As numbers: two slices would be compared by a call.
    let same = |(x, y): &(&[u8; 8], &[u8; 8])| u64::from_le_bytes(**x) == u64::from_le_bytes(**y);
    let start = 8 * words.iter().zip(others).take_while(same).count();
    start + a[start..].iter().zip(&b[start..]).take_while(|(x, y)| x == y).count()
}

/// Takes the leading digits off, and gives them without leading zeros.
fn digits<'a>(text: &mut &'a str) -> &'a str {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    *text = rest;
    number.trim_start_matches('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_natural_order() {
        let sorted =
            ["", "1", "02", "10", "a", "B", "lamp 9", "Lamp 10", "lamp 10b", "lamp 100", "z", "Ä", "ö"];
        for pair in sorted.windows(2) {
            assert_eq!(natural(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(natural(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        for (a, b) in [
            ("factory/line-1/lamp9", "factory/line-1/lamp10"),
            ("lamp-12345678", "lamp-123456789"),
            ("ä1", "ä2"),
        ] {
            assert_eq!(natural(a, b), Ordering::Less, "{a:?} {b:?}");
            assert_eq!(natural(b, a), Ordering::Greater, "{a:?} {b:?}");
        }
        for (a, b) in [
            ("Lamp", "lAMP"),
            ("a01", "a1"),
            ("000", "0"),
            ("ÄRGER", "ärger"),
            ("ΣΑΜΟΣ", "σαμοσ"),
            ("ЁЖ", "ёж"),
            ("ԲԱՑ", "բաց"),
        ] {
            assert_eq!(natural(a, b), Ordering::Equal, "{a:?} {b:?}");
        }
    }

    #[test]
    fn a_batch_is_merged_in() {
        let mut order = Order { sorted: vec![10, 20, 25, 30, 40], ..Order::default() };
        let arrivals = [5, 15, 26, 27, 50, 60];
        assert_eq!(
            *order.merged(&arrivals, |_| true, |a, b| a.cmp(&b)),
            [5, 10, 15, 20, 25, 26, 27, 30, 40, 50, 60]
        );
        order.is_stale = true;
        let keep = |slot| slot != 25;
        assert_eq!(*order.merged(&arrivals, keep, |a, b| a.cmp(&b)), [5, 10, 15, 20, 26, 27, 30, 40, 50, 60]);
        assert_eq!(*order.merged(&[], keep, |a, b| a.cmp(&b)), [10, 20, 30, 40]);
    }
}
