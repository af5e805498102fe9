//! What can go wrong with the store, by what to do next.

use std::path::PathBuf;

/// Tells why the store could not do as asked; nothing of the request was stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Another process held the database for longer than the busy time-out; asking again may work.
    #[error("the database was busy for too long; try again")]
    Busy,
    /// The disk is full.
    #[error("the disk that holds the state directory is full; free some space and try again")]
    DiskFull,
    /// The database may only be read.
    #[error("the database cannot be written (read-only file or directory)")]
    ReadOnly,
    /// The database is damaged.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// Another process has taken the role over in the meantime.
    #[error("another signalbox process has taken over")]
    Fenced,
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// Anything else that the database reports.
    #[error("the database reported: {0}")]
    Other(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::{ErrorCode, ffi};
        // The index of the log is made larger by the same call that a full disk lets fail.
        if error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_SHMSIZE) {
            return Self::DiskFull;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.to_string()),
            _ => Self::Other(first_line(&error.to_string())),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(format!("a stored value does not read back: {error}"))
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
