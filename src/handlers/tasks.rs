//! `/cancel`, `/retry` and `/discard`: what can be done with one task.

use signalbox_adapter::IncomingKind;

use crate::command::{CancelCommand, DiscardCommand, RetryCommand};
use crate::format;
use crate::format::session::Notes;
use crate::store::{InboxOutcome, SessionStatus, Status, StoreError, Task};
use crate::turn::{Handler, Turn, admit, report};

/// Candidates shown for an ambiguous id.
const MAX_CANDIDATES: usize = 5;

impl Handler for CancelCommand {
    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        match find(turn, &self.task)? {
            Ok(task) => end(turn, &task),
            Err(outcome) => Ok(outcome),
        }
    }
}

/// Cancels a task that is at hand.
///
/// # Errors
/// [`StoreError`].
pub fn end(turn: &Turn<'_>, task: &Task) -> Result<InboxOutcome, StoreError> {
    let name = turn.tx.name_of(task)?;
    match turn.tx.cancel(&task.id, turn.incoming.sender.id.as_str())? {
        Some(_) => {
            announce_if_waiting(turn, task)?;
            turn.answer(format::task::stopping(&[name]))
        }
        None => turn.refuse(format::task::already_ended(task, &name)),
    }
}

/// A task that never ran has its result at once.
pub(super) fn announce_if_waiting(turn: &Turn<'_>, task: &Task) -> Result<(), StoreError> {
    let Some(ended) = turn.tx.task(&task.id)?.filter(|now| now.status.is_final()) else { return Ok(()) };
    report::end(turn.tx, turn.cx, &ended)
}

impl Handler for RetryCommand {
    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        match find(turn, &self.task)? {
            Ok(task) => run_again(turn, &task),
            Err(outcome) => Ok(outcome),
        }
    }
}

/// Runs the prompt of a task that is at hand again, as a new task.
///
/// # Errors
/// [`StoreError`].
pub fn run_again(turn: &Turn<'_>, task: &Task) -> Result<InboxOutcome, StoreError> {
    let name = turn.tx.name_of(task)?;
    if !task.status.is_final() {
        return turn.refuse(format::task::not_ended(task, &name));
    }
    if task.discarded {
        return turn.refuse(format::task::set_aside(&name));
    }
    let session = match task.session {
        Some(id) => turn.tx.session(id)?,
        None => None,
    };
    let Some(session) = session else { return turn.refuse(format::task::unknown(task.id.as_str())) };
    if session.status == SessionStatus::Ended && !session.archived {
        return turn.refuse(format::session::ended(&session.name));
    }
    if let Some(why) = turn.barred_from(&session.agent)? {
        return turn.refuse(why);
    }
    if let Some(refusal) = turn.tx.queue_is_full(&turn.chat(), Some(session.id))? {
        return turn.refuse(format::session::refused(&refusal));
    }
    let mut notes = Notes::default();
    if let Err(why) = admit::reopen(turn, &session, &mut notes)? {
        return turn.refuse(why);
    }
    // The button is spent: pressed twice it must not run the prompt twice.
    let by_button = matches!(turn.incoming.kind, IncomingKind::Button { .. });
    if task.status == Status::Interrupted || by_button {
        turn.tx.discard(&task.id)?;
        report::spend_result(turn.tx, turn.cx, &task.id)?;
    }
    admit::submit(turn, &session, &task.prompt, Some(&task.id), &notes)
}

impl Handler for DiscardCommand {
    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let task = match find(turn, &self.task)? {
            Ok(task) => task,
            Err(outcome) => return Ok(outcome),
        };
        let name = turn.tx.name_of(&task)?;
        if !task.status.is_final() {
            return turn.refuse(format::task::not_ended(&task, &name));
        }
        turn.tx.discard(&task.id)?;
        report::spend_result(turn.tx, turn.cx, &task.id)?;
        turn.answer(format::task::discarded(&name))
    }
}

/// Finds a task of this chat by its id or the beginning of it; otherwise the chat is told what is wrong.
pub(super) fn find(turn: &Turn<'_>, id: &str) -> Result<Result<Task, InboxOutcome>, StoreError> {
    let mut found = turn.tx.tasks_by_prefix(Some(&turn.chat()), id, MAX_CANDIDATES + 1)?;
    let exact = found.iter().position(|task| task.id.as_str() == id);
    match (exact, found.len()) {
        (Some(at), _) => Ok(Ok(found.swap_remove(at))),
        (None, 0) => turn.refuse(format::task::unknown(id)).map(Err),
        (None, 1) => Ok(Ok(found.swap_remove(0))),
        (None, _) => turn.refuse(format::task::ambiguous(id, &found)).map(Err),
    }
}
