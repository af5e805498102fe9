//! What the thread of an incident is to be told as soon as there is one.

use rusqlite::params;
use signalbox_adapter::Part;

use super::error::StoreError;
use super::id::IncidentId;
use super::tx::Tx;

/// Messages that wait for one thread; beyond it the oldest are left out, since what is newer says how things stand.
const MAX_LINES: usize = 20;

impl Tx<'_> {
    /// Keeps a message for the thread of an incident, until there is one; of too many the oldest go.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_line(&self, id: IncidentId, parts: &[Part]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO incident_lines (incident, parts) VALUES (?1, ?2)")?
            .execute(params![id, serde_json::to_string(parts)?])?;
        self.connection
            .prepare_cached(
                "DELETE FROM incident_lines WHERE incident = ?1 AND id NOT IN
                     (SELECT id FROM incident_lines WHERE incident = ?1 ORDER BY id DESC LIMIT ?2)",
            )?
            .execute(params![id, MAX_LINES])?;
        let Some(incident) = self.incident(id)?.filter(|incident| incident.card.is_some()) else { return Ok(()) };
        // Without a card it is looked at when one is shown.
        let now = self.now();
        self.incident_due(id, Some(incident.due_at.map_or(now, |at| at.min(now))))
    }

    /// Whether messages wait for the thread of an incident.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn has_lines(&self, id: IncidentId) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM incident_lines WHERE incident = ?1)";
        Ok(self.connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))?)
    }

    /// Takes out what waits for the thread of an incident, in the order in which it was said.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take_lines(&self, id: IncidentId) -> Result<Vec<Vec<Part>>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT parts FROM incident_lines WHERE incident = ?1 ORDER BY id")?;
        let rows = statement.query_map([id], |row| row.get::<_, String>(0))?;
        let lines = rows.map(|parts| Ok(serde_json::from_str(&parts?)?)).collect::<Result<_, StoreError>>()?;
        self.connection.prepare_cached("DELETE FROM incident_lines WHERE incident = ?1")?.execute([id])?;
        Ok(lines)
    }
}
