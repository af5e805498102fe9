//! What the parts share: what a run asks for, what the tools are called, and how a field is read.

use std::path::PathBuf;

use serde_json::Value;

use crate::agent::grant::Grant;
use crate::agent::run::RunSpec;
use crate::config::Permission;

/// The tool that runs commands.
pub(super) const SHELL: &str = "Bash";
/// The tool that changes several files, or in another way than by writing one.
pub(super) const PATCH: &str = "ApplyPatch";

/// What a run asks for.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) permission: Permission,
    pub(super) directory: PathBuf,
    pub(super) grants: Vec<Grant>,
    pub(super) conversation: Option<String>,
    pub(super) model: Option<String>,
    pub(super) analysis: bool,
    /// Whether it stays for a next prompt.
    pub(super) is_kept: bool,
}

impl Settings {
    pub(super) fn of(spec: &RunSpec) -> Self {
        Self {
            permission: spec.permission,
            directory: spec.working_directory.clone(),
            grants: spec.grants.clone(),
            conversation: spec.conversation.clone(),
            model: spec.model.clone(),
            analysis: spec.analysis,
            is_kept: spec.keep_warm.is_some(),
        }
    }
}

/// Returns a field that is a text.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}
