//! One fire, from being taken to its end.

use std::sync::Arc;
use std::time::Duration;

use super::check;
use crate::bus::Bus;
use crate::format::fire as told;
use crate::lifecycle::rehearsal;
use crate::plan::DigestKind;
use crate::store::{Fire, FireState, Investigation, Schedule, StoreError, Task};
use crate::turn::schedule::{self, Gathered, Telling};
use crate::turn::{Context, crew};

/// How long a fire is held; renewed while it is worked on.
pub(super) const LEASE: Duration = Duration::from_secs(60);
/// When a fire is tried again whose agents find no room in their chat.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// What a fire comes to.
struct Outcome {
    said: Telling,
    state: FireState,
    error: Option<String>,
    /// Whether the operators are told as well.
    alarms: bool,
}

/// Runs a fire that was taken, and holds it meanwhile.
#[tracing::instrument(name = "fire", skip_all, fields(schedule.id = %fire.schedule, fire.id = %fire.id))]
pub(super) async fn fire(bus: &Arc<Bus>, fire: Fire) -> Result<(), StoreError> {
    let taken = fire.clone();
    let work = work(bus, &taken);
    tokio::pin!(work);
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            () = tokio::time::sleep(LEASE / 3) => {
                let held = fire.clone();
                if !bus.write(move |tx| tx.renew_fire(&held, LEASE)).await? {
                    return Ok(());
                }
            }
        }
    };
    match done {
        // It must not hold up the others, and is told all the same.
        Err(StoreError::Other(error)) => {
            tracing::error!(error, "a fire has failed");
            broken(bus, fire, error).await
        }
        done => done,
    }
}

/// Ends a fire that failed by a fault of ours; its targets are told, where that can be done.
async fn broken(bus: &Arc<Bus>, fire: Fire, error: String) -> Result<(), StoreError> {
    let context = Arc::clone(bus.router().context());
    let (of, why) = (fire.clone(), error.clone());
    let told = bus.write(move |tx| {
        let Some(schedule) = tx.schedule(of.schedule)? else { return Ok(()) };
        let document = told::broken(&schedule, &of, &why);
        let said = Telling { subject: document.visible_text(), head: document.clone(), whole: document.into() };
        if tx.end_fire(&of, FireState::Failed, Some(&why))? {
            schedule::deliver(tx, &context, &schedule, &of, &said)?;
        }
        Ok(())
    });
    match told.await {
        Err(StoreError::Other(_)) => {
            bus.write(move |tx| tx.end_fire(&fire, FireState::Failed, Some(&error))).await.map(drop)
        }
        told => told,
    }
}

/// Does what is next: sets agents to work, or gathers, and writes what is delivered with the fire's end.
async fn work(bus: &Arc<Bus>, fire: &Fire) -> Result<(), StoreError> {
    let of = fire.clone();
    let read = bus.store().read(move |tx| {
        let Some(schedule) = tx.schedule(of.schedule)? else { return Ok(None) };
        let gathered = if schedule.kind.is_digest() { Some(schedule::gather(tx, &schedule, &of)?) } else { None };
        let mut tasks = Vec::new();
        for task in tx.tasks_of_fire(of.id)? {
            let investigation = tx.investigation(&task.id)?;
            tasks.push((task, investigation));
        }
        Ok(Some((schedule, gathered, tasks)))
    });
    // Removed in the meantime, and its fires with it.
    let Some((schedule, gathered, tasks)) = read.await? else { return Ok(()) };
    let cx = bus.router().context();
    let is_quiet = schedule.quiet && gathered.as_ref().is_some_and(|gathered| gathered.happened.is_empty());
    let wanted = if is_quiet { Vec::new() } else { crew::wanted(cx, &schedule) };
    if tasks.is_empty() {
        let fit = wanted.iter().filter(|agent| crew::unfit(cx, &schedule, agent).is_none()).cloned();
        let fit: Vec<String> = fit.collect();
        if !fit.is_empty() {
            return set_to_work(bus, fire, schedule, gathered, fit).await;
        }
    }
    let outcome = conclude(cx, &schedule, fire, gathered.as_ref(), &wanted, &tasks).await;
    rehearsal::at("fire-run");
    let (context, fire) = (Arc::clone(cx), fire.clone());
    bus.write(move |tx| {
        let state = if is_quiet { FireState::Quiet } else { outcome.state };
        if !tx.end_fire(&fire, state, outcome.error.as_deref())? || is_quiet {
            return Ok(());
        }
        schedule::deliver(tx, &context, &schedule, &fire, &outcome.said)?;
        if outcome.alarms {
            let others = schedule::operators(&context).into_iter().filter(|one| !schedule.targets.contains(one));
            let id = format!("fire-{}-failed", fire.id);
            schedule::tell(tx, &context, &id, &others.collect::<Vec<_>>(), &outcome.said)?;
        }
        Ok(())
    })
    .await
}

