//! What the kernel says of this process: its memory, and when it began.

use std::time::Duration;

use nix::unistd::{SysconfVar, sysconf};

use crate::clock::Timestamp;

/// Memory resident, in bytes; `None` where the kernel does not say.
pub(super) fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    resident_pages(&text)?.checked_mul(system(SysconfVar::PAGE_SIZE)?)
}

/// When this process began, to the hundredth of a second; `None` where the kernel does not say.
pub(super) fn started_at(now: Timestamp) -> Option<Timestamp> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let began_ms = started_ticks(&stat)?.checked_mul(1000)? / system(SysconfVar::CLK_TCK)?;
    let uptime = Duration::try_from_secs_f64(uptime.split_ascii_whitespace().next()?.parse().ok()?).ok()?;
    Some(now.before(uptime.saturating_sub(Duration::from_millis(began_ms))))
}

fn system(number: SysconfVar) -> Option<u64> {
    sysconf(number).ok().flatten().and_then(|number| u64::try_from(number).ok()).filter(|&number| number > 0)
}

/// Reads the second column of `/proc/<pid>/statm`.
fn resident_pages(statm: &str) -> Option<u64> {
    statm.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Reads column 22 of `/proc/<pid>/stat`; the second, the name, may hold anything but ends at the last parenthesis.
fn started_ticks(stat: &str) -> Option<u64> {
    let (_, from_third) = stat.rsplit_once(')')?;
    from_third.split_ascii_whitespace().nth(22 - 3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_whatever_the_name() {
        assert_eq!(resident_pages("3133440 379 1 1 0 1 0\n"), Some(379));
        let rest = "R 1 1 1 0 -1 4194304 98 0 0 0 70 30 5 5 20 0 3 0 8249 3133440 379";
        assert_eq!(started_ticks(&format!("7 (a) b (c) {rest}")), Some(8249));
        assert_eq!((resident_pages(""), started_ticks(""), started_ticks("7 (a) R 1")), (None, None, None));
    }

    #[test]
    fn this_process_has_memory_and_began_before_now() {
        assert!(resident_bytes().expect("the kernel says") > 1 << 20);
        let now = Timestamp(4_000_000_000_000);
        let age = now.since(started_at(now).expect("the kernel says"));
        assert!(age < Duration::from_secs(24 * 3600), "{age:?}");
    }
}
