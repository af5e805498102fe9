//! What is said of what an agent says by itself, between two prompts.

use signalbox_adapter::{Block, Document, Inline};

use super::{Draft, marked, session, task};
use crate::agent::supervisor::MAX_UNASKED_AN_HOUR;
use crate::agent::unasked::Unasked;
use crate::store::Task;

/// Tells what the agent of a session, which was last asked in `asked`, has said by itself; `is_last` is whether it was ended,
/// since it does so all the time.
#[must_use]
pub fn said(asked: &Task, name: &str, unasked: &Unasked, is_last: bool) -> Draft {
    let rest = format!(" · {}", session::agent(&asked.agent, asked.model.as_deref()));
    let headline = vec![Inline::strong(format!("[{name}] Went on by itself")), Inline::Text(rest)];
    let mut draft = Draft::from(Document { blocks: vec![Block::Paragraph(headline)] });
    if !unasked.text.trim().is_empty() {
        draft = draft.then(Draft::markdown(unasked.text.trim()));
    }
    if !unasked.denials.is_empty() {
        let told = "Not permitted, as it asks only while it answers you. Tell it to go on, and it can ask:";
        draft = draft.with(Block::text(told)).with(task::denied(&unasked.denials));
    }
    if is_last {
        let told = format!(
            "That was {MAX_UNASKED_AN_HOUR} times within an hour, so it was ended, with all that it had at work. Your next \
             message goes on with the conversation."
        );
        draft = draft.with(Block::Paragraph(marked(&told)));
    }
    draft
}
