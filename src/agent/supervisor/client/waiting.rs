//! A supervisor that waits for a run, and the hand-over.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::time::timeout;

use crate::agent::run::RunSpec;
use crate::agent::supervisor::frame::{FrameError, Ready};

/// Longest answer of a supervisor, in bytes.
const MAX_READY_BYTES: u64 = 64 * 1024;

/// Tells why a run was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The supervisor could not be started.
    #[error("starting the supervisor: {0}")]
    Spawn(#[source] io::Error),
    /// The specification cannot be handed over.
    #[error("handing the run to its supervisor: {0}")]
    Frame(#[from] FrameError),
    /// The run's directory exists: it was started before.
    #[error("the run was started before")]
    Exists,
    /// The kept agent cannot have the run, and was ended; the run has not begun.
    #[error("the agent that was kept is gone")]
    Gone,
    /// The supervisor could not begin; no agent was started.
    #[error("the supervisor could not begin: {0}")]
    Refused(String),
    /// The supervisor found no room for the run's files on the disk; no agent was started, and it may begin later.
    #[error("the supervisor could not begin: {0}")]
    NoRoom(String),
    /// The supervisor did not answer; whether the run began must be looked up with [`super::attach`].
    #[error("the supervisor did not answer: {0}")]
    Unknown(#[source] io::Error),
}

/// A supervisor that waits for its run; dropped, it ends and has started nothing. With a run it ends after that.
#[derive(Debug)]
pub struct WaitingSupervisor {
    /// Reaped by the runtime once it ends, also after this is dropped.
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

/// Says that a supervisor has taken a run.
pub(super) struct HandedOver;

impl WaitingSupervisor {
    /// Takes a process that was started with pipes for its input and output.
    pub(super) fn of(mut child: Child) -> Self {
        let stdin = child.stdin.take().expect("standard input was asked for");
        let stdout = child.stdout.take().expect("standard output was asked for");
        Self { child, stdin, stdout: BufReader::new(stdout) }
    }

    /// Whether the process is there.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Gives the supervisor its run.
    ///
    /// Not cancel-safe: where it is dropped, whether the run began must be looked up with [`super::attach`].
    pub(super) async fn hand_over(
        &mut self,
        spec: &RunSpec,
        frame: &[u8],
        limit: Duration,
    ) -> Result<HandedOver, StartError> {
        let talk = async {
            self.stdin.write_all(frame).await?;
            self.stdin.flush().await?;
            let mut answer = Vec::new();
            (&mut self.stdout).take(MAX_READY_BYTES).read_until(b'\n', &mut answer).await?;
            serde_json::from_slice::<Ready>(&answer).map_err(io::Error::from)
        };
        let ready = timeout(limit, talk).await.map_err(io::Error::from).and_then(|ready| ready);
        if ready.is_err() && !spec.directory.try_exists().unwrap_or(true) {
            // One that has not begun must not begin later, when its task was given up.
            self.child.kill().await.ok();
        }
        match ready.map_err(StartError::Unknown)? {
            Ready::Started => Ok(HandedOver),
            Ready::Exists => Err(StartError::Exists),
            Ready::Gone => Err(StartError::Gone),
            Ready::Failed { error, no_room: true } => Err(StartError::NoRoom(error)),
            Ready::Failed { error, no_room: false } => Err(StartError::Refused(error)),
        }
    }
}
