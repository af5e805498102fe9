//! Takes out of a text what could act on a terminal or deceive a reader, and makes a short line of a long text.
//!
//! Agents and alerts are not trusted: an escape sequence must not reach a terminal, and a bidi override must not show
//! a command in another order than it runs. What is left is ordinary text, newlines and tabs.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use crate::sequence::Sequence;

/// Stands where something was cut off.
const CUT: char = '…';

/// Removes control characters (newline and tab stay), terminal sequences and bidi overrides.
///
/// Of a terminal's link its words stay, and its address where they do not say it. `CR LF`, `CR` and the Unicode line and paragraph separators become a newline, NUL becomes U+FFFD.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    let suspicious = |b: u8| (b < 0x20 && b != b'\n' && b != b'\t') || matches!(b, 0x7f | 0xc2 | 0xe2 | 0xef);
    if !text.bytes().any(suspicious) || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text.chars();
    let mut link: Option<Linked<'_>> = None;
    while let Some(c) = rest.next() {
        match c {
            '\r' => {
                if !rest.as_str().starts_with('\n') {
                    cleaned.push('\n');
                }
            }
            '\u{2028}' | '\u{2029}' => cleaned.push('\n'),
            '\0' => cleaned.push(char::REPLACEMENT_CHARACTER),
            c if is_unsafe(c) => match Sequence::read(c, rest.as_str()) {
                Sequence::Nothing(behind) => rest = behind.chars(),
                Sequence::Link(address, behind) => {
                    rest = behind.chars();
                    close(link.take(), &mut cleaned);
                    link = (!address.is_empty()).then_some(Linked { address, from: cleaned.len() });
                }
                Sequence::Broken => {}
            },
            c => cleaned.push(c),
        }
    }
    close(link, &mut cleaned);
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

/// A link whose words are being read.
struct Linked<'a> {
    address: &'a str,
    /// Where its words begin in the text that is clean.
    from: usize,
}

/// Writes out where a link leads that has ended, unless its words say so.
fn close(link: Option<Linked<'_>>, cleaned: &mut String) {
    let Some(Linked { address, from }) = link else { return };
    let address: String = address.chars().filter(|c| !c.is_control() && !is_unsafe(*c)).collect();
    let words = cleaned[from..].trim();
    if words.is_empty() {
        cleaned.push_str(&address);
    } else if !words.contains(&address) {
        cleaned.push_str(&format!(" ({address})"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_acts_on_a_terminal_is_left() {
        assert_eq!(clean("a\u{1b}[31;1mred\u{1b}[0m b"), "ared b");
        assert_eq!(clean("x\u{1b}]0;title\u{7}y\u{9b}2Jz\u{7f}"), "xyz");
        assert_eq!(clean("one\r\ntwo\rthree\u{2028}four\0"), "one\ntwo\nthree\nfour\u{fffd}");
    }

    #[test]
    fn sequences_are_removed_whole_and_a_link_keeps_its_address() {
        let link = "see \u{1b}]8;;https://example.com/pr/7\u{1b}\\PR 7\u{1b}]8;;\u{1b}\\ and";
        assert_eq!(clean(link), "see PR 7 (https://example.com/pr/7) and");
        let said = "\u{1b}]8;id=1;https://a.example\u{7}https://a.example\u{1b}]8;;\u{7}";
        assert_eq!(clean(said), "https://a.example");
        assert_eq!(clean("\u{1b}]8;;https://a.example\u{7}words"), "words (https://a.example)");
        assert_eq!(clean("\u{1b}[1mbold\u{1b}(B\u{1b}[m\u{1b}7\u{1b}=\u{1b}Pq#0\u{1b}\\\u{1b}_x\u{9c}end"), "boldend");
        assert_eq!(clean("\u{9d}0;t\u{7}a\u{90}q\u{1b}\\b"), "ab");
        // What is never ended swallows nothing.
        assert_eq!(clean("\u{1b}]0;open\nnext \u{1b}[12 \u{1b}"), "]0;open\nnext [12 ");
        let long = format!("\u{1b}]0;{}\u{7}z", "x".repeat(5000));
        assert_eq!(clean(&long).len(), long.len() - 2);
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
