//! How names and quantities are written for a person.
//!
//! Names of processes, mounts and units are chosen by others: control, invisible and markup characters are written as
//! escapes, so that a name stays one piece of code in one line whatever it holds.

use std::fmt::Write as _;

use bytesize::ByteSize;

/// Longest name shown, in characters before escaping.
pub(crate) const MAX_NAME_CHARS: usize = 120;

/// Writes a foreign name in one harmless line of plain text.
pub(crate) fn name(raw: &str) -> String {
    let mut shown = String::new();
    for (index, char) in raw.chars().enumerate() {
        if index == MAX_NAME_CHARS {
            shown.push('…');
            break;
        }
        match char {
            '`' | '|' => {
                let _ = write!(shown, "\\x{:02x}", u32::from(char));
            }
            '\'' | '"' => shown.push(char),
            other => shown.extend(other.escape_debug()),
        }
    }
    if shown.trim().is_empty() { "(no name)".into() } else { shown }
}

/// Writes a foreign name as inline code.
pub(crate) fn code(raw: &str) -> String {
    format!("`{}`", name(raw))
}

/// Writes a line of evidence, whose names are harmless already, as inline code in full.
pub(crate) fn quoted(line: &str) -> String {
    let harmless = line.replace(|char: char| char == '`' || char == '|' || char.is_control(), "\u{fffd}");
    format!("`{harmless}`")
}

/// Writes a number of bytes, in binary units.
pub(crate) fn bytes(count: u64) -> String {
    ByteSize::b(count).to_string()
}

/// Writes a share in percent, without decimals from ten on.
pub(crate) fn percent(value: f64) -> String {
    if value.abs() < 9.95 { format!("{value:.1} %") } else { format!("{value:.0} %") }
}

/// Writes a number of things, such as `1 core` and `2 processes`.
pub(crate) fn plural(number: f64, thing: &str) -> String {
    let end = match (number == 1.0, thing.ends_with('s')) {
        (true, _) => "",
        (false, true) => "es",
        (false, false) => "s",
    };
    format!("{number:.0} {thing}{end}")
}

/// Computes a part of a whole in percent; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "shares are shown with two digits")]
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hostile_name_is_one_line_of_code() {
        assert_eq!(code("a\n# b`|\u{1b}[31m\u{202e}\\"), "`a\\n# b\\x60\\x7c\\u{1b}[31m\\u{202e}\\\\`");
        assert_eq!(code(""), "`(no name)`");
        assert_eq!(code("Web Content's ü"), "`Web Content's ü`");
    }

    #[test]
    fn quantities_carry_units() {
        assert_eq!(bytes(1_610_612_736), "1.5 GiB");
        assert_eq!((percent(3.12), percent(99.4), percent(9.96)), ("3.1 %".into(), "99 %".into(), "10 %".into()));
        assert!(share(1, 0).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn no_name_breaks_out_of_its_code(raw in any::<String>()) {
            let shown = name(&raw);
            prop_assert!(!shown.contains(['`', '|', '\n', '\r']));
            prop_assert!(!shown.chars().any(char::is_control));
            prop_assert!(!shown.trim().is_empty());
        }
    }
}
