//! The outbox: one row is one provider call with one effect.
//!
//! Rows of a lane (a chat, and its window where it has some) go out one after the other: results first, all else in the
//! order of its rows, so that no question comes before the message that its task has started. `pending → sending →
//! delivered | failed`; a row found `sending` without a living sender is `unknown`: it may have arrived.

use rusqlite::{OptionalExtension, Row, params};
use signalbox_adapter::{Attachment, Button, ChatAddress, DeliveryKey, MessageId, Part, Purpose};

use super::{StoreError, TaskId, Tx};
use crate::clock::Timestamp;

/// State of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for its turn.
    Pending,
    /// A process is sending it.
    Sending,
    /// It may have arrived.
    Unknown,
    /// It arrived.
    Delivered,
    /// It never will; in the dead-letter list.
    Failed,
}

impl State {
    /// Returns the word shown to people and stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "pending" => Self::Pending,
            "sending" => Self::Sending,
            "delivered" => Self::Delivered,
            "failed" => Self::Failed,
            _ => Self::Unknown,
        }
    }
}

/// Which lanes a process delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The provider.
    pub provider: String,
    /// The one window of it; `None` for a provider that has none.
    pub window: Option<String>,
}

/// What this process delivers, and under which name.
#[derive(Debug, Clone)]
pub struct Delivering {
    /// Its lanes.
    pub scopes: Vec<Scope>,
    /// Its name in the rows.
    pub sender: String,
}

/// A delivery to be.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Where it goes.
    pub address: ChatAddress,
    /// Which window of the chat.
    pub window: Option<String>,
    /// The message it answers.
    pub reply_to: Option<String>,
    /// Why.
    pub purpose: Purpose,
    /// Its parts, in order; the buttons go below the last.
    pub parts: Vec<Part>,
    /// Buttons.
    pub buttons: Vec<Button>,
    /// A file that goes with the last part.
    pub attachment: Option<Attachment>,
    /// The task it tells of.
    pub task: Option<TaskId>,
    /// The inbound message it answers.
    pub inbox: Option<i64>,
}

/// A delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Row id: order of writing.
    pub id: i64,
    /// Idempotency key.
    pub key: DeliveryKey,
    /// Lane.
    pub lane: String,
    /// Where it goes.
    pub address: ChatAddress,
    /// Why.
    pub purpose: Purpose,
    /// Rendered text.
    pub part: Part,
    /// Buttons.
    pub buttons: Vec<Button>,
    /// File.
    pub attachment: Option<Attachment>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// State.
    pub state: State,
    /// Attempts so far, the one under way included.
    pub attempts: u32,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was delivered or given up.
    pub finished_at: Option<Timestamp>,
    /// The last error.
    pub error: Option<String>,
    /// Whether an earlier attempt may have arrived.
    pub maybe_repeat: bool,
    /// The task it tells of.
    pub task: Option<String>,
}

pub(super) const COLUMNS: &str = "id, key, lane, address, purpose, part, buttons, attachment, reply_to, state, attempts, created_at, \
     error, maybe_repeat, task, finished_at";

/// What still keeps a lane busy.
pub(super) const OPEN: &str = "state IN ('pending', 'sending', 'unknown')";

fn purpose_of(number: i64) -> Purpose {
    match number {
        0 => Purpose::Result,
        1 => Purpose::Approval,
        2 => Purpose::Alert,
        _ => Purpose::Progress,
    }
}

fn number_of(purpose: Purpose) -> i64 {
    match purpose {
        Purpose::Result => 0,
        Purpose::Approval => 1,
        Purpose::Alert => 2,
        Purpose::Progress => 3,
    }
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    fn invalid(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    }
    Ok(Delivery {
        id: row.get(0)?,
        key: DeliveryKey::try_from(row.get::<_, String>(1)?).map_err(invalid)?,
        lane: row.get(2)?,
        address: row.get::<_, String>(3)?.parse().map_err(invalid)?,
        purpose: purpose_of(row.get(4)?),
        part: Part { body: row.get(5)? },
        buttons: serde_json::from_str(&row.get::<_, String>(6)?).map_err(invalid)?,
        attachment: row
            .get::<_, Option<String>>(7)?
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(invalid)?,
        reply_to: row.get::<_, Option<String>>(8)?.map(MessageId::new),
        state: State::parse(&row.get::<_, String>(9)?),
        attempts: row.get(10)?,
        created_at: row.get(11)?,
        error: row.get(12)?,
        maybe_repeat: row.get(13)?,
        task: row.get(14)?,
        finished_at: row.get(15)?,
    })
}

