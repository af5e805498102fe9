//! A press as a receipt: whoever presses a button of a message has been shown it, also where the provider's answer was lost.

use rusqlite::{OptionalExtension, params};
use signalbox_adapter::{ChatAddress, MessageId};

use super::about::About;
use super::delivery::Delivery;
use super::error::StoreError;
use super::id::DeliveryId;
use super::tx::Tx;
use crate::clock::Timestamp;

impl Tx<'_> {
    /// Takes a message whose button was pressed for the one about something that was sent without a receipt, where there is
    /// such; what it was last to say is said then. It is not sent again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn adopt(&self, about: &About, address: &ChatAddress, message: &MessageId) -> Result<(), StoreError> {
        let address = address.to_string();
        let known = "SELECT EXISTS (SELECT 1 FROM outbox WHERE address = ?1 AND message = ?2)";
        if self.connection.prepare_cached(known)?.query_row([address.as_str(), message.as_str()], |row| row.get(0))? {
            return Ok(());
        }
        let unreceived = "SELECT id FROM outbox WHERE about = ?1 AND address = ?2 AND NOT is_edit AND message IS NULL
             AND (state IN ('unknown', 'sending', 'delivered') OR state = 'pending' AND maybe_repeat)
             ORDER BY id DESC LIMIT 1";
        let id: Option<DeliveryId> = self
            .connection
            .prepare_cached(unreceived)?
            .query_row(params![about, address], |row| row.get(0))
            .optional()?;
        let Some(id) = id else { return Ok(()) };
        self.delivered(id, message)?;
        // What had nothing to change was let be.
        let let_be = "UPDATE outbox SET state = 'pending', sender = NULL, finished_at = NULL WHERE id =
             (SELECT id FROM outbox WHERE is_edit AND after = (SELECT key FROM outbox WHERE id = ?1)
              ORDER BY id DESC LIMIT 1) AND state = 'delivered'";
        let revived = self.connection.prepare_cached(let_be)?.execute([id])?;
        self.effects.borrow_mut().deliver |= revived > 0;
        Ok(())
    }

    /// Returns where the status message is shown that an edit is to change and of which no receipt came: what it is about, the
    /// message that it answers, and the result that was sent after it; `None` where that is not all known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn status_astray(&self, edit: &Delivery) -> Result<Option<(About, MessageId, MessageId)>, StoreError> {
        let sql = "SELECT s.about FROM outbox e JOIN outbox s ON s.key = e.after
                   WHERE e.id = ?1 AND e.is_edit AND s.message IS NULL AND s.about IS NOT NULL AND s.state = 'delivered'";
        let about: Option<About> =
            self.connection.prepare_cached(sql)?.query_row([edit.id], |row| row.get(0)).optional()?;
        let Some(About::Status(id)) = about else { return Ok(None) };
        let Some(asked) = self.task(&id)?.and_then(|task| task.reply_to) else { return Ok(None) };
        let sql = "SELECT message, coalesce(finished_at, created_at) FROM outbox
             WHERE about = ?1 AND address = ?2 AND message IS NOT NULL AND NOT is_edit";
        let result: Option<(String, Timestamp)> = self
            .connection
            .prepare_cached(sql)?
            .query_row(params![About::Result(id.clone()), edit.address.to_string()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((result, sent_at)) = result else { return Ok(None) };
        // Where more than one may be shown without a receipt, which of them is found cannot be told.
        let sql = "SELECT EXISTS (SELECT 1 FROM outbox o JOIN tasks t ON t.id = ?2
             WHERE (o.address = ?1 OR substr(o.address, 1, length(?1) + 1) = ?1 || '/')
               AND NOT o.is_edit AND o.message IS NULL AND coalesce(o.about, '') <> ?3
               AND (o.state IN ('unknown', 'sending', 'delivered') OR o.state = 'pending' AND o.maybe_repeat)
               AND coalesce(o.finished_at, t.created_at) >= t.created_at AND o.created_at <= ?4)";
        let values = params![whole_chat(&edit.address), id, About::Status(id.clone()), sent_at];
        let is_other: bool = self.connection.prepare_cached(sql)?.query_row(values, |row| row.get(0))?;
        Ok((!is_other).then(|| (About::Status(id), MessageId::new(asked), MessageId::new(result))))
    }

    /// Returns the messages that the whole chat of a delivery, with all its threads, is known to show for others, the newest
    /// first, at most `limit`: a provider numbers them as one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn shown_in_chat(&self, delivery: &Delivery, limit: u32) -> Result<Vec<MessageId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT message FROM outbox WHERE (address = ?1 OR substr(address, 1, length(?1) + 1) = ?1 || '/')
                 AND message IS NOT NULL AND id <> ?2 ORDER BY id DESC LIMIT ?3",
        )?;
        let rows = statement
            .query_map(params![whole_chat(&delivery.address), delivery.id, limit], |row| row.get::<_, String>(0))?;
        Ok(rows.map(|row| row.map(MessageId::new)).collect::<Result<_, _>>()?)
    }

    /// Whether a delivery is known to be shown: what an attempt has come to since changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_received(&self, id: DeliveryId) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM outbox WHERE id = ?1 AND state = 'delivered' AND message IS NOT NULL)";
        Ok(self.connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))?)
    }

    /// Whether a delivery is a question, or a part of one, that nobody need answer any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_closed_question(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let sql = "WITH RECURSIVE rest (key, about) AS (
                 SELECT key, about FROM outbox WHERE id = ?1
                 UNION SELECT o.key, o.about FROM outbox o JOIN rest ON o.after = rest.key WHERE NOT o.is_edit)
             SELECT EXISTS (SELECT 1 FROM rest JOIN approvals a ON a.id = substr(rest.about, ?2)
                 WHERE rest.about LIKE 'approval:%' AND a.decision IS NOT NULL)";
        let begin = "approval:".len() + 1;
        Ok(self.connection.prepare_cached(sql)?.query_row(params![delivery.id, begin], |row| row.get(0))?)
    }
}

/// Returns the address of a chat without the thread.
fn whole_chat(address: &ChatAddress) -> String {
    ChatAddress { thread: None, ..address.clone() }.to_string()
}
