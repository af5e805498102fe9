//! Which addresses Telegram takes behind words.
//!
//! It refuses a whole message for one link that it does not take, so its own check is made before: by TDLib's `parse_url`
//! and `LinkManager::check_link` (<https://github.com/tdlib/td>, read 2026-11), a host needs a dot or is an IPv6 address,
//! a port is 1 to 65535, and only some signs may stand in a host. Everything else is written out behind its words.

use reqwest::Url;
use teloxide::types::MessageEntityKind;

/// Returns the link that leads to an address, where Telegram takes it.
pub(crate) fn link(url: &str) -> Option<MessageEntityKind> {
    let url: Url = url.parse().ok()?;
    takes(&url).then_some(MessageEntityKind::TextLink { url })
}

fn takes(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_ipv6 = host.starts_with('[');
    let is_name = host.contains('.') && host != "." && host.bytes().all(may_stand_in_a_host);
    matches!(url.scheme(), "http" | "https") && url.port() != Some(0) && (is_ipv6 || is_name)
}

/// `Url` has made lower case and ASCII of everything else.
fn may_stand_in_a_host(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_!$,~*'();&+=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_needs_a_dot_and_a_port_must_exist() {
        for url in [
            "https://a.example",
            "http://127.0.0.1:5173/",
            "http://[::1]:8080/x",
            "http://user:secret@a.example",
            "http://a_b.example:65535/?q=[x]",
            "https://bücher.example/ü",
        ] {
            assert!(link(url).is_some(), "{url}");
        }
        for url in [
            "http://localhost:5173/",
            "http://prometheus-0:9090/graph?g0.expr=up",
            "https://wiki/on.call",
            "http://a.example:99999/",
            "http://a.example:0/",
            "http://.",
            "http://a\"b.example/",
            "mailto:a@b.example",
            "ftp://a.example/",
            "docs/readme.md",
            "//a.example/x",
            "",
        ] {
            assert!(link(url).is_none(), "{url}");
        }
    }
}
