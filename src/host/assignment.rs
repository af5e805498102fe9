//! What is asked, and what may be looked at for it.

use crate::agent::kinds::host::{GOES_ON_FROM, MEASURED_BEFORE, Scope};

/// A question or an alert, and what may be looked at for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assignment {
    /// The text; data, never run and never printed back.
    pub question: String,
    /// What it goes on from: the title and the alerts of an incident, whose machine is meant.
    pub earlier: String,
    /// What was measured for the answer before, as it is to be shown; may be empty.
    pub measured: String,
    /// What may be looked at.
    pub scope: Scope,
}

impl Assignment {
    /// Reads what is asked, and below a line of its own what it goes on from.
    pub(crate) fn read(text: &str, scope: Scope) -> Self {
        // The last one is ours, whatever an alert has written above it.
        let (text, measured) = text.rsplit_once(&format!("\n{MEASURED_BEFORE}\n")).unwrap_or((text, ""));
        let (question, earlier) = text.split_once(&format!("\n{GOES_ON_FROM}\n")).unwrap_or((text, ""));
        Self { question: question.to_owned(), earlier: earlier.to_owned(), measured: measured.to_owned(), scope }
    }

    /// Returns all that tells which machine is meant.
    pub(crate) fn whole(&self) -> String {
        format!("{}\n{}", self.question, self.earlier)
    }
}
