//! An inbox that remembers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::{AcceptError, Inbox, Incoming};

/// Stands for the core: keeps what it accepts, drops copies, and refuses everything while told to.
#[derive(Debug, Default)]
pub struct RecordingInbox {
    accepted: Mutex<Vec<Incoming>>,
    refuses: AtomicBool,
}

impl RecordingInbox {
    /// Returns what was accepted, in order of arrival, each update once.
    #[must_use]
    pub fn accepted(&self) -> Vec<Incoming> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins or ends refusing, as a full disk would.
    pub fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::SeqCst);
    }
}

#[async_trait]
impl Inbox for RecordingInbox {
    async fn accept(&self, incoming: Incoming) -> Result<(), AcceptError> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(AcceptError("the inbox was told to refuse".into()));
        }
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        if !accepted.iter().any(|earlier| earlier.key == incoming.key) {
            accepted.push(incoming);
        }
        Ok(())
    }
}
