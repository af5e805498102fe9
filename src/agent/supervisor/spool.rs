//! A run's directory: what the agent wrote, what it meant, who runs it, how it ended.
//!
//! All files are for this user only. `events` holds whole lines at all times; the small records appear whole or not at
//! all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::posix_fallocate;
use serde::{Deserialize, Serialize};

use super::process::Identity;
use super::wire;
use crate::agent::event::Event;
use crate::agent::exit::Exit;
use crate::agent::run::PROTOCOL_VERSION;

/// Who supervises the run; there from the moment the socket listens.
pub const SUPERVISOR_FILE: &str = "supervisor.json";
/// Which process the agent is; there before it gets its prompt.
pub const AGENT_FILE: &str = "agent.json";
/// How the run ended; there when no process of it is left.
pub const EXIT_FILE: &str = "exit.json";
const EXIT_DRAFT: &str = "exit.new";
/// What happened, one [`Event`] a line.
pub const EVENTS_FILE: &str = "events";
/// What the agent wrote to standard output.
pub const STDOUT_FILE: &str = "stdout";
/// What the agent wrote to standard error.
pub const STDERR_FILE: &str = "stderr";

/// Name of the mark that every process of a run carries in its environment.
pub const MARK: &str = "SIGNALBOX_RUN";

/// Room kept for `exit.json` from the start, so that a full disk does not hide how a run ended.
const RESERVED_BYTES: i64 = 4096;

/// A process of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Version of the protocol of the supervisor that wrote it.
    pub version: u32,
    /// The process.
    #[serde(flatten)]
    pub process: Identity,
    /// The mark in the environment of the run's processes, `NAME=value`.
    pub mark: String,
}

impl Record {
    /// Returns the directory of the run for which the process was started.
    pub(super) fn first_run(&self) -> Option<&Path> {
        self.mark.strip_prefix(MARK)?.strip_prefix('=').map(Path::new)
    }
}

/// Returns the mark of a run, `NAME=value`.
#[must_use]
pub fn mark(directory: &Path) -> String {
    format!("{MARK}={}", directory.display())
}

/// The open directory of a run.
#[derive(Debug)]
pub(super) struct Spool {
    directory: PathBuf,
    events: File,
    events_bytes: u64,
    exit: File,
    /// What the environment of its processes carries: the mark of the run for which its agent was started.
    mark: String,
}

impl Spool {
    /// Creates the directory, which must not exist.
    pub(super) fn create(directory: &Path) -> io::Result<Self> {
        if let Some(parent) = directory.parent() {
            DirBuilder::new().mode(0o700).recursive(true).create(parent)?;
        }
        DirBuilder::new().mode(0o700).create(directory)?;
        Self::fill(directory).inspect_err(|_| {
            // Whoever finds the directory takes the run for begun.
            let _ = std::fs::remove_dir_all(directory);
        })
    }

    fn fill(directory: &Path) -> io::Result<Self> {
        let events = new_file(&directory.join(EVENTS_FILE), true)?;
        let exit = new_file(&directory.join(EXIT_DRAFT), false)?;
        let spool = Self { directory: directory.to_owned(), events, events_bytes: 0, exit, mark: mark(directory) };
        // Where the file system cannot reserve, the end is written like any file.
        let _ = posix_fallocate(&spool.exit, 0, RESERVED_BYTES);
        Ok(spool)
    }

    /// Notes for which run its agent was started.
    pub(super) fn started_for(&mut self, first: &Path) {
        self.mark = mark(first);
    }

    /// Returns the size of `events`; the file is whole up to there.
    pub(super) fn events_bytes(&self) -> u64 {
        self.events_bytes
    }

    /// Appends an event, whole or not at all.
    pub(super) fn append(&mut self, event: &Event) -> io::Result<()> {
        let line = wire::line(event);
        if let Err(error) = self.events.write_all(&line) {
            self.events.set_len(self.events_bytes)?;
            return Err(error);
        }
        self.events_bytes += line.len() as u64;
        Ok(())
    }

    /// Opens a new file for an agent's output.
    pub(super) fn output(&self, name: &str) -> io::Result<File> {
        new_file(&self.directory.join(name), true)
    }

    /// Opens a file of the run for reading.
    pub(super) fn reader(&self, name: &str) -> io::Result<File> {
        File::open(self.directory.join(name))
    }

    /// Records a process of the run.
    pub(super) fn record(&self, name: &str, process: Identity) -> io::Result<()> {
        write_record(&self.directory, name, &Record { version: PROTOCOL_VERSION, process, mark: self.mark.clone() })
    }

    /// Writes how the run ended; on a full disk without the end of standard error.
    pub(super) fn write_exit(&mut self, exit: &Exit) -> io::Result<()> {
        let whole = wire::line(exit);
        let line = match self.exit.write_all_at(&whole, 0) {
            Ok(()) => whole,
            Err(_) => {
                let short = wire::line(&exit.without_stderr());
                self.exit.write_all_at(&short, 0)?;
                short
            }
        };
        self.exit.set_len(line.len() as u64)?;
        fs::rename(self.directory.join(EXIT_DRAFT), self.directory.join(EXIT_FILE))
    }
}

/// Writes a small record, which appears whole or not at all.
pub(super) fn write_record(directory: &Path, name: &str, record: &impl Serialize) -> io::Result<()> {
    let draft = directory.join(format!("{name}.new"));
    new_file(&draft, true)?.write_all(&wire::line(record))?;
    fs::rename(draft, directory.join(name))
}

pub(super) fn new_file(path: &Path, append: bool) -> io::Result<File> {
    OpenOptions::new().write(true).append(append).create_new(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::exit::Ended;

    #[test]
    fn a_run_directory_belongs_to_one_supervisor() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("runs/1-1");
        Spool::create(&run).unwrap();
        assert_eq!(Spool::create(&run).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn the_end_is_written_over_the_reserved_room() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::create(&dir.path().join("1-1")).unwrap();
        let exit = Exit {
            version: PROTOCOL_VERSION,
            ended: Ended::Exited { code: 0 },
            cause: None,
            final_seen: true,
            stderr_tail: "x".repeat(10_000),
            output_bytes: 1,
            pid: Some(1),
            duration_ms: 1,
            survivors: 0,
            unknown_lines: 0,
        };
        spool.write_exit(&exit).unwrap();
        let read: Exit = serde_json::from_slice(&fs::read(dir.path().join("1-1/exit.json")).unwrap()).unwrap();
        assert_eq!(read, exit);
    }
}
