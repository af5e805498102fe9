//! `signalbox outbox`: look after messages that could not be delivered.

use std::process::ExitCode;

use clap::Subcommand;

use super::EXIT_REFUSED;
use crate::app::App;
use crate::format;
use crate::store::{Delivery, DeliveryState, TaskId};
use crate::{wake, wiring};

/// Columns that a narrow terminal can do without, the first first.
const SPARE: [&str; 3] = ["tries", "written", "to"];
/// Messages in one list.
const MAX_LISTED: usize = 500;

/// What to do.
#[derive(Subcommand)]
pub(super) enum Arguments {
    /// List dead letters, with the provider's words; with --all whatever is in the outbox
    List {
        /// All states
        #[arg(long)]
        all: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Send a dead letter again, with the parts that waited for it
    Retry {
        /// Its key
        key: String,
    },
    /// Remove a dead letter for good
    Drop {
        /// Its key
        key: String,
    },
}

pub(super) async fn run(app: &App, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (done, key) = match arguments {
        Arguments::List { all, json } => {
            let state = (!all).then_some(DeliveryState::Failed);
            let rows = app.store.read(move |tx| tx.deliveries(state, MAX_LISTED)).await?;
            let rows: Vec<_> = rows
                .into_iter()
                .map(|row| {
                    let why = why(app, &row);
                    (row, why)
                })
                .collect();
            if *json {
                let rows: Vec<serde_json::Value> = rows.iter().map(|(row, why)| as_json(row, why.as_deref())).collect();
                super::print_json(&rows)?;
            } else {
                super::print_table(&SPARE, format::terminal::deliveries(&rows, app.store.clock().now()))?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        Arguments::Retry { key } => {
            let wanted = key.clone();
            (app.store.write(None, move |tx| tx.retry_delivery(&wanted)).await?.value, key)
        }
        Arguments::Drop { key } => {
            let wanted = key.clone();
            (app.store.write(None, move |tx| tx.drop_delivery(&wanted)).await?.value, key)
        }
    };
    if !done {
        eprintln!("{}", format::terminal::no_dead_letter(key));
        return Ok(ExitCode::from(EXIT_REFUSED));
    }
    wake::tap(app.store.directory());
    super::print("done")?;
    Ok(ExitCode::SUCCESS)
}

/// Returns why a message is not delivered, where that is known.
fn why(app: &App, row: &Delivery) -> Option<String> {
    let unreached = match row.state {
        DeliveryState::Pending | DeliveryState::Unknown => {
            wiring::unreached(&app.config, row.address.provider.as_str())
        }
        DeliveryState::Sending | DeliveryState::Delivered | DeliveryState::Failed => None,
    };
    unreached.map(|why| why.to_string()).or_else(|| row.error.clone())
}

fn as_json(row: &Delivery, why: Option<&str>) -> serde_json::Value {
    serde_json::json!({
        "key": row.key.as_str(), "state": row.standing(), "to": row.address.to_string(), "attempts": row.attempts,
        "created_at_ms": row.created_at, "finished_at_ms": row.finished_at, "error": why, "task": row.task.as_ref().map(TaskId::as_str),
    })
}
