//! TCP sockets of our network namespace: listening ports, and how many are in each state.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::host::fact::{Measure, Reading};
use crate::host::root::{MAX_FILE_BYTES, Root, Unreadable};

/// Most ports listed.
const MAX_LISTED: usize = 50;
/// State `LISTEN` in the kernel's tables.
const LISTEN: &str = "0A";
/// The states, as the kernel's tables number them from 1.
const STATES: [&str; 12] = [
    "established",
    "syn-sent",
    "syn-received",
    "fin-wait-1",
    "fin-wait-2",
    "time-wait",
    "closed",
    "close-wait",
    "last-ack",
    "listening",
    "closing",
    "new-syn-received",
];

/// Where something listens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ports {
    /// Addresses, without repetition.
    pub(crate) listening: BTreeSet<SocketAddr>,
    /// Sockets in each state; those of no known state are left out.
    pub(crate) states: BTreeMap<&'static str, u64>,
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
    let mut states = BTreeMap::new();
    for state in four.lines().chain(six.lines()).filter_map(parse_state) {
        *states.entry(state).or_default() += 1;
    }
    Ok(Ports { listening, states, cut })
}

fn parse_state(line: &str) -> Option<&'static str> {
    let mut words = line.split_ascii_whitespace().skip(1);
    words.next().filter(|address| address.contains(':'))?;
    let number = usize::from_str_radix(words.nth(1)?, 16).ok()?;
    STATES.get(number.checked_sub(1)?).copied()
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
    fn count(&self, state: &str) -> u64 {
        self.states.get(state).copied().unwrap_or(0)
    }

    /// Says in one line how many sockets are in each state.
    pub(crate) fn states_line(&self) -> String {
        let counts: Vec<String> = self.states.iter().map(|(state, count)| format!("{state} {count}")).collect();
        format!("TCP sockets by state: {}", if counts.is_empty() { "none".into() } else { counts.join(", ") })
    }

    /// Makes the reading.
    #[expect(clippy::cast_precision_loss, reason = "a count of sockets is small")]
    pub(crate) fn reading(&self) -> Reading {
        let mut reading = Reading::new(self.evidence());
        reading.short = format!("listening TCP addresses: {}; {}", self.listening.len(), self.states_line());
        for (measure, state) in [
            (Measure::CloseWait, "close-wait"),
            (Measure::TimeWait, "time-wait"),
            (Measure::SynReceived, "syn-received"),
        ] {
            reading.fact(measure, self.count(state) as f64, self.states_line());
        }
        if self.cut {
            reading.gaps.push(format!("sockets beyond the first {MAX_FILE_BYTES} bytes of a table"));
        }
        reading
    }

    /// Writes the evidence as plain text.
    pub(crate) fn evidence(&self) -> String {
        let mut lines = vec![format!("listening TCP addresses: {}", self.listening.len())];
        lines.extend(self.listening.iter().take(MAX_LISTED).map(SocketAddr::to_string));
        if self.listening.len() > MAX_LISTED {
            lines.push(format!("and {} more", self.listening.len() - MAX_LISTED));
        }
        lines.push(self.states_line());
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
    fn sockets_are_counted_by_state_and_headings_are_not() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("proc/net")).unwrap();
        let rows: String = (0..3).map(|n| format!("   {n}: 0100007F:1F90 0100007F:0016 08 0\n")).collect();
        let text = format!("  sl  local_address rem_address   st tx_queue\n{rows}   9: 0100007F:1 0100007F:2 FF 0\n");
        std::fs::write(directory.path().join("proc/net/tcp"), text).unwrap();
        let ports = read(&Root::at(directory.path())).unwrap();
        assert_eq!(ports.states_line(), "TCP sockets by state: close-wait 3");
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
