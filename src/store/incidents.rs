//! The table of incidents: found, changed as their rules allow, looked at when they are due.

use rusqlite::{OptionalExtension, Row, ToSql, params};
use signalbox_adapter::{ChatAddress, DeliveryKey};

use super::about::About;
use super::chat::ChatKey;
use super::error::StoreError;
use super::id::{IncidentId, SessionId, TaskId};
use super::incident::{Incident, IncidentChange, IncidentEntry};
use super::spans::Measured;
use super::tries::REAL;
use super::tx::Tx;
use crate::clock::Timestamp;
use crate::incident::{self, IncidentEvent, IncidentState, Refused};

const SECONDS_A_DAY: u64 = 24 * 3600;

pub(super) const COLUMNS: &str = "id, address, origin, labels, alert, severity, state, owner, alerts, firing, times, \
     left_out, created_at, starts_at, last_seen_at, resolved_at, silenced_until, folded, due_at, card, carded_at, \
     edited_at, card_lost, told_at, wanted, session, task, root, unread, common, acked_by";

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Incident> {
    fn invalid(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    }
    let card = row.get::<_, Option<String>>(19)?;
    let root = row.get::<_, Option<String>>(27)?;
    let common = row.get::<_, Option<String>>(29)?;
    Ok(Incident {
        id: row.get(0)?,
        address: row.get::<_, String>(1)?.parse().map_err(invalid)?,
        origin: row.get(2)?,
        labels: serde_json::from_str(&row.get::<_, String>(3)?).map_err(invalid)?,
        common: common.map(|labels| serde_json::from_str(&labels)).transpose().map_err(invalid)?,
        alert: serde_json::from_str(&row.get::<_, String>(4)?).map_err(invalid)?,
        severity: incident::of_rank(row.get(5)?),
        // The table takes no other word.
        state: IncidentState::parse(&row.get::<_, String>(6)?).unwrap_or(IncidentState::Firing),
        owner: row.get(7)?,
        acked_by: row.get(30)?,
        alerts: row.get(8)?,
        firing: row.get(9)?,
        times: row.get(10)?,
        left_out: row.get(11)?,
        unread: row.get(28)?,
        created_at: row.get(12)?,
        starts_at: row.get(13)?,
        last_seen_at: row.get(14)?,
        resolved_at: row.get(15)?,
        silenced_until: row.get(16)?,
        folded: row.get(17)?,
        due_at: row.get(18)?,
        card: card.map(DeliveryKey::try_from).transpose().map_err(invalid)?,
        carded_at: row.get(20)?,
        edited_at: row.get(21)?,
        card_lost: row.get(22)?,
        told_at: row.get(23)?,
        wanted: row.get(24)?,
        session: row.get(25)?,
        task: row.get(26)?,
        root: root.map(DeliveryKey::try_from).transpose().map_err(invalid)?,
    })
}

