//! Limits of the control group (version 2) this runs in: in a container these are met long before the machine's.

use crate::host::fact::{Measure, Reading};
use crate::host::root::{Root, Unreadable, malformed};
use crate::host::shown::{bytes, percent, share};

/// Limits and use of our control group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cgroup {
    /// Most memory it may have, in bytes; `None` is without limit.
    pub(crate) memory_limit: Option<u64>,
    /// Memory it has, in bytes, caches included.
    pub(crate) memory_used: Option<u64>,
    /// Its processes killed for want of memory.
    pub(crate) oom_kills: Option<u64>,
    /// Processor time it may have, in percent of one core; `None` is without limit.
    pub(crate) cpu_limit_percent: Option<u64>,
}

/// Reads the limits.
///
/// # Errors
/// [`Unreadable::Absent`] where there is no version 2 group with limits, as at the root of a machine.
pub(crate) fn read(root: &Root) -> Result<Cgroup, Unreadable> {
    const OWN: &str = "proc/self/cgroup";
    let own = root.read(OWN)?;
    let path = own.lines().find_map(|line| line.strip_prefix("0::/")).ok_or_else(|| malformed(OWN))?;
    if path.split('/').any(|part| part == "..") {
        return Err(Unreadable::Absent("a control group within this namespace".into()));
    }
    let directory = format!("sys/fs/cgroup/{path}");
    let directory = directory.trim_end_matches('/');
    let file = |name: &str| format!("{directory}/{name}");
    let memory_limit = root.read_number(&file("memory.max"))?;
    Ok(Cgroup {
        memory_limit,
        memory_used: root.read_number(&file("memory.current")).ok().flatten(),
        oom_kills: root.read(&file("memory.events")).ok().and_then(|text| parse_oom_kills(&text)),
        cpu_limit_percent: root.read(&file("cpu.max")).ok().and_then(|text| parse_cpu_max(&text)),
    })
}

fn parse_oom_kills(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

fn parse_cpu_max(text: &str) -> Option<u64> {
    let (quota, period) = text.trim().split_once(' ')?;
    quota.parse::<u64>().ok()?.checked_mul(100)?.checked_div(period.parse().ok()?)
}

impl Cgroup {
    /// Computes how much of its memory limit is used, in percent, where both are known.
    pub(crate) fn memory_used_percent(&self) -> Option<f64> {
        Some(share(self.memory_used?, self.memory_limit?))
    }

    /// Says in one line how much memory it has of what it may.
    pub(crate) fn memory_line(&self) -> String {
        let used = self.memory_used.map_or_else(|| "an unknown amount".into(), bytes);
        match (self.memory_limit, self.memory_used_percent()) {
            (Some(limit), Some(part)) => {
                format!("control group memory: {used} of at most {} ({})", bytes(limit), percent(part))
            }
            (Some(limit), None) => format!("control group memory: {used} of at most {}", bytes(limit)),
            (None, _) => format!("control group memory: {used}, no limit"),
        }
    }

    /// Says in one line how many of its processes were killed.
    pub(crate) fn kills_line(&self) -> String {
        let count = self.oom_kills.map_or_else(|| "unknown".into(), |count| count.to_string());
        format!("control group processes killed for want of memory: {count}")
    }

    /// Makes the reading.
    #[expect(clippy::cast_precision_loss, reason = "a count of kills is small")]
    pub(crate) fn reading(&self) -> Reading {
        let mut reading = Reading::new(self.evidence());
        if let Some(part) = self.memory_used_percent() {
            reading.fact(Measure::CgroupMemory, part, self.memory_line());
        }
        if let Some(count) = self.oom_kills {
            reading.fact(Measure::CgroupOomKills, count as f64, self.kills_line());
        }
        reading
    }

    /// Writes the evidence as plain text.
    pub(crate) fn evidence(&self) -> String {
        let cpu = match self.cpu_limit_percent {
            Some(limit) => format!("control group CPU: at most {limit} % of one core"),
            None => "control group CPU: no limit known".into(),
        };
        [self.memory_line(), self.kills_line(), cpu].join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_and_max_is_none() {
        assert_eq!(parse_cpu_max("150000 100000\n"), Some(150));
        assert_eq!(parse_cpu_max("max 100000\n"), None);
        assert_eq!(parse_cpu_max("1 0\n"), None);
        assert_eq!(parse_oom_kills("low 0\noom 3\noom_kill 2\n"), Some(2));
    }

    #[test]
    fn a_path_that_leads_out_of_the_tree_is_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("proc/self")).unwrap();
        std::fs::write(directory.path().join("proc/self/cgroup"), "0::/../../etc\n").unwrap();
        assert!(matches!(read(&Root::at(directory.path())), Err(Unreadable::Absent(_))));
    }
}
