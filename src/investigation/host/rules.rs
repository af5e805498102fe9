//! The rule table: from which measured value on something counts as found.
//!
//! Constants with their units, and the same in words, so that an answer can say what was checked.

use super::probe::Probe;
use super::probe::pressure::Resource;
use super::question::Area;

/// Processor time of one process from which on it is named, in percent of one core.
pub(crate) const HOG_PERCENT_OF_CORE: f64 = 80.0;
/// Share of all processors from which on the machine counts as busy, in percent.
pub(crate) const BUSY_PERCENT: f64 = 90.0;
/// Share of time in which processors waited for I/O, in percent.
pub(crate) const IOWAIT_PERCENT: f64 = 20.0;
/// Share of time that the hypervisor took, in percent.
pub(crate) const STEAL_PERCENT: f64 = 10.0;
/// Tasks running or ready for each core, at both ends of the window; exceeded.
pub(crate) const QUEUE_PER_CORE: u64 = 2;
/// Load average over one minute for each core; exceeded.
pub(crate) const LOAD_PER_CORE: f64 = 2.0;
/// Available memory below which it is short, in percent.
pub(crate) const MEMORY_SHORT_PERCENT: f64 = 10.0;
/// Available memory below which it is nearly gone, in percent.
pub(crate) const MEMORY_GONE_PERCENT: f64 = 5.0;
/// Swap in use from which on it is told, in percent.
pub(crate) const SWAP_USED_PERCENT: f64 = 80.0;
/// Time in which some work waited for a resource, over the last 10 s, in percent; exceeded.
pub(crate) const PRESSURE_PERCENT: f64 = 10.0;
/// The same from which on it is severe, in percent; exceeded.
pub(crate) const PRESSURE_SEVERE_PERCENT: f64 = 50.0;
/// Use of a control group's memory limit, in percent.
pub(crate) const CGROUP_MEMORY_PERCENT: f64 = 95.0;
/// Use of a file system's space from which on it is filling up, in percent.
pub(crate) const DISK_FILLING_PERCENT: f64 = 90.0;
/// Use of a file system's space from which on it is as good as full, in percent.
pub(crate) const DISK_FULL_PERCENT: f64 = 98.0;
/// Use of a file system's inodes, in percent.
pub(crate) const INODES_PERCENT: f64 = 90.0;
/// Use of a table of the kernel, in percent.
pub(crate) const TABLE_PERCENT: f64 = 90.0;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Breaks things now, or is about to.
    Critical,
    /// A likely cause of trouble.
    Warning,
    /// Remarkable, and no trouble by itself.
    Notice,
}

/// Judges the waiting for one resource.
pub(crate) fn pressure(resource: Resource, percent: f64) -> Option<Severity> {
    if percent <= PRESSURE_PERCENT {
        None
    } else if percent > PRESSURE_SEVERE_PERCENT && resource != Resource::Cpu {
        Some(Severity::Critical)
    } else {
        Some(Severity::Warning)
    }
}

/// Says in words what a probe's evidence is checked for in one area; `None` where no rule looks at it there.
pub(crate) fn in_words(probe: Probe, area: Area) -> Option<String> {
    Some(match (probe, area) {
        (Probe::Load, Area::Cpu) => format!("a load above {LOAD_PER_CORE} a core"),
        (Probe::Processes, Area::Cpu) => format!(
            "a process with {HOG_PERCENT_OF_CORE} % of a core or more, processors {BUSY_PERCENT} % busy, \
             more than {QUEUE_PER_CORE} tasks ready a core, {STEAL_PERCENT} % of time taken by the hypervisor"
        ),
        (Probe::Processes, Area::Disk) => format!("processors waiting for I/O for {IOWAIT_PERCENT} % of the time"),
        (Probe::Memory, Area::Memory) => {
            format!("less than {MEMORY_SHORT_PERCENT} % of memory available, {SWAP_USED_PERCENT} % of swap used")
        }
        (Probe::Pressure, Area::Cpu) => waiting_in_words(Resource::Cpu),
        (Probe::Pressure, Area::Memory) => waiting_in_words(Resource::Memory),
        (Probe::Pressure, Area::Disk) => waiting_in_words(Resource::Io),
        (Probe::Oom, Area::Memory) => "processes killed for want of memory since boot".into(),
        (Probe::Cgroup, Area::Memory) => {
            format!("{CGROUP_MEMORY_PERCENT} % of the control group's memory used, kills in it")
        }
        (Probe::Disks, Area::Disk) => {
            format!("a local file system with {DISK_FILLING_PERCENT} % of space or {INODES_PERCENT} % of inodes used")
        }
        (Probe::Services, Area::Services) => "failed units".into(),
        (Probe::Limits, Area::Limits) => format!("{TABLE_PERCENT} % of open files, threads or process ids used"),
        (
            Probe::Load
            | Probe::Processes
            | Probe::Memory
            | Probe::Pressure
            | Probe::Oom
            | Probe::Cgroup
            | Probe::Disks
            | Probe::Services
            | Probe::Limits
            | Probe::Ports,
            Area::Cpu | Area::Memory | Area::Disk | Area::Services | Area::Network | Area::Limits,
        ) => return None,
    })
}

fn waiting_in_words(resource: Resource) -> String {
    format!("work waiting for {resource} for more than {PRESSURE_PERCENT} % of the last 10 s")
}
