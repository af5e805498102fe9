//! Windows: several terminals may show the same chat, and a result is printed by the one that asked.
//!
//! An open window holds a lock on a file of its own, which the kernel releases when its process dies; results of a
//! window that is gone belong to the next interactive one.

use std::fs::{File, TryLockError};
use std::io;
use std::path::PathBuf;

use rusqlite::params;

use super::error::StoreError;
use super::files;
use super::handle::Store;
use super::outbox::OPEN;
use super::tx::Tx;

/// The lock of an open window.
#[derive(Debug)]
pub struct WindowLock {
    path: PathBuf,
    _lock: File,
}

impl Drop for WindowLock {
    fn drop(&mut self) {
        // Left behind it would only cost a look at the next start.
        std::fs::remove_file(&self.path).ok();
    }
}

impl Store {
    fn window_file(&self, window: &str) -> PathBuf {
        self.directory().join("windows").join(format!("{window}.lock"))
    }

    /// Opens a window; `id` is letters and digits, and new.
    ///
    /// # Errors
    /// What the system says of the lock file.
    pub fn open_window(&self, id: &str) -> io::Result<WindowLock> {
        let path = self.window_file(id);
        let lock = files::open_private(&path)?;
        lock.lock()?;
        Ok(WindowLock { path, _lock: lock })
    }

    /// Whether the process behind a window is gone.
    #[must_use]
    pub fn is_window_gone(&self, id: &str) -> bool {
        let Ok(lock) = File::open(self.window_file(id)) else { return true };
        !matches!(lock.try_lock(), Err(TryLockError::WouldBlock))
    }
}

impl Tx<'_> {
    /// Returns the windows of a provider for which something waits, or will when their tasks end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_windows(&self, provider: &str) -> Result<Vec<String>, StoreError> {
        let sql = format!(
            "SELECT \"window\" FROM outbox WHERE {OPEN} AND provider = ?1 AND \"window\" IS NOT NULL
             UNION SELECT \"window\" FROM tasks WHERE finished_at IS NULL AND \"window\" IS NOT NULL
                 AND substr(chat, 1, length(?1) + 1) = ?1 || ':'"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([provider], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether something waits that is for no window in particular, such as what alerts bring about.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn has_strays(&self, provider: &str) -> Result<bool, StoreError> {
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE {OPEN} AND provider = ?1 AND \"window\" IS NULL AND state <> 'sending')"
        );
        Ok(self.connection.prepare_cached(&sql)?.query_row([provider], |row| row.get(0))?)
    }

    /// Moves what is for no window in particular to a window.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn adopt_strays(&self, provider: &str, by: &str) -> Result<(), StoreError> {
        let sql = format!(
            "UPDATE outbox SET \"window\" = ?2, lane = lane || '#' || ?2
             WHERE {OPEN} AND provider = ?1 AND \"window\" IS NULL AND state <> 'sending'"
        );
        self.connection.prepare_cached(&sql)?.execute(params![provider, by])?;
        self.effects.borrow_mut().deliver = true;
        Ok(())
    }

    /// Moves what waits for a window that is gone, and what its unfinished tasks will say, to another window.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn adopt_window(&self, provider: &str, gone: &str, by: &str) -> Result<(), StoreError> {
        let sql = format!(
            "UPDATE outbox SET \"window\" = ?3, lane = replace(lane, '#' || ?2, '#' || ?3),
                 maybe_repeat = maybe_repeat OR state = 'sending',
                 state = CASE state WHEN 'sending' THEN 'unknown' ELSE state END
             WHERE {OPEN} AND provider = ?1 AND \"window\" = ?2"
        );
        self.connection.prepare_cached(&sql)?.execute(params![provider, gone, by])?;
        self.connection
            .prepare_cached("UPDATE tasks SET \"window\" = ?2 WHERE \"window\" = ?1 AND finished_at IS NULL")?
            .execute(params![gone, by])?;
        self.effects.borrow_mut().deliver = true;
        Ok(())
    }
}
