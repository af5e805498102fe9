//! How bad an incident is: as bad as the worst of its alerts that fire.

use crate::alert::Severity;

/// Every severity, the worst last. What is unknown may be anything, so it is above what is merely worth knowing.
const LADDER: [Severity; 5] =
    [Severity::Info, Severity::Unknown, Severity::Warning, Severity::Error, Severity::Critical];

/// Returns how bad a severity is: the worse, the higher.
#[must_use]
pub fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Info => 0,
        Severity::Unknown => 1,
        Severity::Warning => 2,
        Severity::Error => 3,
        Severity::Critical => 4,
    }
}

/// Returns the severity of a rank; what is no rank is unknown.
#[must_use]
pub fn of_rank(rank: u8) -> Severity {
    LADDER.get(usize::from(rank)).copied().unwrap_or_default()
}
