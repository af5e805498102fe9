//! Which directories of the fullest file systems are largest, and which grow: two looks within a budget.
//!
//! Sizes are "at least": see [`walk`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::host::fact::{Measure, Reading};
use crate::host::machine::Machine;
use crate::host::root::Unreadable;
use crate::host::shown::{bytes, code, name};

use super::mounts;
use super::walk::{self, Filling, Walk, WalkBudget};

/// Longest first look at one file system; the second one visits the same.
const BUDGET: Duration = Duration::from_millis(1_500);
/// Most entries looked at on one file system.
const MAX_ENTRIES: usize = 50_000;
/// Most file systems looked at.
pub(crate) const MAX_MOUNTS: usize = 2;
/// Most directories listed of one file system.
const MAX_LISTED: usize = 5;

/// What was found on one file system.
struct Found {
    mount: PathBuf,
    walk: Walk,
    growth: BTreeMap<PathBuf, u64>,
}

/// Looks twice at each of the mount points; `off_limits` is passed over.
///
/// # Errors
/// [`Unreadable`] when the table of mounts cannot be read: then other file systems could not be told apart.
pub(crate) fn read(machine: &Machine, points: &[PathBuf], off_limits: &[PathBuf]) -> Result<Reading, Unreadable> {
    let mounted = mounts::parse(&machine.root.read("proc/self/mountinfo")?);
    let others: BTreeSet<PathBuf> =
        mounted.into_iter().map(|mount| mount.point).chain(off_limits.iter().cloned()).collect();
    let firsts: Vec<(PathBuf, Walk)> = points
        .iter()
        .take(MAX_MOUNTS)
        .map(|point| {
            let limits = WalkBudget { deadline: Instant::now() + BUDGET, entries: MAX_ENTRIES };
            (point.clone(), walk::walk(&machine.root, point, &others, limits))
        })
        .collect();
    let apart = (machine.wait)();
    let found: Vec<Found> = firsts
        .into_iter()
        .map(|(mount, walk)| {
            let deadline = Instant::now() + BUDGET;
            let growth = walk.directories.iter().filter(|_| Instant::now() < deadline).filter_map(|(path, before)| {
                let grown = walk::held(&machine.later, path, &others, MAX_ENTRIES).bytes.checked_sub(before.bytes)?;
                (grown > 0).then(|| (path.clone(), grown))
            });
            Found { growth: growth.collect(), mount, walk }
        })
        .collect();
    Ok(reading(&found, apart))
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
        let mut largest: Vec<(&PathBuf, &Filling)> =
            walk.directories.iter().filter(|(_, held)| held.files > 0).collect();
        largest.sort_by(|a, b| b.1.bytes.cmp(&a.1.bytes).then(a.0.cmp(b.0)));
        let crowded = largest.iter().max_by_key(|(path, held)| (held.files, std::cmp::Reverse(*path))).copied();
        let mut told: Vec<(Measure, &Path, &Filling)> = Vec::new();
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
