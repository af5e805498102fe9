//! `/status`: what runs here and what waits.

use crate::command::StatusCommand;
use crate::format;
use crate::store::{InboxOutcome, Status, StoreError};
use crate::turn::{Handler, Turn};

impl Handler for StatusCommand {
    fn is_aside(&self, is_watched: bool) -> bool {
        is_watched
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let (mut rows, mut open) = (Vec::new(), Vec::new());
        for task in turn.tx.unfinished_tasks(Some(&turn.chat()))? {
            let name = turn.tx.name_of(&task)?;
            let position = if task.status == Status::Queued { Some(turn.tx.position(&task)?) } else { None };
            if let Some(approval) = turn.tx.open_approval(&task.id)? {
                open.push((name.clone(), approval));
            }
            rows.push(format::task::Row { task, name, position });
        }
        let elsewhere = turn.tx.unfinished_tasks(None)?.len() - rows.len();
        turn.answer(format::task::status(&rows, &open, elsewhere, turn.tx.now()))
    }
}
