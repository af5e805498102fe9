//! A prompt of a session: admitted as a task, in the session's order; the answer says started, queued or refused.

use crate::format;
use crate::format::session::Notes;
use crate::store::{InboxOutcome, Session, SessionStatus, StoreError};
use crate::turn::{Turn, admit, quoted};

/// Follows a session up by its name.
pub(super) fn by_name(turn: &Turn<'_>, name: &str, prompt: &str) -> Result<InboxOutcome, StoreError> {
    match turn.tx.session_by_name(&turn.chat(), name)? {
        Some(session) => follow(turn, session, prompt, None),
        None => turn.refuse(format::session::unknown(name, None)),
    }
}

/// Follows a session up; one that was put away opens again. An alert is data there, whoever hands it over. `unknown` is the
/// word before the prompt that names nothing here, where the chat is to be told so.
pub(super) fn follow(
    turn: &Turn<'_>,
    session: Session,
    prompt: &str,
    unknown: Option<String>,
) -> Result<InboxOutcome, StoreError> {
    if let Some(why) = turn.barred_from(&session.agent)? {
        return turn.refuse(why);
    }
    let mut notes = Notes { unknown, ..Notes::default() };
    if session.status == SessionStatus::Ended && !session.archived {
        return turn.refuse(format::session::ended(&session.name));
    }
    if let Some(refusal) = turn.tx.queue_is_full(&turn.chat(), Some(session.id))? {
        return turn.refuse(format::session::refused(&refusal));
    }
    if let Err(why) = admit::reopen(turn, &session, &mut notes)? {
        return turn.refuse(why);
    }
    let prompt = quoted::fenced_alert(turn, &session.agent, prompt);
    admit::submit(turn, &session, &prompt, None, &notes)
}
