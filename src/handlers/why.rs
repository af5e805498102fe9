//! `/why`: one message's trace from arrival to receipt.

use super::tasks;
use crate::command::WhyCommand;
use crate::format;
use crate::store::{InboxOutcome, StoreError};
use crate::turn::{Handler, Turn};

impl Handler for WhyCommand {
    fn is_aside(&self, is_watched: bool) -> bool {
        is_watched
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let of = self.of.as_str();
        let delivery = turn.tx.delivery(of, Some(&turn.incoming.address))?;
        let of_session = turn.tx.session_by_name(&turn.chat(), of)?;
        let id = match (&delivery, of_session) {
            (Some(delivery), _) => delivery.task.as_ref().map_or(of.to_owned(), ToString::to_string),
            (None, Some(session)) => match turn.tx.tasks_of_session(session.id, 1)?.pop() {
                Some(task) => task.id.as_str().to_owned(),
                None => of.to_owned(),
            },
            (None, None) => of.to_owned(),
        };
        let task = match tasks::find(turn, &id)? {
            Ok(task) => task,
            Err(outcome) => return Ok(outcome),
        };
        let name = turn.tx.name_of(&task)?;
        let received = match task.inbox {
            Some(inbox) => turn.tx.received_at(inbox)?,
            None => None,
        };
        let events = turn.tx.events(&task.id)?;
        let deliveries = turn.tx.deliveries_of(Some(&task.id), None)?;
        turn.answer(format::trace::trace(&task, &name, received, &events, &deliveries))
    }
}
