//! The colour of a box's edge: some senders say how bad it is by that alone.

use super::super::{Firing, Severity};

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Color(pub(super) u32);

impl Color {
    /// Reads six hexadecimal digits.
    pub(super) fn parse(digits: &str) -> Option<Self> {
        let digits = digits.trim();
        let fits = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| fits).map(Self)
    }

    /// Tells what people mean by it: green that all is well, red and yellow how bad it is.
    pub(super) fn meaning(self) -> (Option<Firing>, Severity) {
        let [_, red, green, blue] = self.0.to_be_bytes();
        let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
        // Greys, and what is nearly black, mean nothing.
        if most < 0x50 || most - least < 0x30 {
            return (None, Severity::Unknown);
        }
        if green == most && green - red >= 0x30 && green >= blue {
            return (Some(Firing::Resolved), Severity::Unknown);
        }
        if red == most && blue <= green.saturating_add(0x40) {
            let yellow = green >= blue.saturating_add(0x40) && green >= red / 5 * 2;
            return (None, if yellow { Severity::Warning } else { Severity::Error });
        }
        if blue == most && red < blue / 2 { (None, Severity::Info) } else { (None, Severity::Unknown) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_means_what_people_take_it_for() {
        let meaning = |digits: &str| Color::parse(digits).expect(digits).meaning();
        for green in ["2ecc71", "36a64f", "2eb886", "00ff00", "4dc771"] {
            assert_eq!(meaning(green), (Some(Firing::Resolved), Severity::Unknown), "{green}");
        }
        for red in ["992d22", "d63232", "ff0000", "e01e5a", "fa4747", "a30200"] {
            assert_eq!(meaning(red), (None, Severity::Error), "{red}");
        }
        for yellow in ["ffc227", "daa038", "ffa500", "ffff00"] {
            assert_eq!(meaning(yellow), (None, Severity::Warning), "{yellow}");
        }
        assert_eq!(meaning("2788ce"), (None, Severity::Info));
        for nothing in ["95a5a6", "000000", "ffffff", "202225"] {
            assert_eq!(meaning(nothing), (None, Severity::Unknown), "{nothing}");
        }
        for none in ["", "12345", "1234567", "+12345", "blue"] {
            assert_eq!(Color::parse(none), None, "{none}");
        }
    }
}
