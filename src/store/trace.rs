//! The trace of a task: what happened to it, and when. `/why` shows it.

use rusqlite::params;

use super::error::StoreError;
use super::id::TaskId;
use super::outgoing::{NOTED, name_in};
use super::tx::Tx;
use crate::clock::Timestamp;

/// One step in a task's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskEvent {
    /// When.
    pub at: Timestamp,
    /// What: `accepted`, `queued`, `started`, `session`, `asked`, `answered`, `cancel`, `finished` …
    pub what: String,
    /// More about it, or empty.
    pub detail: String,
}

impl Tx<'_> {
    /// Notes a step in a task's life.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note(&self, task: &TaskId, what: &str, detail: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO task_events (task, at, what, detail) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![task.as_str(), self.now(), what, detail])?;
        Ok(())
    }

    /// Notes a line that is to stand below a task's result.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn mention(&self, task: &TaskId, line: &str) -> Result<(), StoreError> {
        self.note(task, "mentions", line)
    }

    /// Returns the lines that are to stand below a task's result.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn mentions(&self, task: &TaskId) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT detail FROM task_events WHERE task = ?1 AND what = 'mentions' ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([task.as_str()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether a task was cancelled by somebody, or for a reason.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn was_cancelled_by(&self, task: &TaskId, by: &str) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM task_events WHERE task = ?1 AND what = 'cancel' AND detail = ?2)";
        Ok(self.connection.prepare_cached(sql)?.query_row([task.as_str(), by], |row| row.get(0))?)
    }

    /// Returns the steps of a task's life, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn events(&self, task: &TaskId) -> Result<Vec<TaskEvent>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT at, what, detail FROM task_events WHERE task = ?1 ORDER BY id")?;
        let rows = statement.query_map([task.as_str()], |row| {
            let (what, detail): (String, String) = (row.get(1)?, row.get(2)?);
            let detail = if what == NOTED { name_in(&detail) } else { detail };
            Ok(TaskEvent { at: row.get(0)?, what, detail })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
