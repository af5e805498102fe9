//! `/help`, `/start` and `/id`: how to use the bot, and who it takes a person for.

use crate::command;
use crate::config::Role;
use crate::format;
use crate::store::{InboxOutcome, StoreError};
use crate::turn::{Turn, rights};

/// Explains one command, or lists them all.
///
/// # Errors
/// [`StoreError`].
pub fn help(turn: &Turn<'_>, topic: Option<&str>) -> Result<InboxOutcome, StoreError> {
    let help = topic.and_then(command::help::detail);
    turn.answer(help.unwrap_or_else(command::help::overview))
}

/// Greets a person who may use the bot.
///
/// # Errors
/// [`StoreError`].
pub fn welcome(turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
    turn.answer(format::access::welcome())
}

/// Tells a person's id and role, and this chat's address.
///
/// # Errors
/// [`StoreError`].
pub fn identity(turn: &Turn<'_>, role: Role) -> Result<InboxOutcome, StoreError> {
    let paired = rights::known(turn.tx, turn.cx, turn.incoming)?.paired;
    turn.answer(format::access::identity(turn.incoming, role, paired == Some(role)))
}
