//! The file system that a question about disks is about: the one that holds the path it names, else the path that the alert
//! names which it goes on from.

use std::path::Path;

use super::assignment::Assignment;
use super::fact::{Fact, Measure, Reading};
use super::probe::mounts;
use super::root::Root;
use super::shown::code;
use super::targets::Targets;

const FILE: &str = "proc/self/mountinfo";
/// How the labels begin that name a mount.
const NAMING: [&str; 5] =
    ["label mountpoint: ", "label mount_point: ", "label mount: ", "label path: ", "label filesystem: "];

/// A path that is asked about, and where its file system is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedMount {
    /// The path, as it was named.
    pub(crate) path: String,
    /// The mount point that is nearest above it.
    pub(crate) point: String,
}

impl NamedMount {
    /// Finds the one that is meant; `None` where no path is named, or the mounts cannot be read.
    pub(crate) fn of(assignment: &Assignment, root: &Root) -> Option<Self> {
        let first = |text: &str| Targets::in_text(text).files.into_iter().next();
        let labelled =
            |line: &str| NAMING.iter().find_map(|label| line.strip_prefix(label)).map(|path| path.trim().to_owned());
        let earlier = &assignment.earlier;
        let path = first(&assignment.question)
            .or_else(|| earlier.lines().find_map(labelled).filter(|path| path.starts_with('/')))
            .or_else(|| first(earlier.lines().next().unwrap_or_default()))?;
        let mounted = mounts::parse(&root.read(FILE).ok()?);
        let holding = mounted.iter().filter(|mount| Path::new(&path).starts_with(&mount.point));
        let point = holding.max_by_key(|mount| mount.point.as_os_str().len())?.point.to_string_lossy().into_owned();
        Some(Self { path, point })
    }

    /// Whether a fact is about this file system; one that is about none may be.
    pub(crate) fn may_be_of(&self, fact: &Fact) -> bool {
        fact.subject.as_ref().is_none_or(|subject| subject.key == self.point)
    }

    /// Finds what was measured of its room; that of a file system that may not answer is not.
    pub(crate) fn used<'r>(&self, disks: &'r Reading) -> Option<&'r Fact> {
        disks.facts.iter().find(|fact| fact.measure == Measure::DiskUsed && self.may_be_of(fact))
    }

    /// Says where the path lies, where that is no mount itself.
    pub(crate) fn said(&self) -> Option<String> {
        (self.path.trim_end_matches('/') != self.point.trim_end_matches('/'))
            .then(|| format!("{} is no mount here; it lies on {}", code(&self.path), code(&self.point)))
    }
}
