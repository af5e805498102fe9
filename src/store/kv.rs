//! Small facts: one value under one key, kept for ever or up to an instant.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::tx::Tx;
use crate::clock::Timestamp;

/// The key of what tells this installation from others, and its length in characters.
const INSTALLATION: &str = "installation";
const INSTALLATION_CHARS: usize = 12;

impl Tx<'_> {
    /// Notes a fact, in place of an earlier one; `None` keeps it for ever.
    pub(super) fn put(&self, key: &str, value: &str, expires_at: Option<Timestamp>) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO kv (key, value, expires_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (key) DO UPDATE SET value = ?2, expires_at = ?3",
            )?
            .execute(params![key, value, expires_at])?;
        Ok(())
    }

    /// Returns a fact.
    pub(super) fn fact(&self, key: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT value FROM kv WHERE key = ?1")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }

    /// Remembers the name by which a provider knows the bot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_bot_name(&self, provider: &str, name: &str) -> Result<(), StoreError> {
        self.put(&format!("bot-name:{provider}"), name, None)
    }

    /// Returns the name by which a provider knew the bot when it was last asked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn bot_name(&self, provider: &str) -> Result<Option<String>, StoreError> {
        self.fact(&format!("bot-name:{provider}"))
    }

    /// Makes the id of a letter of one that no other letter of this installation has: nor has one of another, where two write
    /// from one address.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn letter_id(&self, own: &str) -> Result<String, StoreError> {
        let installation = match self.fact(INSTALLATION)? {
            Some(installation) => installation,
            None => {
                let made = self.short_id(INSTALLATION_CHARS);
                self.put(INSTALLATION, &made, None)?;
                made
            }
        };
        Ok(format!("{own}-{installation}"))
    }

    /// Keeps what a listener notes for its next life, in place of what it noted under this name before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_note(&self, listener: &str, name: &str, words: &str) -> Result<(), StoreError> {
        self.put(&format!("note:{listener}:{name}"), words, None)
    }

    /// Returns what a listener noted last under a name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn kept_note(&self, listener: &str, name: &str) -> Result<Option<String>, StoreError> {
        self.fact(&format!("note:{listener}:{name}"))
    }

    /// Whether this happens for the first time in `span`; remembers for so long that it happened now if so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn first_in(&self, what: &str, span: Duration) -> Result<bool, StoreError> {
        let (key, now) = (format!("last:{what}"), self.now());
        let last = self.fact(&key)?.and_then(|value| value.parse().ok()).map(Timestamp);
        if last.is_some_and(|last| now.since(last) < span) {
            return Ok(false);
        }
        self.put(&key, &now.0.to_string(), Some(now.after(span)))?;
        Ok(true)
    }
}
