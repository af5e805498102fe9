//! The start of a supervisor.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Interest};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::follow::{Attached, Run, attach};
use crate::agent::run::RunSpec;
use crate::agent::supervisor::frame::{self, Forked, FrameError, Ready};
use crate::agent::supervisor::process::{self, SUBCOMMAND};

/// Longest wait for a supervisor to take a run.
const READY_LIMIT: Duration = Duration::from_secs(30);

/// Longest wait for a supervisor to be forked; what does not fork by then is stopped, and another takes its place.
const FORK_LIMIT: Duration = Duration::from_secs(10);

/// Longest answer of a supervisor, in bytes.
const MAX_READY_BYTES: u64 = 64 * 1024;

/// How many of those that supervisors are forked from were started.
static STARTED: AtomicU64 = AtomicU64::new(0);

/// Tells why a run was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The supervisor could not be started.
    #[error("starting the supervisor: {0}")]
    Spawn(#[source] io::Error),
    /// The specification cannot be handed over.
    #[error("handing the run to its supervisor: {0}")]
    Frame(#[from] FrameError),
    /// The run's directory exists: it was started before.
    #[error("the run was started before")]
    Exists,
    /// Who was to have the run is gone: a kept agent that cannot have it and was ended, or a supervisor before it was one. The
    /// run has not begun.
    #[error("who was to have the run is gone")]
    Gone,
    /// The supervisor could not begin; no agent was started.
    #[error("the supervisor could not begin: {0}")]
    Refused(String),
    /// The supervisor found no room for the run's files on the disk; no agent was started, and it may begin later.
    #[error("the supervisor could not begin: {0}")]
    NoRoom(String),
    /// The supervisor did not answer; whether the run began must be looked up with [`attach`].
    #[error("the supervisor did not answer: {0}")]
    Unknown(#[source] io::Error),
}

/// Starts supervisors: copies of one process that is started with the first of them.
#[derive(Debug, Clone)]
pub struct Launcher {
    program: PathBuf,
    zygote: Arc<Mutex<Option<Zygote>>>,
}

/// The process that supervisors are forked from.
#[derive(Debug)]
struct Zygote {
    /// It ends when this is closed.
    control: UnixStream,
    /// Reaped by the runtime once it ends, also after this is dropped.
    child: Child,
    /// Tells it from the one before.
    number: u64,
}

impl Default for Launcher {
    /// Returns the launcher that runs this very program, also after its file was replaced.
    fn default() -> Self {
        Self::new(PathBuf::from("/proc/self/exe"))
    }
}

impl Launcher {
    /// Makes one of a program: this one, or one that has its `supervise` subcommand.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        Self { program, zygote: Arc::default() }
    }

    /// Starts a supervisor that waits for its run; within a runtime.
    ///
    /// It gets no environment: it needs none, and the bot's holds secrets.
    ///
    /// # Errors
    /// Where no process can be started.
    pub async fn spawn(&self) -> Result<WaitingSupervisor, StartError> {
        // The supervisor waits where it reads and writes.
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().map_err(StartError::Spawn)?;
        let ours = ours.set_nonblocking(true).and_then(|()| UnixStream::from_std(ours)).map_err(StartError::Spawn)?;
        let mut zygote = self.zygote.lock().await;
        loop {
            let (known, is_new) = match zygote.take() {
                Some(known) => (known, false),
                None => (Zygote::start(&self.program).map_err(StartError::Spawn)?, true),
            };
            match timeout(READY_LIMIT, known.ask(&theirs)).await.map_err(io::Error::from).and_then(|asked| asked) {
                Ok(()) => {
                    let asked = known.number;
                    *zygote = Some(known);
                    return Ok(WaitingSupervisor { talk: ours, launcher: self.clone(), asked });
                }
                Err(error) if is_new => return Err(StartError::Spawn(error)),
                // It was ended; nothing was asked of it.
                Err(error) => tracing::debug!(%error, "the process that supervisors are forked from is gone"),
            }
        }
    }

    /// Starts a run.
    ///
    /// # Errors
    /// As [`WaitingSupervisor::hand_over`].
    pub async fn start(&self, spec: &RunSpec) -> Result<Run, StartError> {
        match self.spawn().await?.hand_over(spec).await {
            // What was asked for a supervisor was ended just then.
            Err(StartError::Gone) => self.spawn().await?.hand_over(spec).await,
            started => started,
        }
    }

    /// Ends the process that supervisors are forked from, which does not fork; the next is started with the next supervisor. One
    /// that has been started since it was `asked` stays.
    async fn replace_zygote(&self, asked: u64) {
        if let Some(mut zygote) = self.zygote.lock().await.take_if(|zygote| zygote.number == asked) {
            let _ = zygote.child.start_kill();
        }
    }
}

impl Zygote {
    fn start(program: &Path) -> io::Result<Self> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut command = Command::new(program);
        command.arg0("signalbox").arg(SUBCOMMAND).env_clear();
        command.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        Ok(Self { child: command.spawn()?, control: UnixStream::from_std(ours)?, number })
    }

    /// Asks for a supervisor that talks over this.
    async fn ask(&self, end: &std::os::unix::net::UnixStream) -> io::Result<()> {
        let send = || {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut beside = SendAncillaryBuffer::new(&mut space);
            let ends = [end.as_fd()];
            beside.push(SendAncillaryMessage::ScmRights(&ends));
            sendmsg(&self.control, &[IoSlice::new(&[0])], &mut beside, SendFlags::NOSIGNAL)?;
            Ok(())
        };
        self.control.async_io(Interest::WRITABLE, send).await
    }
}

