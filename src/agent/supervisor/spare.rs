//! The wait for a run: for the first, and between two.
//!
//! A supervisor between two runs has no child, no file and no socket of a run. It may be ended at any time: nothing begins
//! before it has answered, and the bot then starts another.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::frame::{self, FrameError};
use super::signals::Signals;
use crate::agent::exit::{Ended, Exit};
use crate::agent::run::RunSpec;

/// How long a supervisor waits for a run.
const WAIT_LIMIT: Duration = Duration::from_secs(600);

/// Most runs of one supervisor, so that nothing that a process gathers lasts.
pub(super) const MAX_RUNS: usize = 200;

/// Output above which a run's supervisor ends with it, in bytes: it has held much in memory.
const MUCH_OUTPUT_BYTES: u64 = 1 << 20;

/// Whether the supervisor of a run that ended may take another: its agent has ended by itself, no process is left, and
/// nothing was out of the ordinary.
pub(super) fn may_go_on(exit: &Exit) -> bool {
    let by_itself = matches!(exit.ended, Ended::Exited { .. }) && exit.cause.is_none();
    by_itself && exit.survivors == 0 && exit.output_bytes <= MUCH_OUTPUT_BYTES
}

/// Waits for a run; `None` where the bot is gone, asks for no more, or takes too long, or a signal asks to end.
///
/// # Errors
/// Where the bot says something else.
pub(super) fn next_run(bot: &mut File, signals: &Signals) -> Result<Option<RunSpec>, FrameError> {
    let limit = Instant::now() + WAIT_LIMIT;
    loop {
        let left = limit.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        let wait = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut fds = [PollFd::new(bot.as_fd(), PollFlags::POLLIN), PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        // An interrupted wait is begun again.
        let _ = poll(&mut fds, wait);
        let said = fds[0].any().unwrap_or(false);
        if signals.drain() {
            return Ok(None);
        }
        if said {
            return frame::read(bot);
        }
    }
}
