//! `/help`: how to use the bot.

use crate::command;
use crate::store::{InboxOutcome, StoreError};
use crate::turn::Turn;

/// Explains one command, or lists them all.
///
/// # Errors
/// [`StoreError`].
pub fn help(turn: &Turn<'_>, topic: Option<&str>) -> Result<InboxOutcome, StoreError> {
    let help = topic.and_then(command::help::detail);
    turn.answer(help.unwrap_or_else(command::help::overview))
}
