//! A forward that follows a person's comment: it is what the comment is about.

use signalbox_adapter::Signal;

use crate::format;
use crate::format::prompt::ONLY_QUOTED;
use crate::format::session::Notes;
use crate::store::{InboxOutcome, NewInvestigation, Status, StoreError, Task};
use crate::turn::{Turn, admit, intake, quoted};

/// Longest text of alerts given to an agent, in bytes.
const MAX_ALERT_BYTES: usize = 64 * 1024;

/// Takes a forward along with the task that the comment before it has asked for: where that waits it is part of its prompt,
/// and where it runs it is said next in its session. `None` where the task has no session.
///
/// # Errors
/// [`StoreError`].
pub fn join(turn: &Turn<'_>, task: &Task) -> Result<Option<InboxOutcome>, StoreError> {
    let Some(session) = task.session.map(|id| turn.tx.session(id)).transpose()?.flatten() else { return Ok(None) };
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
    admit::submit_at(turn, &task.address, &session, ONLY_QUOTED, None, &Notes::default()).map(Some)
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