/// Sets agents to work and lets the fire go until they have ended.
async fn set_to_work(
    bus: &Arc<Bus>,
    fire: &Fire,
    schedule: Schedule,
    gathered: Option<Gathered>,
    agents: Vec<String>,
) -> Result<(), StoreError> {
    let digest = gathered.map(|gathered| schedule::digest(&schedule, &gathered).whole.document().to_markdown());
    let digest = digest.unwrap_or_default();
    let (context, fire) = (Arc::clone(bus.router().context()), fire.clone());
    bus.write(move |tx| {
        if !tx.holds_fire(&fire)? {
            return Ok(());
        }
        if crew::set_to_work(tx, &context, &schedule, &fire, &agents, &digest)? {
            tx.let_fire_go(&fire).map(drop)
        } else {
            tx.renew_fire(&fire, AGAIN_AFTER).map(drop)
        }
    })
    .await
}

/// Says what a fire comes to.
async fn conclude(
    cx: &Context,
    schedule: &Schedule,
    fire: &Fire,
    gathered: Option<&Gathered>,
    wanted: &[String],
    tasks: &[(Task, Option<Investigation>)],
) -> Outcome {
    match (schedule.kind, gathered) {
        (DigestKind::DailySummary | DigestKind::WeeklyAudit | DigestKind::IncidentWindowReplay, Some(gathered)) => {
            let mut said = schedule::digest(schedule, gathered);
            for agent in wanted {
                let task = tasks.iter().map(|(task, _)| task).find(|task| task.agent == *agent);
                let unfit = crew::unfit(cx, schedule, agent);
                let unfit = unfit.as_deref().unwrap_or_else(|| told::not_tried());
                said.whole = said.whole.then(told::addition(agent, task.ok_or(unfit)));
            }
            Outcome { said, state: FireState::Done, error: None, alarms: false }
        }
        (DigestKind::CustomInvestigation, _) => {
            let agent = wanted.first().map(String::as_str).unwrap_or_default();
            let unfit = crew::unfit(cx, schedule, agent);
            let unfit = unfit.as_deref().unwrap_or_else(|| told::not_tried());
            let ended = tasks.first().map(|(task, _)| task).ok_or(unfit);
            let found = tasks.first().and_then(|(_, found)| found.as_ref());
            let verdict = told::investigated_verdict(ended, found);
            let said = Telling {
                subject: format!("{}: {verdict}", schedule.name),
                head: told::investigated_head(schedule, fire, &verdict),
                whole: told::investigated(schedule, fire, ended, found),
            };
            let error = match ended {
                Ok(task) if task.status == crate::store::Status::Success => None,
                Ok(task) => Some(told::why(task)),
                Err(why) => Some(why.to_owned()),
            };
            let state = if error.is_some() { FireState::Failed } else { FireState::Done };
            Outcome { said, state, error, alarms: false }
        }
        (
            DigestKind::SyntheticRun
            | DigestKind::DailySummary
            | DigestKind::WeeklyAudit
            | DigestKind::IncidentWindowReplay,
            _,
        ) => {
            let tasks: Vec<Task> = tasks.iter().map(|(task, _)| task.clone()).collect();
            let checks = check::all(cx, schedule, wanted, &tasks).await;
            let error = told::failed_checks(&checks);
            let said = Telling {
                subject: format!("{}: {}", schedule.name, told::checks_verdict(&checks)),
                head: told::checks_head(schedule, fire, &checks),
                whole: told::checks(schedule, fire, &checks).into(),
            };
            let state = if error.is_some() { FireState::Failed } else { FireState::Done };
            Outcome { said, state, alarms: error.is_some(), error }
        }
    }
}
