//! The probes: each reads one kind of evidence, holds it as numbers, and writes it as plain text.
//!
//! A probe does not judge. Its text is recorded as the output of a tool call under the probe's id, and every finding
//! quotes a line of it.

pub(crate) mod cgroup;
pub(crate) mod disks;
pub(crate) mod limits;
pub(crate) mod load;
pub(crate) mod memory;
pub(crate) mod mounts;
pub(crate) mod oom;
pub(crate) mod ports;
pub(crate) mod pressure;
pub(crate) mod services;

use super::inquiry::Inquiry;
use super::observe::Observations;
use super::question::{Area, Focus};

/// One kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Load averages.
    Load,
    /// Processors and processes over the sampling window.
    Processes,
    /// Memory and swap.
    Memory,
    /// Time lost waiting, for each resource.
    Pressure,
    /// Processes killed for want of memory.
    Oom,
    /// Limits of the control group this runs in.
    Cgroup,
    /// Space and inodes of local file systems.
    Disks,
    /// Failed units of the service manager.
    Services,
    /// Tables of the kernel that fill up.
    Limits,
    /// Listening ports.
    Ports,
}

impl Probe {
    /// Every probe, in the order of running.
    pub(crate) const ALL: [Self; 10] = [
        Self::Load,
        Self::Processes,
        Self::Memory,
        Self::Pressure,
        Self::Oom,
        Self::Cgroup,
        Self::Disks,
        Self::Services,
        Self::Limits,
        Self::Ports,
    ];

    /// Returns the probe's id, by which evidence is cited.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Processes => "processes",
            Self::Memory => "memory",
            Self::Pressure => "pressure",
            Self::Oom => "oom",
            Self::Cgroup => "cgroup",
            Self::Disks => "disks",
            Self::Services => "services",
            Self::Limits => "limits",
            Self::Ports => "ports",
        }
    }

    /// Says in one line what the probe reads.
    pub(crate) fn summary(self) -> &'static str {
        match self {
            Self::Load => "load averages and number of tasks (/proc/loadavg)",
            Self::Processes => "processors, run queue and processes over a window (/proc/stat, /proc/<pid>/stat)",
            Self::Memory => "memory and swap (/proc/meminfo)",
            Self::Pressure => "time lost waiting for CPU, memory and I/O (/proc/pressure)",
            Self::Oom => "processes killed for want of memory since boot (/proc/vmstat)",
            Self::Cgroup => "limits of the control group this runs in (/sys/fs/cgroup)",
            Self::Disks => "space and inodes of local file systems (/proc/self/mountinfo, statvfs)",
            Self::Services => "failed units (systemctl, only where systemd runs)",
            Self::Limits => "open files, threads and processes against their limits (/proc/sys)",
            Self::Ports => "listening TCP ports (/proc/net/tcp, /proc/net/tcp6)",
        }
    }

    /// Returns where the probe looks.
    pub(crate) fn source(self) -> &'static str {
        match self {
            Self::Load => "/proc/loadavg",
            Self::Processes => "/proc/stat, /proc/<pid>/stat",
            Self::Memory => "/proc/meminfo",
            Self::Pressure => "/proc/pressure",
            Self::Oom => "/proc/vmstat",
            Self::Cgroup => "/sys/fs/cgroup",
            Self::Disks => "/proc/self/mountinfo, statvfs",
            Self::Services => "systemctl list-units",
            Self::Limits => "/proc/sys",
            Self::Ports => "/proc/net/tcp, /proc/net/tcp6",
        }
    }

    /// Tells whether an inquiry calls for the probe, given what was seen before it.
    ///
    /// The quick ones always run: together they take little longer than the sampling window, and the cause of what is
    /// asked about may lie elsewhere.
    pub(crate) fn is_called_for(self, _inquiry: &Inquiry, _focus: &Focus, _seen: &Observations) -> bool {
        match self {
            Self::Load
            | Self::Processes
            | Self::Memory
            | Self::Pressure
            | Self::Oom
            | Self::Cgroup
            | Self::Disks
            | Self::Services
            | Self::Limits
            | Self::Ports => true,
        }
    }

    /// Tells whether a machine may well be without what the probe looks at.
    pub(crate) fn is_optional(self) -> bool {
        matches!(self, Self::Cgroup | Self::Services)
    }

    /// Returns the areas on which the probe's evidence bears.
    pub(crate) fn areas(self) -> &'static [Area] {
        match self {
            Self::Load => &[Area::Cpu],
            Self::Processes => &[Area::Cpu, Area::Memory, Area::Disk],
            Self::Memory | Self::Oom | Self::Cgroup => &[Area::Memory],
            Self::Pressure => &[Area::Cpu, Area::Memory, Area::Disk],
            Self::Disks => &[Area::Disk],
            Self::Services => &[Area::Services],
            Self::Limits => &[Area::Limits],
            Self::Ports => &[Area::Network],
        }
    }
}
