//! Where the kernel's files are read: `/` on a live machine, a recorded tree in tests.
//!
//! Every read is bounded, and what cannot be read is a value that says why: it becomes evidence, not a failure.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

/// Longest part of one file that is read, in bytes.
pub(crate) const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Longest record of the kernel's log, in bytes; it refuses a smaller buffer.
const MAX_RECORD_BYTES: usize = 16 * 1024;

/// Why something could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// This machine does not have it.
    #[error("not there: {0}")]
    Absent(String),
    /// The system did not let us look.
    #[error("not readable: {what}: {reason}")]
    Refused {
        /// What was to be read.
        what: String,
        /// The system's own words.
        reason: String,
    },
    /// It was read, and is in no form known here.
    #[error("not understood: {0}")]
    Malformed(String),
}

/// The directory that stands for `/`.
#[derive(Debug, Clone)]
pub(crate) struct Root(PathBuf);

impl Root {
    /// Makes the root of the machine this runs on.
    pub(crate) fn live() -> Self {
        Self::at("/")
    }

    /// Makes a root of a recorded tree.
    pub(crate) fn at(directory: impl Into<PathBuf>) -> Self {
        Self(directory.into())
    }

    /// Reads a file, named from the root without a leading slash; at most [`MAX_FILE_BYTES`], invalid UTF-8 replaced.
    ///
    /// # Errors
    /// [`Unreadable`] when it is not there or the system refuses.
    pub(crate) fn read(&self, file: &str) -> Result<String, Unreadable> {
        let mut bytes = Vec::new();
        File::open(self.0.join(file))
            .and_then(|opened| opened.take(MAX_FILE_BYTES).read_to_end(&mut bytes))
            .map_err(|error| unreadable(file, &error))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads the kernel's log, of which each read yields one record; at most [`MAX_FILE_BYTES`] of it, without waiting.
    ///
    /// # Errors
    /// [`Unreadable`] when it is not there or the system refuses.
    pub(crate) fn read_records(&self, file: &str) -> Result<String, Unreadable> {
        let refused = |error: &io::Error| unreadable(file, error);
        let mut log = File::options()
            .read(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(self.0.join(file))
            .map_err(|error| refused(&error))?;
        let mut bytes = Vec::new();
        let mut record = vec![0; MAX_RECORD_BYTES];
        while bytes.len() as u64 <= MAX_FILE_BYTES {
            match log.read(&mut record) {
                Ok(0) => break,
                Ok(length) => bytes.extend_from_slice(&record[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // Records that were overwritten while we read.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                Err(error) => return Err(refused(&error)),
            }
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads a file that holds one number, or the word `max` for none.
    pub(crate) fn read_number(&self, file: &str) -> Result<Option<u64>, Unreadable> {
        let text = self.read(file)?;
        match text.trim() {
            "max" => Ok(None),
            number => number.parse().map(Some).map_err(|_| malformed(file)),
        }
    }

    /// Lists the numbers among the names in a directory, at most `limit`, and says whether there were more.
    pub(crate) fn numbers_in(&self, directory: &str, limit: usize) -> Result<(Vec<u32>, bool), Unreadable> {
        let entries = fs::read_dir(self.0.join(directory)).map_err(|error| unreadable(directory, &error))?;
        let mut numbers: Vec<u32> =
            entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).take(limit + 1).collect();
        let cut = numbers.len() > limit;
        numbers.truncate(limit);
        numbers.sort_unstable();
        Ok((numbers, cut))
    }

    /// Tells whether an absolute path of that machine is surely a file, as where one file is bound over another.
    pub(crate) fn is_file(&self, path: &Path) -> bool {
        self.path(path).is_file()
    }

    /// Returns where an absolute path of that machine lies here.
    pub(crate) fn path(&self, path: &Path) -> PathBuf {
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Returns the absolute path of that machine which lies here; `None` for what lies outside of the tree.
    pub(crate) fn within(&self, here: &Path) -> Option<PathBuf> {
        let root = self.0.canonicalize().ok()?;
        Some(Path::new("/").join(here.strip_prefix(root).ok()?))
    }
}

/// Says that a file was read but not understood.
pub(crate) fn malformed(file: &str) -> Unreadable {
    Unreadable::Malformed(format!("/{file}"))
}

fn unreadable(file: &str, error: &io::Error) -> Unreadable {
    match error.kind() {
        io::ErrorKind::NotFound => Unreadable::Absent(format!("/{file}")),
        kind => Unreadable::Refused { what: format!("/{file}"), reason: kind.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_absent_and_a_directory_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("proc")).unwrap();
        let root = Root::at(directory.path());
        assert_eq!(root.read("proc/stat"), Err(Unreadable::Absent("/proc/stat".into())));
        assert!(matches!(root.read("proc"), Err(Unreadable::Refused { .. })));
    }

    #[test]
    fn a_huge_file_is_read_up_to_the_bound() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("huge"), vec![b'x'; 3 * 1024 * 1024]).unwrap();
        assert_eq!(Root::at(directory.path()).read("huge").unwrap().len() as u64, MAX_FILE_BYTES);
    }

    #[test]
    fn only_numbers_are_listed_and_only_so_many() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["1", "22", "self", "333", "-4", "99999999999"] {
            fs::create_dir(directory.path().join(name)).unwrap();
        }
        let root = Root::at(directory.path());
        assert_eq!(root.numbers_in("", 9).unwrap(), (vec![1, 22, 333], false));
        let (some, cut) = root.numbers_in("", 2).unwrap();
        assert!(some.len() == 2 && cut);
    }
}
