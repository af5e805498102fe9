//! Space and inodes of the local file systems, each once however often it is mounted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::host::fact::{Measure, Reading};
use crate::host::machine::{Machine, Space};
use crate::host::root::{Unreadable, malformed};
use crate::host::shown::{bytes, code, name, percent, share};

use super::mounts::{self, Askable, Mount};

const FILE: &str = "proc/self/mountinfo";
/// Most file systems asked for their room.
const MAX_ASKED: usize = 256;
/// Most file systems, and most reasons, listed.
pub(crate) const MAX_LISTED: usize = 10;

/// One file system with its room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disk {
    /// Where it is mounted, invalid UTF-8 replaced.
    pub(crate) point: String,
    /// Its type.
    pub(crate) kind: String,
    /// Whether it is read-only.
    pub(crate) read_only: bool,
    /// Its room.
    pub(crate) space: Space,
}

/// The file systems, fullest first, and those that were not measured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Disks {
    /// Those measured.
    pub(crate) disks: Vec<Disk>,
    /// Those not measured, with the reason.
    pub(crate) unmeasured: Vec<String>,
}

/// Reads the mounts and asks each local file system for its room.
///
/// # Errors
/// [`Unreadable`] when the table of mounts is, or when no file system of several could be measured.
pub(crate) fn read(machine: &Machine) -> Result<Disks, Unreadable> {
    let mut all = mounts::parse(&machine.root.read(FILE)?);
    if all.is_empty() {
        return Err(malformed(FILE));
    }
    // A later mount at the same point hides the earlier one.
    let visible: BTreeMap<PathBuf, Mount> = all.drain(..).map(|mount| (mount.point.clone(), mount)).collect();
    all.extend(visible.into_values());
    // The shortest mount point stands for a file system that is mounted more than once.
    all.sort_by_key(|mount| mount.point.as_os_str().len());
    let mut found = Disks::default();
    let mut seen = BTreeSet::new();
    let mut asked = 0;
    for mount in &all {
        match mount.asking(&all) {
            Askable::Pointless => {}
            Askable::MayHang => found.unmeasured.push(format!(
                "{} ({}): not asked, a file system that is not local may not answer",
                name(&mount.point.to_string_lossy()),
                name(&mount.kind)
            )),
            Askable::Safe if machine.root.is_file(&mount.point) || !seen.insert(mount.device.as_str()) => {}
            Askable::Safe if asked == MAX_ASKED => {
                found.unmeasured.push(format!("file systems after the first {MAX_ASKED}"));
                break;
            }
            Askable::Safe => {
                asked += 1;
                found.ask(machine, mount);
            }
        }
    }
    found.disks.sort_by(|a, b| b.fullness().total_cmp(&a.fullness()).then(a.point.cmp(&b.point)));
    match found.unmeasured.first() {
        Some(reason) if found.disks.is_empty() => Err(Unreadable::Refused {
            what: format!("{} file system(s)", found.unmeasured.len()),
            reason: format!("the first is {reason}"),
        }),
        Some(_) | None => Ok(found),
    }
}

impl Disks {
    fn ask(&mut self, machine: &Machine, mount: &Mount) {
        let point = mount.point.to_string_lossy().into_owned();
        match (machine.space)(&mount.point) {
            Ok(space) if space.total_bytes == 0 => {}
            Ok(space) => {
                self.disks.push(Disk { point, kind: mount.kind.clone(), read_only: mount.read_only, space });
            }
            Err(reason) => self.unmeasured.push(format!("{}: not readable: {reason}", name(&point))),
        }
    }

