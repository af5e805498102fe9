//! What the bot tells a supervisor about one run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::grant::Grant;
use crate::config::Permission;

/// Version of the protocol between bot and supervisor; a newer bot speaks every released one.
///
/// | version | new in it |
/// |---|---|
/// | 1 | |
/// | 2 | a permission request and its answer carry a digest of what is asked for |
/// | 3 | a final word without an answer is a supervisor's account of the end, no text, where the agent said nothing |
/// | 4 | pieces of a text that is being written, what an agent has at work in the background, and what a request allows for the session |
/// | 5 | an agent may be kept when its run ends, and take a next run over a socket of its own |
pub const PROTOCOL_VERSION: u32 = 5;

/// One run of an agent, as handed to its supervisor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSpec {
    /// [`PROTOCOL_VERSION`] of the bot that wrote it.
    pub version: u32,
    /// The run's own directory, `<state>/runs/<task>-<attempt>`; the supervisor creates it and nobody else may have.
    pub directory: PathBuf,
    /// Program and arguments; never through a shell.
    pub argv: Vec<String>,
    /// The agent's whole environment.
    pub env: BTreeMap<String, String>,
    /// Where the agent works; created when missing.
    pub working_directory: PathBuf,
    /// Scratch directory given as `TMPDIR`, created when missing; it belongs to the session and goes with it.
    pub scratch: PathBuf,
    /// The agent's HOME where it has one of its own, created when missing.
    #[serde(default)]
    pub home: Option<PathBuf>,
    /// The file that the agent writes its answer to, where it does: in a directory that is this run's alone, below
    /// [`scratch`](Self::scratch), and goes with it.
    #[serde(default)]
    pub answer_file: Option<PathBuf>,
    /// The prompt.
    pub prompt: String,
    /// The name of the agent's [kind](super::kind::AgentKind).
    pub kind: String,
    /// What the agent may do without asking.
    pub permission: Permission,
    /// What is allowed for the session by earlier answers.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// The agent's id of the conversation to go on with, for kinds that are told so in words and not by an argument.
    #[serde(default)]
    pub conversation: Option<String>,
    /// The model, for kinds that are told so in words and not by an argument.
    #[serde(default)]
    pub model: Option<String>,
    /// Whether the answer is to be an analysis, as `config/rca.schema.json` has it.
    #[serde(default)]
    pub analysis: bool,
    /// Program and arguments that are started once more where the agent ends before it has understood us
    /// ([`Startup::instead`](super::kind::Startup::instead)).
    #[serde(default)]
    pub instead: Option<Vec<String>>,
    /// How long the agent is kept for a next prompt of its conversation after its final word; `None` where it is not.
    #[serde(default)]
    pub keep_warm: Option<Duration>,
    /// Bounds of the run.
    pub bounds: Bounds,
}

#[cfg(test)]
impl RunSpec {
    /// Returns a run of nothing in particular, for tests of what is said in one.
    pub(crate) fn sample(kind: &str, permission: Permission) -> Self {
        let second = Duration::from_secs(1);
        Self {
            version: PROTOCOL_VERSION,
            directory: "/r/1-1".into(),
            argv: vec![kind.to_owned()],
            env: BTreeMap::new(),
            working_directory: "/home/user/project".into(),
            scratch: "/r/scratch".into(),
            home: None,
            answer_file: None,
            prompt: String::new(),
            kind: kind.to_owned(),
            permission,
            grants: Vec::new(),
            conversation: None,
            model: None,
            analysis: false,
            instead: None,
            keep_warm: None,
            bounds: Bounds {
                background: second,
                idle: None,
                settle: second,
                kill_grace: second,
                approval: second,
                max_output_bytes: 1,
            },
        }
    }
}

/// Bounds of one run; the supervisor keeps them, also while the bot is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Longest run.
    pub background: Duration,
    /// Longest silence while no tool call is open and no permission is asked for; `None` is unbounded.
    pub idle: Option<Duration>,
    /// How long the agent may take to exit after its final event.
    pub settle: Duration,
    /// From SIGTERM to SIGKILL.
    pub kill_grace: Duration,
    /// How long a permission request stays open before it counts as denied.
    pub approval: Duration,
    /// Most output the run may write, in bytes.
    pub max_output_bytes: u64,
}
