//! Schedules: claims fires as their time comes and writes what they deliver. It acts on rows, so that a crash between any
//! two of them loses no fire and repeats none.
//!
//! ```text
//! schedules (next_at) ─► claimed fires ─► gathered, beside the writer ─► outbox rows and the fire's end, in one step
//! ```
//! A fire that was claimed by a process that is gone is run by the next: what it delivers and that it has ended are one
//! commit. Rows are looked at each second, so that what another process changes is seen within two.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler};
use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::store::{Fire, FireState, StoreError};
use crate::turn::schedule;

/// Each second.
const EACH_SECOND: &str = "* * * * * *";
/// How long without a tick until the rows are looked at all the same.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Schedules whose fires are claimed in one step.
const MAX_CLAIMED: usize = 256;
/// Fires that are run at once.
const MAX_AT_ONCE: usize = 8;

/// Runs schedules until `stop`.
///
/// # Errors
/// None that may pass: those are waited out.
pub async fn run(bus: Arc<Bus>, stop: CancellationToken) -> Result<(), StoreError> {
    let tick = Arc::new(Notify::new());
    let mut ticker = ticker(&tick).await.inspect_err(|error| tracing::warn!(%error, "no ticker; looking each second"));
    loop {
        let looked = bus.store().patiently(&stop, || look(&bus)).await;
        if let Err(error) = looked
            && !stop.is_cancelled()
        {
            return Err(error);
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tick.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    if let Ok(ticker) = &mut ticker {
        ticker.shutdown().await.ok();
    }
    Ok(())
}

/// Starts what tells each second.
async fn ticker(tick: &Arc<Notify>) -> Result<JobScheduler, tokio_cron_scheduler::JobSchedulerError> {
    let ticker = JobScheduler::new().await?;
    let tick = Arc::clone(tick);
    ticker.add(Job::new(EACH_SECOND, move |_, _| tick.notify_one())?).await?;
    ticker.start().await?;
    Ok(ticker)
}

/// Claims what is due, and runs what is claimed.
async fn look(bus: &Arc<Bus>) -> Result<(), StoreError> {
    loop {
        let due = bus.store().read(|tx| tx.due_schedules(MAX_CLAIMED)).await?;
        let is_all = due.len() < MAX_CLAIMED;
        if !due.is_empty() {
            bus.write(|tx| tx.due_schedules(MAX_CLAIMED)?.iter().try_for_each(|schedule| tx.claim_fires(schedule)))
                .await?;
        }
        let claimed = bus.store().read(|tx| tx.claimed_fires(MAX_CLAIMED)).await?;
        let is_done = is_all && claimed.len() < MAX_CLAIMED;
        let mut ended = stream::iter(claimed.into_iter().map(|fire| run_fire(bus, fire))).buffer_unordered(MAX_AT_ONCE);
        while let Some(outcome) = ended.next().await {
            outcome?;
        }
        if is_done {
            return Ok(());
        }
    }
}

#[tracing::instrument(name = "fire", skip_all, fields(schedule.id = %fire.schedule, fire.id = %fire.id))]
async fn run_fire(bus: &Arc<Bus>, fire: Fire) -> Result<(), StoreError> {
    match deliver(bus, &fire).await {
        // It must not hold up the others.
        Err(StoreError::Other(error)) => {
            tracing::error!(error, "a fire has failed");
            bus.write(move |tx| tx.end_fire(fire.id, FireState::Failed, Some(&error))).await.map(drop)
        }
        outcome => outcome,
    }
}

/// Gathers what a fire tells of, and writes it with the fire's end.
async fn deliver(bus: &Arc<Bus>, fire: &Fire) -> Result<(), StoreError> {
    let of = fire.clone();
    let gathered = bus.store().read(move |tx| {
        let Some(schedule) = tx.schedule(of.schedule)? else { return Ok(None) };
        let gathered = schedule::gather(tx, &schedule, &of)?;
        Ok(Some((schedule, gathered)))
    });
    // Removed in the meantime, and its fires with it.
    let Some((schedule, gathered)) = gathered.await? else { return Ok(()) };
    let (context, fire) = (Arc::clone(bus.router().context()), fire.clone());
    bus.write(move |tx| {
        let is_quiet = schedule.quiet && gathered.happened.is_empty();
        let state = if is_quiet { FireState::Quiet } else { FireState::Done };
        if tx.end_fire(fire.id, state, None)? && !is_quiet {
            schedule::deliver(tx, &context, &schedule, &fire, &gathered)?;
        }
        Ok(())
    })
    .await
}
