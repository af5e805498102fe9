//! Which directories of the fullest file systems are largest, and which grow: two looks within a budget.
//!
//! Never follows links, never enters another file system, and looks at so many entries only: sizes are "at least".

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::host::fact::{Measure, Reading};
use crate::host::machine::Machine;
use crate::host::root::{Root, Unreadable};
use crate::host::shown::{bytes, code, name};

use super::mounts;

/// Longest first look at one file system; the second one visits the same.
const BUDGET: Duration = Duration::from_millis(1_500);
/// Most entries looked at on one file system.
const MAX_ENTRIES: usize = 50_000;
/// Most file systems looked at.
pub(crate) const MAX_MOUNTS: usize = 2;
/// Most directories listed of one file system.
const MAX_LISTED: usize = 5;
/// Length below which a file may take no block of its own, in bytes.
const SHORT_BYTES: u64 = 4096;
/// Bytes of one block in the kernel's count of what a file takes.
const BLOCK_BYTES: u64 = 512;

/// What one directory holds itself, without those below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Held {
    bytes: u64,
    files: u64,
}

/// One look at a file system.
#[derive(Debug, Default)]
struct Walk {
    directories: BTreeMap<PathBuf, Held>,
    entries: usize,
    refused: usize,
    cut: bool,
}

/// What was found on one file system.
struct Found {
    mount: PathBuf,
    walk: Walk,
    growth: BTreeMap<PathBuf, u64>,
}

/// Looks twice at each of the mount points.
///
/// # Errors
/// [`Unreadable`] when the table of mounts cannot be read: then other file systems could not be told apart.
pub(crate) fn read(machine: &Machine, points: &[PathBuf]) -> Result<Reading, Unreadable> {
    let mounted = mounts::parse(&machine.root.read("proc/self/mountinfo")?);
    let others: BTreeSet<PathBuf> = mounted.into_iter().map(|mount| mount.point).collect();
    let firsts: Vec<(PathBuf, Walk)> = points
        .iter()
        .take(MAX_MOUNTS)
        .map(|point| (point.clone(), walk(&machine.root, point, &others, Instant::now() + BUDGET)))
        .collect();
    let apart = (machine.wait)();
    let found: Vec<Found> = firsts
        .into_iter()
        .map(|(mount, walk)| {
            let deadline = Instant::now() + BUDGET;
            let growth = walk.directories.iter().filter(|_| Instant::now() < deadline).filter_map(|(path, before)| {
                let grown = held(&machine.later, path, &others).bytes.checked_sub(before.bytes)?;
                (grown > 0).then(|| (path.clone(), grown))
            });
            Found { growth: growth.collect(), mount, walk }
        })
        .collect();
    Ok(reading(&found, apart))
}

fn walk(root: &Root, point: &Path, others: &BTreeSet<PathBuf>, deadline: Instant) -> Walk {
    let mut walk = Walk::default();
    let mut waiting = VecDeque::from([point.to_owned()]);
    let device = fs::symlink_metadata(root.path(point)).map(|metadata| metadata.dev()).ok();
    while let Some(directory) = waiting.pop_front() {
        let Ok(entries) = fs::read_dir(root.path(&directory)) else {
            walk.refused += 1;
            continue;
        };
        let mut held = Held::default();
        for entry in entries.flatten() {
            if walk.entries == MAX_ENTRIES || Instant::now() > deadline {
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
            } else if metadata.is_file() {
                held.add(&metadata);
            }
        }
        walk.directories.insert(directory, held);
        if walk.cut {
            break;
        }
    }
    walk
}

/// Looks at one directory again.
fn held(root: &Root, directory: &Path, others: &BTreeSet<PathBuf>) -> Held {
    let mut held = Held::default();
    for entry in fs::read_dir(root.path(directory)).into_iter().flatten().flatten().take(MAX_ENTRIES) {
        if others.contains(&directory.join(entry.file_name())) {
            continue;
        }
        if let Some(metadata) = entry.metadata().ok().filter(fs::Metadata::is_file) {
            held.add(&metadata);
        }
    }
    held
}

