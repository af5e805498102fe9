//! Commands about tasks: status, stop, cancel, retry, discard, answers to permission requests, and the trace.

use signalbox_adapter::IncomingKind;

use crate::agent::event::Decision;
use crate::format;
use crate::format::approval::Answered;
use crate::format::session::Notes;
use crate::store::{InboxOutcome, SessionStatus, Status, StoreError, Task};
use crate::turn::{Turn, admit, report};

/// Candidates shown for an ambiguous id.
const MAX_CANDIDATES: usize = 5;

/// Tells what runs and waits in this chat.
///
/// # Errors
/// [`StoreError`].
pub fn status(turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
    let mut rows = Vec::new();
    for task in turn.tx.unfinished_tasks(Some(&turn.chat()))? {
        let name = session_name(turn, &task)?;
        let position = if task.status == Status::Queued { Some(turn.tx.position(&task)?) } else { None };
        rows.push(format::task::Row { task, name, position });
    }
    let elsewhere = turn.tx.unfinished_tasks(None)?.len() - rows.len();
    turn.answer(format::task::status(&rows, elsewhere, turn.tx.now()))
}

/// Cancels this thread's running task, or with `all` everything that runs or waits in the chat.
///
/// # Errors
/// [`StoreError`].
pub fn stop(turn: &Turn<'_>, all: bool) -> Result<InboxOutcome, StoreError> {
    let tasks = turn.tx.unfinished_tasks(Some(&turn.chat()))?;
    let here = tasks.iter().filter(|task| task.address == turn.incoming.address);
    let targets: Vec<&Task> = if all {
        tasks.iter().collect()
    } else {
        // What free text would follow up is what "this" means; else the newest.
        let active = turn.tx.active_session_id(&turn.chat())?;
        let running: Vec<&Task> = here.filter(|task| task.status == Status::Running).collect();
        let meant = running.iter().rev().find(|task| task.session == active).or(running.last());
        meant.copied().into_iter().collect()
    };
    if targets.is_empty() {
        return turn.answer(format::task::nothing_to_stop(all));
    }
    let mut names = Vec::new();
    for task in targets {
        turn.tx.cancel(&task.id, turn.incoming.sender.id.as_str())?;
        names.push(session_name(turn, task)?);
        announce_if_waiting(turn, task)?;
    }
    turn.answer(format::task::stopping(&names))
}

/// Cancels one task by its id.
///
/// # Errors
/// [`StoreError`].
pub fn cancel(turn: &Turn<'_>, id: &str) -> Result<InboxOutcome, StoreError> {
    match find(turn, id)? {
        Ok(task) => end(turn, &task),
        Err(outcome) => Ok(outcome),
    }
}

/// Cancels a task that is at hand.
///
/// # Errors
/// [`StoreError`].
pub fn end(turn: &Turn<'_>, task: &Task) -> Result<InboxOutcome, StoreError> {
    let name = session_name(turn, task)?;
    match turn.tx.cancel(&task.id, turn.incoming.sender.id.as_str())? {
        Some(_) => {
            announce_if_waiting(turn, task)?;
            turn.answer(format::task::stopping(&[name]))
        }
        None => turn.refuse(format::task::already_ended(task, &name)),
    }
}

/// A task that never ran has its result at once.
fn announce_if_waiting(turn: &Turn<'_>, task: &Task) -> Result<(), StoreError> {
    let Some(ended) = turn.tx.task(task.id.as_str())?.filter(|now| now.status.is_final()) else { return Ok(()) };
    report::end(turn.tx, turn.cx, &ended)
}

/// Runs a task's prompt again.
///
/// # Errors
/// [`StoreError`].
pub fn retry(turn: &Turn<'_>, id: &str) -> Result<InboxOutcome, StoreError> {
    match find(turn, id)? {
        Ok(task) => run_again(turn, &task),
        Err(outcome) => Ok(outcome),
    }
}

