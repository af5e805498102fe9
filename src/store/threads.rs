//! Threads to be opened: rows of the outbox like any other, whose one effect is that a thread stands at a message.

use rusqlite::params;
use signalbox_adapter::{ChatAddress, DeliveryKey, MessageId, Opening, Purpose};

use super::chat::ChatKey;
use super::delivery::Sending;
use super::error::StoreError;
use super::id::TaskId;
use super::outbox::{COLUMNS, begun, number_of, read};
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
    /// Has a thread opened, before what is written to the chat from now on.
    ///
    /// A provider that will not open it is not asked again: what was meant for it answers the message at which it was to
    /// stand, and the chat is told why.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_thread(&self, new: &NewThread<'_>) -> Result<(), StoreError> {
        let lane = ChatKey::of(new.address).to_string();
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
        let sql = format!(
            "INSERT INTO outbox (key, lane, provider, address, purpose, part, reply_to, after, task, opens, state, sender,
                 attempts, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, '', ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) RETURNING {COLUMNS}"
        );
        let row = self.connection.prepare_cached(&sql)?.query_row(
            params![
                self.new_key().as_str(),
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
                self.now()
            ],
            read,
        )?;
        self.set_off(row);
        Ok(())
    }
}
