//! What a provider says to us, in one shape for all providers.

use serde::{Deserialize, Serialize};

use crate::{ChatAddress, InboundKey, MessageId, UserId};

/// One provider update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// Unique for ever; a second copy of the update carries the same key and is dropped.
    pub key: InboundKey,
    /// Where it was said, and where answers go.
    pub address: ChatAddress,
    /// Who said it.
    pub sender: Sender,
    /// The message that carries it, where it is one; answers reply to it.
    pub message: Option<MessageId>,
    /// The message it replies to.
    pub reply_to: Option<MessageId>,
    /// Whether the chat is one person's direct chat with the bot; there free text is a prompt.
    pub direct: bool,
    /// Which of several terminals or windows of the same chat asked; only it need be shown the answer.
    /// `None` where the provider shows a chat's messages to all of its members.
    pub window: Option<String>,
    /// Directory the sender stands in; consoles only.
    pub directory: Option<String>,
    /// What was said.
    pub kind: IncomingKind,
}

/// Kinds of update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncomingKind {
    /// A message.
    Text(String),
    /// A press of a button; carries the button's action.
    Button(String),
}

/// Who said something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// Immutable id.
    pub id: UserId,
    /// Display name, for people to read; never for a decision.
    pub name: String,
    /// Whether the provider marks the sender as a bot.
    pub bot: bool,
    /// Roles the sender has in the chat, as ids.
    pub roles: Vec<String>,
}
