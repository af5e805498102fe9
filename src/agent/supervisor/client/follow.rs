//! One run as the bot follows it: found again, read from its socket or from its files.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep, timeout};

use crate::agent::event::Event;
use crate::agent::exit::Exit;
use crate::agent::run::PROTOCOL_VERSION;
use crate::agent::supervisor::process::Identity;
use crate::agent::supervisor::socket;
use crate::agent::supervisor::spool::{EVENTS_FILE, EXIT_FILE, Record, SUPERVISOR_FILE};
use crate::agent::supervisor::wire::{self, Control, EXIT_PREFIX, ExitLine, Hello};

/// Longest wait for a supervisor that just begins, or that just ends; on a busy machine either takes seconds, and a run
/// that is taken for dead too soon would go on with nobody to follow it.
const SETTLE_LIMIT: Duration = Duration::from_secs(10);

/// How often it is looked for meanwhile.
const LOOK: Duration = Duration::from_millis(5);

/// What became of a run.
#[derive(Debug)]
pub enum Attached {
    /// It is going on.
    Live(Run),
    /// It ended; the events that were not seen yet and the end are there to be read.
    Ended(Run),
    /// It was never started: its directory does not exist.
    NeverStarted,
    /// Its supervisor lives and does not answer: it was stopped, or the machine is very busy. It may answer later;
    /// [`crate::agent::supervisor::end_by_force`] ends the run all the same.
    Mute,
    /// Its supervisor is gone and left no word; [`crate::agent::supervisor::end_leftovers`] ends what is left.
    Dead,
}

/// Finds a run again; its first `from_event` events are not repeated.
///
/// # Errors
/// Where the run's directory cannot be read.
pub async fn attach(directory: &Path, from_event: u64) -> io::Result<Attached> {
    let limit = Instant::now() + SETTLE_LIMIT;
    loop {
        // The order matters: a supervisor writes its exit before it goes.
        let supervisor = supervisor_of(directory)?;
        let past_bytes = if from_event == 0 { events_bytes(directory) } else { 0 };
        let alive = supervisor.as_ref().is_some_and(Identity::is_alive);
        if exit_of(directory).is_some() {
            return Ok(Attached::Ended(Run::recorded(directory, from_event)?));
        }
        if alive && let Ok(run) = Run::connect(directory, from_event).await {
            return Ok(Attached::Live(run.with_past(past_bytes)));
        }
        if !directory.try_exists()? {
            return Ok(Attached::NeverStarted);
        }
        let dead = supervisor.is_some() && !alive;
        if dead || Instant::now() >= limit {
            return Ok(if alive { Attached::Mute } else { Attached::Dead });
        }
        sleep(LOOK).await;
    }
}

/// Reads how a run ended; `None` while it did not.
#[must_use]
pub fn exit_of(directory: &Path) -> Option<Exit> {
    serde_json::from_slice(&fs::read(directory.join(EXIT_FILE)).ok()?).ok()
}

/// Returns how much a run has told so far, in bytes.
fn events_bytes(directory: &Path) -> u64 {
    fs::metadata(directory.join(EVENTS_FILE)).map_or(0, |events| events.len())
}

/// Reads who supervises a run; `None` where nobody does yet.
fn supervisor_of(directory: &Path) -> io::Result<Option<Identity>> {
    match fs::read(directory.join(SUPERVISOR_FILE)) {
        Ok(json) => Ok(serde_json::from_slice::<Record>(&json).ok().map(|record| record.process)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Longest wait for a supervisor's hello, and for it to take a message.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// How much is read from a socket at once, in bytes.
const READ_BYTES: usize = 16 * 1024;

/// What a run tells.
#[derive(Debug, Clone, PartialEq)]
pub enum RunNews {
    /// Something happened.
    Event(Event),
    /// It ended; nothing follows.
    Exit(Exit),
    /// Its supervisor died without a word, or does not answer; nothing follows.
    Lost,
}

/// A run that is followed, or read again.
#[derive(Debug)]
pub struct Run {
    directory: PathBuf,
    seen: u64,
    /// Bytes of events that were given on, and how many there were when the run was found.
    seen_bytes: u64,
    past_bytes: u64,
    source: Source,
    /// Whether an event that cannot be read was named.
    is_named: bool,
}

#[derive(Debug)]
enum Source {
    Live(Connection),
    Recorded(BufReader<File>),
    Over,
}

#[derive(Debug)]
struct Connection {
    stream: UnixStream,
    /// What was received and not yet given on; nothing before `scanned` holds a line break.
    received: Vec<u8>,
    scanned: usize,
}

impl Connection {
    /// Returns the next line without its line break, `None` at the end of the stream. Cancel-safe.
    async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.received[self.scanned..].iter().position(|&byte| byte == b'\n') {
                let rest = self.received.split_off(self.scanned + end + 1);
                let mut line = std::mem::replace(&mut self.received, rest);
                line.pop();
                self.scanned = 0;
                return Ok(Some(line));
            }
            self.scanned = self.received.len();
            self.received.reserve(READ_BYTES);
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Ok(None);
            }
        }
    }
}

