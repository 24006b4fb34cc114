//! How values of the core are worded in a language: statuses, changes, filters, reason codes.
//!
//! Used by every feature, and in English by the support report. Takes a locale and typed values, returns text.

mod change;
mod filter;
mod reason;
mod status;

pub use change::{change_evidence, change_text};
pub use filter::filter_state;
pub use reason::{reason_code, reason_name};
pub use status::{status_label, status_word};
