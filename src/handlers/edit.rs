//! Edits and deletions: a person corrects what they have said, or takes it back.
//!
//! | the message had | the edit |
//! |---|---|
//! | asked for a task that still waits | is its prompt from now on |
//! | asked for a task that runs or has ended | comes too late, and says so once |
//! | been refused, or was not for us | is taken as a new message |
//! | done something else | changes nothing |
//!
//! A message that is taken away takes the task along that it has asked for, as long as that waits: it is cancelled, and
//! its status says so. Whoever may take the message away may do that: its author, or those who keep order in the chat. A
//! task that runs, and all else that a message has done, stays.

use std::borrow::Cow;
use std::time::Duration;

use signalbox_adapter::Incoming;

use super::investigate;
use crate::command::Parsed;
use crate::format;
use crate::store::{InboxOutcome, Status, StoreError, Task, Tx};
use crate::turn::{Turn, admit, intake, quoted, report, talk};

/// An edit that comes too late is told once in this time: longer than any provider lets people edit.
const TELL_LATE_EVERY: Duration = Duration::from_secs(30 * 24 * 3600);

/// Takes an edit; `None` when it is to be handled like a new message.
///
/// # Errors
/// [`StoreError`].
pub fn take(turn: &Turn<'_>, parsed: &Parsed) -> Result<Option<InboxOutcome>, StoreError> {
    let Some(message) = &turn.incoming.message else { return Ok(None) };
    let Some(task) = turn.tx.task_asked_by(&turn.incoming.address, message)? else {
        return Ok(match turn.tx.outcome_of(&turn.incoming.address, message)? {
            Some(InboxOutcome::Ok) => Some(InboxOutcome::Ignored),
            Some(InboxOutcome::Refused | InboxOutcome::Ignored) | None => None,
        });
    };
    if task.requested_by != turn.incoming.sender.id.as_str() {
        return Ok(Some(InboxOutcome::Ignored));
    }
    if let Some(why) = turn.barred_from(&task.agent)? {
        return turn.refuse(why).map(Some);
    }
    let name = turn.tx.name_of(&task)?;
    let Some(words) = parsed.prompt() else {
        return turn.refuse(format::intake::edited_to_a_command(&name)).map(Some);
    };
    if task.status == Status::Queued && turn.tx.investigation(&task.id)?.is_some() {
        return investigate::reword(turn, &task, words).map(Some);
    }
    let mut prompt = intake::reworded(&with_others(turn, parsed, &task, words)?, &task.prompt);
    if prompt == talk::without(&task.prompt) || prompt == task.prompt {
        return Ok(Some(InboxOutcome::Ignored));
    }
    if talk::without(&prompt) == prompt {
        prompt.push_str(&talk::again(turn, &task)?);
    }
    if task.status == Status::Queued && turn.tx.reword(&task, &prompt, &admit::title(words))? {
        return turn.answer(format::intake::reworded(&name)).map(Some);
    }
    let what = format!("late-edit:{}:{message}", turn.incoming.address);
    match turn.tx.first_in(&what, TELL_LATE_EVERY)? {
        true => turn.refuse(format::intake::edited_too_late(&name)).map(Some),
        false => Ok(Some(InboxOutcome::Ignored)),
    }
}

/// Whether something waits of a message that was taken away, or an agent would be told of it with the next turn in its thread.
///
/// # Errors
/// [`StoreError`].
pub fn is_awaited(tx: &Tx<'_>, gone: &Incoming) -> Result<bool, StoreError> {
    let Some(message) = &gone.message else { return Ok(false) };
    let waits = !tx.waiting_asked_by(&gone.address, message)?.is_empty();
    Ok(waits || tx.open_of_message(&gone.address, message)?.is_some() || tx.is_said_aside(&gone.address, message)?)
}

/// Withdraws what waits of a message that was taken away.
///
/// # Errors
/// [`StoreError`].
pub fn withdraw(turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
    let Some(message) = &turn.incoming.message else { return Ok(InboxOutcome::Ignored) };
    let mut outcome = InboxOutcome::Ignored;
    if let Some(open) = turn.tx.open_of_message(&turn.incoming.address, message)?.filter(|open| *open != turn.inbox) {
        turn.tx.close_inbound(open, InboxOutcome::Ignored)?;
        outcome = InboxOutcome::Ok;
    }
    for task in turn.tx.waiting_asked_by(&turn.incoming.address, message)? {
        turn.tx.cancel(&task.id, format::intake::TAKEN_AWAY)?;
        if let Some(ended) = turn.tx.task(&task.id)? {
            report::withdrawn(turn.tx, turn.cx, &ended)?;
        }
        outcome = InboxOutcome::Ok;
    }
    Ok(outcome)
}

/// Returns the new words as an agent is given them: an alert as data, and with what came along of others.
fn with_others<'w>(turn: &Turn<'_>, parsed: &Parsed, task: &Task, words: &'w str) -> Result<Cow<'w, str>, StoreError> {
    let words = match parsed {
        Parsed::FreeText(_) => quoted::fenced_alert(turn, &task.agent, words),
        Parsed::Command(_) | Parsed::Nothing => Cow::Borrowed(words),
    };
    let session = task.session.map(|id| turn.tx.session(id)).transpose()?.flatten();
    match session.filter(|_| !turn.incoming.quoted.is_empty()) {
        Some(session) => Ok(Cow::Owned(quoted::below(turn, &session, &words)?)),
        None => Ok(words),
    }
}
