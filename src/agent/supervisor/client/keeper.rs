//! Agents that are kept between runs, as a bot finds them: in their homes, whoever has started them.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::follow::{Attached, Run, attach};
use super::launcher::StartError;
use crate::agent::run::RunSpec;
use crate::agent::supervisor::frame::{self, Ready};
use crate::agent::supervisor::home::{HOMES, KEPT_FILE, KeptRecord};
use crate::agent::supervisor::leftovers::{self, end_by_force};
use crate::agent::supervisor::spool::SUPERVISOR_FILE;
use crate::agent::supervisor::{process, socket};

/// Longest wait for a supervisor that takes a run, or lets its agent go.
const READY_LIMIT: Duration = Duration::from_secs(20);
/// Longest answer of a supervisor, in bytes.
const MAX_READY_BYTES: u64 = 64 * 1024;
/// Homes without a supervisor that are looked at as nobody's: it is written down at once.
const UNCLAIMED: Duration = Duration::from_secs(60);

/// An agent that waits for a next run.
#[derive(Debug, Clone)]
pub struct KeptAgent {
    directory: PathBuf,
    record: KeptRecord,
}

impl KeptAgent {
    /// Returns all that are kept, the coldest first. Reads some small files.
    #[must_use]
    pub fn all(state: &Path) -> Vec<Self> {
        let found = homes(state).into_iter().filter_map(|directory| {
            let record: KeptRecord = serde_json::from_slice(&fs::read(directory.join(KEPT_FILE)).ok()?).ok()?;
            record.supervisor.is_alive().then_some(Self { directory, record })
        });
        let mut all: Vec<Self> = found.collect();
        all.sort_by_key(|kept| kept.record.since);
        all
    }

    /// Returns those of the session with this scratch directory; there is one at most, unless something went wrong.
    #[must_use]
    pub fn of(state: &Path, scratch: &Path) -> Vec<Self> {
        Self::all(state).into_iter().filter(|kept| kept.record.scratch == scratch).collect()
    }

    /// Returns what its supervisor says of it.
    #[must_use]
    pub fn record(&self) -> &KeptRecord {
        &self.record
    }

    /// Returns our own id of its session, after which its scratch directory is named.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.record.scratch.file_name()?.to_str()
    }

    /// Returns how much memory it and its supervisor take, in bytes: what is shared counts by its share, where that can be told.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        let roots = HashSet::from([self.record.supervisor.pid]);
        process::with_descendants(&roots).into_iter().map(process::memory_bytes).sum()
    }

    /// Gives it its next run, and follows that.
    ///
    /// Not cancel-safe: where it is dropped, whether the run began must be looked up with [`attach`].
    ///
    /// # Errors
    /// [`StartError::Gone`] where it cannot have the run, and is not there any more: another is to be started. Else as
    /// `WaitingSupervisor::hand_over`.
    pub async fn hand_over(&self, spec: &RunSpec) -> Result<Run, StartError> {
        let ready = match self.ask(&frame::encode(spec)?).await {
            Ok(ready) => ready,
            Err(error) if spec.directory.try_exists().unwrap_or(true) => return Err(StartError::Unknown(error)),
            // One that has not begun must not begin later.
            Err(_) => {
                self.force().await;
                return match spec.directory.try_exists() {
                    Ok(false) => Err(StartError::Gone),
                    Ok(true) => Err(StartError::Unknown(io::Error::other("it was ended while it began"))),
                    Err(error) => Err(StartError::Unknown(error)),
                };
            }
        };
        match ready {
            Ready::Started => {}
            Ready::Gone => return Err(StartError::Gone),
            Ready::Exists => return Err(StartError::Exists),
            Ready::Failed { error, no_room: true } => return Err(StartError::NoRoom(error)),
            Ready::Failed { error, no_room: false } => return Err(StartError::Refused(error)),
        }
        match attach(&spec.directory, 0).await.map_err(StartError::Unknown)? {
            Attached::Live(run) | Attached::Ended(run) => Ok(run),
            Attached::NeverStarted | Attached::Mute | Attached::Dead => {
                Err(StartError::Unknown(io::Error::other("it is gone")))
            }
        }
    }

    /// Ends it with all that it has started, by force where it does not answer; returns whether it is gone.
    pub async fn end(&self) -> bool {
        match self.ask(frame::END).await {
            Ok(_) => true,
            Err(_) => self.force().await,
        }
    }

    async fn ask(&self, frame: &[u8]) -> io::Result<Ready> {
        let (_open, address) = socket::address(&self.directory)?;
        let supervisor = self.record.supervisor.pid;
        let talk = async {
            let mut stream = UnixStream::connect(address).await?;
            // What a run is told is for its supervisor only.
            if stream.peer_cred()?.pid() != Some(supervisor) || !process::is_supervisor(supervisor) {
                return Err(io::Error::other("another process listens in its place"));
            }
            stream.write_all(frame).await?;
            let mut answer = Vec::new();
            BufReader::new(stream).take(MAX_READY_BYTES).read_until(b'\n', &mut answer).await?;
            serde_json::from_slice::<Ready>(&answer).map_err(io::Error::from)
        };
        timeout(READY_LIMIT, talk).await?
    }

    async fn force(&self) -> bool {
        let directory = self.directory.clone();
        let ended = tokio::task::spawn_blocking(move || end_home(&directory)).await;
        matches!(ended, Ok(Ok(_)))
    }
}

/// Ends what is left of agents whose supervisors are dead, and removes their homes; returns how many processes there were.
///
/// Blocks, normally for some milliseconds; call it where blocking is fine.
///
/// # Errors
/// Where a process could not be ended.
pub fn end_orphans(state: &Path) -> io::Result<usize> {
    let mut ended = 0;
    for directory in homes(state) {
        let is_orphan = match leftovers::record(&directory, SUPERVISOR_FILE) {
            Some(supervisor) => !supervisor.process.is_alive(),
            None => is_older(&directory, UNCLAIMED),
        };
        if is_orphan {
            ended += end_home(&directory)?;
        }
    }
    Ok(ended)
}

fn end_home(directory: &Path) -> io::Result<usize> {
    let ended = end_by_force(directory)?;
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(ended),
    }
}

fn is_older(directory: &Path, than: Duration) -> bool {
    let made = directory.metadata().and_then(|metadata| metadata.modified()).ok();
    made.and_then(|made| made.elapsed().ok()).is_some_and(|ago| ago > than)
}

fn homes(state: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(state.join(HOMES)).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
