//! Permission requests of agents, and their answers; durable, so that a question outlives a restart.
//!
//! An answer is for what was shown: it is found again by the run and the event that asked, and only where request, tool
//! and input are the same.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, params};

use super::approval::{Approval, Asking, ClosedBy};
use super::chat::ChatKey;
use super::error::StoreError;
use super::id::{ApprovalId, SessionId, TaskId};
use super::tx::Tx;
use crate::agent::digest::Digest;
use crate::agent::event::Decision;

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allow",
        Decision::AllowForSession => "session",
        Decision::Deny => "deny",
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Approval> {
    let decision: Option<String> = row.get(8)?;
    Ok(Approval {
        id: row.get(0)?,
        task: row.get(1)?,
        attempt: row.get(2)?,
        request: row.get(3)?,
        tool: row.get(4)?,
        detail: row.get(5)?,
        digest: row.get::<_, Option<String>>(6)?.map(Digest::stored),
        grant: row.get::<_, Option<String>>(12)?.and_then(|text| serde_json::from_str(&text).ok()),
        wants: row.get::<_, Option<String>>(9)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        words: serde_json::from_str(&row.get::<_, String>(10)?).unwrap_or_default(),
        chosen: serde_json::from_str(&row.get::<_, String>(11)?).unwrap_or_default(),
        asked_at: row.get(7)?,
        closed_by: row.get::<_, Option<String>>(13)?.map(|by| ClosedBy::read(&by)),
        decision: decision.map(|word| match word.as_str() {
            "allow" => Decision::Allow,
            "session" => Decision::AllowForSession,
            _ => Decision::Deny,
        }),
    })
}

const COLUMNS: &str =
    "id, task, attempt, request, tool, detail, digest, asked_at, decision, wants, words, chosen, allows, decided_by";

/// Picks the row of an [`Asking`]; where no digest is known, what was shown must be the same.
const SAME: &str = "task = ?1 AND attempt = ?2 AND event = ?3 AND request = ?4 AND tool = ?5
    AND digest IS NOT DISTINCT FROM ?6 AND (digest IS NOT NULL OR detail = ?7)";

