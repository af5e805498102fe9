//! A notice to people who are only written to, as by mail: what it says, and what ties it to others.

use crate::{Document, Part};

/// A notice, which goes to each recipient as a delivery of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The subject; line breaks become spaces, and what is too long for the provider is cut.
    pub subject: String,
    /// Everybody who gets it.
    pub to: Vec<String>,
    /// Names the notice for ever, the same for all recipients.
    pub id: String,
    /// The `id`s of earlier notices about the same thing, oldest first.
    pub references: Vec<String>,
    /// What it says.
    pub document: Document,
}

/// Makes the one part of a notice, to be delivered to each of its recipients.
pub type Compose = fn(&Notice) -> Part;
