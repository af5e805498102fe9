//! The start of a run: under a supervisor that waits for one, or under a new one.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;

use super::follow::{Attached, Run, attach};
use super::spares::{Lent, Spares};
use super::waiting::{HandedOver, StartError, WaitingSupervisor};
use crate::agent::run::RunSpec;
use crate::agent::supervisor::SUBCOMMAND;
use crate::agent::supervisor::frame;

/// Longest wait for a supervisor to take a run.
const READY_LIMIT: Duration = Duration::from_secs(30);
/// Longest wait for one that was at work before, and instead of which another can be started.
const SPARE_LIMIT: Duration = Duration::from_secs(10);

/// Starts supervisors, and keeps some of those whose run is over for the next.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// This program, or one that has its `supervise` subcommand.
    program: PathBuf,
    spares: Arc<Spares>,
}

impl Default for Launcher {
    /// Returns the launcher that runs this very program, also after its file was replaced.
    fn default() -> Self {
        Self::new("/proc/self/exe")
    }
}

impl Launcher {
    /// Makes the launcher of a program that has our `supervise` subcommand.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), spares: Arc::default() }
    }

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
        command.spawn().map(WaitingSupervisor::of).map_err(StartError::Spawn)
    }

    /// Starts a run, under a supervisor that waits for one or under a new one.
    ///
    /// # Errors
    /// Each variant of [`StartError`] says whether an agent may have been started.
    pub async fn start(&self, spec: &RunSpec) -> Result<Run, StartError> {
        let frame = frame::encode(spec)?;
        if let Some(mut spare) = self.spares.take() {
            match spare.hand_over(spec, &frame, SPARE_LIMIT).await {
                // It has ended meanwhile, or was ended, and has begun nothing.
                Err(StartError::Unknown(_)) if !spec.directory.try_exists().unwrap_or(true) => {}
                handed => return self.follow(spare, handed?, spec).await,
            }
        }
        let mut supervisor = self.spawn()?;
        let taken = supervisor.hand_over(spec, &frame, READY_LIMIT).await?;
        self.follow(supervisor, taken, spec).await
    }

    /// Forgets the supervisors that have ended while they waited; call it now and then.
    pub fn tidy(&self) {
        self.spares.tidy();
    }

    /// Follows a run that a supervisor has taken.
    async fn follow(&self, supervisor: WaitingSupervisor, _: HandedOver, spec: &RunSpec) -> Result<Run, StartError> {
        let gone = |why: &str| StartError::Unknown(io::Error::other(why.to_owned()));
        match attach(&spec.directory, 0).await.map_err(StartError::Unknown)? {
            Attached::Live(run) | Attached::Ended(run) => {
                Ok(run.under(Lent::of(supervisor, Arc::downgrade(&self.spares))))
            }
            Attached::NeverStarted => Err(gone("its directory is gone")),
            Attached::Mute => Err(gone("it does not answer")),
            Attached::Dead => Err(gone("it died")),
        }
    }
}