/// Runs the prompt of a task that is at hand again, as a new task.
///
/// # Errors
/// [`StoreError`].
pub fn run_again(turn: &Turn<'_>, task: &Task) -> Result<InboxOutcome, StoreError> {
    let name = session_name(turn, task)?;
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

/// Sets an ended task aside: its buttons are gone.
///
/// # Errors
/// [`StoreError`].
pub fn discard(turn: &Turn<'_>, id: &str) -> Result<InboxOutcome, StoreError> {
    let task = match find(turn, id)? {
        Ok(task) => task,
        Err(outcome) => return Ok(outcome),
    };
    let name = session_name(turn, &task)?;
    if !task.status.is_final() {
        return turn.refuse(format::task::not_ended(&task, &name));
    }
    turn.tx.discard(&task.id)?;
    report::spend_result(turn.tx, turn.cx, &task.id)?;
    turn.answer(format::task::discarded(&name))
}

/// Answers a permission request.
///
/// # Errors
/// [`StoreError`].
pub fn decide(turn: &Turn<'_>, id: &str, decision: Decision) -> Result<InboxOutcome, StoreError> {
    let approval = turn.tx.approval(id)?;
    let task = match &approval {
        Some(approval) => turn.tx.task(approval.task.as_str())?,
        None => None,
    };
    // A request of another chat is as unknown here as one that never was.
    let (Some(approval), Some(task)) = (approval, task.filter(|task| crate::store::chat(&task.address) == turn.chat()))
    else {
        return turn.refuse(format::approval::unknown(id));
    };
    let name = session_name(turn, &task)?;
    if !turn.tx.decide(&approval, decision, turn.incoming.sender.id.as_str())? {
        return turn.refuse(format::approval::too_late(&name, &approval));
    }
    let by = Answered::By(decision, &turn.incoming.sender.name);
    report::answered(turn.tx, turn.cx, &task, &approval, by)?;
    turn.answer(format::approval::noted(&name, &approval, decision))
}

/// Traces a task or a delivered message from its arrival to its receipt.
///
/// # Errors
/// [`StoreError`].
pub fn why(turn: &Turn<'_>, of: &str) -> Result<InboxOutcome, StoreError> {
    let delivery = turn.tx.delivery(of, Some(&turn.incoming.address))?;
    let of_session = turn.tx.session_by_name(&turn.chat(), of)?;
    let id = match (&delivery, of_session) {
        (Some(delivery), _) => delivery.task.clone().unwrap_or_else(|| of.to_owned()),
        (None, Some(session)) => match turn.tx.tasks_of_session(session.id, 1)?.pop() {
            Some(task) => task.id.as_str().to_owned(),
            None => of.to_owned(),
        },
        (None, None) => of.to_owned(),
    };
    let task = match find(turn, &id)? {
        Ok(task) => task,
        Err(outcome) => return Ok(outcome),
    };
    let name = session_name(turn, &task)?;
    let received = match task.inbox {
        Some(inbox) => turn.tx.received_at(inbox)?,
        None => None,
    };
    let events = turn.tx.events(&task.id)?;
    let deliveries = turn.tx.deliveries_of(Some(task.id.as_str()), None)?;
    turn.answer(format::trace::trace(&task, &name, received, &events, &deliveries))
}

/// Finds a task of this chat by its id or the beginning of it; otherwise the chat is told what is wrong.
fn find(turn: &Turn<'_>, id: &str) -> Result<Result<Task, InboxOutcome>, StoreError> {
    let mut found = turn.tx.tasks_by_prefix(Some(&turn.chat()), id, MAX_CANDIDATES + 1)?;
    let exact = found.iter().position(|task| task.id.as_str() == id);
    match (exact, found.len()) {
        (Some(at), _) => Ok(Ok(found.swap_remove(at))),
        (None, 0) => turn.refuse(format::task::unknown(id)).map(Err),
        (None, 1) => Ok(Ok(found.swap_remove(0))),
        (None, _) => turn.refuse(format::task::ambiguous(id, &found)).map(Err),
    }
}

/// Returns what a task is called in a chat: its session's name, else its id.
///
/// # Errors
/// [`StoreError`].
pub fn session_name(turn: &Turn<'_>, task: &Task) -> Result<String, StoreError> {
    turn.tx.name_of(task)
}
