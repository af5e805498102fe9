//! Listening TCP ports of our network namespace.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::investigation::host::root::{MAX_FILE_BYTES, Root, Unreadable};

/// Most ports listed.
const MAX_LISTED: usize = 50;
/// State `LISTEN` in the kernel's tables.
const LISTEN: &str = "0A";

/// Where something listens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ports {
    /// Addresses, without repetition.
    pub(crate) listening: BTreeSet<SocketAddr>,
    /// Whether a table was longer than what is read of one file.
    pub(crate) cut: bool,
}

/// Reads the tables of both address families; a machine without IPv6 has one.
///
/// # Errors
/// [`Unreadable`] when the table of IPv4 is.
pub(crate) fn read(root: &Root) -> Result<Ports, Unreadable> {
    let four = root.read("proc/net/tcp")?;
    let six = root.read("proc/net/tcp6").unwrap_or_default();
    let cut = [&four, &six].iter().any(|text| text.len() as u64 >= MAX_FILE_BYTES);
    let listening = four.lines().chain(six.lines()).filter_map(parse_line).collect();
    Ok(Ports { listening, cut })
}

fn parse_line(line: &str) -> Option<SocketAddr> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (address, port) = words.next()?.split_once(':')?;
    words.next()?;
    if words.next()? != LISTEN {
        return None;
    }
    Some(SocketAddr::new(parse_address(address)?, u16::from_str_radix(port, 16).ok()?))
}

/// Reads an address, printed by the kernel as 32-bit words in the machine's own byte order.
fn parse_address(hex: &str) -> Option<IpAddr> {
    let word = |index: usize| {
        let digits = hex.get(index * 8..index * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let mut bytes = [0; 16];
            for index in 0..4 {
                bytes[index * 4..index * 4 + 4].copy_from_slice(&word(index)?);
            }
            Some(Ipv6Addr::from(bytes).into())
        }
        _ => None,
    }
}

impl Ports {
    /// Writes the evidence as plain text.
    pub(crate) fn evidence(&self) -> String {
        let mut lines = vec![format!("listening TCP addresses: {}", self.listening.len())];
        lines.extend(self.listening.iter().take(MAX_LISTED).map(SocketAddr::to_string));
        if self.listening.len() > MAX_LISTED {
            lines.push(format!("and {} more", self.listening.len() - MAX_LISTED));
        }
        if self.cut {
            lines.push(format!("only the first {MAX_FILE_BYTES} bytes of the table were read"));
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn listening_addresses_of_both_families_are_read() {
        let four = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1662";
        assert_eq!(parse_line(four), Some("127.0.0.1:8080".parse().unwrap()));
        let six = "   1: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 0";
        assert_eq!(parse_line(six), Some("[::1]:22".parse().unwrap()));
    }

    #[test]
    fn connections_headings_and_nonsense_are_no_listeners() {
        for line in [
            "  sl  local_address rem_address   st tx_queue",
            "   0: 0100007F:1F90 0100007F:0016 01 0",
            "   0: 0100007:1F90 0100007F:0016 0A 0",
            "   0: éééé:1F90 0100007F:0016 0A 0",
            "",
        ] {
            assert_eq!(parse_line(line), None, "{line}");
        }
    }
}
