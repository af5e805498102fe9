//! `[projects]`: directories that a session can be started in by name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::reader::Section;

/// Longest name of a project, in characters.
pub const MAX_NAME_CHARS: usize = 64;

/// Names and their absolute paths.
pub type Projects = BTreeMap<String, PathBuf>;

pub(super) fn read(section: &mut Section) -> Projects {
    let mut projects = Projects::new();
    for name in section.names() {
        if let Err(why) = check_name(&name) {
            section.fault(&name, why);
        }
        if let Some(path) = section.parsed(&name, None, |text| absolute(text).map(Some)) {
            projects.insert(name, path);
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
