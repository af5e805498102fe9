//! A forward that follows a person's comment: it is what the comment is about.

use signalbox_adapter::Signal;

use crate::format;
use crate::format::intake::JOINED;
use crate::format::prompt::ONLY_QUOTED;
use crate::format::session::Notes;
use crate::store::{InboxOutcome, NewInvestigation, Status, StoreError, Task};
use crate::turn::{Turn, admit, intake, quoted, report};

use super::investigate;

/// Longest text of alerts given to an agent, in bytes.
const MAX_ALERT_BYTES: usize = 64 * 1024;

/// Takes a forward along with the task that the comment before it has asked for: where that waits it is part of its prompt,
/// and where it runs it begins again with it, so that what one person says in one go gets one answer; of an investigation that
/// runs it is what is said next. `None` where the task has no session.
///
/// # Errors
/// [`StoreError`].
pub fn join(turn: &Turn<'_>, task: &Task) -> Result<Option<InboxOutcome>, StoreError> {
    let Some(session) = task.session.map(|id| turn.tx.session(id)).transpose()?.flatten() else { return Ok(None) };
    if let Some(why) = turn.barred_from(&session.agent)? {
        return turn.refuse(why).map(Some);
    }
    if task.status == Status::Queued {
        let words = match turn.tx.investigation(&task.id)? {
            Some(_) => task.prompt.clone(),
            None => quoted::below(turn, &session, &task.prompt)?,
        };
        let prompt = intake::with_files(&words, &turn.incoming.files);
        if turn.tx.reword(task, &prompt, &admit::title(&task.prompt))? {
            add_alert(turn, task)?;
            take_note(turn);
            return Ok(Some(InboxOutcome::Ok));
        }
    }
    if let Some(refusal) = turn.tx.queue_is_full(&turn.chat(), Some(session.id))? {
        return turn.refuse(format::session::refused(&refusal)).map(Some);
    }
    let words = match turn.tx.investigation(&task.id)? {
        Some(_) => ONLY_QUOTED,
        None => {
            turn.tx.cancel(&task.id, JOINED)?;
            &task.prompt
        }
    };
    admit::submit_at(turn, &task.address, &session, words, None, &Notes::default()).map(Some)
}

/// Investigates an alert that follows a person's comment without a command: the comment is what is asked of it, and no task of
/// its own. `None` where the comment was for something else.
///
/// # Errors
/// [`StoreError`].
pub fn investigate(turn: &Turn<'_>, task: &Task) -> Result<Option<InboxOutcome>, StoreError> {
    let asked = task.inbox.map(|inbox| turn.tx.inbound_text(inbox)).transpose()?.flatten();
    let is_plain = asked.is_some_and(|text| !text.trim_start().starts_with('/'));
    if !is_plain || turn.tx.investigation(&task.id)?.is_some() {
        return Ok(None);
    }
    if let Some(why) = turn.barred_from(&task.agent)? {
        return turn.refuse(why).map(Some);
    }
    let was_waiting = task.status == Status::Queued;
    turn.tx.cancel(&task.id, JOINED)?;
    if was_waiting && let Some(ended) = turn.tx.task(&task.id)? {
        report::end(turn.tx, turn.cx, &ended)?;
    }
    let by = investigate::By { agent: Some(&task.agent), model: task.model.as_deref() };
    investigate::quoted(turn, &task.prompt, by).map(Some)
}

/// Lets an investigation that waits be about what is forwarded, too.
fn add_alert(turn: &Turn<'_>, task: &Task) -> Result<(), StoreError> {
    let Some(investigation) = turn.tx.investigation(&task.id)? else { return Ok(()) };
    let forwarded = quoted::told(turn).map(|told| told.text).unwrap_or_default();
    let alerts: Vec<&str> = investigation.alert.iter().map(String::as_str).chain([forwarded.as_str()]).collect();
    let alert = alerts.join("\n\n");
    turn.tx.reword_investigation(&NewInvestigation {
        task: &task.id,
        chat: &turn.chat(),
        title: &investigation.title,
        question: &investigation.question,
        alert: Some(&alert[..alert.floor_char_boundary(MAX_ALERT_BYTES)]),
        fingerprint: investigation.fingerprint.as_deref(),
        background: investigation.background,
    })
}

/// Gives a sign that a message was taken, of which nothing else is said.
fn take_note(turn: &Turn<'_>) {
    if let Some(message) = turn.incoming.message.clone() {
        let address = turn.incoming.address.clone();
        turn.tx.sign(&turn.incoming.address.provider, Signal::Taken { address, message });
    }
}
