//! Windows: several terminals may show the same chat, and a result is printed by the one that asked.
//!
//! An open window holds a lock on a file of its own, which the kernel releases when its process dies; results of a
//! window that is gone belong to the next interactive one.

use std::fs::{File, TryLockError};
use std::io;
use std::path::PathBuf;

use super::{Store, files};

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
