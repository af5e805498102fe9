//! `[limits]`: how much at once.

use super::reader::Section;

/// Most tasks at once in a process, when the configuration leaves the number to the machine, is this many a core …
const TASKS_PER_CORE: usize = 2;
/// … and at least this many.
const LEAST_TASKS: usize = 8;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;

/// How much at once, and how large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Most tasks that run at once in a chat.
    pub max_tasks_per_chat: u32,
    /// Most tasks that run at once in the process; 0 leaves it to [`Limits::max_tasks`].
    pub max_tasks: u32,
    /// Most tasks that wait in a chat.
    pub max_queued_per_chat: u32,
    /// Most open sessions in a chat.
    pub max_sessions_per_chat: u32,
    /// Most output of one run, in bytes.
    pub max_output_bytes: u64,
    /// Longest prompt, in bytes.
    pub max_prompt_bytes: u64,
    /// Most agents that are kept between prompts.
    pub max_warm: u32,
    /// Most memory that they take together, in bytes.
    pub max_warm_memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_tasks_per_chat: 5,
            max_tasks: 0,
            max_queued_per_chat: 50,
            max_sessions_per_chat: 10,
            max_output_bytes: 256 * MIB,
            max_prompt_bytes: MIB,
            max_warm: 4,
            max_warm_memory_bytes: 2 * GIB,
        }
    }
}

impl Limits {
    /// Returns how many tasks run at once in the process, on a machine with so many cores.
    #[must_use]
    pub fn max_tasks(&self, cores: usize) -> usize {
        match usize::try_from(self.max_tasks) {
            Ok(0) | Err(_) => cores.saturating_mul(TASKS_PER_CORE).max(LEAST_TASKS),
            Ok(number) => number,
        }
    }

    pub(super) fn read(section: &mut Section) -> Self {
        let default = Self::default();
        Self {
            max_tasks_per_chat: section.integer("max_tasks_per_chat", default.max_tasks_per_chat, 1..=10_000),
            max_tasks: section.integer("max_tasks", default.max_tasks, 0..=10_000),
            max_queued_per_chat: section.integer("max_queued_per_chat", default.max_queued_per_chat, 0..=100_000),
            max_sessions_per_chat: section.integer("max_sessions_per_chat", default.max_sessions_per_chat, 1..=10_000),
            max_output_bytes: section.size("max_output", default.max_output_bytes, KIB..=TIB),
            max_prompt_bytes: section.size("max_prompt", default.max_prompt_bytes, KIB..=MIB),
            max_warm: section.integer("max_warm", default.max_warm, 0..=1_000),
            max_warm_memory_bytes: section.size("max_warm_memory", default.max_warm_memory_bytes, MIB..=TIB),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_decides_how_many_tasks_run_unless_told() {
        let limits = Limits::default();
        assert_eq!(limits.max_tasks(1), 8);
        assert_eq!(limits.max_tasks(32), 64);
        assert_eq!(Limits { max_tasks: 3, ..limits }.max_tasks(32), 3);
    }
}
