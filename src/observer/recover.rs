//! Finding runs again after a restart of this program.
//!
//! | row `running`, and … | then |
//! |---|---|
//! | its supervisor lives | follow it on, its events from the first |
//! | it left its end behind | write the end down |
//! | same boot, no directory | it never started: start it |
//! | its supervisor lives and does not answer | look again for a while, then as if it were dead |
//! | supervisor dead, or another boot | end what is left, `interrupted` |

use std::time::{Duration, Instant};

use super::state::{Observer, STORE_AGAIN};
use crate::agent::supervisor::client::{Attached, Run, attach};
use crate::store::Task;

/// How long a supervisor that lives may not answer.
const MUTE_WITHIN: Duration = Duration::from_secs(30);

/// What became of a run while this program was down.
pub(super) enum Recovered {
    /// It goes on, or left its end behind.
    Run(Box<Run>),
    /// It never started.
    NeverStarted,
    /// Its supervisor is gone without a word or does not answer, or the machine was started again.
    Dead,
    /// This program stops before it could be told.
    Stopping,
}

impl Observer {
    /// Finds one run again; trouble with its files is no verdict, and it is looked for until there is one.
    pub(super) async fn find(&self, task: &Task) -> Recovered {
        let since = Instant::now();
        let same_boot = task.boot.as_deref() == Some(self.bus.store().boot());
        loop {
            match attach(&self.run_directory(task), 0).await {
                Ok(Attached::Live(run) | Attached::Ended(run)) => {
                    tracing::info!(task.id = %task.id, "found a run again");
                    return Recovered::Run(Box::new(run));
                }
                Ok(Attached::NeverStarted) if same_boot => return Recovered::NeverStarted,
                Ok(Attached::NeverStarted | Attached::Dead) => return Recovered::Dead,
                Ok(Attached::Mute) if since.elapsed() >= MUTE_WITHIN => return Recovered::Dead,
                Ok(Attached::Mute) => {
                    tracing::warn!(task.id = %task.id, "a run's supervisor does not answer; looking again");
                }
                Err(error) => tracing::error!(%error, task.id = %task.id, "could not look for a run; looking again"),
            }
            tokio::select! {
                () = self.stop.cancelled() => return Recovered::Stopping,
                () = tokio::time::sleep(STORE_AGAIN) => {}
            }
        }
    }
}
