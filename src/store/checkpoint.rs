//! The write-ahead log, kept small: copied back beside the writer, begun afresh by it, cut when idle, gone at the end.
//!
//! Every commit appends to the log, and the log begins afresh only when all of it is in the database and nobody reads
//! from it. A thread of its own copies it back while the writer goes on; what was committed meanwhile is copied while the
//! writer waits a moment, so that the next commit surely begins afresh. A log that has become full makes the writer wait
//! for the copying. When nothing was written for a while, a log that is still large is copied back and cut.
//!
//! # The bound
//! The writer begins no commit with [`FULL_AT_BYTES`] in the log, and takes no more requests into one when its file has
//! reached [`STOP_AT_BYTES`]; so the file is never larger than that, one request and the writer's cache (2 MiB): 16 MiB
//! for requests of up to 5 MiB. The one exception is another program that keeps a read transaction open: it is
//! waited for once ([`FULL_PATIENCE`]); after that the log grows until it ends, which is told in the log of this program.
//!
//! # Why a thread, and why the writer waits all the same
//! Copying costs two fsyncs and many page writes, which no request should wait for. But under load a commit always comes
//! before a copy is complete, so that without the last step the log would never begin afresh.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::error::{OpenError, StoreError};
use super::open::connect;
use crate::health::{LostByPanic, StoreHealth};
use crate::lifecycle::rehearsal;

/// Size from which the log is copied back, in bytes; what SQLite itself takes, about 1,000 pages.
const COPY_AT_BYTES: u64 = 4 << 20;
/// Size from which the writer waits for the copying, in bytes.
const FULL_AT_BYTES: u64 = 7 << 20;
/// Size of the file from which a commit takes no more requests, in bytes.
const STOP_AT_BYTES: u64 = 8 << 20;
/// Size that the file is cut to when the log begins afresh under load, in bytes; above what it usually reaches.
const CUT_TO_BYTES: u64 = 6 << 20;
/// Size that the file is cut to when idle, in bytes. What stays is written over, which is quicker than making it larger.
const KEEP_BYTES: u64 = 1 << 20;
/// Bytes of a frame of the log: a page and its header.
const FRAME_BYTES: u64 = 4096 + 24;

/// How long nothing is written before the log counts as idle.
const IDLE_AFTER: Duration = Duration::from_secs(1);
/// How soon is looked whether an idle log is copied.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How long readers are waited for when the log could begin afresh.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long readers are waited for when the log is full.
const FULL_PATIENCE: Duration = Duration::from_secs(2);
/// How soon is tried again what readers have prevented.
const TRY_AGAIN: Duration = Duration::from_millis(200);
/// How soon is tried again what a program has prevented that keeps reading.
const TRY_HELD_AGAIN: Duration = Duration::from_secs(5);

/// The log of an open database, in the hands of the writer thread.
pub(super) struct Log {
    file: PathBuf,
    orders: SyncSender<Order>,
    /// For each order, whether all of the log is in the database, or may begin afresh.
    news: Receiver<bool>,
    copier: JoinHandle<()>,
    is_copying: bool,
    /// When to try again what readers have prevented.
    again_at: Option<Instant>,
    /// Whether somebody keeps reading, so that the log cannot be bounded.
    is_held: bool,
    /// Size that the file has at most, in bytes; it is asked only when idle.
    largest: u64,
    /// How long nothing is to be written before an idle log is looked at.
    idle_after: Duration,
}

/// What the copying thread is told.
enum Order {
    /// Copy what can be copied while others read and write.
    Copy,
    /// Copy the rest while nobody writes, and wait so long for those who read, so that the log begins afresh.
    Finish(Duration),
}

impl Log {
    /// Starts to look after the log of a database.
    ///
    /// # Errors
    /// What the system says when the database cannot be opened or no thread be started.
    pub(super) fn start(database: &Path, health: StoreHealth) -> Result<Self, OpenError> {
        let connection = connect(database)
            .map_err(|reason| OpenError::Database { path: database.to_owned(), reason: reason.into() })?;
        let (orders, waiting) = sync_channel(1);
        let (tell, news) = sync_channel(1);
        let copier = std::thread::Builder::new()
            .name("store-checkpoint".into())
            .spawn(move || {
                let _watch = LostByPanic::new(health, "the thread that copies the write-ahead log back panicked");
                copy(&connection, &waiting, &tell);
            })
            .map_err(|reason| OpenError::Directory { path: database.to_owned(), reason })?;
        let file = file_of(database);
        let largest = size(&file);
        Ok(Self {
            file,
            orders,
            news,
            copier,
            is_copying: false,
            again_at: None,
            is_held: false,
            largest,
            idle_after: IDLE_AFTER,
        })
    }

    /// Whether a commit may take one more request.
    pub(super) fn has_room(&self) -> bool {
        self.is_held || size(&self.file) < STOP_AT_BYTES
    }

