//! Taking alerts: a whole batch in one step, each into its incident.
//!
//! Taken twice it is the same: what is known of a fingerprint moves only forward ([`crate::incident::sight`]), and what an
//! incident counts is counted from the rows of its alerts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::params;
use signalbox_adapter::ChatAddress;

use super::chat::ChatKey;
use super::error::StoreError;
use super::id::IncidentId;
use super::incident::{Incident, IncidentChange};
use super::incidents::{COLUMNS, read};
use super::tx::Tx;
use crate::alert::{Alert, Firing};
use crate::clock::Timestamp;
use crate::incident::{
    ADOPTION, AlertGroup, Batch, Freshness, IncidentEvent, IncidentState, KnownFiring, TriagePolicy, agree,
    begins_too_late, ends_too_late, kin, rank, reopens, sight,
};

/// Incidents looked at for one to adopt.
const MAX_KIN: usize = 20;
/// Lines of a history looked at for who has taken an incident.
const MAX_HISTORY: usize = 100;

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// Alerts that were news, or the end of what was known.
    pub news: usize,
    /// Alerts that were known as they are.
    pub again: usize,
    /// Alerts that say less than is known.
    pub stale: usize,
    /// The incidents that they belong to, each once.
    pub incidents: Vec<IncidentId>,
    /// How many of these are new, and not over before they were heard of.
    pub new: usize,
}

/// What a batch did to an incident.
#[derive(Debug, Clone, Copy, Default)]
struct Touch {
    fired: bool,
    is_new: bool,
    /// Whether it names something that is over.
    ended: bool,
    /// Whether it says that somebody has taken it at its source.
    acknowledged: bool,
    /// Whether it says that nobody has it there any more.
    released: bool,
}

/// A batch as it is taken.
struct Taking<'a> {
    batch: &'a Batch,
    policy: &'a TriagePolicy,
    chat: ChatKey,
    now: Timestamp,
    by_group: HashMap<AlertGroup, IncidentId>,
    touched: BTreeMap<IncidentId, Touch>,
    /// Incidents that begin with this batch, or whose word is from now on that of its sender.
    begun: BTreeSet<IncidentId>,
    /// The labels that all alerts of the batch have that are news of an incident.
    common: HashMap<IncidentId, BTreeMap<String, String>>,
    /// Incidents of which the batch says less than is known.
    behind: BTreeSet<IncidentId>,
    /// Alerts that fire, as they are now.
    heard: Vec<&'a Alert>,
    taken: Taken,
}

