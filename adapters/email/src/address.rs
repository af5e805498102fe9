//! Addresses as people write them: `ops@example.org` or `On-call <ops@example.org>`; one only, and nothing besides.

use lettre::Address;
use lettre::message::Mailbox;

/// Longest address with its name, in bytes.
const MAX_BYTES: usize = 512;
/// How much of a wrong address is shown, in characters.
const MAX_SHOWN_CHARS: usize = 80;

/// Tells why a text is no e-mail address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is no e-mail address: {why}")]
pub struct InvalidAddress {
    text: String,
    why: &'static str,
}

/// Returns the address alone, without the name before it: what a chat of the provider `email` is called.
///
/// # Errors
/// [`InvalidAddress`] for anything but one address.
pub fn bare_address(text: &str) -> Result<String, InvalidAddress> {
    mailbox(text).map(|mailbox| mailbox.email.to_string())
}

/// Parses an address with or without a name.
pub(crate) fn mailbox(text: &str) -> Result<Mailbox, InvalidAddress> {
    let invalid = |why| InvalidAddress { text: text.chars().take(MAX_SHOWN_CHARS).collect(), why };
    if text.len() > MAX_BYTES {
        return Err(invalid("it is too long"));
    }
    if text.contains(char::is_control) {
        return Err(invalid("it has a line break or another control character"));
    }
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) => (Some(name.trim().trim_matches('"').trim()), address),
        None => (None, text),
    };
    let address: Address = address.parse().map_err(|_| invalid("it must look like name@example.org"))?;
    let name = name.filter(|name| !name.is_empty()).map(str::to_owned);
    Ok(Mailbox::new(name, address))
}

/// Writes an address as every server takes it: its domain as A-labels (`xn--…`).
/// Source: <https://www.rfc-editor.org/rfc/rfc5890>, 2.3.2.1, read 2026-11.
///
/// # Errors
/// [`InvalidAddress`] where the domain has no such form.
pub(crate) fn on_wire(address: &Address) -> Result<Address, InvalidAddress> {
    let shown: &str = address.as_ref();
    let invalid = |why| InvalidAddress { text: shown.chars().take(MAX_SHOWN_CHARS).collect(), why };
    let domain = address.domain();
    if domain.is_ascii() {
        return Ok(address.clone());
    }
    let domain = idna::domain_to_ascii(domain).map_err(|_| invalid("its domain is none"))?;
    Address::new(address.user(), domain).map_err(|_| invalid("its domain is none"))
}

/// Whether only a server that takes addresses that are not ASCII can be given it.
pub(crate) fn needs_utf8(address: &Address) -> bool {
    !address.user().is_ascii()
}

/// Whether a text is one address that only some servers take; for who is told of it before it fails.
pub(crate) fn is_for_few_servers(text: &str) -> bool {
    mailbox(text).is_ok_and(|mailbox| needs_utf8(&mailbox.email))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_name() {
        assert_eq!(bare_address("On-call, \"EU\" <ops@example.org>"), Ok("ops@example.org".to_owned()));
        assert_eq!(bare_address(" ops+a@example.org "), Ok("ops+a@example.org".to_owned()));
        assert_eq!(mailbox("\"Ops\" <o@example.org>").expect("valid").name.as_deref(), Some("Ops"));
        assert_eq!(bare_address("jörg@bücher.example"), Ok("jörg@bücher.example".to_owned()));
    }

    #[test]
    fn only_one_address_passes_and_nothing_that_could_end_a_line() {
        let long = format!("{}@example.org", "a".repeat(600));
        for wrong in [
            "",
            "ops",
            "@",
            "a@b.example, c@d.example",
            "a@b.example c@d.example",
            "a@b.example>",
            "<a@b.example> <c@d.example",
            "a@b.example\r\nBcc: c@d.example",
            "x\ny <a@b.example>",
            "a@b.example\0",
            "a@b.example> SIZE=1",
            &long,
        ] {
            assert!(bare_address(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_domain_goes_out_in_ascii_and_a_local_part_as_it_is() {
        let wire = |text: &str| on_wire(&mailbox(text).expect("an address").email).map(|address| address.to_string());
        assert_eq!(wire("ops@bücher.example"), Ok("ops@xn--bcher-kva.example".to_owned()));
        assert_eq!(wire("jörg@例え.example"), Ok("jörg@xn--r8jz45g.example".to_owned()));
        assert_eq!(wire("Ops@Example.org"), Ok("Ops@Example.org".to_owned()));
        assert!(is_for_few_servers("jörg@example.org") && !is_for_few_servers("ops@bücher.example"));
    }
}
