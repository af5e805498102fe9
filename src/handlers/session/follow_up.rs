//! A prompt of a session: admitted as a task, in the session's order; the answer says started, queued or refused.

use signalbox_adapter::{Document, Purpose, Signal};

use crate::format;
use crate::store::{Admission, InboxOutcome, NewTask, Refusal, Session, SessionStatus, StoreError, TaskId};
use crate::turn::Turn;
use crate::turn::intake;
use crate::turn::report;

/// What an answer should mention besides.
#[derive(Debug, Default)]
pub struct Notes {
    /// The session that was put away to make room.
    pub archived: Option<String>,
    /// Whether the built-in investigator answers because no agent is installed, and this is the first time.
    pub only_host: bool,
    /// Whether the session was put away and is open again.
    pub reopened: bool,
}

/// Follows a session up by its name.
pub(super) fn by_name(turn: &Turn<'_>, name: &str, prompt: &str) -> Result<InboxOutcome, StoreError> {
    match turn.tx.session_by_name(&turn.chat(), name)? {
        Some(session) => follow(turn, session, prompt),
        None => turn.refuse(format::session::unknown(name, None)),
    }
}

/// Follows a session up; one that was put away opens again.
pub(super) fn follow(turn: &Turn<'_>, session: Session, prompt: &str) -> Result<InboxOutcome, StoreError> {
    let mut notes = Notes::default();
    if session.status == SessionStatus::Ended && !session.archived {
        return turn.refuse(format::session::ended(&session.name));
    }
    if let Some(refusal) = turn.tx.queue_is_full(&turn.chat(), Some(session.id))? {
        return turn.refuse(format::session::refused(&refusal));
    }
    if let Err(why) = reopen(turn, &session, &mut notes)? {
        return turn.refuse(why);
    }
    submit(turn, &session, prompt, None, &notes)
}

/// Opens a session again that was put away, where its name is still free and the chat has or can make room.
///
/// # Errors
/// [`StoreError`]; what stands in the way comes back as the answer, and nothing was changed.
pub fn reopen(turn: &Turn<'_>, session: &Session, notes: &mut Notes) -> Result<Result<(), Document>, StoreError> {
    if !session.archived {
        return Ok(Ok(()));
    }
    if turn.tx.session_by_name(&turn.chat(), &session.name)?.is_some_and(|other| other.id != session.id) {
        return Ok(Err(format::session::name_taken(&session.name)));
    }
    let limit = turn.tx.caps().sessions_per_chat;
    if turn.tx.count_open_sessions(&turn.chat())? >= limit {
        match turn.tx.archive_oldest_idle(&turn.chat())? {
            Some(archived) => notes.archived = Some(archived),
            None => return Ok(Err(format::session::refused(&Refusal::SessionsBusy(limit)))),
        }
    }
    turn.tx.reopen_session(session.id)?;
    notes.reopened = true;
    Ok(Ok(()))
}

/// Admits a prompt as a task and answers; the caller has asked whether the queue has room.
///
/// # Errors
/// [`StoreError`].
pub fn submit(
    turn: &Turn<'_>,
    session: &Session,
    prompt: &str,
    retry_of: Option<&TaskId>,
    notes: &Notes,
) -> Result<InboxOutcome, StoreError> {
    let prompt = intake::with_files(prompt, &turn.incoming.files);
    let new = NewTask { incoming: turn.incoming, inbox: turn.inbox, session, prompt: &prompt, retry_of, id: None };
    let admission = turn.tx.admit(&new)?;
    let task = match &admission {
        Admission::Started(task) | Admission::Queued(task, _) => task,
    };
    if let Some(earlier) = retry_of {
        turn.tx.investigate_again(&task.id, earlier)?;
    }
    let admitted = format::session::admitted(session, &admission, notes);
    turn.say(admitted, Purpose::Progress, report::status_buttons(&task.id), Some(&task.id))?;
    if let Some(message) = turn.incoming.message.clone() {
        let address = turn.incoming.address.clone();
        turn.tx.sign(&turn.incoming.address.provider, Signal::Taken { address, message });
    }
    Ok(InboxOutcome::Ok)
}
