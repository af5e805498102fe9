//! What is said about permission requests.

use std::time::Duration;

use signalbox_adapter::{Block, Document, Inline, one_line};

use super::{line, span};
use crate::agent::event::Decision;
use crate::store::Approval;

/// Longest detail shown of a request, in bytes; the agent's own full words are in its run's files.
const MAX_DETAIL_BYTES: usize = 3000;

/// What became of a permission request.
#[derive(Debug, Clone, Copy)]
pub enum Answered<'a> {
    /// A person decided.
    By(Decision, &'a str),
    /// Nobody did, in time.
    Nobody,
    /// Its run has ended.
    Ended,
    /// Its agent asks for something else under the same id.
    Replaced,
}

/// Asks a person whether an agent may do something.
#[must_use]
pub fn question(name: &str, approval: &Approval, within: Duration) -> Document {
    let headline = vec![
        Inline::strong(format!("[{name}] asks for permission")),
        Inline::Text(" to use ".into()),
        Inline::Code(one_line(&approval.tool, 80)),
        Inline::Text(format!(". Denied if nobody answers within {}.", span(within))),
    ];
    let mut blocks = vec![Block::Paragraph(headline)];
    if !approval.detail.is_empty() {
        blocks.push(Block::Code { language: None, text: cut(&approval.detail) });
    }
    let id = &approval.id;
    blocks.extend(line(&format!("Press a button, or send `/approve {id}` · `/deny {id}` · `/allow {id}`")).blocks);
    Document { blocks }
}

fn cut(detail: &str) -> String {
    if detail.len() <= MAX_DETAIL_BYTES {
        return detail.to_owned();
    }
    let end = (0..=MAX_DETAIL_BYTES).rev().find(|&at| detail.is_char_boundary(at)).unwrap_or(0);
    format!("{}\n… ({} more bytes)", &detail[..end], detail.len() - end)
}

/// Tells that a request was answered.
#[must_use]
pub fn noted(name: &str, approval: &Approval, decision: Decision) -> Document {
    let word = match decision {
        Decision::Allow => "Allowed once",
        Decision::AllowForSession => "Allowed for this session",
        Decision::Deny => "Denied",
    };
    let content = vec![
        Inline::Text(format!("[{name}] {word}: ")),
        Inline::Code(format!("{} {}", one_line(&approval.tool, 80), one_line(&approval.detail, 120)).trim().to_owned()),
    ];
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Says what became of a request, in the place of the question.
#[must_use]
pub fn answered(name: &str, approval: &Approval, outcome: Answered<'_>) -> Document {
    let (word, who) = match outcome {
        Answered::By(Decision::Allow, who) => ("Allowed once", Some(who)),
        Answered::By(Decision::AllowForSession, who) => ("Allowed for this session", Some(who)),
        Answered::By(Decision::Deny, who) => ("Denied", Some(who)),
        Answered::Nobody => ("Denied: nobody answered in time", None),
        Answered::Ended => ("No longer needed: the run has ended", None),
        Answered::Replaced => ("No longer needed: the agent asks for something else", None),
    };
    let by = who.map(|who| format!(" by {}", one_line(who, 40))).unwrap_or_default();
    let headline = vec![
        Inline::strong(format!("[{name}] {word}")),
        Inline::Text(format!("{by}: ")),
        Inline::Code(one_line(&approval.tool, 80)),
    ];
    let mut blocks = vec![Block::Paragraph(headline)];
    if !approval.detail.is_empty() {
        blocks.push(Block::Code { language: None, text: cut(&approval.detail) });
    }
    Document { blocks }
}

/// Tells that a request is no longer open.
#[must_use]
pub fn too_late(name: &str, approval: &Approval) -> Document {
    let was = match approval.decision {
        Some(Decision::Allow | Decision::AllowForSession) => "it was allowed",
        Some(Decision::Deny) => "it was denied",
        None => "its run has ended",
    };
    line(&format!("[{name}] This question is no longer open: {was}."))
}

/// Tells that nobody answered in time.
#[must_use]
pub fn timed_out(name: &str, tool: &str) -> Document {
    Document {
        blocks: vec![Block::Paragraph(vec![
            Inline::Text(format!("[{name}] Nobody answered in time, so this was denied: ")),
            Inline::Code(one_line(tool, 80)),
        ])],
    }
}

/// Tells that no such request is known here.
#[must_use]
pub fn unknown(id: &str) -> Document {
    Document {
        blocks: vec![Block::Paragraph(vec![
            Inline::Text("There is no permission request ".into()),
            Inline::Code(one_line(id, 40)),
            Inline::Text(" in this chat.".into()),
        ])],
    }
}
