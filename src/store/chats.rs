//! What a chat remembers: its active context, and the name that it had before.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};
use signalbox_adapter::{ChatAddress, ChatId};

use super::chat::ChatKey;
use super::error::StoreError;
use super::id::SessionId;
use super::tx::Tx;

/// How long it is known which session was active before a new one; a run that never begins ends long before.
const ACTIVE_BEFORE_FOR: Duration = Duration::from_secs(7 * 24 * 3600);
/// Most sessions that are gone back over, where several never ran.
const MAX_BACK: usize = 20;

/// What goes with a chat from its old name (1) to its new one (2).
pub(super) const MOVES: [&str; 13] = [
    "INSERT INTO moved_chats (chat, was) VALUES (?2, ?1) ON CONFLICT (chat) DO UPDATE SET was = ?1",
    "UPDATE chats SET chat = ?2 WHERE chat = ?1 AND NOT EXISTS (SELECT 1 FROM chats WHERE chat = ?2)",
    // A name that is taken there stays behind.
    "UPDATE sessions SET chat = ?2, address = ?2 || substr(address, length(?1) + 1)
     WHERE chat = ?1 AND (status = 'ended' OR NOT EXISTS
         (SELECT 1 FROM sessions o WHERE o.chat = ?2 AND o.folded = sessions.folded AND o.status <> 'ended'))",
    "UPDATE tasks SET chat = ?2, address = ?2 || substr(address, length(?1) + 1), reply_to = NULL
     WHERE chat = ?1 AND finished_at IS NULL",
    "UPDATE investigations SET chat = ?2 WHERE chat = ?1",
    // A card that was shown stays behind; what is open gets another, which answers none.
    "UPDATE incidents SET card = NULL, carded_at = NULL, edited_at = NULL, card_lost = FALSE
     WHERE chat = ?1 AND ?2 <> '' AND NOT EXISTS (SELECT 1 FROM outbox o
         WHERE o.key = incidents.card AND o.state IN ('pending', 'sending', 'unknown'))",
    "UPDATE incidents SET root = card WHERE chat = ?1 AND ?2 <> ''",
    "UPDATE incidents SET chat = ?2, address = ?2 || substr(address, length(?1) + 1),
         due_at = CASE WHEN state <> 'resolved' AND NOT folded THEN 0 ELSE due_at END
     WHERE chat = ?1",
    "UPDATE incident_alerts SET chat = ?2 WHERE chat = ?1",
    "UPDATE hooks SET address = ?2 || substr(address, length(?1) + 1)
     WHERE address = ?1 OR substr(address, 1, length(?1) + 1) = ?1 || '/'",
    "UPDATE schedule_targets SET chat = ?2, address = ?2 || substr(address, length(?1) + 1)
     WHERE chat = ?1 AND NOT EXISTS (SELECT 1 FROM schedule_targets o WHERE o.schedule = schedule_targets.schedule
         AND o.address = ?2 || substr(schedule_targets.address, length(?1) + 1))",
    // Edits of messages, and threads at messages, that are not there.
    "DELETE FROM outbox WHERE lane IN (?1 || '~', ?1 || '~threads') AND state IN ('pending', 'unknown') AND ?2 <> ''",
    "UPDATE outbox SET lane = ?2, address = ?2 || substr(address, length(?1) + 1), reply_to = NULL
     WHERE lane = ?1 AND state IN ('pending', 'sending', 'unknown')",
];

impl Tx<'_> {
    /// Makes a session the one that free text of this chat follows up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_active_session(&self, chat: &ChatKey, session: Option<SessionId>) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO chats (chat, active_session) VALUES (?1, ?2)
                 ON CONFLICT (chat) DO UPDATE SET active_session = ?2",
            )?
            .execute(params![chat, session])?;
        Ok(())
    }

    /// Makes a session the active one that has not run yet, and remembers which was before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn activate_new(&self, chat: &ChatKey, session: SessionId) -> Result<(), StoreError> {
        if let Some(before) = self.active_session_id(chat)?.filter(|before| *before != session) {
            let until = self.now().after(ACTIVE_BEFORE_FOR);
            self.put(&active_before(session), &before.to_string(), Some(until))?;
        }
        self.set_active_session(chat, Some(session))
    }

    /// Makes the session the active one that was it before this one, if that is open, where this one is it.
    pub(super) fn leave_active_session(&self, chat: &ChatKey, session: SessionId) -> Result<(), StoreError> {
        if self.active_session_id(chat)? != Some(session) {
            return Ok(());
        }
        let mut before = session;
        for _ in 0..MAX_BACK {
            let Some(id) = self.fact(&active_before(before))?.and_then(|id| id.parse::<i64>().ok()) else { break };
            let sql = "SELECT id FROM sessions WHERE id = ?1 AND chat = ?2";
            let known = self.connection.prepare_cached(sql)?.query_row(params![id, chat], |row| row.get(0));
            let Some(known): Option<SessionId> = known.optional()? else { break };
            if !self.never_ran(known)? {
                return self.set_active_session(chat, Some(known));
            }
            before = known;
        }
        self.set_active_session(chat, None)
    }

    /// Returns the id of the session that free text of this chat follows up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn active_session_id(&self, chat: &ChatKey) -> Result<Option<SessionId>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT active_session FROM chats WHERE chat = ?1")?;
        Ok(statement.query_row([chat], |row| row.get(0)).optional()?.flatten())
    }

    /// Chooses the project that new sessions of a chat work in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_project(&self, chat: &ChatKey, project: Option<&str>) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO chats (chat, project) VALUES (?1, ?2) ON CONFLICT (chat) DO UPDATE SET project = ?2",
            )?
            .execute(params![chat, project])?;
        Ok(())
    }

    /// Returns the project that new sessions of a chat work in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn project(&self, chat: &ChatKey) -> Result<Option<String>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT project FROM chats WHERE chat = ?1")?;
        Ok(statement.query_row([chat], |row| row.get(0)).optional()?.flatten())
    }

    /// Gives a chat its new id: its sessions, its unfinished tasks and what still waits to be said there go with it.
    ///
    /// Messages of the old chat have no ids in the new one, so nothing replies to them or edits them any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn move_chat(&self, from: &ChatAddress, to: &ChatId) -> Result<(), StoreError> {
        let was = ChatKey::of(from);
        let now = ChatKey::of(&ChatAddress { chat: to.clone(), ..from.clone() });
        if was == now {
            return Ok(());
        }
        for step in MOVES {
            self.connection.prepare_cached(step)?.execute([&was, &now])?;
        }
        self.effects.borrow_mut().deliver = true;
        Ok(())
    }

    /// Returns what a chat was before it moved.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn former_chat(&self, chat: &ChatKey) -> Result<Option<ChatKey>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT was FROM moved_chats WHERE chat = ?1")?;
        Ok(statement.query_row([chat], |row| row.get(0)).optional()?)
    }
}

fn active_before(session: SessionId) -> String {
    format!("active-before:{session}")
}
