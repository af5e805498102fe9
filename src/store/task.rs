//! A task: one run of an agent for a chat, from `queued` to a final status.

use std::time::Duration;

use signalbox_adapter::ChatAddress;

use super::enclosed::Enclosed;
use super::id::{FireId, InboxId, SessionId, TaskId};
use crate::agent::event::Denial;
use crate::agent::kinds::host::{NAME as HOST, NOT_ANSWERABLE};
use crate::clock::Timestamp;

/// State of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Waits for its turn.
    Queued,
    /// Runs, or is about to.
    Running,
    /// A prompt of a session was answered.
    Ok,
    /// A stateless task was answered.
    Success,
    /// Took too long.
    ErrorTimeout,
    /// The agent failed or gave no final answer.
    ErrorCli,
    /// The agent is not installed.
    ErrorCliNotFound,
    /// signalbox itself failed.
    ErrorInternal,
    /// Cancelled by a person.
    Aborted,
    /// Lost to a crash of the machine or of the supervisor.
    Interrupted,
}

impl Status {
    /// Every status, those of unfinished tasks first.
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Running,
        Self::Ok,
        Self::Success,
        Self::ErrorTimeout,
        Self::ErrorCli,
        Self::ErrorCliNotFound,
        Self::ErrorInternal,
        Self::Aborted,
        Self::Interrupted,
    ];

    /// Returns the word shown to people and stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Ok => "ok",
            Self::Success => "success",
            Self::ErrorTimeout => "error:timeout",
            Self::ErrorCli => "error:cli",
            Self::ErrorCliNotFound => "error:cli_not_found",
            Self::ErrorInternal => "error:internal",
            Self::Aborted => "aborted",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether nothing more will happen to the task.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// Exit code of a command that waited for the task.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Queued | Self::Running | Self::Ok | Self::Success => 0,
            Self::ErrorCli | Self::ErrorCliNotFound | Self::ErrorInternal | Self::Interrupted => 1,
            Self::ErrorTimeout => 124,
            Self::Aborted => 130,
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// A task.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Id.
    pub id: TaskId,
    /// Order of arrival.
    pub seq: i64,
    /// Where it was asked for, and where its result goes.
    pub address: ChatAddress,
    /// Which window of the chat asked.
    pub window: Option<String>,
    /// The asking message.
    pub reply_to: Option<String>,
    /// Session it belongs to.
    pub session: Option<SessionId>,
    /// Inbound message that asked.
    pub inbox: Option<InboxId>,
    /// User id of who asked.
    pub requested_by: String,
    /// Agent.
    pub agent: String,
    /// Model.
    pub model: Option<String>,
    /// Prompt.
    pub prompt: String,
    /// Where the agent works.
    pub directory: String,
    /// State.
    pub status: Status,
    /// Run number, from 1; 0 before the first.
    pub attempt: u32,
    /// Boot of the machine in which it was started.
    pub boot: Option<String>,
    /// The task it repeats.
    pub retry_of: Option<TaskId>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When a person asked to cancel it.
    pub cancel_at: Option<Timestamp>,
    /// Whether its buttons were taken away.
    pub discarded: bool,
    /// The answer.
    pub result: Option<String>,
    /// The error text.
    pub error: Option<String>,
    /// Tool calls seen.
    pub tools: u32,
    /// Cost in US dollars.
    pub cost_usd: Option<f64>,
    /// Actions that were not permitted.
    pub denials: Vec<Denial>,
    /// The fire of a schedule that it works for.
    pub fire: Option<FireId>,
}

impl Task {
    /// Whether it has come to an answer: it went well, and the built-in investigator does not say that it cannot tell.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        let (text, claim) = (format!("**{NOT_ANSWERABLE}.**"), format!("\"claim\": \"{NOT_ANSWERABLE}\""));
        let says_so = |answer: &str| answer.starts_with(&text) || answer.contains(&claim);
        let went_well = matches!(self.status, Status::Ok | Status::Success);
        went_well && !(self.agent == HOST && self.result.as_deref().is_some_and(says_so))
    }

    /// Names the directory of its current run, within the state directory's `runs`.
    #[must_use]
    pub fn run_name(&self) -> String {
        format!("{}-{}", self.id, self.attempt)
    }
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// Final status.
    pub status: Status,
    /// The answer.
    pub result: Option<String>,
    /// The error text.
    pub error: Option<String>,
    /// Tool calls seen.
    pub tools: u32,
    /// Tokens read.
    pub input_tokens: Option<u64>,
    /// Tokens written.
    pub output_tokens: Option<u64>,
    /// Running total of the session's cost as the agent reports it, in US dollars.
    pub reported_cost: Option<f64>,
    /// Actions that were not permitted.
    pub denials: Vec<Denial>,
    /// How long its run took, where that is known; it may have ended before anybody looked.
    pub ran: Option<Duration>,
    /// All that the answer rests on, Markdown.
    pub evidence: Option<String>,
    /// Files that go with the answer.
    pub files: Vec<Enclosed>,
    /// What is said of files that the agent has named and that do not go with it.
    pub unattached: Option<String>,
    /// Whether its agent was never started: it is missing, or has nowhere to work.
    pub unstarted: bool,
}

impl Completion {
    /// Makes a completion of what was never started.
    #[must_use]
    pub fn unstarted(status: Status, why: String) -> Self {
        Self { unstarted: true, ..Self::without_answer(status, Some(why)) }
    }

    /// Makes a completion without an answer.
    #[must_use]
    pub fn without_answer(status: Status, error: Option<String>) -> Self {
        Self {
            status,
            result: None,
            error,
            tools: 0,
            input_tokens: None,
            output_tokens: None,
            reported_cost: None,
            denials: Vec::new(),
            ran: None,
            evidence: None,
            files: Vec::new(),
            unattached: None,
            unstarted: false,
        }
    }

    /// Returns when a task ended that began at `started` and of whose end is heard at `now`.
    #[must_use]
    pub fn ended_at(&self, started: Option<Timestamp>, now: Timestamp) -> Timestamp {
        started.zip(self.ran).map_or(now, |(started, ran)| started.after(ran).min(now))
    }
}
