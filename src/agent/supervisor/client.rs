//! The bot's side of a run: starting it, finding it again, following it.
//!
//! A [`Run`] yields every event once, in order, from the socket while the supervisor lives and from the run's files when
//! it is gone, so that the caller sees no difference between a run that it started and one that it found.

mod follow;
mod launcher;

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

pub use follow::{Run, RunNews};
pub use launcher::{Launcher, Prepared, StartError};

use super::process::Identity;
use super::spool::{EVENTS_FILE, EXIT_FILE, Record, SUPERVISOR_FILE};
use crate::agent::exit::Exit;

/// Longest wait for a supervisor that just begins, or that just ends.
const SETTLE_LIMIT: Duration = Duration::from_secs(2);

/// How often it is looked for meanwhile.
const LOOK: Duration = Duration::from_millis(5);

/// What became of a run.
#[derive(Debug)]
pub enum Attached {
    /// It is going on.
    Live(Run),
    /// It ended; the events that were not seen yet and the end are there to be read.
    Ended(Run),
    /// It was never started: its directory does not exist.
    NeverStarted,
    /// Its supervisor is gone and left no word; [`super::end_leftovers`] ends what is left.
    Dead,
}

/// Finds a run again; its first `from_event` events are not repeated.
///
/// # Errors
/// Where the run's directory cannot be read.
pub async fn attach(directory: &Path, from_event: u64) -> io::Result<Attached> {
    let limit = Instant::now() + SETTLE_LIMIT;
    loop {
        // The order matters: a supervisor writes its exit before it goes.
        let supervisor = supervisor_of(directory)?;
        let past_bytes = if from_event == 0 { events_bytes(directory) } else { 0 };
        let alive = supervisor.as_ref().is_some_and(Identity::is_alive);
        if exit_of(directory).is_some() {
            return Ok(Attached::Ended(Run::recorded(directory, from_event)?));
        }
        if alive && let Ok(run) = Run::connect(directory, from_event).await {
            return Ok(Attached::Live(run.with_past(past_bytes)));
        }
        if !directory.try_exists()? {
            return Ok(Attached::NeverStarted);
        }
        let dead = supervisor.is_some() && !alive;
        if dead || Instant::now() >= limit {
            return Ok(Attached::Dead);
        }
        sleep(LOOK).await;
    }
}

/// Reads how a run ended; `None` while it did not.
#[must_use]
pub fn exit_of(directory: &Path) -> Option<Exit> {
    serde_json::from_slice(&fs::read(directory.join(EXIT_FILE)).ok()?).ok()
}

/// Returns how much a run has told so far, in bytes.
fn events_bytes(directory: &Path) -> u64 {
    fs::metadata(directory.join(EVENTS_FILE)).map_or(0, |events| events.len())
}

/// Reads who supervises a run; `None` where nobody does yet.
fn supervisor_of(directory: &Path) -> io::Result<Option<Identity>> {
    match fs::read(directory.join(SUPERVISOR_FILE)) {
        Ok(json) => Ok(serde_json::from_slice::<Record>(&json).ok().map(|record| record.process)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
