//! Small letters, so that case does not matter when names are put in order and searched.
//!
//! The standard library knows those of every script by a table of eleven kilobytes, which the page would have to transfer.

/// Runs of capital letters: the first, the last, every how manieth is one, and how far behind is its small letter.
///
/// The scripts that have capitals and are written today: Latin with what Europe, Turkey and Vietnam added to it, Greek,
/// Cyrillic and Armenian; and the wide Latin letters of East Asia.
const CAPITALS: [(u16, u16, u16, i16); 32] = [
    (0xC0, 0xD6, 1, 32),
    (0xD8, 0xDE, 1, 32),
    (0x100, 0x12E, 2, 1),
    (0x130, 0x130, 1, -199),
    (0x132, 0x136, 2, 1),
    (0x139, 0x147, 2, 1),
    (0x14A, 0x176, 2, 1),
    (0x178, 0x178, 1, -121),
    (0x179, 0x17D, 2, 1),
    (0x18F, 0x18F, 1, 202),
    (0x1A0, 0x1A4, 2, 1),
    (0x1AF, 0x1AF, 1, 1),
    (0x1CD, 0x1DB, 2, 1),
    (0x1F8, 0x21E, 2, 1),
    (0x386, 0x386, 1, 38),
    (0x388, 0x38A, 1, 37),
    (0x38C, 0x38C, 1, 64),
    (0x38E, 0x38F, 1, 63),
    (0x391, 0x3A1, 1, 32),
    (0x3A3, 0x3AB, 1, 32),
    (0x400, 0x40F, 1, 80),
    (0x410, 0x42F, 1, 32),
    (0x460, 0x480, 2, 1),
    (0x48A, 0x4BE, 2, 1),
    (0x4C0, 0x4C0, 1, 15),
    (0x4C1, 0x4CD, 2, 1),
    (0x4D0, 0x52E, 2, 1),
    (0x531, 0x556, 1, 48),
    (0x1E00, 0x1E94, 2, 1),
    (0x1E9E, 0x1E9E, 1, -7615),
    (0x1EA0, 0x1EFE, 2, 1),
    (0xFF21, 0xFF3A, 1, 32),
];

/// The small letter of a capital; any other letter is its own.
pub(super) fn small(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    let Ok(code) = u16::try_from(u32::from(letter)) else {
        return letter;
    };
    let begun = CAPITALS.partition_point(|(first, ..)| *first <= code);
    match CAPITALS[..begun].last() {
        Some(&(first, last, step, distance)) if code <= last && (code - first).is_multiple_of(step) => {
            char::from_u32(code.wrapping_add_signed(distance).into()).unwrap_or(letter)
        }
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_letters_are_those_of_unicode() {
        for letter in '\0'..=char::MAX {
            let small = small(letter);
            assert!(
                small == letter || letter.to_lowercase().next() == Some(small),
                "{letter} becomes {small}"
            );
        }
    }

    #[test]
    fn every_living_language_s_capitals_are_known() {
        for capitals in [
            "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞŒŸẞ",
            "ĀĂĄĆČĎĐĒĖĘĚĞĢĪĮŁĶĹĽĻŃŇŅŌŐŔŘŚŠŞȘŤŢȚŪŮŰŲŹŻŽĊĠĦƏĨŨĤĴŜŬĈĜ",
            "ƠƯẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸ",
            "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏΪΫ",
            "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯҐЄІЇЎЂЃЅЈЉЊЋЌЏӘҒҚҢӨҰҮҺ",
            "ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖ",
            "ＡＺ",
        ] {
            for capital in capitals.chars() {
                assert_eq!(Some(small(capital)), capital.to_lowercase().next(), "{capital}");
                assert_ne!(small(capital), capital);
            }
        }
    }
}
