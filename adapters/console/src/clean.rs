//! Makes text harmless: what a terminal would obey becomes something a person can see.
//!
//! An agent, an alert or a log line may hold escape sequences that move the cursor, retitle the window or hide text.
//! [`for_terminal`] goes over everything that is printed, [`from_person`] over everything that is typed or piped in.

/// Returns the character to print in place of `ch`: itself unless a terminal would act on it.
///
/// C0 and DEL become their control pictures (ESC is `␛`), C1 and the bidirectional overrides and isolates, which can
/// make a text read differently from what it says, become `�`. Line feed and tab stay.
#[must_use]
pub(crate) fn visible(ch: char) -> char {
    match ch {
        '\n' | '\t' => ch,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(ch)).expect("control pictures mirror C0"),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        _ => ch,
    }
}

/// Makes a text safe to print; lines keep their ends, without carriage returns.
#[must_use]
pub(crate) fn for_terminal(text: &str) -> String {
    text.replace("\r\n", "\n").chars().map(visible).collect()
}

/// Makes a text safe to print on one row of at most `width` columns; a cut is shown by `…`.
///
/// Unlike a line in a chat, it keeps all spaces and shows what it cannot print, since it is compared with what was typed.
#[must_use]
pub(crate) fn one_row(text: &str, width: usize) -> String {
    use unicode_width::UnicodeWidthChar;
    let mut line = String::new();
    let mut columns = 0;
    for ch in text.chars() {
        let ch = if ch.is_whitespace() { ' ' } else { visible(ch) };
        let next = columns + ch.width().unwrap_or(0);
        if next >= width {
            line.push('…');
            break;
        }
        columns = next;
        line.push(ch);
    }
    line
}

/// Removes what nobody types on purpose: control characters but line feed and tab, and white space around the text.
///
/// Carriage returns, which terminals send for the line ends of a paste, become line feeds. Indentation of the first
/// line stays.
#[must_use]
pub(crate) fn from_person(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String = text.chars().filter(|ch| matches!(ch, '\n' | '\t') || !ch.is_control()).collect();
    kept.trim_end().trim_start_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_terminal_obeys_survives_printing() {
        let hostile = "a\x1b[2Jb\x1b]0;title\x07c\u{9b}31md\x7f\0\u{202e}e\r\nf\rg\th";
        let shown = for_terminal(hostile);
        assert_eq!(shown, "a␛[2Jb␛]0;title␇c�31md␡␀�e\nf␍g\th");
        assert!(shown.chars().all(|ch| ch == '\n' || ch == '\t' || !ch.is_control()));
    }

    #[test]
    fn a_status_line_fits_its_width_whatever_it_holds() {
        assert_eq!(one_row("short", 20), "short");
        assert_eq!(one_row("two\nlines\tand\x1b[m", 40), "two lines and␛[m");
        assert_eq!(one_row("漢字漢字漢字", 6), "漢字…");
        assert_eq!(one_row("anything", 0), "…");
    }

    #[test]
    fn typed_text_loses_control_characters_and_keeps_its_lines() {
        assert_eq!(from_person("  fn a() {\r\n\tb\0\x1b\r}\u{85}\n\n"), "  fn a() {\n\tb\n}");
        assert_eq!(from_person(" \n \0"), "");
    }
}
