//! The start of a supervisor.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::follow::{Attached, Run, attach};
use crate::agent::run::RunSpec;
use crate::agent::supervisor::SUBCOMMAND;
use crate::agent::supervisor::frame::{self, FrameError, Ready};

/// Longest wait for a supervisor to take a run.
const READY_LIMIT: Duration = Duration::from_secs(30);

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
    /// The supervisor did not answer; whether the run began must be looked up with [`attach`].
    #[error("the supervisor did not answer: {0}")]
    Unknown(#[source] io::Error),
}

/// Starts supervisors.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// This program, or one that has its `supervise` subcommand.
    pub program: PathBuf,
}

impl Default for Launcher {
    /// Returns the launcher that runs this very program, also after its file was replaced.
    fn default() -> Self {
        Self { program: PathBuf::from("/proc/self/exe") }
    }
}

impl Launcher {
    /// Starts a supervisor that waits for its run; within a runtime, which reaps it.
    ///
    /// It gets no environment: it needs none, and the bot's holds secrets.
    ///
    /// # Errors
    /// Where the process cannot be started.
    pub fn spawn(&self) -> Result<WaitingSupervisor, StartError> {
        let mut command = Command::new(&self.program);
        command.arg0("signalbox").arg(SUBCOMMAND).env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        Ok(WaitingSupervisor { child: command.spawn().map_err(StartError::Spawn)? })
    }

    /// Starts a run.
    ///
    /// # Errors
    /// As [`WaitingSupervisor::hand_over`].
    pub async fn start(&self, spec: &RunSpec) -> Result<Run, StartError> {
        self.spawn()?.hand_over(spec).await
    }
}

/// A supervisor that waits for its run; dropped, it ends and has started nothing.
#[derive(Debug)]
pub struct WaitingSupervisor {
    child: Child,
}

impl WaitingSupervisor {
    /// Gives the supervisor its run, and follows it.
    ///
    /// Not cancel-safe: where it is dropped, whether the run began must be looked up with [`attach`].
    ///
    /// # Errors
    /// Each variant of [`StartError`] says whether an agent may have been started.
    pub async fn hand_over(mut self, spec: &RunSpec) -> Result<Run, StartError> {
        let frame = frame::encode(spec)?;
        let mut stdin = self.child.stdin.take().expect("standard input was asked for");
        let stdout = self.child.stdout.take().expect("standard output was asked for");
        let talk = async {
            stdin.write_all(&frame).await?;
            stdin.shutdown().await?;
            drop(stdin);
            let mut answer = Vec::new();
            BufReader::new(stdout).take(MAX_READY_BYTES).read_until(b'\n', &mut answer).await?;
            serde_json::from_slice::<Ready>(&answer).map_err(io::Error::from)
        };
        let ready = timeout(READY_LIMIT, talk).await.map_err(io::Error::from).and_then(|ready| ready);
        if ready.is_err() && !spec.directory.try_exists().unwrap_or(true) {
            // One that has not begun must not begin later, when its task was given up.
            self.child.kill().await.ok();
        }
        match ready.map_err(StartError::Unknown)? {
            Ready::Started => {}
            Ready::Exists => return Err(StartError::Exists),
            Ready::Gone => return Err(StartError::Gone),
            Ready::Failed { error, no_room: true } => return Err(StartError::NoRoom(error)),
            Ready::Failed { error, no_room: false } => return Err(StartError::Refused(error)),
        }
        let gone = |why: &str| StartError::Unknown(io::Error::other(why.to_owned()));
        match attach(&spec.directory, 0).await.map_err(StartError::Unknown)? {
            Attached::Live(run) | Attached::Ended(run) => Ok(run.reaping(self.child)),
            Attached::NeverStarted => Err(gone("its directory is gone")),
            Attached::Mute => Err(gone("it does not answer")),
            Attached::Dead => Err(gone("it died")),
        }
    }
}
