//! When this program itself looks after a run: its supervisor keeps the run's bounds, unless it was stopped or hangs.
//!
//! A supervisor that answers is left alone, for its clock stands still while the machine sleeps and ours may not. One that
//! does not is ended with all that it has started.

use std::time::Duration;

use tokio::time::Instant;

use super::Observer;
use crate::agent::exit::{Bound, Cause, Ended, Exit};
use crate::agent::run::PROTOCOL_VERSION;
use crate::agent::supervisor::client::{Attached, attach, end_orphans};
use crate::agent::supervisor::{STDOUT_FILE, end_by_force};
use crate::clock::Timestamp;
use crate::config::Timeouts;
use crate::store::Task;

/// How much longer than all its bounds a run may take, to sweep up what it has started and on a busy machine.
const MARGIN: Duration = Duration::from_secs(30);
/// Longest wait that is kept; longer ones begin again.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// When a run is looked after, and what it is ended for then.
#[derive(Debug)]
pub(super) struct Deadline {
    at: Instant,
    limit: Duration,
    grace: Duration,
    is_cancelled: bool,
}

impl Deadline {
    /// Begins to wait for a run that was started or found just now.
    pub(super) fn of(timeouts: &Timeouts, now: Instant) -> Self {
        let grace = timeouts.kill_grace.saturating_add(MARGIN);
        let limit = timeouts.background.saturating_add(timeouts.settle).saturating_add(grace).min(LONGEST);
        Self { at: now + limit, limit, grace: grace.min(LONGEST), is_cancelled: false }
    }

    /// Returns when the run is to be looked after.
    pub(super) fn at(&self) -> Instant {
        self.at
    }

    /// Notes that a person has asked to end the run.
    pub(super) fn cancelled(&mut self, now: Instant) {
        if !self.is_cancelled {
            self.is_cancelled = true;
            self.at = self.at.min(now + self.grace);
        }
    }

    /// Gives a run more time whose supervisor answers.
    pub(super) fn again(&mut self, now: Instant) {
        self.at = now + if self.is_cancelled { self.grace } else { self.limit };
    }

    /// Returns what a run is ended for whose supervisor does not answer.
    pub(super) fn cause(&self) -> Cause {
        if self.is_cancelled { Cause::Cancelled } else { Cause::Timeout { which: Bound::Background } }
    }
}

impl Observer {
    /// Whether a run's supervisor lives and does not answer.
    pub(super) async fn is_mute(&self, task: &Task, seen: u64) -> bool {
        matches!(attach(&self.run_directory(task), seen).await, Ok(Attached::Mute))
    }

    /// Ends a run and its supervisor, should that live, with all that it has started.
    pub(super) async fn end_by_force(&self, task: &Task) {
        let (directory, state) = (self.run_directory(task), self.bus.store().directory().to_owned());
        // Its agent may have been kept by a supervisor that died before it had taken the run.
        let end = move || Ok::<_, std::io::Error>(end_by_force(&directory)? + end_orphans(&state)?);
        match tokio::task::spawn_blocking(end).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, task.id = %task.id, "could not end all that is left of a run"),
            Err(error) => tracing::error!(%error, "ending what is left of a run panicked"),
        }
    }

    /// Says how a run ended whose supervisor could not say so; its agent's final word counts where it was heard.
    pub(super) fn end_without_word(&self, task: &Task, cause: Option<Cause>, final_seen: bool) -> Exit {
        let output = self.run_directory(task).join(STDOUT_FILE).metadata();
        Exit {
            version: PROTOCOL_VERSION,
            ended: Ended::Signalled { signal: nix::sys::signal::Signal::SIGKILL as i32 },
            cause,
            final_seen,
            stderr_tail: String::new(),
            output_bytes: output.map_or(0, |output| output.len()),
            pid: None,
            duration_ms: since_ms(task.started_at, self.bus.store().clock().now()),
            survivors: 0,
            unknown_lines: 0,
        }
    }
}

/// Returns how long a run has taken of whose start alone is known, in milliseconds; 0 where not even that is.
fn since_ms(started: Option<Timestamp>, now: Timestamp) -> u64 {
    started.map_or(0, |started| u64::try_from(now.since(started).as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeouts() -> Timeouts {
        let seconds = Duration::from_secs;
        Timeouts { background: seconds(100), settle: seconds(10), kill_grace: seconds(5), ..Timeouts::default() }
    }

    #[test]
    fn a_run_is_looked_after_when_all_its_bounds_are_over_and_sooner_when_it_was_cancelled() {
        let now = Instant::now();
        let mut deadline = Deadline::of(&timeouts(), now);
        assert_eq!(deadline.at(), now + Duration::from_secs(145));
        assert_eq!(deadline.cause(), Cause::Timeout { which: Bound::Background });
        let later = now + Duration::from_secs(50);
        deadline.cancelled(later);
        deadline.cancelled(later + Duration::from_secs(20));
        assert_eq!((deadline.at(), deadline.cause()), (later + Duration::from_secs(35), Cause::Cancelled));
        let last = now + Duration::from_secs(140);
        let mut deadline = Deadline::of(&timeouts(), now);
        deadline.cancelled(last);
        assert_eq!(deadline.at(), now + Duration::from_secs(145), "a cancel gives no more time");
    }

    #[test]
    fn a_run_that_says_nothing_of_its_end_has_taken_until_it_was_ended() {
        let started = Timestamp(1_700_000_000_000);
        let now = started.after(Duration::from_millis(51_400));
        assert_eq!([since_ms(Some(started), now), since_ms(Some(now), started), since_ms(None, now)], [51_400, 0, 0]);
    }

    #[test]
    fn the_longest_bounds_are_no_trouble() {
        let longest = Timeouts { background: Duration::MAX, kill_grace: Duration::MAX, ..timeouts() };
        let now = Instant::now();
        assert_eq!(Deadline::of(&longest, now).at(), now + LONGEST);
    }
}
