//! What a strict server asks of commands and mails.

/// Longest line of a mail, in octets without CR LF (RFC 5321, 4.5.3.1.6).
const MAX_LINE_BYTES: usize = 998;

/// Tells what is wrong with a line of a mail, given with its end.
pub(super) fn wrong_line(line: &[u8], eight_bit: bool) -> Option<&'static str> {
    let Some(text) = line.strip_suffix(b"\r\n") else { return Some("a line ends without CR LF") };
    if text.len() > MAX_LINE_BYTES {
        return Some("a line is longer than 998 octets");
    }
    if text.iter().any(|b| matches!(b, b'\r' | b'\0')) {
        return Some("a line has CR or NUL in it");
    }
    if !eight_bit && !text.is_ascii() {
        return Some("a line is not ASCII, and BODY=8BITMIME was not announced");
    }
    None
}

/// Tells what is wrong with the headers of a whole mail.
pub(super) fn wrong_headers(data: &[u8]) -> Option<String> {
    let end = data.windows(4).position(|at| at == b"\r\n\r\n").unwrap_or(data.len());
    let head = String::from_utf8_lossy(&data[..end]);
    let mut names = Vec::new();
    for line in head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])) {
        let Some((name, _)) = line.split_once(':') else { return Some(format!("{line:?} is no header")) };
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Some(format!("{name:?} is no name of a header"));
        }
        names.push(name.to_ascii_lowercase());
    }
    for name in ["date", "from", "to", "message-id", "subject", "mime-version", "auto-submitted"] {
        let count = names.iter().filter(|other| *other == name).count();
        if count != 1 {
            return Some(format!("the header {name} comes {count} times"));
        }
    }
    None
}

/// Reads `<address>` and parameters behind `FROM:` or `TO:`.
pub(super) fn path<'l>(argument: &'l str, keyword: &str) -> Option<(&'l str, Vec<&'l str>)> {
    let rest = argument.get(keyword.len()..).filter(|_| argument[..keyword.len()].eq_ignore_ascii_case(keyword))?;
    let (address, parameters) = rest.strip_prefix('<')?.split_once('>')?;
    let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && c != '<';
    let is_address = address.matches('@').count() == 1 && address.chars().all(is_plain);
    let spaced = parameters.is_empty() || parameters.starts_with(' ');
    (is_address && spaced).then(|| (address, parameters.split_ascii_whitespace().collect()))
}

/// Tells whether a client may call itself this: a name, or an address in brackets.
pub(super) fn is_client_name(name: &str) -> bool {
    let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    match literal {
        Some(ip) => ip.trim_start_matches("IPv6:").parse::<std::net::IpAddr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)),
    }
}
