//! What the `@word` before a prompt means in this chat: an agent, a session, or part of the text.

use std::time::Duration;

use signalbox_adapter::Document;

use super::Turn;
use crate::agent::kinds;
use crate::command::{self, KnownNames, Mention, Resolved, folded};
use crate::format;
use crate::store::StoreError;

/// A chat is told once in this time, 30 days, that a word names nothing there.
const TELL_OF_UNKNOWN_EVERY: Duration = Duration::from_secs(30 * 24 * 3600);
/// Sessions whose names a mistyped mention is compared with.
const MAX_COMPARED: usize = 50;

/// Finds out what the `@word` before a prompt means in this chat.
///
/// # Errors
/// [`StoreError`].
pub fn resolve(turn: &Turn<'_>, mention: Option<&Mention>) -> Result<Resolved, StoreError> {
    let Some(mention) = mention else { return Ok(Resolved::Text) };
    let chat = turn.chat();
    let named = turn.tx.session_by_name(&chat, &mention.word)?;
    let sessions = turn.tx.sessions(Some(&chat), MAX_COMPARED)?;
    let known_names: Vec<&str> = sessions.iter().map(|session| session.name.as_str()).collect();
    let agents: Vec<&str> = turn.cx.agents.names().collect();
    let is_session = |word: &str| named.is_some() && folded(word) == folded(&mention.word);
    let known = KnownNames {
        agents: &agents,
        takes_model: &|agent| turn.cx.agents.takes_model(agent),
        models: kinds::models(),
        is_session: &is_session,
        sessions: &known_names,
    };
    Ok(command::resolve(mention, &known))
}

/// Returns the word of a mention that names nothing here and is left in the text, where the chat is now to be told so.
///
/// # Errors
/// [`StoreError`].
pub fn unknown(turn: &Turn<'_>, mention: Option<&Mention>, resolved: &Resolved) -> Result<Option<String>, StoreError> {
    let Some(mention) = mention.filter(|_| *resolved == Resolved::Text) else { return Ok(None) };
    let what = format!("no-such:{}:{}", turn.chat(), folded(&mention.word));
    let is_first = turn.tx.first_in(&what, TELL_OF_UNKNOWN_EVERY)?;
    Ok(is_first.then(|| mention.word.clone()))
}

/// Says why a mention names nothing that could answer; `None` for one that does, or that is text.
#[must_use]
pub fn misnamed(resolved: &Resolved) -> Option<Document> {
    match resolved {
        Resolved::NearMiss { word, nearest } => Some(format::session::near_miss(word, nearest.as_deref())),
        Resolved::NoModel { agent, model } => {
            let other = command::agent_of(kinds::models(), model);
            Some(format::session::no_model(agent, model, other))
        }
        Resolved::Agent { .. } | Resolved::Session(_) | Resolved::Text => None,
    }
}
