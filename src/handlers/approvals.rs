//! `/approve`, `/deny` and `/allow`: a person's answer to an agent that asks for permission.

use crate::agent::event::Decision;
use crate::command::{AllowCommand, ApproveCommand, DenyCommand};
use crate::format;
use crate::format::approval::Answered;
use crate::store::{ApprovalId, ChatKey, InboxOutcome, StoreError};
use crate::turn::{Handler, Turn, report};

impl Handler for ApproveCommand {
    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        decide(turn, &self.request, Decision::Allow)
    }
}

impl Handler for AllowCommand {
    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        decide(turn, &self.request, Decision::AllowForSession)
    }
}

impl Handler for DenyCommand {
    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        decide(turn, &self.request, Decision::Deny)
    }
}

/// Answers a permission request.
fn decide(turn: &Turn<'_>, id: &str, decision: Decision) -> Result<InboxOutcome, StoreError> {
    let approval = ApprovalId::read(id).map(|id| turn.tx.approval(&id)).transpose()?.flatten();
    let task = match &approval {
        Some(approval) => turn.tx.task(&approval.task)?,
        None => None,
    };
    // A request of another chat is as unknown here as one that never was.
    let (Some(approval), Some(task)) = (approval, task.filter(|task| ChatKey::of(&task.address) == turn.chat())) else {
        return turn.refuse(format::approval::unknown(id));
    };
    let name = turn.tx.name_of(&task)?;
    if !turn.tx.decide(&approval, decision, turn.incoming.sender.id.as_str())? {
        return turn.refuse(format::approval::too_late(&name, &approval));
    }
    let by = Answered::By(decision, &turn.incoming.sender.name);
    report::answered(turn.tx, turn.cx, &task, &approval, by)?;
    turn.answer(format::approval::noted(&name, &approval, decision))
}
