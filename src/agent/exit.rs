//! How a run ended.
//!
//! The supervisor writes one [`Exit`] to `exit.json` when no process of the run is left, or when its agent is kept for
//! the next. A run directory without that file belongs to a run that is still going, or whose supervisor died.

use serde::{Deserialize, Serialize};

use crate::agent::run::PROTOCOL_VERSION;

/// Longest end of standard error that an [`Exit`] keeps, in bytes.
pub const MAX_STDERR_TAIL_BYTES: usize = 64 * 1024;

/// The end of a run, as the supervisor saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// [`PROTOCOL_VERSION`] of the supervisor that wrote it.
    pub version: u32,
    /// What became of the agent's process.
    pub ended: Ended,
    /// Why the supervisor ended the run; `None` when the agent left by itself.
    pub cause: Option<Cause>,
    /// Whether the last event is the agent's own final word on what it was asked; otherwise the supervisor wrote it, or it is
    /// the agent's account of a run that was cancelled.
    pub final_seen: bool,
    /// The last [`MAX_STDERR_TAIL_BYTES`] of standard error, invalid UTF-8 replaced.
    pub stderr_tail: String,
    /// Bytes written to standard output and standard error together.
    pub output_bytes: u64,
    /// The agent's process id, where it was started.
    pub pid: Option<i32>,
    /// From the agent's start to the end of its last descendant, in milliseconds.
    pub duration_ms: u64,
    /// Processes of the run that could not be ended, for example because they run as another user.
    #[serde(default)]
    pub survivors: u32,
    /// Messages of the agent whose shape was not known, which were ignored or refused.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unknown_lines: u64,
}

/// Whether there is none of what is counted.
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Exit {
    /// An end that fits into a few hundred bytes, for a disk without room.
    #[must_use]
    pub fn without_stderr(&self) -> Self {
        Self { stderr_tail: String::new(), version: PROTOCOL_VERSION, ..self.clone() }
    }
}

/// What became of the agent's process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ended {
    /// It exited.
    Exited {
        /// Its exit code.
        code: i32,
    },
    /// A signal ended it.
    Signalled {
        /// The signal's number.
        signal: i32,
    },
    /// It has given its final word, and is kept for a next prompt.
    Kept,
    /// The program does not exist; nothing was started.
    #[serde(rename = "cli_not_found")]
    NotFound {
        /// The program that was looked for.
        program: String,
    },
    /// The program could not be started.
    SpawnFailed {
        /// The system's own words.
        error: String,
    },
}

/// Why the supervisor ended a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// A bound on time was reached.
    Timeout {
        /// Which one.
        which: Bound,
    },
    /// Somebody asked for it.
    Cancelled,
    /// The run wrote more than its bound.
    OutputLimit,
    /// The agent did not exit after its final event; the result stands.
    Settled,
    /// The run's files could not be written, for example on a full disk.
    SpoolFailed {
        /// The system's own words.
        error: String,
    },
}

/// A bound on time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The whole run.
    Background,
    /// Silence.
    Idle,
}