impl Tx<'_> {
    /// Takes alerts for a chat: each goes into the open incident that knows its fingerprint, else into that of its group,
    /// else into a new one. An incident that was resolved within the policy's window is reopened instead of a new one begun.
    /// A hook's alert adopts the incident of a post about the same that began within [`ADOPTION`], and the other way round.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take_alerts(&self, batch: &Batch, policy: &TriagePolicy) -> Result<Taken, StoreError> {
        let mut taking = Taking {
            batch,
            policy,
            chat: ChatKey::of(&batch.target),
            now: self.now(),
            by_group: HashMap::new(),
            touched: BTreeMap::new(),
            begun: BTreeSet::new(),
            common: HashMap::new(),
            behind: BTreeSet::new(),
            heard: Vec::new(),
            taken: Taken::default(),
        };
        for alert in &batch.payload.alerts {
            self.take_alert(&mut taking, alert)?;
        }
        let touched = std::mem::take(&mut taking.touched);
        for (id, touch) in &touched {
            self.settle_incident(&taking, *id, *touch)?;
            if touch.acknowledged {
                self.acknowledge_at_source(&taking, *id)?;
            } else if touch.released {
                self.release_at_source(&taking, *id)?;
            }
            if touch.is_new && !touch.fired {
                // It is known from now on that this is over, should its beginning come late; there is nothing to be shown.
                self.connection.prepare_cached("UPDATE incidents SET folded = TRUE WHERE id = ?1")?.execute([id])?;
            }
        }
        taking.taken.new = touched.values().filter(|touch| touch.is_new && touch.fired).count();
        taking.taken.incidents = touched.into_keys().collect();
        self.effects.borrow_mut().triage = true;
        Ok(taking.taken)
    }

    fn take_alert<'a>(&self, taking: &mut Taking<'a>, alert: &'a Alert) -> Result<(), StoreError> {
        let fingerprint = taking.batch.origin.identity(&taking.batch.target, alert);
        let is_new = self.known_alert(&taking.chat, &fingerprint, alert.status)?.is_none();
        let meant = if is_new { self.meant(&taking.chat, taking.batch, alert)? } else { Vec::new() };
        if meant.is_empty() {
            return self.take_as(taking, alert, &fingerprint, alert.starts_at);
        }
        // When a post was written says nothing of when that began which it means.
        meant.iter().try_for_each(|fingerprint| self.take_as(taking, alert, fingerprint, None))
    }

    fn take_as<'a>(
        &self,
        taking: &mut Taking<'a>,
        alert: &'a Alert,
        fingerprint: &str,
        starts_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let known = self.known_alert(&taking.chat, fingerprint, alert.status)?;
        let (incident, sighting) = known.unzip();
        // Who takes it begins nothing, whenever that was said.
        let takes =
            sighting.filter(|known| alert.acknowledged.is_some() && known.status == Firing::Firing && !known.put_away);
        let starts_at = takes.map_or(starts_at, |known| starts_at.map(|at| at.min(known.starts_at)));
        let is_late = ends_too_late(sighting, alert.ended_at) || begins_too_late(sighting, alert.status, starts_at);
        let freshness = match is_late {
            true => Freshness::Stale,
            false => sight(sighting, alert.status, starts_at, taking.now),
        };
        match freshness {
            Freshness::Stale => {
                taking.taken.stale += 1;
                taking.behind.extend(incident);
            }
            Freshness::Again => {
                taking.taken.again += 1;
                taking.heard.extend((alert.status == Firing::Firing).then_some(alert));
                if let Some(id) = incident {
                    self.see_again(taking, id, fingerprint, alert)?;
                    let touch = taking.touched.entry(id).or_default();
                    touch.acknowledged |= alert.acknowledged.is_some();
                    touch.released |= alert.is_released();
                }
            }
            Freshness::Ended(now) => {
                taking.taken.news += 1;
                if let Some(id) = incident {
                    self.write_alert(taking, id, fingerprint, alert, now)?;
                    taking.touched.entry(id).or_default().ended = true;
                }
            }
            Freshness::News(now) => {
                taking.taken.news += 1;
                taking.heard.extend((alert.status == Firing::Firing).then_some(alert));
                let (id, is_new) = self.incident_for(taking, alert, incident)?;
                self.write_alert(taking, id, fingerprint, alert, now)?;
                let common = taking.common.entry(id).or_insert_with(|| alert.labels.clone());
                common.retain(|name, value| alert.labels.get(name) == Some(value));
                let touch = taking.touched.entry(id).or_default();
                touch.fired |= now.status == Firing::Firing;
                touch.ended |= now.status == Firing::Resolved;
                touch.is_new |= is_new;
                touch.acknowledged |= alert.acknowledged.is_some();
                touch.released |= alert.is_released();
            }
        }
        Ok(())
    }

    /// Notes that an alert says once more what is known of it; as long as it fires it may be worse, or say more, than before.
    fn see_again(
        &self,
        taking: &Taking<'_>,
        id: IncidentId,
        fingerprint: &str,
        alert: &Alert,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE incident_alerts SET last_seen_at = ?3,
                     severity = CASE WHEN ?9 AND ?5 <= severity THEN severity WHEN ?9 OR ?4 THEN ?5 ELSE severity END,
                     alert = CASE WHEN ?4 AND NOT (?9 AND ?10) THEN ?6 ELSE alert END,
                     times = CASE WHEN ?4 AND ?7 AND NOT ?9 THEN times + 1 ELSE times END,
                     ended_at = CASE WHEN ?8 > coalesce(ended_at, 0) THEN ?8 ELSE ended_at END
                 WHERE incident = ?1 AND fingerprint = ?2",
            )?
            .execute(params![
                id,
                fingerprint,
                taking.now,
                alert.status == Firing::Firing,
                rank(alert.severity),
                serde_json::to_string(alert)?,
                taking.batch.counts_repeats,
                alert.ended_at,
                alert.acknowledged.is_some(),
                taking.batch.origin.is_post()
            ])?;
        Ok(())
    }

    /// Ends what fires in an incident and was not named by the payload that says that the whole group is over: its sender names
    /// only so many, and so are only so many read.
    fn end_unnamed(&self, id: IncidentId, now: Timestamp) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE incident_alerts SET firing = FALSE
                 WHERE incident = ?1 AND firing AND NOT weak AND last_seen_at < ?2",
            )?
            .execute(params![id, now])?;
        Ok(())
    }

    fn write_alert(
        &self,
        taking: &Taking<'_>,
        id: IncidentId,
        fingerprint: &str,
        alert: &Alert,
        now: KnownFiring,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO incident_alerts
                     (incident, chat, fingerprint, firing, starts_at, last_seen_at, severity, weak, alert, ended_at, times)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?4)
                 ON CONFLICT (incident, fingerprint) DO UPDATE SET
                     times = times + (starts_at <> ?5), firing = ?4, starts_at = ?5, last_seen_at = ?6,
                     severity = CASE WHEN NOT ?4 AND ?7 <= severity THEN severity ELSE ?7 END, put_away = FALSE, ended_at = ?10, alert = CASE WHEN ?4 THEN ?9 ELSE alert END",
            )?
            .execute(params![
                id,
                taking.chat,
                fingerprint,
                now.status == Firing::Firing,
                now.starts_at,
                taking.now,
                rank(alert.severity),
                taking.batch.origin.is_post(),
                serde_json::to_string(alert)?,
                alert.ended_at
            ])?;
        Ok(())
    }

    /// Finds or makes the incident of an alert that is news; says whether it is new.
    fn incident_for(
        &self,
        taking: &mut Taking<'_>,
        alert: &Alert,
        known: Option<IncidentId>,
    ) -> Result<(IncidentId, bool), StoreError> {
        let takes = |incident: &Incident| {
            incident.state.is_open()
                || incident.resolved_at.is_some_and(|at| reopens(at, taking.now, taking.policy.reopen_window))
        };
        if let Some(id) = known
            && self.incident(id)?.as_ref().is_some_and(takes)
        {
            return Ok((id, false));
        }
        let group = taking.batch.group_of(alert);
        if let Some(id) = taking.by_group.get(&group) {
            return Ok((*id, false));
        }
        let newest = "chat = ?1 AND grouping = ?2 ORDER BY id DESC";
        let found = self.incidents_where(newest, &[&taking.chat, &group.key], 1)?.pop().filter(takes);
        let (id, is_new) = match found {
            Some(incident) => (incident.id, false),
            None => {
                let adopted = self.adopted(taking, alert, &group)?;
                let id = adopted.map_or_else(|| self.new_incident(taking, alert, &group), Ok)?;
                if adopted.is_none() || !taking.batch.origin.is_post() {
                    taking.begun.insert(id);
                }
                (id, adopted.is_none())
            }
        };
        taking.by_group.insert(group, id);
        Ok((id, is_new))
    }

    /// Finds the open incident about the same that came by the other kind of door; a hook's word takes a post's place.
    fn adopted(
        &self,
        taking: &Taking<'_>,
        alert: &Alert,
        group: &AlertGroup,
    ) -> Result<Option<IncidentId>, StoreError> {
        let is_post = taking.batch.origin.is_post();
        let since = taking.now.before(ADOPTION);
        let filter =
            "chat = ?1 AND kin = ?2 AND weak <> ?3 AND last_seen_at >= ?4 AND state <> 'resolved' ORDER BY id DESC";
        let values: [&dyn rusqlite::ToSql; 4] = [&taking.chat, &kin(alert), &is_post, &since];
        let near = |incident: &Incident| is_post || incident.created_at >= since;
        let found = self.incidents_where(filter, &values, MAX_KIN)?.into_iter();
        let Some(incident) = found.filter(near).find(|incident| agree(alert, &incident.alert)) else { return Ok(None) };
        if !is_post {
            self.connection
                .prepare_cached(
                    "UPDATE incidents SET weak = FALSE, origin = ?2, grouping = ?3, labels = ?4, alert = ?5,
                         starts_at = coalesce(?6, starts_at) WHERE id = ?1",
                )?
                .execute(params![
                    incident.id,
                    taking.batch.origin.written(),
                    group.key,
                    serde_json::to_string(&group.labels)?,
                    serde_json::to_string(alert)?,
                    // A post says when it was written, and not when that began of which it tells.
                    alert.starts_at.map(|at| at.min(taking.now))
                ])?;
        }
        Ok(Some(incident.id))
    }

    fn new_incident(&self, taking: &Taking<'_>, alert: &Alert, group: &AlertGroup) -> Result<IncidentId, StoreError> {
        let target: &ChatAddress = &taking.batch.target;
        let starts_at = alert.starts_at.map_or(taking.now, |at| at.min(taking.now));
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO incidents (chat, address, origin, weak, grouping, labels, kin, alert, severity, state, created_at,
                 starts_at, last_seen_at, resolved_at, is_try)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'resolved', ?10, ?11, ?10, ?10, ?12) RETURNING id",
        )?;
        let id = statement.query_row(
            params![
                taking.chat,
                target.to_string(),
                taking.batch.origin.written(),
                taking.batch.origin.is_post(),
                group.key,
                serde_json::to_string(&group.labels)?,
                kin(alert),
                serde_json::to_string(alert)?,
                rank(alert.severity),
                taking.now,
                starts_at,
                self.is_try(taking.batch, alert)?
            ],
            |row| row.get(0),
        )?;
        Ok(id)
    }

    /// Counts an incident anew after its alerts have changed, lets it fire or be over, and says when it is looked at.
    fn settle_incident(&self, taking: &Taking<'_>, id: IncidentId, touch: Touch) -> Result<(), StoreError> {
        let (left_out, unread) = match taking.batch.payload.status {
            Some(Firing::Resolved) => (0, 0),
            Some(Firing::Firing) | None => (taking.batch.payload.left_out, taking.batch.payload.unread),
        };
        let payload = &taking.batch.payload;
        if payload.group.is_some()
            && payload.status == Some(Firing::Resolved)
            && touch.ended
            && !taking.behind.contains(&id)
        {
            self.end_unnamed(id, taking.now)?;
        }
        let mut statement = self.connection.prepare_cached("SELECT severity FROM incidents WHERE id = ?1")?;
        let before: u8 = statement.query_row([id], |row| row.get(0))?;
        let sql = format!(
            "UPDATE incidents SET (alerts, firing, times, severity) =
                 (SELECT count(*), count(*) FILTER (WHERE firing), coalesce(sum(times), 0),
                         coalesce(max(severity) FILTER (WHERE firing), incidents.severity)
                  FROM incident_alerts a WHERE a.incident = ?1 AND a.weak = incidents.weak),
                 last_seen_at = ?2, left_out = ?3, unread = ?4
             WHERE id = ?1 RETURNING {COLUMNS}"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let incident = statement.query_row(params![id, taking.now, left_out, unread], read)?;
        self.reword_incident(taking, &incident)?;
        self.narrow_labels(taking, &incident)?;
        if rank(incident.severity) > before {
            // What is worse than it was may be worth an investigation.
            self.connection.prepare_cached("UPDATE incidents SET wanted = NULL WHERE id = ?1")?.execute([id])?;
        }
        let still_fires = incident.firing > 0 || incident.left_out > 0;
        let event = match incident.state {
            IncidentState::Resolved if touch.fired && incident.firing > 0 => Some(IncidentEvent::Fired),
            IncidentState::Firing | IncidentState::Acknowledged | IncidentState::Silenced if !still_fires => {
                Some(IncidentEvent::Cleared)
            }
            IncidentState::Resolved | IncidentState::Firing | IncidentState::Acknowledged | IncidentState::Silenced => {
                None
            }
        };
        if let Some(event) = event {
            // What a source says is never refused.
            self.change_incident(id, &IncidentChange::by_itself(event))?.ok();
        } else if incident.carded_at.is_some() {
            self.touch_incident(id)?;
        }
        self.await_card(taking, id)
    }

    /// Lets an incident be taken by whom its source says; what people have made of it here stays.
    fn acknowledge_at_source(&self, taking: &Taking<'_>, id: IncidentId) -> Result<(), StoreError> {
        let named = taking.heard.iter().filter_map(|alert| Some((alert.source, alert.acknowledged.as_deref()?)));
        let Some((source, name)) = named.max_by_key(|(_, name)| !name.is_empty()) else { return Ok(()) };
        let name = if name.is_empty() { source.name().to_owned() } else { format!("{name} ({})", source.name()) };
        let who = taking.batch.origin.written();
        // One that is taken, silenced or over already is left as it is.
        self.change_incident(id, &IncidentChange::by(IncidentEvent::Acked, &who, &name))?.ok();
        Ok(())
    }

    /// Lets an incident be taken by nobody where its source says so, unless somebody here has taken it.
    fn release_at_source(&self, taking: &Taking<'_>, id: IncidentId) -> Result<(), StoreError> {
        let Some(source) = taking.heard.iter().find(|alert| alert.is_released()).map(|alert| alert.source) else {
            return Ok(());
        };
        let Some(incident) = self.incident(id)?.filter(|incident| incident.acked_by.is_some()) else {
            return Ok(());
        };
        let history = self.incident_history(id, MAX_HISTORY)?;
        let Some(taken) =
            history.into_iter().find(|line| line.event == IncidentEvent::Acked).filter(|line| line.at_source)
        else {
            return Ok(());
        };
        let who = taking.batch.origin.written();
        let is_theirs = incident.owner == taken.name;
        let change = IncidentChange {
            owner: incident.owner.as_deref().filter(|_| !is_theirs),
            ..IncidentChange::by(IncidentEvent::Unacked, &who, source.name())
        };
        self.change_incident(id, &change)?.ok();
        Ok(())
    }

    /// Notes which labels the alerts of an incident have in common; what a post says beside a hook's word does not count.
    fn narrow_labels(&self, taking: &Taking<'_>, incident: &Incident) -> Result<(), StoreError> {
        let Some(of_batch) = taking.common.get(&incident.id) else { return Ok(()) };
        let mut common = match &incident.common {
            _ if taking.begun.contains(&incident.id) => of_batch.clone(),
            Some(common) if !taking.batch.origin.is_post() || incident.origin.starts_with("post:") => common.clone(),
            Some(_) | None => return Ok(()),
        };
        common.retain(|name, value| of_batch.get(name) == Some(value));
        if incident.common.as_ref() == Some(&common) {
            return Ok(());
        }
        self.connection
            .prepare_cached("UPDATE incidents SET common = ?2 WHERE id = ?1")?
            .execute(params![incident.id, serde_json::to_string(&common)?])?;
        Ok(())
    }

    /// Lets an incident be about what its first alert says now.
    fn reword_incident(&self, taking: &Taking<'_>, incident: &Incident) -> Result<(), StoreError> {
        let first = &incident.alert;
        let mut heard = taking.heard.iter().copied();
        match heard.find(|alert| (alert.source, &alert.fingerprint) == (first.source, &first.fingerprint)) {
            // What a post says of who has taken it is colored by that.
            Some(alert) if alert.acknowledged.is_some() && taking.batch.origin.is_post() => Ok(()),
            Some(alert) if alert != first => {
                self.connection
                    .prepare_cached("UPDATE incidents SET alert = ?2 WHERE id = ?1")?
                    .execute(params![incident.id, serde_json::to_string(alert)?])?;
                Ok(())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Says when the card of an incident that has none is shown: after the wait for its group, unless it is too mild.
    fn await_card(&self, taking: &Taking<'_>, id: IncidentId) -> Result<(), StoreError> {
        let Some(incident) = self.incident(id)? else { return Ok(()) };
        if incident.card.is_some() || incident.firing == 0 {
            return Ok(());
        }
        let folded = taking.policy.folds(incident.severity);
        let due = match folded {
            true => incident.silenced_until,
            false => incident.due_at.filter(|_| !incident.folded).or(Some(taking.now.after(taking.policy.group_wait))),
        };
        self.connection
            .prepare_cached("UPDATE incidents SET folded = ?2, due_at = ?3 WHERE id = ?1")?
            .execute(params![id, folded, due])?;
        Ok(())
    }
}
