//! What is asked, by whom, and what may be looked at for it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Who asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedBy {
    /// A person who may run work: the files and addresses in the question are looked at.
    #[default]
    Person,
    /// An alert, whose text anybody may have written: only what the operator has listed is looked at.
    Alert,
}

/// What the operator allows and forbids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// Who asks.
    pub asked_by: AskedBy,
    /// Whether the answer is to be an analysis as JSON, not text for a person.
    pub analysis: bool,
    /// Absolute glob patterns of files that an alert may have read.
    pub files: Vec<String>,
    /// Beginnings of addresses that an alert may have fetched.
    pub urls: Vec<String>,
    /// Address of a Prometheus that watches this machine.
    pub prometheus: Option<String>,
    /// Directories and files that are never read: our own state and configuration.
    pub off_limits: Vec<PathBuf>,
}

impl Scope {
    /// Writes it as the argument that [`super::main`] takes; one that cannot be written allows nothing.
    #[must_use]
    pub fn to_argument(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads it back; one that is not understood allows nothing to be looked at by name.
    #[must_use]
    pub fn of_argument(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self { asked_by: AskedBy::Alert, ..Self::default() })
    }
}

/// A question or an alert, and what may be looked at for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assignment {
    /// The text; data, never run and never printed back.
    pub question: String,
    /// What may be looked at.
    pub scope: Scope,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_survives_its_journey_and_a_broken_one_allows_nothing() {
        let scope = Scope {
            files: vec!["/var/log/*".into()],
            prometheus: Some("http://127.0.0.1:9090".into()),
            off_limits: vec!["/state".into()],
            ..Scope::default()
        };
        assert_eq!(Scope::of_argument(&scope.to_argument()), scope);
        assert_eq!(Scope::of_argument("{}"), Scope::default());
        for broken in ["", "{", "[]x", r#"{"asked_by":"everybody"}"#, r#"{"colour":1}"#] {
            assert_eq!(Scope::of_argument(broken).asked_by, AskedBy::Alert, "{broken}");
        }
    }
}
