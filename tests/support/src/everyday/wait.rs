//! Waiting for what a story waits for.

use std::time::{Duration, Instant};

/// Longest wait for anything that a story waits for.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How often a wait looks.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Waits until a condition holds.
#[track_caller]
pub fn eventually(what: &str, holds: impl FnMut() -> bool) {
    eventually_within(PATIENCE, what, holds);
}

/// Waits until a condition holds, for what takes its time.
///
/// # Panics
/// When it does not within the time given.
#[track_caller]
pub fn eventually_within(patience: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < patience, "in time: {what}");
        std::thread::park_timeout(LOOK_EVERY);
    }
}
