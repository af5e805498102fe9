//! Hooks that were made on the command line, and which deliveries of any hook are known.
//!
//! The database is readable by its owner alone, as the configuration file should be, and a signature can only be checked by
//! who has the secret, so secrets stand here as they are.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, params};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use signalbox_adapter::ChatAddress;

use super::chat::ChatKey;
use super::error::StoreError;
use super::id::IncidentId;
use super::tx::Tx;
use crate::alert::{Alert, Firing};
use crate::clock::Timestamp;
use crate::config::{Hook, HookSource, Silencing};
use crate::incident::AlertOrigin;

/// How long a delivery is known.
pub const DELIVERY_KNOWN_FOR: Duration = Duration::from_secs(7 * 24 * 3600);
/// The key of the address at which HTTP is answered.
const HTTP_ADDRESS: &str = "http-address";

/// A hook that was made on the command line.
#[derive(Debug, Clone)]
pub struct KeptHook {
    /// The hook.
    pub hook: Hook,
    /// When it was made.
    pub created_at: Timestamp,
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptHook> {
    fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
    }
    let source: String = row.get(1)?;
    let source = HookSource::from_word(&source).ok_or_else(|| invalid(format!("unknown source {source:?}")))?;
    let target: ChatAddress = row.get::<_, String>(2)?.parse().map_err(invalid)?;
    let secret: String = row.get(3)?;
    let silences: Option<String> = row.get(5)?;
    let silences = silences.map(|json| silencing(&json).map_err(invalid)).transpose()?;
    let hook = Hook { silences, ..Hook::plain(row.get(0)?, source, target, secret.into()) };
    Ok(KeptHook { hook, created_at: row.get(4)? })
}

/// Where silences are written, as it is stored.
#[derive(Serialize, Deserialize)]
struct KeptSilencing {
    url: String,
    token: Option<String>,
}

fn silencing(json: &str) -> Result<Silencing, String> {
    let KeptSilencing { url, token } = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Silencing::of(&url, token.map(Into::into))
}

impl Tx<'_> {
    /// Keeps a hook with what can be said of one on the command line; `false` when its id is taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_hook(&self, hook: &Hook) -> Result<bool, StoreError> {
        let silences = hook.silences.as_ref().map(|one| KeptSilencing {
            url: one.url.to_string(),
            token: one.secret().map(|secret| secret.expose_secret().to_owned()),
        });
        let silences = silences.as_ref().map(serde_json::to_string).transpose()?;
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO hooks (id, source, address, secret, created_at, silences) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (id) DO NOTHING",
        )?;
        let values = params![
            hook.id,
            hook.source.as_str(),
            hook.target.to_string(),
            hook.secret.expose_secret(),
            self.now(),
            silences
        ];
        Ok(statement.execute(values)? > 0)
    }

    /// Forgets a hook; `false` when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove_hook(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self.connection.prepare_cached("DELETE FROM hooks WHERE id = ?1")?.execute([id])? > 0)
    }

    /// Returns a hook.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hook(&self, id: &str) -> Result<Option<KeptHook>, StoreError> {
        let sql = "SELECT id, source, address, secret, created_at, silences FROM hooks WHERE id = ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([id], read).optional()?)
    }

    /// Returns all hooks by their ids, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hooks(&self, limit: usize) -> Result<Vec<KeptHook>, StoreError> {
        let sql = "SELECT id, source, address, secret, created_at, silences FROM hooks ORDER BY id LIMIT ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes a delivery by its keys; `false` when one of them is known, so that it is a copy.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn first_delivery(&self, hook: &str, keys: &[String]) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM hook_deliveries WHERE hook = ?1 AND key = ?2 AND expires_at >= ?3)";
        for key in keys {
            if self.connection.prepare_cached(sql)?.query_row(params![hook, key, self.now()], |row| row.get(0))? {
                return Ok(false);
            }
        }
        let sql = "INSERT INTO hook_deliveries (hook, key, expires_at) VALUES (?1, ?2, ?3)
                   ON CONFLICT (hook, key) DO UPDATE SET expires_at = ?3";
        for key in keys {
            let end = self.now().after(DELIVERY_KNOWN_FOR);
            self.connection.prepare_cached(sql)?.execute(params![hook, key, end])?;
        }
        Ok(true)
    }

    /// Returns the newest incident of a chat to which an alert belongs by its door and fingerprint, and whether that fires.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn incident_of_alert(
        &self,
        target: &ChatAddress,
        origin: &AlertOrigin,
        alert: &Alert,
    ) -> Result<Option<(IncidentId, Firing)>, StoreError> {
        let fingerprint = origin.identity(target, alert);
        let sql = "SELECT incident, firing FROM incident_alerts WHERE chat = ?1 AND fingerprint = ?2
                   ORDER BY incident DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let known = statement.query_row(params![ChatKey::of(target), fingerprint], |row| {
            Ok((row.get(0)?, if row.get(1)? { Firing::Firing } else { Firing::Resolved }))
        });
        Ok(known.optional()?)
    }

    /// Returns where a chat that was written down is by now: it may have got another id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn current_address(&self, target: &ChatAddress) -> Result<ChatAddress, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT chat FROM moved_chats WHERE was = ?1")?;
        let moved: Option<ChatKey> = statement.query_row([ChatKey::of(target)], |row| row.get(0)).optional()?;
        Ok(moved.map_or_else(|| target.clone(), |chat| ChatAddress { chat: chat.chat().clone(), ..target.clone() }))
    }

    /// Remembers the address at which HTTP is answered, for commands that ask there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_http_address(&self, address: &str) -> Result<(), StoreError> {
        self.put(HTTP_ADDRESS, address, None)
    }

    /// Returns the address at which HTTP was answered last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn http_address(&self) -> Result<Option<String>, StoreError> {
        self.fact(HTTP_ADDRESS)
    }
}
