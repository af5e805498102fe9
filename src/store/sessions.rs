//! The table of sessions: found by name, message and thread, put away, opened again, charged.
//!
//! `ended` with `archived` set is a session that was put away by itself at the chat's limit and opens again when it is
//! addressed; names are unique among the sessions that are not ended.

use rusqlite::{OptionalExtension, Row, params};
use signalbox_adapter::{ChatAddress, Incoming, MessageId, ThreadId};

use super::chat::ChatKey;
use super::error::StoreError;
use super::id::SessionId;
use super::session::{NewSession, Session, SessionStatus};
use super::task::Task;
use super::tx::Tx;
use crate::agent::grant::Grant;
use crate::command::folded;

/// Most that is allowed for one session.
const MAX_GRANTS: usize = 100;

const COLUMNS: &str = "id, address, name, agent, model, agent_session, status, archived, created_at, last_used_at, \
     messages, last_prompt, title, directory, input_tokens, output_tokens, cost_usd, reported_cost, allowed_tools, \
     investigation, worktree_of";

/// Picks what was put away since no run of it ever began; it is there still, so that it can be tried again.
const NEVER_RAN: &str = "archived AND agent_session IS NULL
     AND EXISTS (SELECT 1 FROM tasks t WHERE t.session = sessions.id)
     AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.session = sessions.id AND t.started_at IS NOT NULL
         AND t.status NOT IN ('error:cli_not_found', 'error:internal'))";

fn read(row: &Row<'_>) -> rusqlite::Result<Session> {
    let text = |error: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error)
    };
    Ok(Session {
        id: row.get(0)?,
        address: row.get::<_, String>(1)?.parse().map_err(|error| text(Box::new(error)))?,
        name: row.get(2)?,
        agent: row.get(3)?,
        model: row.get(4)?,
        agent_session: row.get(5)?,
        status: SessionStatus::parse(&row.get::<_, String>(6)?),
        archived: row.get(7)?,
        created_at: row.get(8)?,
        last_used_at: row.get(9)?,
        messages: row.get(10)?,
        last_prompt: row.get(11)?,
        title: row.get(12)?,
        directory: row.get(13)?,
        input_tokens: row.get(14)?,
        output_tokens: row.get(15)?,
        cost_usd: row.get(16)?,
        reported_cost: row.get(17)?,
        grants: serde_json::from_str(&row.get::<_, String>(18)?).map_err(|error| text(Box::new(error)))?,
        investigation: row.get(19)?,
        worktree_of: row.get(20)?,
    })
}

