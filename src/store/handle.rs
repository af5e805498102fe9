//! The handle of the store: opened once, cloned to whoever writes or reads, closed at the end.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::checkpoint::Log;
use super::delivery::Delivering;
use super::effects::Written;
use super::error::{OpenError, StoreError};
use super::fence::Fence;
use super::flush::Flush;
use super::open::{connect_reader, data_version};
use super::place::Place;
use super::tx::{Caps, Tx, TxContext};
use super::{checkpoint, files, open, writer};
use crate::clock::Clock;
use crate::config::Durability;
use crate::health::StoreHealth;

/// Reading connections kept open.
const MAX_IDLE_READERS: usize = 4;

/// How a store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How much a commit survives.
    pub durability: Durability,
    /// Bounds of admission.
    pub caps: Caps,
}

/// Handle of the store; cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    directory: PathBuf,
    pub(super) database: PathBuf,
    place: Place,
    context: Arc<TxContext>,
    /// Idle connections that read; `None` once the store is closed.
    readers: Mutex<Option<Vec<Connection>>>,
    /// Tells whether anything was committed; made when it is first asked for.
    pub(super) watch: Mutex<Option<Watcher>>,
    /// `None` once the store is closed, and where it is only read.
    writer: Mutex<Option<writer::Writer>>,
    requests: SyncSender<writer::Message>,
    /// Whether it was opened to read from it alone.
    only_reads: bool,
}

impl Store {
    /// Opens the store of a state directory, makes directory and database where they are missing, and migrates.
    ///
    /// # Errors
    /// [`OpenError`]; a damaged or newer database is left untouched.
    pub fn open(directory: &Path, options: Options, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let Options { durability, caps } = options;
        let context = TxContext::new(clock, caps);
        files::prepare(directory)?;
        let database = directory.join(files::DATABASE);
        let connection = open::open(&database)?;
        let log = Log::start(&database, context.health.clone())?;
        let flush = Flush::new(checkpoint::file_of(&database), durability, context.health.clone());
        let writer = writer::start(connection, Arc::clone(&context), log, flush)
            .map_err(|reason| OpenError::Directory { path: directory.to_owned(), reason })?;
        let requests = writer.requests.clone();
        let place = Place::of(&database).map_err(|reason| OpenError::Directory { path: database.clone(), reason })?;
        Ok(Self {
            inner: Arc::new(Inner {
                directory: directory.to_owned(),
                database,
                place,
                context,
                readers: Mutex::new(Some(Vec::new())),
                watch: Mutex::new(None),
                writer: Mutex::new(Some(writer)),
                requests,
                only_reads: false,
            }),
        })
    }

    /// Opens the store of a state directory to read from it alone: nothing is made, changed or checked whole, no thread is
    /// started, and a write answers [`StoreError::Closed`]. `None` where [`Store::open`] has to make, migrate or refuse
    /// something first.
    ///
    /// # Errors
    /// [`OpenError`], where the database is there and cannot be used now.
    pub fn open_to_read(directory: &Path, caps: Caps, clock: Arc<dyn Clock>) -> Result<Option<Self>, OpenError> {
        let database = directory.join(files::DATABASE);
        let Some(connection) = open::open_to_read(&database)? else { return Ok(None) };
        let Ok(place) = Place::of(&database) else { return Ok(None) };
        // Nobody takes what is sent.
        let (requests, _) = sync_channel(0);
        Ok(Some(Self {
            inner: Arc::new(Inner {
                directory: directory.to_owned(),
                database,
                place,
                context: TxContext::new(clock, caps),
                readers: Mutex::new(Some(vec![connection])),
                watch: Mutex::new(None),
                writer: Mutex::new(None),
                requests,
                only_reads: true,
            }),
        }))
    }

