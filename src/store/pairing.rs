//! Pairing: a code that somebody at this machine made, and that a person sends to the bot.
//!
//! A code is for one use and a short time. Wrong tries are counted for each person, so that nobody can guess one.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};
use signalbox_adapter::{Provider, Sender, UserId};

use super::error::StoreError;
use super::tx::Tx;
use crate::clock::Timestamp;
use crate::config::Role;

/// Characters of a code.
pub const CODE_CHARS: usize = 8;
/// How long a code holds.
pub const CODE_LASTS: Duration = Duration::from_secs(600);
/// Wrong tries that a person has in [`TRIES_IN`].
pub const MAX_TRIES: usize = 5;
/// How long a wrong try counts.
pub const TRIES_IN: Duration = Duration::from_secs(3600);

/// A person who was paired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paired {
    /// Where.
    pub provider: Provider,
    /// Immutable id.
    pub user: UserId,
    /// Display name when it was done.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// When.
    pub since: Timestamp,
}

/// What came of a code that somebody sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redeemed {
    /// They are paired, with this role.
    Paired(Role),
    /// It is not right, or has expired; so many tries are left.
    Wrong(usize),
    /// They have tried too often; it was not looked at.
    TooMany,
}

impl Tx<'_> {
    /// Stores a code of [`new_code`] that pairs whoever sends it first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn issue_code(&self, code: &str, role: Role) -> Result<(), StoreError> {
        self.connection.prepare_cached("DELETE FROM pairing_codes WHERE expires_at < ?1")?.execute([self.now()])?;
        self.connection
            .prepare_cached("INSERT INTO pairing_codes (code, role, expires_at) VALUES (?1, ?2, ?3)")?
            .execute(params![code, role.as_str(), self.now().after(CODE_LASTS)])?;
        Ok(())
    }

    /// Whether a code waits for somebody to send it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn has_open_code(&self) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM pairing_codes WHERE expires_at >= ?1)";
        Ok(self.connection.prepare_cached(sql)?.query_row([self.now()], |row| row.get(0))?)
    }

    /// Makes a code void, such as one that others could read; `false` where it was not open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn burn_code(&self, code: &str) -> Result<bool, StoreError> {
        let mut statement =
            self.connection.prepare_cached("DELETE FROM pairing_codes WHERE code = ?1 AND expires_at >= ?2")?;
        Ok(statement.execute(params![code.to_ascii_lowercase(), self.now()])? > 0)
    }

    /// Takes a code from somebody: it is used up if it is right.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn redeem(&self, code: &str, provider: &Provider, who: &Sender) -> Result<Redeemed, StoreError> {
        let (provider, user) = (provider.as_str(), who.id.as_str());
        self.connection
            .prepare_cached("DELETE FROM pairing_tries WHERE at < ?1")?
            .execute([self.now().before(TRIES_IN)])?;
        let tries: usize = self
            .connection
            .prepare_cached("SELECT count(*) FROM pairing_tries WHERE provider = ?1 AND \"user\" = ?2")?
            .query_row([provider, user], |row| row.get(0))?;
        if tries >= MAX_TRIES {
            return Ok(Redeemed::TooMany);
        }
        let role: Option<String> = self
            .connection
            .prepare_cached("DELETE FROM pairing_codes WHERE code = ?1 AND expires_at >= ?2 RETURNING role")?
            .query_row(params![code.to_ascii_lowercase(), self.now()], |row| row.get(0))
            .optional()?;
        let Some(role) = role.as_deref().and_then(Role::from_word) else {
            self.connection
                .prepare_cached("INSERT INTO pairing_tries (provider, \"user\", at) VALUES (?1, ?2, ?3)")?
                .execute(params![provider, user, self.now()])?;
            return Ok(Redeemed::Wrong(MAX_TRIES - tries - 1));
        };
        let role = self.paired_role(provider, user)?.map_or(role, |had| had.max(role));
        self.connection
            .prepare_cached(
                "INSERT INTO paired (provider, \"user\", name, role, paired_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (provider, \"user\") DO UPDATE SET name = ?3, role = ?4, paired_at = ?5",
            )?
            .execute(params![provider, user, who.name, role.as_str(), self.now()])?;
        Ok(Redeemed::Paired(role))
    }

    /// Returns what a paired person may do.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn paired_role(&self, provider: &str, user: &str) -> Result<Option<Role>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT role FROM paired WHERE provider = ?1 AND \"user\" = ?2")?;
        let role: Option<String> = statement.query_row([provider, user], |row| row.get(0)).optional()?;
        Ok(role.as_deref().and_then(Role::from_word))
    }

    /// Returns everybody who is paired, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn paired(&self) -> Result<Vec<Paired>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT provider, \"user\", name, role, paired_at FROM paired ORDER BY paired_at DESC")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get::<_, String>(3)?, row.get(4)?))
        })?;
        rows.map(|row| {
            let (provider, user, name, role, since) = row?;
            let role = Role::from_word(&role).ok_or_else(|| StoreError::Other(format!("unknown role {role:?}")))?;
            Ok(Paired { provider: Provider::new(provider), user: UserId::new(user), name, role, since })
        })
        .collect()
    }

    /// Takes a person's pairing back; `false` when there was none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unpair(&self, provider: &str, user: &str) -> Result<bool, StoreError> {
        let mut statement =
            self.connection.prepare_cached("DELETE FROM paired WHERE provider = ?1 AND \"user\" = ?2")?;
        Ok(statement.execute([provider, user])? > 0)
    }
}

/// Makes a code that nobody can guess, without look-alikes.
#[must_use]
pub fn new_code() -> String {
    const LETTERS: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";
    // The lower 62 bits of a random UUID are random.
    let mut bits = uuid::Uuid::new_v4().as_u64_pair().1 & (u64::MAX >> 2);
    let mut letter = || {
        let index = usize::try_from(bits % 31).expect("it is below 31");
        bits /= 31;
        char::from(LETTERS[index])
    };
    (0..CODE_CHARS).map(|_| letter()).collect()
}

/// Whether a word has the form of a code.
#[must_use]
pub fn is_code(word: &str) -> bool {
    word.len() == CODE_CHARS && word.bytes().all(|b| b.is_ascii_alphanumeric())
}
