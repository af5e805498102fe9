//! Failed units, where systemd is the service manager.
//!
//! Whether a unit failed stands in no file, so this is the one probe that asks a program: `systemctl`, by its full
//! path, with a time budget after which it is ended.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::investigation::host::root::{MAX_FILE_BYTES, Unreadable};
use crate::investigation::host::shown::name;

/// Longest wait for `systemctl`.
const BUDGET: Duration = Duration::from_secs(2);
/// How often it is looked whether `systemctl` has ended.
const POLL: Duration = Duration::from_millis(5);
/// Directory that is there exactly when systemd runs as the service manager.
const RUNNING: &str = "/run/systemd/system";
/// Where `systemctl` is installed.
const PROGRAMS: [&str; 2] = ["/usr/bin/systemctl", "/bin/systemctl"];
const ARGUMENTS: [&str; 7] =
    ["list-units", "--state=failed", "--plain", "--no-legend", "--no-pager", "--no-ask-password", "--full"];
/// Most units listed.
pub(crate) const MAX_LISTED: usize = 20;

/// Units that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Services {
    /// Their names.
    pub(crate) failed: Vec<String>,
}

/// Asks for the failed units.
///
/// # Errors
/// [`Unreadable`] where systemd does not run or does not answer.
pub(crate) fn read(ask: &dyn Fn() -> Result<String, Unreadable>) -> Result<Services, Unreadable> {
    ask().map(|text| parse(&text))
}

fn parse(text: &str) -> Services {
    let failed = text.lines().filter_map(|line| line.split_whitespace().find(|word| *word != "●"));
    Services { failed: failed.map(str::to_owned).collect() }
}

/// Asks the live service manager.
///
/// # Errors
/// [`Unreadable`] where systemd does not run, or its program is missing, fails, or takes too long.
pub(crate) fn ask_systemctl() -> Result<String, Unreadable> {
    if !Path::new(RUNNING).is_dir() {
        return Err(Unreadable::Absent(format!("systemd as the service manager ({RUNNING})")));
    }
    let program = PROGRAMS
        .into_iter()
        .find(|program| Path::new(program).is_file())
        .ok_or_else(|| Unreadable::Absent(PROGRAMS[0].into()))?;
    let mut command = Command::new(program);
    command.args(ARGUMENTS);
    ask_program(command, BUDGET)
}

fn ask_program(mut command: Command, budget: Duration) -> Result<String, Unreadable> {
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

impl Services {
    /// Says in one line how many units failed.
    pub(crate) fn count_line(&self) -> String {
        format!("failed units: {}", self.failed.len())
    }

    /// Writes the evidence as plain text.
    pub(crate) fn evidence(&self) -> String {
        let mut lines = vec![self.count_line()];
        lines.extend(self.failed.iter().take(MAX_LISTED).map(|unit| name(unit)));
        if self.failed.len() > MAX_LISTED {
            lines.push(format!("and {} more", self.failed.len() - MAX_LISTED));
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longest time a program of these tests may take, far above what it needs.
    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn units_are_the_first_words_with_or_without_a_bullet() {
        let services = parse("nginx.service loaded failed failed Web\n● a@b.service loaded failed failed X\n\n");
        assert_eq!(services.failed, ["nginx.service", "a@b.service"]);
    }

    #[test]
    fn a_program_that_does_not_answer_is_given_up() {
        let mut command = Command::new("/bin/sleep");
        command.arg("600");
        let start = Instant::now();
        let answer = ask_program(command, Duration::from_millis(50));
        assert!(matches!(answer, Err(Unreadable::Refused { reason, .. }) if reason.contains("0.05 s")));
        assert!(start.elapsed() < PATIENCE);
    }

    #[test]
    fn a_program_that_is_missing_or_fails_is_evidence() {
        let missing = ask_program(Command::new("/nowhere/systemctl"), BUDGET);
        assert!(matches!(missing, Err(Unreadable::Refused { .. })));
        let mut fails = Command::new("/bin/sh");
        fails.args(["-c", "echo x.service failed; exit 3"]);
        let failed = ask_program(fails, PATIENCE);
        assert!(matches!(failed, Err(Unreadable::Refused { reason, .. }) if reason.contains('3')));
    }

    #[test]
    fn the_whole_answer_of_a_program_is_read() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "i=0; while [ $i -lt 20000 ]; do echo unit$i.service; i=$((i+1)); done"]);
        assert_eq!(parse(&ask_program(command, PATIENCE).unwrap()).failed.len(), 20_000);
    }
}
