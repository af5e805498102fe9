//! What every command's handler is: what it needs looked at, and what it does.

use super::Turn;
use super::look::Look;
use crate::store::{InboxOutcome, StoreError};

/// What serves one command, or plain text: implemented by its parsed value.
pub trait Handler {
    /// Names what is to be looked at before the transaction begins.
    fn looks(&self) -> Vec<Look> {
        Vec::new()
    }

    /// Whether what is asked concerns nobody else in a chat that others read; `is_watched` where alerts are posted, between
    /// which no list should stand.
    fn is_aside(&self, _is_watched: bool) -> bool {
        false
    }

    /// Decides, writes rows and answers, all in the message's own transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError>;
}
