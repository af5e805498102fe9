//! Signals as something to wait for.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// The supervisor's signals, which no longer interrupt it.
#[derive(Debug)]
pub(super) struct Signals {
    descriptor: SignalFd,
    blocked: SigSet,
}

impl Signals {
    /// Takes the signals over.
    ///
    /// # Why
    /// SIGHUP is taken to be ignored, since the run outlives every terminal. SIGXFSZ stays pending for ever, so that a
    /// write beyond a limit on file sizes is an error like a full disk.
    pub(super) fn take() -> io::Result<Self> {
        let mut taken = SigSet::empty();
        for signal in [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
            taken.add(signal);
        }
        let mut blocked = taken;
        blocked.add(Signal::SIGXFSZ);
        blocked.thread_set_mask()?;
        let descriptor = SignalFd::with_flags(&taken, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        Ok(Self { descriptor, blocked })
    }

    /// Starts a process with nothing blocked, since a child inherits the mask.
    pub(super) fn unblocked<T>(&self, start: impl FnOnce() -> T) -> io::Result<T> {
        SigSet::empty().thread_set_mask()?;
        let result = start();
        self.blocked.thread_set_mask()?;
        Ok(result)
    }

    /// Takes what arrived; returns whether somebody wants the run to end.
    pub(super) fn drain(&self) -> bool {
        let mut asked_to_end = false;
        while let Ok(Some(info)) = self.descriptor.read_signal() {
            let signal = i32::try_from(info.ssi_signo).ok().and_then(|number| Signal::try_from(number).ok());
            asked_to_end |= matches!(signal, Some(Signal::SIGTERM | Signal::SIGINT));
        }
        asked_to_end
    }

    /// Waits for a signal, at most `limit`.
    pub(super) fn wait(&self, limit: Duration) {
        let mut fds = [PollFd::new(self.as_fd(), PollFlags::POLLIN)];
        let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
        // An interrupted wait is only shorter.
        let _ = poll(&mut fds, limit);
        self.drain();
    }
}

/// Returns a time-out in whole milliseconds that is not shorter, so that what is due at its end is due.
pub(super) fn rounded_up(limit: Duration) -> PollTimeout {
    let millis = limit.as_nanos().div_ceil(1_000_000);
    i32::try_from(millis).ok().and_then(|millis| PollTimeout::try_from(millis).ok()).unwrap_or(PollTimeout::MAX)
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}
