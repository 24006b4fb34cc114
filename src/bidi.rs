//! Bidi control characters, which a text from a stranger could use to reorder the words around it.
//!
//! Pure. Used wherever foreign text is accepted or put into a sentence of the page.

/// Whether a character sets or changes the direction of the text around it: the marks, embeddings, overrides and isolates
/// of Unicode's bidirectional algorithm (UAX 9).
pub fn is_bidi_control(character: char) -> bool {
    matches!(character, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
