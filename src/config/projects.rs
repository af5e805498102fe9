//! `[projects]`: directories that a session can be started in by name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::reader::Section;

/// Longest name of a project, in characters.
pub const MAX_NAME_CHARS: usize = 64;

/// Projects by name.
pub type Projects = BTreeMap<String, Project>;

/// A directory that sessions work in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Where it is, absolute.
    pub path: PathBuf,
    /// Whether each session gets a git work tree of its own, on a branch of its own.
    pub worktree: bool,
}

pub(super) fn read(section: &mut Section) -> Projects {
    let mut projects = Projects::new();
    for name in section.names() {
        if let Err(why) = check_name(&name) {
            section.fault(&name, why);
        }
        let (path, worktree) = if section.is_table(&name) {
            section.section(&name, |section| {
                if !section.has("path") {
                    section.fault("path", "must be set to the project's absolute path");
                }
                (section.parsed("path", None, |text| absolute(text).map(Some)), section.boolean("worktree", false))
            })
        } else {
            (section.parsed(&name, None, |text| absolute(text).map(Some)), false)
        };
        if let Some(path) = path {
            projects.insert(name, Project { path, worktree });
        }
    }
    projects
}

fn check_name(name: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if starts_well && name.len() <= MAX_NAME_CHARS && name.chars().all(allowed) {
        return Ok(());
    }
    Err(format!(
        "a project's name has 1 to {MAX_NAME_CHARS} letters, digits, '-', '_' or '.' and begins with a letter or digit"
    ))
}

/// Takes an absolute path; a relative one would mean another place with every start of the program.
pub(super) fn absolute(text: &str) -> Result<PathBuf, String> {
    if text.contains('\0') || !Path::new(text).is_absolute() {
        return Err("must be an absolute path".to_owned());
    }
    Ok(PathBuf::from(text))
}
