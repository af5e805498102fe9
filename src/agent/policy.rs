//! What a run may do without asking a person.
//!
//! The agent itself lets harmless reads pass; what reaches this place is what it would ask its user for.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::grant::{Grant, passes_link};
use super::inside::is_inside;
use super::run::RunSpec;
use crate::config::Permission;

/// Tools that change one file, with the input that names it.
const EDITING: [(&str, &str); 4] =
    [("Edit", "file_path"), ("Write", "file_path"), ("MultiEdit", "file_path"), ("NotebookEdit", "notebook_path")];

/// Decides on requests.
#[derive(Debug)]
pub(super) struct Policy {
    permission: Permission,
    working_directory: PathBuf,
    grants: Vec<Grant>,
}

/// What the policy says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ruling {
    /// It may.
    Allow,
    /// It may not.
    Deny,
    /// A person decides.
    Ask,
}

impl Policy {
    pub(super) fn new(spec: &RunSpec) -> Self {
        Self {
            permission: spec.permission,
            working_directory: spec.working_directory.clone(),
            grants: spec.grants.clone(),
        }
    }

    /// Whether the run may do all without asking.
    pub(super) fn allows_all(&self) -> bool {
        self.permission == Permission::All
    }

    /// Whether a path that the agent says it would have to leave its directories for lies outside of its own: some name one
    /// that lies inside.
    pub(super) fn is_elsewhere(&self, blocked: &Value) -> bool {
        match blocked {
            Value::Null => false,
            Value::String(path) => !is_inside(Path::new(path), &self.working_directory),
            _ => true,
        }
    }

    /// Returns what an answer for the session allows; what lies outside of the agent's directory only as it is.
    pub(super) fn grant(&self, tool: &str, input: &Value, blocked: bool) -> Grant {
        if blocked { Grant::same(tool, input) } else { Grant::of(tool, input, &self.working_directory) }
    }

    pub(super) fn allow_for_session(&mut self, grant: Grant) {
        if !self.grants.contains(&grant) {
            self.grants.push(grant);
        }
    }

    /// Takes what is allowed for the session, instead of what was.
    pub(super) fn allow_only(&mut self, grants: Vec<Grant>) {
        self.grants = grants;
    }

    /// Forgets what was allowed for the session.
    pub(super) fn revoke(&mut self) {
        self.grants.clear();
    }

    /// Judges one request; `blocked` is whether it is for a place outside of the agent's directory.
    pub(super) fn judge(&self, tool: &str, input: &Value, blocked: bool) -> Ruling {
        match self.permission {
            Permission::Read => Ruling::Deny,
            Permission::All => Ruling::Allow,
            Permission::Ask | Permission::Edit if self.is_granted(tool, input, blocked) => Ruling::Allow,
            Permission::Edit if !blocked && self.edits_own_file(tool, input) => Ruling::Allow,
            Permission::Ask | Permission::Edit => Ruling::Ask,
        }
    }

    fn is_granted(&self, tool: &str, input: &Value, blocked: bool) -> bool {
        let mut grants = self.grants.iter().filter(|grant| !blocked || grant.is_of_one());
        grants.any(|grant| grant.covers(tool, input, &self.working_directory))
    }

