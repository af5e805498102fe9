//! Opening the database file: what is refused, and how a connection is set up.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::{OpenError, StoreError};
use super::{files, schema};

/// How long a statement waits for another process before it counts as busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Databases up to this size are checked whole when opened, in bytes; larger ones when a page is read.
const CHECK_UP_TO_BYTES: u64 = 4 << 20;
/// Statements that a connection keeps planned.
const MAX_PLANS: usize = 128;
/// Marks our database files ("sgbx"), so that another program's file is not taken for ours.
pub(super) const APPLICATION_ID: i64 = 0x7367_6278;

/// Opens a database for writing, makes it where it is missing, and brings it to the newest schema.
///
/// # Errors
/// [`OpenError`]; a damaged, foreign or newer database is left untouched.
pub(super) fn open(database: &Path) -> Result<Connection, OpenError> {
    let fault = |error: rusqlite::Error| match StoreError::from(error) {
        StoreError::Corrupt(detail) => OpenError::Corrupt { path: database.to_owned(), detail },
        reason => OpenError::Database { path: database.to_owned(), reason },
    };
    files::touch_private(database)?;
    let found = check(database)?;
    let mut connection = connect(database).map_err(fault)?;
    if found < schema::newest() {
        connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(fault)?;
        schema::migrate(&mut connection).map_err(fault)?;
    }
    Ok(connection)
}

/// Opens a database to read from it alone, with the pages checked as they are read; `None` where only [`open`] can go on: there
/// is none, its schema is not ours of today, or something is wrong with it, which that says.
///
/// # Errors
/// [`OpenError`], where another process holds it.
pub(super) fn open_to_read(database: &Path) -> Result<Option<Connection>, OpenError> {
    if !files::is_private(database) {
        return Ok(None);
    }
    let opened = connect_reader(database).and_then(|connection| {
        // What is not ours is left as it is, its log included.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let ours: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
        let is_of_today = ours == APPLICATION_ID && schema::version(&connection)? == schema::newest();
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !is_of_today)?;
        Ok(is_of_today.then_some(connection))
    });
    opened.or_else(|error| match StoreError::from(error) {
        // Asked once more, it would be waited for twice.
        reason @ StoreError::Busy => Err(OpenError::Database { path: database.to_owned(), reason }),
        _ => Ok(None),
    })
}

/// Opens a connection that writes.
pub(super) fn connect(database: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Copying the log back is flushed by SQLite, commits are by the writer (`flush`).
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // What a request would undo is kept in memory while it runs: in a file each of its pages was written twice.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    keep_plans(&connection)?;
    Ok(connection)
}

/// Opens a connection that only reads.
pub(super) fn connect_reader(database: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    keep_plans(&connection)?;
    Ok(connection)
}

/// Lets each statement be planned once: without a guarantee SQLite plans one anew whenever a value is bound that its plan might
/// have used, which was a fifth of the writer's work.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(MAX_PLANS);
    Ok(())
}

/// Returns a number that changes whenever another connection has committed.
pub(super) fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

/// Refuses what is not ours, does not hold together or is newer, before anything is written; returns its schema.
fn check(database: &Path) -> Result<i64, OpenError> {
    let corrupt = |detail: String| OpenError::Corrupt { path: database.to_owned(), detail };
    let fault = |error: rusqlite::Error| match StoreError::from(error) {
        StoreError::Corrupt(detail) => corrupt(detail),
        reason => OpenError::Database { path: database.to_owned(), reason },
    };
    // Read-only, since the mode of the log alone is a change of the file.
    let connection = connect_reader(database).map_err(fault)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fault)?;
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(fault);
    let ours = number("PRAGMA application_id")? == APPLICATION_ID;
    if !ours && number("SELECT count(*) FROM sqlite_master")? > 0 {
        return Err(corrupt("it was not made by signalbox".into()));
    }
    let size = std::fs::metadata(database).map_or(0, |file| file.len());
    if size <= CHECK_UP_TO_BYTES {
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(fault)?;
        if verdict != "ok" {
            return Err(corrupt(verdict));
        }
    }
    let (found, known) = (schema::version(&connection).map_err(fault)?, schema::newest());
    if found > known { Err(OpenError::Newer { path: database.to_owned(), found, known }) } else { Ok(found) }
}
