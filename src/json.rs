//! JSON that others wrote: of an agent, of a source of alerts.
//!
//! Programs that count text in UTF-16 cut it in the middle of a character now and then and write the half down as an
//! escape, such as `\ud83d`. That is not JSON, and one such half would cost all of it: it becomes U+FFFD.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

/// Reads a line; `None` where it is no such JSON.
#[must_use]
pub fn parse<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    read(&String::from_utf8_lossy(line)).ok()
}

/// Reads a text, also one that begins with a byte order mark.
///
/// # Errors
/// As it is no such JSON.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(text).or_else(|error| match with_whole_characters(text) {
        Cow::Owned(repaired) => serde_json::from_str(&repaired),
        Cow::Borrowed(_) => Err(error),
    })
}

/// Replaces escapes of half a character.
fn with_whole_characters(text: &str) -> Cow<'_, str> {
    let mut repaired = String::new();
    let (mut done, mut at) = (0, 0);
    while let Some(next) = text[at..].find('\\') {
        at += next;
        let Some(unit) = unit(&text[at..]) else {
            // Another escape, of which the backslash itself is one.
            at += 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8);
            continue;
        };
        let is_first = (0xd800..0xdc00).contains(&unit);
        let is_whole =
            is_first && self::unit(&text[at + ESCAPE..]).is_some_and(|unit| (0xdc00..0xe000).contains(&unit));
        if is_whole {
            at += 2 * ESCAPE;
            continue;
        }
        if (0xd800..0xe000).contains(&unit) {
            repaired.push_str(&text[done..at]);
            repaired.push_str("\\ufffd");
            done = at + ESCAPE;
        }
        at += ESCAPE;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    repaired.push_str(&text[done..]);
    Cow::Owned(repaired)
}

/// Length of an escape such as `\u00e4`, in bytes.
const ESCAPE: usize = 6;

/// Reads the UTF-16 code unit that a text begins with as an escape.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn half_a_character_costs_no_line() {
        let read = |line: &str| parse::<Value>(line.as_bytes());
        assert_eq!(read(r#"{"a":"cut \ud83d"}"#), Some(json!({"a": "cut \u{fffd}"})));
        assert_eq!(read(r#"{"a":"\ude00 x \ud83d\ud83d\ude00 \\ud83d ü\uD83D"}"#), {
            Some(json!({"a": "\u{fffd} x \u{fffd}😀 \\ud83d ü\u{fffd}"}))
        });
        assert_eq!(read(r#"{"\ud83d":"\n\"\ud83dx"}"#), Some(json!({"\u{fffd}": "\n\"\u{fffd}x"})));
        for none in ["", "plain words", r#"{"a":"\ud8"}"#, r"\u", r#"{"a":"\ud83d""#] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
