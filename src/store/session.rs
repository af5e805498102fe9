//! A session: a named conversation of a chat with an agent.

use signalbox_adapter::ChatAddress;

use super::id::SessionId;
use crate::agent::grant::Grant;
use crate::clock::Timestamp;

/// State of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionStatus {
    /// Nothing runs or waits.
    Idle,
    /// A task runs or waits.
    Running,
    /// Closed.
    Ended,
}

impl SessionStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Idle, Self::Running, Self::Ended];

    /// Returns the word shown to people and stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Running => "running",
            Self::Ended => "ended",
        }
    }

    pub(super) fn parse(word: &str) -> Self {
        match word {
            "idle" => Self::Idle,
            "running" => Self::Running,
            _ => Self::Ended,
        }
    }
}

/// A session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Row id.
    pub id: SessionId,
    /// Where it was started.
    pub address: ChatAddress,
    /// Name, unique among the chat's open sessions.
    pub name: String,
    /// Agent.
    pub agent: String,
    /// Model, where one was asked for.
    pub model: Option<String>,
    /// The agent's own session id, as soon as it is known.
    pub agent_session: Option<String>,
    /// State.
    pub status: SessionStatus,
    /// Whether it was put away by itself.
    pub archived: bool,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Timestamp,
    /// Prompts so far.
    pub messages: u32,
    /// The last prompt.
    pub last_prompt: String,
    /// First line of the first prompt.
    pub title: String,
    /// Where the agent works, for the session's whole life.
    pub directory: String,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Cost in US dollars.
    pub cost_usd: f64,
    /// Cost in US dollars as the agent last reported it for the whole session; differences are taken from it.
    pub reported_cost: f64,
    /// What was allowed for the whole session.
    pub grants: Vec<Grant>,
    /// Whether it is an investigation's, in no list and under no cap.
    pub investigation: bool,
    /// The project of which its directory is a git work tree of its own, as a path.
    pub worktree_of: Option<String>,
}

impl Session {
    /// Returns the branch of its work tree; of use only where it has one.
    #[must_use]
    pub fn branch(&self) -> String {
        let own = self.directory.rsplit('/').next().unwrap_or_default();
        format!("signalbox/{own}")
    }
}

/// A session to be.
#[derive(Debug, Clone)]
pub struct NewSession<'a> {
    /// Where it is started.
    pub address: &'a ChatAddress,
    /// Name, already checked and free.
    pub name: &'a str,
    /// Agent.
    pub agent: &'a str,
    /// Model.
    pub model: Option<&'a str>,
    /// First line of the first prompt.
    pub title: &'a str,
    /// Where the agent works.
    pub directory: &'a str,
    /// Whether it is an investigation's, in no list and under no cap.
    pub investigation: bool,
    /// The project of which it gets a git work tree, as a path.
    pub worktree_of: Option<&'a str>,
}
