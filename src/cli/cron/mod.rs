//! `signalbox cron`: look after schedules, and run them, beside a running program or without one.

mod add;
mod answer;
mod exchange;
mod fires;
mod json;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use signalbox_adapter::ChatAddress;

use super::serve;
use crate::app::App;
use crate::command::ScheduleOptions;
use crate::config::Sources;
use crate::format::cron;
use crate::store::{Schedule, StoreError, Tx};
use answer::{MAX_LISTED, find, refused};

/// Schedules in a list that a person reads.
const MAX_SHOWN: usize = 100;
/// Columns that a narrow terminal can do without, the first first.
const SPARE: [&str; 5] = ["kind", "to", "zone", "cron", "last"];
/// The same of a log.
const SPARE_OF_LOGS: [&str; 3] = ["message", "start", "why"];
/// Fires in one log.
const MAX_FIRES: usize = 100;

/// What to do.
#[derive(Subcommand)]
pub(super) enum Arguments {
    /// Deliver something by a schedule
    Add(Box<ScheduleOptions>),
    /// Change what is named of one; all else stays, and so do its number and its fires
    Edit {
        /// Its number, or its name
        id: String,
        /// What is to be otherwise
        #[command(flatten)]
        options: Box<ScheduleOptions>,
    },
    /// List the schedules of all chats
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Most that are listed [default: 100, with --json all]
        #[arg(long)]
        limit: Option<usize>,
    },
    /// Show one with its next fires
    Show {
        /// Its number, or its name
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell of its last fires, the newest first
    Logs {
        /// Its number, or its name
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Run one now, once
    Run {
        /// Its number, or its name
        #[arg(required_unless_present = "failed_only")]
        id: Option<String>,
        /// Send again what of this fire was not delivered, and nothing else; `cron logs` names fires
        #[arg(long, value_name = "FIRE")]
        failed_only: Option<i64>,
    },
    /// Stop one until it is resumed
    Pause {
        /// Its number, or its name
        id: String,
    },
    /// Let one go on
    Resume {
        /// Its number, or its name
        id: String,
    },
    /// Remove one
    Remove {
        /// Its number, or its name
        id: String,
    },
    /// Take schedules from a file that `cron export` wrote, or OpenSRE's scheduler_tasks.json; what is there already is passed over
    Import {
        /// The file; - for standard input
        file: PathBuf,
        /// Where to, for those that do not say
        #[arg(long, value_name = "CHAT")]
        to: Vec<ChatAddress>,
    },
    /// Print all schedules as JSON, for `cron import`
    Export,
    /// Run schedules until told to stop; the same as `signalbox serve --standby`
    Start,
}

impl Arguments {
    /// Whether it reads rows and writes none.
    pub(super) fn only_reads(&self) -> bool {
        match self {
            Self::List { .. } | Self::Show { .. } | Self::Logs { .. } | Self::Export => true,
            Self::Add(_)
            | Self::Edit { .. }
            | Self::Run { .. }
            | Self::Pause { .. }
            | Self::Resume { .. }
            | Self::Remove { .. }
            | Self::Import { .. }
            | Self::Start => false,
        }
    }
}

pub(super) async fn run(app: App, arguments: &Arguments, sources: &Sources) -> anyhow::Result<ExitCode> {
    match arguments {
        Arguments::Add(options) => add::one(&app, sources, options).await,
        Arguments::Edit { id, options } => add::edit(&app, id, options).await,
        Arguments::List { json, limit } => list(&app, *json, *limit).await,
        Arguments::Show { id, json } => show(&app, id, *json).await,
        Arguments::Logs { id, json } => logs(&app, id, *json).await,
        Arguments::Run { failed_only: Some(fire), .. } => fires::again(app, *fire).await,
        Arguments::Run { id, failed_only: None } => fires::run(app, id.as_deref().unwrap_or_default()).await,
        Arguments::Import { file, to } => exchange::import(&app, file, to).await,
        Arguments::Export => exchange::export(&app).await,
        Arguments::Pause { id } => {
            change(&app, id, |tx, schedule| {
                tx.pause_schedule(schedule, true)?;
                Ok(cron::paused(schedule))
            })
            .await
        }
        Arguments::Resume { id } => {
            change(&app, id, |tx, schedule| {
                tx.pause_schedule(schedule, false)?;
                let resumed = tx.schedule(schedule.id)?;
                Ok(cron::resumed(resumed.as_ref().unwrap_or(schedule), tx.now()))
            })
            .await
        }
        Arguments::Remove { id } => {
            change(&app, id, |tx, schedule| {
                tx.remove_schedule(schedule.id)?;
                Ok(cron::removed(schedule))
            })
            .await
        }
        Arguments::Start => serve::run(app, &serve::Arguments::standing_by()).await,
    }
}

async fn list(app: &App, json: bool, limit: Option<usize>) -> anyhow::Result<ExitCode> {
    let limit = limit.unwrap_or(if json { MAX_LISTED } else { MAX_SHOWN });
    let read = move |tx: &Tx<'_>| Ok((tx.schedules_with_last(None, limit)?, tx.count_all_schedules()?));
    let (rows, all) = app.store.read(read).await?;
    if json {
        let rows: Vec<_> = rows.iter().map(|(schedule, last)| json::schedule(schedule, last.as_ref())).collect();
        super::print_json(&rows)?;
    } else {
        super::print_table(&SPARE, cron::list(&rows, app.store.clock().now()))?;
        if all > rows.len() {
            super::print_document(&cron::more(all - rows.len(), all))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(app: &App, id: &str, json: bool) -> anyhow::Result<ExitCode> {
    let schedule = match find(app, id).await? {
        Ok(schedule) => schedule,
        Err(why) => return refused(&why),
    };
    let id = schedule.id;
    let last = app.store.read(move |tx| Ok(tx.told_fires(id, 1)?.pop())).await?;
    if json {
        super::print_json(&json::schedule(&schedule, last.as_ref()))?;
    } else {
        super::print_document(&cron::show(&schedule, last.as_ref(), app.store.clock().now()))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn logs(app: &App, id: &str, json: bool) -> anyhow::Result<ExitCode> {
    let schedule = match find(app, id).await? {
        Ok(schedule) => schedule,
        Err(why) => return refused(&why),
    };
    let id = schedule.id;
    let fires = app.store.read(move |tx| tx.told_fires(id, MAX_FIRES)).await?;
    if json {
        let rows: Vec<_> = fires.iter().map(json::fire).collect();
        super::print_json(&rows)?;
    } else {
        super::print_table(&SPARE_OF_LOGS, cron::logs(&schedule, &fires, app.store.clock().now()))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn change(
    app: &App,
    word: &str,
    change: fn(&Tx<'_>, &Schedule) -> Result<signalbox_adapter::Document, StoreError>,
) -> anyhow::Result<ExitCode> {
    let found = match find(app, word).await? {
        Ok(schedule) => schedule.id,
        Err(why) => return refused(&why),
    };
    let changed =
        app.store.write(None, move |tx| tx.schedule(found)?.map(|schedule| change(tx, &schedule)).transpose());
    match changed.await?.value {
        Some(answer) => super::print_document(&answer)?,
        None => return refused(&cron::unknown(word, &[])),
    }
    Ok(ExitCode::SUCCESS)
}
