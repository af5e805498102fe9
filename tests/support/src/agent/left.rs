//! Processes that an agent leaves behind.

use std::fs;
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::{allow, connected, hang};

/// Starts a process that starts another and exits, so that the other has no parent.
pub(super) fn leave() {
    let own = std::env::current_exe().expect("this program has a file");
    let status = Command::new(own).arg("linger").stdin(Stdio::null()).status().expect("this program can be started");
    assert!(status.success());
}

pub(super) fn leave_clean(path: &str) {
    let mut command = Command::new(std::env::current_exe().expect("this program has a file"));
    command.args(["linger", "clean", path]).env_clear().current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().expect("this program can be started").success());
}

/// Longest that a process stays which a test may not find again.
const LONGEST_STAY: Duration = Duration::from_secs(600);

pub(super) fn linger(how: Option<&str>, path: Option<&String>) -> ExitCode {
    nix::unistd::setsid().ok();
    match how {
        Some("orphan") if path.is_some() => {
            sleep(LONGEST_STAY);
            return ExitCode::SUCCESS;
        }
        Some("orphan") => hang(),
        Some(_) | None => {}
    }
    let mut command = Command::new(std::env::current_exe().expect("this program has a file"));
    command.args(["linger", "orphan"]).args(path);
    let Ok(orphan) = command.spawn() else { return ExitCode::FAILURE };
    if let Some(path) = path {
        // Whole, or not there.
        let draft = format!("{path}.new");
        fs::write(&draft, orphan.id().to_string()).and_then(|()| fs::rename(draft, path)).expect("written");
    }
    ExitCode::SUCCESS
}

/// Lets a process that has no parent any more say that a request of a run is allowed, and waits for its end.
pub(super) fn allow_orphaned(run_and_id: &str) {
    let mut command = Command::new(std::env::current_exe().expect("this program has a file"));
    command.arg("allow-orphaned").args(run_and_id.split(' ')).stdin(Stdio::null());
    // The pipe is closed by the last of them.
    assert!(command.output().expect("this program can be started").status.success());
}

pub(super) fn spawn_orphan(run: &str, id: &str) -> ExitCode {
    let mut command = Command::new(std::env::current_exe().expect("this program has a file"));
    command.args(["allow-as-orphan", run, id, &std::process::id().to_string()]);
    command.spawn().map_or(ExitCode::FAILURE, |_| ExitCode::SUCCESS)
}

pub(super) fn allow_as_orphan(run: &str, id: &str, parent: &str) -> ExitCode {
    while std::os::unix::process::parent_id().to_string() == parent {
        sleep(Duration::from_millis(5));
    }
    allow(connected(run), id)
}
