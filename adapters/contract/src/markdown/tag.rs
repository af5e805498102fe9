//! What the parser's tags carry, in our own terms: addresses, languages, levels, alignments.

use pulldown_cmark::{CodeBlockKind, HeadingLevel};

use crate::Alignment;

/// Longest address that becomes a link, in bytes; a longer one is shown as text.
pub const MAX_URL_BYTES: usize = 1000;
/// Longest language name of a code block, in bytes; a longer one is no language.
const MAX_LANGUAGE_BYTES: usize = 32;

/// Tells whether an address may become a link.
pub(crate) fn is_followed(url: &str) -> bool {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    let is_known = matches!(scheme.as_deref(), Some("http" | "https" | "mailto"));
    is_known && url.len() <= MAX_URL_BYTES && !url.contains(char::is_whitespace)
}

pub(super) fn language(kind: &CodeBlockKind<'_>) -> Option<String> {
    let CodeBlockKind::Fenced(info) = kind else { return None };
    let word = info.split([' ', '\t', ',', '{']).next().unwrap_or_default();
    let plain = word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+#.-".contains(&b));
    (!word.is_empty() && plain && word.len() <= MAX_LANGUAGE_BYTES).then(|| word.to_owned())
}

/// What the line that opens a block of code says beside its language, such as a file's name; settings are not for people.
pub(super) fn named<'a>(kind: &'a CodeBlockKind<'_>) -> Option<&'a str> {
    let CodeBlockKind::Fenced(info) = kind else { return None };
    let said = if language(kind).is_some() { info.split_once([' ', '\t'])?.1 } else { info };
    let said = said.trim();
    (!said.is_empty() && !said.contains(['{', '='])).then_some(said)
}

/// Tells whether raw HTML is a line break, the only one that a cell of a table can have.
pub(super) fn is_line_break(html: &str) -> bool {
    let tag = html.trim().strip_prefix('<').and_then(|tag| tag.strip_suffix('>'));
    tag.is_some_and(|tag| tag.trim_end_matches('/').trim().eq_ignore_ascii_case("br"))
}

pub(super) fn heading_level(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

pub(super) fn alignment(align: pulldown_cmark::Alignment) -> Alignment {
    match align {
        pulldown_cmark::Alignment::None | pulldown_cmark::Alignment::Left => Alignment::Left,
        pulldown_cmark::Alignment::Center => Alignment::Center,
        pulldown_cmark::Alignment::Right => Alignment::Right,
    }
}
