//! Whether the problem of an alert is there or over.

use serde::{Deserialize, Serialize};

/// Whether the problem is there or over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Firing {
    /// The problem is there. What says nothing of it fires: an alert must not be lost for a missing word.
    #[default]
    Firing,
    /// The problem is over.
    Resolved,
}

impl Firing {
    /// Returns the word for it in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }

    /// Reads a source's word for a state, such as `resolved`, `OK`, `Recovered`, `Re-Triggered` or `alerting`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let word: String = text.trim().chars().take(64).filter(|c| c.is_alphanumeric()).collect();
        match word.to_lowercase().as_str() {
            "resolved" | "resolve" | "ok" | "recovered" | "recovery" | "nodatarecovered" | "warnrecovered"
            | "closed" | "close" | "normal" | "success" | "inactive" | "up" | "cleared" | "clear" | "fixed"
            | "healthy" => Some(Self::Resolved),
            "firing" | "alert" | "alerts" | "alerting" | "triggered" | "trigger" | "retriggered" | "renotify"
            | "rewarn" | "nodata" | "renodata" | "active" | "open" | "opened" | "problem" | "down" | "acknowledged"
            | "acknowledge" | "acked" | "alarm" | "unhealthy" => Some(Self::Firing),
            _ => None,
        }
    }

    /// Whether a source's word for a state says that somebody has taken it.
    pub(super) fn is_acknowledged(text: &str) -> bool {
        ["acknowledged", "acknowledge", "acked"].iter().any(|word| text.trim().eq_ignore_ascii_case(word))
    }
}
