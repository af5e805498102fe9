//! What a provider says to us, in one shape for all providers.

use serde::{Deserialize, Serialize};

use crate::{ChatAddress, ChatId, InboundKey, MessageId, UserId};

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
    /// Whether that message is one of ours, which shows what was asked.
    #[serde(default)]
    pub is_shown_by_us: bool,
    /// The message it replies to.
    pub reply_to: Option<MessageId>,
    /// Whether the chat is one person's direct chat with the bot; there free text is a prompt.
    pub direct: bool,
    /// Whether it is meant for the bot although others read it too: it mentions the bot or answers one of its messages.
    /// A mention that stands first or last is not in the text any more.
    #[serde(default)]
    pub addressed: bool,
    /// Whether the provider shows us all that is said in the chat; else only commands, mentions of the bot and replies to it.
    #[serde(default)]
    pub hears_all: bool,
    /// Whether the thread is a post of a forum: of a chat that takes no message but in a thread that it begins.
    #[serde(default)]
    pub in_post: bool,
    /// Which of several terminals or windows of the same chat asked; only it need be shown the answer.
    /// Also where one person of a chat that others read is answered alone, for as long as the provider allows that.
    /// `None` where all members of the chat are shown the answer.
    pub window: Option<String>,
    /// Directory the sender stands in; consoles only.
    pub directory: Option<String>,
    /// Files that came with it, already saved.
    pub files: Vec<IncomingFile>,
    /// What of it could not be taken, a sentence each, such as a file that is too large; to be told to the sender.
    #[serde(default)]
    pub not_taken: Vec<String>,
    /// What somebody else said that came with it: data, and never the sender's own words.
    #[serde(default)]
    pub quoted: Vec<Quoted>,
    /// The same text with what stands behind its words written out, such as the address of a link or the fence of a block of
    /// code; `None` where nothing does. It is what an agent is given; commands and names are read from the text as it is.
    #[serde(default)]
    pub written: Option<String>,
    /// What was said.
    pub kind: IncomingKind,
}

/// Longest text of one [`Quoted`], in bytes.
pub const MAX_QUOTED_BYTES: usize = 16 * 1024;

/// Something that somebody else said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quoted {
    /// Why it came along.
    pub why: Quoting,
    /// Who said it, as people call them; `None` where the provider does not tell.
    pub by: Option<String>,
    /// What was said, at most [`MAX_QUOTED_BYTES`].
    pub text: String,
}

/// Why something that somebody else said came with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quoting {
    /// The message answers it.
    Answered,
    /// Of what the message answers, the sender means this part.
    Meant,
    /// The sender forwarded it.
    Forwarded,
    /// The command was given to it.
    Chosen,
}

impl Quoted {
    /// Takes what somebody else said along, cut to [`MAX_QUOTED_BYTES`]; `None` where it says nothing.
    #[must_use]
    pub fn new(why: Quoting, by: Option<String>, text: &str) -> Option<Self> {
        let text = text.trim();
        let cut = &text[..text.floor_char_boundary(MAX_QUOTED_BYTES - '…'.len_utf8())];
        let text = if text.len() <= MAX_QUOTED_BYTES { text.to_owned() } else { format!("{cut}…") };
        (!text.is_empty()).then_some(Self { why, by, text })
    }
}

impl Incoming {
    /// What somebody said, with nothing beside it: no message of its own, not in a direct chat, not meant for the bot alone.
    #[must_use]
    pub fn new(key: InboundKey, address: ChatAddress, sender: Sender, kind: IncomingKind) -> Self {
        Self {
            key,
            address,
            sender,
            message: None,
            is_shown_by_us: false,
            reply_to: None,
            direct: false,
            addressed: false,
            hears_all: false,
            in_post: false,
            window: None,
            directory: None,
            files: Vec::new(),
            not_taken: Vec::new(),
            quoted: Vec::new(),
            written: None,
            kind,
        }
    }
}

/// A file that came with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncomingFile {
    /// Where the adapter has saved it, below [`crate::ListenContext::files`].
    pub path: String,
    /// Its name as the sender had it.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
}

/// Kinds of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A document or photo: named in the prompt.
    Document,
    /// A voice note: turned into text where a program for it is configured.
    Voice,
}

/// Kinds of update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncomingKind {
    /// A message. People whom it mentions stand in it by their names, never by an id of the provider's.
    Text(String),
    /// A message that was edited: what it says now.
    Edited(String),
    /// A message was taken away: [`Incoming::message`] is the one that is gone, and where it stood is the address. Providers
    /// do not tell who has done it.
    Deleted,
    /// The chat has another id from now on.
    Moved {
        /// Its new id.
        to: ChatId,
    },
    /// A press of a button.
    Button {
        /// The button's action.
        action: String,
        /// The provider's id of the press, by which it is answered; `None` where a press needs no answer.
        press: Option<String>,
    },
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

impl Sender {
    /// Whoever has done what a provider tells without saying who: to nobody's rights, and never answered.
    #[must_use]
    pub fn nobody() -> Self {
        Self { id: UserId::new("0"), name: String::new(), bot: true, roles: Vec::new() }
    }
}
