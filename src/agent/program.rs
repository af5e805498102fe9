//! Finding a program: one rule for saying that an agent is installed and for starting it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Finds a program as a shell would; the first file of that name that can be executed, else the first of that name.
#[must_use]
pub fn find(name: &str, path: &str, working_directory: &Path) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(working_directory.join(name)).filter(|program| program.exists());
    }
    if name.is_empty() {
        return None;
    }
    let directories = std::env::split_paths(path).filter(|directory| directory.is_absolute());
    let mut first = None;
    for file in directories.map(|directory| directory.join(name)) {
        // One look at each: a program is looked for with each prompt.
        let Some(metadata) = file.metadata().ok().filter(std::fs::Metadata::is_file) else { continue };
        if metadata.permissions().mode() & 0o111 != 0 {
            return Some(file);
        }
        first.get_or_insert(file);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_where_the_run_looks_for_it() {
        let here = Path::new("/");
        assert_eq!(find("sh", "/nowhere:/bin", here), Some("/bin/sh".into()));
        assert_eq!(find("sh", "", here), None);
        assert_eq!(find("sh", "bin", here), None, "a relative directory of PATH is not searched");
        assert_eq!(find("./sh", "", Path::new("/bin")), Some("/bin/./sh".into()));
        assert_eq!(find("/no/such", "/bin", here), None);
        assert_eq!(find("", "/bin", here), None);
    }
}
