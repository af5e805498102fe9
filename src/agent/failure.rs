//! Why a run gave no answer: in the agent's own words, or as its supervisor saw it.

use serde::{Deserialize, Serialize};

use super::exit::{Cause, Ended};

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
