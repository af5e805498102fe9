//! A card: a short message that stands for something and is changed as that changes.

use crate::Document;

/// A card. Where a provider has no form of its own for one, it is a message like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// How bad it is, for a colour.
    pub tone: Tone,
    /// What it says; short enough for one message.
    pub document: Document,
}

/// How bad what a card stands for is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It is over.
    Over,
    /// Nobody is to be disturbed by it.
    Quiet,
    /// Nobody knows.
    Unknown,
    /// Something to know.
    Info,
    /// Something to look at.
    Warning,
    /// Something is broken.
    Error,
    /// Somebody has to come.
    Critical,
}
