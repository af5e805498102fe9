//! Admission: who may run now, who waits, who is refused; and who is next.
//!
//! A task runs while its chat and the process are below their caps and no earlier task of its session is unfinished.
//! Chats are served in the order in which they were last served, so a busy chat cannot starve the others.

use rusqlite::{OptionalExtension, params};
use signalbox_adapter::{ChatAddress, Incoming, MessageId};

use super::chat::ChatKey;
use super::error::StoreError;
use super::id::{FireId, InboxId, SessionId, TaskId};
use super::session::Session;
use super::task::{Status, Task};
use super::tx::Tx;

/// A task to be.
#[derive(Debug, Clone)]
pub struct NewTask<'a> {
    /// The message that asks for it.
    pub incoming: &'a Incoming,
    /// Where its result goes: where it was asked for, or a thread at the message that asks.
    pub address: &'a ChatAddress,
    /// Its inbox row.
    pub inbox: InboxId,
    /// Session it belongs to.
    pub session: &'a Session,
    /// Prompt.
    pub prompt: &'a str,
    /// The task it repeats.
    pub retry_of: Option<&'a TaskId>,
    /// Its id, where it is known already ([`Tx::new_task_id`]).
    pub id: Option<TaskId>,
}

/// A task that nobody's message asks for.
#[derive(Debug, Clone)]
pub struct OwnTask<'a> {
    /// Its id.
    pub id: TaskId,
    /// Where its result goes.
    pub address: &'a ChatAddress,
    /// The message that its result answers.
    pub reply_to: Option<&'a str>,
    /// Session it belongs to.
    pub session: &'a Session,
    /// Prompt.
    pub prompt: &'a str,
    /// Who asks for it, as in `incident 7`.
    pub requested_by: &'a str,
    /// The fire of a schedule that it works for.
    pub fire: Option<FireId>,
}

/// Answer to a new task.
#[derive(Debug, Clone, PartialEq)]
pub enum Admission {
    /// It runs; it is started after the commit.
    Started(Task),
    /// It waits; the position counts in the chat's own queue, from 1.
    Queued(Task, usize),
}

/// Why a task is not taken; nothing of it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The chat's queue is full; holds its length.
    QueueFull(usize),
    /// The chat has its most open sessions, and all are at work; holds their number.
    SessionsBusy(usize),
}

/// A row of the table of tasks as it is written, `queued`.
struct Row<'a> {
    id: &'a TaskId,
    address: &'a ChatAddress,
    window: Option<&'a str>,
    reply_to: Option<&'a str>,
    session: Option<SessionId>,
    inbox: Option<InboxId>,
    requested_by: &'a str,
    agent: &'a str,
    model: Option<&'a str>,
    prompt: &'a str,
    directory: &'a str,
    retry_of: Option<&'a TaskId>,
    fire: Option<FireId>,
}