impl Tx<'_> {
    /// Writes a delivery: one row for each part, each waiting for the one before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn enqueue(&self, new: &NewDelivery) -> Result<(), StoreError> {
        let provider = new.address.provider.as_str();
        let lane = match &new.window {
            Some(window) => format!("{}#{window}", super::chat(&new.address)),
            None => super::chat(&new.address),
        };
        let mut before: Option<DeliveryKey> = None;
        for (index, part) in new.parts.iter().enumerate() {
            let last = index + 1 == new.parts.len();
            let bits = u128::from(self.context.clock.random()) << 64 | u128::from(self.context.clock.random());
            let key = DeliveryKey::from_random_bits(bits);
            let buttons = if last { new.buttons.as_slice() } else { &[] };
            let attachment = new.attachment.as_ref().filter(|_| last).map(serde_json::to_string).transpose()?;
            let sender = self.sender_of(provider, new.window.as_deref(), &lane)?;
            let sql = format!(
                "INSERT INTO outbox (key, lane, provider, window, address, purpose, part, buttons, attachment, reply_to,
                     after, task, inbox, state, sender, attempts, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
                     iif(?14 IS NULL, 'pending', 'sending'), ?14, iif(?14 IS NULL, 0, 1), ?15)
                 RETURNING {COLUMNS}"
            );
            let row = self.connection.prepare_cached(&sql)?.query_row(
                params![
                    key.as_str(),
                    lane,
                    provider,
                    new.window,
                    new.address.to_string(),
                    number_of(new.purpose),
                    part.body,
                    serde_json::to_string(buttons)?,
                    attachment,
                    new.reply_to.as_deref().filter(|_| index == 0),
                    before.as_ref().map(DeliveryKey::as_str),
                    new.task.as_ref().map(TaskId::as_str),
                    new.inbox,
                    sender,
                    self.now()
                ],
                read,
            )?;
            let mut effects = self.effects.borrow_mut();
            match row.state {
                State::Sending => effects.send.push(row),
                State::Pending | State::Unknown | State::Delivered | State::Failed => effects.deliver = true,
            }
            before = Some(key);
        }
        Ok(())
    }

    /// Names this process as the sender when it delivers the lane and nothing else waits there, so that the commit that
    /// writes the row is the only one before its request.
    fn sender_of(&self, provider: &str, window: Option<&str>, lane: &str) -> Result<Option<String>, StoreError> {
        let Some(delivering) = self.context.delivering.get() else { return Ok(None) };
        let ours = delivering
            .scopes
            .iter()
            .any(|scope| scope.provider == provider && scope.window.as_deref().is_none_or(|own| window == Some(own)));
        if !ours {
            return Ok(None);
        }
        let sql = format!("SELECT EXISTS (SELECT 1 FROM outbox WHERE lane = ?1 AND {OPEN})");
        let busy: bool = self.connection.prepare_cached(&sql)?.query_row([lane], |row| row.get(0))?;
        Ok((!busy).then(|| delivering.sender.clone()))
    }

    /// Claims the next delivery of every free lane of `scopes`: marks it `sending` by `sender`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claim_deliveries(&self, scopes: &[Scope], sender: &str, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        let mut claimed = Vec::new();
        for scope in scopes {
            let sql = format!(
                "SELECT id, state, next_at FROM (
                     SELECT id, state, next_at,
                            row_number() OVER (PARTITION BY lane ORDER BY state <> 'sending', min(purpose, 1), id) AS place
                     FROM outbox o WHERE {OPEN} AND provider = ?1 AND (?2 IS NULL OR window = ?2)
                       AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.key = o.after AND b.state <> 'delivered'))
                 WHERE place = 1 AND state <> 'sending' AND next_at <= ?3 ORDER BY id LIMIT ?4"
            );
            let ids: Vec<i64> = self
                .connection
                .prepare_cached(&sql)?
                .query_map(params![scope.provider, scope.window, self.now(), limit], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for id in ids {
                claimed.push(self.claim(id, sender)?);
            }
        }
        Ok(claimed)
    }

    fn claim(&self, id: i64, sender: &str) -> Result<Delivery, StoreError> {
        let sql = format!(
            "UPDATE outbox SET sender = ?2, attempts = attempts + 1, state = 'sending' WHERE id = ?1 RETURNING {COLUMNS}"
        );
        Ok(self.connection.prepare_cached(&sql)?.query_row(params![id, sender], read)?)
    }

    /// Claims the next delivery of one lane, which `sender` has just left free.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claim_next(&self, lane: &str, sender: &str) -> Result<Option<Delivery>, StoreError> {
        let sql = format!(
            "SELECT id FROM (SELECT id, state, next_at FROM outbox o WHERE lane = ?1 AND {OPEN}
                 AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.key = o.after AND b.state <> 'delivered')
                 ORDER BY state <> 'sending', min(purpose, 1), id LIMIT 1)
             WHERE state <> 'sending' AND next_at <= ?2"
        );
        let next = self.connection.prepare_cached(&sql)?.query_row(params![lane, self.now()], |row| row.get(0));
        next.optional()?.map(|id| self.claim(id, sender)).transpose()
    }

    /// Returns when the earliest waiting delivery of `scopes` may be tried, or `None` when nothing waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_delivery_at(&self, scopes: &[Scope]) -> Result<Option<Timestamp>, StoreError> {
        let sql = format!(
            "SELECT min(next_at) FROM outbox WHERE {OPEN} AND state <> 'sending' AND provider = ?1
                 AND (?2 IS NULL OR window = ?2)"
        );
        let mut earliest: Option<Timestamp> = None;
        for scope in scopes {
            let at: Option<Timestamp> = self
                .connection
                .prepare_cached(&sql)?
                .query_row(params![scope.provider, scope.window], |row| row.get(0))?;
            earliest = [earliest, at].into_iter().flatten().min();
        }
        Ok(earliest)
    }

    /// Counts what `scopes` still have to deliver.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_undelivered(&self, scopes: &[Scope], inbox: Option<i64>) -> Result<usize, StoreError> {
        let sql = format!(
            "SELECT count(*) FROM outbox WHERE {OPEN} AND provider = ?1 AND (?2 IS NULL OR window = ?2)
                 AND (?3 IS NULL OR inbox = ?3)"
        );
        let mut waiting = 0;
        for scope in scopes {
            waiting += self
                .connection
                .prepare_cached(&sql)?
                .query_row(params![scope.provider, scope.window, inbox], |row| row.get::<_, usize>(0))?;
        }
        Ok(waiting)
    }

    /// Notes a delivery's receipt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn delivered(&self, id: i64, message: &MessageId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE outbox SET state = 'delivered', message = ?2, finished_at = ?3, error = NULL WHERE id = ?1",
            )?
            .execute(params![id, message.as_str(), self.now()])?;
        self.effects.borrow_mut().deliver = true;
        Ok(())
    }

    /// Puts a delivery off: it surely did not arrive.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn postpone(&self, id: i64, until: Timestamp, error: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE outbox SET state = 'pending', sender = NULL, next_at = ?2, error = ?3 WHERE id = ?1",
            )?
            .execute(params![id, until, error])?;
        Ok(())
    }

    /// Notes that a delivery may have arrived; it is asked about, or sent once more and marked, from `until` on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unsure(&self, id: i64, until: Timestamp, error: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE outbox SET state = 'unknown', sender = NULL, next_at = ?2, error = ?3, maybe_repeat = 1 WHERE id = ?1",
            )?
            .execute(params![id, until, error])?;
        Ok(())
    }

    /// Lets a status message be that may have arrived: something newer takes its place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn supersede(&self, id: i64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE outbox SET state = 'delivered', finished_at = ?2 WHERE id = ?1")?
            .execute(params![id, self.now()])?;
        Ok(())
    }

    /// Removes the status messages of a task that nobody has been shown yet: its result takes their place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn drop_waiting_status(&self, task: &TaskId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM outbox WHERE task = ?1 AND purpose = ?2 AND state IN ('pending', 'unknown')")?
            .execute(params![task.as_str(), number_of(Purpose::Progress)])?;
        Ok(())
    }

    /// Gives a delivery up, and the parts that wait for it; they go to the dead-letter list.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn give_up(&self, id: i64, error: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE outbox SET state = 'failed', finished_at = ?2, error = ?3 WHERE id = ?1")?
            .execute(params![id, self.now(), error])?;
        self.connection
            .prepare_cached(
                "WITH RECURSIVE rest (key) AS (
                     SELECT key FROM outbox WHERE id = ?1
                     UNION SELECT o.key FROM outbox o JOIN rest ON o.after = rest.key)
                 UPDATE outbox SET state = 'failed', finished_at = ?2, error = 'an earlier part failed'
                 WHERE id <> ?1 AND key IN (SELECT key FROM rest)",
            )?
            .execute(params![id, self.now()])?;
        self.effects.borrow_mut().deliver = true;
        Ok(())
    }

    /// Marks as `unknown` what a dead process left `sending` in `scopes`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn doubt_abandoned(&self, scopes: &[Scope], sender: &str) -> Result<usize, StoreError> {
        let mut found = 0;
        for scope in scopes {
            found += self
                .connection
                .prepare_cached(
                    "UPDATE outbox SET state = 'unknown', sender = NULL, maybe_repeat = 1,
                         error = 'the sender stopped before a receipt came'
                     WHERE state = 'sending' AND provider = ?1 AND (?2 IS NULL OR window = ?2) AND sender IS NOT ?3",
                )?
                .execute(params![scope.provider, scope.window, sender])?;
        }
        Ok(found)
    }
}
