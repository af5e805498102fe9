//! Named sessions: from a command or free text to a row, a task and an answer, all in the message's own transaction.
//!
//! [`handle`] serves `/session …`, [`free_text`] everything said without a command; `start` makes new sessions,
//! `follow_up` continues them, `manage` looks after them. The observer owns the transitions that a run causes.

mod follow_up;
mod manage;
pub mod names;
mod start;

use super::investigate;
use crate::alert;
use crate::command::{Mention, Resolved, SessionCommand};
use crate::format;
use crate::store::{InboxOutcome, Session, StoreError};
use crate::turn::{Turn, mention};

/// Serves `/session …`.
///
/// # Errors
/// [`StoreError`].
pub fn handle(turn: &Turn<'_>, command: &SessionCommand) -> Result<InboxOutcome, StoreError> {
    match command {
        SessionCommand::Start(start) => match mention::resolve(turn, start.mention.as_ref())? {
            Resolved::Session(name) if start.name.is_some() || start.project.is_some() => {
                turn.refuse(format::session::options_of_a_new_one(&name))
            }
            Resolved::Session(name) => follow_up::by_name(turn, &name, &start.prompt),
            Resolved::Agent { agent, model } => start::start(
                turn,
                &start::Wish {
                    name: start.name.as_deref(),
                    project: start.project.as_deref(),
                    agent: Some(&agent),
                    model: model.as_deref(),
                    prompt: &start.prompt,
                },
            ),
            Resolved::Text => start::start(
                turn,
                &start::Wish {
                    name: start.name.as_deref(),
                    project: start.project.as_deref(),
                    agent: None,
                    model: None,
                    prompt: &start.whole,
                },
            ),
            Resolved::NearMiss { word, nearest } => turn.refuse(format::session::near_miss(&word, nearest.as_deref())),
        },
        SessionCommand::List => manage::list(turn),
        SessionCommand::Show(name) => manage::show(turn, name),
        SessionCommand::Use(name) => manage::activate(turn, name),
        SessionCommand::Cancel(name) => manage::cancel(turn, name),
        SessionCommand::End(name) => manage::end(turn, name),
        SessionCommand::Rename { old, new } => manage::rename(turn, old, new),
        SessionCommand::Retry(name) => manage::retry(turn, name),
    }
}

/// Serves what was said without a command: a named session, the session of the message replied to, the chat's active
/// session, or a new one.
///
/// # Errors
/// [`StoreError`].
pub fn free_text(
    turn: &Turn<'_>,
    mention: Option<&Mention>,
    prompt: &str,
    whole: &str,
) -> Result<InboxOutcome, StoreError> {
    let wish = match mention::resolve(turn, mention)? {
        Resolved::Session(name) => return follow_up::by_name(turn, &name, prompt),
        Resolved::NearMiss { word, nearest } => {
            return turn.refuse(format::session::near_miss(&word, nearest.as_deref()));
        }
        Resolved::Agent { agent, model } => Some((agent, model)),
        Resolved::Text => None,
    };
    let context = match (&wish, &turn.incoming.reply_to) {
        (Some(_), _) => None,
        (None, replied) => {
            let replied = replied.as_ref().map(|message| message.as_str());
            context(turn, replied)?
        }
    };
    if let Some(session) = context {
        return follow_up::follow(turn, session, whole);
    }
    if wish.is_none() && alert::is_alert(whole) {
        return investigate::pasted(turn, whole);
    }
    let (agent, model) = wish.unzip();
    let prompt = if agent.is_some() { prompt } else { whole };
    let wish = start::Wish {
        name: None,
        project: None,
        agent: agent.as_deref(),
        model: model.as_ref().and_then(Option::as_deref),
        prompt,
    };
    start::start(turn, &wish)
}

/// Returns the session that plain text goes on with: that of the message replied to, that of the thread, or the active one.
fn context(turn: &Turn<'_>, replied: Option<&str>) -> Result<Option<Session>, StoreError> {
    if let Some(message) = replied {
        return turn.tx.session_of_message(&turn.incoming.address, message);
    }
    if let Some(session) = turn.tx.session_of_thread(&turn.incoming.address)? {
        return Ok(Some(session));
    }
    match turn.tx.active_session_id(&turn.chat())? {
        Some(id) => turn.tx.session(id),
        None => Ok(None),
    }
}
