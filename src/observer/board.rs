//! The board: what runs now and how far it has come, for whoever shows it. Memory only; after a restart it is filled again
//! from what the supervisors have written down.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use crate::agent::event::Event;
use crate::agent::progress::Progress;
use crate::store::{Task, TaskId};

/// The runs under way.
#[derive(Default)]
pub struct Board {
    entries: Mutex<HashMap<TaskId, Entry>>,
    added: Notify,
}

/// A run under way.
#[derive(Clone)]
pub struct Entry {
    /// Its task, as it was when the run began.
    pub task: Task,
    /// How far it has come.
    pub progress: Progress,
    /// Whether a person has asked to stop it.
    pub stopping: bool,
}

impl Board {
    /// Adds a run.
    pub fn add(&self, task: &Task, now: Instant) {
        let entry = Entry { task: task.clone(), progress: Progress::new(now), stopping: task.cancel_at.is_some() };
        self.lock().insert(task.id.clone(), entry);
        self.added.notify_one();
    }

    /// Waits until there is a run under way.
    pub async fn begun(&self) {
        while self.lock().is_empty() {
            self.added.notified().await;
        }
    }

    /// Takes an event of a run in.
    pub fn take(&self, task: &TaskId, event: &Event, now: Instant) {
        if let Some(entry) = self.lock().get_mut(task) {
            entry.progress.take(event, now);
        }
    }

    /// Notes that a run is being stopped.
    pub fn stopping(&self, task: &TaskId) {
        if let Some(entry) = self.lock().get_mut(task) {
            entry.stopping = true;
        }
    }

    /// Removes a run: from now on its status message is left to the step that writes its end down.
    pub fn remove(&self, task: &TaskId) {
        self.lock().remove(task);
    }

    /// Whether a run is still under way.
    #[must_use]
    pub fn has(&self, task: &TaskId) -> bool {
        self.lock().contains_key(task)
    }

    /// Returns the runs under way, oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.lock().values().cloned().collect();
        entries.sort_by_key(|entry| entry.task.seq);
        entries
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TaskId, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
