//! `/session` and plain text: named sessions, from words to a row, a task and an answer, all in the message's own transaction.
//!
//! `free_text` serves everything said without a command; `start` makes new sessions, `follow_up` continues them, `manage`
//! looks after them. The observer owns the transitions that a run causes.

mod follow_up;
mod free_text;
mod manage;
pub mod names;
mod start;

use crate::command::{Resolved, SessionCommand, Start};
use crate::format;
use crate::store::{InboxOutcome, StoreError};
use crate::turn::{Handler, Look, Turn, mention};

impl Handler for SessionCommand {
    fn is_aside(&self, is_watched: bool) -> bool {
        is_watched && matches!(self, Self::List | Self::Show(_))
    }

    fn looks(&self) -> Vec<Look> {
        if matches!(self, Self::Start(_)) { vec![Look::Presence] } else { Vec::new() }
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        match self {
            Self::Start(start) => start_or_follow(turn, start),
            Self::List => manage::list(turn),
            Self::Show(name) => manage::show(turn, name),
            Self::Use(name) => manage::activate(turn, name),
            Self::Cancel(name) => manage::cancel(turn, name),
            Self::End(name) => manage::end(turn, name),
            Self::Rename { old, new } => manage::rename(turn, old, new),
            Self::Retry(name) => manage::retry(turn, name),
        }
    }
}

/// Starts a session, or follows the one up that is mentioned.
fn start_or_follow(turn: &Turn<'_>, start: &Start) -> Result<InboxOutcome, StoreError> {
    match mention::resolve(turn, start.mention.as_ref())? {
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
    }
}
