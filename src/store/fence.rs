//! Fencing numbers: whoever takes a role raises its number, and every write of a former holder is refused from then on.

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::tx::Tx;

/// Proof of holding a role, as long as nobody else has taken it since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    pub(super) role: String,
    pub(super) number: i64,
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

    pub(super) fn raise_fence(&self, role: &str, holder: u32) -> Result<i64, StoreError> {
        Ok(self.connection.query_row(
            "INSERT INTO roles (name, fence, holder, taken_at) VALUES (?1, 1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET fence = roles.fence + 1, holder = ?2, taken_at = ?3 RETURNING fence",
            params![role, holder, self.now()],
            |row| row.get(0),
        )?)
    }

    pub(super) fn holder(&self, role: &str) -> Result<Option<u32>, StoreError> {
        Ok(self
            .connection
            .query_row("SELECT holder FROM roles WHERE name = ?1", [role], |row| row.get(0))
            .optional()?)
    }
}
