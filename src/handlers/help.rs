//! `/help`: how to use the bot.

use crate::command::{HelpCommand, help};
use crate::store::{InboxOutcome, StoreError};
use crate::turn::{Handler, Turn};

impl Handler for HelpCommand {
    fn is_aside(&self, _is_watched: bool) -> bool {
        true
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let detail = self.topic.as_deref().and_then(|topic| help::about(topic).or_else(|| help::detail(topic)));
        turn.answer(detail.unwrap_or_else(help::overview))
    }
}