impl Run {
    /// Connects to a run's supervisor.
    async fn connect(directory: &Path, seen: u64) -> io::Result<Self> {
        let (_open, address) = socket::address(directory)?;
        let talk = async {
            let mut stream = UnixStream::connect(address).await?;
            stream.write_all(&wire::line(&Control::Hello { version: PROTOCOL_VERSION, from: seen })).await?;
            let mut connection = Connection { stream, received: Vec::new(), scanned: 0 };
            let hello = connection.line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            serde_json::from_slice::<Hello>(&hello)?;
            Ok::<_, io::Error>(connection)
        };
        let source = Source::Live(timeout(ANSWER_LIMIT, talk).await??);
        Ok(Self { directory: directory.to_owned(), seen, seen_bytes: 0, past_bytes: 0, source, is_named: false })
    }

    /// Reads a run that ended.
    fn recorded(directory: &Path, seen: u64) -> io::Result<Self> {
        let mut events = BufReader::new(File::open(directory.join(EVENTS_FILE))?);
        for _ in 0..seen {
            events.skip_until(b'\n')?;
        }
        let (directory, source) = (directory.to_owned(), Source::Recorded(events));
        Ok(Self { directory, seen, seen_bytes: 0, past_bytes: 0, source, is_named: false })
    }

    /// Notes how many bytes of events there were when the run was found.
    fn with_past(self, past_bytes: u64) -> Self {
        Self { past_bytes, ..self }
    }

    /// Returns how many events of the run were given on, those before this attachment included.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Whether all that had happened when the run was found was given on.
    #[must_use]
    pub fn is_up_to_date(&self) -> bool {
        self.seen_bytes >= self.past_bytes
    }

    /// Returns the run's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Waits for what happens next; `None` after [`RunNews::Exit`] or [`RunNews::Lost`]. Cancel-safe.
    pub async fn next(&mut self) -> Option<RunNews> {
        loop {
            let line = match &mut self.source {
                Source::Over => return None,
                Source::Live(connection) => connection.line().await.ok().flatten(),
                Source::Recorded(events) => recorded_line(events),
            };
            match line {
                Some(line) if line.starts_with(EXIT_PREFIX) => {
                    if let Ok(ExitLine { exit }) = serde_json::from_slice(&line) {
                        self.source = Source::Over;
                        return Some(RunNews::Exit(exit));
                    }
                }
                Some(line) => {
                    // An event that a newer supervisor knows and we do not counts as seen.
                    self.seen += 1;
                    self.seen_bytes += line.len() as u64 + 1;
                    if let Ok(event) = serde_json::from_slice(&line) {
                        return Some(RunNews::Event(event));
                    }
                    if !std::mem::replace(&mut self.is_named, true) {
                        tracing::warn!(
                            run = %self.directory.display(),
                            event.number = self.seen,
                            "an event of a run cannot be read; it is passed over"
                        );
                    }
                }
                None => {
                    if let Some(last) = self.reconsider().await {
                        self.source = Source::Over;
                        return Some(last);
                    }
                }
            }
        }
    }

    /// Decides how to go on at the end of a source; returns what is told where nothing follows.
    async fn reconsider(&mut self) -> Option<RunNews> {
        if matches!(self.source, Source::Recorded(_)) {
            return Some(exit_of(&self.directory).map_or(RunNews::Lost, RunNews::Exit));
        }
        match attach(&self.directory, self.seen).await {
            Ok(Attached::Live(run) | Attached::Ended(run)) => {
                self.source = run.source;
                None
            }
            Ok(Attached::NeverStarted | Attached::Mute | Attached::Dead) | Err(_) => Some(RunNews::Lost),
        }
    }

    /// Says something to the run; what an ended run is told is forgotten.
    ///
    /// # Errors
    /// Where the supervisor lives and does not take it.
    pub async fn control(&mut self, control: &Control) -> io::Result<()> {
        let line = wire::line(control);
        if self.send(&line).await.is_ok() {
            return Ok(());
        }
        if matches!(self.source, Source::Live(_)) && self.reconsider().await.is_some() {
            self.source = Source::Over;
        }
        self.send(&line).await
    }

    async fn send(&mut self, line: &[u8]) -> io::Result<()> {
        match &mut self.source {
            Source::Live(connection) => timeout(ANSWER_LIMIT, connection.stream.write_all(line)).await?,
            Source::Recorded(_) | Source::Over => Ok(()),
        }
    }
}

fn recorded_line(events: &mut BufReader<File>) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    events.read_until(b'\n', &mut line).ok()?;
    (line.pop() == Some(b'\n')).then_some(line)
}
