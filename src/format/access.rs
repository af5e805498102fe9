//! What is said about rights and identity.

use signalbox_adapter::{Document, Incoming, Inline};

use super::{facts, line};
use crate::command::Need;
use crate::config::Role;

/// Tells a stranger that they are not allowed, and which ids to allow.
#[must_use]
pub fn stranger(incoming: &Incoming) -> Document {
    let mut document = line("You are not allowed to use this bot. Its owner can allow these ids in `[allow]`:");
    document.blocks.push(ids(incoming));
    document
}

/// Tells somebody that their role does not suffice.
#[must_use]
pub fn not_enough(role: Role, need: Need) -> Document {
    let need = match need {
        Need::Viewer => Role::Viewer,
        Need::Operator => Role::Operator,
        Need::Admin => Role::Admin,
    };
    line(&format!("This needs the role {}, and yours is {}.", need.as_str(), role.as_str()))
}

/// Tells the user's id, role and the chat's address.
#[must_use]
pub fn identity(incoming: &Incoming, role: Role) -> Document {
    let mut document = line(&format!("Your role here is {}.", role.as_str()));
    document.blocks.insert(0, ids(incoming));
    document
}

fn ids(incoming: &Incoming) -> signalbox_adapter::Block {
    let code = |text: String| vec![Inline::Code(text)];
    let mut pairs = vec![
        ("Your id", code(incoming.sender.id.to_string())),
        ("This chat", code(crate::store::chat(&incoming.address))),
    ];
    if let Some(thread) = &incoming.address.thread {
        pairs.push(("This thread", code(thread.to_string())));
    }
    facts(pairs)
}

/// Tells a stranger in one line that a button is not theirs to press.
#[must_use]
pub fn no_button(incoming: &Incoming) -> String {
    format!("This button is not yours to press. Your id is {}.", super::one_line(incoming.sender.id.as_str(), 40))
}
