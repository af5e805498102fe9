//! The end of a whole process tree.
//!
//! Processes of an agent move to groups and sessions of their own and outlive their parents. Under a subreaper they all
//! stay descendants; they are stopped first, so that none starts another while the rest is looked for, then killed.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::process;
use super::signals::Signals;

/// Longest that a sweep takes; what cannot be ended by then is reported.
pub(super) const SWEEP_LIMIT: Duration = Duration::from_secs(10);

/// How long a pass waits for what it killed.
const PASS: Duration = Duration::from_millis(10);

/// Most rounds of stopping before the killing begins, against a tree that grows as fast as it is stopped.
const MAX_STOP_ROUNDS: usize = 50;

/// Stops, then kills all that `find` finds.
pub(super) fn kill_all(find: impl Fn() -> Vec<i32>) {
    let mut stopped = HashSet::new();
    for _ in 0..MAX_STOP_ROUNDS {
        let fresh: Vec<i32> = find().into_iter().filter(|pid| !stopped.contains(pid)).collect();
        if fresh.is_empty() {
            break;
        }
        for pid in fresh {
            send(pid, Signal::SIGSTOP);
            stopped.insert(pid);
        }
    }
    for pid in find() {
        send(pid, Signal::SIGKILL);
    }
}

/// Signals a process; one that is gone or belongs to somebody else is left alone.
fn send(pid: i32, signal: Signal) {
    let own = std::process::id().cast_signed();
    if pid > 1 && pid != own {
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// Reaps all children that ended; returns whether there are any left.
pub(super) fn reap(ended: &mut impl FnMut(i32, WaitStatus)) -> bool {
    loop {
        match waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => return true,
            Ok(status) => {
                if let Some(pid) = status.pid() {
                    ended(pid.as_raw(), status);
                }
            }
            Err(Errno::EINTR) => {}
            Err(_) => return false,
        }
    }
}

/// Kills and reaps until this process has no child left, at most [`SWEEP_LIMIT`]; returns how many could not be ended.
pub(super) fn end_children(signals: &Signals, ended: &mut impl FnMut(i32, WaitStatus)) -> u32 {
    let own = std::process::id().cast_signed();
    let roots = HashSet::from([own]);
    let find = || process::with_descendants(&roots).into_iter().filter(|pid| *pid != own).collect::<Vec<_>>();
    let since = Instant::now();
    while reap(ended) {
        if since.elapsed() > SWEEP_LIMIT {
            return u32::try_from(find().len()).unwrap_or(u32::MAX);
        }
        kill_all(find);
        signals.wait(PASS);
    }
    0
}
