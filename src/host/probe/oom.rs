//! Processes that the kernel killed for want of memory since it started, and how long ago that was at most.

use std::time::Duration;

use crate::host::fact::{Measure, Reading};
use crate::host::root::{Root, Unreadable};
use crate::host::shown::{bytes, code, name};

const FILE: &str = "proc/vmstat";
/// The kernel's log, which many systems let only root read.
const LOG: &str = "dev/kmsg";
/// Most victims told.
const MAX_VICTIMS: usize = 5;

/// Kills for want of memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OomKills {
    /// Processes killed since boot.
    pub(crate) count: u64,
    /// Time since boot, where the system says.
    pub(crate) uptime: Option<Duration>,
    /// The processes killed, the last one first, as far back as the kernel's log goes; or why it cannot be read.
    pub(crate) victims: Result<Vec<Victim>, Unreadable>,
}

/// A process that was killed, as the kernel's log tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Victim {
    /// Its pid.
    pub(crate) pid: u32,
    /// Its name.
    pub(crate) name: String,
    /// Its own memory at that time, in bytes.
    pub(crate) resident_bytes: u64,
    /// When, counted from boot.
    pub(crate) at: Duration,
}

/// Reads the kernel's counter.
pub(crate) fn read(root: &Root) -> Result<OomKills, Unreadable> {
    let text = root.read(FILE)?;
    let count = text
        .lines()
        .find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
        .ok_or_else(|| Unreadable::Absent(format!("oom_kill in /{FILE}")))?;
    let uptime = root.read("proc/uptime").ok().and_then(|text| {
        let seconds: f64 = text.split_ascii_whitespace().next()?.parse().ok()?;
        Duration::try_from_secs_f64(seconds.floor()).ok()
    });
    let victims = root.read_records(LOG).map(|text| {
        let mut victims: Vec<Victim> = text.lines().filter_map(parse_victim).collect();
        victims.reverse();
        victims.truncate(MAX_VICTIMS);
        victims
    });
    Ok(OomKills { count, uptime, victims })
}

/// Parses a record such as `3,900,5012345678,-;Out of memory: Killed process 42 (java) total-vm:9kB, anon-rss:8kB, …`.
fn parse_victim(record: &str) -> Option<Victim> {
    let (head, message) = record.split_once(';')?;
    let (_, told) = message.split_once("Killed process ")?;
    let (pid, rest) = told.split_once(" (")?;
    let (name, rest) = rest.split_once(')')?;
    let kib: u64 = rest.split_once("anon-rss:")?.1.split_once("kB")?.0.parse().ok()?;
    let at = Duration::from_micros(head.split(',').nth(2)?.parse().ok()?);
    Some(Victim { pid: pid.parse().ok()?, name: name.into(), resident_bytes: kib.checked_mul(1024)?, at })
}

fn since(span: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_secs(span.as_secs() / 60 * 60))
}

impl OomKills {
    /// Makes the reading.
    #[expect(clippy::cast_precision_loss, reason = "a count of kills is small")]
    pub(crate) fn reading(&self) -> Reading {
        let mut lines = vec![self.evidence()];
        lines.extend(self.victims.iter().flatten().map(|victim| self.line(victim)));
        let mut reading = Reading::new(lines.join("\n"));
        reading.fact(Measure::OomKills, self.count as f64, self.evidence());
        match &self.victims {
            Ok(victims) => {
                for victim in victims {
                    let shown = format!("{} (pid {})", code(&victim.name), victim.pid);
                    let (key, value) = (victim.pid.to_string(), victim.resident_bytes as f64);
                    reading.fact_of(Measure::OomVictim, key, shown, value, self.line(victim));
                }
                reading = reading.looked_at(&[Measure::OomVictim]);
            }
            // A machine without that log, such as a container, or one that hides it: who was killed stays unknown.
            Err(_) if self.count == 0 => reading = reading.looked_at(&[Measure::OomVictim]),
            Err(why) => reading.gaps.push(why.to_string()),
        }
        reading
    }

    fn line(&self, victim: &Victim) -> String {
        let ago = match self.uptime {
            Some(uptime) => format!("{} ago", since(uptime.saturating_sub(victim.at))),
            None => format!("{} after boot", since(victim.at)),
        };
        format!("killed {ago}: pid {} {} with {}", victim.pid, name(&victim.name), bytes(victim.resident_bytes))
    }

    /// Writes the evidence as plain text.
    pub(crate) fn evidence(&self) -> String {
        let since = self.uptime.map_or_else(String::new, |uptime| format!(", {} ago", since(uptime)));
        format!("processes killed for want of memory since boot{since}: {}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_kernel_without_the_counter_is_no_proof_of_no_kills() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("proc")).unwrap();
        std::fs::write(directory.path().join(FILE), "nr_free_pages 5\noom_kill_disable 3\n").unwrap();
        assert!(matches!(read(&Root::at(directory.path())), Err(Unreadable::Absent(_))));
    }

    #[test]
    fn a_kill_in_the_log_names_its_victim_and_other_records_none() {
        let record = "3,900,5012345678,-;Memory cgroup out of memory: Killed process 42 (ja va) total-vm:9kB, \
                      anon-rss:2048kB, file-rss:0kB";
        let victim = parse_victim(record).unwrap();
        assert_eq!((victim.pid, victim.name.as_str(), victim.resident_bytes), (42, "ja va", 2 * 1024 * 1024));
        assert_eq!(victim.at, Duration::from_micros(5_012_345_678));
        for other in ["", "3,1,2,-;Killed process", "3,1,2,-;Killed process x (y) anon-rss:1kB", ";;;", "6,1,2,-;usb"] {
            assert_eq!(parse_victim(other), None, "{other}");
        }
    }

    #[test]
    fn the_counter_is_told_with_its_span() {
        let kills = OomKills { count: 2, uptime: Some(Duration::from_secs(7_384)), victims: Ok(Vec::new()) };
        assert_eq!(kills.evidence(), "processes killed for want of memory since boot, 2h 3m ago: 2");
    }
}
