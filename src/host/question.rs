//! What a question is about: its words choose which findings come first, and nothing else.
//!
//! The text is data. It is never run, never printed back, and a question without a known word asks for the overview.

use serde::{Deserialize, Serialize};

/// A part of the machine that a question can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Processor time and run queue.
    Cpu,
    /// Memory, its pressure, and kills for want of it.
    Memory,
    /// File systems and waiting for disks.
    Disk,
    /// Units of the service manager.
    Services,
    /// Listening ports.
    Network,
    /// Tables of the kernel that fill up: files, processes, threads.
    Limits,
    /// Log files that were named.
    Logs,
    /// Pages and certificates that were named.
    Web,
}

impl Area {
    /// Every area, in the order of an overview.
    pub(crate) const ALL: [Self; 8] =
        [Self::Cpu, Self::Memory, Self::Disk, Self::Services, Self::Limits, Self::Network, Self::Logs, Self::Web];

    /// Tells whether every machine has it, whatever was named.
    pub(crate) fn is_of_every_machine(self) -> bool {
        !matches!(self, Self::Logs | Self::Web)
    }

    /// Returns the area's name as a person reads it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            Self::Memory => "Memory",
            Self::Disk => "Disk",
            Self::Services => "Services",
            Self::Network => "Network",
            Self::Limits => "Limits",
            Self::Logs => "Logs",
            Self::Web => "Web",
        }
    }

    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Cpu => {
                &["cpu", "cpus", "load", "loaded", "slow", "slowness", "sluggish", "busy", "processor", "hang"]
            }
            Self::Memory => &[
                "memory",
                "mem",
                "ram",
                "oom",
                "oomkilled",
                "leak",
                "leaks",
                "leaking",
                "swap",
                "swapping",
                "slow",
                "hang",
            ],
            Self::Disk => &[
                "disk",
                "disks",
                "space",
                "inode",
                "inodes",
                "filesystem",
                "filesystems",
                "full",
                "mount",
                "storage",
                "io",
                "iowait",
                "slow",
            ],
            Self::Services => &[
                "service",
                "services",
                "unit",
                "units",
                "systemd",
                "daemon",
                "failed",
                "crash",
                "crashes",
                "crashing",
                "crashloop",
                "restart",
                "restarts",
                "restarting",
                "journal",
            ],
            Self::Network => &["port", "ports", "listen", "listening", "socket", "sockets", "network"],
            Self::Limits => &["descriptor", "descriptors", "fd", "fds", "files", "threads", "pids", "ulimit"],
            Self::Logs => &["log", "logs", "error", "errors"],
            Self::Web => &["certificate", "certificates", "cert", "tls", "ssl", "https", "http", "url"],
        }
    }
}

/// What the answer puts first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Focus {
    /// The question named no area.
    Overview,
    /// The areas it named, in the overview's order.
    On(Vec<Area>),
}

impl Focus {
    /// Finds what a question is about: what its first line names, else what the rest does, such as the labels of an alert.
    pub(crate) fn of(question: &str) -> Self {
        let first = question.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        match Self::named_in(first) {
            Self::Overview => Self::named_in(question),
            on @ Self::On(_) => on,
        }
    }

    fn named_in(text: &str) -> Self {
        let mut named = [false; Area::ALL.len()];
        for word in text.lines().map(said).flat_map(plain_words) {
            for word in std::iter::once(word).chain(parts(word)).map(str::to_lowercase) {
                for (index, area) in Area::ALL.iter().enumerate() {
                    named[index] |= area.words().contains(&word.as_str());
                }
            }
        }
        let areas: Vec<Area> = Area::ALL.into_iter().zip(named).filter_map(|(area, on)| on.then_some(area)).collect();
        if areas.is_empty() { Self::Overview } else { Self::On(areas) }
    }

    /// Tells whether an area comes first.
    pub(crate) fn includes(&self, area: Area) -> bool {
        match self {
            Self::Overview => true,
            Self::On(areas) => areas.contains(&area),
        }
    }
}

/// Returns what a line says: of an alert's label or annotation its value, since every alert may have one called `service`.
fn said(line: &str) -> &str {
    let field = ["label ", "annotation "].iter().find_map(|kind| line.trim_start().strip_prefix(kind));
    field.and_then(|field| field.split_once(": ")).map_or(line, |(_, value)| value)
}

/// Lists the words of a text; those of an address are none of the question's.
pub(crate) fn plain_words(text: &str) -> impl Iterator<Item = &str> {
    let said = text.split_whitespace().filter(|word| !word.contains("://"));
    said.flat_map(|word| word.split(|char: char| !char.is_alphanumeric())).filter(|word| !word.is_empty())
}

/// Takes a name such as `HighCpuLoad` apart, as alerts are called.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let begins = |(at, char): (usize, char)| {
        let follows_small = word[..at].chars().next_back().is_some_and(char::is_lowercase);
        (char.is_uppercase() && follows_small).then_some(at)
    };
    let starts: Vec<usize> = std::iter::once(0).chain(word.char_indices().filter_map(begins)).collect();
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([word.len()]).collect();
    starts.into_iter().zip(ends).map(|(start, end)| &word[start..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_choose_the_areas() {
        assert_eq!(Focus::of("CPU?"), Focus::On(vec![Area::Cpu]));
        assert_eq!(Focus::of("was something OOM-killed, or a leak"), Focus::On(vec![Area::Memory]));
        assert_eq!(Focus::of("[FIRING] DiskFull: space on /data"), Focus::On(vec![Area::Disk]));
        assert_eq!(Focus::of("how full are the disks?\n(Load too high)"), Focus::On(vec![Area::Disk]));
        assert_eq!(Focus::of("High error rate https://acme.io/d/7"), Focus::On(vec![Area::Logs]));
        assert_eq!(Focus::of("title: Too many 500s\nlabel service: shop"), Focus::Overview);
        assert_eq!(Focus::of("HighCpuLoad"), Focus::On(vec![Area::Cpu]));
        assert_eq!(Focus::of("why is it slow"), Focus::On(vec![Area::Cpu, Area::Memory, Area::Disk]));
    }

    #[test]
    fn words_within_words_and_empty_questions_ask_for_the_overview() {
        for question in ["", "\0\n", "download the memoryless diskette", "$(reboot)", "-h"] {
            assert_eq!(Focus::of(question), Focus::Overview, "{question}");
        }
    }
}
