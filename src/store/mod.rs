//! The store: everything that must outlive a crash, in the domain's words.
//!
//! One SQLite database (WAL) in the state directory. Any number of processes may open it; what is exclusive is a
//! [`Role`], checked by its fencing number in every write of the core. [`Store::write`] runs a closure over [`Tx`],
//! whose methods (`accept`, `admit`, `complete`, `enqueue`, …) stand in the other files of this module, one idea each; a
//! closure is one atomic step, and what must happen after its commit comes back as [`Effects`].
//!
//! # Why closures
//! The answer to a command (caps, names, positions) depends on rows that another message may change, so the decision,
//! its rows and the text that reports it belong into one transaction, and the writer can share one fsync among many.

mod admission;
mod approvals;
mod chats;
mod checkpoint;
mod claim;
mod counts;
mod edits;
mod error;
mod files;
mod inbox;
mod investigations;
mod letters;
mod open;
mod outbox;
pub mod pairing;
mod patience;
mod place;
mod retention;
mod roles;
mod schema;
mod sessions;
mod tasks;
mod trace;
mod windows;
mod writer;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::Connection;
use signalbox_adapter::{Provider, Signal};

use crate::clock::{Clock, Timestamp};
use crate::health::StoreHealth;
use checkpoint::Log;
use open::connect_reader;

pub use admission::{Admission, Caps, NewTask, Refusal};
pub use approvals::{Approval, Asking};
pub use counts::{Counts, Waiting};
pub use edits::{StatusMessage, about_approval, about_result, about_status};
pub use error::{OpenError, StoreError};
pub use inbox::{InboxOutcome, OpenInbound};
pub use investigations::{Again, Investigation, NewInvestigation};
pub use open::Durability;
pub use outbox::{Delivering, Delivery, Gate, NewDelivery, Scope, Sending, State as DeliveryState};
pub use retention::KeptFolders;
pub use roles::{Fence, Role, RoleError};
pub use sessions::{NewSession, Session, SessionStatus};
pub use tasks::{Completion, Status, Task, TaskId};
pub use trace::TaskEvent;
pub use windows::WindowLock;

/// Reading connections kept open.
const MAX_IDLE_READERS: usize = 4;
/// Handle of the store; cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    directory: PathBuf,
    database: PathBuf,
    place: place::Place,
    context: Arc<Context>,
    /// Idle connections that read; `None` once the store is closed.
    readers: Mutex<Option<Vec<Connection>>>,
    writer: Mutex<Option<writer::Writer>>,
    requests: std::sync::mpsc::SyncSender<writer::Message>,
}

/// What every transaction needs beside the rows.
struct Context {
    clock: Arc<dyn Clock>,
    caps: Caps,
    delivering: std::sync::OnceLock<Delivering>,
    health: StoreHealth,
}

/// How a store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How much a commit survives.
    pub durability: Durability,
    /// Bounds of admission.
    pub caps: Caps,
}

/// What a write returned, and what to do now that it is durable.
#[derive(Debug)]
pub struct Written<T> {
    /// The closure's own answer.
    pub value: T,
    /// What to do now.
    pub effects: Effects,
}

/// What to do after a commit.
#[derive(Debug, Default)]
pub struct Effects {
    /// Tasks that may start; their rows are `running`.
    pub start: Vec<Task>,
    /// Running tasks to end.
    pub cancel: Vec<TaskId>,
    /// Permission requests that were answered.
    pub answered: Vec<Approval>,
    /// Sessions that were closed; their scratch is no longer needed.
    pub closed: Vec<i64>,
    /// Deliveries of a free lane, already `sending` by this process.
    pub send: Vec<Delivery>,
    /// Whether a lane may have something to claim.
    pub deliver: bool,
    /// Signs to give, each with its provider.
    pub signs: Vec<(Provider, Signal)>,
}

impl Effects {
    /// Adds another write's effects.
    pub fn extend(&mut self, other: Effects) {
        self.start.extend(other.start);
        self.cancel.extend(other.cancel);
        self.answered.extend(other.answered);
        self.closed.extend(other.closed);
        self.send.extend(other.send);
        self.deliver |= other.deliver;
        self.signs.extend(other.signs);
    }
}