    /// Returns the state directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.inner.directory
    }

    /// Returns the boot of this machine, as noted with what is started.
    #[must_use]
    pub fn boot(&self) -> &str {
        &self.inner.context.caps.boot
    }

    /// Returns the clock that stamps the rows.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.inner.context.clock.as_ref()
    }

    /// Returns how the store is.
    #[must_use]
    pub fn health(&self) -> &StoreHealth {
        &self.inner.context.health
    }

    /// Says which lanes this process delivers from now on, before the first delivery; `None` where it leaves that to another.
    pub fn deliver_as(&self, delivering: Option<Delivering>) {
        *self.inner.context.delivering.write().unwrap_or_else(PoisonError::into_inner) = delivering;
    }

    /// Runs `work` as one atomic, durable step, and returns once it is on disk.
    ///
    /// `work` may run more than once when a shared commit fails; only its last run counts. With a fence the step is
    /// refused when another process has taken the role since.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the step was stored.
    pub async fn write<T, F>(&self, fence: Option<&Fence>, work: F) -> Result<Written<T>, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (job, answer) = writer::Job::new(fence.cloned(), work);
        self.submit(writer::Message::Work(Box::new(job))).await?;
        self.noted(answer.await.unwrap_or(Err(StoreError::Closed)))
    }

    /// Notes damage: no part of this process can go on with such a store.
    fn noted<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        // The damage that an opening would have found is told as it tells it.
        if let (true, Err(StoreError::Corrupt(detail))) = (self.inner.only_reads, &outcome) {
            let error = OpenError::Corrupt { path: self.inner.database.clone(), detail: detail.clone() };
            return Err(StoreError::Other(error.to_string()));
        }
        if let Err(error @ StoreError::Corrupt(_)) = &outcome {
            self.health().lost(&format!(
                "{error}; stop everything that uses {0}, then move it away (with its -wal and -shm files) to start \
                 afresh, or restore a copy; `sqlite3 <file> .recover` may save its rows",
                self.inner.database.display()
            ));
        }
        outcome
    }

    async fn submit(&self, mut job: writer::Message) -> Result<(), StoreError> {
        loop {
            match self.inner.requests.try_send(job) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(_)) => return Err(StoreError::Closed),
                Err(TrySendError::Full(back)) => {
                    job = back;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
    }

    /// Reads from a snapshot, beside the writer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        // Who only reads has nothing else to do meanwhile; a thread costs more than what it would read.
        if self.inner.only_reads {
            return self.read_blocking(work);
        }
        let store = self.clone();
        match tokio::task::spawn_blocking(move || store.read_blocking(work)).await {
            Ok(answer) => answer,
            Err(error) if error.is_panic() => Err(StoreError::Other("reading panicked".into())),
            Err(_) => Err(StoreError::Closed),
        }
    }

    /// Reads from a snapshot on the calling thread.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn read_blocking<T>(&self, work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.inner.readers.lock().expect("no holder of this lock panics").as_mut().and_then(Vec::pop);
        let connection = match idle {
            Some(connection) => connection,
            None => connect_reader(&self.inner.database)?,
        };
        let answer = {
            let snapshot = connection.unchecked_transaction()?;
            work(&Tx::new(&snapshot, &self.inner.context))
        };
        let mut readers = self.inner.readers.lock().expect("no holder of this lock panics");
        match readers.as_mut() {
            Some(idle) if idle.len() < MAX_IDLE_READERS => idle.push(connection),
            Some(_) | None => drop(connection),
        }
        drop(readers);
        self.noted(answer)
    }

    /// Looks whether the database was removed or replaced since it was opened; then it is lost.
    pub fn look_for_database(&self) {
        if !self.inner.place.is_kept() {
            let database = self.inner.database.display();
            self.health().lost(&format!("the database {database} was removed or replaced while it was in use"));
        }
    }

    /// Returns a number that changes whenever any process has committed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn watcher(&self) -> Result<Watcher, StoreError> {
        Ok(Watcher { connection: connect_reader(&self.inner.database)?, last: 0, commits: 0 })
    }

    /// Returns the size of the write-ahead log's file, in bytes.
    #[must_use]
    pub fn log_bytes(&self) -> u64 {
        checkpoint::size(&checkpoint::file_of(&self.inner.database))
    }

    /// Finishes the waiting writes and closes the database; later writes answer [`StoreError::Closed`].
    ///
    /// Whoever closes a database last, of all processes, copies its write-ahead log back and removes it.
    pub fn close(&self) {
        self.inner.close();
    }
}

impl Inner {
    /// Whether connections may be opened.
    pub(super) fn is_open(&self) -> bool {
        self.readers.lock().expect("no holder of this lock panics").is_some()
    }

    fn close(&self) {
        let writer = self.writer.lock().expect("no holder of this lock panics").take();
        if let Some(writer) = writer {
            writer.finish();
        }
        drop(self.readers.lock().expect("no holder of this lock panics").take());
        drop(self.watch.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// Notices commits of any process.
pub struct Watcher {
    connection: Connection,
    last: i64,
    /// Times that it has changed.
    commits: u64,
}

impl Watcher {
    /// Makes one that rather knows nothing than waits.
    pub(super) fn without_patience(database: &Path) -> Result<Self, StoreError> {
        let connection = connect_reader(database)?;
        connection.busy_timeout(Duration::ZERO)?;
        Ok(Self { connection, last: 0, commits: 0 })
    }

    /// Counts the times that it has seen something committed; `None` where it cannot be seen now.
    pub(super) fn version(&mut self) -> Option<u64> {
        let version = data_version(&self.connection).ok()?;
        if std::mem::replace(&mut self.last, version) != version {
            self.commits += 1;
        }
        Some(self.commits)
    }

    /// Whether anything was committed since the last call.
    pub fn changed(&mut self) -> bool {
        let version = data_version(&self.connection).unwrap_or(self.last + 1);
        std::mem::replace(&mut self.last, version) != version
    }
}
