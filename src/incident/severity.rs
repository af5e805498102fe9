//! How bad an incident is: as bad as the worst of its alerts that fire.

use crate::alert::Severity;

/// Returns how bad a severity is, the worse the higher; what is unknown may be anything, so it is above what is merely
/// worth knowing.
#[must_use]
fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 4,
        Severity::Error => 3,
        Severity::Warning => 2,
        Severity::Unknown => 1,
        Severity::Info => 0,
    }
}

/// Returns the worse of two severities.
#[must_use]
pub fn worse(one: Severity, other: Severity) -> Severity {
    if rank(other) > rank(one) { other } else { one }
}
