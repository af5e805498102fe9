//! A press of a button as the receipt of the message that shows it.

use signalbox_adapter::IncomingKind;

use crate::command::{Command, Parsed};
use crate::store::{About, ApprovalId, StoreError, TaskId};
use crate::turn::Turn;

/// Notes that the message whose button was pressed is shown, should its receipt have been lost.
pub(super) fn adopt(turn: &Turn<'_>, parsed: &Parsed) -> Result<(), StoreError> {
    let IncomingKind::Button { .. } = &turn.incoming.kind else { return Ok(()) };
    // What one person is shown alone is not found again.
    let shown = turn.incoming.reply_to.as_ref().filter(|_| turn.incoming.window.is_none());
    match (about(parsed), shown) {
        (Some(about), Some(message)) => turn.tx.adopt(&about, &turn.incoming.address, message),
        (Some(_), None) | (None, _) => Ok(()),
    }
}

/// Returns what a message is about whose button asks for this.
fn about(parsed: &Parsed) -> Option<About> {
    let Parsed::Command(command) = parsed else { return None };
    match command {
        Command::Cancel(of) => TaskId::read(&of.task).map(About::Status),
        Command::Retry(of) => TaskId::read(&of.task).map(About::Result),
        Command::Discard(of) => TaskId::read(&of.task).map(About::Result),
        Command::Approve(of) => of.request.as_deref().and_then(ApprovalId::read).map(About::Approval),
        Command::Allow(of) => ApprovalId::read(&of.request).map(About::Approval),
        Command::Deny(of) => of.request.as_deref().and_then(ApprovalId::read).map(About::Approval),
        Command::Answer(of) => ApprovalId::read(&of.request).map(About::Approval),
        _ => None,
    }
}
