//! The one writer thread: commits waiting requests together.
//!
//! Requests that arrive while a commit is on its way to the disk wait and then share the next one, so that a durable
//! store is also quick. Each request runs in a savepoint of its own; callers are answered only after the commit is as durable as
//! the most demanding of them wants it. When a commit fails, its requests are tried again one by one, so that only the guilty one fails; so does one that panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::checkpoint::Log;
use super::effects::Written;
use super::error::StoreError;
use super::fence::Fence;
use super::flush::Flush;
use super::tx::{Tx, TxContext};
use crate::health::{LostByPanic, StoreHealth};
use crate::lifecycle::rehearsal;

/// Most requests that share one commit.
const MAX_BATCH: usize = 256;
/// Requests that may wait for the writer; beyond it callers wait to hand theirs over.
const MAX_WAITING: usize = 4096;
/// Times that a busy database is asked; each waits for the connection's own busy time-out.
const BUSY_TRIES: usize = 2;

/// One unit of work; may run more than once, and only its last run counts.
pub(super) trait Request: Send {
    fn apply(&mut self, connection: &Connection, context: &TxContext);
    /// Whether the last run succeeded.
    fn is_ok(&self) -> bool;
    /// Whether the caller is to be answered only when a power cut would lose nothing of it.
    fn wants_disk(&self) -> bool;
    /// Answers the caller, and tells of a failure that may pass; `commit` is the fate of the shared commit.
    fn answer(self: Box<Self>, commit: Result<(), StoreError>, health: &StoreHealth);
}

pub(super) struct Job<F, T> {
    work: F,
    fence: Option<Fence>,
    outcome: Option<Result<Written<T>, StoreError>>,
    reply: oneshot::Sender<Result<Written<T>, StoreError>>,
}

impl<F, T> Job<F, T> {
    pub(super) fn new(fence: Option<Fence>, work: F) -> (Self, oneshot::Receiver<Result<Written<T>, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        (Self { work, fence, outcome: None, reply }, answer)
    }
}

impl<F, T> Request for Job<F, T>
where
    F: FnMut(&Tx<'_>) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn apply(&mut self, connection: &Connection, context: &TxContext) {
        let tx = Tx::new(connection, context);
        // A panic is the request's own: what it has written is rolled back, and the others go on.
        let work = AssertUnwindSafe(|| {
            self.fence.as_ref().map_or(Ok(()), |fence| tx.check(fence)).and_then(|()| (self.work)(&tx))
        });
        let outcome = catch_unwind(work).unwrap_or_else(|_| Err(StoreError::Other("the step panicked".into())));
        self.outcome = Some(outcome.map(|value| Written { value, effects: tx.into_effects() }));
    }

    fn is_ok(&self) -> bool {
        matches!(self.outcome, Some(Ok(_)))
    }

    fn wants_disk(&self) -> bool {
        matches!(&self.outcome, Some(Ok(written)) if !written.effects.rides_along)
    }

    fn answer(self: Box<Self>, commit: Result<(), StoreError>, health: &StoreHealth) {
        let outcome = match (commit, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(StoreError::Closed),
            (Err(error), Some(Ok(_)) | None) => Err(error),
            (Err(_), Some(Err(error))) => Err(error),
        };
        // Told here and not by the caller, who may look at the answer when the trouble has long been over.
        if let Err(error) = &outcome
            && error.is_transient()
        {
            health.write_failed(Instant::now(), &error.to_string());
        }
        // A caller that no longer waits has lost nothing: the rows are stored.
        self.reply.send(outcome).ok();
    }
}

/// What the writer thread is told.
pub(super) enum Message {
    /// A request to commit.
    Work(Box<dyn Request>),
    /// Ends the thread; what was sent before is finished first.
    Stop,
}

/// Handle of the writer thread.
pub(super) struct Writer {
    pub(super) requests: SyncSender<Message>,
    pub(super) thread: JoinHandle<()>,
}

pub(super) fn start(
    connection: Connection,
    context: Arc<TxContext>,
    log: Log,
    flush: Flush,
) -> std::io::Result<Writer> {
    let (requests, waiting) = sync_channel(MAX_WAITING);
    let thread = std::thread::Builder::new()
        .name("store-writer".into())
        .spawn(move || run(connection, &waiting, &context, Disk { log, flush }))?;
    Ok(Writer { requests, thread })
}

/// What the writer looks after beside the rows.
struct Disk {
    log: Log,
    flush: Flush,
}

