//! How often it was begun to conclude a run: an answer that ends this program each time would end it for ever.
//!
//! Each attempt is a line with its instant in a file of the run's directory, which goes with the run's other files once its
//! end is written down. It need not outlive a power cut, which is no attempt's fault. Deaths that follow one another within
//! two seconds are those of a program that is killed, not of one that an answer ends: it is started again after a pause.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use crate::clock::Timestamp;

/// Attempts that may fail.
const MAX_FAILED: usize = 3;
/// Shortest time between the first attempt and one that is too many.
const SINCE_FIRST: Duration = Duration::from_secs(2);
/// Most that is read, in bytes.
const MAX_BYTES: u64 = 4096;
/// Where they are counted.
const FILE: &str = "concluding";

/// Counts an attempt; returns whether it is one too many.
///
/// # Errors
/// What the system says; the attempt is not counted then.
pub(super) fn is_one_too_many(run: &Path, now: Timestamp) -> io::Result<bool> {
    is_too_many_in(&run.join(FILE), now)
}

/// Counts an attempt of something else in a file of its own; returns whether it is one too many.
///
/// # Errors
/// What the system says; the attempt is not counted then.
pub(super) fn is_too_many_in(file: &Path, now: Timestamp) -> io::Result<bool> {
    let mut file = OpenOptions::new().append(true).read(true).create(true).mode(0o600).open(file)?;
    let mut failed = String::new();
    io::Read::by_ref(&mut file).take(MAX_BYTES).read_to_string(&mut failed)?;
    writeln!(file, "{}", now.0)?;
    let first = failed.lines().next().and_then(|first| first.parse().ok()).map_or(now, Timestamp);
    Ok(failed.lines().count() >= MAX_FAILED && now.since(first) >= SINCE_FIRST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fourth_attempt_is_too_many_where_the_first_is_some_time_ago() {
        let run = tempfile::tempdir().expect("a directory");
        let at = |ms| is_one_too_many(run.path(), Timestamp(ms)).expect("counted");
        assert!(![1_000, 1_100, 1_200, 1_300, 2_999].map(at).contains(&true), "it is killed");
        assert!(at(3_000));
        let other = tempfile::tempdir().expect("a directory");
        let at = |ms| is_one_too_many(other.path(), Timestamp(ms)).expect("counted");
        assert_eq!([0, 5_000, 10_000, 15_000].map(at), [false, false, false, true]);
        is_one_too_many(&run.path().join("nowhere"), Timestamp(0)).expect_err("there is no such run");
    }
}
