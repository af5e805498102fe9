//! The inbox: what arrived, each once.

use rusqlite::{OptionalExtension, Row, params};
use signalbox_adapter::{ChatAddress, Incoming, IncomingKind, MessageId, UserId};

use super::chat::ChatKey;
use super::error::StoreError;
use super::id::InboxId;
use super::tx::Tx;
use crate::clock::Timestamp;

/// What became of an inbound message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboxOutcome {
    /// Done as asked, or under way.
    Ok,
    /// Not understood, not allowed or not possible; the chat was told why.
    Refused,
    /// Nothing to do.
    Ignored,
}

impl InboxOutcome {
    fn parse(word: &str) -> Self {
        match word {
            "refused" => Self::Refused,
            "ignored" => Self::Ignored,
            _ => Self::Ok,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Ignored => "ignored",
        }
    }
}

/// An inbound message that waits for the router.
#[derive(Debug, Clone)]
pub struct OpenInbound {
    /// Row id.
    pub id: InboxId,
    /// The message.
    pub incoming: Incoming,
    /// When it arrived.
    pub received_at: Timestamp,
}

/// A row that waits for the router and cannot be read, such as one that a later version has written.
#[derive(Debug, Clone)]
pub struct UnreadableRow {
    /// Row id.
    pub id: InboxId,
    /// Why.
    pub why: String,
}

