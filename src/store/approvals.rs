//! Permission requests of agents, and their answers; durable, so that a question outlives a restart.

use rusqlite::{OptionalExtension, Row, params};

use super::{StoreError, TaskId, Tx};
use crate::agent::event::Decision;
use crate::clock::Timestamp;

/// Characters of a request's id.
const ID_CHARS: usize = 6;

/// A permission request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Short id, made to be typed.
    pub id: String,
    /// The task that asks.
    pub task: TaskId,
    /// The agent's own id of the request.
    pub request: String,
    /// The tool it wants to use.
    pub tool: String,
    /// What it wants to do.
    pub detail: String,
    /// When it asked.
    pub asked_at: Timestamp,
    /// The answer; `None` while it is open.
    pub decision: Option<Decision>,
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allow",
        Decision::AllowForSession => "session",
        Decision::Deny => "deny",
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Approval> {
    let decision: Option<String> = row.get(6)?;
    Ok(Approval {
        id: row.get(0)?,
        task: TaskId::from_row(row.get(1)?),
        request: row.get(2)?,
        tool: row.get(3)?,
        detail: row.get(4)?,
        asked_at: row.get(5)?,
        decision: decision.map(|word| match word.as_str() {
            "allow" => Decision::Allow,
            "session" => Decision::AllowForSession,
            _ => Decision::Deny,
        }),
    })
}

const COLUMNS: &str = "id, task, request, tool, detail, asked_at, decision";

impl Tx<'_> {
    /// Stores a permission request; `None` when it is known already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ask(&self, task: &TaskId, request: &str, tool: &str, detail: &str) -> Result<Option<Approval>, StoreError> {
        let sql = format!(
            "INSERT INTO approvals (id, task, request, tool, detail, asked_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (task, request) DO NOTHING RETURNING {COLUMNS}"
        );
        let id = self.short_id(ID_CHARS);
        let approval = self
            .connection
            .prepare_cached(&sql)?
            .query_row(params![id, task.as_str(), request, tool, detail, self.now()], read)
            .optional()?;
        if approval.is_some() {
            self.note(task, "asked", tool)?;
        }
        Ok(approval)
    }

    /// Returns a permission request by its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn approval(&self, id: &str) -> Result<Option<Approval>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM approvals WHERE id = ?1");
        Ok(self.connection.prepare_cached(&sql)?.query_row([id.to_ascii_lowercase()], read).optional()?)
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

    /// Returns a request of a task's agent when it is answered; an answer given while nobody listened is in it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn decision_on(&self, task: &TaskId, request: &str) -> Result<Option<Approval>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM approvals WHERE task = ?1 AND request = ?2 AND decision IS NOT NULL");
        Ok(self.connection.prepare_cached(&sql)?.query_row([task.as_str(), request], read).optional()?)
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
        if decision == Decision::AllowForSession
            && let Some(session) = self.task(approval.task.as_str())?.and_then(|task| task.session)
        {
            self.allow_tool(session, &approval.tool)?;
        }
        let answered = Approval { decision: Some(decision), ..approval.clone() };
        self.effects.borrow_mut().answered.push(answered);
        Ok(true)
    }

    /// Notes that nobody answered a request in time; `None` when somebody did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn expire_approval(&self, task: &TaskId, request: &str) -> Result<Option<Approval>, StoreError> {
        let sql = format!(
            "UPDATE approvals SET decision = 'deny', decided_by = 'time', decided_at = ?3
             WHERE task = ?1 AND request = ?2 AND decision IS NULL RETURNING {COLUMNS}"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![task.as_str(), request, self.now()], read).optional()?)
    }

    /// Closes what an ended task still asked.
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
