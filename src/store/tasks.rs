//! The table of tasks: found, cancelled, ended once.

use rusqlite::{OptionalExtension as _, Row, ToSql, params};
use signalbox_adapter::{ChatAddress, MessageId};

use super::chat::ChatKey;
use super::error::StoreError;
use super::id::{InboxId, SessionId, TaskId};
use super::task::{Completion, Status, Task};
use super::tx::Tx;
use crate::clock::Timestamp;

const COLUMNS: &str = "id, seq, address, \"window\", reply_to, session, inbox, requested_by, agent, model, prompt, directory, \
     status, attempt, boot, retry_of, created_at, started_at, finished_at, cancel_at, discarded, result, error, tools, \
     cost_usd, denials, fire";

fn read(row: &Row<'_>) -> rusqlite::Result<Task> {
    let invalid = |error: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error)
    };
    let status: String = row.get(12)?;
    Ok(Task {
        id: row.get(0)?,
        seq: row.get(1)?,
        address: row.get::<_, String>(2)?.parse().map_err(|error| invalid(Box::new(error)))?,
        window: row.get(3)?,
        reply_to: row.get(4)?,
        session: row.get(5)?,
        inbox: row.get(6)?,
        requested_by: row.get(7)?,
        agent: row.get(8)?,
        model: row.get(9)?,
        prompt: row.get(10)?,
        directory: row.get(11)?,
        status: Status::parse(&status).ok_or_else(|| invalid(format!("unknown status {status:?}").into()))?,
        attempt: row.get(13)?,
        boot: row.get(14)?,
        retry_of: row.get(15)?,
        created_at: row.get(16)?,
        started_at: row.get(17)?,
        finished_at: row.get(18)?,
        cancel_at: row.get(19)?,
        discarded: row.get(20)?,
        result: row.get(21)?,
        error: row.get(22)?,
        tools: row.get(23)?,
        cost_usd: row.get(24)?,
        denials: serde_json::from_str(&row.get::<_, String>(25)?).map_err(|error| invalid(Box::new(error)))?,
        fire: row.get(26)?,
    })
}

