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

/// Rows that ended before an instant (1), at most so many (2) in a step, so that no step is long.
pub(super) const FORGETS: [&str; 15] = [
    // A card, and the opening of its thread, stays as long as its incident.
    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox o
         WHERE finished_at < ?1 AND state = 'delivered'
         AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.card = CASE WHEN o.opens IS NULL THEN o.key ELSE o.after END)
         AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.root = CASE WHEN o.opens IS NULL THEN o.key ELSE o.after END)
         LIMIT ?2)",
    // A dead letter that is no run's answer, such as one to a stranger who has blocked the bot.
    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE finished_at < ?1 AND state = 'failed'
         AND task IS NULL AND about IS NULL LIMIT ?2)",
    "DELETE FROM approvals WHERE id IN (SELECT a.id FROM approvals a JOIN tasks t ON t.id = a.task
         WHERE t.finished_at < ?1 LIMIT ?2)",
    "DELETE FROM task_events WHERE id IN (SELECT e.id FROM task_events e JOIN tasks t ON t.id = e.task
         WHERE t.finished_at < ?1 LIMIT ?2)",
    // Its investigation goes with it.
    "DELETE FROM tasks WHERE id IN (SELECT id FROM tasks t WHERE t.finished_at < ?1
         AND NOT EXISTS (SELECT 1 FROM task_events e WHERE e.task = t.id)
         AND NOT EXISTS (SELECT 1 FROM approvals a WHERE a.task = t.id) LIMIT ?2)",
    "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox i WHERE state = 'done' AND done_at < ?1
         AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.inbox = i.id) LIMIT ?2)",
    "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions s WHERE
         (status = 'ended' OR investigation AND status = 'idle') AND last_used_at < ?1 AND worktree_of IS NULL
         AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.session = s.id) LIMIT ?2)",
    "DELETE FROM incident_alerts WHERE id IN (SELECT a.id FROM incident_alerts a JOIN incidents i ON i.id = a.incident
         WHERE i.state = 'resolved' AND i.resolved_at < ?1 LIMIT ?2)",
    "DELETE FROM incident_events WHERE id IN (SELECT e.id FROM incident_events e JOIN incidents i ON i.id = e.incident
         WHERE i.state = 'resolved' AND i.resolved_at < ?1 LIMIT ?2)",
    "DELETE FROM incident_events WHERE id IN (SELECT id FROM incident_events WHERE at < ?1 LIMIT ?2)",
    "DELETE FROM silences WHERE id IN (SELECT s.id FROM silences s JOIN incidents i ON i.id = s.incident
         WHERE i.state = 'resolved' AND i.resolved_at < ?1 LIMIT ?2)",
    "DELETE FROM incident_lines WHERE id IN (SELECT l.id FROM incident_lines l JOIN incidents i ON i.id = l.incident
         WHERE i.state = 'resolved' AND i.resolved_at < ?1 LIMIT ?2)",
    "DELETE FROM incidents WHERE id IN (SELECT id FROM incidents i WHERE state = 'resolved' AND resolved_at < ?1
         AND NOT EXISTS (SELECT 1 FROM incident_alerts a WHERE a.incident = i.id)
         AND NOT EXISTS (SELECT 1 FROM incident_events e WHERE e.incident = i.id)
         AND NOT EXISTS (SELECT 1 FROM silences s WHERE s.incident = i.id)
         AND NOT EXISTS (SELECT 1 FROM incident_lines l WHERE l.incident = i.id) LIMIT ?2)",
    "DELETE FROM fires WHERE id IN (SELECT id FROM fires WHERE ended_at < ?1 LIMIT ?2)",
    "DELETE FROM pairing_tries WHERE (provider, \"user\", at) IN
         (SELECT provider, \"user\", at FROM pairing_tries WHERE at < ?1 LIMIT ?2)",
];

/// Rows whose own end has come by now (1), at most so many (2) in a step.
pub(super) const SWEEPS: [&str; 3] = [
    "DELETE FROM kv WHERE key IN (SELECT key FROM kv WHERE expires_at < ?1 LIMIT ?2)",
    "DELETE FROM pairing_codes WHERE code IN (SELECT code FROM pairing_codes WHERE expires_at < ?1 LIMIT ?2)",
    "DELETE FROM hook_deliveries WHERE (hook, key) IN
         (SELECT hook, key FROM hook_deliveries WHERE expires_at < ?1 LIMIT ?2)",
];

impl Tx<'_> {
    /// Removes at most `limit` rows of each kind that ended before `before`; returns how many were removed. Incidents of which
    /// nothing was heard since are over.
    ///
    /// Open sessions stay with their history; dead letters of runs and incidents stay until somebody looks at them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let mut removed = self.close_unheard(before, limit)?;
        for step in FORGETS {
            removed += self.connection.prepare_cached(step)?.execute(params![before, limit])?;
        }
        for step in SWEEPS {
            removed += self.connection.prepare_cached(step)?.execute(params![self.now(), limit])?;
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
