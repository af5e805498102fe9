//! How much of an alert is kept, and in what state: every text of an alert goes through here.

use std::borrow::Cow;

use signalbox_adapter::{clean, one_line};

/// Longest text that is read as an alert, in bytes: 1 MiB.
pub const MAX_INPUT_BYTES: usize = 1024 * 1024;
/// Deepest JSON that is read, in levels; the parser's own limit.
pub const MAX_DEPTH: usize = 127;
/// Most alerts read out of one text; further ones are counted and left out.
pub const MAX_ALERTS: usize = 1000;
/// Most labels of one alert, and most annotations.
pub(super) const MAX_FIELDS: usize = 100;
/// Longest key or value, in bytes, with the mark of the cut.
pub(super) const MAX_FIELD_BYTES: usize = 4096;
/// Longest title, in characters, with the mark of the cut.
pub(super) const MAX_TITLE_CHARS: usize = 200;
/// Most links of one alert.
pub(super) const MAX_LINKS: usize = 20;
/// Longest link, in bytes; a longer one is left out, since a cut link leads elsewhere.
pub(super) const MAX_LINK_BYTES: usize = 2048;

/// Stands where something was cut off.
const CUT: char = '…';

/// Cleans a value and cuts it; line breaks stay.
pub(super) fn value(text: &str) -> String {
    let text = clean(text);
    let text = text.trim();
    if text.len() <= MAX_FIELD_BYTES {
        return text.to_owned();
    }
    format!("{}{CUT}", &text[..text.floor_char_boundary(MAX_FIELD_BYTES - CUT.len_utf8())])
}

/// Whether a key or value was cut, so that it says less than its source.
#[must_use]
pub fn is_cut(text: &str) -> bool {
    text.ends_with(CUT) && text.len() > MAX_FIELD_BYTES - 2 * CUT.len_utf8()
}

/// Splits a text into what one value can hold, to the end of a line if there is one, and the rest.
pub(super) fn split(text: &str) -> (&str, &str) {
    if text.len() <= MAX_FIELD_BYTES {
        return (text, "");
    }
    let end = text.floor_char_boundary(MAX_FIELD_BYTES);
    text.split_at(text[..end].rfind('\n').map_or(end, |line_break| line_break + 1))
}

/// Cleans a key, puts it on one line and cuts it.
pub(super) fn key(text: &str) -> String {
    value(&one_line(text, usize::MAX))
}

/// Cleans a title, puts it on one line and cuts it.
pub(super) fn title(text: &str) -> String {
    one_line(text, MAX_TITLE_CHARS)
}

/// Returns a link that a person may be shown: http or https with a host, written out by the rules for addresses.
pub(super) fn link(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > MAX_LINK_BYTES || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let url = reqwest::Url::parse(text).ok()?;
    let fits = matches!(url.scheme(), "http" | "https") && url.has_host() && url.as_str().len() <= MAX_LINK_BYTES;
    (fits && matches!(clean(url.as_str()), Cow::Borrowed(_))).then(|| url.into())
}

/// Measures how deep brackets and braces are nested outside strings, without recursion.
pub(super) fn depth(json: &str) -> usize {
    let (mut open, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                open += 1;
                deepest = deepest.max(open);
            }
            b']' | b'}' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_between_characters_and_say_so() {
        let cut = value(&"ä".repeat(MAX_FIELD_BYTES));
        assert!(cut.len() <= MAX_FIELD_BYTES && cut.len() > MAX_FIELD_BYTES - 8);
        assert!(cut.ends_with("ä…"));
        assert!(is_cut(&cut) && !is_cut("a…"));
        let whole = value(&"a".repeat(MAX_FIELD_BYTES));
        assert!(whole.len() == MAX_FIELD_BYTES && !is_cut(&whole));
        let cut = title(&"漢".repeat(1000));
        assert_eq!(cut.chars().count(), MAX_TITLE_CHARS);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn only_web_links_with_a_host_are_kept() {
        assert_eq!(link("https://example.com/a?b=c d"), None);
        assert_eq!(link(" HTTPS://Example.com/a?b=\"<c>\""), Some("https://example.com/a?b=%22%3Cc%3E%22".to_owned()));
        for hostile in
            ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//example.com", "https://", ""]
        {
            assert_eq!(link(hostile), None, "{hostile}");
        }
        assert_eq!(link(&format!("https://example.com/{}", "a".repeat(MAX_LINK_BYTES))), None);
    }

    #[test]
    fn depth_is_counted_outside_strings_only() {
        assert_eq!(depth(r#"{"a": [1, [2], "[[[\"[["], "b": {}}"#), 3);
        assert_eq!(depth("]]]"), 0);
        assert_eq!(depth(&"[".repeat(100_000)), 100_000);
    }
}
