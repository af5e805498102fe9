//! `/start`: the first words to a person who may use the bot; what a code does stands in [`super::pairing`].

use crate::command::StartCommand;
use crate::format;
use crate::store::{InboxOutcome, StoreError};
use crate::turn::{Handler, Turn};

impl Handler for StartCommand {
    fn is_aside(&self, _is_watched: bool) -> bool {
        true
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        turn.answer(format::access::welcome())
    }
}
