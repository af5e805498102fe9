//! Terminal control sequences: what is taken out of a text as a whole, by ECMA-48.
//!
//! | sequence | form |
//! |---|---|
//! | CSI, such as colours | `ESC [`, parameters, one final byte |
//! | OSC, DCS, SOS, PM, APC, such as titles and links | `ESC ]`, `ESC P`, `ESC X`, `ESC ^`, `ESC _`, a text, BEL or `ESC \` |
//! | others, such as character sets | `ESC`, signs from space to `/`, one final byte |
//!
//! Each may begin with the one control character that stands for its first two.

/// Longest CSI that is taken out, in characters.
const MAX_PARAMETERS: usize = 32;
/// Longest text of an OSC or its like that is taken out, in characters; the address of a link may be that long.
const MAX_STRING: usize = 4096;

/// What stands at an escape or a control character.
pub(crate) enum Sequence<'a> {
    /// Something that is taken out; the text goes on behind it.
    Nothing(&'a str),
    /// A link to this address begins; the empty address ends it.
    Link(&'a str, &'a str),
    /// None that is whole: only its first character is taken out.
    Broken,
}

impl<'a> Sequence<'a> {
    /// Reads the sequence that `introducer` begins; `rest` is the text behind it.
    pub(crate) fn read(introducer: char, rest: &'a str) -> Self {
        let (kind, body) = match introducer {
            '\u{1b}' => {
                let mut chars = rest.chars();
                let Some(kind) = chars.next() else { return Self::Broken };
                (kind, chars.as_str())
            }
            '\u{90}' | '\u{98}' | '\u{9b}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => {
                (char::from_u32(u32::from(introducer) - 0x40).unwrap_or_default(), rest)
            }
            _ => return Self::Broken,
        };
        match kind {
            '[' => after(body, MAX_PARAMETERS, |c| matches!(c, ' '..='?'), |c| matches!(c, '@'..='~')),
            ']' | 'P' | 'X' | '^' | '_' => string(body, kind == ']'),
            ' '..='/' => after(body, MAX_PARAMETERS, |c| matches!(c, ' '..='/'), |c| matches!(c, '0'..='~')),
            '0'..='~' => Self::Nothing(body),
            _ => Self::Broken,
        }
    }
}

/// Skips what may stand within a sequence, and the sign that ends it.
fn after(body: &str, most: usize, is_within: fn(char) -> bool, ends: fn(char) -> bool) -> Sequence<'_> {
    match body.char_indices().take(most).find(|(_, c)| !is_within(*c)) {
        Some((at, c)) if ends(c) => Sequence::Nothing(&body[at + 1..]),
        _ => Sequence::Broken,
    }
}

/// Skips a text up to its end.
fn string(body: &str, may_link: bool) -> Sequence<'_> {
    for (at, c) in body.char_indices().take(MAX_STRING) {
        let end = match c {
            '\u{7}' | '\u{9c}' => at + c.len_utf8(),
            '\u{1b}' if body[at..].starts_with("\u{1b}\\") => at + 2,
            // Another sequence, or a line's end: this one was never ended.
            '\u{1b}' | '\n' => return Sequence::Broken,
            _ => continue,
        };
        let (text, rest) = (&body[..at], &body[end..]);
        let link = text.strip_prefix("8;").filter(|_| may_link).and_then(|link| link.split_once(';'));
        return link.map_or(Sequence::Nothing(rest), |(_, address)| Sequence::Link(address, rest));
    }
    Sequence::Broken
}
