//! Text that reads on Discord as it was written: a backslash before each sign that Discord would take as markup.
//!
//! Web addresses in running text are left as they are, since a backslash would become part of them. Who is pinged is not
//! decided here (each message says that nobody is), but names and emoji codes still must not turn into something else.

/// Longest name of an emoji between colons, in bytes.
const MAX_EMOJI_BYTES: usize = 34;

/// Signs that mean something wherever they stand.
const ANYWHERE: &[u8] = b"\\*_~`|<[]";

/// Signs that mean something at the beginning of a line; a dot does behind a number.
const AT_LINE_START: &[u8] = b"#>-+.";

/// Signs that mean something before certain words.
const BEFORE_WORDS: &[u8] = b"@:";

/// Returns what a text costs at most, in UTF-16 code units.
pub(crate) fn price(text: &str) -> usize {
    text.chars().map(|c| c.len_utf16() + usize::from(may_be_escaped(c))).sum()
}

fn may_be_escaped(c: char) -> bool {
    let is_in = |signs: &[u8]| u8::try_from(c).is_ok_and(|byte| signs.contains(&byte));
    is_in(ANYWHERE) || is_in(AT_LINE_START) || is_in(BEFORE_WORDS)
}

/// Appends a line of plain text; `starts` tells whether nothing but layout stands before it in its line.
///
/// The line holds no line break.
pub(crate) fn push_line(out: &mut String, line: &str, starts: bool) {
    let mut rest = line;
    if starts {
        rest = push_line_start(out, line);
    }
    let mut before = line[..line.len() - rest.len()].chars().next_back();
    while let Some(c) = rest.chars().next() {
        if let Some(address) = web_address(rest, before) {
            out.push_str(address);
            before = address.chars().next_back();
            rest = &rest[address.len()..];
            continue;
        }
        let after = &rest[c.len_utf8()..];
        let is_markup = match c {
            '@' => after.starts_with("everyone") || after.starts_with("here"),
            ':' => is_emoji_code(after) || after.starts_with("//") && !is_web(out),
            c => u8::try_from(c).is_ok_and(|byte| ANYWHERE.contains(&byte)),
        };
        if is_markup {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
        rest = after;
    }
}

/// Writes what would make a line a heading, quote or item; returns what is left of the line.
fn push_line_start<'t>(out: &mut String, line: &'t str) -> &'t str {
    let text = line.trim_start_matches(' ');
    out.push_str(&line[..line.len() - text.len()]);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        let (number, after) = text.split_at(digits);
        out.push_str(number);
        if after.starts_with('.') {
            out.push('\\');
        }
        return after;
    }
    if text.bytes().next().is_some_and(|first| AT_LINE_START.contains(&first)) {
        out.push('\\');
        // A dot alone means nothing, but costs what is said.
        out.push_str(&text[..1]);
        return &text[1..];
    }
    text
}

/// Returns the web address that a text begins with.
fn web_address(text: &str, before: Option<char>) -> Option<&str> {
    if before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let scheme = ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme))?;
    // What is glued to an address belongs to it for Discord, a backslash too.
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '<' | '`')).unwrap_or(text.len());
    let address = &text[..end];
    (address.len() > scheme.len()).then_some(address)
}

/// Whether a text ends with the scheme of the web: what begins with another one, such as an app's, is made no link.
fn is_web(text: &str) -> bool {
    ["http", "https"].iter().any(|scheme| text.ends_with(scheme))
}

fn is_emoji_code(after: &str) -> bool {
    let name =
        after.bytes().take(MAX_EMOJI_BYTES).take_while(|b| b.is_ascii_alphanumeric() || b"_+-".contains(b)).count();
    name > 0 && after.as_bytes().get(name) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(line: &str) -> String {
        let mut out = String::new();
        push_line(&mut out, line, true);
        assert!(out.encode_utf16().count() <= price(line), "{out}");
        out
    }

    #[test]
    fn what_looks_like_markup_gets_a_backslash() {
        for (line, expected) in [
            ("a*b_c~d|e`f\\g", r"a\*b\_c\~d\|e\`f\\g"),
            ("<@1> <#2> <:x:3> [a](b)", r"\<@1> \<#2> \<\:x:3> \[a\](b)"),
            ("# a", r"\# a"),
            ("  > a", r"  \> a"),
            ("-# a", r"\-# a"),
            ("12. a", r"12\. a"),
            ("a # b - c 1. d", "a # b - c 1. d"),
            ("@everyone @here @home @kim", r"\@everyone \@here @home @kim"),
            (":fire: 12:30 a:b", r"\:fire: 12:30 a:b"),
            ("discord://-/settings steam://run/1", r"discord\://-/settings steam\://run/1"),
            ("👍 שלום", "👍 שלום"),
        ] {
            assert_eq!(escaped(line), expected, "{line}");
        }
    }

    #[test]
    fn web_addresses_stay_whole() {
        assert_eq!(escaped("see https://a.example/b_c*d?e=[f]."), "see https://a.example/b_c*d?e=[f].");
        assert_eq!(escaped("(http://a.example/x_y)"), "(http://a.example/x_y)");
        assert_eq!(escaped("https://"), "https://");
        assert_eq!(escaped("xhttps://a_b"), r"xhttps://a\_b");
        assert_eq!(escaped("https://a.example/x**, `b`"), r"https://a.example/x**, \`b\`");
    }
}
