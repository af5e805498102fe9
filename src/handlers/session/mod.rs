//! `/session` and plain text: named sessions, from words to a row, a task and an answer, all in the message's own transaction.
//!
//! `free_text` serves everything said without a command; `start` makes new sessions, `follow_up` continues them, `manage`
//! looks after them. The observer owns the transitions that a run causes.

mod follow_up;
mod free_text;
mod manage;
pub mod names;
mod start;

use crate::command::{self, Misunderstood, Resolved, SessionCommand, Start};
use crate::format;
use crate::store::{InboxOutcome, StoreError};
use crate::turn::{Handler, Look, Turn, mention};

impl Handler for SessionCommand {
    fn is_aside(&self, is_watched: bool) -> bool {
        is_watched && matches!(self, Self::List | Self::Show(_))
    }

    fn looks(&self) -> Vec<Look> {
        match self {
            Self::Start(_) => vec![Look::Presence],
            Self::Show(name) => vec![Look::Kept, Look::Checkout(name.clone())],
            Self::End(name) => vec![Look::Checkout(name.clone())],
            _ => Vec::new(),
        }
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        match self {
            Self::Start(start) => start_or_follow(turn, start),
            Self::List => manage::list(turn),
            Self::Show(name) => manage::show(turn, name.as_deref()),
            Self::Use(name) => manage::activate(turn, name),
            Self::Cancel(name) => manage::cancel(turn, name),
            Self::End(name) => manage::end(turn, name.as_deref()),
            Self::Revoke(name) => manage::revoke(turn, name),
            Self::Rename { old, new } => manage::rename(turn, old, new),
            Self::Retry(name) => manage::retry(turn, name),
        }
    }
}

/// Starts a session, or follows the one up that is mentioned.
fn start_or_follow(turn: &Turn<'_>, start: &Start) -> Result<InboxOutcome, StoreError> {
    if let Some(slip) = slip(turn, start)? {
        return turn.refuse(slip.document());
    }
    let resolved = mention::resolve(turn, start.mention.as_ref())?;
    if let Some(why) = mention::misnamed(&resolved) {
        return turn.refuse(why);
    }
    let wish = start::Wish {
        name: start.name.as_deref(),
        project: start.project.as_deref(),
        agent: None,
        model: None,
        prompt: &start.whole,
        unknown: mention::unknown(turn, start.mention.as_ref(), &resolved)?,
    };
    match resolved {
        Resolved::Session(name) if start.name.is_some() || start.project.is_some() => {
            turn.refuse(format::session::options_of_a_new_one(&name))
        }
        Resolved::Session(name) => follow_up::by_name(turn, &name, &start.prompt),
        Resolved::Agent { agent, model } => {
            let (agent, model) = (Some(agent.as_str()), model.as_deref());
            start::start(turn, &start::Wish { agent, model, prompt: &start.prompt, ..wish })
        }
        Resolved::Text | Resolved::NearMiss { .. } | Resolved::NoModel { .. } => start::start(turn, &wish),
    }
}

/// Finds that a short prompt is a subcommand with a word too many or too few: it begins as one does, with the name of a session.
fn slip(turn: &Turn<'_>, start: &Start) -> Result<Option<Misunderstood>, StoreError> {
    let Some((name, why)) = command::maybe_slip("session", start) else { return Ok(None) };
    Ok(turn.tx.session_by_name(&turn.chat(), name)?.map(|_| why))
}
