//! Memory and swap of the machine.

use crate::host::fact::{Measure, Reading};
use crate::host::root::{Root, Unreadable, malformed};
use crate::host::shown::{bytes, percent, share};

const FILE: &str = "proc/meminfo";

/// What `/proc/meminfo` says, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// All memory.
    pub(crate) total: u64,
    /// What new work could get without swapping.
    pub(crate) available: u64,
    /// All swap; 0 where there is none.
    pub(crate) swap_total: u64,
    /// Unused swap.
    pub(crate) swap_free: u64,
}

/// Reads the memory.
pub(crate) fn read(root: &Root) -> Result<Memory, Unreadable> {
    parse(&root.read(FILE)?).ok_or_else(|| malformed(FILE))
}

fn parse(text: &str) -> Option<Memory> {
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    };
    let total = field("MemTotal").filter(|&total| total > 0)?;
    Some(Memory {
        total,
        available: field("MemAvailable")?,
        swap_total: field("SwapTotal").unwrap_or(0),
        swap_free: field("SwapFree").unwrap_or(0),
    })
}

impl Memory {
    /// Computes the share of memory that is available, in percent.
    pub(crate) fn available_percent(&self) -> f64 {
        share(self.available, self.total)
    }

    /// Computes the share of swap in use, in percent; 0 where there is none.
    pub(crate) fn swap_used_percent(&self) -> f64 {
        share(self.swap_total.saturating_sub(self.swap_free), self.swap_total)
    }

    /// Says in one line what memory is left.
    pub(crate) fn memory_line(&self) -> String {
        format!(
            "memory: {} of {} available ({})",
            bytes(self.available),
            bytes(self.total),
            percent(self.available_percent())
        )
    }

    /// Says in one line what swap is used.
    pub(crate) fn swap_line(&self) -> String {
        if self.swap_total == 0 {
            return "swap: none configured".into();
        }
        let used = self.swap_total.saturating_sub(self.swap_free);
        format!("swap: {} of {} used ({})", bytes(used), bytes(self.swap_total), percent(self.swap_used_percent()))
    }

    /// Makes the reading.
    #[expect(clippy::cast_precision_loss, reason = "shown in a unit with one digit")]
    pub(crate) fn reading(&self) -> Reading {
        let mut reading = Reading::new(self.evidence());
        reading.fact(Measure::MemoryAvailable, self.available_percent(), self.memory_line());
        reading.fact(Measure::MemoryTotal, self.total as f64, self.memory_line());
        reading.fact(Measure::SwapUsed, self.swap_used_percent(), self.swap_line());
        reading
    }

    /// Writes the evidence as plain text.
    pub(crate) fn evidence(&self) -> String {
        format!("{}\n{}", self.memory_line(), self.swap_line())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kilobytes_become_bytes_and_missing_swap_is_none() {
        let memory = parse("MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:   40 kB\n").unwrap();
        assert_eq!(memory, Memory { total: 1_024_000, available: 40_960, swap_total: 0, swap_free: 0 });
        assert_eq!(memory.evidence(), "memory: 40.0 KiB of 1000.0 KiB available (4.0 %)\nswap: none configured");
    }

    #[test]
    fn numbers_beyond_reason_are_refused() {
        for text in ["", "MemTotal: 0 kB\nMemAvailable: 0 kB", "MemTotal: 18446744073709551615 kB\nMemAvailable: 1 kB"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