    /// Makes the reading; a file system that cannot be written to does not fill up.
    #[expect(clippy::cast_precision_loss, reason = "shown in a unit with one digit")]
    pub(crate) fn reading(&self) -> Reading {
        let mut reading = Reading::new(self.evidence()).looked_at(&[Measure::DiskUsed, Measure::InodesUsed]);
        for disk in self.disks.iter().take(MAX_LISTED).filter(|disk| !disk.read_only) {
            let mut fact = |measure, value| {
                reading.fact_of(measure, disk.point.clone(), code(&disk.point), value, disk.line());
            };
            fact(Measure::DiskUsed, disk.used_percent());
            fact(Measure::DiskAvailable, disk.space.available_bytes as f64);
            fact(Measure::DiskOccupied, disk.used_bytes() as f64);
            if let Some(part) = disk.inodes_percent() {
                fact(Measure::InodesUsed, part);
            }
        }
        reading.gaps = self.unmeasured.iter().take(MAX_LISTED).cloned().collect();
        reading
    }

    /// Writes the evidence as plain text.
    pub(crate) fn evidence(&self) -> String {
        let mut lines: Vec<String> = self.disks.iter().take(MAX_LISTED).map(Disk::line).collect();
        if self.disks.len() > MAX_LISTED {
            lines.push(format!("and {} less full", self.disks.len() - MAX_LISTED));
        }
        if lines.is_empty() {
            lines.push("no local file system to measure".into());
        }
        lines.extend(self.unmeasured.iter().take(MAX_LISTED).cloned());
        if self.unmeasured.len() > MAX_LISTED {
            lines.push(format!("and {} more not measured", self.unmeasured.len() - MAX_LISTED));
        }
        lines.join("\n")
    }
}

impl Disk {
    /// Computes what is in use, in bytes. With what is available it is less than the whole where some is reserved for root.
    pub(crate) fn used_bytes(&self) -> u64 {
        self.space.total_bytes.saturating_sub(self.space.free_bytes)
    }

    /// Computes how full it is for everybody but root, in percent, as `df` does.
    pub(crate) fn used_percent(&self) -> f64 {
        share(self.used_bytes(), self.used_bytes().saturating_add(self.space.available_bytes))
    }

    /// Computes the share of inodes in use, in percent; `None` where they are not counted.
    pub(crate) fn inodes_percent(&self) -> Option<f64> {
        let Space { inodes, free_inodes, .. } = self.space;
        (inodes > 0).then(|| share(inodes.saturating_sub(free_inodes), inodes))
    }

    /// Says in one line how full it is.
    pub(crate) fn line(&self) -> String {
        let inodes = match self.inodes_percent() {
            Some(part) => format!("{} of {} inodes used", percent(part), self.space.inodes),
            None => "inodes not counted".into(),
        };
        format!(
            "{} ({}{}): {} used, {} taken and {} available of {}, {inodes}",
            name(&self.point),
            name(&self.kind),
            if self.read_only { ", read-only" } else { "" },
            percent(self.used_percent()),
            bytes(self.used_bytes()),
            bytes(self.space.available_bytes),
            bytes(self.space.total_bytes)
        )
    }

    fn fullness(&self) -> f64 {
        self.used_percent().max(self.inodes_percent().unwrap_or(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(space: Space) -> Disk {
        Disk { point: "/data".into(), kind: "ext4".into(), read_only: false, space }
    }

    #[test]
    fn what_is_reserved_for_root_is_not_room() {
        let space = Space { total_bytes: 100, free_bytes: 5, available_bytes: 0, inodes: 0, free_inodes: 0 };
        assert!((disk(space).used_percent() - 100.0).abs() < 1e-9);
        assert_eq!(disk(space).inodes_percent(), None);
        // As df says it: 252 in all, 24 used, 67 available, 27 %.
        let space = Space {
            total_bytes: 252 << 30,
            free_bytes: 228 << 30,
            available_bytes: 67 << 30,
            inodes: 0,
            free_inodes: 0,
        };
        let line = disk(space).line();
        assert!(line.contains("26 % used, 24.0 GiB taken and 67.0 GiB available of 252.0 GiB"), "{line}");
    }

    #[test]
    fn numbers_that_contradict_each_other_do_no_harm() {
        let space =
            Space { total_bytes: 1, free_bytes: 9, available_bytes: u64::MAX, inodes: 1, free_inodes: u64::MAX };
        assert!(disk(space).line().contains("0.0 % used"));
    }
}