/// A supervisor that waits for its run; dropped, it ends and has started nothing.
#[derive(Debug)]
pub struct WaitingSupervisor {
    talk: UnixStream,
    launcher: Launcher,
    /// The number of the process that was asked for it.
    asked: u64,
}

impl WaitingSupervisor {
    /// Gives the supervisor its run, and follows it.
    ///
    /// Not cancel-safe: where it is dropped, whether the run began must be looked up with [`attach`].
    ///
    /// # Errors
    /// Each variant of [`StartError`] says whether an agent may have been started.
    pub async fn hand_over(self, spec: &RunSpec) -> Result<Run, StartError> {
        let frame = frame::encode(spec)?;
        let (answers, mut orders) = self.talk.into_split();
        let mut answers = BufReader::new(answers);
        let mut forked = None;
        let talk = async {
            let fork = async {
                orders.write_all(&frame).await?;
                line::<Forked>(&mut answers).await
            };
            forked = Some(timeout(FORK_LIMIT, fork).await.map_err(io::Error::from).and_then(|forked| forked)?);
            line::<Ready>(&mut answers).await
        };
        let ready = timeout(READY_LIMIT, talk).await.map_err(io::Error::from).and_then(|ready| ready);
        if let Err(error) = &ready
            && !spec.directory.try_exists().unwrap_or(true)
        {
            let late = match forked {
                Some(forked) => Ok(forked),
                None => {
                    self.launcher.replace_zygote(self.asked).await;
                    // From now on only one that was forked just then has the other end.
                    match is_hang_up(error) {
                        true => Err(io::ErrorKind::UnexpectedEof.into()),
                        false => {
                            timeout(FORK_LIMIT, line(&mut answers)).await.map_err(io::Error::from).and_then(|late| late)
                        }
                    }
                }
            };
            match late {
                // One that has not begun must not begin later, when its task was given up.
                Ok(Forked { pid }) if process::is_supervisor(pid) => {
                    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                }
                Err(gone) if is_hang_up(&gone) => return Err(StartError::Gone),
                Ok(_) | Err(_) => {}
            }
        }
        match ready.map_err(StartError::Unknown)? {
            Ready::Started => {}
            Ready::Exists => return Err(StartError::Exists),
            Ready::Gone => return Err(StartError::Gone),
            Ready::Failed { error, no_room: true } => return Err(StartError::NoRoom(error)),
            Ready::Failed { error, no_room: false } => return Err(StartError::Refused(error)),
        }
        let gone = |why: &str| StartError::Unknown(io::Error::other(why.to_owned()));
        match attach(&spec.directory, 0).await.map_err(StartError::Unknown)? {
            Attached::Live(run) | Attached::Ended(run) => Ok(run),
            Attached::NeverStarted => Err(gone("its directory is gone")),
            Attached::Mute => Err(gone("it does not answer")),
            Attached::Dead => Err(gone("it died")),
        }
    }
}

/// Reads one line of a supervisor.
async fn line<T: DeserializeOwned>(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<T> {
    let mut line = Vec::new();
    from.take(MAX_READY_BYTES).read_until(b'\n', &mut line).await?;
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_slice(&line)?)
}

/// Whether nobody holds the other end any more.
fn is_hang_up(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}
