//! Silences that a source is to be told of: wanted by a person, written by whoever speaks to the source, taken back when
//! the incident is resolved or wanted loud again.

use std::collections::BTreeMap;

use rusqlite::params;

use super::error::StoreError;
use super::id::IncidentId;
use super::incident::Incident;
use super::tx::Tx;
use crate::clock::Timestamp;

/// A silence that its source is to be told of, or to take back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Row id, unique for ever.
    pub id: i64,
    /// The incident it is for; stands in the silence's comment, by which one is looked up before it is made again.
    pub incident: IncidentId,
    /// By which door the incident came: `hook:<id>` or `post:<sender>`.
    pub origin: String,
    /// The labels that are silenced, all of which must be equal.
    pub matchers: BTreeMap<String, String>,
    /// How people call who wants it.
    pub name: String,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// Whether it is to be taken back.
    pub unwanted: bool,
    /// The source's own id of it, where it has one.
    pub remote: Option<String>,
}

impl Tx<'_> {
    /// Returns the labels that silence an incident: those of its one alert, or of its group when it has several.
    #[must_use]
    pub fn silence_matchers(incident: &Incident) -> &BTreeMap<String, String> {
        if incident.alerts > 1 { &incident.labels } else { &incident.alert.labels }
    }

    /// Wants a silence of an incident; an earlier one that its source was not told of yet is forgotten, one that it was
    /// told of is taken back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn want_silence(&self, incident: &Incident, until: Timestamp, name: &str) -> Result<(), StoreError> {
        self.end_silences(incident.id)?;
        let matchers = Self::silence_matchers(incident);
        if matchers.is_empty() {
            // Without a label it would silence everything.
            return Ok(());
        }
        self.connection
            .prepare_cached(
                "INSERT INTO silences (incident, matchers, name, starts_at, ends_at, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, 'wanted')",
            )?
            .execute(params![incident.id, serde_json::to_string(matchers)?, name, self.now(), until])?;
        Ok(())
    }

    /// Takes the silences of an incident back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_silences(&self, incident: IncidentId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE silences SET state = CASE WHEN state = 'written' AND ends_at > ?2 THEN 'unwanted' ELSE 'over' END
                 WHERE incident = ?1 AND state IN ('wanted', 'written')",
            )?
            .execute(params![incident, self.now()])?;
        Ok(())
    }

    /// Returns the silences that sources are to be told of or to take back, oldest first; at most `limit`. One that may
    /// have been written (the answer was lost) is still wanted: look it up by its comment first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn silences_waiting(&self, limit: usize) -> Result<Vec<Silence>, StoreError> {
        let sql = "SELECT s.id, s.incident, i.origin, s.matchers, s.name, s.starts_at, s.ends_at, s.state = 'unwanted', s.remote
                   FROM silences s JOIN incidents i ON i.id = s.incident
                   WHERE s.state IN ('wanted', 'unwanted') ORDER BY s.id LIMIT ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([limit])?;
        let mut silences = Vec::new();
        while let Some(row) = rows.next()? {
            silences.push(Silence {
                id: row.get(0)?,
                incident: row.get(1)?,
                origin: row.get(2)?,
                matchers: serde_json::from_str(&row.get::<_, String>(3)?)?,
                name: row.get(4)?,
                starts_at: row.get(5)?,
                ends_at: row.get(6)?,
                unwanted: row.get(7)?,
                remote: row.get(8)?,
            });
        }
        Ok(silences)
    }

    /// Notes that a source was told of a silence and how it calls it; one that is unwanted by now is still to be taken back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn silence_written(&self, id: i64, remote: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE silences SET remote = ?2,
                     state = CASE WHEN state = 'wanted' THEN 'written' WHEN state = 'over' THEN 'unwanted' ELSE state END
                 WHERE id = ?1",
            )?
            .execute(params![id, remote])?;
        Ok(())
    }

    /// Notes that there is nothing more to tell of a silence: it was taken back, is over, or has no source that takes any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn silence_over(&self, id: i64) -> Result<(), StoreError> {
        self.connection.prepare_cached("UPDATE silences SET state = 'over' WHERE id = ?1")?.execute([id])?;
        Ok(())
    }
}
