//! A permission request of an agent's run.

use super::id::{ApprovalId, TaskId};
use crate::agent::digest::Digest;
use crate::agent::event::{CUT, Decision, Question, Wants};
use crate::agent::grant::Grant;
use crate::clock::Timestamp;

/// What a run asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    /// The task that asks.
    pub task: TaskId,
    /// The task's run that asks.
    pub attempt: u32,
    /// Which of the run's events asks, from 1: read again after a restart it is the same.
    pub event: u64,
    /// The agent's own id of the request.
    pub request: String,
    /// The tool it wants to use.
    pub tool: String,
    /// What it wants to do, as a person is shown it.
    pub detail: String,
    /// Digest of the tool and its whole input, where the supervisor gives one.
    pub digest: Option<Digest>,
    /// What it allows for the session, where it can be allowed so.
    pub grant: Option<Grant>,
    /// What answers it.
    pub wants: Wants,
}

/// A permission request or a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Short id, made to be typed.
    pub id: ApprovalId,
    /// The task that asks.
    pub task: TaskId,
    /// The task's run that asks.
    pub attempt: u32,
    /// The agent's own id of the request.
    pub request: String,
    /// The tool it wants to use.
    pub tool: String,
    /// What it wants to do.
    pub detail: String,
    /// Digest of the tool and its whole input, where the supervisor gives one.
    pub digest: Option<Digest>,
    /// What it allows for the session, where it can be allowed so.
    pub grant: Option<Grant>,
    /// What answers it.
    pub wants: Wants,
    /// The answers to its questions so far, in order; or what is to be changed about its plan.
    pub words: Vec<String>,
    /// Which choices of the question at hand are taken, from 0.
    pub chosen: Vec<usize>,
    /// When it asked.
    pub asked_at: Timestamp,
    /// The answer; `None` while it is open.
    pub decision: Option<Decision>,
    /// What closed it; `None` while it is open.
    pub closed_by: Option<ClosedBy>,
}

/// What closed a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedBy {
    /// Somebody's answer.
    Answer,
    /// Nobody's, in time.
    Time,
    /// Its agent, which does not wait any more, or asks for something else.
    Agent,
    /// The end of its run.
    End,
}

impl ClosedBy {
    /// Reads what is kept of it.
    pub(super) fn read(by: &str) -> Self {
        match by {
            "time" => Self::Time,
            "agent" | "replaced" => Self::Agent,
            "end" => Self::End,
            _ => Self::Answer,
        }
    }
}

impl Approval {
    /// Returns the question that is to be answered next, and its number, from 0.
    #[must_use]
    pub fn at_hand(&self) -> Option<(usize, &Question)> {
        let number = self.words.len();
        self.wants.questions().get(number).map(|question| (number, question))
    }

    /// Whether a person can read all of what is asked.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.detail.starts_with(CUT)
    }
}
