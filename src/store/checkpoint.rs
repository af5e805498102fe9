//! The write-ahead log: copied back into the database beside the writer.

use std::path::Path;

use super::open::{Durability, connect};

/// Commits after which the write-ahead log is copied back, off the writer's path.
const CHECKPOINT_EVERY: usize = 512;
/// Copies the write-ahead log back into the database, on a thread and connection of its own.
pub(super) struct Checkpointer {
    since: std::cell::Cell<usize>,
    due: std::sync::mpsc::SyncSender<()>,
}

impl Checkpointer {
    pub(super) fn start(database: &Path, durability: Durability) -> rusqlite::Result<Self> {
        let connection = connect(database, durability)?;
        let (due, waiting) = std::sync::mpsc::sync_channel::<()>(1);
        let run = move || {
            while waiting.recv().is_ok() {
                if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
                    tracing::warn!(%error, "could not copy the write-ahead log back; it goes on growing");
                }
            }
        };
        if let Err(error) = std::thread::Builder::new().name("store-checkpoint".into()).spawn(run) {
            tracing::warn!(%error, "could not start the checkpoint thread; the write-ahead log goes on growing");
        }
        Ok(Self { since: std::cell::Cell::new(0), due })
    }

    pub(super) fn count(&self, requests: usize) {
        self.since.set(self.since.get() + requests);
        if self.since.get() >= CHECKPOINT_EVERY && self.due.try_send(()).is_ok() {
            self.since.set(0);
        }
    }
}
