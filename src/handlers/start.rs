//! `/start`: the first words to a person who may use the bot; what a code does stands in [`super::pairing`].

use crate::format;
use crate::store::{InboxOutcome, StoreError};
use crate::turn::Turn;

/// Greets a person who may use the bot.
///
/// # Errors
/// [`StoreError`].
pub fn welcome(turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
    turn.answer(format::access::welcome())
}
