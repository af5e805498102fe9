//! Open files of each process against its own limit; those of other users' processes are refused by the system.

use std::time::{Duration, Instant};

use crate::host::fact::{Measure, Reading};
use crate::host::root::{Root, Unreadable};
use crate::host::sample::MAX_PROCESSES;
use crate::host::shown::{code, name, percent, share};
use crate::host::stat::parse_process;

/// Most open files counted of one process; it then has at least so many.
const MAX_COUNTED: usize = 65_536;
/// Longest look at all processes.
const BUDGET: Duration = Duration::from_secs(1);
/// Most processes listed.
const MAX_LISTED: usize = 10;

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Holder {
    pid: u32,
    name: String,
    open: u64,
    limit: u64,
}

/// The processes nearest to their limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Descriptors {
    holders: Vec<Holder>,
    counted: usize,
    refused: usize,
    late: usize,
}

/// Counts.
///
/// # Errors
/// [`Unreadable`] when `/proc` is, or when no process lets us look.
pub(crate) fn read(root: &Root) -> Result<Descriptors, Unreadable> {
    let (pids, _) = root.numbers_in("proc", MAX_PROCESSES)?;
    let mut found = Descriptors::default();
    let deadline = Instant::now() + BUDGET;
    for pid in pids {
        if Instant::now() > deadline {
            found.late += 1;
            continue;
        }
        match root.numbers_in(&format!("proc/{pid}/fd"), MAX_COUNTED) {
            Ok((open, _)) => {
                found.counted += 1;
                found.holders.extend(holder(root, pid, open.len() as u64));
            }
            // It ended meanwhile.
            Err(Unreadable::Absent(_)) => {}
            Err(Unreadable::Refused { .. } | Unreadable::Malformed(_)) => found.refused += 1,
        }
    }
    if found.counted == 0 && found.refused > 0 {
        let what = format!("open files of {} process(es)", found.refused);
        return Err(Unreadable::Refused { what, reason: "they belong to others".into() });
    }
    found.holders.sort_by(|a, b| b.part().total_cmp(&a.part()).then(b.open.cmp(&a.open)).then(a.pid.cmp(&b.pid)));
    found.holders.truncate(MAX_LISTED);
    Ok(found)
}

fn holder(root: &Root, pid: u32, open: u64) -> Option<Holder> {
    let limits = root.read(&format!("proc/{pid}/limits")).ok()?;
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_whitespace().next()?;
    let stat = parse_process(&root.read(&format!("proc/{pid}/stat")).ok()?)?;
    Some(Holder { pid, name: stat.name, open, limit: limit.parse().ok()? })
}

impl Holder {
    fn part(&self) -> f64 {
        share(self.open, self.limit)
    }

    fn line(&self) -> String {
        let Self { pid, name: called, open, limit } = self;
        format!("pid {pid} {}: {open} of at most {limit} files open ({})", name(called), percent(self.part()))
    }
}

impl Descriptors {
    /// Makes the reading.
    #[expect(clippy::cast_precision_loss, reason = "a count of files is small")]
    pub(crate) fn reading(&self) -> Reading {
        let mut lines = vec![format!("processes whose open files were counted: {}", self.counted)];
        lines.extend(self.holders.iter().map(Holder::line));
        let mut reading = Reading::new(lines.join("\n")).looked_at(&[Measure::DescriptorsUsed]);
        for one in &self.holders {
            let shown = format!("{} (pid {})", code(&one.name), one.pid);
            let key = one.pid.to_string();
            reading.fact_of(Measure::DescriptorsUsed, key.clone(), shown.clone(), one.part(), one.line());
            reading.fact_of(Measure::Descriptors, key, shown, one.open as f64, one.line());
        }
        if self.late > 0 {
            reading.gaps.push(format!("open files of {} process(es), for which no time was left", self.late));
        }
        if self.refused > 0 {
            reading.gaps.push(format!("open files of {} process(es) that belong to others", self.refused));
        }
        reading
    }
}