    /// Returns whether the call changes one plain file below the working directory.
    ///
    /// # Why
    /// Files in hidden directories (`.git/hooks`, `.claude`) decide what runs later, so that a person is asked; a path
    /// with `..` or through a link is asked for, too, rather than resolved.
    fn edits_own_file(&self, tool: &str, input: &Value) -> bool {
        let Some((_, key)) = EDITING.iter().find(|(name, _)| *name == tool) else { return false };
        let Some(path) = input.get(*key).and_then(Value::as_str) else { return false };
        let path = Path::new(path);
        let below = match path.strip_prefix(&self.working_directory) {
            Ok(below) => below,
            Err(_) if path.is_relative() => path,
            Err(_) => return false,
        };
        let mut names = below.components().peekable();
        names.peek().is_some()
            && names.all(|part| match part {
                Component::Normal(name) => !name.as_encoded_bytes().starts_with(b"."),
                Component::CurDir => true,
                Component::Prefix(_) | Component::RootDir | Component::ParentDir => false,
            })
            && !passes_link(&self.working_directory, below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy(permission: Permission) -> Policy {
        let directory = Path::new("/w/project");
        let ls = Grant::of("Bash", &json!({"command": "ls"}), directory);
        Policy { permission, working_directory: directory.into(), grants: vec![ls] }
    }

    #[test]
    fn a_reading_run_is_denied_whatever_it_asks_for() {
        assert_eq!(policy(Permission::Read).judge("Bash", &json!({}), false), Ruling::Deny);
    }

    #[test]
    fn what_is_allowed_for_the_session_is_not_asked_for_again_until_it_is_taken_back() {
        let mut policy = policy(Permission::Ask);
        assert_eq!(policy.judge("Bash", &json!({"command": "ls -l"}), false), Ruling::Allow);
        assert_eq!(policy.judge("Bash", &json!({"command": "rm -rf /important"}), false), Ruling::Ask);
        let write = json!({"file_path": "a"});
        assert_eq!(policy.judge("Write", &write, false), Ruling::Ask);
        policy.allow_for_session(policy.grant("Write", &write, false));
        assert_eq!(policy.judge("Write", &json!({"file_path": "b"}), false), Ruling::Allow);
        policy.revoke();
        assert_eq!(policy.judge("Write", &write, false), Ruling::Ask);
    }

    #[test]
    fn what_lies_outside_of_the_agents_directories_is_allowed_only_as_it_was_shown() {
        let mut policy = policy(Permission::Ask);
        assert_eq!(policy.judge("Bash", &json!({"command": "ls /etc"}), true), Ruling::Ask, "of a wider allowance");
        policy.allow_for_session(policy.grant("Write", &json!({"file_path": "notes/a"}), false));
        let (one, other) = (json!({"file_path": "notes/link/a"}), json!({"file_path": "notes/link/b"}));
        assert_eq!(policy.judge("Write", &one, true), Ruling::Ask);
        policy.allow_for_session(policy.grant("Write", &one, true));
        assert_eq!(policy.judge("Write", &one, true), Ruling::Allow);
        assert_eq!(policy.judge("Write", &other, true), Ruling::Ask);
    }

    #[test]
    fn a_path_through_a_link_is_asked_for() {
        let scratch = tempfile::tempdir().expect("a directory");
        let directory = scratch.path().join("project");
        std::fs::create_dir_all(directory.join("notes")).expect("directories");
        std::os::unix::fs::symlink("/etc", directory.join("notes/out")).expect("a link");
        let mut policy = Policy { working_directory: directory, ..policy(Permission::Edit) };
        let judge = |policy: &Policy, path: &str| policy.judge("Write", &json!({"file_path": path}), false);
        assert_eq!(judge(&policy, "notes/a"), Ruling::Allow);
        assert_eq!(judge(&policy, "notes/out/passwd"), Ruling::Ask);
        assert_eq!(judge(&policy, "notes/out"), Ruling::Ask);
        policy.permission = Permission::Ask;
        policy.allow_for_session(policy.grant("Write", &json!({"file_path": "notes/a"}), false));
        assert_eq!(judge(&policy, "notes/b"), Ruling::Allow);
        assert_eq!(judge(&policy, "notes/out/passwd"), Ruling::Ask);
    }

    #[test]
    fn an_editing_run_edits_plain_files_of_its_directory_only() {
        let policy = policy(Permission::Edit);
        let judge = |path: &str| policy.judge("Write", &json!({"file_path": path}), false);
        for own in ["/w/project/a.rs", "src/a.rs", "./a"] {
            assert_eq!(judge(own), Ruling::Allow, "{own}");
        }
        for other in [
            "",
            "/w/project",
            "/etc/passwd",
            "/w/project2/a",
            "/w/project/../x",
            "../x",
            "a/../../x",
            ".git/hooks/pre-commit",
            "/w/project/.claude/settings.json",
        ] {
            assert_eq!(judge(other), Ruling::Ask, "{other}");
        }
        assert_eq!(policy.judge("Write", &json!({"file_path": "a"}), true), Ruling::Ask);
        assert_eq!(policy.judge("Write", &json!({"path": "a"}), false), Ruling::Ask);
        assert_eq!(policy.judge("WebFetch", &json!({"file_path": "a"}), false), Ruling::Ask);
    }
}
