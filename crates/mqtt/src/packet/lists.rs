//! The lists in packets: subscriptions, topic filters and reason codes.
//!
//! A list borrows the bytes of a decoded packet, or the values of a packet to be encoded, and reads one entry at a
//! time. Never allocates and never fails: bytes were checked when they were decoded.

use std::fmt;

use super::{QoS, RetainHandling, Subscription};
use crate::reader::Reader;
use crate::reason::ReasonCode;
use crate::topic::TopicFilter;

/// Either the bytes of a decoded packet, which are valid, or a caller's values.
#[derive(Clone, Copy, Debug)]
enum Source<'a, T> {
    Wire(&'a [u8]),
    Values(&'a [T]),
}

macro_rules! list {
    ($(#[$doc:meta])* $list:ident of $item:ty, by $iter:ident, $read:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $list<'a>(Source<'a, $item>);

        impl<'a> $list<'a> {
            /// Bytes that `decode` has checked.
            pub(crate) const fn from_wire(bytes: &'a [u8]) -> Self {
                $list(Source::Wire(bytes))
            }

            /// The entries, in order.
            pub fn iter(&self) -> $iter<'a> {
                $iter(self.0)
            }

            /// Whether the list is empty.
            pub const fn is_empty(&self) -> bool {
                match self.0 {
                    Source::Wire(bytes) => bytes.is_empty(),
                    Source::Values(values) => values.is_empty(),
                }
            }
        }

        impl<'a> From<&'a [$item]> for $list<'a> {
            fn from(values: &'a [$item]) -> Self {
                $list(Source::Values(values))
            }
        }

        impl<'a> IntoIterator for $list<'a> {
            type Item = $item;
            type IntoIter = $iter<'a>;
            fn into_iter(self) -> $iter<'a> {
                self.iter()
            }
        }

        impl PartialEq for $list<'_> {
            fn eq(&self, other: &Self) -> bool {
                self.iter().eq(other.iter())
            }
        }

        impl fmt::Debug for $list<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.iter()).finish()
            }
        }

        /// The entries of the list of the same name.
        #[derive(Clone, Debug)]
        pub struct $iter<'a>(Source<'a, $item>);

        impl<'a> Iterator for $iter<'a> {
            type Item = $item;

            fn next(&mut self) -> Option<$item> {
                match &mut self.0 {
                    Source::Values(values) => {
                        let (first, rest) = values.split_first()?;
                        *values = rest;
                        Some(*first)
                    }
                    Source::Wire(bytes) => {
                        let read: fn(&mut &'a [u8]) -> Option<$item> = $read;
                        read(bytes)
                    }
                }
            }
        }
    };
}

list!(
    /// The filters of a SUBSCRIBE with their options.
    Subscriptions of Subscription<'a>, by SubscriptionsIter, |bytes| {
        let filter = TopicFilter::from_wire(Reader::checked_string(bytes)?);
        let (&options, rest) = bytes.split_first()?;
        *bytes = rest;
        Some(Subscription {
            filter,
            qos: QoS::from_byte(options & 0b11)?,
            no_local: options & 0b100 != 0,
            retain_as_published: options & 0b1000 != 0,
            retain_handling: match options >> 4 {
                0 => RetainHandling::SendAtSubscribe,
                1 => RetainHandling::SendIfNew,
                _ => RetainHandling::DoNotSend,
            },
        })
    }
);

list!(
    /// The filters of an UNSUBSCRIBE.
    TopicFilters of TopicFilter<'a>, by TopicFiltersIter, |bytes| {
        Some(TopicFilter::from_wire(Reader::checked_string(bytes)?))
    }
);

list!(
    /// The reason codes of a SUBACK or UNSUBACK, one per filter.
    ReasonCodes of ReasonCode, by ReasonCodesIter, |bytes| {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        ReasonCode::from_byte(byte)
    }
);

impl ReasonCodes<'_> {
    /// How many codes there are.
    pub const fn len(&self) -> usize {
        match self.0 {
            Source::Wire(bytes) => bytes.len(),
            Source::Values(values) => values.len(),
        }
    }
}
