//! A permission request of an agent's run.

use super::id::{ApprovalId, TaskId};
use crate::agent::digest::Digest;
use crate::agent::event::Decision;
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
}

/// A permission request.
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
    /// When it asked.
    pub asked_at: Timestamp,
    /// The answer; `None` while it is open.
    pub decision: Option<Decision>,
}
