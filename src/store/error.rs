//! What can go wrong with the store, by what to do next: ask again later ([`StoreError::is_transient`]), end
//! ([`StoreError::is_fatal`]), or give this one request up.

use std::path::PathBuf;

/// Tells why the store could not do as asked; nothing of the request was stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Another process held the database for longer than the busy time-out; asking again may work.
    #[error("another process has held the database for too long; try again")]
    Busy,
    /// The disk is full.
    #[error("the disk that holds the state directory is full; free some space and try again")]
    DiskFull,
    /// The database may only be read.
    #[error("the database cannot be written (read-only file or directory)")]
    ReadOnly,
    /// The system could not read, write or open a file, or had no memory left.
    #[error("the system could not read or write the database: {0}")]
    Io(String),
    /// The database is damaged.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// Another process has taken the role over in the meantime.
    #[error("another signalbox process has taken over")]
    Fenced,
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// Something that takes a while has to be made before the step can be done; whoever asked for the step has it made
    /// and does the step again.
    #[error("the step waits for a long message to be laid out")]
    Deferred(Deferral),
    /// Anything else that the database reports.
    #[error("the database reported: {0}")]
    Other(String),
}

/// Names what a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Deferral(pub u64);

impl StoreError {
    /// Whether it is the surroundings' fault and may pass by itself: the same request, asked again later, may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Busy | Self::DiskFull | Self::ReadOnly | Self::Io(_) => true,
            Self::Corrupt(_) | Self::Fenced | Self::Closed | Self::Deferred(_) | Self::Other(_) => false,
        }
    }

    /// Whether no request of this process can succeed any more.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Corrupt(_) | Self::Fenced | Self::Closed => true,
            Self::Busy | Self::DiskFull | Self::ReadOnly | Self::Io(_) | Self::Deferred(_) | Self::Other(_) => false,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::{ErrorCode, ffi};
        match error.sqlite_error().map(|error| error.extended_code) {
            // The index of the log is made larger by the same call that a full disk lets fail.
            Some(ffi::SQLITE_IOERR_SHMSIZE) => return Self::DiskFull,
            Some(ffi::SQLITE_IOERR_CORRUPTFS | ffi::SQLITE_IOERR_DATA) => return Self::Corrupt(error.to_string()),
            _ => {}
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.to_string()),
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory) => {
                Self::Io(first_line(&error.to_string()))
            }
            _ => Self::Other(first_line(&error.to_string())),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        // One value, not the database.
        Self::Other(format!("a stored value does not read back: {error}"))
    }
}

/// Statements are long, and say nothing to a person.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// Tells why the store could not be opened; the files were left as they are.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The state directory could not be made or used.
    #[error("could not use the state directory {}: {reason}\n  choose another with --state-dir or SIGNALBOX_STATE_DIR, or make it writable", .path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's word, which the message holds already.
        reason: std::io::Error,
    },
    /// The state directory is somebody else's, or holds something else.
    #[error("{} cannot be the state directory: {why}\n  name an empty directory, or one that is not there yet, with --state-dir or SIGNALBOX_STATE_DIR", .path.display())]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// Why it is not ours.
        why: &'static str,
    },
    /// The database is damaged.
    #[error("the database {} is damaged and was left untouched: {detail}\n  move it away (with its -wal and -shm files) to start afresh, or restore a copy; `sqlite3 <file> .recover` may save its rows", .path.display())]
    Corrupt {
        /// The database file.
        path: PathBuf,
        /// What the database reports.
        detail: String,
    },
    /// The database was written by a newer version.
    #[error("the database {} has schema {found}, this signalbox knows up to {known}\n  use the newer signalbox again, or another --state-dir", .path.display())]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its schema number.
        found: i64,
        /// The newest schema number this program knows.
        known: i64,
    },
    /// Anything else.
    #[error("could not open the database {}: {reason}", .path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// The reason, which the message holds already.
        reason: StoreError,
    },
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn of(extended_code: i32) -> StoreError {
        rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(extended_code), None).into()
    }

    #[test]
    fn what_may_pass_is_told_from_what_ends_the_program() {
        use rusqlite::ffi;
        let passing = [
            ffi::SQLITE_BUSY,
            ffi::SQLITE_BUSY_SNAPSHOT,
            ffi::SQLITE_FULL,
            ffi::SQLITE_READONLY,
            ffi::SQLITE_IOERR_WRITE,
            ffi::SQLITE_IOERR_FSYNC,
            ffi::SQLITE_IOERR_SHMSIZE,
            ffi::SQLITE_CANTOPEN,
            ffi::SQLITE_NOMEM,
        ];
        for code in passing {
            assert!(of(code).is_transient() && !of(code).is_fatal(), "{code}: {}", of(code));
        }
        let ends = [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB, ffi::SQLITE_IOERR_CORRUPTFS, ffi::SQLITE_IOERR_DATA];
        for error in ends.map(of).into_iter().chain([StoreError::Fenced, StoreError::Closed]) {
            assert!(error.is_fatal() && !error.is_transient(), "{error}");
        }
    }

    #[test]
    fn a_request_that_breaks_a_rule_of_the_tables_is_alone_at_fault() {
        let connection = Connection::open_in_memory().expect("a database");
        let broken = connection.execute_batch("CREATE TABLE t (x NOT NULL); INSERT INTO t VALUES (NULL)");
        let unreadable = serde_json::from_str::<u8>("x").map_err(StoreError::from);
        for error in [StoreError::from(broken.expect_err("refused")), unreadable.expect_err("no number")] {
            assert!(!error.is_transient() && !error.is_fatal(), "{error}");
        }
    }

    #[test]
    fn a_database_that_may_not_grow_is_a_full_disk() {
        let connection = Connection::open_in_memory().expect("a database");
        let sql = "PRAGMA max_page_count = 2; CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(100000))";
        let full = StoreError::from(connection.execute_batch(sql).expect_err("it does not fit"));
        assert!(matches!(full, StoreError::DiskFull), "{full}");
    }
}
