//! Refused forms: what is left out of a delivery before it is sent once more, and where a thread that is gone leads.

use rusqlite::params;
use signalbox_adapter::{ChatAddress, Form, MessageId, ThreadId};

use super::about::About;
use super::chat::ChatKey;
use super::delivery::Delivery;
use super::error::StoreError;
use super::outbox::OPEN;
use super::tx::Tx;

impl Delivery {
    /// Whether it tells of something that could not be shown; nobody is told when this cannot be shown either.
    #[must_use]
    pub fn tells_of_loss(&self) -> bool {
        matches!(self.about, Some(About::Loss(_)))
    }
}

impl Tx<'_> {
    /// Leaves out of a delivery what was refused of it; it surely did not arrive and may go out again at once.
    ///
    /// A thread is left by all that waits to go there, by its sessions and their unfinished tasks: they go on in the chat's
    /// main stream.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn leave_out(&self, delivery: &Delivery, what: Form, error: &str) -> Result<(), StoreError> {
        let leave = match what {
            Form::Text => "plain = TRUE",
            // What they do can still be typed.
            Form::Buttons => "by_words = TRUE",
            Form::File => "attachment = NULL",
            Form::Reply => "reply_to = NULL",
            Form::Window => {
                self.leave_window(delivery)?;
                "\"window\" = NULL"
            }
            Form::Thread => {
                self.leave_thread(&delivery.address)?;
                // What that left of it stays.
                "reply_to = reply_to"
            }
        };
        let sql = format!(
            "UPDATE outbox SET {leave}, state = 'pending', sender = NULL, next_at = 0, error = ?2, postponed_at = ?3
             WHERE id = ?1"
        );
        self.connection.prepare_cached(&sql)?.execute(params![delivery.id, error, self.now()])?;
        Ok(())
    }

    /// Lets all that waits for a window that is gone go to its chat.
    fn leave_window(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let sql = format!("UPDATE outbox SET \"window\" = NULL, lane = ?2 WHERE lane = ?1 AND {OPEN}");
        self.connection.prepare_cached(&sql)?.execute(params![delivery.lane, ChatKey::of(&delivery.address)])?;
        Ok(())
    }

    fn leave_thread(&self, thread: &ChatAddress) -> Result<(), StoreError> {
        let main = ChatAddress { thread: None, ..thread.clone() };
        // A reply would lead back into the thread, but for one to the message at which it stands.
        let root = "CASE WHEN reply_to = ?3 THEN reply_to END";
        let waiting =
            format!("UPDATE outbox SET address = ?2, reply_to = {root} WHERE address = ?1 AND NOT is_edit AND {OPEN}");
        let tasks =
            format!("UPDATE tasks SET address = ?2, reply_to = {root} WHERE address = ?1 AND finished_at IS NULL");
        let at = thread.thread.as_ref().map(ThreadId::as_str);
        let (thread, main) = (thread.to_string(), main.to_string());
        for step in [waiting.as_str(), tasks.as_str()] {
            self.connection.prepare_cached(step)?.execute(params![thread, main, at])?;
        }
        self.connection
            .prepare_cached("UPDATE sessions SET address = ?2 WHERE address = ?1")?
            .execute([thread, main])?;
        Ok(())
    }

    /// Lets all that was meant for a thread which was not opened go on in the chat's main stream instead, where it answers the
    /// message at which the thread was to stand.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stay_out(&self, chat: &ChatAddress, at: &MessageId) -> Result<(), StoreError> {
        let thread = ChatAddress { thread: Some(ThreadId::new(at.as_str())), ..chat.clone() };
        let waiting = format!(
            "UPDATE outbox SET address = ?2, reply_to = coalesce(reply_to, ?3)
             WHERE address = ?1 AND NOT is_edit AND opens IS NULL AND {OPEN}"
        );
        let tasks = "UPDATE tasks SET address = ?2, reply_to = coalesce(reply_to, ?3)
                     WHERE address = ?1 AND finished_at IS NULL";
        let (thread, main) = (thread.to_string(), chat.to_string());
        for step in [waiting.as_str(), tasks] {
            self.connection.prepare_cached(step)?.execute(params![thread, main, at.as_str()])?;
        }
        self.connection
            .prepare_cached("UPDATE sessions SET address = ?2 WHERE address = ?1")?
            .execute([thread, main])?;
        Ok(())
    }

    /// Whether something of this kind waits to be said in a chat, whatever its thread.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waits_about(&self, chat: &ChatKey, about: &About) -> Result<bool, StoreError> {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM outbox WHERE about = ?2 AND lane = ?1 AND {OPEN})");
        Ok(self.connection.prepare_cached(&sql)?.query_row(params![chat, about], |row| row.get(0))?)
    }
}
