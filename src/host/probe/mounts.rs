//! `/proc/self/mountinfo`, parsed, and which of its file systems may be asked for their room.
//!
//! Asking a network file system whose server is gone hangs for good, also by way of a path below it. So only types
//! known to be local are asked, and only where every mount above them is of a known type too.

use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

/// Types that live on this machine and can fill up.
const LOCAL: [&str; 16] = [
    "bcachefs", "btrfs", "ext2", "ext3", "ext4", "exfat", "f2fs", "jfs", "nilfs2", "ntfs3", "overlay", "reiserfs",
    "tmpfs", "vfat", "xfs", "zfs",
];
/// Types that hold no files of their own, or images that are full by nature; safe to pass through, nothing to measure.
const NOTHING_TO_MEASURE: [&str; 24] = [
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "erofs",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "ramfs",
    "rootfs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tracefs",
];

/// One mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Where it is mounted.
    pub(crate) point: PathBuf,
    /// Its type.
    pub(crate) kind: String,
    /// Its device, `major:minor`.
    pub(crate) device: String,
    /// Whether the file system itself is read-only.
    pub(crate) read_only: bool,
}

/// Whether the room of a mount may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Askable {
    /// It is local and can fill up.
    Safe,
    /// There is nothing to measure.
    Pointless,
    /// It, or one that it is mounted below, might not answer.
    MayHang,
}

/// Parses the table; lines in no known form are left out.
pub(crate) fn parse(text: &str) -> Vec<Mount> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Mount> {
    let (own, of_file_system) = line.split_once(" - ")?;
    let mut own = own.split(' ').skip(2);
    let device = own.next()?.to_owned();
    let point = unescape(own.nth(1)?);
    let mut words = of_file_system.split(' ');
    let kind = words.next()?.to_owned();
    let read_only = words.nth(1)?.split(',').any(|option| option == "ro");
    point.is_absolute().then_some(Mount { point, kind, device, read_only })
}

/// Undoes the kernel's octal escapes of space, tab, line break and backslash.
fn unescape(text: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..3).filter(|_| *first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[3..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    std::ffi::OsString::from_vec(bytes).into()
}

impl Mount {
    /// Tells whether its room may be asked for, given all mounts.
    pub(crate) fn asking(&self, all: &[Self]) -> Askable {
        let known = |mount: &Self| {
            let kind = mount.kind.as_str();
            LOCAL.contains(&kind) || NOTHING_TO_MEASURE.contains(&kind)
        };
        let layer_of_a_container = self.kind == "overlay" && self.point != std::path::Path::new("/");
        if NOTHING_TO_MEASURE.contains(&self.kind.as_str()) || self.point.starts_with("/sys") || layer_of_a_container {
            Askable::Pointless
        } else if all.iter().filter(|other| self.point.starts_with(&other.point)).all(known) {
            if self.kind == "tmpfs" && self.read_only { Askable::Pointless } else { Askable::Safe }
        } else {
            Askable::MayHang
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    fn line(id: u32, point: &str, kind: &str) -> String {
        format!("{id} 27 254:{id} / {point} rw,relatime shared:1 master:2 - {kind} /dev/x rw,discard\n")
    }

    #[test]
    fn a_mount_point_with_a_space_and_optional_fields_is_read() {
        let mounts = parse(&line(3, r"/my\040disk\134", "ext4"));
        let expected =
            Mount { point: "/my disk\\".into(), kind: "ext4".into(), device: "254:3".into(), read_only: false };
        assert_eq!(mounts, [expected]);
    }

    #[test]
    fn network_mounts_and_what_lies_below_them_are_not_asked() {
        let text: String = [
            line(1, "/", "ext4"),
            line(2, "/nfs", "nfs4"),
            line(3, "/nfs/local", "ext4"),
            line(4, "/nfsdata", "xfs"),
            line(5, "/snap/x", "squashfs"),
            line(6, "/home/u/remote", "fuse.sshfs"),
            line(7, "/var/lib/docker/overlay2/x", "overlay"),
        ]
        .concat();
        let mounts = parse(&text);
        let asking: Vec<Askable> = mounts.iter().map(|mount| mount.asking(&mounts)).collect();
        use Askable::{MayHang, Pointless, Safe};
        assert_eq!(asking, [Safe, MayHang, MayHang, Safe, Pointless, MayHang, Pointless]);
    }

    #[test]
    fn escapes_that_are_none_stay() {
        assert_eq!(unescape(r"/a\9z\04"), Path::new(r"/a\9z\04"));
        assert_eq!(unescape(r"/a\777"), Path::new(r"/a\777"));
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
