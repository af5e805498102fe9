//! `/agents`: which agents there are, and whether they are installed.

use crate::command::AgentsCommand;
use crate::format;
use crate::store::{InboxOutcome, StoreError};
use crate::turn::{Handler, Look, Turn};

impl Handler for AgentsCommand {
    fn is_aside(&self, is_watched: bool) -> bool {
        is_watched
    }

    fn looks(&self) -> Vec<Look> {
        vec![Look::Versions, Look::Kept]
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let mut list = format::agents::list(&turn.cx.agents, turn.looked.presence());
        list.blocks.extend(format::agents::kept(turn.looked.kept().len()).blocks);
        turn.answer(list)
    }
}
