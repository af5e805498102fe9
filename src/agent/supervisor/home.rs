//! Where an agent lives that is kept between runs: a directory of its own, `<state>/warm/<run for which it was started>`.
//!
//! It holds the agent's output, who it and its supervisor are, and, while it waits for a next run, a record that says so
//! and a socket to hand one over. It goes with the agent; one whose supervisor is dead belongs to nobody.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::process::Identity;
use super::socket;
use super::spool::{self, AGENT_FILE, Record, SUPERVISOR_FILE, mark};
use super::wire;
use crate::agent::run::{PROTOCOL_VERSION, RunSpec};
use crate::clock::{Clock as _, SystemClock, Timestamp};

/// Name of the directory of all of them, in the state directory.
pub const HOMES: &str = "warm";
/// Says that an agent waits for a next run.
pub const KEPT_FILE: &str = "kept.json";

/// An agent that waits for a next run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRecord {
    /// Version of the protocol of the supervisor that wrote it.
    pub version: u32,
    /// Its supervisor.
    pub supervisor: Identity,
    /// Its own process id.
    pub pid: i32,
    /// The scratch directory of its session.
    pub scratch: PathBuf,
    /// Its kind.
    pub kind: String,
    /// Since when it waits.
    pub since: Timestamp,
    /// Until when it is kept.
    pub until: Timestamp,
}

/// The directory of an agent that may be kept.
#[derive(Debug)]
pub(super) struct AgentHome {
    directory: PathBuf,
    listener: Option<UnixListener>,
}

impl AgentHome {
    /// Makes the directory of the agent of a run; `None` where it is not to be kept, or there is no room for it.
    pub(super) fn of(spec: &RunSpec) -> Option<Self> {
        spec.keep_warm?;
        let directory = spec.directory.parent()?.parent()?.join(HOMES).join(spec.directory.file_name()?);
        let home = Self { directory, listener: None };
        DirBuilder::new().mode(0o700).recursive(true).create(home.directory.parent()?).ok()?;
        DirBuilder::new().mode(0o700).create(&home.directory).ok()?;
        let process = Identity::of(std::process::id().cast_signed()).ok()?;
        let record = Record { version: PROTOCOL_VERSION, process, mark: mark(&spec.directory) };
        spool::write_record(&home.directory, SUPERVISOR_FILE, &record).ok()?;
        Some(home)
    }

    /// Notes which process the agent is.
    pub(super) fn inhabited(&self, agent: Identity, first: &Path) -> io::Result<()> {
        let record = Record { version: PROTOCOL_VERSION, process: agent, mark: mark(first) };
        spool::write_record(&self.directory, AGENT_FILE, &record)
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Says that the agent waits for a next run, and listens.
    pub(super) fn open(&mut self, spec: &RunSpec, pid: i32, wait: Duration) -> io::Result<()> {
        if self.listener.is_none() {
            let listener = socket::bind(&self.directory)?;
            fs::set_permissions(self.directory.join(wire::SOCKET), Permissions::from_mode(0o600))?;
            listener.set_nonblocking(true)?;
            self.listener = Some(listener);
        }
        let since = SystemClock.now();
        let record = KeptRecord {
            version: PROTOCOL_VERSION,
            supervisor: Identity::of(std::process::id().cast_signed())?,
            pid,
            scratch: spec.scratch.clone(),
            kind: spec.kind.clone(),
            since,
            until: since.after(wait),
        };
        spool::write_record(&self.directory, KEPT_FILE, &record)
    }

    /// Takes that back.
    pub(super) fn shut(&self) {
        let _ = fs::remove_file(self.directory.join(KEPT_FILE));
    }

    /// Returns the listening socket.
    pub(super) fn listener(&self) -> Option<BorrowedFd<'_>> {
        self.listener.as_ref().map(|listener| listener.as_fd())
    }

    /// Returns who has connected.
    pub(super) fn accept(&self) -> Option<UnixStream> {
        self.listener.as_ref()?.accept().ok().map(|(stream, _)| stream)
    }
}

impl Drop for AgentHome {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
