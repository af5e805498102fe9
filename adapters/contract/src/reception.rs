//! What a provider asks at once, before anything is stored: what could stand in a line that is being typed, and how a command
//! is received.
//!
//! A provider that shows choices while somebody types, or that can answer one person alone, has to know these within a few
//! seconds. Both are asked by the message that the line would be or is, so that the core knows who asks and where. Nothing
//! is lost with an answer that comes too late.

/// A line that somebody may want, of which they have typed a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The whole line, its slash first.
    pub line: String,
    /// What the end of it is, one line; may be empty.
    pub description: String,
}

/// How a command is received before it is handled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reception {
    /// Everybody in the chat is shown what was asked, and the answer.
    #[default]
    Open,
    /// Only who asks is shown it and its answer, where the provider can do that; elsewhere it is as [`Reception::Open`].
    Aside,
    /// A text is wanted first, where the provider can ask for one; elsewhere it is as [`Reception::Open`].
    Asks(TextPrompt),
}

/// Asks for a text that makes a command whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPrompt {
    /// The command without its slash, which the text follows after a space; at most 64 bytes.
    pub command: String,
    /// What it is all about, at most 45 characters.
    pub title: String,
    /// What is asked, at most 45 characters.
    pub label: String,
    /// What may stand in the text, at most 100 characters.
    pub hint: String,
}