fn run(connection: Connection, waiting: &Receiver<Message>, context: &TxContext, mut disk: Disk) {
    let mut batch = Vec::new();
    // Dropped before the batch: that the store is lost is told before those who wait for an answer learn that none comes.
    let _watch = LostByPanic::new(context.health.clone(), "the thread that writes to the database panicked");
    let mut stopping = false;
    while !stopping || !batch.is_empty() {
        if batch.is_empty() {
            let Disk { log, flush } = &mut disk;
            match next(waiting, [log.idle_after(), flush.due_in()].into_iter().flatten().min()) {
                Ok(Message::Work(first)) => batch.push(first),
                Err(RecvTimeoutError::Timeout) => {
                    if flush.due_in().is_some_and(|due_in| due_in.is_zero()) {
                        // Whoever waited for it was answered; that it failed ends the program.
                        flush.now().ok();
                    } else if log.idle() {
                        log.cut(&connection, || touch(&connection, context));
                    }
                    continue;
                }
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        while batch.len() < MAX_BATCH && !stopping {
            match waiting.try_recv() {
                Ok(Message::Work(next)) => batch.push(next),
                Ok(Message::Stop) => stopping = true,
                Err(_) => break,
            }
        }
        rehearsal::at("writer");
        batch = commit_together(&connection, batch, context, &mut disk);
        disk.log.tend(&connection);
    }
    if disk.flush.due_in().is_some() {
        disk.flush.now().ok();
    }
    drop(connection);
    disk.log.close();
}

fn next(waiting: &Receiver<Message>, within: Option<Duration>) -> Result<Message, RecvTimeoutError> {
    match within {
        Some(within) => waiting.recv_timeout(within),
        None => waiting.recv().map_err(|_| RecvTimeoutError::Disconnected),
    }
}

/// Commits a row that means nothing.
fn touch(connection: &Connection, context: &TxContext) -> Result<(), StoreError> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    Tx::new(&transaction, context).probe_write()?;
    Ok(transaction.commit()?)
}

/// Commits and answers requests; returns those for which the log had no room.
fn commit_together(
    connection: &Connection,
    mut batch: Vec<Box<dyn Request>>,
    context: &TxContext,
    disk: &mut Disk,
) -> Vec<Box<dyn Request>> {
    match try_commit(connection, &mut batch, context, &disk.log) {
        Ok(done) => {
            let rest = batch.split_off(done);
            let flushed = match batch.iter().any(|request| request.wants_disk()) {
                true => disk.flush.now(),
                false => disk.flush.soon(),
            };
            if flushed.is_ok() {
                context.health.write_worked();
            }
            batch.into_iter().for_each(|request| request.answer(flushed.clone(), &context.health));
            rest
        }
        // A database that is held by another process is so for each of them.
        Err(error) if batch.len() == 1 || matches!(error, StoreError::Busy) => {
            batch.into_iter().for_each(|request| request.answer(Err(error.clone()), &context.health));
            Vec::new()
        }
        Err(_) => {
            for request in batch {
                commit_together(connection, vec![request], context, disk);
                disk.log.tend(connection);
            }
            Vec::new()
        }
    }
}

/// Commits requests, the first in any case; returns how many.
fn try_commit(
    connection: &Connection,
    batch: &mut [Box<dyn Request>],
    context: &TxContext,
    log: &Log,
) -> Result<usize, StoreError> {
    let transaction = begin(connection, context)?;
    let mut done = 0;
    for request in batch.iter_mut() {
        if done > 0 && !log.has_room() {
            break;
        }
        transaction.prepare_cached("SAVEPOINT request")?.execute([])?;
        request.apply(&transaction, context);
        // A statement that meets a full disk may have rolled the whole transaction back by itself.
        if transaction.is_autocommit() {
            return Err(StoreError::DiskFull);
        }
        if !request.is_ok() {
            transaction.prepare_cached("ROLLBACK TO request")?.execute([])?;
        }
        transaction.prepare_cached("RELEASE request")?.execute([])?;
        done += 1;
    }
    transaction.commit()?;
    Ok(done)
}

fn begin<'c>(connection: &'c Connection, context: &TxContext) -> Result<Transaction<'c>, StoreError> {
    for _ in 1..BUSY_TRIES {
        match Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(StoreError::from) {
            Err(error @ StoreError::Busy) => context.health.write_failed(Instant::now(), &error.to_string()),
            outcome => return outcome,
        }
    }
    Ok(Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?)
}

impl Writer {
    /// Lets the thread finish what waits and close the log, and waits for it.
    pub(super) fn finish(self) {
        let Self { requests, thread } = self;
        // The last handle of a store may be dropped with a request, by this very thread, which then ends by itself.
        if thread.thread().id() == std::thread::current().id() {
            return;
        }
        requests.send(Message::Stop).ok();
        // A panic has been told by the thread itself.
        thread.join().ok();
    }
}
