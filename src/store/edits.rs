//! Edits: changing what a message shows after it has been written or sent.
//!
//! A message that nobody has been shown yet is changed where it stands. One that may have gone out gets an edit: a row of
//! its own, in a lane of its own beside the chat's, so that no result waits for it, which waits for the receipt of the
//! message that it changes.

use rusqlite::{OptionalExtension, params};
use signalbox_adapter::{Button, ChatAddress, MessageId, Part, Purpose};

use super::about::About;
use super::chat::ChatKey;
use super::delivery::{Delivery, Sending, State};
use super::error::StoreError;
use super::id::TaskId;
use super::outbox::{COLUMNS, LATER, OPEN, begun, number_of, read};
use super::tx::Tx;

/// What became of a task's status message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusMessage {
    /// There is none, or nobody knows whether it arrived.
    Missing,
    /// It waits to be sent, or will never be.
    Waiting,
    /// It is shown here.
    Shown(ChatAddress, MessageId),
}

impl Tx<'_> {
    /// Returns the messages about something that still have buttons.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn with_buttons(&self, about: &About) -> Result<Vec<Delivery>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox WHERE about = ?1 AND NOT is_edit AND buttons <> '[]' AND state <> 'failed'"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([about], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Makes a message show something else; from now on it counts as having these buttons. One that is a dead letter shows
    /// nothing, so that there is nothing to change.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn replace(&self, shown: &Delivery, part: &Part, buttons: &[Button]) -> Result<(), StoreError> {
        if shown.state == State::Failed {
            return Ok(());
        }
        let buttons = serde_json::to_string(buttons)?;
        self.connection
            .prepare_cached("UPDATE outbox SET buttons = ?2 WHERE id = ?1")?
            .execute(params![shown.id, buttons])?;
        // One that may have arrived shows what it said, also where it is to be sent again.
        if shown.state == State::Pending && !shown.maybe_repeat {
            self.connection
                .prepare_cached("UPDATE outbox SET part = ?2 WHERE id = ?1")?
                .execute(params![shown.id, part.body])?;
            return Ok(());
        }
        let lane = format!("{}~", ChatKey::of(&shown.address));
        // An edit that waits is overtaken by this one.
        self.connection
            .prepare_cached("DELETE FROM outbox WHERE is_edit AND after = ?1 AND state = 'pending'")?
            .execute([shown.key.as_str()])?;
        let sender = match shown.state {
            State::Delivered if shown.task.as_ref().map_or(Ok(false), |task| self.result_waits(task))? => None,
            State::Delivered => self.sender_of(&shown.address, None, &lane, Sending::Edit)?,
            State::Pending | State::Sending | State::Unknown | State::Failed => None,
        };
        let (state, attempts) = begun(sender.as_ref());
        let key = self.new_key();
        let sql = "INSERT INTO outbox (key, lane, provider, address, purpose, part, buttons, after, task, is_edit, state, sender,
                 attempts, created_at, by_words)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, TRUE, ?10, ?11, ?12, ?13, ?14)";
        self.connection.prepare_cached(sql)?.execute(params![
            key.as_str(),
            lane,
            shown.address.provider.as_str(),
            shown.address.to_string(),
            number_of(Purpose::Progress),
            part.body,
            buttons,
            shown.key.as_str(),
            shown.task,
            state.as_str(),
            sender,
            attempts,
            self.now(),
            shown.by_words
        ])?;
        self.set_off(&key, &lane, Sending::Edit, state)
    }

    /// Returns what became of a task's status message.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn status_message(&self, task: &TaskId) -> Result<StatusMessage, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT state, message, address FROM outbox WHERE about = ?1 AND NOT is_edit ORDER BY id DESC LIMIT 1",
        )?;
        let row: Option<(String, Option<String>, String)> = statement
            .query_row([About::Status(task.clone())], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let delivered = State::Delivered.as_str();
        Ok(match row {
            None => StatusMessage::Missing,
            Some((state, Some(message), address)) if state == delivered => match address.parse() {
                Ok(address) => StatusMessage::Shown(address, MessageId::new(message)),
                Err(_) => StatusMessage::Missing,
            },
            Some((state, None, _)) if state == delivered => StatusMessage::Missing,
            Some(_) => StatusMessage::Waiting,
        })
    }

    /// Whether something waits to be said in a chat, status messages aside that were never sent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn has_waiting(&self, chat: &ChatKey) -> Result<bool, StoreError> {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM outbox WHERE lane = ?1 AND {OPEN} AND NOT ({LATER}))");
        Ok(self.connection.prepare_cached(&sql)?.query_row([chat], |row| row.get(0))?)
    }
}
