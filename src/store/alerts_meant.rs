//! What a post of an end, or of who has taken it, means where it says so in other words than the post of the beginning.

use rusqlite::params;

use super::chat::ChatKey;
use super::error::StoreError;
use super::id::IncidentId;
use super::tx::Tx;
use crate::alert::{Alert, Firing};
use crate::incident::{Batch, means};

/// Alerts looked at; where more of a sender fire at once, none of them is guessed.
const MAX_LOOKED_AT: usize = 500;

impl Tx<'_> {
    /// Returns by what the alerts are known that a post means: those of the one open incident of its chat and sender that is
    /// about the same. Where several are, or what it says fits several alerts and names none, nothing is guessed.
    pub(super) fn meant(&self, chat: &ChatKey, batch: &Batch, alert: &Alert) -> Result<Vec<String>, StoreError> {
        if !batch.origin.is_post() || alert.status == Firing::Firing && alert.acknowledged.is_none() {
            return Ok(Vec::new());
        }
        // What its alerts are known by begins with its door, a line break and a word.
        let door = batch.origin.door(&batch.target);
        let (from, to) = (format!("{door}\n"), format!("{door}\n\u{7f}"));
        let sql = "SELECT a.incident, a.fingerprint, a.alert FROM incident_alerts a JOIN incidents i ON i.id = a.incident
                   WHERE a.chat = ?1 AND a.fingerprint BETWEEN ?2 AND ?3 AND a.firing AND i.state <> 'resolved' LIMIT ?4";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![chat, from, to, MAX_LOOKED_AT + 1])?;
        let (mut seen, mut found): (usize, Vec<(IncidentId, String)>) = (0, Vec::new());
        while let Some(row) = rows.next()? {
            seen += 1;
            let known: Alert = serde_json::from_str(&row.get::<_, String>(2)?)?;
            if means(alert, &known) {
                found.push((row.get(0)?, row.get(1)?));
            }
        }
        let is_one = found.iter().all(|(id, _)| Some(id) == found.first().map(|(first, _)| first));
        // One that names nothing speaks of the whole incident.
        let is_told = found.len() <= 1 || alert.labels.is_empty();
        let fits = seen <= MAX_LOOKED_AT && is_one && is_told;
        Ok(if fits { found.into_iter().map(|(_, fingerprint)| fingerprint).collect() } else { Vec::new() })
    }
}
