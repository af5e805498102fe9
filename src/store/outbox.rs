//! The outbox: one row is one provider call with one effect.
//!
//! Rows of a lane (a chat, and its window where it has some) go out one after the other: results first, all else in the
//! order of its rows, so that no question comes before the message that its task has started. `pending → sending →
//! delivered | failed`; a row found `sending` without a living sender is `unknown`: it may have arrived.

use rusqlite::{Row, params};
use signalbox_adapter::{DeliveryKey, MessageId, Part, Purpose, UserId};

use super::about::About;
use super::chat::ChatKey;
use super::delivery::{Delivery, NewDelivery, Opens, Sending, State};
use super::error::StoreError;
use super::id::{ApprovalId, DeliveryId, TaskId};
use super::tx::Tx;
use crate::clock::Timestamp;

pub(super) const COLUMNS: &str = "id, key, lane, address, purpose, part, buttons, attachment, reply_to, state, attempts, created_at, \
     error, maybe_repeat, task, finished_at, is_edit, \
     (SELECT e.message FROM outbox e WHERE (outbox.is_edit OR outbox.opens IS NOT NULL) AND e.key = outbox.after), plain, \
     about, opens, \"window\", guest, by_words";

/// What is still to be sent.
pub(super) const OPEN: &str = "state IN ('pending', 'sending', 'unknown')";

/// A status message that was never sent; while its time has not come it keeps nothing waiting.
pub(super) const LATER: &str = "state = 'pending' AND purpose = 3 AND attempts = 0";

pub(super) fn purpose_of(number: i64) -> Purpose {
    match number {
        0 => Purpose::Result,
        1 => Purpose::Approval,
        2 => Purpose::Alert,
        _ => Purpose::Progress,
    }
}

pub(super) fn number_of(purpose: Purpose) -> i64 {
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
    let is_edit = row.get(16)?;
    let earlier = row.get::<_, Option<String>>(17)?.map(MessageId::new);
    let reply_to = row.get::<_, Option<String>>(8)?.map(MessageId::new);
    let name: Option<String> = row.get(20)?;
    let guest = row.get::<_, Option<String>>(22)?.map(UserId::new);
    let opens = name.map(|name| Opens { name, guest, at: reply_to.clone().or_else(|| earlier.clone()) });
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
        reply_to,
        state: State::parse(&row.get::<_, String>(9)?),
        attempts: row.get(10)?,
        created_at: row.get(11)?,
        error: row.get(12)?,
        maybe_repeat: row.get(13)?,
        task: row.get(14)?,
        finished_at: row.get(15)?,
        is_edit,
        edit_of: earlier.filter(|_| is_edit),
        plain: row.get(18)?,
        about: row.get(19)?,
        opens,
        window: row.get(21)?,
        by_words: row.get(23)?,
    })
}

/// Whether a row holds what this version cannot read; all other rows can be read on.
pub(super) fn is_unreadable(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    matches!(error, FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..))
}

/// Returns state and attempts of a row that is written: with a sender its first attempt has begun.
pub(super) fn begun(sender: Option<&String>) -> (State, u32) {
    match sender {
        Some(_) => (State::Sending, 1),
        None => (State::Pending, 0),
    }
}

