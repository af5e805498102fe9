//! The observer as its parts know it: what it works with, and how a word reaches a run.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::board::Board;
use crate::agent::supervisor::client::Launcher;
use crate::agent::supervisor::wire::Control;
use crate::bus::Bus;
use crate::lifecycle::Servants;
use crate::redact::Redactor;
use crate::store::{Approval, Task, TaskId};

/// How long until what could not be looked at is looked at again.
pub(super) const STORE_AGAIN: Duration = Duration::from_secs(1);

/// What is said to a running agent.
#[derive(Debug)]
pub(super) enum Word {
    /// End.
    Cancel,
    /// A permission request was answered.
    Answer(Box<Approval>),
    /// What was allowed for its session is taken back.
    Revoke,
}

impl Word {
    /// Returns what the supervisor of a task's run is told; nothing where the word is for another run of the task.
    pub(super) fn to_run(&self, attempt: u32) -> Option<Control> {
        match self {
            Self::Cancel => Some(Control::cancel()),
            Self::Revoke => Some(Control::revoke()),
            Self::Answer(approval) if approval.attempt == attempt => {
                let (decision, digest) = (approval.decision?, approval.digest.clone());
                Some(Control::answer(&approval.request, decision, digest, approval.words.clone()))
            }
            Self::Answer(_) => None,
        }
    }
}

/// What became of a step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    /// It is stored.
    Yes,
    /// It is left to the next life of this program: this one stops, or has lost its role or the store.
    Left,
    /// It cannot be stored, through a fault of ours.
    Never,
}

/// Runs agents.
pub struct Observer {
    pub(super) bus: Arc<Bus>,
    pub(super) launcher: Launcher,
    pub(super) redactor: Arc<Redactor>,
    pub(super) controls: Mutex<HashMap<TaskId, mpsc::Sender<Word>>>,
    pub(super) board: Arc<Board>,
    pub(super) servants: Servants,
    pub(super) stop: CancellationToken,
}

impl Observer {
    /// Makes an observer; when the servants are to stop it lets go of its runs and leaves the agents to their supervisors.
    #[must_use]
    pub fn new(
        bus: Arc<Bus>,
        launcher: Launcher,
        redactor: Arc<Redactor>,
        board: Arc<Board>,
        servants: Servants,
    ) -> Arc<Self> {
        let stop = servants.stop_token().clone();
        Arc::new(Self { bus, launcher, redactor, controls: Mutex::default(), board, servants, stop })
    }

    /// Says something to a running agent; one that has ended needs no word.
    pub(super) fn tell(&self, task: &TaskId, word: Word) {
        let sender = self.controls().get(task).cloned();
        if let Some(sender) = sender
            && sender.try_send(word).is_err()
        {
            tracing::warn!(task.id = %task, "a run takes no more messages");
        }
    }

    pub(super) fn controls(&self) -> std::sync::MutexGuard<'_, HashMap<TaskId, mpsc::Sender<Word>>> {
        self.controls.lock().expect("no holder of this lock panics")
    }

    pub(super) fn run_directory(&self, task: &Task) -> PathBuf {
        self.bus.store().directory().join("runs").join(task.run_name())
    }
}
