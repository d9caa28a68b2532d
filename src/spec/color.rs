//! Colours as libraries write them: a name as web pages know it, or `#rrggbb`. Data only; any thread. How a colour is made readable on
//! what it stands on is the window's business.

use std::fmt;

/// Red, green and blue, 0..=255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(pub [u8; 3]);

/// The names, in the order of the reference.
pub static COLORS: &[(&str, Color)] = &[
    ("red", rgb(0xFF0000)),
    ("salmon", rgb(0xFA8072)),
    ("maroon", rgb(0x800000)),
    ("brown", rgb(0xA52A2A)),
    ("orange", rgb(0xFFA500)),
    ("gold", rgb(0xFFD700)),
    ("yellow", rgb(0xFFFF00)),
    ("olive", rgb(0x808000)),
    ("lime", rgb(0x00FF00)),
    ("green", rgb(0x008000)),
    ("teal", rgb(0x008080)),
    ("cyan", rgb(0x00FFFF)),
    ("blue", rgb(0x0000FF)),
    ("navy", rgb(0x000080)),
    ("indigo", rgb(0x4B0082)),
    ("purple", rgb(0x800080)),
    ("violet", rgb(0xEE82EE)),
    ("magenta", rgb(0xFF00FF)),
    ("pink", rgb(0xFFC0CB)),
    ("white", rgb(0xFFFFFF)),
    ("silver", rgb(0xC0C0C0)),
    ("gray", rgb(0x808080)),
    ("grey", rgb(0x808080)),
    ("black", rgb(0x000000)),
];

const fn rgb(hex: u32) -> Color {
    Color([(hex >> 16) as u8, (hex >> 8) as u8, hex as u8])
}

impl Color {
    /// What a text means: a name in any case, or `#` with six digits.
    pub fn read(text: &str) -> Option<Color> {
        match text.strip_prefix('#') {
            Some(digits) => {
                let hex = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit());
                hex.then(|| u32::from_str_radix(digits, 16).ok().map(rgb)).flatten()
            }
            None => COLORS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, color)| *color),
        }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Color([red, green, blue]) = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn color_is_a_name_or_six_digits() {
        assert_eq!(Color::read("Teal"), Some(Color([0, 128, 128])));
        assert_eq!(Color::read("#4080fF"), Some(Color([0x40, 0x80, 0xFF])));
        for text in ["", "#", "tea", "#fff", "#4080fg", "4080ff", "#+080ff", "#4080ff0", "#é080f"] {
            assert_eq!(Color::read(text), None, "{text}");
        }
        for (name, color) in COLORS {
            assert_eq!((Color::read(name), Color::read(&color.to_string())), (Some(*color), Some(*color)));
        }
    }
}