impl Tx<'_> {
    /// Writes a delivery: one row for each part and each file behind them, each waiting for the one before; the first waits for its thread to be opened.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn enqueue(&self, new: &NewDelivery) -> Result<(), StoreError> {
        self.enqueue_after(new, None)
    }

    /// Writes a delivery that waits for another.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn enqueue_after(&self, new: &NewDelivery, first: Option<DeliveryKey>) -> Result<(), StoreError> {
        let provider = new.address.provider.as_str();
        let lane = match &new.window {
            Some(window) => format!("{}#{window}", ChatKey::of(&new.address)),
            None => ChatKey::of(&new.address).to_string(),
        };
        let opening = self.opening_of(&new.address)?;
        let waits = first.is_some();
        let mut before = first;
        let parts =
            new.parts.iter().map(|part| (part, None)).chain(new.files.iter().map(|(part, it)| (part, Some(it))));
        for (index, (part, file)) in parts.enumerate() {
            let last = index + 1 == new.parts.len();
            let key = self.new_key();
            let buttons = if last { new.buttons.as_slice() } else { &[] };
            let attachment =
                file.or(new.attachment.as_ref().filter(|_| last)).map(serde_json::to_string).transpose()?;
            let later = new.not_before.filter(|at| *at > self.now());
            let what = Sending::Message(new.purpose);
            let sender = match &opening {
                None if !waits && later.is_none() => {
                    self.sender_of(&new.address, new.window.as_deref(), &lane, what)?
                }
                None | Some(_) => None,
            };
            let (state, attempts) = begun(sender.as_ref());
            let sql = "INSERT INTO outbox (key, lane, provider, \"window\", address, purpose, part, buttons, attachment, reply_to,
                     after, task, inbox, state, sender, attempts, created_at, about, next_at, postponed_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
            self.connection.prepare_cached(sql)?.execute(params![
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
                before.as_ref().map(DeliveryKey::as_str).or(opening.as_deref()),
                new.task.as_ref().map(TaskId::as_str),
                new.inbox,
                state.as_str(),
                sender,
                attempts,
                self.now(),
                new.about.as_ref().filter(|_| last || file.is_some()),
                later.unwrap_or_default(),
                later.map_or(Timestamp::default(), |_| self.now())
            ])?;
            match (later, self.context.delivering()) {
                (None, _) => self.set_off(&key, &lane, what, state)?,
                (Some(at), Some(delivering)) => delivering.gate.expect(at.since(self.now())),
                (Some(_), None) => {}
            }
            before = Some(key);
        }
        Ok(())
    }

    /// Makes the key of a new delivery: when, and 80 bits by chance. So new keys stand side by side in their index.
    pub(super) fn new_key(&self) -> DeliveryKey {
        let at = u128::try_from(self.context.clock.now().0).unwrap_or(0);
        let chance = u128::from(self.random()) << 16 | u128::from(self.random() & 0xffff);
        DeliveryKey::from_random_bits(at << 80 | chance)
    }

    /// Hands a new row over after the commit, or says that something waits.
    pub(super) fn set_off(&self, key: &DeliveryKey, lane: &str, what: Sending, state: State) -> Result<(), StoreError> {
        if state == State::Sending {
            // Read back: what a statement returns goes through a table that is made and dropped for it.
            let sql = format!("SELECT {COLUMNS} FROM outbox WHERE key = ?1");
            let row = self.connection.prepare_cached(&sql)?.query_row([key.as_str()], read)?;
            self.effects.borrow_mut().send.push(row);
        } else if !self.is_sending(lane, what)? {
            self.effects.borrow_mut().deliver = true;
        }
        Ok(())
    }

    /// Whether this step begins no delivery.
    #[must_use]
    pub fn sends_nothing(&self) -> bool {
        self.effects.borrow().send.is_empty()
    }

    /// Notes a delivery's receipt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn delivered(&self, id: DeliveryId, message: &MessageId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE outbox SET state = 'delivered', message = ?2, finished_at = ?3, error = NULL WHERE id = ?1",
            )?
            .execute(params![id, message.as_str(), self.now()])?;
        // The rest of the lane is claimed together with this; what stands in another may have waited for it.
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE after = (SELECT key FROM outbox WHERE id = ?1) AND {OPEN})
                 OR EXISTS (SELECT 1 FROM outbox WHERE task = (SELECT task FROM outbox WHERE id = ?1) AND is_edit AND {OPEN})"
        );
        let is_awaited: bool = self.connection.prepare_cached(&sql)?.query_row([id], |row| row.get(0))?;
        self.effects.borrow_mut().deliver |= is_awaited;
        Ok(())
    }

    /// Returns the messages that a delivery's chat is known to show for others, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn shown_beside(&self, delivery: &Delivery, limit: u32) -> Result<Vec<MessageId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT message FROM outbox WHERE address = ?1 AND message IS NOT NULL AND id <> ?2 ORDER BY id DESC LIMIT ?3",
        )?;
        let rows = statement
            .query_map(params![delivery.address.to_string(), delivery.id, limit], |row| row.get::<_, String>(0))?;
        Ok(rows.map(|row| row.map(MessageId::new)).collect::<Result<_, _>>()?)
    }

    /// Puts a delivery off: it surely did not arrive.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn postpone(&self, id: DeliveryId, until: Timestamp, error: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE outbox SET state = 'pending', sender = NULL, next_at = ?2, error = ?3, postponed_at = ?4 WHERE id = ?1",
            )?
            .execute(params![id, until, error, self.now()])?;
        Ok(())
    }

    /// Notes that a delivery may have arrived; it is asked about, or sent again and marked, from `until` on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unsure(&self, id: DeliveryId, until: Timestamp, error: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE outbox SET state = 'unknown', sender = NULL, next_at = ?2, error = ?3, maybe_repeat = TRUE,
                     postponed_at = ?4 WHERE id = ?1",
            )?
            .execute(params![id, until, error, self.now()])?;
        Ok(())
    }

    /// Lets a status message be that may have arrived: something newer takes its place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn supersede(&self, id: DeliveryId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE outbox SET state = 'delivered', finished_at = ?2 WHERE id = ?1")?
            .execute(params![id, self.now()])?;
        Ok(())
    }

    /// Removes the status messages of a task that surely nobody has been shown: its result takes their place. One that may
    /// have arrived stays, so that it is asked about and then changed like one that did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn drop_waiting_status(&self, task: &TaskId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "DELETE FROM outbox WHERE task = ?1 AND purpose = ?2 AND NOT is_edit
                     AND state = 'pending' AND NOT maybe_repeat",
            )?
            .execute(params![task.as_str(), number_of(Purpose::Progress)])?;
        Ok(())
    }

    /// Has a task's status message sent at once that was to be sent later; something else is to be said of the task now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hasten_status(&self, task: &TaskId) -> Result<(), StoreError> {
        let sql = format!("UPDATE outbox SET next_at = 0 WHERE task = ?1 AND NOT is_edit AND {LATER} AND next_at > 0");
        let hastened = self.connection.prepare_cached(&sql)?.execute([task.as_str()])?;
        self.effects.borrow_mut().deliver |= hastened > 0;
        Ok(())
    }

    /// Puts the status messages off once more that nobody has been shown and whose tasks run: those whose runs have ended
    /// meanwhile are dropped before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_statuses_off(&self, until: Timestamp) -> Result<(), StoreError> {
        let sql = format!(
            "UPDATE outbox SET next_at = ?1, postponed_at = ?2 WHERE NOT is_edit AND {LATER} AND next_at > 0
                 AND task IN (SELECT id FROM tasks WHERE finished_at IS NULL AND status = 'running')"
        );
        self.connection.prepare_cached(&sql)?.execute([until, self.now()])?;
        Ok(())
    }

    /// Removes a question that nobody has been shown any of, and that nobody need answer any more. One of which something may
    /// have arrived stays whole, so that its message can be changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn drop_waiting_question(&self, approval: &ApprovalId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "WITH RECURSIVE whole (key, before, waits) AS (
                     SELECT key, after, state = 'pending' AND NOT maybe_repeat FROM outbox WHERE about = ?1 AND NOT is_edit
                     UNION SELECT o.key, o.after, o.state = 'pending' AND NOT o.maybe_repeat
                     FROM outbox o JOIN whole ON o.key = whole.before WHERE o.purpose = ?2 AND o.opens IS NULL)
                 DELETE FROM outbox WHERE key IN (SELECT key FROM whole)
                     AND NOT EXISTS (SELECT 1 FROM whole WHERE NOT waits)",
            )?
            .execute(params![About::Approval(approval.clone()), number_of(Purpose::Approval)])?;
        Ok(())
    }

    /// Gives a delivery up, and the parts that wait for it; they go to the dead-letter list.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn give_up(&self, id: DeliveryId, error: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE outbox SET state = 'failed', finished_at = ?2, error = ?3 WHERE id = ?1")?
            .execute(params![id, self.now(), error])?;
        self.card_given_up(id)?;
        // What would have changed it has nothing to change.
        self.connection
            .prepare_cached("DELETE FROM outbox WHERE is_edit AND after = (SELECT key FROM outbox WHERE id = ?1)")?
            .execute([id])?;
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
}
