//! `/id`: who the bot takes a person for, and where they are.

use crate::config::Role;
use crate::format;
use crate::store::{InboxOutcome, StoreError};
use crate::turn::{Turn, rights};

/// Tells a person's id and role, and this chat's address.
///
/// # Errors
/// [`StoreError`].
pub fn identity(turn: &Turn<'_>, role: Role) -> Result<InboxOutcome, StoreError> {
    let paired = rights::known(turn.tx, turn.cx, turn.incoming)?.paired;
    turn.answer(format::access::identity(turn.incoming, role, paired == Some(role)))
}
