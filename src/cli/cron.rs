//! `signalbox cron`: look after schedules, and run them, beside a running program or without one.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Subcommand;
use tokio::sync::Notify;

use super::serve;
use super::{EXIT_FAILED, EXIT_REFUSED};
use crate::app::{App, Deliveries};
use crate::command::ScheduleOptions;
use crate::format;
use crate::format::cron::{self, Unscheduled};
use crate::lifecycle;
use crate::store::{
    About, Delivery, DeliveryState, Fire, FireId, FireState, RoleError, Schedule, ScheduleId, StoreError, Tx,
};
use crate::turn::schedule;
use crate::wiring;

/// Schedules in one list.
const MAX_LISTED: usize = 1_000;
/// Fires in one log.
const MAX_FIRES: usize = 100;
/// How often is looked at what became of a fire.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Longest that a fire and its messages are waited for.
const DONE_WITHIN: Duration = Duration::from_secs(120);

/// What to do.
#[derive(Subcommand)]
pub(super) enum Arguments {
    /// Deliver something by a schedule
    Add(Box<ScheduleOptions>),
    /// List the schedules of all chats
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one with its next fires
    Show {
        /// Its number
        id: i64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell of its last fires, the newest first
    Logs {
        /// Its number
        id: i64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Run one now, once
    Run {
        /// Its number
        id: i64,
    },
    /// Stop one until it is resumed
    Pause {
        /// Its number
        id: i64,
    },
    /// Let one go on
    Resume {
        /// Its number
        id: i64,
    },
    /// Remove one
    Remove {
        /// Its number
        id: i64,
    },
    /// Run schedules until told to stop; the same as `signalbox serve --standby`
    Start,
}

pub(super) async fn run(app: App, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match arguments {
        Arguments::Add(options) => add(&app, options).await,
        Arguments::List { json } => list(&app, *json).await,
        Arguments::Show { id, json } => show(&app, *id, *json).await,
        Arguments::Logs { id, json } => logs(&app, *id, *json).await,
        Arguments::Run { id } => run_now(app, *id).await,
        Arguments::Pause { id } => {
            change(&app, *id, |tx, schedule| {
                tx.pause_schedule(schedule, true)?;
                Ok(cron::paused(schedule))
            })
            .await
        }
        Arguments::Resume { id } => {
            change(&app, *id, |tx, schedule| {
                tx.pause_schedule(schedule, false)?;
                let resumed = tx.schedule(schedule.id)?;
                Ok(cron::resumed(resumed.as_ref().unwrap_or(schedule), tx.now()))
            })
            .await
        }
        Arguments::Remove { id } => {
            change(&app, *id, |tx, schedule| {
                tx.remove_schedule(schedule.id)?;
                Ok(cron::removed(schedule))
            })
            .await
        }
        Arguments::Start => serve::run(app, &serve::Arguments::standing_by()).await,
    }
}

fn refused(why: &signalbox_adapter::Document) -> anyhow::Result<ExitCode> {
    eprintln!("signalbox: {}", why.visible_text());
    Ok(ExitCode::from(EXIT_REFUSED))
}

async fn add(app: &App, options: &ScheduleOptions) -> anyhow::Result<ExitCode> {
    let new = match schedule::read(options, None, "command line") {
        Ok(new) => new,
        Err(why) => return refused(&cron::unscheduled(&why)),
    };
    let transports = wiring::transports(&app.config);
    let chats = Deliveries::default().with_chats(&app.config);
    for target in &new.targets {
        let provider = target.provider.as_str();
        let is_read = transports.get(provider).is_some_and(|transport| transport.readers.is_some());
        if !is_read && !chats.adapters.contains_key(provider) {
            return refused(&cron::unscheduled(&Unscheduled::NotConnected(target)));
        }
    }
    let added = app.store.write(None, move |tx| tx.add_schedule(&new)).await?.value;
    super::print_document(&cron::added(&added))?;
    Ok(ExitCode::SUCCESS)
}

async fn list(app: &App, json: bool) -> anyhow::Result<ExitCode> {
    let read = |tx: &Tx<'_>| {
        let with_last = |schedule: Schedule| Ok((tx.fires(schedule.id, 1)?.pop(), schedule));
        tx.schedules(None, MAX_LISTED)?.into_iter().map(with_last).collect::<Result<Vec<_>, StoreError>>()
    };
    let rows: Vec<_> = app.store.read(read).await?.into_iter().map(|(last, schedule)| (schedule, last)).collect();
    if json {
        let rows: Vec<_> = rows.iter().map(|(schedule, last)| as_json(schedule, last.as_ref())).collect();
        super::print(&serde_json::to_string_pretty(&rows)?)?;
    } else {
        super::print_document(&cron::list(&rows, app.store.clock().now()))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(app: &App, id: i64, json: bool) -> anyhow::Result<ExitCode> {
    let id = ScheduleId::new(id);
    let found = app.store.read(move |tx| Ok((tx.schedule(id)?, tx.fires(id, 1)?.pop()))).await?;
    let (Some(schedule), last) = found else { return refused(&cron::unknown(&id.to_string())) };
    if json {
        super::print(&serde_json::to_string_pretty(&as_json(&schedule, last.as_ref()))?)?;
    } else {
        super::print_document(&cron::show(&schedule, last.as_ref(), app.store.clock().now()))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn logs(app: &App, id: i64, json: bool) -> anyhow::Result<ExitCode> {
    let id = ScheduleId::new(id);
    let read = move |tx: &Tx<'_>| {
        let with_deliveries = |fire: Fire| Ok((tx.deliveries_about(&About::Fire(fire.id))?, fire));
        let fires =
            tx.fires(id, MAX_FIRES)?.into_iter().map(with_deliveries).collect::<Result<Vec<_>, StoreError>>()?;
        Ok((tx.schedule(id)?, fires))
    };
    let (Some(schedule), fires) = app.store.read(read).await? else { return refused(&cron::unknown(&id.to_string())) };
    let fires: Vec<_> = fires.into_iter().map(|(deliveries, fire)| (fire, deliveries)).collect();
    if json {
        let rows: Vec<_> = fires.iter().map(|(fire, deliveries)| fire_as_json(fire, deliveries)).collect();
        super::print(&serde_json::to_string_pretty(&rows)?)?;
    } else {
        super::print_document(&cron::logs(&schedule, &fires))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn change(
    app: &App,
    id: i64,
    change: fn(&Tx<'_>, &Schedule) -> Result<signalbox_adapter::Document, StoreError>,
) -> anyhow::Result<ExitCode> {
    let id = ScheduleId::new(id);
    let changed = app.store.write(None, move |tx| tx.schedule(id)?.map(|schedule| change(tx, &schedule)).transpose());
    match changed.await?.value {
        Some(answer) => super::print_document(&answer)?,
        None => return refused(&cron::unknown(&id.to_string())),
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs one now and waits until its messages are delivered; by itself, where nothing serves.
async fn run_now(app: App, id: i64) -> anyhow::Result<ExitCode> {
    let id = ScheduleId::new(id);
    let asked = app.store.write(None, move |tx| match tx.schedule(id)? {
        Some(_) => tx.ask_fire(id),
        None => Ok(None),
    });
    let Some(fire) = asked.await?.value else { return refused(&cron::unknown(&id.to_string())) };
    let serves = match app.store.take_core().await {
        Ok(role) => {
            lifecycle::stop_on_signals(&app.servants)?;
            let deliveries = Deliveries::default().with_chats(&app.config);
            app.start_core(role, Arc::new(Notify::new()), deliveries).await?;
            true
        }
        Err(RoleError::Held { .. }) => false,
        Err(error) => return Err(error.into()),
    };
    let outcome = tokio::time::timeout(DONE_WITHIN, done(&app, fire)).await;
    if serves {
        app.stop().await;
    }
    let (fire, deliveries) = match outcome {
        Ok(outcome) => outcome?,
        Err(_) => {
            eprintln!("signalbox: {}", format::cron::still_running(id));
            return Ok(ExitCode::from(EXIT_FAILED));
        }
    };
    super::print_document(&cron::ran(&fire, &deliveries))?;
    let is_lost = |delivery: &Delivery| delivery.state == DeliveryState::Failed;
    let failed = fire.state == FireState::Failed || deliveries.iter().any(is_lost);
    Ok(if failed { ExitCode::from(EXIT_FAILED) } else { ExitCode::SUCCESS })
}

/// Waits until a fire has ended and each of its messages is delivered or given up.
async fn done(app: &App, fire: FireId) -> Result<(Fire, Vec<Delivery>), StoreError> {
    loop {
        let found = app.store.read(move |tx| Ok((tx.fire(fire)?, tx.deliveries_about(&About::Fire(fire))?))).await?;
        let is_over = |delivery: &Delivery| matches!(delivery.state, DeliveryState::Delivered | DeliveryState::Failed);
        if let (Some(fire), deliveries) = found
            && fire.ended_at.is_some()
            && deliveries.iter().all(is_over)
        {
            return Ok((fire, deliveries));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn as_json(schedule: &Schedule, last: Option<&Fire>) -> serde_json::Value {
    serde_json::json!({
        "id": schedule.id.get(),
        "name": schedule.name,
        "kind": schedule.kind.as_str(),
        "cron": schedule.plan.cron.to_string(),
        "zone": schedule.plan.zone.name(),
        "targets": schedule.targets.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "window_hours": schedule.span.as_secs() / 3600,
        "catch_up": schedule.catch_up.as_str(),
        "quiet_when_empty": schedule.quiet,
        "enabled": !schedule.paused,
        "next_fire": schedule.next_at.map(format::instant),
        "last": last.map(|fire| fire_as_json(fire, &[])),
    })
}

fn fire_as_json(fire: &Fire, deliveries: &[Delivery]) -> serde_json::Value {
    serde_json::json!({
        "fire_time": format::instant(fire.at),
        "cause": fire.cause.as_str(),
        "status": fire.state.as_str(),
        "started_at": format::instant(fire.started_at),
        "ended_at": fire.ended_at.map(format::instant),
        "error": fire.error,
        "deliveries": deliveries.iter().map(|delivery| serde_json::json!({
            "target": delivery.address.to_string(),
            "status": delivery.state.as_str(),
            "error": delivery.error,
        })).collect::<Vec<_>>(),
    })
}
