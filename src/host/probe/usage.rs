//! What takes the room on one file system: its largest directories with all below them, and its largest files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::host::fact::{Measure, Reading};
use crate::host::machine::Machine;
use crate::host::root::Unreadable;
use crate::host::shown::{bytes, code, name};

use super::mounts;
use super::walk::{self, Filling, Walk, WalkBudget};

/// Longest look.
pub(crate) const BUDGET: Duration = Duration::from_secs(5);
/// Most entries looked at.
const MAX_ENTRIES: usize = 1_000_000;
/// Most directories listed.
const MAX_LISTED: usize = 5;
/// Share of a directory that one below it must hold to be named in its stead, in percent.
const MOST_PERCENT: u64 = 60;

/// Looks at what lies below a directory; `off_limits` is passed over.
///
/// # Errors
/// [`Unreadable`] when the table of mounts cannot be read: then other file systems could not be told apart.
pub(crate) fn read(machine: &Machine, point: &Path, off_limits: &[PathBuf]) -> Result<Reading, Unreadable> {
    let mounted = mounts::parse(&machine.root.read("proc/self/mountinfo")?);
    let others: BTreeSet<PathBuf> =
        mounted.into_iter().map(|mount| mount.point).chain(off_limits.iter().cloned()).collect();
    let limits = WalkBudget { deadline: Instant::now() + BUDGET, entries: MAX_ENTRIES };
    Ok(reading(point, &walk::walk(&machine.root, point, &others, limits)))
}

#[expect(clippy::cast_precision_loss, reason = "shown in a unit with one digit")]
fn reading(point: &Path, walk: &Walk) -> Reading {
    let key = point.to_string_lossy().into_owned();
    let at_least = if walk.cut { "at least " } else { "" };
    let cut = if walk.cut { ", where the time for it ended" } else { "" };
    let mut lines = vec![format!("{}: {} entries looked at{cut}", name(&key), walk.entries)];
    let mut facts = Reading::default();
    for (path, held) in largest(point, &walk.totals()) {
        let path = path.to_string_lossy();
        let line = format!("{} holds {at_least}{} in {} file(s)", name(&path), bytes(held.bytes), held.files);
        facts.fact_of(Measure::DirectoryTotal, key.clone(), code(&path), held.bytes as f64, line.clone());
        lines.push(line);
    }
    for (taken, path) in walk.largest.iter().filter(|(taken, _)| *taken > 0) {
        let path = path.to_string_lossy();
        let line = format!("{} takes {}", name(&path), bytes(*taken));
        facts.fact_of(Measure::FileSize, key.clone(), code(&path), *taken as f64, line.clone());
        lines.push(line);
    }
    if walk.cut {
        facts.gaps.push(format!("what lies deeper in {}: the look ended after {} entries", name(&key), walk.entries));
    }
    if walk.refused > 0 {
        facts.gaps.push(format!("{} director(ies) of {} that belong to others", walk.refused, name(&key)));
    }
    let Reading { facts, gaps, .. } = facts;
    let looked_at = [Measure::DirectoryTotal, Measure::FileSize];
    Reading { facts, gaps, ..Reading::new(lines.join("\n")) }.looked_at(&looked_at)
}

/// Lists the directories to name, largest first: the deepest that still hold most of what they lie in.
fn largest<'w>(point: &'w Path, totals: &BTreeMap<&'w Path, Filling>) -> Vec<(&'w Path, Filling)> {
    let mut named = below(point, totals);
    named.truncate(MAX_LISTED);
    for (path, held) in &mut named {
        while let Some((deeper, part)) = below(path, totals).into_iter().next()
            && part.bytes.saturating_mul(100) >= held.bytes.saturating_mul(MOST_PERCENT)
        {
            (*path, *held) = (deeper, part);
        }
    }
    named.retain(|(_, held)| held.bytes > 0);
    named.sort_by(|a, b| b.1.bytes.cmp(&a.1.bytes).then(a.0.cmp(b.0)));
    named
}

/// Lists the directories right below one, largest first.
fn below<'w>(directory: &'w Path, totals: &BTreeMap<&'w Path, Filling>) -> Vec<(&'w Path, Filling)> {
    let mut below: Vec<(&Path, Filling)> = totals
        .range(directory..)
        .take_while(|(path, _)| path.starts_with(directory))
        .filter(|(path, _)| path.parent() == Some(directory))
        .map(|(path, held)| (*path, *held))
        .collect();
    below.sort_by(|a, b| b.1.bytes.cmp(&a.1.bytes).then(a.0.cmp(b.0)));
    below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_directory_that_holds_most_is_named() {
        let sizes = [
            ("/", 1),
            ("/a", 0),
            ("/a/b", 1),
            ("/a/b/c", 60),
            ("/a/b/c/d", 5),
            ("/a/b/c/e", 5),
            ("/z", 10),
            ("/empty", 0),
        ];
        let mut walk = Walk::default();
        for (path, bytes) in sizes {
            walk.directories.insert(path.into(), Filling { bytes, files: 1 });
        }
        let totals = walk.totals();
        let named: Vec<(&str, u64)> = largest(Path::new("/"), &totals)
            .into_iter()
            .map(|(path, held)| (path.to_str().unwrap(), held.bytes))
            .collect();
        assert_eq!(named, [("/a/b/c", 70), ("/z", 10)]);
    }
}
