//! The disk: what is committed survives a power cut once the log has been flushed to it.
//!
//! A commit survives the end of this process at once, since it is in the log's file. Flushing that file is the slow half,
//! and not everything is worth waiting for it: what says so ([`Tx::rides_along`](super::tx::Tx::rides_along)) goes to the
//! disk with the next commit that does not, or [`WITHIN`] later. SQLite itself would flush at each commit or at none.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::error::StoreError;
use crate::config::Durability;
use crate::health::StoreHealth;

/// How long a commit that rides along waits for another, at most.
const WITHIN: Duration = Duration::from_secs(1);

/// Flushes a log.
pub(super) struct Flush {
    log: PathBuf,
    durability: Durability,
    health: StoreHealth,
    open: Option<File>,
    /// Since when a commit is not on the disk.
    waiting_since: Option<Instant>,
}

impl Flush {
    /// Makes the flushing of a log's file.
    pub(super) fn new(log: PathBuf, durability: Durability, health: StoreHealth) -> Self {
        Self { log, durability, health, open: None, waiting_since: None }
    }

    /// Returns once all that is committed is on the disk.
    ///
    /// # Errors
    /// [`StoreError`]. The store is lost then: what the system has failed to write it may have forgotten, so that asking
    /// again would prove nothing.
    pub(super) fn now(&mut self) -> Result<(), StoreError> {
        self.waiting_since = None;
        if self.durability == Durability::Process {
            return Ok(());
        }
        self.flush().inspect(|()| self.health.flushed()).map_err(|error| {
            let why = format!("the log {} could not be flushed to the disk: {error}", self.log.display());
            self.health.lost(&why);
            StoreError::Io(why)
        })
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let file = match self.open.take() {
            Some(file) => file,
            None => File::open(&self.log)?,
        };
        // The file is the same as long as a connection of this process is open.
        self.open.insert(file).sync_data()
    }

    /// Notes a commit that nobody waits for; flushes when one has waited long enough.
    ///
    /// # Errors
    /// As [`Flush::now`].
    pub(super) fn soon(&mut self) -> Result<(), StoreError> {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        if since.elapsed() < WITHIN { Ok(()) } else { self.now() }
    }

    /// Returns after how long a commit is to be flushed that still waits.
    pub(super) fn due_in(&self) -> Option<Duration> {
        self.waiting_since.map(|since| WITHIN.saturating_sub(since.elapsed()))
    }
}