impl Tx<'_> {
    /// Returns a task by its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn task(&self, id: &TaskId) -> Result<Option<Task>, StoreError> {
        Ok(self.tasks_where("id = ?1", &[&id], 1)?.pop())
    }

    /// Returns the tasks of a chat whose id starts with `prefix`, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tasks_by_prefix(&self, chat: Option<&ChatKey>, prefix: &str, limit: usize) -> Result<Vec<Task>, StoreError> {
        self.tasks_by_id(prefix, "?2 IS NULL OR chat = ?2", chat, limit)
    }

    /// Returns the investigations of a chat whose id starts with `prefix`, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn investigation_tasks(&self, chat: &ChatKey, prefix: &str, limit: usize) -> Result<Vec<Task>, StoreError> {
        self.tasks_by_id(prefix, "id IN (SELECT task FROM investigations WHERE chat = ?2)", Some(chat), limit)
    }

    fn tasks_by_id(
        &self,
        prefix: &str,
        filter: &str,
        chat: Option<&ChatKey>,
        limit: usize,
    ) -> Result<Vec<Task>, StoreError> {
        if prefix.is_empty() || !prefix.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Ok(Vec::new());
        }
        let pattern = format!("{}%", prefix.to_ascii_lowercase());
        self.tasks_where(&format!("id LIKE ?1 AND ({filter})"), &[&pattern, &chat], limit)
    }

    /// Returns the tasks that have not ended, of a chat or of all, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unfinished_tasks(&self, chat: Option<&ChatKey>) -> Result<Vec<Task>, StoreError> {
        let mut tasks =
            self.tasks_where("finished_at IS NULL AND (?1 IS NULL OR chat = ?1)", &[&chat], usize::MAX >> 1)?;
        tasks.reverse();
        Ok(tasks)
    }

    /// Returns a chat's tasks among the last thousands, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest_tasks(&self, chat: &ChatKey, limit: usize) -> Result<Vec<Task>, StoreError> {
        self.tasks_where("chat = ?1 AND seq > (SELECT max(seq) FROM tasks) - 5000", &[chat], limit)
    }

    /// Returns a session's tasks, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tasks_of_session(&self, session: SessionId, limit: usize) -> Result<Vec<Task>, StoreError> {
        self.tasks_where("session = ?1", &[&session], limit)
    }

    /// Returns the task that a message asked for, the newest if there are several; it may go on in the thread at that
    /// message.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn task_asked_by(&self, address: &ChatAddress, message: &MessageId) -> Result<Option<Task>, StoreError> {
        let (chat, address) = (ChatKey::of(address), address.to_string());
        let filter = "chat = ?1 AND address IN (?2, ?2 || '/' || ?3) AND reply_to = ?3
            AND seq > (SELECT max(seq) FROM tasks) - 5000";
        Ok(self.tasks_where(filter, &[&chat, &address, &message.as_str()], 1)?.pop())
    }

    /// Returns the tasks that a person's message asked for and that wait for their turn; each may go on in the thread at that
    /// message.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_asked_by(&self, address: &ChatAddress, message: &MessageId) -> Result<Vec<Task>, StoreError> {
        let (chat, address) = (ChatKey::of(address), address.to_string());
        let filter = "status = 'queued' AND chat = ?1 AND finished_at IS NULL AND address IN (?2, ?2 || '/' || ?3)
            AND reply_to = ?3 AND inbox IS NOT NULL";
        self.tasks_where(filter, &[&chat, &address, &message.as_str()], usize::MAX >> 1)
    }

    /// Gives a waiting task another prompt, and its session the title if it is the first; `false` when it no longer waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn reword(&self, task: &Task, prompt: &str, title: &str) -> Result<bool, StoreError> {
        let changed = self
            .connection
            .prepare_cached("UPDATE tasks SET prompt = ?2 WHERE id = ?1 AND status = 'queued' AND finished_at IS NULL")?
            .execute(params![task.id.as_str(), prompt])?;
        if changed > 0 {
            self.note(&task.id, "edited", "")?;
            self.connection
                .prepare_cached(
                    "UPDATE sessions SET last_prompt = ?2, title = CASE WHEN messages = 1 THEN ?4 ELSE title END WHERE id = ?1 AND last_prompt = ?3",
                )?
                .execute(params![task.session, prompt, task.prompt, title])?;
        }
        Ok(changed > 0)
    }

    /// Returns the tasks that an inbound message made, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tasks_of_inbound(&self, inbox: InboxId) -> Result<Vec<Task>, StoreError> {
        self.tasks_where("inbox = ?1", &[&inbox], usize::MAX >> 1)
    }

    pub(super) fn tasks_where(
        &self,
        filter: &str,
        values: &[&dyn ToSql],
        limit: usize,
    ) -> Result<Vec<Task>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM tasks WHERE {filter} ORDER BY seq DESC LIMIT {limit}");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(values, read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Asks to cancel a task: a waiting one is `aborted` at once, a running one is ended after the commit.
    ///
    /// Returns the task as it was, or `None` when it has ended already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cancel(&self, id: &TaskId, by: &str) -> Result<Option<Task>, StoreError> {
        let Some(task) = self.task(id)?.filter(|task| !task.status.is_final()) else { return Ok(None) };
        self.note(id, "cancel", by)?;
        match task.status {
            Status::Queued => {
                self.finish(&task, &Completion::without_answer(Status::Aborted, None))?;
            }
            _ => {
                self.connection
                    .prepare_cached("UPDATE tasks SET cancel_at = coalesce(cancel_at, ?2) WHERE id = ?1")?
                    .execute(params![id.as_str(), self.now()])?;
                self.effects.borrow_mut().cancel.push(id.clone());
            }
        }
        Ok(Some(task))
    }

    /// Ends a task: its final status, its session idle and charged, its open questions closed, the next tasks started.
    ///
    /// Returns the task as it now stands, or `None` when it had ended already: a task ends once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn finish(&self, task: &Task, how: &Completion) -> Result<Option<Task>, StoreError> {
        let now = self.task(&task.id)?;
        let started = now.as_ref().and_then(|now| now.started_at);
        let cost = match task.session {
            Some(_) if now.is_none_or(|now| now.status.is_final()) => return Ok(None),
            Some(session) => self.charge_session(session, how.input_tokens, how.output_tokens, how.reported_cost)?,
            None => how.reported_cost,
        };
        let ended = self
            .connection
            .prepare_cached(
                // What an earlier run of the same task has used is there already.
                "UPDATE tasks SET status = ?2, finished_at = ?3, result = ?4, error = ?5, tools = ?6,
                     input_tokens = coalesce(input_tokens + coalesce(?7, 0), ?7),
                     output_tokens = coalesce(output_tokens + coalesce(?8, 0), ?8),
                     cost_usd = coalesce(cost_usd + coalesce(?9, 0), ?9), denials = ?10, evidence = ?11
                 WHERE id = ?1 AND finished_at IS NULL",
            )?
            .execute(params![
                task.id.as_str(),
                how.status.as_str(),
                how.ended_at(started, self.now()),
                how.result,
                how.error,
                how.tools,
                how.input_tokens,
                how.output_tokens,
                cost,
                serde_json::to_string(&how.denials)?,
                how.evidence
            ])?;
        if ended == 0 {
            return Ok(None);
        }
        self.note(&task.id, "finished", how.status.as_str())?;
        self.note_files(&task.id, &how.files, how.unattached.as_deref())?;
        self.count_end(&task.id, how.status)?;
        self.close_approvals(&task.id)?;
        if let Some(session) = task.session {
            self.settle_session(session)?;
            if how.unstarted {
                self.put_away_unstarted(session)?;
            }
        }
        self.start_ready()?;
        self.task(&task.id)
    }

    /// Notes that a run which had to wait begins now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin_late(&self, id: &TaskId, attempt: u32) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE tasks SET started_at = ?3 WHERE id = ?1 AND attempt = ?2 AND finished_at IS NULL")?
            .execute(params![id.as_str(), attempt, self.now()])?;
        Ok(())
    }

    /// Whether it is kept what a task's answer rests on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn has_evidence(&self, id: &TaskId) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM tasks WHERE id = ?1 AND evidence IS NOT NULL)";
        Ok(self.connection.prepare_cached(sql)?.query_row([id.as_str()], |row| row.get(0))?)
    }

    /// Returns what a session's last answer rests on that says so, and when that was known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn evidence_of_session(&self, session: SessionId) -> Result<Option<(Timestamp, String)>, StoreError> {
        let sql = "SELECT finished_at, evidence FROM tasks
                   WHERE session = ?1 AND evidence IS NOT NULL AND finished_at IS NOT NULL ORDER BY seq DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([session], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    /// Returns when the last run in an agent's conversation has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn conversation_used_at(&self, conversation: &str) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(finished_at) FROM tasks
                   WHERE finished_at IS NOT NULL AND session IN (SELECT id FROM sessions WHERE agent_session = ?1)";
        Ok(self.connection.prepare_cached(sql)?.query_row([conversation], |row| row.get(0))?)
    }

    /// Takes the buttons of an ended task away.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn discard(&self, id: &TaskId) -> Result<(), StoreError> {
        self.connection.prepare_cached("UPDATE tasks SET discarded = TRUE WHERE id = ?1")?.execute([id.as_str()])?;
        Ok(())
    }
}