impl Tx<'_> {
    /// Tells whether one more task of a chat, in this session if it exists, would have to wait where no room is left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn queue_is_full(&self, chat: &ChatKey, session: Option<SessionId>) -> Result<Option<Refusal>, StoreError> {
        let waiting = self.count_waiting(chat)?;
        let full = waiting >= self.caps().queued_per_chat && self.must_wait(chat, session)?;
        Ok(full.then_some(Refusal::QueueFull(waiting)))
    }

    fn must_wait(&self, chat: &ChatKey, session: Option<SessionId>) -> Result<bool, StoreError> {
        // Whatever waits now cannot run now, so it does not come into it.
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*) FILTER (WHERE status = 'running') >= ?1
                 OR count(*) FILTER (WHERE status = 'running' AND chat = ?2) >= ?3
                 OR count(*) FILTER (WHERE session = ?4) > 0
             FROM tasks WHERE finished_at IS NULL",
        )?;
        Ok(statement.query_row(params![self.caps().total, chat, self.caps().per_chat, session], |row| row.get(0))?)
    }

    /// Makes an id for a task to be.
    #[must_use]
    pub fn new_task_id(&self) -> TaskId {
        TaskId::made(self.short_id(TaskId::CHARS))
    }

    /// Stores a task and starts it, or queues it when others are first.
    ///
    /// The caller has asked [`Tx::queue_is_full`] in the same transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn admit(&self, new: &NewTask<'_>) -> Result<Admission, StoreError> {
        let id = new.id.clone().unwrap_or_else(|| self.new_task_id());
        self.insert(&Row {
            id: &id,
            address: new.address,
            window: new.incoming.window.as_deref(),
            reply_to: new.incoming.message.as_ref().map(MessageId::as_str),
            session: Some(new.session.id),
            inbox: Some(new.inbox),
            requested_by: new.incoming.sender.id.as_str(),
            agent: &new.session.agent,
            model: new.session.model.as_deref(),
            prompt: new.prompt,
            directory: &new.session.directory,
            retry_of: new.retry_of,
            fire: None,
        })?;
        self.note(&id, "accepted", new.incoming.key.as_str())?;
        self.admitted(&id, new.session, new.prompt)
    }

    /// Stores a task that nobody's message asks for, and starts or queues it.
    ///
    /// The caller has asked [`Tx::queue_is_full`] in the same transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn admit_own(&self, new: &OwnTask<'_>) -> Result<Admission, StoreError> {
        self.insert(&Row {
            id: &new.id,
            address: new.address,
            window: None,
            reply_to: new.reply_to,
            session: Some(new.session.id),
            inbox: None,
            requested_by: new.requested_by,
            agent: &new.session.agent,
            model: new.session.model.as_deref(),
            prompt: new.prompt,
            directory: &new.session.directory,
            retry_of: None,
            fire: new.fire,
        })?;
        self.note(&new.id, "accepted", new.requested_by)?;
        self.admitted(&new.id, new.session, new.prompt)
    }

    fn admitted(&self, id: &TaskId, session: &Session, prompt: &str) -> Result<Admission, StoreError> {
        self.use_session(session.id, prompt)?;
        self.start_ready()?;
        let task = self.task(id)?.ok_or(StoreError::Other("a stored task is gone".into()))?;
        Ok(match task.status {
            Status::Queued => {
                let position = self.position(&task)?;
                self.note(id, "queued", &position.to_string())?;
                Admission::Queued(task, position)
            }
            _ => Admission::Started(task),
        })
    }

    /// Queues an interrupted task once more as a new one; `false` when it was a repetition itself, which is not repeated.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn resume_interrupted(&self, ended: &Task) -> Result<bool, StoreError> {
        if ended.retry_of.is_some() {
            return Ok(false);
        }
        let id = self.new_task_id();
        self.insert(&Row {
            id: &id,
            address: &ended.address,
            window: ended.window.as_deref(),
            reply_to: ended.reply_to.as_deref(),
            session: ended.session,
            inbox: ended.inbox,
            requested_by: &ended.requested_by,
            agent: &ended.agent,
            model: ended.model.as_deref(),
            prompt: &ended.prompt,
            directory: &ended.directory,
            retry_of: Some(&ended.id),
            fire: ended.fire,
        })?;
        self.investigate_again(&id, &ended.id)?;
        self.note(&id, "accepted", &format!("resumes {}", ended.id))?;
        if let Some(session) = ended.session {
            self.use_session(session, &ended.prompt)?;
        }
        self.start_ready()?;
        Ok(true)
    }

    fn insert(&self, row: &Row<'_>) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO tasks (id, chat, address, \"window\", reply_to, session, inbox, requested_by, agent, model,
                     prompt, directory, status, retry_of, created_at, fire, is_check)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'queued', ?13, ?14, ?15, EXISTS (SELECT 1 FROM fires f
                     JOIN schedules s ON s.id = f.schedule WHERE f.id = ?15 AND s.kind = 'synthetic_run'))",
            )?
            .execute(params![
                row.id.as_str(),
                ChatKey::of(row.address),
                row.address.to_string(),
                row.window,
                row.reply_to,
                row.session,
                row.inbox,
                row.requested_by,
                row.agent,
                row.model,
                row.prompt,
                row.directory,
                row.retry_of.map(TaskId::as_str),
                self.now(),
                row.fire
            ])?;
        Ok(())
    }

    /// Returns a waiting task's place in its chat's queue, from 1.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn position(&self, task: &Task) -> Result<usize, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*) FROM tasks WHERE status = 'queued' AND finished_at IS NULL AND chat = ?1 AND seq <= ?2",
        )?;
        Ok(statement.query_row(params![ChatKey::of(&task.address), task.seq], |row| row.get(0))?)
    }

    fn count_waiting(&self, chat: &ChatKey) -> Result<usize, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*) FROM tasks WHERE status = 'queued' AND finished_at IS NULL AND chat = ?1",
        )?;
        Ok(statement.query_row([chat], |row| row.get(0))?)
    }

    /// Starts whatever may run now: marks it `running` and leaves it to the effects.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn start_ready(&self) -> Result<(), StoreError> {
        loop {
            let running: usize = self
                .connection
                .prepare_cached("SELECT count(*) FROM tasks WHERE status = 'running' AND finished_at IS NULL")?
                .query_row([], |row| row.get(0))?;
            if running >= self.caps().total {
                return Ok(());
            }
            let Some((id, chat)) = self.next_to_run()? else { return Ok(()) };
            self.connection
                .prepare_cached(
                    "UPDATE tasks SET status = 'running', attempt = attempt + 1, boot = ?2, started_at = ?3 WHERE id = ?1",
                )?
                .execute(params![id, self.caps().boot, self.now()])?;
            self.connection
                .prepare_cached(
                    "INSERT INTO chats (chat, last_start) VALUES (?1, (SELECT coalesce(max(last_start), 0) + 1 FROM chats))
                     ON CONFLICT (chat) DO UPDATE SET last_start = (SELECT max(last_start) + 1 FROM chats)",
                )?
                .execute([&chat])?;
            let task = self.task(&id)?.ok_or(StoreError::Other("a stored task is gone".into()))?;
            self.note(&task.id, "started", &format!("attempt {}", task.attempt))?;
            self.effects.borrow_mut().start.push(task);
        }
    }

    /// Picks the next task to run: chats by when they were last served, within a chat the oldest whose session is free.
    fn next_to_run(&self) -> Result<Option<(TaskId, ChatKey)>, StoreError> {
        let mut waiting = self.connection.prepare_cached(
            "SELECT t.chat FROM (SELECT chat, min(seq) AS oldest FROM tasks
                                 WHERE status = 'queued' AND finished_at IS NULL GROUP BY chat) t
             LEFT JOIN chats c ON c.chat = t.chat ORDER BY coalesce(c.last_start, 0), t.oldest",
        )?;
        let mut candidate = self.connection.prepare_cached(
            "SELECT t.id FROM tasks t WHERE t.status = 'queued' AND t.finished_at IS NULL AND t.chat = ?1
               AND (SELECT count(*) FROM tasks r
                    WHERE r.status = 'running' AND r.finished_at IS NULL AND r.chat = ?1) < ?2
               AND NOT EXISTS (SELECT 1 FROM tasks e
                               WHERE e.session = t.session AND e.seq < t.seq AND e.finished_at IS NULL)
             ORDER BY t.seq LIMIT 1",
        )?;
        let mut chats = waiting.query([])?;
        while let Some(row) = chats.next()? {
            let chat: ChatKey = row.get(0)?;
            let id = candidate.query_row(params![chat, self.caps().per_chat], |row| row.get(0)).optional()?;
            if let Some(id) = id {
                return Ok(Some((id, chat)));
            }
        }
        Ok(None)
    }
}
