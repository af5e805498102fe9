//! Word that the agent wrote something.
//!
//! The kernel tells through inotify. A user may have only so many of those (128 by default), so that beyond them the
//! files are looked at now and then, less often while nothing comes.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use super::spool::{STDERR_FILE, STDOUT_FILE};

/// Shortest and longest wait between two looks at the files.
const LOOK_MIN: Duration = Duration::from_millis(10);
const LOOK_MAX: Duration = Duration::from_millis(200);

/// How the supervisor learns of output.
#[derive(Debug)]
pub(super) enum News {
    /// The kernel tells.
    Told(Inotify),
    /// It looks itself, next after this time.
    Looking(Duration),
}

impl News {
    /// Watches the output files of a run's directory.
    pub(super) fn of(directory: &Path) -> Self {
        let told = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC).and_then(|inotify| {
            for name in [STDOUT_FILE, STDERR_FILE] {
                inotify.add_watch(&directory.join(name), AddWatchFlags::IN_MODIFY)?;
            }
            Ok(inotify)
        });
        told.map_or(Self::Looking(LOOK_MIN), Self::Told)
    }

    /// Returns what to wait for.
    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Told(inotify) => Some(inotify.as_fd()),
            Self::Looking(_) => None,
        }
    }

    /// Returns how long a wait may be.
    pub(super) fn longest_wait(&self) -> Option<Duration> {
        match self {
            Self::Told(_) => None,
            Self::Looking(wait) => Some(*wait),
        }
    }

    /// Forgets the news that arrived; call it before the files are looked at.
    pub(super) fn take(&mut self) {
        if let Self::Told(inotify) = self {
            while inotify.read_events().is_ok_and(|events| !events.is_empty()) {}
        }
    }

    /// Notes whether a look at the files found them grown.
    pub(super) fn looked(&mut self, grown: bool) {
        if let Self::Looking(wait) = self {
            *wait = if grown { LOOK_MIN } else { (*wait * 2).min(LOOK_MAX) };
        }
    }
}
