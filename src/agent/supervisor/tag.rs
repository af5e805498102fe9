//! What marks the processes of a run that leave with a clean environment, as `sudo`, `su` and `env -i` start them: how soon
//! the kernel ends them where memory runs out, which a process inherits whatever else it takes off.
//!
//! # Why
//! Two things at once. Where memory runs out an agent goes, and not the supervisor that would have cleaned up behind it. And
//! what a killed supervisor has left behind is found all the same: processes with the run's number that were started after it
//! and belong to no supervisor that lives. It is no wall: whoever wants to leave changes the number.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::process::{self, Identity};

/// The smallest number that a run may have; beyond what services and containers usually have.
const LEAST: i32 = 500;
/// So many numbers there are.
const NUMBERS: u64 = 400;
/// Where this process's own number stands.
const OWN: &str = "/proc/self/oom_score_adj";

/// Returns the number of a run.
pub(super) fn of(run: &Path) -> i32 {
    // FNV-1a: the same in every version.
    let hash = run
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    LEAST + i32::try_from(hash % NUMBERS).unwrap_or(0)
}

/// Starts a process that has the number, unless this one has a higher one already.
pub(super) fn with<T>(tag: i32, start: impl FnOnce() -> T) -> T {
    let own = number_of(OWN).filter(|own| *own < tag);
    let is_set = own.is_some() && fs::write(OWN, tag.to_string()).is_ok();
    let started = start();
    if let Some(own) = own.filter(|_| is_set) {
        // Where it stays as it is, the supervisor is ended as soon as its agent: no more than that.
        let _ = fs::write(OWN, own.to_string());
    }
    started
}

/// Finds the processes with a run's number that were started after its supervisor and belong to no supervisor that lives.
pub(super) fn strays(tag: i32, supervisor: &Identity) -> HashSet<i32> {
    if number_of(OWN).is_none_or(|own| own >= tag) || process::boot_id().ok().as_ref() != Some(&supervisor.boot_id) {
        return HashSet::new();
    }
    let tagged = process::all().filter(|pid| number_of(format!("/proc/{pid}/oom_score_adj")) == Some(tag));
    let later = tagged.filter(|pid| process::is_ours_since(*pid, supervisor.started));
    let is_watched =
        |pid| process::ancestors(pid).into_iter().any(|above| process::is_supervisor(above) && process::runs(above));
    later.filter(|pid| !is_watched(*pid)).collect()
}

fn number_of(path: impl AsRef<Path>) -> Option<i32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_the_same_number_each_time_and_others_mostly_have_another() {
        let run = Path::new("/var/lib/signalbox/runs/5pj46898-1");
        assert_eq!(of(run), of(run));
        assert_eq!(of(run), 715, "as every version has it");
        let numbers: HashSet<i32> =
            (0..50).map(|number| of(Path::new(&format!("/var/lib/signalbox/runs/{number}-1")))).collect();
        assert!(numbers.len() > 40, "{numbers:?}");
        assert!(numbers.iter().all(|number| (500..900).contains(number)));
    }
}
