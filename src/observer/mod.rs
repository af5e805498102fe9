//! The background observer: starts what admission has let in, follows each run, and writes down how it ended.
//!
//! One tokio task per running agent; the agent itself lives under its supervisor and does not notice when this program
//! stops. [`Observer::recover`] finds every run again after a restart; nothing is ever run twice by itself.
//!
//! ```text
//! Order::Start ─► prepare (spec) ─► supervisor ─► events ─► progress, questions
//!                                        └──────► exit ──► verdict ─► one step: task, session, result, who is next
//! ```

mod again;
pub mod board;
mod brief;
mod conclusion;
mod follow;
mod give_up;
pub mod housekeeping;
mod inquiry;
pub mod live;
mod prepare;
pub mod progress;
mod questions;
mod recover;
mod seen;
mod verdict;
mod watch;

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::agent::supervisor::client::Launcher;
use crate::agent::supervisor::wire::Control;
use crate::bus::{Bus, Order};
use crate::lifecycle::{Servants, caught};
use crate::redact::Redactor;
use crate::store::{Approval, Task, TaskId};
use board::Board;

pub use follow::Follower;
pub use prepare::files_of;

/// What may wait to be said to one agent.
const MAX_CONTROLS: usize = 64;

/// What is said to a running agent.
#[derive(Debug)]
enum Word {
    /// End.
    Cancel,
    /// A permission request was answered.
    Answer(Approval),
}

impl Word {
    /// Returns what the supervisor of a task's run is told; nothing where the word is for another run of the task.
    fn to_run(&self, attempt: u32) -> Option<Control> {
        match self {
            Self::Cancel => Some(Control::cancel()),
            Self::Answer(approval) if approval.attempt == attempt => {
                Some(Control::answer(&approval.request, approval.decision?, approval.digest.clone()))
            }
            Self::Answer(_) => None,
        }
    }
}

/// Runs agents.
pub struct Observer {
    bus: Arc<Bus>,
    launcher: Launcher,
    redactor: Arc<Redactor>,
    controls: Mutex<HashMap<TaskId, mpsc::Sender<Word>>>,
    board: Arc<Board>,
    servants: Servants,
    stop: CancellationToken,
}

impl Observer {
    /// Makes an observer; when the servants are to stop it lets go of its runs and leaves the agents to their supervisors.
    #[must_use]
    pub fn new(
        bus: Arc<Bus>,
        launcher: Launcher,
        redactor: Redactor,
        board: Arc<Board>,
        servants: Servants,
    ) -> Arc<Self> {
        let (redactor, stop) = (Arc::new(redactor), servants.stop_token().clone());
        Arc::new(Self { bus, launcher, redactor, controls: Mutex::default(), board, servants, stop })
    }

    /// Follows orders until it is stopped.
    ///
    /// # Errors
    /// None; it ends early only when nobody can give orders any more.
    pub async fn run(self: Arc<Self>, mut orders: mpsc::Receiver<Order>) -> Result<(), Infallible> {
        loop {
            let order = tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                order = orders.recv() => order,
            };
            match order {
                Some(Order::Start(task)) => self.begin(*task, watch::Begin::Fresh),
                Some(Order::Cancel(task)) => {
                    self.board.stopping(&task);
                    self.tell(&task, Word::Cancel);
                }
                Some(Order::Answer(approval)) => self.tell(&approval.task.clone(), Word::Answer(approval)),
                Some(Order::Tidy(session)) => {
                    let state = self.bus.store().directory().to_owned();
                    self.servants.errand("housekeeping", housekeeping::tidy(state, session));
                }
                None => return Ok(()),
            }
        }
    }

    fn begin(self: &Arc<Self>, task: Task, how: watch::Begin) {
        let (control, controls) = mpsc::channel(MAX_CONTROLS);
        if task.cancel_at.is_some() {
            control.try_send(Word::Cancel).ok();
        }
        self.controls().insert(task.id.clone(), control);
        self.board.add(&task, Instant::now());
        let observer = Arc::clone(self);
        self.servants.errand("observer", async move {
            let id = task.id.clone();
            if let Err(why) = caught(watch::watch(&observer, task, how, controls)).await {
                tracing::error!(task.id = %id, %why, "a run cannot be followed any further; its task is ended");
                observer.give_up(&id).await;
            }
            observer.board.remove(&id);
            observer.controls().remove(&id);
        });
    }

    /// Says something to a running agent; one that has ended needs no word.
    fn tell(&self, task: &TaskId, word: Word) {
        let sender = self.controls().get(task).cloned();
        if let Some(sender) = sender
            && sender.try_send(word).is_err()
        {
            tracing::warn!(task.id = %task, "a run takes no more messages");
        }
    }

    fn controls(&self) -> std::sync::MutexGuard<'_, HashMap<TaskId, mpsc::Sender<Word>>> {
        self.controls.lock().expect("no holder of this lock panics")
    }

    fn run_directory(&self, task: &Task) -> PathBuf {
        self.bus.store().directory().join("runs").join(task.run_name())
    }
}
