//! What an agent does, in one vocabulary for all agents.
//!
//! A protocol turns an agent's own output into these events; the supervisor keeps them in the run's `events` file, one
//! JSON value a line, and the observer reads them from there, also after a restart. Built-in agents print them directly.

use serde::{Deserialize, Serialize};

use super::digest::Digest;

/// One thing an agent did or said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The agent named its own session.
    Session {
        /// The agent's session id.
        id: String,
        /// The model it runs, where it says.
        model: Option<String>,
    },
    /// The agent wrote a block of text; commentary until [`Event::Final`].
    Text {
        /// The text, Markdown.
        text: String,
    },
    /// A tool call began.
    ToolStarted {
        /// Id of the call within the run.
        id: String,
        /// The tool's name.
        name: String,
        /// What it does, in one line.
        summary: String,
    },
    /// A tool call ended.
    ToolFinished {
        /// Id of the call within the run.
        id: String,
        /// Whether the tool reported success.
        ok: bool,
        /// Its output, at most [`MAX_TOOL_OUTPUT_BYTES`].
        output: String,
    },
    /// The agent waits for a person's permission.
    Asked {
        /// Id of the request within the run.
        id: String,
        /// The tool it wants to use.
        tool: String,
        /// What it wants to do, in full, for a person to judge.
        detail: String,
        /// Digest of the tool and its whole input; supervisors of protocol version 1 give none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
    },
    /// A permission request was answered, by a person or by time.
    Answered {
        /// Id of the request.
        id: String,
        /// The answer.
        decision: Decision,
        /// Whether nobody answered in time.
        timed_out: bool,
    },
    /// The agent waits before it tries its model service again.
    Retrying {
        /// Which retry, from 1.
        attempt: u32,
        /// Why.
        reason: String,
    },
    /// The agent's own final word on the run.
    Final(Final),
}

/// Longest recorded output of one tool call, in bytes.
pub const MAX_TOOL_OUTPUT_BYTES: usize = 64 * 1024;

/// The agent's own final word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Final {
    /// The answer, or the agent's own error text.
    pub outcome: Result<String, String>,
    /// What the run used, as far as the agent says.
    #[serde(default)]
    pub usage: Usage,
    /// Actions that were not permitted.
    #[serde(default)]
    pub denials: Vec<Denial>,
    /// Whether the error is that the agent does not know the session it was asked to resume.
    #[serde(default)]
    pub unknown_session: bool,
}

/// What a run used, as reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read, this run.
    pub input_tokens: Option<u64>,
    /// Tokens written, this run.
    pub output_tokens: Option<u64>,
    /// Cost in US dollars, accumulated over the whole session where the agent reports it so.
    pub session_cost_usd: Option<f64>,
}

/// An action that was not permitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// The tool.
    pub tool: String,
    /// What it wanted to do, in one line.
    pub summary: String,
}

/// Answer to a permission request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// This once.
    Allow,
    /// This, and the same tool for the rest of the session.
    AllowForSession,
    /// No.
    Deny,
}
