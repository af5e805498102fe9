//! Finding runs again after a restart of this program.
//!
//! | row `running`, and … | then |
//! |---|---|
//! | its supervisor lives | follow it on, its events from the first |
//! | it left its end behind | write the end down |
//! | same boot, no directory | it never started: start it |
//! | supervisor dead, or another boot | end what is left, `interrupted` |

use std::sync::Arc;

use super::Observer;
use super::watch::Begin;
use crate::agent::supervisor::client::{Attached, attach};
use crate::store::{Status, StoreError, Task};

impl Observer {
    /// Finds every run again; call it once, before orders are followed.
    ///
    /// # Errors
    /// [`StoreError`] when the rows cannot be read.
    pub async fn recover(self: &Arc<Self>) -> Result<(), StoreError> {
        let tasks = self.bus.store().read(|tx| tx.unfinished_tasks(None)).await?;
        for task in tasks.into_iter().filter(|task| task.status == Status::Running) {
            let how = self.find(&task).await;
            self.begin(task, how);
        }
        // What waited may run now; its order comes over the bus.
        self.bus.write(|tx| tx.start_ready()).await
    }

    async fn find(&self, task: &Task) -> Begin {
        let same_boot = task.boot.as_deref() == Some(self.bus.store().boot());
        match attach(&self.run_directory(task), 0).await {
            Ok(Attached::Live(run) | Attached::Ended(run)) => {
                tracing::info!(task.id = %task.id, "found a run again");
                Begin::Found(Box::new(run))
            }
            Ok(Attached::NeverStarted) if same_boot => Begin::Fresh,
            Ok(Attached::NeverStarted | Attached::Dead) => Begin::Dead,
            Err(error) => {
                tracing::error!(%error, task.id = %task.id, "could not read a run's files");
                Begin::Dead
            }
        }
    }
}
