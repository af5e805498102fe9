//! Threads to be opened: rows of the outbox like any other, whose one effect is that a thread stands at a message.
//!
//! They have a lane of their own beside the chat's, so that nobody waits for them but what goes into the thread: providers
//! bound the opening of threads more than anything else.

use rusqlite::{OptionalExtension as _, params};
use signalbox_adapter::{ChatAddress, DeliveryKey, MessageId, Opening, Purpose, ThreadId, UserId};

use super::chat::ChatKey;
use super::delivery::{Delivery, NewDelivery, Sending};
use super::error::StoreError;
use super::id::TaskId;
use super::outbox::{OPEN, begun, number_of};
use super::tx::Tx;

/// A thread to be.
#[derive(Debug, Clone)]
pub struct NewThread<'a> {
    /// The chat, in its main stream.
    pub address: &'a ChatAddress,
    /// The message at which it is to stand.
    pub at: ThreadRoot<'a>,
    /// What it is called; its first line is taken and cut.
    pub name: &'a str,
    /// Who asked for it.
    pub guest: Option<&'a UserId>,
    /// The task whose thread it is.
    pub task: Option<&'a TaskId>,
}

/// The message at which a thread is to stand.
#[derive(Debug, Clone, Copy)]
pub enum ThreadRoot<'a> {
    /// One that is there.
    Message(&'a MessageId),
    /// One of ours that may still be on its way.
    Delivery(&'a DeliveryKey),
}

impl Tx<'_> {
    /// Has a thread opened, before what is written to it from now on.
    ///
    /// A provider that will not open it is not asked again: what was meant for it answers the message at which it was to
    /// stand, and the chat is told why.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_thread(&self, new: &NewThread<'_>) -> Result<(), StoreError> {
        let lane = opening_lane(&ChatKey::of(new.address));
        let (reply_to, after) = match new.at {
            ThreadRoot::Message(message) => (Some(message.as_str()), None),
            ThreadRoot::Delivery(key) => (None, Some(key.as_str())),
        };
        // Nothing can be sent at once that waits for a receipt.
        let sender = match after {
            None => self.sender_of(new.address, None, &lane, Sending::Opening)?,
            Some(_) => None,
        };
        let (state, attempts) = begun(sender.as_ref());
        let key = self.new_key();
        let sql = "INSERT INTO outbox (key, lane, provider, address, purpose, part, reply_to, after, task, opens, state, sender,
                 attempts, created_at, guest)
             VALUES (?1, ?2, ?3, ?4, ?5, '', ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
        self.connection.prepare_cached(sql)?.execute(params![
            key.as_str(),
            lane,
            new.address.provider.as_str(),
            new.address.to_string(),
            number_of(Purpose::Result),
            reply_to,
            after,
            new.task.map(TaskId::as_str),
            Opening::named(new.name),
            state.as_str(),
            sender,
            attempts,
            self.now(),
            new.guest.map(UserId::as_str)
        ])?;
        self.set_off(&key, &lane, Sending::Opening, state)
    }

    /// Writes a message, and what goes into a thread of its own at it, which is opened first where `named` says how it is called.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn enqueue_with_thread(
        &self,
        head: &NewDelivery,
        named: Option<&str>,
        rest: &NewDelivery,
    ) -> Result<(), StoreError> {
        self.enqueue(head)?;
        let sql = "UPDATE outbox SET begins_thread = TRUE WHERE id = (SELECT max(id) FROM outbox) RETURNING key";
        let key_by = |sql: &str| -> Result<DeliveryKey, StoreError> {
            let key: String = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
            DeliveryKey::try_from(key).map_err(|error| StoreError::Other(format!("a key cannot be read: {error}")))
        };
        let key = key_by(sql)?;
        let before = match named {
            None => key,
            Some(name) => {
                let at = ThreadRoot::Delivery(&key);
                self.open_thread(&NewThread { address: &head.address, at, name, guest: None, task: None })?;
                key_by("SELECT key FROM outbox WHERE id = (SELECT max(id) FROM outbox)")?
            }
        };
        self.enqueue_after(rest, Some(before))
    }

    /// Lets what waits for a message go into the thread at it, where it was written so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn thread_begun(&self, first: &Delivery, message: &MessageId) -> Result<(), StoreError> {
        let sql = "SELECT begins_thread FROM outbox WHERE id = ?1";
        let begins: bool = self.connection.prepare_cached(sql)?.query_row([first.id], |row| row.get(0))?;
        if begins { self.go_on_in(first, &ThreadId::new(message.as_str())) } else { Ok(()) }
    }

    /// Lets the further parts of a message go to the thread that its first part has begun.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn go_on_in(&self, first: &Delivery, thread: &ThreadId) -> Result<(), StoreError> {
        let begun = ChatAddress { thread: Some(thread.clone()), ..first.address.clone() };
        let sql = format!(
            "WITH RECURSIVE rest (key) AS (
                 SELECT ?1 UNION SELECT o.key FROM outbox o JOIN rest ON o.after = rest.key WHERE NOT o.is_edit)
             UPDATE outbox SET address = ?2
             WHERE key <> ?1 AND key IN (SELECT key FROM rest) AND address = ?3 AND opens IS NULL AND NOT is_edit AND {OPEN}"
        );
        self.connection.prepare_cached(&sql)?.execute(params![
            first.key.as_str(),
            begun.to_string(),
            first.address.to_string()
        ])?;
        Ok(())
    }

    /// Returns where the typing sign of a task is to be given; `None` while the thread that it goes to is still to be opened, or
    /// where there is no such task.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn place_to_type(&self, task: &TaskId) -> Result<Option<ChatAddress>, StoreError> {
        let Some(task) = self.task(task)? else { return Ok(None) };
        Ok(if self.opening_of(&task.address)?.is_some() { None } else { Some(task.address) })
    }

    /// Returns the key of what opens a thread, where that has not been done yet.
    pub(super) fn opening_of(&self, address: &ChatAddress) -> Result<Option<String>, StoreError> {
        let Some(thread) = &address.thread else { return Ok(None) };
        let sql = format!(
            "SELECT o.key FROM outbox o WHERE o.lane = ?1 AND o.{OPEN}
                 AND (o.reply_to = ?2 OR EXISTS (SELECT 1 FROM outbox c WHERE c.key = o.after AND c.message = ?2))
             ORDER BY o.id LIMIT 1"
        );
        let lane = opening_lane(&ChatKey::of(address));
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![lane, thread.as_str()], |row| row.get(0)).optional()?)
    }
}

/// Names the lane in which the threads of a chat are opened.
fn opening_lane(chat: &ChatKey) -> String {
    format!("{chat}~threads")
}
