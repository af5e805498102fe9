//! The probes by name: what each reads, where, and on what its evidence bears.

use crate::host::question::Area;

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
    /// Sockets: listening ports, and how many are in each state.
    Ports,
    /// The largest and growing directories of full file systems.
    Growth,
    /// What takes the room of a file system.
    Usage,
    /// Services that were started again.
    Restarts,
    /// Errors in the journal.
    Journal,
    /// Open files of processes against their limits.
    Descriptors,
    /// Log files that were named.
    Logs,
    /// Pages that were named.
    Web,
    /// A Prometheus that watches this machine.
    Prometheus,
}

impl Probe {
    /// Every probe, in the order of running.
    pub(crate) const ALL: [Self; 18] = [
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
        Self::Growth,
        Self::Usage,
        Self::Restarts,
        Self::Journal,
        Self::Descriptors,
        Self::Logs,
        Self::Web,
        Self::Prometheus,
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
            Self::Growth => "growth",
            Self::Usage => "usage",
            Self::Restarts => "restarts",
            Self::Journal => "journal",
            Self::Descriptors => "descriptors",
            Self::Logs => "logs",
            Self::Web => "web",
            Self::Prometheus => "prometheus",
        }
    }

    /// Says in one line what the probe reads.
    pub(crate) fn summary(self) -> &'static str {
        match self {
            Self::Load => "load averages and number of tasks (/proc/loadavg)",
            Self::Processes => "processors, run queue and processes over a window (/proc/stat, /proc/<pid>/stat)",
            Self::Memory => "memory and swap (/proc/meminfo)",
            Self::Pressure => "time lost waiting for CPU, memory and I/O (/proc/pressure)",
            Self::Oom => "processes killed for want of memory since boot (/proc/vmstat, /dev/kmsg)",
            Self::Cgroup => "limits of the control group this runs in (/sys/fs/cgroup)",
            Self::Disks => "space and inodes of local file systems (/proc/self/mountinfo, statvfs)",
            Self::Services => "failed units (systemctl, only where systemd runs)",
            Self::Limits => "open files, threads and processes against their limits (/proc/sys)",
            Self::Ports => "TCP sockets: listening ports and states (/proc/net/tcp, /proc/net/tcp6)",
            Self::Growth => "largest and growing directories of full file systems (two looks at the same files)",
            Self::Usage => "largest directories, with all below them, and largest files of a file system",
            Self::Restarts => "services started again (systemctl, only where systemd runs)",
            Self::Journal => "errors of the last hour by unit and kind (journalctl)",
            Self::Descriptors => "open files of processes against their limits (/proc/<pid>/fd)",
            Self::Logs => "the end of the log files named: errors, and whether they become more",
            Self::Web => "the pages named: whether they answer, and their certificates",
            Self::Prometheus => "the last half hour in the configured Prometheus",
        }
    }

    /// Returns where the probe looks.
    pub(crate) fn source(self) -> &'static str {
        match self {
            Self::Load => "/proc/loadavg",
            Self::Processes => "/proc/stat, /proc/<pid>/stat",
            Self::Memory => "/proc/meminfo",
            Self::Pressure => "/proc/pressure",
            Self::Oom => "/proc/vmstat, /dev/kmsg",
            Self::Cgroup => "/sys/fs/cgroup",
            Self::Disks => "/proc/self/mountinfo, statvfs",
            Self::Services => "systemctl list-units",
            Self::Limits => "/proc/sys",
            Self::Ports => "/proc/net/tcp, /proc/net/tcp6",
            Self::Growth | Self::Usage => "files and directories",
            Self::Restarts => "systemctl show",
            Self::Journal => "journalctl",
            Self::Descriptors => "/proc/<pid>/fd, /proc/<pid>/limits",
            Self::Logs => "the files named",
            Self::Web => "the addresses named",
            Self::Prometheus => "the configured Prometheus",
        }
    }

    /// Tells whether a machine may well be without what the probe looks at.
    pub(crate) fn is_optional(self) -> bool {
        matches!(self, Self::Cgroup | Self::Services | Self::Restarts | Self::Journal)
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
            Self::Growth | Self::Usage => &[Area::Disk],
            Self::Restarts => &[Area::Services],
            Self::Journal => &[Area::Services, Area::Logs],
            Self::Descriptors => &[Area::Limits],
            Self::Logs => &[Area::Logs],
            Self::Web => &[Area::Web],
            Self::Prometheus => &[Area::Cpu, Area::Memory, Area::Disk],
        }
    }
}