impl Tx<'_> {
    /// Returns an incident.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        Ok(self.incidents_where("id = ?1", &[&id], 1)?.pop())
    }

    /// Returns the incidents of a chat, or of all, open ones first, then the newest; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn incidents(&self, chat: Option<&ChatKey>, limit: usize) -> Result<Vec<Incident>, StoreError> {
        self.incidents_here(chat, "NOT folded ORDER BY state = 'resolved', id DESC", limit)
    }

    /// Counts the open incidents of a chat, or of all, that are too mild for a card.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_folded(&self, chat: Option<&ChatKey>) -> Result<usize, StoreError> {
        let here = if chat.is_some() { "chat = ?1 AND" } else { "" };
        let sql = format!("SELECT count(*) FROM incidents WHERE {here} state <> 'resolved' AND folded");
        Ok(self.connection.prepare_cached(&sql)?.query_row(rusqlite::params_from_iter(chat), |row| row.get(0))?)
    }

    /// Returns the open incidents of a chat, or of all, that are too mild for a card, those heard of last first; at most
    /// `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn folded_incidents(&self, chat: Option<&ChatKey>, limit: usize) -> Result<Vec<Incident>, StoreError> {
        self.incidents_here(chat, "state <> 'resolved' AND folded ORDER BY last_seen_at DESC, id DESC", limit)
    }

    fn incidents_here(&self, chat: Option<&ChatKey>, filter: &str, limit: usize) -> Result<Vec<Incident>, StoreError> {
        match chat {
            Some(chat) => self.incidents_where(&format!("chat = ?1 AND {filter}"), &[chat], limit),
            None => self.incidents_where(filter, &[], limit),
        }
    }

    pub(super) fn incidents_where(
        &self,
        filter: &str,
        values: &[&dyn ToSql],
        limit: usize,
    ) -> Result<Vec<Incident>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM incidents WHERE {filter} LIMIT {limit}");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(values, read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Returns the incident that a message of ours is about, or at whose card a thread stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn incident_of(&self, address: &ChatAddress, message: Option<&str>) -> Result<Option<Incident>, StoreError> {
        let main = ChatAddress { thread: None, ..address.clone() };
        let at_thread = address.thread.as_ref().map(|thread| (main.to_string(), thread.as_str()));
        let places = message.map(|message| (address.to_string(), message)).into_iter().chain(at_thread);
        for (address, message) in places {
            let sql = "SELECT about FROM outbox WHERE address = ?1 AND message = ?2 AND about IS NOT NULL";
            let about: Option<About> = self
                .connection
                .prepare_cached(sql)?
                .query_row([address.as_str(), message], |row| row.get(0))
                .optional()?;
            if let Some(About::Card(id) | About::Incident(id)) = about {
                return self.incident(id);
            }
        }
        Ok(None)
    }

    /// Does something to an incident, where its state allows it; returns it as it then stands.
    ///
    /// # Errors
    /// [`StoreError`]; what stands in the way comes back as [`Refused`], and nothing was changed.
    pub fn change_incident(
        &self,
        id: IncidentId,
        change: &IncidentChange<'_>,
    ) -> Result<Result<Incident, Refused>, StoreError> {
        let Some(was) = self.incident(id)? else { return Err(StoreError::Other("an incident is gone".into())) };
        let state = match incident::moved(was.state, was.acked_by.is_some(), change.event) {
            Ok(state) => state,
            Err(refused) => return Ok(Err(refused)),
        };
        let now = self.now();
        let until = change.silence.map(|span| now.after(span)).or(was.silenced_until);
        let name = change.by.map(|(_, name)| name);
        let owner = match change.event {
            IncidentEvent::Assigned => change.owner,
            IncidentEvent::Acked => was.owner.as_deref().or(name),
            IncidentEvent::Unacked => change.owner,
            _ => was.owner.as_deref(),
        };
        let acked_by = match (change.event, state) {
            (IncidentEvent::Acked, _) => name,
            (IncidentEvent::Unacked, _) | (_, IncidentState::Firing | IncidentState::Resolved) => None,
            (_, IncidentState::Acknowledged | IncidentState::Silenced) => was.acked_by.as_deref(),
        };
        self.connection
            .prepare_cached(
                "UPDATE incidents SET state = ?2, owner = ?3, silenced_until = ?4, resolved_at = ?5,
                     wanted = CASE WHEN ?6 THEN NULL ELSE wanted END, acked_by = ?7 WHERE id = ?1",
            )?
            .execute(params![
                id,
                state.as_str(),
                owner,
                until.filter(|_| state == IncidentState::Silenced),
                (!state.is_open()).then(|| was.resolved_at.unwrap_or(now)),
                change.event == IncidentEvent::Fired,
                acked_by
            ])?;
        self.measure_incident(&was, state)?;
        let detail = change.owner.filter(|_| change.event == IncidentEvent::Assigned).map(str::to_owned);
        let detail = detail
            .or_else(|| change.silence.map(|span| humantime::format_duration(span).to_string()))
            .or_else(|| change.unheard.map(|span| format!("{} d", span.as_secs() / SECONDS_A_DAY)))
            .unwrap_or_default();
        self.note_incident(id, change.event, change.by, &detail)?;
        match change.event {
            // A second silence takes the place of the first. What is over is not to be silenced when it begins anew.
            IncidentEvent::Silenced | IncidentEvent::Resolved | IncidentEvent::Reopened | IncidentEvent::Cleared => {
                self.end_silences(id)?;
            }
            // One whose time is over ends by itself at its source, too.
            IncidentEvent::SilenceEnded if change.by.is_some() => self.end_silences(id)?,
            IncidentEvent::Fired
            | IncidentEvent::Acked
            | IncidentEvent::Unacked
            | IncidentEvent::Assigned
            | IncidentEvent::SilenceEnded
            | IncidentEvent::Investigated => {}
        }
        match change.event {
            IncidentEvent::Resolved => self.put_away(id, true)?,
            IncidentEvent::Reopened => self.put_away(id, false)?,
            IncidentEvent::Fired
            | IncidentEvent::Cleared
            | IncidentEvent::Acked
            | IncidentEvent::Unacked
            | IncidentEvent::Assigned
            | IncidentEvent::Silenced
            | IncidentEvent::SilenceEnded
            | IncidentEvent::Investigated => {}
        }
        self.touch_incident(id)?;
        self.incident(id)?.map(Ok).ok_or(StoreError::Other("an incident is gone".into()))
    }

    /// Closes at most `limit` open incidents of which nothing was heard since an instant: not every source tells an end.
    /// Returns how many were closed.
    pub(super) fn close_unheard(&self, since: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let unheard = self.incidents_where("state <> 'resolved' AND last_seen_at < ?1", &[&since], limit)?;
        for incident in &unheard {
            self.connection
                .prepare_cached("UPDATE incident_alerts SET firing = FALSE WHERE incident = ?1 AND firing")?
                .execute([incident.id])?;
            self.connection
                .prepare_cached("UPDATE incidents SET firing = 0, left_out = 0, unread = 0 WHERE id = ?1")?
                .execute([incident.id])?;
            let unheard = Some(self.now().since(incident.last_seen_at));
            let change = IncidentChange { unheard, ..IncidentChange::by_itself(IncidentEvent::Cleared) };
            // What the clock says is never refused.
            self.change_incident(incident.id, &change)?.ok();
        }
        Ok(unheard.len())
    }

    /// Notes that a person says of what fires that it is over, or that it is not.
    fn put_away(&self, id: IncidentId, away: bool) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE incident_alerts SET put_away = ?2 WHERE incident = ?1 AND firing")?
            .execute(params![id, away])?;
        Ok(())
    }

    /// Measures how long an incident took that is taken by somebody now, or over.
    fn measure_incident(&self, was: &Incident, state: IncidentState) -> Result<(), StoreError> {
        let what = match (was.state, state) {
            (IncidentState::Firing, IncidentState::Acknowledged) => Measured::Ack,
            (was, now) if was.is_open() && !now.is_open() => Measured::Resolution,
            _ => return Ok(()),
        };
        let sql = format!("SELECT EXISTS (SELECT 1 FROM incidents WHERE id = ?1 AND {REAL})");
        if !self.connection.prepare_cached(&sql)?.query_row([was.id], |row| row.get(0))? {
            return Ok(());
        }
        let sql = "SELECT max(at) FROM incident_events WHERE incident = ?1 AND event IN ('fired', 'reopened')";
        let begun: Option<Timestamp> = self.connection.prepare_cached(sql)?.query_row([was.id], |row| row.get(0))?;
        self.count_span(what, self.now().since(begun.unwrap_or(was.created_at)))
    }

    pub(super) fn note_incident(
        &self,
        id: IncidentId,
        event: IncidentEvent,
        by: Option<(&str, &str)>,
        detail: &str,
    ) -> Result<(), StoreError> {
        let (who, name) = by.unzip();
        self.connection
            .prepare_cached(
                "INSERT INTO incident_events (incident, at, event, who, name, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![id, self.now(), event.as_str(), who, name, detail])?;
        Ok(())
    }

    /// Has an incident looked at as soon as its card may be changed; one without a card at its own time, or when its silence
    /// is over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn touch_incident(&self, id: IncidentId) -> Result<(), StoreError> {
        let Some(incident) = self.incident(id)? else { return Ok(()) };
        let now = self.now();
        let due = match (incident.carded_at, incident.edited_at) {
            (Some(shown), Some(edited)) => incident::edit_due(shown, edited, now).max(now),
            (Some(_) | None, _) => match incident.silenced_until {
                Some(until) => until,
                None => return Ok(()),
            },
        };
        self.incident_due(id, Some(incident.due_at.map_or(due, |at| at.min(due))))
    }

    /// Says when an incident is to be looked at again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn incident_due(&self, id: IncidentId, at: Option<Timestamp>) -> Result<(), StoreError> {
        self.connection.prepare_cached("UPDATE incidents SET due_at = ?2 WHERE id = ?1")?.execute(params![id, at])?;
        self.effects.borrow_mut().triage = true;
        Ok(())
    }

    /// Returns the incidents that are to be looked at by now, the longest due first; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn due_incidents(&self, limit: usize) -> Result<Vec<IncidentId>, StoreError> {
        let sql = "SELECT id FROM incidents WHERE due_at <= ?1 ORDER BY due_at, id LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![self.now(), limit], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Returns when the next incident is to be looked at.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_incident_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT min(due_at) FROM incidents WHERE due_at IS NOT NULL";
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// Notes that an incident's thread heard of what happens by itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn incident_told(&self, id: IncidentId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE incidents SET told_at = ?2 WHERE id = ?1")?
            .execute(params![id, self.now()])?;
        Ok(())
    }

    /// Notes which investigation an incident has; it is wanted no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn incident_investigated(
        &self,
        id: IncidentId,
        session: SessionId,
        task: &TaskId,
        by: Option<(&str, &str)>,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE incidents SET wanted = FALSE, session = ?2, task = ?3 WHERE id = ?1")?
            .execute(params![id, session, task])?;
        self.note_incident(id, IncidentEvent::Investigated, by, task.as_str())?;
        self.touch_incident(id)
    }

    /// Decides whether an investigation of an incident is to begin by itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn incident_wanted(&self, id: IncidentId, wanted: bool) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE incidents SET wanted = ?2 WHERE id = ?1")?
            .execute(params![id, wanted])?;
        Ok(())
    }

    /// Counts the investigations that began by themselves since an instant: of an incident's group, and of its chat.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_auto_investigations(&self, id: IncidentId, since: Timestamp) -> Result<(usize, usize), StoreError> {
        let sql = "SELECT count(*) FILTER (WHERE i.grouping = o.grouping), count(*)
                   FROM incident_events e JOIN incidents i ON i.id = e.incident JOIN incidents o ON o.id = ?1
                   WHERE e.event = 'investigated' AND e.at >= ?2 AND e.who IS NULL AND i.chat = o.chat";
        let counts = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(self.connection.prepare_cached(sql)?.query_row(params![id, since], counts)?)
    }

    /// Returns the incident whose investigation a session is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn incident_of_session(&self, session: SessionId) -> Result<Option<Incident>, StoreError> {
        Ok(self.incidents_where("session = ?1", &[&session], 1)?.pop())
    }

    /// Returns an incident's history, newest first; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn incident_history(&self, id: IncidentId, limit: usize) -> Result<Vec<IncidentEntry>, StoreError> {
        let sql = "SELECT at, event, name, detail, event = 'fired' AND NOT EXISTS (
                       SELECT 1 FROM incident_events b WHERE b.incident = e.incident AND b.event = 'fired' AND b.id < e.id),
                       coalesce(who LIKE 'hook:%' OR who LIKE 'post:%', FALSE)
                   FROM incident_events e WHERE incident = ?1 ORDER BY id DESC LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let line = |row: &Row<'_>| {
            let event = IncidentEvent::parse(&row.get::<_, String>(1)?).unwrap_or(IncidentEvent::Fired);
            let (name, detail) = (row.get(2)?, row.get(3)?);
            Ok(IncidentEntry { at: row.get(0)?, event, name, detail, first: row.get(4)?, at_source: row.get(5)? })
        };
        let rows = statement.query_map(params![id, limit], line)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
