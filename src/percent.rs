//! Percent-encoding of the values in the page's own address, by the crate `percent-encoding`.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What would end a value, separate two of a list, or begin a code, in a query or a fragment.
const RESERVED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'%').add(b'&').add(b'#').add(b'"').add(b'<').add(b'>').add(b',');

/// A value of a query or a fragment, percent-encoded.
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// A value, decoded. A `%` that starts no pair of hex digits stands for itself; what is no UTF-8 becomes U+FFFD.
pub fn percent_decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
