//! A card: a short message that stands for something and is changed as that changes.

use serde::{Deserialize, Serialize};

use crate::Document;

/// A card. Where a provider has no form of its own for one, it is a message like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// How bad it is, for a colour.
    pub tone: Tone,
    /// How far along it is, for a tag where the provider has them.
    pub phase: Phase,
    /// What it stands for, in one line, where the provider wants a name for it.
    pub title: String,
    /// What that is called where the title is not allowed: its kind and its number.
    pub name: String,
    /// What it says; short enough for one message.
    pub document: Document,
}

/// How far along what a card stands for is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It goes on, and nobody has taken it.
    Firing,
    /// Somebody has taken it.
    Acknowledged,
    /// It goes on, and nobody is to be told for a while.
    Silenced,
    /// It is over.
    Resolved,
}

/// How bad what a card stands for is, or what a series of a chart counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
