//! Named sessions: from a command or free text to a row, a task and an answer, all in the message's own transaction.
//!
//! [`handle`] serves `/session …`, [`free_text`] everything said without a command; `start` makes new sessions,
//! `follow_up` continues them, `manage` looks after them. The observer owns the transitions that a run causes.

mod follow_up;
mod manage;
pub mod names;
mod start;

pub use follow_up::{Notes, reopen, submit};
pub use start::title;

use super::investigate;
use crate::alert;
use crate::command::{Known, MODELS, Mention, Resolved, SessionCommand, folded, resolve};
use crate::format;
use crate::store::{InboxOutcome, Session, StoreError};
use crate::turn::Turn;

/// Sessions whose names a mistyped mention is compared with.
const MAX_COMPARED: usize = 50;

/// Serves `/session …`.
///
/// # Errors
/// [`StoreError`].
pub fn handle(turn: &Turn<'_>, command: &SessionCommand) -> Result<InboxOutcome, StoreError> {
    match command {
        SessionCommand::Start(start) => match meaning(turn, start.mention.as_ref())? {
            Meaning::Session(name) if start.name.is_some() || start.project.is_some() => {
                turn.refuse(format::session::options_of_a_new_one(&name))
            }
            Meaning::Session(name) => follow_up::by_name(turn, &name, &start.prompt),
            Meaning::Agent(agent, model) => start::start(
                turn,
                &start::Wish {
                    name: start.name.as_deref(),
                    project: start.project.as_deref(),
                    agent: Some(&agent),
                    model: model.as_deref(),
                    prompt: &start.prompt,
                },
            ),
            Meaning::Text => start::start(
                turn,
                &start::Wish {
                    name: start.name.as_deref(),
                    project: start.project.as_deref(),
                    agent: None,
                    model: None,
                    prompt: &start.whole,
                },
            ),
            Meaning::Unclear { word, nearest } => turn.refuse(format::session::near_miss(&word, nearest.as_deref())),
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
    let wish = match meaning(turn, mention)? {
        Meaning::Session(name) => return follow_up::by_name(turn, &name, prompt),
        Meaning::Unclear { word, nearest } => {
            return turn.refuse(format::session::near_miss(&word, nearest.as_deref()));
        }
        Meaning::Agent(agent, model) => Some((agent, model)),
        Meaning::Text => None,
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

/// What the `@word` before a prompt means in this chat.
#[derive(Debug)]
pub enum Meaning {
    /// An agent, and a model of it.
    Agent(String, Option<String>),
    /// A session, by its name.
    Session(String),
    /// Nothing: it is part of the text.
    Text,
    /// Nothing that is known, but too like something to be meant as text.
    Unclear {
        /// The word.
        word: String,
        /// What it is like.
        nearest: Option<String>,
    },
}

/// Finds out what the `@word` before a prompt means in this chat.
///
/// # Errors
/// [`StoreError`].
pub fn meaning(turn: &Turn<'_>, mention: Option<&Mention>) -> Result<Meaning, StoreError> {
    let Some(mention) = mention else { return Ok(Meaning::Text) };
    let chat = turn.chat();
    let named = turn.tx.session_by_name(&chat, &mention.word)?;
    let sessions = turn.tx.sessions(Some(&chat), MAX_COMPARED)?;
    let known_names: Vec<&str> = sessions.iter().map(|session| session.name.as_str()).collect();
    let agents: Vec<&str> = turn.cx.agents.names().collect();
    let is_session = |word: &str| named.is_some() && folded(word) == folded(&mention.word);
    let known = Known { agents: &agents, models: MODELS, is_session: &is_session, sessions: &known_names };
    Ok(match resolve(mention, &known) {
        Resolved::Agent { agent, model } => Meaning::Agent(agent, model),
        Resolved::Session(name) => Meaning::Session(name),
        Resolved::Text => Meaning::Text,
        Resolved::NearMiss { word, nearest } => Meaning::Unclear { word, nearest },
    })
}