impl Tx<'_> {
    /// Returns a session by its row id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM sessions WHERE id = ?1");
        Ok(self.connection.prepare_cached(&sql)?.query_row([id], read).optional()?)
    }

    /// Returns what a task is called in its chat: its session's name, else its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn name_of(&self, task: &Task) -> Result<String, StoreError> {
        let session = match task.session {
            Some(id) => self.session(id)?,
            None => None,
        };
        Ok(session.map_or_else(|| task.id.as_str().to_owned(), |session| session.name))
    }

    /// Returns the open session of a name, else the one of that name that was archived last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn session_by_name(&self, chat: &ChatKey, name: &str) -> Result<Option<Session>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM sessions WHERE chat = ?1 AND folded = ?2 AND (status <> 'ended' OR archived)
             ORDER BY status = 'ended', last_used_at DESC LIMIT 1"
        );
        Ok(self.connection.prepare_cached(&sql)?.query_row(params![chat, folded(name)], read).optional()?)
    }

    /// Returns the session of a name that was closed last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn closed_session_by_name(&self, chat: &ChatKey, name: &str) -> Result<Option<Session>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM sessions WHERE chat = ?1 AND folded = ?2 AND status = 'ended' AND NOT investigation
             ORDER BY last_used_at DESC, id DESC LIMIT 1"
        );
        Ok(self.connection.prepare_cached(&sql)?.query_row(params![chat, folded(name)], read).optional()?)
    }

    /// Returns the session that is meant where none is named: that of the message replied to, that of the thread, else the
    /// chat's active one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn session_meant(&self, incoming: &Incoming) -> Result<Option<Session>, StoreError> {
        let at_hand = match &incoming.reply_to {
            Some(message) => self.session_of_message(&incoming.address, message.as_str())?,
            None => self.session_of_thread(&incoming.address)?,
        };
        match at_hand {
            Some(session) => Ok(Some(session)),
            None => match self.active_session_id(&ChatKey::of(&incoming.address))? {
                Some(id) => self.session(id),
                None => Ok(None),
            },
        }
    }

    /// Whether a session was put away since no run of it ever began.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn never_ran(&self, id: SessionId) -> Result<bool, StoreError> {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM sessions WHERE id = ?1 AND {NEVER_RAN})");
        Ok(self.connection.prepare_cached(&sql)?.query_row([id], |row| row.get(0))?)
    }

    /// Puts a session away of which no run has ever begun and none is to begin, and gives its chat the active session back
    /// that it had before. One of an investigation is only active no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_away_unstarted(&self, id: SessionId) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "UPDATE sessions SET status = CASE WHEN investigation THEN status ELSE 'ended' END, archived = NOT investigation
             WHERE id = ?1 AND status = 'idle' AND agent_session IS NULL
                 AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.session = ?1 AND t.started_at IS NOT NULL
                     AND t.status NOT IN ('error:cli_not_found', 'error:internal'))
             RETURNING chat",
        )?;
        let chat: Option<ChatKey> = statement.query_row([id], |row| row.get(0)).optional()?;
        match chat {
            Some(chat) => self.leave_active_session(&chat, id),
            None => Ok(()),
        }
    }

    /// Returns a chat's sessions, open ones first, then by last use, without what never ran; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sessions(&self, chat: Option<&ChatKey>, limit: usize) -> Result<Vec<Session>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM sessions WHERE (?1 IS NULL OR chat = ?1) AND NOT investigation AND NOT ({NEVER_RAN})
             ORDER BY status = 'ended', last_used_at DESC, id DESC LIMIT ?2"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![chat, limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Returns the session that a delivered message belongs to; that of an incident's card is its newest investigation's,
    /// and a message at which a session's thread stands belongs to that session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn session_of_message(&self, address: &ChatAddress, message: &str) -> Result<Option<Session>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT t.session FROM outbox o JOIN tasks t ON t.id = o.task WHERE o.address = ?1 AND o.message = ?2",
        )?;
        let id: Option<Option<SessionId>> =
            statement.query_row([&address.to_string(), message], |row| row.get(0)).optional()?;
        let of_incident = || Ok::<_, StoreError>(self.incident_of(address, Some(message))?.and_then(|it| it.session));
        match id.flatten().map_or_else(of_incident, |id| Ok(Some(id)))? {
            Some(id) => self.session(id),
            None if address.thread.is_some() => Ok(None),
            None => {
                let thread = ChatAddress { thread: Some(ThreadId::new(message)), ..address.clone() };
                self.session_of_thread(&thread)
            }
        }
    }

    /// Returns the session of a thread that was used last; a chat's main stream is no thread, and one in which the cards of
    /// incidents are shown is none of theirs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn session_of_thread(&self, address: &ChatAddress) -> Result<Option<Session>, StoreError> {
        if address.thread.is_none() {
            return Ok(None);
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM sessions WHERE chat = ?1 AND address = ?2 AND (status <> 'ended' OR archived)
                 AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.session = sessions.id AND i.address = ?2)
             ORDER BY last_used_at DESC, id DESC LIMIT 1"
        );
        let values = params![ChatKey::of(address), address.to_string()];
        Ok(self.connection.prepare_cached(&sql)?.query_row(values, read).optional()?)
    }

    /// Lets a session, what it runs and what it has to say go on at another address, there answering a message.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn move_session(
        &self,
        id: SessionId,
        from: &ChatAddress,
        to: &ChatAddress,
        reply_to: Option<&MessageId>,
    ) -> Result<(), StoreError> {
        let steps = [
            "UPDATE sessions SET address = ?3 WHERE id = ?1 AND address = ?2",
            "UPDATE tasks SET address = ?3, reply_to = coalesce(reply_to, ?4)
             WHERE session = ?1 AND address = ?2 AND finished_at IS NULL",
            "UPDATE outbox SET address = ?3, reply_to = coalesce(reply_to, ?4) WHERE state = 'pending' AND NOT is_edit
                 AND address = ?2 AND task IN (SELECT id FROM tasks WHERE session = ?1)",
        ];
        for step in steps {
            let mut statement = self.connection.prepare_cached(step)?;
            let reply_to = reply_to.map(MessageId::as_str);
            let values: [&dyn rusqlite::ToSql; 4] = [&id, &from.to_string(), &to.to_string(), &reply_to];
            let count = statement.parameter_count();
            statement.execute(&values[..count])?;
        }
        Ok(())
    }

    /// Counts a chat's sessions that are not ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_open_sessions(&self, chat: &ChatKey) -> Result<usize, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*) FROM sessions WHERE chat = ?1 AND status <> 'ended' AND NOT investigation",
        )?;
        Ok(statement.query_row([chat], |row| row.get(0))?)
    }

    /// Puts away an idle session of a chat: of those without any answer, else of all, the one that was used longest ago.
    /// Returns its name, and whether it had an answer; `None` when all are at work.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn archive_oldest_idle(&self, chat: &ChatKey) -> Result<Option<(String, bool)>, StoreError> {
        // Of what is kept for long the answers are forgotten.
        let answered = "(EXISTS (SELECT 1 FROM tasks t WHERE t.session = sessions.id AND t.status IN ('ok', 'success'))
             OR NOT EXISTS (SELECT 1 FROM tasks t WHERE t.session = sessions.id))";
        let sql = format!(
            "UPDATE sessions SET status = 'ended', archived = TRUE WHERE id =
                 (SELECT id FROM sessions WHERE chat = ?1 AND status = 'idle' AND NOT investigation
                  ORDER BY {answered}, last_used_at, id LIMIT 1)
             RETURNING id, name, {answered}"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let archived = statement.query_row([chat], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        Ok(archived.map(|(id, name, answered)| {
            self.effects.borrow_mut().cooled.push(id);
            (name, answered)
        }))
    }

    /// Opens an archived session again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn reopen_session(&self, id: SessionId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE sessions SET status = 'idle', archived = FALSE WHERE id = ?1")?
            .execute([id])?;
        Ok(())
    }

    /// Stores a new session, `idle`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn create_session(&self, new: &NewSession<'_>) -> Result<Session, StoreError> {
        let now = self.now();
        let sql = format!(
            "INSERT INTO sessions
                 (chat, address, name, folded, agent, model, status, created_at, last_used_at, title, directory,
                  investigation, worktree_of)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'idle', ?7, ?7, ?8, ?9, ?10, ?11) RETURNING {COLUMNS}"
        );
        let values = params![
            ChatKey::of(new.address),
            new.address.to_string(),
            new.name,
            folded(new.name),
            new.agent,
            new.model,
            now,
            new.title,
            new.directory,
            new.investigation,
            new.worktree_of
        ];
        Ok(self.connection.prepare_cached(&sql)?.query_row(values, read)?)
    }

    /// Gives a session another directory; only for one that has not run yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_session_directory(&self, id: SessionId, directory: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE sessions SET directory = ?2 WHERE id = ?1")?
            .execute(params![id, directory])?;
        Ok(())
    }

    /// Returns the closed sessions whose work tree is still there; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn closed_with_worktree(&self, limit: usize) -> Result<Vec<Session>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM sessions WHERE status = 'ended' AND NOT archived AND worktree_of IS NOT NULL
             ORDER BY id LIMIT ?1"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes that a session's work tree is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_worktree(&self, id: SessionId) -> Result<(), StoreError> {
        self.connection.prepare_cached("UPDATE sessions SET worktree_of = NULL WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// Notes a prompt of a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn use_session(&self, id: SessionId, prompt: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE sessions SET status = 'running', last_used_at = ?2, messages = messages + 1, last_prompt = ?3
                 WHERE id = ?1",
            )?
            .execute(params![id, self.now(), prompt])?;
        Ok(())
    }

    /// Renames a session; the new name is already checked and free.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn rename_session(&self, id: SessionId, name: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE sessions SET name = ?2, folded = ?3 WHERE id = ?1")?
            .execute(params![id, name, folded(name)])?;
        Ok(())
    }

    /// Closes a session for good; its name is free again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_session(&self, id: SessionId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE sessions SET status = 'ended', archived = FALSE WHERE id = ?1")?
            .execute([id])?;
        self.connection
            .prepare_cached("UPDATE chats SET active_session = NULL WHERE active_session = ?1")?
            .execute([id])?;
        self.effects.borrow_mut().closed.push(id);
        Ok(())
    }

    /// Stores the agent's own session id, so that also a run that dies can be resumed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_agent_session(&self, id: SessionId, agent_session: Option<&str>) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE sessions SET agent_session = ?2 WHERE id = ?1")?
            .execute(params![id, agent_session])?;
        Ok(())
    }

    /// Allows something for the rest of a session; of more than 100 the oldest is forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn grant(&self, id: SessionId, grant: &Grant) -> Result<(), StoreError> {
        let Some(session) = self.session(id)? else { return Ok(()) };
        let mut grants = session.grants;
        if !grants.contains(grant) {
            grants.push(grant.clone());
        }
        self.set_grants(id, &grants[grants.len().saturating_sub(MAX_GRANTS)..])
    }

    /// Takes back all that was allowed for a session; its running agent is told after the commit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn revoke(&self, id: SessionId) -> Result<(), StoreError> {
        self.set_grants(id, &[])?;
        let mut statement =
            self.connection.prepare_cached("SELECT id FROM tasks WHERE session = ?1 AND status = 'running'")?;
        let running = statement.query_map([id], |row| row.get(0))?.collect::<Result<Vec<_>, _>>()?;
        let mut effects = self.effects.borrow_mut();
        effects.revoked.extend(running);
        // An agent may have been told that it need not ask again.
        effects.cooled.push(id);
        Ok(())
    }

    fn set_grants(&self, id: SessionId, grants: &[Grant]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE sessions SET allowed_tools = ?2 WHERE id = ?1")?
            .execute(params![id, serde_json::to_string(grants)?])?;
        Ok(())
    }

    /// Adds what a run used; `reported_cost` is the agent's running total for the session, in US dollars.
    ///
    /// Returns the run's own cost.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn charge_session(
        &self,
        id: SessionId,
        input_tokens: Option<u64>,
        output_tokens: Option<u64>,
        reported_cost: Option<f64>,
    ) -> Result<Option<f64>, StoreError> {
        let Some(session) = self.session(id)? else { return Ok(reported_cost) };
        // A total below the last one belongs to a conversation that was started afresh.
        let cost = reported_cost
            .map(|total| if total >= session.reported_cost { total - session.reported_cost } else { total });
        self.connection
            .prepare_cached(
                "UPDATE sessions SET input_tokens = input_tokens + ?2, output_tokens = output_tokens + ?3,
                     cost_usd = cost_usd + ?4, reported_cost = ?5 WHERE id = ?1",
            )?
            .execute(params![
                id,
                input_tokens.unwrap_or(0),
                output_tokens.unwrap_or(0),
                cost.unwrap_or(0.0),
                reported_cost.unwrap_or(session.reported_cost)
            ])?;
        Ok(cost)
    }

    /// Makes a session idle when none of its tasks runs or waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn settle_session(&self, id: SessionId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE sessions SET status = 'idle' WHERE id = ?1 AND status = 'running' AND NOT EXISTS
                     (SELECT 1 FROM tasks WHERE session = ?1 AND finished_at IS NULL)",
            )?
            .execute([id])?;
        Ok(())
    }
}