impl Tx<'_> {
    /// Returns the words of a message; `None` for one that was no text.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inbound_text(&self, inbox: InboxId) -> Result<Option<String>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT incoming FROM inbox WHERE id = ?1")?;
        let body: Option<String> = statement.query_row([inbox], |row| row.get(0)).optional()?;
        Ok(body.map(|body| text(&body)).transpose()?.flatten())
    }

    /// Stores an inbound message; `None` when its key is known already and this is a copy.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn accept(&self, incoming: &Incoming) -> Result<Option<InboxId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO inbox (key, chat, message, incoming, state, received_at) VALUES (?1, ?2, ?3, ?4, 'open', ?5)
             ON CONFLICT (key) DO NOTHING",
        )?;
        let message = incoming.message.as_ref().map(MessageId::as_str);
        let body = serde_json::to_string(incoming)?;
        let values = params![incoming.key.as_str(), ChatKey::of(&incoming.address), message, body, self.now()];
        if statement.execute(values)? == 0 {
            return Ok(None);
        }
        // Read by its key: what a statement returns goes through a table that is made and dropped for it.
        let mut statement = self.connection.prepare_cached("SELECT id FROM inbox WHERE key = ?1")?;
        Ok(Some(statement.query_row([incoming.key.as_str()], |row| row.get(0))?))
    }

    /// Closes an inbound message; its effects are in the same transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn close_inbound(&self, id: InboxId, outcome: InboxOutcome) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE inbox SET state = 'done', outcome = ?2, done_at = ?3 WHERE id = ?1")?
            .execute(params![id, outcome.as_str(), self.now()])?;
        Ok(())
    }

    /// Keeps of a message that became nothing only that it was there, and from whom; in a thread its words may still be told to
    /// an agent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_words(&self, id: InboxId, incoming: &Incoming) -> Result<(), StoreError> {
        if incoming.address.thread.is_some() {
            return Ok(());
        }
        let kind = match &incoming.kind {
            IncomingKind::Text(_) => IncomingKind::Text(String::new()),
            IncomingKind::Edited(_) => IncomingKind::Edited(String::new()),
            other @ (IncomingKind::Deleted | IncomingKind::Moved { .. } | IncomingKind::Button { .. }) => other.clone(),
        };
        let (key, address, sender) = (incoming.key.clone(), incoming.address.clone(), incoming.sender.clone());
        let bare = Incoming { direct: incoming.direct, ..Incoming::new(key, address, sender, kind) };
        self.connection
            .prepare_cached("UPDATE inbox SET incoming = ?2 WHERE id = ?1")?
            .execute(params![id, serde_json::to_string(&bare)?])?;
        Ok(())
    }

    /// Returns what waits for the router after the row `after`, oldest first; a row that cannot be read hides no other.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_inbound(
        &self,
        after: Option<InboxId>,
        limit: usize,
    ) -> Result<Vec<Result<OpenInbound, UnreadableRow>>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, incoming, received_at FROM inbox
             WHERE state = 'open' AND id > coalesce(?2, 0) ORDER BY id LIMIT ?1",
        )?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?));
        let rows = statement.query_map(params![limit, after], read)?;
        rows.map(|row| {
            let (id, body, received_at) = row?;
            let incoming = serde_json::from_str(&body);
            Ok(incoming
                .map(|incoming| OpenInbound { id, incoming, received_at })
                .map_err(|error| UnreadableRow { id, why: error.to_string() }))
        })
        .collect()
    }

    /// Returns what waits for the router in a chat, oldest first, as far as it can be read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_inbound_of(&self, chat: &ChatKey) -> Result<Vec<OpenInbound>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, incoming, received_at FROM inbox WHERE state = 'open' AND chat = ?1 ORDER BY id",
        )?;
        let rows = statement.query_map([chat], |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?)))?;
        let mut open = Vec::new();
        for row in rows {
            let (id, body, received_at) = row?;
            open.extend(serde_json::from_str(&body).ok().map(|incoming| OpenInbound { id, incoming, received_at }));
        }
        Ok(open)
    }

    /// Returns an inbound message; `None` where it is not known any more, or cannot be read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inbound(&self, id: InboxId) -> Result<Option<Incoming>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT incoming FROM inbox WHERE id = ?1")?;
        let body: Option<String> = statement.query_row([id], |row| row.get(0)).optional()?;
        Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
    }

    /// Whether an inbound message still waits for the router.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_open(&self, id: InboxId) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT state = 'open' FROM inbox WHERE id = ?1")?;
        Ok(statement.query_row([id], |row| row.get(0)).optional()?.unwrap_or(false))
    }

    /// Returns the row of a message that still waits for the router, such as a voice note that is being written down.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_of_message(&self, address: &ChatAddress, message: &MessageId) -> Result<Option<InboxId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id FROM inbox WHERE state = 'open' AND chat = ?1 AND message = ?2 ORDER BY id LIMIT 1",
        )?;
        Ok(statement.query_row(params![ChatKey::of(address), message.as_str()], |row| row.get(0)).optional()?)
    }

    /// Returns row id and outcome of an inbound message by its key; the outcome is `None` while it is open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inbound_by_key(&self, key: &str) -> Result<Option<(InboxId, Option<InboxOutcome>)>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT id, outcome FROM inbox WHERE key = ?1")?;
        let row: Option<(InboxId, Option<String>)> =
            statement.query_row([key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        Ok(row.map(|(id, outcome)| (id, outcome.as_deref().map(InboxOutcome::parse))))
    }

    /// Returns what became of a message when it was first sent; `None` when it is not known (any more).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn outcome_of(&self, address: &ChatAddress, message: &MessageId) -> Result<Option<InboxOutcome>, StoreError> {
        // Edits are rare and come soon, so that a look at the newest rows is enough and no index is needed.
        let mut statement = self.connection.prepare_cached(
            "SELECT outcome, incoming FROM inbox WHERE id > (SELECT max(id) - 2000 FROM inbox)
             AND chat = ?1 AND message = ?2 AND outcome IS NOT NULL ORDER BY id",
        )?;
        let mut rows = statement.query(params![ChatKey::of(address), message.as_str()])?;
        while let Some(row) = rows.next()? {
            if text(&row.get::<_, String>(1)?)?.is_some() {
                return Ok(Some(InboxOutcome::parse(&row.get::<_, String>(0)?)));
            }
        }
        Ok(None)
    }

    /// Returns who wrote last in a chat, where it is a direct one with the bot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn person_of_chat(&self, chat: &ChatKey) -> Result<Option<UserId>, StoreError> {
        // Asked for by a rare command, so that no index is needed.
        let sql = "SELECT incoming FROM inbox WHERE chat = ?1 ORDER BY id DESC LIMIT 1";
        let body: Option<String> =
            self.connection.prepare_cached(sql)?.query_row([chat], |row| row.get(0)).optional()?;
        let incoming = body.and_then(|body| serde_json::from_str::<Incoming>(&body).ok());
        Ok(incoming.filter(|incoming| incoming.direct && !incoming.sender.bot).map(|incoming| incoming.sender.id))
    }

    /// Returns when an inbound message arrived.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn received_at(&self, id: InboxId) -> Result<Option<Timestamp>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT received_at FROM inbox WHERE id = ?1")?;
        Ok(statement.query_row([id], |row| row.get(0)).optional()?)
    }
}

/// Returns the words of a stored message; `None` for one that was no text.
fn text(body: &str) -> Result<Option<String>, StoreError> {
    Ok(match serde_json::from_str::<Incoming>(body)?.kind {
        IncomingKind::Text(text) => Some(text),
        _ => None,
    })
}
