//! Processes that the kernel killed for want of memory since it started, and how long ago that was at most.

use std::time::Duration;

use crate::investigation::host::fact::{Measure, Reading};
use crate::investigation::host::root::{Root, Unreadable};

const FILE: &str = "proc/vmstat";

/// Kills for want of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OomKills {
    /// Processes killed since boot.
    pub(crate) count: u64,
    /// Time since boot, where the system says.
    pub(crate) uptime: Option<Duration>,
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
    Ok(OomKills { count, uptime })
}

impl OomKills {
    /// Makes the reading.
    #[expect(clippy::cast_precision_loss, reason = "a count of kills is small")]
    pub(crate) fn reading(&self) -> Reading {
        let mut reading = Reading::new(self.evidence());
        reading.fact(Measure::OomKills, self.count as f64, self.evidence());
        reading
    }

    /// Writes the evidence as plain text.
    pub(crate) fn evidence(&self) -> String {
        let since = self.uptime.map_or_else(String::new, |uptime| {
            let minutes = Duration::from_secs(uptime.as_secs() / 60 * 60);
            format!(", {} ago", humantime::format_duration(minutes))
        });
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
    fn the_counter_is_told_with_its_span() {
        let kills = OomKills { count: 2, uptime: Some(Duration::from_secs(7_384)) };
        assert_eq!(kills.evidence(), "processes killed for want of memory since boot, 2h 3m ago: 2");
    }
}
