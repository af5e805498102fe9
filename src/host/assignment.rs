//! What is asked, and what may be looked at for it.

use crate::agent::kinds::host::Scope;

/// A question or an alert, and what may be looked at for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assignment {
    /// The text; data, never run and never printed back.
    pub question: String,
    /// What may be looked at.
    pub scope: Scope,
}
