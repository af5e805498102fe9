//! Takes out of a text what could act on a terminal or deceive a reader, and makes a short line of a long text.
//!
//! Agents and alerts are not trusted: an escape sequence must not reach a terminal, and a bidi override must not show
//! a command in another order than it runs. What is left is ordinary text, newlines and tabs.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

/// Stands where something was cut off.
const CUT: char = '…';
/// Longest terminal control sequence that is removed as a whole, in characters after `ESC [`.
const MAX_SEQUENCE_CHARS: usize = 32;

/// Removes control characters (newline and tab stay), terminal sequences and bidi overrides.
///
/// `CR LF`, `CR` and the Unicode line and paragraph separators become a newline, NUL becomes U+FFFD.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    let suspicious = |b: u8| (b < 0x20 && b != b'\n' && b != b'\t') || matches!(b, 0x7f | 0xc2 | 0xe2 | 0xef);
    if !text.bytes().any(suspicious) || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\r' => {
                if !rest.as_str().starts_with('\n') {
                    cleaned.push('\n');
                }
            }
            '\u{2028}' | '\u{2029}' => cleaned.push('\n'),
            '\0' => cleaned.push(char::REPLACEMENT_CHARACTER),
            '\u{1b}' => rest = after_sequence(rest.as_str()).chars(),
            c if is_unsafe(c) => {}
            c => cleaned.push(c),
        }
    }
    Cow::Owned(cleaned)
}

/// Cleans a text, makes every run of white space one space, and cuts it to at most `max_chars` characters.
///
/// A cut is shown by `…`, which counts, and stands between characters as people see them where one of them fits.
#[must_use]
pub fn one_line(text: &str, max_chars: usize) -> String {
    let cleaned = clean(text);
    let words = cleaned.split_whitespace().enumerate();
    let spaced = words.flat_map(|(index, word)| (index > 0).then_some(' ').into_iter().chain(word.chars()));
    // One character more than fits says whether there is a cut, and whether it would tear something.
    let mut line: String = spaced.take(max_chars.saturating_add(1)).collect();
    if line.chars().count() > max_chars {
        let end = line.char_indices().nth(max_chars.saturating_sub(1)).map_or(0, |(at, _)| at);
        let whole = line.grapheme_indices(true).map(|(at, _)| at).take_while(|at| *at <= end).last();
        line.truncate(whole.filter(|at| *at > 0).unwrap_or(end));
        line.push(CUT);
    }
    line
}

fn is_unsafe(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => true,
        c => c.is_control(),
    }
}

/// Skips `[`, parameters and the final byte of a control sequence; text that is none stays.
fn after_sequence(text: &str) -> &str {
    let Some(body) = text.strip_prefix('[') else { return text };
    for (at, c) in body.char_indices().take(MAX_SEQUENCE_CHARS) {
        match c {
            ' '..='?' => {}
            '@'..='~' => return &body[at + 1..],
            _ => break,
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_acts_on_a_terminal_is_left() {
        assert_eq!(clean("a\u{1b}[31;1mred\u{1b}[0m b"), "ared b");
        assert_eq!(clean("x\u{1b}]0;title\u{7}y\u{9b}2Jz\u{7f}"), "x]0;titley2Jz");
        assert_eq!(clean("one\r\ntwo\rthree\u{2028}four\0"), "one\ntwo\nthree\nfour\u{fffd}");
    }

    #[test]
    fn bidi_overrides_are_removed_and_right_to_left_text_stays() {
        assert_eq!(clean("rm \u{202e}gpj.exe\u{2066}"), "rm gpj.exe");
        assert!(matches!(clean("שלום – مرحبا \u{200f}é 👩‍👩‍👧"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_long_text_becomes_one_short_line() {
        assert_eq!(one_line(" a\n\tb  c ", 5), "a b c");
        assert_eq!(one_line("abcdef", 4), "abc…");
        assert_eq!(one_line(&"äb".repeat(500), 200).chars().count(), 200);
        assert_eq!([one_line("", 10), one_line("ab", 0), one_line("ab", 1)], ["", "…", "…"]);
    }

    #[test]
    fn a_line_holds_nothing_that_acts_on_a_terminal_or_deceives() {
        assert_eq!(one_line("a\r\nBcc:\u{2028}b\0\u{1b}[31m\u{202e}c\u{7}", 40), "a Bcc: b\u{fffd}c");
    }

    #[test]
    fn a_line_is_cut_between_characters_as_people_see_them() {
        let family = "👩‍👩‍👧";
        assert_eq!(one_line(&format!("ab{family}c"), 7), "ab…");
        assert_eq!(one_line(&format!("ab{family}c"), 8), format!("ab{family}c"));
        assert_eq!(one_line(&family.repeat(2), 3), "👩\u{200d}…", "where not even one fits");
    }

    #[test]
    fn a_line_of_any_length_is_made_of_its_beginning() {
        let text = "word ".repeat(200_000);
        assert_eq!(one_line(&text, 8), "word wo…");
        assert_eq!(one_line(&text, usize::MAX).len(), text.len() - 1);
    }
}
