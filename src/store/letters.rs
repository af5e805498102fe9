//! Looking at deliveries, and what people do with dead letters.

use rusqlite::{OptionalExtension, Rows, params};
use signalbox_adapter::ChatAddress;

use super::delivery::{Delivery, State};
use super::error::StoreError;
use super::id::{InboxId, TaskId};
use super::outbox::{COLUMNS, is_unreadable, read};
use super::tx::Tx;

/// Reads the rows that can be read; each other is named in the log, by the key with which it can be dropped.
fn readable(mut rows: Rows<'_>) -> Result<Vec<Delivery>, StoreError> {
    let mut deliveries = Vec::new();
    while let Some(row) = rows.next()? {
        match read(row) {
            Ok(delivery) => deliveries.push(delivery),
            Err(error) if is_unreadable(&error) => {
                let key: String = row.get(1).unwrap_or_default();
                tracing::error!(key, %error, "passed over a message that cannot be read; `outbox drop` removes it");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(deliveries)
}

impl Tx<'_> {
    /// Returns deliveries for people to look at, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deliveries(&self, state: Option<State>, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM outbox WHERE ?1 IS NULL OR state = ?1 ORDER BY id DESC LIMIT ?2");
        let mut statement = self.connection.prepare_cached(&sql)?;
        readable(statement.query(params![state.map(State::as_str), limit])?)
    }

    /// Returns what was said of a task, or in answer to an inbound message, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deliveries_of(&self, task: Option<&TaskId>, inbox: Option<InboxId>) -> Result<Vec<Delivery>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM outbox WHERE task = ?1 OR inbox = ?2 ORDER BY id");
        let mut statement = self.connection.prepare_cached(&sql)?;
        readable(statement.query(params![task, inbox])?)
    }

    /// Returns a delivery by its key, or by the provider's message id in a chat.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn delivery(
        &self,
        key_or_message: &str,
        address: Option<&ChatAddress>,
    ) -> Result<Option<Delivery>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox WHERE key = ?1 OR (address = ?2 AND message = ?1)
             LIMIT 1"
        );
        let address = address.map(ToString::to_string);
        Ok(self.connection.prepare_cached(&sql)?.query_row(params![key_or_message, address], read).optional()?)
    }

    /// Sends a dead letter again, with the parts that waited for it; `false` when the key is not in the list.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn retry_delivery(&self, key: &str) -> Result<bool, StoreError> {
        let changed = self
            .connection
            .prepare_cached(
                "WITH RECURSIVE rest (key) AS (
                     SELECT key FROM outbox WHERE key = ?1 AND state = 'failed'
                     UNION SELECT o.key FROM outbox o JOIN rest ON o.after = rest.key)
                 UPDATE outbox SET state = 'pending', finished_at = NULL, next_at = 0, attempts = 0, created_at = ?2
                 WHERE state = 'failed' AND key IN (SELECT key FROM rest)",
            )?
            .execute(params![key, self.now()])?;
        self.effects.borrow_mut().deliver = true;
        Ok(changed > 0)
    }

    /// Removes a dead letter for good; `false` when the key is not in the list.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn drop_delivery(&self, key: &str) -> Result<bool, StoreError> {
        let changed =
            self.connection.prepare_cached("DELETE FROM outbox WHERE key = ?1 AND state = 'failed'")?.execute([key])?;
        Ok(changed > 0)
    }
}
