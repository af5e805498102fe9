//! One look at what lies below a directory, within a budget.
//!
//! Never follows links, never enters another file system, looks at so many entries only: sizes are "at least".

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::host::root::Root;

/// Length below which a file may take no block of its own, in bytes.
const SHORT_BYTES: u64 = 4096;
/// Bytes of one block in the kernel's count of what a file takes.
const BLOCK_BYTES: u64 = 512;
/// Most large files remembered.
pub(crate) const MAX_FILES: usize = 5;

/// How much is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WalkBudget {
    /// When the look ends.
    pub(crate) deadline: Instant,
    /// Most entries looked at.
    pub(crate) entries: usize,
}

/// What one directory holds itself, without those below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Filling {
    /// Bytes that its files take.
    pub(crate) bytes: u64,
    /// Its files.
    pub(crate) files: u64,
}

/// One look at a file system.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// The directories looked at.
    pub(crate) directories: BTreeMap<PathBuf, Filling>,
    /// The largest files, largest first, at most [`MAX_FILES`].
    pub(crate) largest: Vec<(u64, PathBuf)>,
    /// Entries looked at.
    pub(crate) entries: usize,
    /// Directories that may not be read.
    pub(crate) refused: usize,
    /// Whether the budget ended it.
    pub(crate) cut: bool,
}

/// Looks at what lies below a directory, the nearest first; `others` are mount points, which are not entered.
pub(crate) fn walk(root: &Root, point: &Path, others: &BTreeSet<PathBuf>, limits: WalkBudget) -> Walk {
    let mut walk = Walk::default();
    let mut waiting = VecDeque::from([point.to_owned()]);
    // A file with several names is there once.
    let mut linked: BTreeSet<u64> = BTreeSet::new();
    let device = fs::symlink_metadata(root.path(point)).map(|metadata| metadata.dev()).ok();
    while let Some(directory) = waiting.pop_front() {
        let Ok(entries) = fs::read_dir(root.path(&directory)) else {
            walk.refused += 1;
            continue;
        };
        let mut held = Filling::default();
        for entry in entries.flatten() {
            if walk.entries == limits.entries || Instant::now() > limits.deadline {
                walk.cut = true;
                break;
            }
            walk.entries += 1;
            let path = directory.join(entry.file_name());
            // Asking even for the size of a mount point may hang.
            if others.contains(&path) {
                continue;
            }
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() && Some(metadata.dev()) == device {
                waiting.push_back(path);
            } else if metadata.is_file() && (metadata.nlink() < 2 || linked.insert(metadata.ino())) {
                let taken = held.add(&metadata);
                walk.remember(taken, path);
            }
        }
        walk.directories.insert(directory, held);
        if walk.cut {
            break;
        }
    }
    walk
}

/// Looks at one directory again, at no file with several names: the first look may have counted it elsewhere.
pub(crate) fn held(root: &Root, directory: &Path, others: &BTreeSet<PathBuf>, limit: usize) -> Filling {
    let mut held = Filling::default();
    for entry in fs::read_dir(root.path(directory)).into_iter().flatten().flatten().take(limit) {
        if others.contains(&directory.join(entry.file_name())) {
            continue;
        }
        let is_own = |metadata: &fs::Metadata| metadata.is_file() && metadata.nlink() < 2;
        if let Some(metadata) = entry.metadata().ok().filter(is_own) {
            held.add(&metadata);
        }
    }
    held
}

impl Filling {
    /// Counts what the file takes, and returns it: a sparse file takes less than its length, a short one may lie beside its name.
    fn add(&mut self, metadata: &fs::Metadata) -> u64 {
        let taken = metadata.blocks().saturating_mul(BLOCK_BYTES);
        let taken = if taken == 0 && metadata.len() < SHORT_BYTES { metadata.len() } else { taken.min(metadata.len()) };
        self.bytes = self.bytes.saturating_add(taken);
        self.files += 1;
        taken
    }
}

impl Walk {
    fn remember(&mut self, taken: u64, path: PathBuf) {
        if self.largest.len() == MAX_FILES && self.largest.last().is_some_and(|(least, _)| *least >= taken) {
            return;
        }
        let at = self.largest.partition_point(|(more, _)| *more >= taken);
        self.largest.insert(at, (taken, path));
        self.largest.truncate(MAX_FILES);
    }

    /// Computes what each directory holds with all below it.
    pub(crate) fn totals(&self) -> BTreeMap<&Path, Filling> {
        let mut totals: BTreeMap<&Path, Filling> = BTreeMap::new();
        for (directory, held) in &self.directories {
            for above in directory.ancestors() {
                let total = totals.entry(above).or_default();
                total.bytes = total.bytes.saturating_add(held.bytes);
                total.files += held.files;
            }
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits(time: Duration) -> WalkBudget {
        WalkBudget { deadline: Instant::now() + time, entries: 1_000 }
    }

    #[test]
    fn links_and_other_file_systems_are_not_entered() {
        let directory = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("big"), vec![1; 100_000]).unwrap();
        for folder in ["data/own", "data/mounted"] {
            fs::create_dir_all(directory.path().join(folder)).unwrap();
            fs::write(directory.path().join(folder).join("file"), vec![1; 5_000]).unwrap();
        }
        fs::hard_link(directory.path().join("data/own/file"), directory.path().join("data/own/again")).unwrap();
        std::os::unix::fs::symlink(outside.path(), directory.path().join("data/link")).unwrap();
        std::os::unix::fs::symlink("..", directory.path().join("data/own/loop")).unwrap();
        let others = BTreeSet::from([PathBuf::from("/data/mounted")]);
        let root = Root::at(directory.path());
        let walk = walk(&root, Path::new("/data"), &others, limits(Duration::from_secs(60)));
        let seen: Vec<_> = walk.directories.keys().map(|path| path.to_string_lossy().into_owned()).collect();
        assert_eq!(seen, ["/data", "/data/own"]);
        assert_eq!(
            walk.directories[Path::new("/data/own")],
            Filling { bytes: 5_000, files: 1 },
            "a second name adds nothing"
        );
        assert_eq!(walk.totals()[Path::new("/data")], Filling { bytes: 5_000, files: 1 });
        assert_eq!(walk.largest.len(), 1);
    }

    #[test]
    fn a_budget_that_is_over_ends_the_walk() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("file"), "x").unwrap();
        let walk = walk(&Root::at(directory.path()), Path::new("/"), &BTreeSet::new(), limits(Duration::ZERO));
        assert!(walk.cut || walk.entries == 1);
    }

    #[test]
    fn the_largest_files_are_remembered_in_their_order() {
        let mut walk = Walk::default();
        for size in [3, 9, 1, 7, 5, 8, 2] {
            walk.remember(size, PathBuf::from(format!("/{size}")));
        }
        assert_eq!(walk.largest.iter().map(|(size, _)| *size).collect::<Vec<_>>(), [9, 8, 7, 5, 3]);
    }
}
