//! What is left of a run whose supervisor died, or does not answer.
//!
//! Its processes were handed to another parent, so that descent alone does not find them: each also carries the run's
//! mark in its environment, or its [tag].

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Instant;

use super::process::{self, Identity};
use super::spool::{AGENT_FILE, Record, SUPERVISOR_FILE, mark};
use super::sweep::{SWEEP_LIMIT, kill_all};
use super::tag;

/// How long a pass waits for what it killed.
const PASS: std::time::Duration = std::time::Duration::from_millis(5);

/// Ends every process of a run whose supervisor is dead, and returns how many there were.
///
/// Blocks, normally for some milliseconds; call it where blocking is fine.
///
/// # Errors
/// Where the supervisor still lives, which is then the one to ask; where a process could not be ended.
pub fn end_leftovers(directory: &Path) -> io::Result<usize> {
    if record(directory, SUPERVISOR_FILE).is_some_and(|supervisor| supervisor.process.is_alive()) {
        return Err(io::Error::other("the run's supervisor is alive"));
    }
    end_by_force(directory)
}

/// Ends every process of a run and its supervisor, should that live without answering, and returns how many there were.
///
/// Blocks, normally for some milliseconds; call it where blocking is fine.
///
/// # Errors
/// Where a process could not be ended.
pub fn end_by_force(directory: &Path) -> io::Result<usize> {
    let (supervisor, agent) = (record(directory, SUPERVISOR_FILE), record(directory, AGENT_FILE));
    let mark = supervisor.as_ref().map_or_else(|| mark(directory), |supervisor| supervisor.mark.clone());
    let first = supervisor.as_ref().and_then(|supervisor| supervisor.first_run().map(Path::to_path_buf));
    let began = supervisor.as_ref().map(|supervisor| supervisor.process.clone());
    let known: Vec<Identity> = supervisor.into_iter().chain(agent).map(|record| record.process).collect();
    // That of the run for which the agent was started, where it was kept since.
    let tag = tag::of(first.as_deref().unwrap_or(directory));
    let find = || {
        let mut roots: HashSet<i32> = process::marked(&mark);
        roots.extend(known.iter().filter(|process| process.is_alive()).map(|process| process.pid));
        // While the supervisor is still there, all that it has started descends from it.
        roots.extend(began.iter().filter(|began| !began.is_alive()).flat_map(|began| tag::strays(tag, began)));
        process::with_descendants(&roots)
    };
    let since = Instant::now();
    let mut ended = HashSet::new();
    loop {
        let left = find();
        if left.is_empty() {
            return Ok(ended.len());
        }
        if since.elapsed() > SWEEP_LIMIT {
            return Err(io::Error::other(format!("{} processes of the run could not be ended", left.len())));
        }
        ended.extend(left);
        kill_all(find);
        std::thread::sleep(PASS);
    }
}

/// Reads who did something for a run; `None` where nobody did.
pub(super) fn record(directory: &Path, file: &str) -> Option<Record> {
    serde_json::from_slice(&fs::read(directory.join(file)).ok()?).ok()
}
