//! From a document to parts that fit a provider.

use serde::{Deserialize, Serialize};

use crate::{Card, ChatAddress, Document};

/// Largest file of a provider that does not say how large it may be, in bytes.
const MAX_FILE_BYTES: u64 = 8_000_000;

/// Renders documents for one provider; pure, so that it can run when the outbox row is written.
pub trait Render: Send + Sync {
    /// What the provider takes in one message.
    fn limits(&self) -> Limits;

    /// Renders a document to at most `max_parts` parts, none over the limits; what does not fit is left over.
    ///
    /// [`crate::split()`] does the cutting.
    fn render(&self, document: &Document, max_parts: usize) -> Rendered;

    /// Largest file that the provider takes with one message, in bytes.
    fn max_file_bytes(&self) -> u64 {
        MAX_FILE_BYTES
    }

    /// Returns how one of our commands, its slash first, is typed where it is read.
    fn command(&self, command: &str, _read: &ReadAt<'_>) -> String {
        command.to_owned()
    }

    /// Renders a card as one part; what does not fit is left out.
    fn card(&self, card: &Card) -> Part {
        let Rendered { mut parts, rest: _ } = self.render(&card.document, 1);
        parts.truncate(1);
        parts.pop().unwrap_or_else(|| Part { body: String::new() })
    }
}

/// Where a command is read that a person may type.
#[derive(Debug, Clone, Copy)]
pub struct ReadAt<'r> {
    /// The chat or thread.
    pub address: &'r ChatAddress,
    /// Whether it stands in a message that answers another.
    pub is_reply: bool,
    /// The bot's name there, where it is known.
    pub bot_name: Option<&'r str>,
}

/// A document as messages, and what is left over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One for each message; at least one.
    pub parts: Vec<Part>,
    /// What did not fit, as Markdown, to be attached as a file.
    pub rest: Option<String>,
}

/// One rendered message text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Part {
    /// In the adapter's own form; the core stores it and never looks inside.
    pub body: String,
}

/// What a provider takes in one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest text, in `unit`s.
    pub max_text: usize,
    /// What the provider counts.
    pub unit: TextUnit,
}

/// What a provider counts when it measures a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextUnit {
    /// Unicode scalar values.
    Chars,
    /// UTF-16 code units.
    Utf16,
    /// UTF-8 bytes.
    Bytes,
}

impl TextUnit {
    /// Counts a text in this unit.
    #[must_use]
    pub fn count(self, text: &str) -> usize {
        match self {
            Self::Chars => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Bytes => text.len(),
        }
    }
}
