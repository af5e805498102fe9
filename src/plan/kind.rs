//! What a schedule delivers.

use std::fmt;
use std::time::Duration;

use super::missed::CatchUp;

const HOUR: Duration = Duration::from_secs(3600);

/// What a schedule delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestKind {
    /// What happened in a day.
    DailySummary,
    /// What happened in a week, with what stayed open.
    WeeklyAudit,
    /// The incidents of a window, one after the other.
    IncidentWindowReplay,
    /// Whether each transport, agent and mail server that is configured works.
    SyntheticRun,
    /// What an agent finds about a question.
    CustomInvestigation,
}

impl DigestKind {
    /// All there are.
    pub const ALL: [Self; 5] = [
        Self::DailySummary,
        Self::WeeklyAudit,
        Self::IncidentWindowReplay,
        Self::SyntheticRun,
        Self::CustomInvestigation,
    ];

    /// Returns what one is called where nobody says.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::DailySummary => "Daily summary",
            Self::WeeklyAudit => "Weekly audit",
            Self::IncidentWindowReplay => "Incident replay",
            Self::SyntheticRun => "Synthetic run",
            Self::CustomInvestigation => "Investigation",
        }
    }

    /// Returns the word that people type.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DailySummary => "daily_summary",
            Self::WeeklyAudit => "weekly_audit",
            Self::IncidentWindowReplay => "incident_window_replay",
            Self::SyntheticRun => "synthetic_run",
            Self::CustomInvestigation => "custom_investigation",
        }
    }

    /// Finds what a word names; dashes count as underscores.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.replace('-', "_");
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(&word))
    }

    /// Whether it tells what happened within a window.
    #[must_use]
    pub fn is_digest(self) -> bool {
        match self {
            Self::DailySummary | Self::WeeklyAudit | Self::IncidentWindowReplay => true,
            Self::SyntheticRun | Self::CustomInvestigation => false,
        }
    }

    /// Returns how far it looks back where nobody says.
    #[must_use]
    pub fn usual_window(self) -> Duration {
        match self {
            Self::DailySummary | Self::IncidentWindowReplay | Self::SyntheticRun | Self::CustomInvestigation => {
                HOUR * 24
            }
            Self::WeeklyAudit => HOUR * 24 * 7,
        }
    }

    /// Returns what is done about missed fires where nobody says: what comes seldom is caught up with.
    #[must_use]
    pub fn usual_catch_up(self) -> CatchUp {
        match self {
            Self::DailySummary | Self::WeeklyAudit => CatchUp::Last,
            Self::IncidentWindowReplay | Self::SyntheticRun | Self::CustomInvestigation => CatchUp::None,
        }
    }
}

impl fmt::Display for DigestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
