//! Files of secrets: others should not be able to read them, and nobody is ever shown them.

use std::path::PathBuf;

use super::reader::Section;
use super::source::is_readable_by_others;

/// Reads a key that names a file of secrets, and warns where others can read it too.
pub(super) fn read<T>(section: &mut Section, key: &str, default: T, read: impl FnOnce(&str) -> Result<T, String>) -> T {
    let mut named = None;
    let value = section.parsed(key, default, |path| {
        let value = read(path)?;
        named = Some(PathBuf::from(path));
        Ok(value)
    });
    if let Some(path) = named {
        if is_readable_by_others(&path) {
            let path = path.display();
            section.warn(key, &format!("others can read {path}; run: chmod 600 {path}"));
        }
        section.note_secret_file(path);
    }
    value
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use crate::config::{Loaded, Sources, load};

    fn loaded(directory: &Path, mode: u32) -> Loaded {
        let (file, literals) = (directory.join("signalbox.toml"), directory.join("literals"));
        std::fs::write(&literals, "hunter22\n").expect("written");
        std::fs::set_permissions(&literals, std::fs::Permissions::from_mode(mode)).expect("ours");
        std::fs::write(&file, format!("redact.literals_file = {:?}", literals.display().to_string())).expect("written");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("ours");
        load(&Sources { explicit: Some(file), ..Sources::default() }).expect("valid")
    }

    #[test]
    fn a_file_of_secrets_that_others_can_read_is_warned_of_and_never_looked_at() {
        let directory = tempfile::tempdir().expect("a directory");
        let open = loaded(directory.path(), 0o644);
        assert!(open.warnings.iter().any(|warning| warning.contains("chmod 600")), "{:?}", open.warnings);
        let own = loaded(directory.path(), 0o600);
        assert_eq!(own.warnings, Vec::<String>::new());
        assert_eq!(own.config.agents.host.secret_files, [directory.path().join("literals")]);
    }
}
