//! What is known of alerts.

use rusqlite::{OptionalExtension, params};

use super::chat::ChatKey;
use super::error::StoreError;
use super::id::IncidentId;
use super::tx::Tx;
use crate::alert::{Alert, Firing};
use crate::incident::KnownFiring;

impl Tx<'_> {
    /// Returns what is known of an alert. What fires by the word of a post alone, and of which a hook has said that it is
    /// over, is not known: the hook has nothing to say of it.
    pub(super) fn known_alert(
        &self,
        chat: &ChatKey,
        fingerprint: &str,
        status: Firing,
    ) -> Result<Option<(IncidentId, KnownFiring)>, StoreError> {
        let sql = "SELECT a.incident, a.firing, a.starts_at, a.put_away, a.ended_at, a.weak AND NOT i.weak AND i.state = 'resolved'
                   FROM incident_alerts a JOIN incidents i ON i.id = a.incident
                   WHERE a.chat = ?1 AND a.fingerprint = ?2 ORDER BY a.incident DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let known = statement.query_row(params![chat, fingerprint], |row| {
            let status = if row.get(1)? { Firing::Firing } else { Firing::Resolved };
            let (starts_at, put_away, ended_at) = (row.get(2)?, row.get(3)?, row.get(4)?);
            let known = (row.get(0)?, KnownFiring { status, starts_at, put_away, ended_at });
            Ok((known, row.get::<_, bool>(5)?))
        });
        let known = known.optional()?;
        Ok(known.filter(|(_, overruled)| !(*overruled && status == Firing::Firing)).map(|(known, _)| known))
    }

    /// Returns an incident's alerts, those that fire first, then the worst; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn alerts_of(&self, id: IncidentId, limit: usize) -> Result<Vec<Alert>, StoreError> {
        let sql = "SELECT alert, firing FROM incident_alerts WHERE incident = ?1
                   ORDER BY weak, NOT firing, severity DESC, last_seen_at DESC LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![id, limit])?;
        let mut alerts = Vec::new();
        while let Some(row) = rows.next()? {
            let mut alert: Alert = serde_json::from_str(&row.get::<_, String>(0)?)?;
            alert.status = if row.get(1)? { Firing::Firing } else { Firing::Resolved };
            alerts.push(alert);
        }
        Ok(alerts)
    }
}
