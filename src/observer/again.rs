//! Asking an agent once more within one task: the runs of a task belong together.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::Observer;
use super::state::Stored;
use crate::agent::supervisor::client::{Attached, RunNews, attach};
use crate::format;
use crate::rca::Recorder;
use crate::store::{Again, Completion, Investigation, Status, Task};
use crate::turn::report;

impl Observer {
    /// Lets a task run once more; `Err` says how it ends where it does not, or that this program stops.
    pub(super) async fn ask_again(&self, task: &Task, again: Again) -> Result<Task, Option<Completion>> {
        let (bus, asked, next) = (Arc::clone(&self.bus), task.clone(), Arc::new(Mutex::new(None)));
        let told = Arc::clone(&next);
        let stored = self.store("asked-again", move |tx| {
            let next = tx.ask_again(&asked, &again)?;
            if next.is_some() {
                report::close_questions(tx, bus.router().context(), &asked.id, &tx.name_of(&asked)?)?;
            }
            *told.lock().unwrap_or_else(PoisonError::into_inner) = next;
            Ok(())
        });
        match stored.await {
            Stored::Yes => {}
            Stored::Left => return Err(None),
            Stored::Never => {
                let fault = Some(format::task::our_fault().to_owned());
                return Err(Some(Completion::without_answer(Status::ErrorInternal, fault)));
            }
        }
        let next = next.lock().unwrap_or_else(PoisonError::into_inner).take();
        next.ok_or_else(|| Some(Completion::without_answer(Status::Aborted, None)))
    }

    /// Begins to record a run; what the tools of the task's earlier run have put out is remembered.
    pub(super) async fn recorder_of(&self, task: &Task, investigation: &Investigation) -> Recorder {
        let mut recorder = Recorder::default();
        if investigation.repairs == 0 {
            return recorder;
        }
        let earlier = Task { attempt: task.attempt.saturating_sub(1), ..task.clone() };
        match attach(&self.run_directory(&earlier), 0).await {
            Ok(Attached::Ended(mut run)) => {
                while let Some(RunNews::Event(event)) = run.next().await {
                    recorder.recall(&event);
                }
            }
            Ok(Attached::Live(_) | Attached::NeverStarted | Attached::Mute | Attached::Dead) | Err(_) => {
                tracing::warn!(task.id = %task.id, "what an earlier run has seen is not there any more");
            }
        }
        recorder
    }

    /// Returns the directories of a task's runs, the last first.
    pub(super) fn run_directories(&self, task: &Task) -> Vec<PathBuf> {
        let earlier = (task.attempt > 1).then(|| Task { attempt: task.attempt - 1, ..task.clone() });
        std::iter::once(task).chain(&earlier).map(|task| self.run_directory(task)).collect()
    }
}
