//! Files that go with answers: noted in the trace of their task, and known until they are delivered.

use std::collections::HashSet;

use rusqlite::OptionalExtension as _;

use super::enclosed::Enclosed;
use super::error::StoreError;
use super::id::TaskId;
use super::tx::Tx;
use crate::clock::Timestamp;

/// How a file is noted in the trace of its task.
pub(super) const NOTED: &str = "file";

/// How it is noted that files do not go with a task's answer.
const UNATTACHED: &str = "not attached";

/// Returns the name of a file that is noted in the trace of its task.
pub(super) fn name_in(note: &str) -> String {
    serde_json::from_str(note).map(|file: Enclosed| file.file_name).unwrap_or_default()
}

impl Tx<'_> {
    /// Notes the files that go with a task's answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn note_files(
        &self,
        task: &TaskId,
        files: &[Enclosed],
        unattached: Option<&str>,
    ) -> Result<(), StoreError> {
        files.iter().try_for_each(|file| self.note(task, NOTED, &serde_json::to_string(file)?))?;
        unattached.map_or(Ok(()), |line| self.note(task, UNATTACHED, line))
    }

    /// Returns what is said of the files that a task's agent has named and that do not go with its answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unattached_of(&self, task: &TaskId) -> Result<Option<String>, StoreError> {
        let sql = "SELECT detail FROM task_events WHERE task = ?1 AND what = ?2 ORDER BY id DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([task.as_str(), UNATTACHED], |row| row.get(0)).optional()?)
    }

    /// Names the tasks whose folders in [`OUTGOING`](super::enclosed::OUTGOING) are still needed: those that have not ended before `since`, and those with
    /// a file that waits to be delivered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tasks_with_files(&self, since: Timestamp) -> Result<HashSet<String>, StoreError> {
        let sql = "SELECT id FROM tasks WHERE finished_at IS NULL OR finished_at >= ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([since], |row| row.get::<_, String>(0))?;
        let mut tasks: HashSet<String> = rows.collect::<Result<_, _>>()?;
        // What one delivery is of cannot always be told from its task: a fire's has none.
        let sql = "SELECT attachment FROM outbox WHERE attachment IS NOT NULL AND state <> 'delivered'";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        for row in rows {
            let file: Option<Enclosed> = serde_json::from_str(&row?).ok();
            let folder = file.as_ref().and_then(|file| file.kept()?.place.iter().nth(1)?.to_str());
            tasks.extend(folder.map(str::to_owned));
        }
        Ok(tasks)
    }

    /// Returns the files that go with a task's answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn files_of(&self, task: &TaskId) -> Result<Vec<Enclosed>, StoreError> {
        let sql = "SELECT detail FROM task_events WHERE task = ?1 AND what = ?2 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([task.as_str(), NOTED], |row| row.get::<_, String>(0))?;
        rows.map(|row| Ok(serde_json::from_str(&row?)?)).collect()
    }
}
