//! `/agents`: which agents there are, and whether they are installed.

use crate::format;
use crate::store::{InboxOutcome, StoreError};
use crate::turn::Turn;

/// Lists the agents with their versions.
///
/// # Errors
/// [`StoreError`].
pub fn list(turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
    turn.answer(format::agents::list(&turn.cx.agents, turn.presence))
}
