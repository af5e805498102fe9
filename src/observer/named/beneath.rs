//! Opening a file that lies beneath a directory, whatever its name and the links on the way to it say.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat, openat2};
use nix::sys::stat::{Mode, SFlag};

/// A file that was found beneath a directory, and not opened yet: of a device, or a pipe, already that would be felt.
#[derive(Debug)]
pub(super) struct Beneath {
    place: OwnedFd,
    /// Where it really is.
    pub(super) path: PathBuf,
}

impl Beneath {
    /// Opens it for reading.
    pub(super) fn open(&self) -> io::Result<File> {
        File::open(self.by_descriptor())
    }

    /// Tells what it is.
    pub(super) fn metadata(&self) -> io::Result<std::fs::Metadata> {
        std::fs::metadata(self.by_descriptor())
    }

    fn by_descriptor(&self) -> PathBuf {
        descriptor(&self.place)
    }
}

fn descriptor(place: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", place.as_raw_fd()))
}

/// Why nothing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotFound {
    /// The path leads out of the directory.
    Outside,
    /// There is nothing.
    Missing,
    /// The system refuses.
    Refused,
}

/// Finds what lies at a path that is relative to a directory, which is a real path. Links are followed within it.
pub(super) fn find(directory: &Path, path: &Path) -> Result<Beneath, NotFound> {
    let root = open(directory, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty()).map_err(why)?;
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    let place = match openat2(&root, path, how) {
        // An old kernel, or a sandbox around us that does not know the call.
        Err(Errno::ENOSYS | Errno::EPERM) => step_by_step(root, path)?,
        place => place.map_err(why)?,
    };
    let path = std::fs::read_link(descriptor(&place)).map_err(|_| NotFound::Refused)?;
    if path.starts_with(directory) { Ok(Beneath { place, path }) } else { Err(NotFound::Outside) }
}

/// Goes to a path from a directory without following any link.
fn step_by_step(root: OwnedFd, path: &Path) -> Result<OwnedFd, NotFound> {
    let mut place = root;
    for step in path.components() {
        let name = match step {
            Component::Normal(name) => name,
            Component::CurDir => continue,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(NotFound::Outside),
        };
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        place = openat(place.as_fd(), name, flags, Mode::empty()).map_err(why)?;
        let found = nix::sys::stat::fstat(&place).map_err(why)?;
        if SFlag::from_bits_truncate(found.st_mode) & SFlag::S_IFMT == SFlag::S_IFLNK {
            return Err(NotFound::Outside);
        }
    }
    Ok(place)
}

fn why(errno: Errno) -> NotFound {
    match errno {
        Errno::EXDEV | Errno::ELOOP => NotFound::Outside,
        Errno::EACCES | Errno::EPERM | Errno::EMFILE | Errno::ENFILE | Errno::EIO => NotFound::Refused,
        _ => NotFound::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn nothing_leads_out_of_the_directory() {
        let place = tempfile::tempdir().expect("a directory");
        let real = place.path().canonicalize().expect("its path");
        let (inside, outside) = (real.join("in"), real.join("out"));
        std::fs::create_dir_all(inside.join("deep")).expect("made");
        std::fs::create_dir(&outside).expect("made");
        std::fs::write(inside.join("deep/a"), "a").expect("written");
        std::fs::write(outside.join("b"), "b").expect("written");
        symlink("../out/b", inside.join("file")).expect("a link");
        symlink("../out", inside.join("folder")).expect("a link");
        symlink(outside.join("b"), inside.join("far")).expect("a link");
        symlink("deep/a", inside.join("near")).expect("a link");
        symlink("round", inside.join("round")).expect("a link");
        symlink("/proc/self/root", inside.join("magic")).expect("a link");
        let found = |path: &str| find(&inside, Path::new(path)).map(|found| found.path);
        for near in ["deep/a", "./deep/../deep/a", "near"] {
            assert_eq!(found(near), Ok(inside.join("deep/a")), "{near}");
        }
        for out in ["../out/b", "deep/../../out/b", "file", "folder/b", "far", "round", "/etc/passwd", "magic/etc"] {
            assert_eq!(found(out), Err(NotFound::Outside), "{out}");
        }
        for missing in ["none", "deep/a/b", "deep/none"] {
            assert_eq!(found(missing), Err(NotFound::Missing), "{missing}");
        }
    }

    #[test]
    fn where_the_kernel_does_not_keep_to_the_directory_no_link_is_followed_at_all() {
        let place = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(place.path().join("deep")).expect("made");
        std::fs::write(place.path().join("deep/a"), "a").expect("written");
        symlink("deep/a", place.path().join("near")).expect("a link");
        symlink("deep", place.path().join("folder")).expect("a link");
        let found = |path: &str| {
            let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
            let root = open(place.path(), flags, Mode::empty()).expect("opened");
            step_by_step(root, Path::new(path)).map(drop)
        };
        assert_eq!(found("./deep/a"), Ok(()));
        for out in ["near", "folder", "deep/../deep/a", "/etc/passwd"] {
            assert_eq!(found(out), Err(NotFound::Outside), "{out}");
        }
        assert!(found("folder/a").is_err());
        assert_eq!(found("none"), Err(NotFound::Missing));
    }
}
