//! What the `@word` before a prompt means in this chat: an agent, a session, or part of the text.

use super::Turn;
use crate::agent::kinds;
use crate::command::{self, KnownNames, Mention, Resolved, folded};
use crate::store::StoreError;

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
    let known =
        KnownNames { agents: &agents, models: kinds::models(), is_session: &is_session, sessions: &known_names };
    Ok(command::resolve(mention, &known))
}
