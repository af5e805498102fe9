//! A run that this program cannot follow any further through a fault of its own: its agent is ended, and its task with it,
//! so that nothing runs on unseen and the chat knows.

use std::time::Duration;

use super::Observer;
use super::watch::AgentSession;
use crate::agent::supervisor::client::{Attached, Run, RunNews, attach};
use crate::agent::supervisor::wire::Control;
use crate::format;
use crate::store::{Completion, Status, Task, TaskId};

/// How much longer than an agent may take to end its supervisor is waited for.
const END_WITHIN: Duration = Duration::from_secs(15);

impl Observer {
    /// Ends a task whose run cannot be followed, as `error:internal`.
    pub(super) async fn give_up(&self, id: &TaskId) {
        let known = self.bus.store().patiently(&self.stop, || {
            let id = id.clone();
            self.bus.store().read(move |tx| tx.task(&id))
        });
        // What cannot be read now is found again at the next start.
        let Ok(Some(task)) = known.await else { return };
        if task.status != Status::Running || !self.end_run(&task).await {
            return;
        }
        let completion = Completion::without_answer(Status::ErrorInternal, Some(format::task::our_fault().to_owned()));
        self.finish(task, completion, AgentSession::Kept, None).await;
    }

    /// Ends what runs of a task; returns whether that is done, and not left to the next start.
    async fn end_run(&self, task: &Task) -> bool {
        match attach(&self.run_directory(task), 0).await {
            Ok(Attached::Live(run)) => {
                let grace = self.bus.router().context().config.timeouts.kill_grace;
                tokio::select! {
                    () = self.stop.cancelled() => return false,
                    ended = tokio::time::timeout(grace + END_WITHIN, end(run)) => match ended {
                        Ok(RunEnd::Told) => {}
                        Ok(RunEnd::Lost) | Err(_) => self.end_by_force(task).await,
                    }
                }
            }
            Ok(Attached::Mute | Attached::Dead) => self.end_by_force(task).await,
            Ok(Attached::Ended(_) | Attached::NeverStarted) | Err(_) => {}
        }
        true
    }
}

/// What a run that was told to end has come to.
enum RunEnd {
    /// Its supervisor says that it has ended.
    Told,
    /// Its supervisor is gone or does not answer.
    Lost,
}

/// Cancels a run, and waits for its end.
async fn end(mut run: Run) -> RunEnd {
    if let Err(error) = run.control(&Control::cancel()).await {
        tracing::warn!(%error, "could not reach a run's supervisor");
    }
    loop {
        match run.next().await {
            Some(RunNews::Event(_)) => {}
            Some(RunNews::Exit(_)) => return RunEnd::Told,
            Some(RunNews::Lost) | None => return RunEnd::Lost,
        }
    }
}
