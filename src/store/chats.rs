//! What a chat remembers: its active context, and small facts.

use rusqlite::{OptionalExtension, params};
use signalbox_adapter::{ChatAddress, ChatId};

use super::chat::chat;
use super::error::StoreError;
use super::tx::Tx;
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

    /// Gives a chat its new id: its sessions, its unfinished tasks and what still waits to be said there go with it.
    ///
    /// Messages of the old chat have no ids in the new one, so nothing replies to them or edits them any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn move_chat(&self, from: &ChatAddress, to: &ChatId) -> Result<(), StoreError> {
        let was = chat(from);
        let now = chat(&ChatAddress { chat: to.clone(), ..from.clone() });
        if was == now {
            return Ok(());
        }
        let steps = [
            "INSERT INTO moved_chats (chat, was) VALUES (?2, ?1) ON CONFLICT (chat) DO UPDATE SET was = ?1",
            "UPDATE OR IGNORE chats SET chat = ?2 WHERE chat = ?1",
            "UPDATE OR IGNORE sessions SET chat = ?2, address = ?2 || substr(address, length(?1) + 1) WHERE chat = ?1",
            "UPDATE tasks SET chat = ?2, address = ?2 || substr(address, length(?1) + 1), reply_to = NULL
             WHERE chat = ?1 AND finished_at IS NULL",
            "UPDATE investigations SET chat = ?2 WHERE chat = ?1",
            "DELETE FROM outbox WHERE lane = ?1 || '~' AND state IN ('pending', 'unknown') AND ?2 <> ''",
            "UPDATE outbox SET lane = ?2, address = ?2 || substr(address, length(?1) + 1), reply_to = NULL
             WHERE lane = ?1 AND state IN ('pending', 'sending', 'unknown')",
        ];
        for step in steps {
            self.connection.prepare_cached(step)?.execute(params![was, now])?;
        }
        self.effects.borrow_mut().deliver = true;
        Ok(())
    }

    /// Returns the id that a chat had before, as the tables name it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn former_chat(&self, chat: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT was FROM moved_chats WHERE chat = ?1")?;
        Ok(statement.query_row([chat], |row| row.get(0)).optional()?)
    }

    /// Remembers the name by which a provider knows the bot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_bot_name(&self, provider: &str, name: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO kv (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2")?
            .execute([&format!("bot-name:{provider}"), name])?;
        Ok(())
    }

    /// Returns the name by which a provider knew the bot when it was last asked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn bot_name(&self, provider: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT value FROM kv WHERE key = ?1")?;
        Ok(statement.query_row([format!("bot-name:{provider}")], |row| row.get(0)).optional()?)
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
