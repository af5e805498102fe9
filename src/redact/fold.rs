//! A text without what hides a secret in it from a search, and not from a reader: characters that are not seen, the escapes
//! of Markdown, entities and percent signs.

use std::ops::Range;

/// Longest entity by number, in bytes.
const MAX_ENTITY_BYTES: usize = 9;

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Legibility {
    /// As Markdown: its signs and entities are not seen.
    Marked,
    /// As it stands: its signs and entities may be those of a command.
    Plain,
}

/// A folded text, and where each byte of it comes from.
pub(super) struct Folded {
    pub(super) text: String,
    /// For each byte of `text`, where its source begins; and where the last ends.
    from: Vec<usize>,
    to: Vec<usize>,
}

impl Folded {
    /// Folds a text; `None` where there is nothing to fold.
    pub(super) fn of(text: &str, reading: Legibility) -> Option<Self> {
        if text.bytes().all(|byte| byte.is_ascii() && !b"\\%&*`".contains(&byte)) {
            return None;
        }
        let is_marked = reading == Legibility::Marked;
        let mut folded = Self { text: String::with_capacity(text.len()), from: Vec::new(), to: Vec::new() };
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            let (seen, taken) = match c {
                '\\' if rest[1..].bytes().next().is_some_and(|next| next.is_ascii_punctuation()) => (None, 1),
                '*' | '`' if is_marked => (None, 1),
                '%' => decoded(rest).map_or((Some(c), 1), |decoded| (Some(decoded), 3)),
                '&' if is_marked => entity(rest).map_or((Some(c), 1), |(c, taken)| (Some(c), taken)),
                c if is_unseen(c) => (None, c.len_utf8()),
                c => (Some(c), c.len_utf8()),
            };
            if let Some(seen) = seen {
                folded.text.push(seen);
                folded.from.extend(std::iter::repeat_n(at, seen.len_utf8()));
                folded.to.extend(std::iter::repeat_n(at + taken, seen.len_utf8()));
            }
            at += taken;
        }
        (folded.text != text).then_some(folded)
    }

    /// Returns where a part of the folded text comes from.
    pub(super) fn source(&self, part: &Range<usize>) -> Range<usize> {
        self.from[part.start]..self.to[part.end - 1]
    }
}

/// Reads `%3A`.
fn decoded(text: &str) -> Option<char> {
    let code = u8::from_str_radix(text.get(1..3)?, 16).ok().filter(|_| text.as_bytes()[1] != b'+')?;
    code.is_ascii_graphic().then_some(char::from(code))
}

/// Reads `&#45;`, `&#x2d;` and `&amp;`; returns the length of what was read, too.
fn entity(text: &str) -> Option<(char, usize)> {
    if text.starts_with("&amp;") {
        return Some(('&', 5));
    }
    let end = text.bytes().take(MAX_ENTITY_BYTES).position(|byte| byte == b';')?;
    let number = text[..end].strip_prefix("&#")?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    let seen = char::from_u32(code.ok()?)?;
    Some((seen, end + 1))
}

/// Whether a character takes no room where it stands.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_a_text_is_taken_away_and_its_place_is_known() {
        for hidden in ["a\\-b", "a&#45;b", "a&#x2D;b", "a%2Db", "a%2db", "a\u{200b}-b", "**a**-b", "a`-b"] {
            let folded = Folded::of(hidden, Legibility::Marked).expect(hidden);
            assert_eq!(folded.text, "a-b", "{hidden}");
            let whole = folded.source(&(0..3));
            assert!(hidden[whole].contains('a'), "{hidden}");
        }
        for plain in ["a-b", "50% off", "a & b", "\\n", "ä", "%+2", "&#;", "&#x110000;", "100%"] {
            assert!(Folded::of(plain, Legibility::Marked).is_none(), "{plain}");
        }
        for seen in ["a`-b", "a*b*", "a&#45;b", "a&amp;b"] {
            assert!(Folded::of(seen, Legibility::Plain).is_none(), "{seen}");
        }
        let folded = Folded::of("x %41%42 y", Legibility::Plain).expect("folded");
        assert_eq!((folded.text.as_str(), folded.source(&(2..4))), ("x AB y", 2..8));
    }
}
