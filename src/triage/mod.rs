//! Triage: what becomes of incidents by itself. It acts on rows, so that a crash between any two of them loses nothing.
//!
//! ```text
//! alerts ─► Tx::take_alerts ─► incidents (due_at) ─► look: card ─► thread, investigation ─► changes of the card
//! ```
//! Each incident that is due is looked at in a step of its own: a silence that is over ends, a card that is missing is
//! shown, an investigation that is wanted begins, a card that says something old is changed as often as it may be. What is
//! to be done later is when it is due again. What people silence is told to its source by [`silences`].

mod alertmanager;
mod look;
pub mod silences;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::agent::catalogue::Choice;
use crate::agent::kinds::host::NAME as HOST;
use crate::bus::Bus;
use crate::clock::Timestamp;
use crate::incident::TriagePolicy;
use crate::lifecycle;
use crate::store::{Glance, IncidentId, StoreError};

/// How long without a wake-up until the rows are looked at all the same.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Incidents looked at between two looks at the rows.
const MAX_DUE: usize = 256;

/// Looks after incidents until `stop`.
///
/// # Errors
/// None that may pass: those are waited out.
pub async fn run(bus: Arc<Bus>, stop: CancellationToken) -> Result<(), StoreError> {
    let policy = Arc::new(TriagePolicy::of(&bus.router().context().config.triage));
    let mut glance = Glance::default();
    loop {
        if glance.is_due(bus.store()) {
            match bus.store().patiently(&stop, || look_at_due(&bus, &policy)).await {
                Err(error) if !stop.is_cancelled() => return Err(error),
                Ok((MAX_DUE, _)) => {
                    glance.again();
                    continue;
                }
                Ok((_, next)) => glance.until(next),
                Err(_) => {}
            }
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = bus.triage.notified() => {}
            () = lifecycle::beat(LOOK_EVERY) => {}
        }
    }
}

/// Looks at every incident that is due; returns how many were, and when the next was to be looked at before.
async fn look_at_due(bus: &Arc<Bus>, policy: &Arc<TriagePolicy>) -> Result<(usize, Option<Timestamp>), StoreError> {
    let (due, next) = bus.store().read(|tx| Ok((tx.due_incidents(MAX_DUE)?, tx.next_incident_at()?))).await?;
    if due.is_empty() {
        return Ok((0, next));
    }
    let agent = match bus.router().context().agents.look().default {
        Choice::Configured(agent) | Choice::Found(agent) => agent,
        Choice::OnlyHost => HOST.to_owned(),
    };
    for id in &due {
        look_at(bus, policy, &agent, *id).await?;
    }
    Ok((due.len(), next))
}

#[tracing::instrument(name = "incident", skip_all, fields(incident.id = %id))]
async fn look_at(bus: &Arc<Bus>, policy: &Arc<TriagePolicy>, agent: &str, id: IncidentId) -> Result<(), StoreError> {
    let (context, policy, agent) = (Arc::clone(bus.router().context()), Arc::clone(policy), agent.to_owned());
    let looked = bus.write(move |tx| look::look(tx, &context, &policy, &agent, id)).await;
    match looked {
        // It must not hold up the others; whatever happens to it next is looked at again.
        Err(StoreError::Other(error)) => {
            tracing::error!(error, "an incident cannot be looked at; it is left until something happens to it");
            bus.write(move |tx| tx.incident_due(id, None)).await
        }
        looked => looked,
    }
}
