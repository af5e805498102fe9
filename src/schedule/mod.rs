//! Schedules: claims fires as their time comes, runs them, and writes what they deliver. It acts on rows, so that a crash
//! between any two of them loses no fire and repeats none.
//!
//! ```text
//! schedules (next_at) ─► claimed fires ─► taken, with a lease ─► gathered ─► outbox rows and the fire's end, in one step
//!                                             ▲      │
//!                                             │      └─► tasks of agents, where it needs any: let go until they have ended
//!                                             └──────────────┘
//! ```
//! A fire that was taken by a process that is gone is taken by the next: what it delivers and that it has ended are one
//! commit. Rows are looked at at the instant of the next fire and each second, so that what another process changes is seen
//! within two. Claims are made a bounded number at a time, and what is claimed runs while the next are made.

mod check;
mod run;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler};
use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::clock::Timestamp;
use crate::format;
use crate::lifecycle::{self, rehearsal};
use crate::store::{Fire, Glance, Schedule, StoreError, Tx};
use crate::turn::schedule::{self, Telling};

/// Each second.
const EACH_SECOND: &str = "* * * * * *";
/// How long without a tick until the rows are looked at all the same.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a fire may stay unseen whose claim has run out.
const FREED_WITHIN: Duration = Duration::from_secs(2);
/// How long after a look the next one is at least.
const LOOK_AT_LEAST_AFTER: Duration = Duration::from_millis(5);
/// Schedules whose fires are claimed in one step, and fires that are taken in one.
const MAX_CLAIMED: usize = 512;
/// Schedules that are looked at in one step, whether they are heard of.
const MAX_CHECKED: usize = 64;
/// Fires that are run at once; what they write shares commits.
const MAX_AT_ONCE: usize = 32;

/// Runs schedules until `stop`.
///
/// # Errors
/// None that may pass: those are waited out.
pub async fn run(bus: Arc<Bus>, stop: CancellationToken) -> Result<(), StoreError> {
    let served = serve(&bus, &stop).await;
    served.or_else(|error| if stop.is_cancelled() { Ok(()) } else { Err(error) })
}

/// Claims fires as their time comes, and runs what is claimed beside that: neither holds the other up.
async fn serve(bus: &Arc<Bus>, stop: &CancellationToken) -> Result<(), StoreError> {
    // What the process before has taken is free: this one has its role.
    bus.store().patiently(stop, || bus.write(|tx| tx.free_fires())).await?;
    tokio::try_join!(claims(bus, stop), runs(bus, stop)).map(drop)
}

/// Looks at each tick and at the instant of the next fire.
async fn claims(bus: &Arc<Bus>, stop: &CancellationToken) -> Result<(), StoreError> {
    let mut glance = Glance::default();
    let mut ticker = Ticker::default();
    let mut next = None;
    loop {
        if glance.is_due(bus.store()) {
            let seen = look(bus, stop).await?;
            next = seen.fire;
            glance.until([seen.fire, seen.check].into_iter().flatten().min());
            ticker.keep(next.is_some()).await;
        }
        let until_next = next.map(|next| next.since(bus.store().clock().now()).max(LOOK_AT_LEAST_AFTER));
        tokio::select! {
            () = stop.cancelled() => break,
            () = ticker.tick.notified() => {}
            () = tokio::time::sleep(until_next.unwrap_or(LOOK_EVERY)), if until_next.is_some_and(|until| until < LOOK_EVERY) => {}
            () = lifecycle::beat(LOOK_EVERY) => {}
        }
    }
    ticker.keep(false).await;
    Ok(())
}

/// Runs fires that are free, so many at once, those of one schedule one after the other; one that takes long holds those of no
/// other up.
async fn runs(bus: &Arc<Bus>, stop: &CancellationToken) -> Result<(), StoreError> {
    let mut running = FuturesUnordered::new();
    let mut waiting: VecDeque<Fire> = VecDeque::new();
    let mut busy = HashSet::new();
    let mut may_be_more = true;
    // A fire is free, too, once whoever has claimed it is gone for so long: nothing is committed then.
    let mut glance = Glance::at_least_every(FREED_WITHIN);
    loop {
        if waiting.is_empty() && may_be_more && running.len() < MAX_AT_ONCE {
            waiting.extend(bus.store().patiently(stop, || take(bus)).await?);
            may_be_more = !waiting.is_empty();
        }
        while running.len() < MAX_AT_ONCE {
            let next = waiting.iter().position(|fire| !busy.contains(&fire.schedule));
            let Some(fire) = next.and_then(|at| waiting.remove(at)) else { break };
            let schedule = fire.schedule;
            busy.insert(schedule);
            let run = bus.store().patiently(stop, move || run::fire(bus, Fire::clone(&fire)));
            running.push(async move { (schedule, run.await) });
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            Some((schedule, ended)) = running.next() => {
                busy.remove(&schedule);
                ended?;
            }
            () = bus.fires.notified() => may_be_more = true,
            () = lifecycle::beat(LOOK_EVERY) => may_be_more |= glance.is_due(bus.store()),
        }
    }
}

