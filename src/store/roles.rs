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

/// A held role; dropping it releases the lock.
#[derive(Debug)]
pub struct HeldRole {
    fence: Fence,
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

    /// Takes the role of listening for one bot, if it is free.
    ///
    /// # Errors
    /// [`RoleError::Held`] when another process has it.
    pub async fn take_poller(&self, provider: &str, bot_id: &str) -> Result<HeldRole, RoleError> {
        self.take(&format!("poller:{provider}:{bot_id}")).await
    }

    async fn take(&self, name: &str) -> Result<HeldRole, RoleError> {
        let lock =
            files::open_private(&self.directory().join("roles").join(format!("{}.lock", name.replace(':', "-"))))?;
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