    /// Does what the log needs after a commit; waits only to let it begin afresh, or where it is full.
    pub(super) fn tend(&mut self, writer: &Connection) {
        let bytes = length(writer);
        self.largest = self.largest.max(bytes);
        self.idle_after = IDLE_AFTER;
        let is_full = bytes >= FULL_AT_BYTES && !self.is_held;
        let mut is_copied = self.is_copying && self.heard(is_full);
        if bytes < COPY_AT_BYTES {
            if std::mem::take(&mut self.is_held) {
                tracing::info!("the write-ahead log is copied back again");
            }
            return;
        }
        if !is_full && self.again_at.is_some_and(|at| Instant::now() < at) {
            return;
        }
        if !is_copied && !self.is_copying {
            self.order(Order::Copy);
            is_copied = is_full && self.heard(true);
        }
        if !is_copied {
            return;
        }
        if self.finish(if is_full { FULL_PATIENCE } else { PATIENCE }) {
            self.again_at = None;
            return;
        }
        if is_full {
            self.is_held = true;
            tracing::warn!(
                bytes,
                "another program has kept a read transaction open for {} s; the write-ahead log grows until it ends \
                 (`fuser {}` shows who has it open)",
                FULL_PATIENCE.as_secs(),
                self.file.display()
            );
        }
        self.again_at = Some(Instant::now() + if self.is_held { TRY_HELD_AGAIN } else { TRY_AGAIN });
    }

    /// Returns after how long without work the log is to be looked at; `None` when it is as small as it should be.
    pub(super) fn idle_after(&self) -> Option<Duration> {
        if self.is_copying { Some(LOOK_AGAIN) } else { (self.largest > KEEP_BYTES).then_some(self.idle_after) }
    }

    /// Does what the log needs while nothing is written; whether a commit would now begin it afresh and may cut it.
    pub(super) fn idle(&mut self) -> bool {
        if self.is_copying {
            if !self.heard(false) {
                return false;
            }
            let may_be_cut = self.finish(Duration::ZERO);
            if !may_be_cut {
                self.idle_after = TRY_HELD_AGAIN;
            }
            return may_be_cut;
        }
        self.largest = size(&self.file);
        if self.largest > KEEP_BYTES {
            self.order(Order::Copy);
        }
        false
    }

    /// Cuts the log's file, by a commit that begins the log afresh.
    pub(super) fn cut(&mut self, writer: &Connection, commit: impl FnOnce() -> Result<(), StoreError>) {
        let cut = || {
            limit(writer, KEEP_BYTES)?;
            commit()
        };
        if let Err(error) = cut().and_then(|()| Ok(limit(writer, CUT_TO_BYTES)?)) {
            tracing::warn!(%error, "could not cut the write-ahead log; trying again");
            self.idle_after = TRY_HELD_AGAIN;
        }
        self.largest = size(&self.file);
    }

    /// Lets the copying thread end and close its connection.
    pub(super) fn close(self) {
        let Self { orders, news, copier, .. } = self;
        drop((orders, news));
        // A panic has been told by the thread itself.
        copier.join().ok();
    }

    fn order(&mut self, order: Order) {
        self.is_copying = self.orders.try_send(order).is_ok();
    }

    /// Whether the copying is done and was complete or not; may wait for it.
    fn heard(&mut self, wait: bool) -> bool {
        let news = if wait { self.news.recv().is_ok() } else { self.news.try_recv().is_ok() };
        self.is_copying &= !news;
        news
    }

    /// Lets the log begin afresh with the next commit; `false` when readers prevent it.
    fn finish(&mut self, patience: Duration) -> bool {
        self.orders.send(Order::Finish(patience)).is_ok() && self.news.recv().unwrap_or(false)
    }
}

/// Follows orders, on a connection of its own.
fn copy(connection: &Connection, orders: &Receiver<Order>, tell: &SyncSender<bool>) {
    let mut fails = false;
    while let Ok(order) = orders.recv() {
        rehearsal::at("checkpoint");
        let done = match order {
            Order::Copy => checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)"),
            Order::Finish(patience) => connection
                .busy_timeout(patience)
                .and_then(|()| checkpoint(connection, "PRAGMA wal_checkpoint(RESTART)")),
        };
        match &done {
            Err(error) if !fails => tracing::warn!(%error, "could not copy the write-ahead log back; trying again"),
            Ok(_) if fails => tracing::info!("the write-ahead log can be copied back again"),
            Err(_) | Ok(_) => {}
        }
        fails = done.is_err();
        if tell.send(done.unwrap_or(false)).is_err() {
            return;
        }
    }
}

/// Copies the log back; whether nobody was in the way.
fn checkpoint(connection: &Connection, sql: &str) -> rusqlite::Result<bool> {
    connection.prepare_cached(sql)?.query_row([], |row| Ok(row.get::<_, i64>(0)? == 0))
}

/// Returns how much of the log is in use, in bytes.
fn length(writer: &Connection) -> u64 {
    let frames = writer
        .prepare_cached("PRAGMA wal_checkpoint(NOOP)")
        .and_then(|mut log| log.query_row([], |row| row.get::<_, i64>(1)));
    frames.map_or(0, |frames| u64::try_from(frames).unwrap_or(0) * FRAME_BYTES)
}

fn limit(writer: &Connection, bytes: u64) -> rusqlite::Result<()> {
    writer.pragma_update(None, "journal_size_limit", i64::try_from(bytes).unwrap_or(i64::MAX))
}

/// Names the log of a database.
pub(super) fn file_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Returns the size of a log's file in bytes; 0 where there is none.
pub(super) fn size(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |file| file.len())
}
