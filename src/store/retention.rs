//! What may be forgotten, and which files its rows held.

use std::collections::HashSet;

use rusqlite::params;

use super::error::StoreError;
use super::tx::Tx;
use crate::clock::Timestamp;

/// Folders of the state directory that rows still need.
#[derive(Debug, Clone, Default)]
pub struct KeptFolders {
    /// Ids of all tasks that are known.
    pub runs: HashSet<String>,
    /// Ids of the tasks that have not ended, or not long ago.
    pub recent: HashSet<String>,
    /// Names of the scratch folders that stay: a session's number, or the id of a task without one.
    pub scratch: HashSet<String>,
}

impl Tx<'_> {
    /// Removes at most `limit` rows of each kind that ended before `before`; returns how many were removed.
    ///
    /// Open sessions stay with their history; dead letters stay until somebody looks at them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let steps = [
            "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox
                 WHERE finished_at < ?1 AND state = 'delivered' LIMIT ?2)",
            "DELETE FROM approvals WHERE task IN (SELECT id FROM tasks WHERE finished_at < ?1 LIMIT ?2)",
            "DELETE FROM task_events WHERE task IN (SELECT id FROM tasks WHERE finished_at < ?1 LIMIT ?2)",
            "DELETE FROM tasks WHERE seq IN (SELECT seq FROM tasks WHERE finished_at < ?1 LIMIT ?2)",
            "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox i WHERE state = 'done' AND done_at < ?1
                 AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.inbox = i.id) LIMIT ?2)",
            "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions s WHERE
                 (status = 'ended' OR investigation AND status = 'idle') AND last_used_at < ?1
                 AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.session = s.id) LIMIT ?2)",
        ];
        let mut removed = 0;
        for step in steps {
            removed += self.connection.prepare_cached(step)?.execute(params![before, limit])?;
        }
        Ok(removed)
    }

    /// Returns the folders that rows still need; a task that ended after `since` counts as recent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn kept_folders(&self, since: Timestamp) -> Result<KeptFolders, StoreError> {
        let read = |sql: &str| -> Result<HashSet<String>, StoreError> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        Ok(KeptFolders {
            runs: read("SELECT id FROM tasks")?,
            recent: {
                let sql = "SELECT id FROM tasks WHERE finished_at IS NULL OR finished_at >= ?1";
                let mut statement = self.connection.prepare_cached(sql)?;
                let rows = statement.query_map([since], |row| row.get(0))?;
                rows.collect::<Result<_, _>>()?
            },
            scratch: read(
                "SELECT CAST(id AS TEXT) FROM sessions WHERE status <> 'ended' OR archived
                 UNION SELECT id FROM tasks WHERE finished_at IS NULL",
            )?,
        })
    }
}
