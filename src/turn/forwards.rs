//! Forwards and the comment that a person sends with them: two messages to a provider, one to everybody else.
//!
//! Some clients send the comment before what is forwarded, some after it. What only forwards waits for [`WITHIN`] for the
//! words that belong to it, as an open row of the inbox; a comment waits for nothing, and what is forwarded after it joins
//! the task that it has asked for, also where that has been answered already.

use std::time::Duration;

use signalbox_adapter::{Incoming, IncomingKind, Quoting};

use super::intake;
use crate::clock::Timestamp;
use crate::store::{ChatKey, OpenInbound, Status, StoreError, Task, Tx};

/// A comment and a forward belong together within this time of each other.
pub const WITHIN: Duration = Duration::from_secs(2);
/// Newest tasks of a chat among which one is looked for that a comment has asked for.
const MAX_LOOKED_AT: usize = 50;

/// Whether a person's message says nothing but what it forwards.
#[must_use]
pub fn is_alone(incoming: &Incoming) -> bool {
    let says_nothing = matches!(&incoming.kind, IncomingKind::Text(text) if text.trim().is_empty());
    let forwards = incoming.quoted.iter().any(|quoted| quoted.why == Quoting::Forwarded);
    says_nothing && forwards && !incoming.sender.bot && intake::voice(&incoming.files).is_none()
}

/// Whether a message that is stored still waits for words that may belong to it.
#[must_use]
pub fn is_held(inbound: &OpenInbound, now: Timestamp) -> bool {
    is_alone(&inbound.incoming) && now.since(inbound.received_at) < WITHIN
}

/// Returns what the same person has forwarded there and waits, oldest first, but for the message itself.
///
/// # Errors
/// [`StoreError`].
pub fn held(tx: &Tx<'_>, incoming: &Incoming) -> Result<Vec<OpenInbound>, StoreError> {
    let open = tx.open_inbound_of(&ChatKey::of(&incoming.address))?.into_iter();
    let is_theirs = |other: &Incoming| {
        other.address == incoming.address && other.sender.id == incoming.sender.id && other.key != incoming.key
    };
    Ok(open.filter(|one| is_alone(&one.incoming) && is_theirs(&one.incoming)).collect())
}

/// Takes what was forwarded along with a message.
#[must_use]
pub fn with(mut incoming: Incoming, held: &[OpenInbound]) -> Incoming {
    for one in held {
        incoming.quoted.extend(one.incoming.quoted.iter().cloned());
        incoming.files.extend(one.incoming.files.iter().cloned());
        incoming.not_taken.extend(one.incoming.not_taken.iter().cloned());
    }
    incoming
}

/// Returns the task that the same person has just asked for there, where a message only forwards something.
///
/// # Errors
/// [`StoreError`].
pub fn commented(tx: &Tx<'_>, incoming: &Incoming) -> Result<Option<Task>, StoreError> {
    if !is_alone(incoming) {
        return Ok(None);
    }
    let since = tx.now().before(WITHIN);
    let tasks = tx.newest_tasks(&ChatKey::of(&incoming.address), MAX_LOOKED_AT)?.into_iter();
    let theirs = |task: &Task| task.requested_by == incoming.sender.id.as_str() && task.created_at >= since;
    let mut is_last = true;
    for task in tasks.filter(theirs) {
        let asked = task.inbox.map(|inbox| tx.inbound(inbox)).transpose()?.flatten();
        let Some(asked) = asked.filter(|asked| asked.address == incoming.address && asked.key != incoming.key) else {
            continue;
        };
        let IncomingKind::Text(text) = &asked.kind else { continue };
        // What was answered is the last that was said, but for other forwards.
        if !task.status.is_final() || is_last && lacks_something(&task, text) {
            return Ok(Some(task));
        }
        is_last &= is_alone(&asked);
    }
    Ok(None)
}

/// Whether a task was answered that a comment has asked for which took nothing along and was no command.
fn lacks_something(task: &Task, comment: &str) -> bool {
    let comment = comment.trim();
    let is_comment = !comment.is_empty() && !comment.starts_with('/');
    is_comment && matches!(task.status, Status::Ok | Status::Success) && comment.ends_with(task.prompt.trim())
}
