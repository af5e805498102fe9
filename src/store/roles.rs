//! Roles: what only one process may do at a time.
//!
//! A role is a file lock in the state directory, which the kernel releases when its holder dies, plus a fencing number
//! in the database: whoever takes the role raises it, and every write of a former holder is refused from then on.

use std::fs::{File, TryLockError};
use std::io;

use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError, Tx, files};

/// The right to route, observe and deliver.
const CORE: &str = "core";

/// A held role; dropping it releases the lock.
#[derive(Debug)]
pub struct Role {
    fence: Fence,
    _lock: File,
}

/// Proof of holding a role, as long as nobody else has taken it since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    role: String,
    number: i64,
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

impl Role {
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
    pub async fn take_core(&self) -> Result<Role, RoleError> {
        self.take(CORE).await
    }

    /// Takes the role of listening for one bot, if it is free.
    ///
    /// # Errors
    /// [`RoleError::Held`] when another process has it.
    pub async fn take_poller(&self, provider: &str, bot_id: &str) -> Result<Role, RoleError> {
        self.take(&format!("poller:{provider}:{bot_id}")).await
    }

    async fn take(&self, name: &str) -> Result<Role, RoleError> {
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
        Ok(Role { fence: Fence { role: name.to_owned(), number }, _lock: lock })
    }
}

impl Tx<'_> {
    /// Refuses the step when another process has taken the role since.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when one has.
    pub fn check(&self, fence: &Fence) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT fence FROM roles WHERE name = ?1")?;
        let current: Option<i64> = statement.query_row([&fence.role], |row| row.get(0)).optional()?;
        if current == Some(fence.number) { Ok(()) } else { Err(StoreError::Fenced) }
    }

    fn raise_fence(&self, role: &str, holder: u32) -> Result<i64, StoreError> {
        Ok(self.connection.query_row(
            "INSERT INTO roles (name, fence, holder, taken_at) VALUES (?1, 1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET fence = fence + 1, holder = ?2, taken_at = ?3 RETURNING fence",
            params![role, holder, self.now()],
            |row| row.get(0),
        )?)
    }

    fn holder(&self, role: &str) -> Result<Option<u32>, StoreError> {
        Ok(self
            .connection
            .query_row("SELECT holder FROM roles WHERE name = ?1", [role], |row| row.get(0))
            .optional()?)
    }
}
