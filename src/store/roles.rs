//! Roles: what only one process may do at a time.
//!
//! A role is a file lock in the state directory, which the kernel releases when its holder dies, plus a fencing number
//! in the database: whoever takes the role raises it, and every write of a former holder is refused from then on.

use std::fs::{File, TryLockError};
use std::io;

use super::error::StoreError;
use super::fence::Fence;
use super::files;
use super::handle::Store;

/// The right to route, observe and deliver.
const CORE: &str = "core";
/// The right to be the one `signalbox serve` of a state directory; terminals never take it.
const SERVE: &str = "serve";
/// The lock that a program that serves shares as long as it lives: terminals leave the core role to it.
const WANTED: &str = "core-wanted";

/// A held role; dropping it releases the lock.
#[derive(Debug)]
pub struct HeldRole {
    fence: Fence,
    _lock: File,
}

/// The wish of a program that serves to have the core role; dropping it takes it back.
#[derive(Debug)]
pub struct WantedRole {
    _lock: File,
}

/// Tells why a role could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// Another process holds it.
    #[error("another signalbox (process {}) already runs on this state directory", holder.map_or_else(|| "unknown".into(), |pid| pid.to_string()))]
    Held {
        /// The holder's process id, where it is known.
        holder: Option<u32>,
    },
    /// The lock file could not be used.
    #[error("could not lock the role: {0}")]
    Lock(#[from] io::Error),
    /// The store could not note it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl HeldRole {
    /// Returns the proof to pass to writes.
    #[must_use]
    pub fn fence(&self) -> &Fence {
        &self.fence
    }
}

impl Store {
    /// Takes the role of routing, observing and delivering, if it is free.
    ///
    /// # Errors
    /// [`RoleError::Held`] when another process has it.
    pub async fn take_core(&self) -> Result<HeldRole, RoleError> {
        self.take(CORE).await
    }

    /// Takes the role of the one program that serves, if it is free.
    ///
    /// # Errors
    /// [`RoleError::Held`] when another process serves.
    pub async fn take_serve(&self) -> Result<HeldRole, RoleError> {
        self.take(SERVE).await
    }

    /// Asks terminals for the core role, as long as what is returned lives.
    ///
    /// # Errors
    /// [`RoleError::Lock`].
    pub fn want_core(&self) -> Result<WantedRole, RoleError> {
        let lock = self.lock_file(WANTED)?;
        // Waits for a terminal that looks whether somebody wants it, which takes no time.
        lock.lock_shared()?;
        Ok(WantedRole { _lock: lock })
    }

    /// Whether a program that serves asks for the core role, or has it. Another process that asks the same at the same moment
    /// is taken for one, too, so that only a second yes is sure.
    ///
    /// # Errors
    /// [`RoleError::Lock`].
    pub fn is_core_wanted(&self) -> Result<bool, RoleError> {
        match self.lock_file(WANTED)?.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    fn lock_file(&self, name: &str) -> io::Result<File> {
        files::open_private(&self.directory().join("roles").join(format!("{}.lock", name.replace(':', "-"))))
    }

    /// Takes the role of listening for one bot, if it is free.
    ///
    /// # Errors
    /// [`RoleError::Held`] when another process has it.
    pub async fn take_poller(&self, provider: &str, bot_id: &str) -> Result<HeldRole, RoleError> {
        self.take(&format!("poller:{provider}:{bot_id}")).await
    }

    async fn take(&self, name: &str) -> Result<HeldRole, RoleError> {
        let lock = self.lock_file(name)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let role = name.to_owned();
                let holder = self.read(move |tx| tx.holder(&role)).await?;
                return Err(RoleError::Held { holder });
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let role = name.to_owned();
        let number = self.write(None, move |tx| tx.raise_fence(&role, std::process::id())).await?.value;
        Ok(HeldRole { fence: Fence { role: name.to_owned(), number }, _lock: lock })
    }
}
