//! Programs of the machine that know what stands in no file: `systemctl` and `journalctl`.
//!
//! Run by their full path, without a shell and with a fixed set of words, within a budget of time and bytes.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::root::{MAX_FILE_BYTES, Unreadable};

/// Longest wait for a program.
const BUDGET: Duration = Duration::from_secs(2);
/// How often it is looked whether a program has ended.
const POLL: Duration = Duration::from_millis(5);
/// Directory that is there exactly when systemd runs as the service manager.
const RUNNING: &str = "/run/systemd/system";
/// Where the programs are installed.
const DIRECTORIES: [&str; 2] = ["/usr/bin", "/bin"];

/// A question that a program answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// Which units failed, one a line.
    FailedUnits,
    /// How often each service was started again, as blocks of `key=value` lines.
    Restarts,
    /// The errors of the last hour, one JSON object a line.
    Journal,
}

impl Program {
    fn words(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::FailedUnits => (
                "systemctl",
                &[
                    "list-units",
                    "--state=failed",
                    "--plain",
                    "--no-legend",
                    "--no-pager",
                    "--no-ask-password",
                    "--full",
                ],
            ),
            Self::Restarts => (
                "systemctl",
                &[
                    "show",
                    "--property=Id,NRestarts,ActiveState,SubState,Result",
                    "--no-pager",
                    "--no-ask-password",
                    "*.service",
                ],
            ),
            Self::Journal => (
                "journalctl",
                &[
                    "--priority=err",
                    "--since=-1h",
                    "--lines=2000",
                    "--no-pager",
                    "--quiet",
                    "--output=json",
                    "--output-fields=MESSAGE,UNIT,_SYSTEMD_UNIT,SYSLOG_IDENTIFIER",
                ],
            ),
        }
    }
}

/// Asks a program of the live machine.
///
/// # Errors
/// [`Unreadable`] where systemd does not run, or its program is missing, fails, or takes too long.
pub(crate) fn ask(program: Program) -> Result<String, Unreadable> {
    if !Path::new(RUNNING).is_dir() {
        return Err(Unreadable::Absent(format!("systemd as the service manager ({RUNNING})")));
    }
    let (name, words) = program.words();
    let path = DIRECTORIES.map(|directory| Path::new(directory).join(name)).into_iter().find(|path| path.is_file());
    let path = path.ok_or_else(|| Unreadable::Absent(format!("{}/{name}", DIRECTORIES[0])))?;
    let mut command = Command::new(path);
    command.args(words);
    ask_command(command, BUDGET)
}

fn ask_command(mut command: Command, budget: Duration) -> Result<String, Unreadable> {
    let what = command.get_program().to_string_lossy().into_owned();
    let refused = |reason: String| Unreadable::Refused { what: what.clone(), reason };
    let mut child = command
        .env_clear()
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| refused(error.kind().to_string()))?;
    let output = child.stdout.take().expect("standard output was asked for");
    let (finished, waiting) = mpsc::channel();
    // Reads in a thread that nobody joins: a grandchild may hold the pipe open after the program was ended.
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = output.take(MAX_FILE_BYTES).read_to_end(&mut bytes);
        let _ = finished.send(read.map(|_| bytes));
    });
    let deadline = Instant::now() + budget;
    let late = || refused(format!("no answer within {} s", budget.as_secs_f64()));
    let Some(status) = wait_until(&mut child, deadline) else {
        return Err(late());
    };
    let left = deadline.saturating_duration_since(Instant::now()).max(POLL);
    let bytes = waiting.recv_timeout(left).map_err(|_| late())?.map_err(|error| refused(error.kind().to_string()))?;
    if status.success() {
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    } else {
        Err(refused(format!("ended with {status}")))
    }
}

/// Waits for a program to end by itself; ends it at the deadline.
fn wait_until(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(POLL),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longest time a program of these tests may take, far above what it needs.
    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn a_program_that_does_not_answer_is_given_up() {
        let mut command = Command::new("/bin/sleep");
        command.arg("600");
        let start = Instant::now();
        let answer = ask_command(command, Duration::from_millis(50));
        assert!(matches!(answer, Err(Unreadable::Refused { reason, .. }) if reason.contains("0.05 s")));
        assert!(start.elapsed() < PATIENCE);
    }

    #[test]
    fn a_program_that_is_missing_or_fails_is_evidence() {
        let missing = ask_command(Command::new("/nowhere/systemctl"), BUDGET);
        assert!(matches!(missing, Err(Unreadable::Refused { .. })));
        let mut fails = Command::new("/bin/sh");
        fails.args(["-c", "echo x.service failed; exit 3"]);
        let failed = ask_command(fails, PATIENCE);
        assert!(matches!(failed, Err(Unreadable::Refused { reason, .. }) if reason.contains('3')));
    }

    #[test]
    fn the_whole_answer_of_a_program_is_read() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "i=0; while [ $i -lt 20000 ]; do echo unit$i.service; i=$((i+1)); done"]);
        assert_eq!(ask_command(command, PATIENCE).unwrap().lines().count(), 20_000);
    }
}
