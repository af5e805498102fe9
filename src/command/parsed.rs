//! What a text turned out to be: a command, plain text, or nothing.

use super::grammar::Need;
use super::start::Mention;
use super::words::Command;

/// What a text turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// A command.
    Command(Command),
    /// Plain text.
    FreeText(FreeText),
    /// Nothing to act on: no text at all, or a command for another bot.
    Nothing,
}

/// What was said without a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeText {
    /// The `@word` before the prompt.
    pub mention: Option<Mention>,
    /// The text without the mention; never empty, at most [`MAX_PROMPT_BYTES`](super::MAX_PROMPT_BYTES).
    pub prompt: String,
    /// The text with the mention: what counts when that turns out to be plain text.
    pub whole: String,
}

impl Parsed {
    /// Returns the prompt, where there is one.
    #[must_use]
    pub fn prompt(&self) -> Option<&str> {
        match self {
            Self::Command(command) => command.start().map(|start| start.prompt.as_str()),
            Self::FreeText(text) => Some(&text.prompt),
            Self::Nothing => None,
        }
    }

    /// Whether this and another ask the same, be it with other words in the prompt; what has no prompt asks nothing so.
    #[must_use]
    pub fn asks_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::FreeText(one), Self::FreeText(other)) => one.mention == other.mention,
            (Self::Command(one), Self::Command(other)) => match (one.start(), other.start()) {
                (Some(start), Some(others)) => {
                    one.form().path == other.form().path
                        && (&start.name, &start.project, &start.mention)
                            == (&others.name, &others.project, &others.mention)
                }
                (Some(_) | None, _) => false,
            },
            (Self::FreeText(_) | Self::Command(_) | Self::Nothing, _) => false,
        }
    }

    /// Returns the right that is needed to say this; `None` where there is nothing to act on.
    #[must_use]
    pub fn need(&self) -> Option<Need> {
        match self {
            Self::Command(command) => Some(command.need()),
            Self::FreeText(_) => Some(Need::Operator),
            Self::Nothing => None,
        }
    }
}
