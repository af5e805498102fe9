//! `[timeouts]`: how long each part of a run may take. The supervisor keeps them, also while the bot is down.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::reader::Section;

/// Shortest and longest time-out that can be set. Zero would end every run at once.
pub(super) const RANGE: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(30 * 24 * 3600);

/// How long each part of a run may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// Longest run.
    pub background: Duration,
    /// Longest silence while no tool call is open.
    pub idle: Duration,
    /// How long an agent may take to exit after its final event.
    pub settle: Duration,
    /// From SIGTERM to SIGKILL.
    pub kill_grace: Duration,
    /// How long a permission request stays open before it counts as denied.
    pub approval: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            background: Duration::from_secs(30 * 60),
            idle: Duration::from_secs(10 * 60),
            settle: Duration::from_secs(10),
            kill_grace: Duration::from_secs(5),
            approval: Duration::from_secs(10 * 60),
        }
    }
}

impl Timeouts {
    pub(super) fn read(section: &mut Section) -> Self {
        let default = Self::default();
        Self {
            background: section.duration("background", default.background, RANGE),
            idle: section.duration("idle", default.idle, RANGE),
            settle: section.duration("settle", default.settle, RANGE),
            kill_grace: section.duration("kill_grace", default.kill_grace, RANGE),
            approval: section.duration("approval", default.approval, RANGE),
        }
    }
}
