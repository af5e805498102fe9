//! Silences that a source is to be told of: wanted by a person, written by whoever speaks to the source, taken back when
//! the incident is over or wanted loud again.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, params};

use super::error::StoreError;
use super::id::IncidentId;
use super::incident::{Incident, IncidentChange};
use super::tx::Tx;
use crate::alert;
use crate::clock::Timestamp;
use crate::incident::IncidentEvent;
use crate::redact;

/// A silence that its source is to be told of, or to take back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Row id, unique for ever.
    pub id: i64,
    /// The incident it is for; stands in the silence's comment, by which one is looked up before it is made again.
    pub incident: IncidentId,
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
    /// Whether it may have been written: its source was asked to.
    pub tried: bool,
    /// The source's own id of it, where it has one.
    pub remote: Option<String>,
}

/// Why an incident cannot be silenced at its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsilenceable {
    /// It has no label: a silence without one would be of everything.
    NoLabels,
    /// A label was cut, so that nothing would be silenced.
    CutLabel,
    /// A label holds a secret, which is not kept.
    MaskedLabel,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Silence> {
    let matchers: String = row.get(2)?;
    let matchers = serde_json::from_str(&matchers)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, Box::new(error)))?;
    Ok(Silence {
        id: row.get(0)?,
        incident: row.get(1)?,
        matchers,
        name: row.get(3)?,
        starts_at: row.get(4)?,
        ends_at: row.get(5)?,
        unwanted: row.get(6)?,
        tried: row.get(7)?,
        remote: row.get(8)?,
    })
}

impl Tx<'_> {
    /// Returns the labels that silence an incident: those of its one alert, or of its group when it has several.
    ///
    /// # Errors
    /// Why there are none.
    pub fn silence_matchers(incident: &Incident) -> Result<&BTreeMap<String, String>, Unsilenceable> {
        let labels = if incident.alerts > 1 { &incident.labels } else { &incident.alert.labels };
        if labels.is_empty() {
            return Err(Unsilenceable::NoLabels);
        }
        let cut = labels.iter().any(|(name, value)| alert::is_cut(name) || alert::is_cut(value));
        if cut {
            return Err(Unsilenceable::CutLabel);
        }
        let masked = labels.values().any(|value| value.contains(redact::MASK));
        if masked { Err(Unsilenceable::MaskedLabel) } else { Ok(labels) }
    }

    /// Wants the source of an incident to be silent about these labels from now on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn want_silence(
        &self,
        incident: IncidentId,
        matchers: &BTreeMap<String, String>,
        until: Timestamp,
        name: &str,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO silences (incident, matchers, name, starts_at, ends_at, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, 'wanted')",
            )?
            .execute(params![incident, serde_json::to_string(matchers)?, name, self.now(), until])?;
        self.effects.borrow_mut().silences = true;
        Ok(())
    }

    /// Takes the silences of an incident back: one that its source cannot have heard of is forgotten.
    pub(super) fn end_silences(&self, incident: IncidentId) -> Result<(), StoreError> {
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE silences
                 SET state = CASE WHEN (state = 'written' OR tried) AND ends_at > ?2 THEN 'unwanted' ELSE 'over' END
                 WHERE incident = ?1 AND state IN ('wanted', 'written')",
            )?
            .execute(params![incident, self.now()])?;
        self.effects.borrow_mut().silences |= changed > 0;
        Ok(())
    }

    /// Returns the silences that sources are to be told of or to take back, oldest first; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn silences_waiting(&self, limit: usize) -> Result<Vec<Silence>, StoreError> {
        let sql = "SELECT id, incident, matchers, name, starts_at, ends_at, state = 'unwanted', tried, remote
                   FROM silences WHERE state IN ('wanted', 'unwanted') ORDER BY id LIMIT ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Returns the silences that sources kept and whose time is over by now, oldest first; at most `limit`. A source says
    /// nothing of what it has silenced, also not that it is over, so it is to be asked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn silences_ended(&self, limit: usize) -> Result<Vec<Silence>, StoreError> {
        let sql = "SELECT id, incident, matchers, name, starts_at, ends_at, FALSE, tried, remote
                   FROM silences WHERE state = 'written' AND ends_at <= ?1 ORDER BY id LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![self.now(), limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether the source of an incident keeps a silence of it, or has kept one to its end and is to be asked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_silence_kept(&self, incident: IncidentId) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM silences WHERE incident = ?1 AND state = 'written')";
        Ok(self.connection.prepare_cached(sql)?.query_row([incident], |row| row.get(0))?)
    }

    /// Notes that an incident's source has said, when it was asked, that no alert of it fires; the incident as it then
    /// stands, or `None` where that is no news.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cleared_at_source(&self, incident: IncidentId) -> Result<Option<Incident>, StoreError> {
        if self.incident(incident)?.is_none_or(|incident| !incident.state.is_open()) {
            return Ok(None);
        }
        self.connection
            .prepare_cached("UPDATE incident_alerts SET firing = FALSE WHERE incident = ?1")?
            .execute([incident])?;
        self.connection
            .prepare_cached("UPDATE incidents SET firing = 0, left_out = 0, unread = 0 WHERE id = ?1")?
            .execute([incident])?;
        // What a source says is never refused.
        Ok(self.change_incident(incident, &IncidentChange::by_itself(IncidentEvent::Cleared))?.ok())
    }

    /// Notes that a source is about to be told of a silence; `false` when it is wanted no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn silence_tried(&self, id: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE silences SET tried = TRUE WHERE id = ?1 AND state = 'wanted'";
        Ok(self.connection.prepare_cached(sql)?.execute([id])? > 0)
    }

    /// Notes that a source was told of a silence and how it calls it; `false` when it is to be taken back by now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn silence_written(&self, id: i64, remote: &str) -> Result<bool, StoreError> {
        let sql = "UPDATE silences SET remote = ?2, state = CASE WHEN state = 'wanted' THEN 'written' ELSE state END
                   WHERE id = ?1 RETURNING state = 'written'";
        let written = self.connection.prepare_cached(sql)?.query_row(params![id, remote], |row| row.get(0));
        Ok(written.optional()?.unwrap_or(false))
    }

    /// Notes how a source calls a silence that it is about to be asked to take back, so that it is known to have been there
    /// also when its answer is lost.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn silence_found(&self, id: i64, remote: &str) -> Result<(), StoreError> {
        let sql = "UPDATE silences SET remote = ?2 WHERE id = ?1 AND remote IS NULL";
        self.connection.prepare_cached(sql)?.execute(params![id, remote])?;
        Ok(())
    }

    /// Notes that there is nothing more to tell of a silence: it was taken back, is over, or has no source that takes any.
    /// `false` when that was known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn silence_over(&self, id: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE silences SET state = 'over' WHERE id = ?1 AND state <> 'over'";
        Ok(self.connection.prepare_cached(sql)?.execute([id])? > 0)
    }

    /// Notes that the chat of a silence is told that its source does not answer; `false` when it has been told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn silence_delayed(&self, id: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE silences SET told = TRUE WHERE id = ?1 AND NOT told";
        Ok(self.connection.prepare_cached(sql)?.execute([id])? > 0)
    }
}
