//! Why a run gave no answer: in the agent's own words, or as its supervisor saw it.

use serde::{Deserialize, Serialize};

use super::exit::{Cause, Ended};
use super::trouble::AgentTrouble;

/// Why a run gave no answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Failure {
    /// The agent's own words. Supervisors of protocol version 2 and before put all failures into words.
    Said(String),
    /// The supervisor's account.
    Seen(Unfinished),
}

/// A run that ended without the agent's own final word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unfinished {
    /// What became of the agent's process.
    pub ended: Ended,
    /// Why the supervisor ended the run; `None` when the agent left by itself.
    pub cause: Option<Cause>,
    /// Whether the agent says itself when it is done, so that its word is missing.
    pub owed: bool,
    /// What the agent had put out at its end.
    pub words: String,
}

impl Failure {
    /// Returns the known trouble that it tells of. A program that does not say itself whether it is done may print whatever
    /// it likes.
    #[must_use]
    pub fn trouble(&self) -> Option<AgentTrouble> {
        match self {
            Self::Said(words) => AgentTrouble::of(words),
            Self::Seen(run) if run.ended_by_itself() => AgentTrouble::of(&run.words),
            Self::Seen(_) => None,
        }
    }

    /// Returns the signal that has ended an agent which owed a word, and not ours; a shell around it tells it by an exit code.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        let Self::Seen(run) = self else { return None };
        match run.ended {
            _ if !run.ended_by_itself() => None,
            Ended::Signalled { signal } => Some(signal),
            Ended::Exited { code: code @ (134 | 137 | 139 | 143) } => Some(code - 128),
            Ended::Exited { .. } | Ended::Kept | Ended::NotFound { .. } | Ended::SpawnFailed { .. } => None,
        }
    }
}

impl Unfinished {
    /// Whether its agent owed a word and was not ended by us.
    fn ended_by_itself(&self) -> bool {
        self.owed && matches!(self.cause, None | Some(Cause::Settled))
    }
}

impl From<String> for Failure {
    fn from(words: String) -> Self {
        Self::Said(words)
    }
}

impl From<&str> for Failure {
    fn from(words: &str) -> Self {
        Self::Said(words.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(ended: Ended, cause: Option<Cause>, owed: bool) -> Failure {
        Failure::Seen(Unfinished { ended, cause, owed, words: "HTTP 429".into() })
    }

    #[test]
    fn a_signal_is_told_where_it_was_not_ours_and_a_word_was_owed() {
        let killed = Ended::Signalled { signal: 9 };
        assert_eq!(seen(killed.clone(), None, true).signal(), Some(9));
        assert_eq!(seen(Ended::Exited { code: 137 }, None, true).signal(), Some(9));
        assert_eq!(seen(Ended::Exited { code: 1 }, None, true).signal(), None);
        assert_eq!(seen(killed.clone(), None, false).signal(), None);
        assert_eq!(seen(killed, Some(Cause::Cancelled), true).signal(), None);
        assert_eq!(Failure::Said("killed".into()).signal(), None);
    }

    #[test]
    fn what_a_program_printed_that_owes_no_word_is_not_taken_for_its_trouble() {
        let ended = || Ended::Exited { code: 1 };
        assert_eq!(seen(ended(), None, true).trouble(), Some(AgentTrouble::Limited(None)));
        assert_eq!(seen(ended(), None, false).trouble(), None);
        assert_eq!(seen(ended(), Some(Cause::OutputLimit), true).trouble(), None);
    }
}
