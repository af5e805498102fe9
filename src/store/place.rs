//! Where the database lies: whether the file that is open is still the one that the next start will find.
//!
//! SQLite goes on with a file that was removed or replaced, and all that is written there is gone at the next start.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A file as it was when it was opened.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Place {
    /// Notes where a file lies.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let file = std::fs::metadata(path)?;
        Ok(Self { path: path.to_owned(), device: file.dev(), inode: file.ino() })
    }

    /// Whether the same file still lies there; a directory that cannot be looked at says nothing.
    pub(super) fn is_kept(&self) -> bool {
        match std::fs::metadata(&self.path) {
            Ok(file) => (file.dev(), file.ino()) == (self.device, self.inode),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_removed_or_replaced_is_missed() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a");
        std::fs::write(&path, "1").expect("written");
        let place = Place::of(&path).expect("it is there");
        std::fs::write(&path, "2").expect("written");
        assert!(place.is_kept(), "its content is its own affair");
        std::fs::rename(&path, directory.path().join("b")).expect("moved");
        assert!(!place.is_kept());
        std::fs::write(&path, "3").expect("written");
        assert!(!place.is_kept(), "another one");
    }
}