/// Tells each second, while there is a fire to wait for.
#[derive(Default)]
struct Ticker {
    tick: Arc<Notify>,
    running: Option<JobScheduler>,
}

impl Ticker {
    /// Has it run or not; where it cannot, the rows are looked at all the same.
    async fn keep(&mut self, wanted: bool) {
        match (&mut self.running, wanted) {
            (None, true) => match self.start().await {
                Ok(running) => self.running = Some(running),
                Err(error) => tracing::warn!(%error, "no ticker; looking each second"),
            },
            (Some(running), false) => {
                running.shutdown().await.ok();
                self.running = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    async fn start(&self) -> Result<JobScheduler, tokio_cron_scheduler::JobSchedulerError> {
        let ticker = JobScheduler::new().await?;
        let tick = Arc::clone(&self.tick);
        ticker.add(Job::new(EACH_SECOND, move |_, _| tick.notify_one())?).await?;
        ticker.start().await?;
        Ok(ticker)
    }
}

/// Claims what is due, and looks whether schedules are heard of; returns when the next fire is.
async fn look(bus: &Arc<Bus>, stop: &CancellationToken) -> Result<Ahead, StoreError> {
    // Looking costs no commit.
    let seen = |tx: &Tx<'_>| {
        let ahead = Ahead { fire: tx.next_fire()?, check: tx.next_check()? };
        Ok((ahead, !tx.tasks_without_fire()?.is_empty()))
    };
    let (ahead, has_idle) = bus.store().patiently(stop, || bus.store().read(seen)).await?;
    if has_idle {
        let end = |tx: &Tx<'_>| {
            tx.tasks_without_fire()?.iter().try_for_each(|task| tx.cancel(&task.id, "schedule").map(drop))
        };
        bus.store().patiently(stop, || bus.write(end)).await?;
    }
    let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= bus.store().clock().now());
    let (fires, checks) = (is_due(ahead.fire), is_due(ahead.check));
    while fires && !stop.is_cancelled() && bus.store().patiently(stop, || claim(bus)).await? == MAX_CLAIMED {}
    if fires {
        rehearsal::at("fire-claim");
    }
    while checks && !stop.is_cancelled() && bus.store().patiently(stop, || check_heard(bus)).await? == MAX_CHECKED {}
    if !fires {
        return Ok(ahead);
    }
    let fire = bus.store().patiently(stop, || bus.store().read(|tx| tx.next_fire())).await?;
    Ok(Ahead { fire, ..ahead })
}

/// What is to come.
struct Ahead {
    /// When the next fire is.
    fire: Option<Timestamp>,
    /// When it is next to be looked whether a schedule is heard of.
    check: Option<Timestamp>,
}

/// Takes fires to be run.
async fn take(bus: &Arc<Bus>) -> Result<Vec<Fire>, StoreError> {
    if bus.store().read(|tx| tx.has_fires_to_take()).await? {
        bus.write(|tx| tx.take_fires(MAX_CLAIMED, run::LEASE)).await
    } else {
        Ok(Vec::new())
    }
}

/// Claims the fires of the schedules that are due, as many as one step takes, and has them run; returns of how many.
async fn claim(bus: &Arc<Bus>) -> Result<usize, StoreError> {
    let claimed = bus.write(|tx| {
        let due = tx.due_schedules(MAX_CLAIMED)?;
        tx.claim_fires(&due)?;
        Ok(due.len())
    });
    let claimed = claimed.await?;
    bus.fires.notify_one();
    Ok(claimed)
}

/// Looks whether schedules are heard of, and tells of each that is not; returns of how many was looked.
async fn check_heard(bus: &Arc<Bus>) -> Result<usize, StoreError> {
    let context = Arc::clone(bus.router().context());
    bus.write(move |tx| {
        let schedules = tx.schedules_to_check(MAX_CHECKED)?;
        for schedule in &schedules {
            for silent in tx.check_schedule(schedule)? {
                tracing::warn!(schedule.id = %schedule.id, "a schedule is silent for longer than twice its period");
                let document = format::fire::silent(schedule, &silent, tx.fires(schedule.id, 1)?.first());
                let subject = format::fire::silent_subject(schedule);
                let said = Telling { subject, head: document.clone(), whole: document.into() };
                let mut told = vec![silent.address];
                told.extend(schedule::operators(&context).into_iter().filter(|one| !schedule.targets.contains(one)));
                schedule::tell(tx, &context, &silent_id(schedule, tx), &told, &said)?;
            }
        }
        Ok(schedules.len())
    })
    .await
}

/// Names the letter that tells of a silent schedule.
fn silent_id(schedule: &Schedule, tx: &Tx<'_>) -> String {
    format!("silent-{}-{}", schedule.id, tx.now().0)
}
