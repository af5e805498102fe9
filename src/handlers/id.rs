//! `/id`: who the bot takes a person for, and where they are.

use crate::access;
use crate::command::IdCommand;
use crate::format;
use crate::store::{InboxOutcome, StoreError};
use crate::turn::{Handler, Turn, rights};

impl Handler for IdCommand {
    fn is_aside(&self, _is_watched: bool) -> bool {
        true
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let known = rights::known(turn.tx, turn.cx, turn.incoming)?;
        match access::role_of(&turn.cx.config.allow, turn.incoming, &known) {
            Some(role) => turn.answer(format::access::identity(turn.incoming, role, known.paired == Some(role))),
            None => turn.refuse(format::access::stranger(turn.incoming)),
        }
    }
}