impl Tx<'_> {
    /// Stores a permission request; `None` when it is known already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ask(&self, asking: &Asking) -> Result<Option<Approval>, StoreError> {
        if self.is_known(asking)? {
            return Ok(None);
        }
        let sql = format!(
            "INSERT INTO approvals (id, task, attempt, event, request, tool, detail, digest, asked_at, wants, allows)
             VALUES (?8, ?1, ?2, ?3, ?4, ?5, ?7, ?6, ?9, ?10, ?11) RETURNING {COLUMNS}"
        );
        let Asking { task, attempt, event, request, tool, detail, digest, grant, wants } = asking;
        let digest = digest.as_ref().map(Digest::as_str);
        let wants = (!wants.is_permission()).then(|| serde_json::to_string(wants)).transpose()?;
        let grant = grant.as_ref().map(serde_json::to_string).transpose()?;
        let id = ApprovalId::made(self.short_id(ApprovalId::CHARS));
        let values =
            params![task.as_str(), attempt, event, request, tool, digest, detail, id, self.now(), wants, grant];
        let approval = self.connection.prepare_cached(&sql)?.query_row(values, read)?;
        self.note(task, "asked", tool)?;
        Ok(Some(approval))
    }

    fn is_known(&self, asking: &Asking) -> Result<bool, StoreError> {
        let Asking { task, attempt, event, request, tool, detail, digest, grant: _, wants: _ } = asking;
        let digest = digest.as_ref().map(Digest::as_str);
        let values = params![task.as_str(), attempt, event, request, tool, digest, detail];
        let sql = format!("SELECT 1 FROM approvals WHERE {SAME}");
        if self.connection.prepare_cached(&sql)?.exists(values)? {
            return Ok(true);
        }
        // A version before this one has asked, and did not note which event it was.
        let adopted = self
            .connection
            .prepare_cached(
                "UPDATE approvals SET event = ?3, digest = ?6 WHERE task = ?1 AND attempt = ?2 AND event IS NULL
                     AND request = ?4 AND tool = ?5 AND detail = ?7",
            )?
            .execute(values)?;
        Ok(adopted > 0)
    }

    /// Closes what a run has asked before under the same id of its own: nobody waits for an answer to that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn replace_questions(&self, by: &Approval) -> Result<Vec<Approval>, StoreError> {
        let sql = format!(
            "UPDATE approvals SET decision = 'deny', decided_by = 'replaced', decided_at = ?5
             WHERE task = ?1 AND attempt = ?2 AND request = ?3 AND id <> ?4 AND decision IS NULL RETURNING {COLUMNS}"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let values = params![by.task.as_str(), by.attempt, by.request, by.id, self.now()];
        let rows = statement.query_map(values, read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Returns a permission request by its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn approval(&self, id: &ApprovalId) -> Result<Option<Approval>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM approvals WHERE id = ?1");
        Ok(self.connection.prepare_cached(&sql)?.query_row([id], read).optional()?)
    }

    /// Returns a task's permission requests, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn approvals_of(&self, task: &TaskId) -> Result<Vec<Approval>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM approvals WHERE task = ?1 ORDER BY asked_at, id");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([task.as_str()], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Returns the oldest request of a task that nobody has answered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_approval(&self, task: &TaskId) -> Result<Option<Approval>, StoreError> {
        Ok(self.approvals_of(task)?.into_iter().find(|approval| approval.decision.is_none()))
    }

    /// Whether a request of a chat was closed within a time by nobody's answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn closed_by_itself_within(&self, chat: &ChatKey, span: Duration) -> Result<bool, StoreError> {
        let since = self.now().0 - i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let sql = "SELECT EXISTS (SELECT 1 FROM approvals a JOIN tasks t ON t.id = a.task
             WHERE t.chat = ?1 AND a.decided_at > ?2 AND a.decided_by IN ('replaced', 'time', 'agent', 'end'))";
        Ok(self.connection.prepare_cached(sql)?.query_row(params![chat, since], |row| row.get(0))?)
    }

    /// Returns the answer to a request, where it has one: to this very request, with this tool and this input.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn answer_to(&self, asking: &Asking) -> Result<Option<Approval>, StoreError> {
        let Asking { task, attempt, event, request, tool, detail, digest, grant: _, wants: _ } = asking;
        let digest = digest.as_ref().map(Digest::as_str);
        let values = params![task.as_str(), attempt, event, request, tool, digest, detail];
        let sql = format!("SELECT {COLUMNS} FROM approvals WHERE {SAME} AND decision IS NOT NULL");
        Ok(self.connection.prepare_cached(&sql)?.query_row(values, read).optional()?)
    }

    /// Returns the oldest question, or plan, that a session's running task waits for an answer to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_question(&self, session: SessionId) -> Result<Option<Approval>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM approvals WHERE decision IS NULL AND wants IS NOT NULL
                 AND task IN (SELECT id FROM tasks WHERE session = ?1 AND status = 'running')
             ORDER BY asked_at, id LIMIT 1"
        );
        Ok(self.connection.prepare_cached(&sql)?.query_row([session], read).optional()?)
    }

    /// Notes what is answered so far of a question that is open, and what is chosen; `None` when it is open no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn answer_so_far(
        &self,
        approval: &Approval,
        words: &[String],
        chosen: &[usize],
    ) -> Result<Option<Approval>, StoreError> {
        let sql = format!(
            "UPDATE approvals SET words = ?2, chosen = ?3 WHERE id = ?1 AND decision IS NULL RETURNING {COLUMNS}"
        );
        let values = params![approval.id, serde_json::to_string(words)?, serde_json::to_string(chosen)?];
        Ok(self.connection.prepare_cached(&sql)?.query_row(values, read).optional()?)
    }

    /// Answers a permission request, once; `false` when it was answered before. The agent is told after the commit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn decide(&self, approval: &Approval, decision: Decision, by: &str) -> Result<bool, StoreError> {
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE approvals SET decision = ?2, decided_by = ?3, decided_at = ?4 WHERE id = ?1 AND decision IS NULL",
            )?
            .execute(params![approval.id, word(decision), by, self.now()])?;
        if changed == 0 {
            return Ok(false);
        }
        self.note(&approval.task, "answered", &format!("{} by {by}", word(decision)))?;
        // An answer to a question allows nothing.
        if decision == Decision::AllowForSession
            && approval.wants.is_permission()
            && let Some(grant) = &approval.grant
            && let Some(session) = self.task(&approval.task)?.and_then(|task| task.session)
        {
            self.grant(session, grant)?;
        }
        let answered = Approval { decision: Some(decision), ..approval.clone() };
        self.effects.borrow_mut().answered.push(answered);
        Ok(true)
    }

    /// Notes that nobody answered a request in time; `None` when somebody did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn expire_approval(&self, asking: &Asking) -> Result<Option<Approval>, StoreError> {
        self.deny_open(asking, "time")
    }

    /// Notes that an agent has taken a request back; `None` when it was answered before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn withdraw_approval(&self, asking: &Asking) -> Result<Option<Approval>, StoreError> {
        self.deny_open(asking, "agent")
    }

    /// Notes that a request was allowed by nobody whom we know: an answer that reached its agent on another way. `None` when
    /// somebody did allow it, or when this is noted already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn foreign_approval(&self, asking: &Asking) -> Result<Option<Approval>, StoreError> {
        let Asking { task, attempt, event, request, tool, detail, digest, grant: _, wants: _ } = asking;
        let digest = digest.as_ref().map(Digest::as_str);
        let values = params![task.as_str(), attempt, event, request, tool, digest, detail, self.now()];
        let sql = format!(
            "UPDATE approvals SET decision = 'allow', decided_by = 'foreign', decided_at = ?8
             WHERE {SAME} AND coalesce(decision, 'deny') = 'deny' RETURNING {COLUMNS}"
        );
        let found = self.connection.prepare_cached(&sql)?.query_row(values, read).optional()?;
        if found.is_some() {
            self.note(task, "foreign-approval", tool)?;
        }
        Ok(found)
    }

    fn deny_open(&self, asking: &Asking, by: &str) -> Result<Option<Approval>, StoreError> {
        let Asking { task, attempt, event, request, tool, detail, digest, grant: _, wants: _ } = asking;
        let digest = digest.as_ref().map(Digest::as_str);
        let values = params![task.as_str(), attempt, event, request, tool, digest, detail, self.now(), by];
        let sql = format!(
            "UPDATE approvals SET decision = 'deny', decided_by = ?9, decided_at = ?8
             WHERE {SAME} AND decision IS NULL RETURNING {COLUMNS}"
        );
        Ok(self.connection.prepare_cached(&sql)?.query_row(values, read).optional()?)
    }

    /// Closes what an ended run still asked.
    pub(super) fn close_approvals(&self, task: &TaskId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE approvals SET decision = 'deny', decided_by = 'end', decided_at = ?2
                 WHERE task = ?1 AND decision IS NULL",
            )?
            .execute(params![task.as_str(), self.now()])?;
        Ok(())
    }
}