impl Held {
    /// Counts what the file takes: a sparse file takes less than its length, a short one may lie beside its name.
    fn add(&mut self, metadata: &fs::Metadata) {
        let taken = metadata.blocks().saturating_mul(BLOCK_BYTES);
        let taken = if taken == 0 && metadata.len() < SHORT_BYTES { metadata.len() } else { taken.min(metadata.len()) };
        self.bytes = self.bytes.saturating_add(taken);
        self.files += 1;
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown in a unit with one digit")]
fn reading(found: &[Found], apart: Duration) -> Reading {
    let mut lines =
        vec![format!("directories, without those below them, looked at twice {:.2} s apart", apart.as_secs_f64())];
    let mut facts = Reading::default();
    for Found { mount, walk, growth } in found {
        let key = mount.to_string_lossy().into_owned();
        let cut = if walk.cut { ", where the budget ended" } else { "" };
        lines.push(format!("{}: {} entries looked at{cut}", name(&key), walk.entries));
        let shown = |path: &Path| code(&path.to_string_lossy());
        let mut grown: Vec<(&PathBuf, u64)> = growth.iter().map(|(path, more)| (path, *more)).collect();
        grown.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        for (path, more) in grown.into_iter().take(MAX_LISTED) {
            let line = format!("{} grew by {}", name(&path.to_string_lossy()), bytes(more));
            facts.fact_of(Measure::DirectoryGrowth, key.clone(), shown(path), more as f64, line.clone());
            lines.push(line);
        }
        let mut largest: Vec<(&PathBuf, &Held)> = walk.directories.iter().filter(|(_, held)| held.files > 0).collect();
        largest.sort_by(|a, b| b.1.bytes.cmp(&a.1.bytes).then(a.0.cmp(b.0)));
        let crowded = largest.iter().max_by_key(|(path, held)| (held.files, std::cmp::Reverse(*path))).copied();
        let mut told: Vec<(Measure, &Path, &Held)> = Vec::new();
        told.extend(
            largest.iter().take(MAX_LISTED).map(|(path, held)| (Measure::DirectorySize, path.as_path(), *held)),
        );
        told.extend(crowded.map(|(path, held)| (Measure::DirectoryFiles, path.as_path(), held)));
        for (measure, path, held) in told {
            let line = format!(
                "{} holds at least {} in {} file(s)",
                name(&path.to_string_lossy()),
                bytes(held.bytes),
                held.files
            );
            let value = if measure == Measure::DirectoryFiles { held.files } else { held.bytes };
            facts.fact_of(measure, key.clone(), shown(path), value as f64, line.clone());
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        if walk.refused > 0 {
            facts.gaps.push(format!("{} director(ies) of {} that belong to others", walk.refused, name(&key)));
        }
    }
    let looked_at = [Measure::DirectorySize, Measure::DirectoryGrowth, Measure::DirectoryFiles];
    let Reading { facts, gaps, .. } = facts;
    Reading { facts, gaps, ..Reading::new(lines.join("\n")) }.looked_at(&looked_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_other_file_systems_are_not_entered() {
        let directory = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("big"), vec![1; 100_000]).unwrap();
        for folder in ["data/own", "data/mounted"] {
            fs::create_dir_all(directory.path().join(folder)).unwrap();
            fs::write(directory.path().join(folder).join("file"), vec![1; 5_000]).unwrap();
        }
        std::os::unix::fs::symlink(outside.path(), directory.path().join("data/link")).unwrap();
        std::os::unix::fs::symlink("..", directory.path().join("data/own/loop")).unwrap();
        let others = BTreeSet::from([PathBuf::from("/data/mounted")]);
        let root = Root::at(directory.path());
        let walk = walk(&root, Path::new("/data"), &others, Instant::now() + Duration::from_secs(60));
        let seen: Vec<_> = walk.directories.keys().map(|path| path.to_string_lossy().into_owned()).collect();
        assert_eq!(seen, ["/data", "/data/own"]);
        assert_eq!(walk.directories[Path::new("/data/own")], Held { bytes: 5_000, files: 1 });
    }

    #[test]
    fn a_budget_that_is_over_ends_the_walk() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("file"), "x").unwrap();
        let walk = walk(&Root::at(directory.path()), Path::new("/"), &BTreeSet::new(), Instant::now());
        assert!(walk.cut || walk.entries == 1);
    }
}
