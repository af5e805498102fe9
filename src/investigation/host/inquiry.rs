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
    /// Absolute glob patterns of files that an alert may have read.
    pub files: Vec<String>,
    /// Beginnings of addresses that an alert may have fetched.
    pub urls: Vec<String>,
    /// Address of a Prometheus that watches this machine.
    pub prometheus: Option<String>,
    /// Directories and files that are never read: our own state and configuration.
    pub off_limits: Vec<PathBuf>,
}

/// A question or an alert, and what may be looked at for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inquiry {
    /// The text; data, never run and never printed back.
    pub question: String,
    /// What may be looked at.
    pub scope: Scope,
}
