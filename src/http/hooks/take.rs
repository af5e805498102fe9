//! One step of the store for one request: its delivery is noted and its alerts are taken, or neither.

use std::sync::Arc;

use super::tally::Numbers;
use crate::alert::{Alert, Firing, Payload, Source};
use crate::bus::Bus;
use crate::config::Hook;
use crate::hook::is_too_old;
use crate::incident::{AlertOrigin, Batch, TriagePolicy};
use crate::store::{StoreError, Taken, Tx};

/// What came of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub(super) struct HookOutcome {
    /// Whether the very delivery had come before; nothing else is said of it then.
    pub(super) copy: bool,
    /// Alerts in it.
    pub(super) alerts: usize,
    /// Alerts that were news, or the end of what was known.
    news: usize,
    /// Alerts that were known as they are.
    again: usize,
    /// Alerts that say less than is known.
    stale: usize,
    /// Alerts that began too long ago.
    pub(super) too_old: usize,
    /// Ends of problems that nobody has heard of.
    unheard: usize,
    /// Incidents that began.
    new_incidents: usize,
}

impl HookOutcome {
    /// What comes of a request that tells of no problem.
    pub(super) fn no_news() -> Self {
        Self::default()
    }

    /// Writes it as a line of JSON.
    pub(super) fn to_json(&self) -> String {
        let mut json = serde_json::to_string(self).expect("numbers are JSON");
        json.push('\n');
        json
    }
}

impl From<&HookOutcome> for Numbers {
    fn from(outcome: &HookOutcome) -> Self {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Self {
            taken: 1,
            copies: u64::from(outcome.copy),
            no_news: u64::from(outcome.alerts == 0 && !outcome.copy),
            alerts: count(outcome.alerts),
            too_old: count(outcome.too_old),
            misplaced: 0,
        }
    }
}

/// Takes the alerts of a request, durably.
///
/// # Errors
/// [`StoreError`]; nothing of it was stored, and its sender may send it again.
pub(super) async fn take(
    bus: &Arc<Bus>,
    hook: Hook,
    keys: Vec<String>,
    payload: Payload,
) -> Result<HookOutcome, StoreError> {
    let policy = TriagePolicy::of(&bus.router().context().config.triage);
    bus.write(move |tx| step(tx, &hook, &keys, &payload, &policy)).await
}

fn step(
    tx: &Tx<'_>,
    hook: &Hook,
    keys: &[String],
    payload: &Payload,
    policy: &TriagePolicy,
) -> Result<HookOutcome, StoreError> {
    if !tx.first_delivery(&hook.id, keys)? {
        return Ok(HookOutcome { copy: true, ..HookOutcome::default() });
    }
    let (target, origin) = (tx.current_address(&hook.target)?, AlertOrigin::Hook(hook.id.clone()));
    let mut outcome = HookOutcome { alerts: payload.alerts.len(), ..HookOutcome::default() };
    let (mut kept, mut kept_ends) = (Vec::with_capacity(payload.alerts.len()), 0_usize);
    for alert in &payload.alerts {
        let old = is_too_old(alert, hook.max_age, tx.now());
        let is_end = alert.status == Firing::Resolved;
        let known = if old || is_end { tx.incident_of_alert(&target, &origin, alert)? } else { None };
        if old && known.is_none_or(|(_, firing)| firing == Firing::Resolved) {
            outcome.too_old += 1;
            continue;
        }
        let is_unheard = is_end && known.is_none();
        outcome.unheard += usize::from(is_unheard);
        // Every success of GitHub's would else be an incident that is over; an end of another's may have overtaken its begin.
        if !(is_unheard && alert.source == Source::GitHub) {
            kept_ends += usize::from(is_unheard);
            kept.push(Alert::clone(alert));
        }
    }
    if kept.is_empty() {
        return Ok(outcome);
    }
    let payload = Payload { alerts: kept, ..payload.clone() };
    let Taken { news, again, stale, new, .. } =
        tx.take_alerts(&Batch { target, origin, payload, counts_repeats: false }, policy)?;
    // What nobody had heard of is counted as that and not as news.
    Ok(HookOutcome { news: news.saturating_sub(kept_ends), again, stale, new_incidents: new, ..outcome })
}
