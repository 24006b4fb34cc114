//! Bytes as text in which nothing is hidden, and as a hex dump.
//!
//! Pure. The bytes come from a stranger: the result has no character that reorders the line, none that is invisible, and
//! leaves out no byte. Shown by [`super::ByteText`] and [`super::HexDump`].

/// A run of text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// The text to show.
    pub text: String,
    /// It stands for what cannot be shown: a control picture for a control character (`␀`), `U+202E` for an invisible
    /// character, `FF` for a byte that is not UTF-8.
    pub is_stand_in: bool,
}

/// Bytes as text. A line feed is shown, and breaks the line.
pub fn text_runs(bytes: &[u8]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut add = |text: &str, is_stand_in: bool| match runs.last_mut() {
        Some(last) if last.is_stand_in == is_stand_in => {
            // Two stand-ins must not read as one.
            if is_stand_in && !last.text.ends_with('\n') {
                last.text.push(' ');
            }
            last.text.push_str(text);
        }
        _ => runs.push(Run { text: text.to_owned(), is_stand_in }),
    };
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => add("␊\n", true),
                '\0'..' ' | '\u{7F}' => add(control_picture(character).encode_utf8(&mut [0; 4]), true),
                _ if is_hidden(character) => add(&format!("U+{:04X}", u32::from(character)), true),
                _ => add(character.encode_utf8(&mut [0; 4]), false),
            }
        }
        for byte in chunk.invalid() {
            add(&format!("{byte:02X}"), true);
        }
    }
    runs
}

/// The picture of an ASCII control character. Unicode has them in the characters' own order, but for DELETE.
fn control_picture(control: char) -> char {
    let picture = match control {
        '\u{7F}' => 0x2421,
        _ => 0x2400 + u32::from(control),
    };
    char::from_u32(picture).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Characters that are invisible, or that change how others are shown: C1 controls, soft hyphen, zero widths, the marks,
/// embeddings, overrides and isolates of the bidirectional algorithm (UAX 9), line separators, annotations, tags,
/// variation selectors, and blanks that are not a space.
fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{80}'..='\u{9F}'
            | '\u{AD}'
            | '\u{A0}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Bytes in hex: 16 a line, after the line's offset.
pub fn hex_dump(bytes: &[u8]) -> String {
    let mut hex = String::new();
    for (line, chunk) in bytes.chunks(16).enumerate() {
        if line > 0 {
            hex.push('\n');
        }
        hex.push_str(&format!("{:04x} ", line * 16));
        for byte in chunk {
            hex.push_str(&format!(" {byte:02x}"));
        }
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    /// Checks bytes → text, with stand-ins in brackets.
    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        let shown = text_runs(bytes);
        assert!(shown.windows(2).all(|two| two[0].is_stand_in != two[1].is_stand_in), "{shown:?}");
        let text: Vec<String> = shown
            .into_iter()
            .map(|Run { text, is_stand_in }| if is_stand_in { format!("[{text}]") } else { text })
            .collect();
        assert_eq!(text.concat(), expected);
    }

    #[wasm_bindgen_test]
    fn nothing_is_hidden() {
        check(b"", "");
        check(b"online", "online");
        check("灯 ünï 🙂".as_bytes(), "灯 ünï 🙂");
        check(b"on\0", "on[␀]");
        check(b"\x1b[31m\x7f", "[␛][31m[␡]");
        check(b"a\r\nb\tc", "a[␍ ␊\n]b[␉]c");
        check(b"\n\n", "[␊\n␊\n]");
        check("a\u{202E}b\u{2066}\u{200B}".as_bytes(), "a[U+202E]b[U+2066 U+200B]");
        check("\u{85}\u{E0041}".as_bytes(), "[U+0085 U+E0041]");
        check("on\u{FE0F}\u{A0}".as_bytes(), "on[U+FE0F U+00A0]");
        check("\u{34F}\u{17B4}\u{180F}\u{2800}".as_bytes(), "[U+034F U+17B4 U+180F U+2800]");
        check(b"a\xff\xfeb", "a[FF FE]b");
        // A character that is cut short.
        check(&"灯".as_bytes()[..2], "[E7 81]");
        check(b"<b>&amp;", "<b>&amp;");
    }

    #[wasm_bindgen_test]
    fn every_control_character_has_its_picture() {
        for control in 0..0x20u8 {
            let shown = text_runs(&[control]);
            let picture = char::from_u32(0x2400 + u32::from(control)).expect("a control picture");
            assert!(shown.len() == 1 && shown[0].text.starts_with(picture), "{control} is {shown:?}");
        }
    }

    #[wasm_bindgen_test]
    fn hex_is_sixteen_a_line() {
        assert_eq!(hex_dump(b""), "");
        assert_eq!(hex_dump(b"\0\xffA"), "0000  00 ff 41");
        let lines = hex_dump(&[7; 17]);
        assert_eq!(lines.lines().count(), 2);
        assert_eq!(lines.lines().nth(1), Some("0010  07"));
        assert_eq!(lines.lines().next().map(str::len), Some(5 + 16 * 3));
    }
}