/// One request within a transaction; its methods are the domain's verbs.
pub struct Tx<'c> {
    connection: &'c Connection,
    context: &'c Context,
    effects: RefCell<Effects>,
}

impl<'c> Tx<'c> {
    fn new(connection: &'c Connection, context: &'c Context) -> Self {
        Self { connection, context, effects: RefCell::default() }
    }

    fn into_effects(self) -> Effects {
        self.effects.into_inner()
    }

    /// Returns the current instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.context.clock.now()
    }

    /// Returns the bounds of admission.
    #[must_use]
    pub fn caps(&self) -> &Caps {
        &self.context.caps
    }

    /// Gives a sign after the commit; it is never repeated.
    pub fn sign(&self, provider: &Provider, signal: Signal) {
        self.effects.borrow_mut().signs.push((provider.clone(), signal));
    }

    /// Returns a number below `bound`, by chance.
    #[must_use]
    pub fn chance(&self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.context.clock.random() % bound).unwrap_or(0)
    }

    /// Makes a short id that people can type: `length` characters without look-alikes.
    fn short_id(&self, length: usize) -> String {
        const LETTERS: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";
        (0..length).map(|_| char::from(LETTERS[self.chance(LETTERS.len())])).collect()
    }
}

impl Store {
    /// Opens the store of a state directory, makes directory and database where they are missing, and migrates.
    ///
    /// # Errors
    /// [`OpenError`]; a damaged or newer database is left untouched.
    pub fn open(directory: &Path, options: Options, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let Options { durability, caps } = options;
        let context =
            Arc::new(Context { clock, caps, delivering: std::sync::OnceLock::new(), health: StoreHealth::default() });
        files::prepare(directory)?;
        let database = directory.join("signalbox.db");
        let connection = open::open(&database, durability)?;
        let log = Log::start(&database, durability)?;
        let writer = writer::start(connection, Arc::clone(&context), log)
            .map_err(|reason| OpenError::Directory { path: directory.to_owned(), reason })?;
        let requests = writer.requests.clone();
        let place =
            place::Place::of(&database).map_err(|reason| OpenError::Directory { path: database.clone(), reason })?;
        Ok(Self {
            inner: Arc::new(Inner {
                directory: directory.to_owned(),
                database,
                place,
                context,
                readers: Mutex::new(Some(Vec::new())),
                writer: Mutex::new(Some(writer)),
                requests,
            }),
        })
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

    /// Says which lanes this process delivers from now on; once, before the first delivery.
    pub fn deliver_as(&self, delivering: Delivering) {
        self.inner.context.delivering.set(delivering).ok();
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
        let answer = self.noted(answer.await.unwrap_or(Err(StoreError::Closed)));
        if let Err(error) = &answer
            && error.is_transient()
        {
            self.health().failed(&error.to_string());
        }
        answer
    }

    /// Notes damage: no part of this process can go on with such a store.
    fn noted<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
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
        use std::sync::mpsc::TrySendError;
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

    /// Returns a number that changes whenever any process has committed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn watcher(&self) -> Result<Watcher, StoreError> {
        Ok(Watcher { connection: connect_reader(&self.inner.database)?, last: 0 })
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
    fn close(&self) {
        let writer = self.writer.lock().expect("no holder of this lock panics").take();
        if let Some(writer) = writer {
            writer.finish();
        }
        drop(self.readers.lock().expect("no holder of this lock panics").take());
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// Names a chat without its thread, as the tables do: `provider:chat`.
#[must_use]
pub fn chat(address: &signalbox_adapter::ChatAddress) -> String {
    format!("{}:{}", address.provider, address.chat)
}

/// Notices commits of any process.
pub struct Watcher {
    connection: Connection,
    last: i64,
}

impl Watcher {
    /// Whether anything was committed since the last call.
    pub fn changed(&mut self) -> bool {
        let version = self.connection.query_row("PRAGMA data_version", [], |row| row.get(0)).unwrap_or(self.last + 1);
        std::mem::replace(&mut self.last, version) != version
    }
}

#[cfg(test)]
mod tests;
