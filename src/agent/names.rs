//! What an agent names is data: ids of its sessions, requests and calls, its tools and models.
//!
//! They are short and of a plain alphabet, so that none is ever an option on a command line, nor fills a database.

/// Longest id or name, in bytes.
pub const MAX_NAME_BYTES: usize = 256;

/// Most models that are kept of one agent.
pub const MAX_MODELS: usize = 200;

/// Whether a text may be an id or a name: 1 to [`MAX_NAME_BYTES`] ASCII letters, digits or `_-.:/@+`, a letter, digit or `_`
/// first.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    text.len() <= MAX_NAME_BYTES
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric() || first == b'_')
        && text.bytes().all(is_sign)
}

/// Returns a name as it may be shown and stored: cut at [`MAX_NAME_BYTES`], each strange character as `?`.
#[must_use]
pub fn plain(text: &str) -> String {
    let is_plain = |c: char| u8::try_from(c).is_ok_and(is_sign);
    text.chars().take(MAX_NAME_BYTES).map(|c| if is_plain(c) { c } else { '?' }).collect()
}

fn is_sign(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.:/@+".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain_and_no_option() {
        for good in ["Bash", "mcp__github__get-issue", "69c4fec0-b6ea-434c-93b9-ed09193d0bd0", "request-1", "_x", "7"] {
            assert!(is_plain(good), "{good}");
            assert_eq!(plain(good), good);
        }
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        for bad in ["", "--x", "-", ".", "a b", "a\n", "a\u{1b}", "ä", "Ba\u{200b}sh", long.as_str()] {
            assert!(!is_plain(bad), "{bad}");
        }
        assert_eq!(plain("Ba\u{200b}sh x"), "Ba?sh?x");
        assert_eq!(plain(&"ä".repeat(1_000_000)).len(), MAX_NAME_BYTES);
    }
}
