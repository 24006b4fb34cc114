//! A stranger's bytes where a person can see all of them: as text in which nothing is hidden, and as hex.
//!
//! Pure. What comes out is only ever shown as text; here it is made sure that this text shows what is there: no sign
//! that turns the line round, none that cannot be seen, and no byte that was passed over.

/// A run of text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// The text as it is to be shown.
    pub text: String,
    /// It stands for what cannot be shown: a control picture for a control character (`␀`), `U+202E` for a sign
    /// that is not seen, `FF` for a byte that is no UTF-8.
    pub is_stand_in: bool,
}

/// Bytes as text. A line feed is shown and breaks the line.
pub fn pieces(bytes: &[u8]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut add = |text: &str, is_stand_in: bool| match pieces.last_mut() {
        Some(last) if last.is_stand_in == is_stand_in => {
            // Two stand-ins must not read as one.
            if is_stand_in && !last.text.ends_with('\n') {
                last.text.push(' ');
            }
            last.text.push_str(text);
        }
        _ => pieces.push(Piece { text: text.to_owned(), is_stand_in }),
    };
    for chunk in bytes.utf8_chunks() {
        for sign in chunk.valid().chars() {
            match sign {
                '\n' => add("␊\n", true),
                // The Control Pictures of Unicode stand in the order of the control characters.
                '\0'..' ' => add(picture(sign as u32), true),
                '\u{7F}' => add("␡", true),
                _ if is_hidden(sign) => add(&format!("U+{:04X}", sign as u32), true),
                _ => add(sign.encode_utf8(&mut [0; 4]), false),
            }
        }
        for byte in chunk.invalid() {
            add(&format!("{byte:02X}"), true);
        }
    }
    pieces
}

fn picture(control: u32) -> &'static str {
    const PICTURES: &str = "␀␁␂␃␄␅␆␇␈␉␊␋␌␍␎␏␐␑␒␓␔␕␖␗␘␙␚␛␜␝␞␟";
    // Each takes three bytes.
    let start = control as usize * 3;
    PICTURES.get(start..start + 3).unwrap_or("?")
}

/// Whether a sign sets or turns the direction of what stands around it: the marks, embeddings, overrides and isolates of
/// Unicode's bidirectional algorithm (UAX 9).
pub fn is_bidi_control(sign: char) -> bool {
    matches!(sign, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Signs that are not seen, or that change how others are: C1 controls, soft hyphen, zero widths, the marks,
/// embeddings, overrides and isolates of the bidirectional algorithm (UAX 9), separators of lines, annotations, tags,
/// variation selectors, and blanks that are no space.
fn is_hidden(sign: char) -> bool {
    matches!(
        sign,
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

/// Bytes in hex: 16 a line, each line with its offset in front.
pub fn hex(bytes: &[u8]) -> String {
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

    /// The boundary: bytes → text, with what stands for something else in brackets.
    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        let shown = pieces(bytes);
        assert!(shown.windows(2).all(|two| two[0].is_stand_in != two[1].is_stand_in), "{shown:?}");
        let text: Vec<String> = shown
            .into_iter()
            .map(|Piece { text, is_stand_in }| if is_stand_in { format!("[{text}]") } else { text })
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
        // A sign that is cut short.
        check(&"灯".as_bytes()[..2], "[E7 81]");
        check(b"<b>&amp;", "<b>&amp;");
    }

    #[wasm_bindgen_test]
    fn every_control_character_has_its_picture() {
        for control in 0..0x20u8 {
            let shown = pieces(&[control]);
            let picture = char::from_u32(0x2400 + u32::from(control)).expect("a control picture");
            assert!(shown.len() == 1 && shown[0].text.starts_with(picture), "{control} is {shown:?}");
        }
    }

    #[wasm_bindgen_test]
    fn hex_is_sixteen_a_line() {
        assert_eq!(hex(b""), "");
        assert_eq!(hex(b"\0\xffA"), "0000  00 ff 41");
        let lines = hex(&[7; 17]);
        assert_eq!(lines.lines().count(), 2);
        assert_eq!(lines.lines().nth(1), Some("0010  07"));
        assert_eq!(lines.lines().next().map(str::len), Some(5 + 16 * 3));
    }
}
