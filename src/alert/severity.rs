//! How bad an alert is, read out of the many words that sources and teams have for it.

use serde::{Deserialize, Serialize};

/// Longest beginning of a text that is looked at, in characters.
const MAX_CHARS: usize = 64;

/// How bad an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Somebody should look now.
    Critical,
    /// Something fails.
    Error,
    /// Something will fail if nobody looks.
    Warning,
    /// Worth knowing.
    Info,
    /// Nothing, or nothing understood, is said about it.
    #[default]
    Unknown,
}

impl Severity {
    /// Every severity, the worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::Error, Self::Warning, Self::Info, Self::Unknown];

    /// Returns the word for it in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Unknown => "unknown",
        }
    }

    /// Reads a word or phrase such as `P1`, `sev-2`, `HIGH`, `P3 - Moderate` or `fatal`; what is not understood is
    /// [`Severity::Unknown`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let start: String = text.trim_start().chars().take(MAX_CHARS).collect::<String>().to_lowercase();
        let joined: String = start.chars().filter(|c| c.is_alphanumeric()).collect();
        let first = start.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or_default();
        match Self::of_word(&joined) {
            Self::Unknown => Self::of_word(first),
            known => known,
        }
    }

    /// Reads a mark in a title, which says nothing else.
    pub(super) fn of_mark(text: &str) -> Self {
        let joined: String = text.chars().take(MAX_CHARS).filter(|c| c.is_alphanumeric()).collect();
        Self::of_word(&joined.to_lowercase())
    }

    /// Reads one word in lower case. Bare numbers are not understood: to one tool 5 is the worst, to another the least.
    fn of_word(word: &str) -> Self {
        match word {
            "critical" | "crit" | "fatal" | "emergency" | "emerg" | "panic" | "page" | "disaster" | "blocker"
            | "highest" | "urgent" | "p0" | "p1" | "sev0" | "sev1" => Self::Critical,
            "error" | "err" | "high" | "major" | "severe" | "p2" | "sev2" => Self::Error,
            "warning" | "warn" | "medium" | "moderate" | "minor" | "average" | "ticket" | "p3" | "sev3" => {
                Self::Warning
            }
            "info" | "information" | "informational" | "notice" | "low" | "lowest" | "debug" | "trivial"
            | "success" | "ok" | "none" | "p4" | "p5" | "sev4" | "sev5" => Self::Info,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_understood_however_they_are_written() {
        for text in ["critical", "CRIT", " P1", "sev1", "SEV-1", "fatal", "page", "P1 - Critical"] {
            assert_eq!(Severity::parse(text), Severity::Critical, "{text}");
        }
        for text in ["error", "High", "p2", "sev 2", "major"] {
            assert_eq!(Severity::parse(text), Severity::Error, "{text}");
        }
        for text in ["warn", "Warning", "P3", "medium", "ticket"] {
            assert_eq!(Severity::parse(text), Severity::Warning, "{text}");
        }
        for text in ["info", "low", "P5", "none", "success"] {
            assert_eq!(Severity::parse(text), Severity::Info, "{text}");
        }
        for text in ["", "purple", "!!!", "normal", "1", "S3 bucket", &"p1".repeat(9999)] {
            assert_eq!(Severity::parse(text), Severity::Unknown);
        }
    }

    #[test]
    fn a_severity_is_read_back_from_its_own_word() {
        for severity in [Severity::Critical, Severity::Error, Severity::Warning, Severity::Info, Severity::Unknown] {
            assert_eq!(Severity::parse(severity.as_str()), severity);
            assert_eq!(serde_json::to_value(severity).unwrap(), severity.as_str());
        }
    }
}
