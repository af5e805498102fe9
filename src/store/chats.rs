//! What a chat remembers: its active context, and small facts.

use rusqlite::{OptionalExtension, params};

use super::{StoreError, Tx};
use crate::clock::Timestamp;

impl Tx<'_> {
    /// Makes a session the one that free text of this chat follows up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_active_session(&self, chat: &str, session: Option<i64>) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO chats (chat, active_session) VALUES (?1, ?2)
                 ON CONFLICT (chat) DO UPDATE SET active_session = ?2",
            )?
            .execute(params![chat, session])?;
        Ok(())
    }

    /// Returns the id of the session that free text of this chat follows up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn active_session_id(&self, chat: &str) -> Result<Option<i64>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT active_session FROM chats WHERE chat = ?1")?;
        Ok(statement.query_row([chat], |row| row.get(0)).optional()?.flatten())
    }

    /// Whether this happens for the first time in `span`; remembers that it happened now if so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn first_in(&self, what: &str, span: std::time::Duration) -> Result<bool, StoreError> {
        let key = format!("last:{what}");
        let last: Option<String> = self
            .connection
            .prepare_cached("SELECT value FROM kv WHERE key = ?1")?
            .query_row([&key], |row| row.get(0))
            .optional()?;
        let last = last.and_then(|value| value.parse().ok()).map(Timestamp);
        if last.is_some_and(|last| self.now().since(last) < span) {
            return Ok(false);
        }
        self.connection
            .prepare_cached("INSERT INTO kv (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2")?
            .execute(params![key, self.now().0.to_string()])?;
        Ok(true)
    }
}
