//! What the operator has said of triage, in the words of alerts.

use std::time::Duration;

use crate::alert::Severity;
use crate::config::Triage;

/// What the operator has said of triage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriagePolicy {
    /// How long a new incident waits for more of its group before its card is shown.
    pub group_wait: Duration,
    /// How long a resolved incident is reopened by the same alerts.
    pub reopen_window: Duration,
    /// Severities that are investigated by themselves.
    pub investigate: Vec<Severity>,
    /// Severities that get no card of their own.
    pub fold: Vec<Severity>,
}

impl TriagePolicy {
    /// Reads it from the configuration.
    #[must_use]
    pub fn of(triage: &Triage) -> Self {
        let severities = |words: &[String]| words.iter().map(|word| Severity::parse(word)).collect();
        Self {
            group_wait: triage.group_wait,
            reopen_window: triage.reopen_window,
            investigate: severities(&triage.auto_investigate),
            fold: severities(&triage.fold),
        }
    }

    /// Whether an incident as bad as this gets no card of its own.
    #[must_use]
    pub fn folds(&self, severity: Severity) -> bool {
        self.fold.contains(&severity)
    }

    /// Whether an incident as bad as this is investigated by itself.
    #[must_use]
    pub fn investigates(&self, severity: Severity) -> bool {
        self.investigate.contains(&severity)
    }
}
