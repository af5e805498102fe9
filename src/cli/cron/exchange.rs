//! `signalbox cron import` and `export`.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use signalbox_adapter::ChatAddress;

use super::answer::MAX_LISTED;
use super::{add, json};
use crate::app::{App, Deliveries};
use crate::cli::{EXIT_FAILED, EXIT_REFUSED, complain, print, print_document, print_json};
use crate::command::exchange::{self, ImportEntry};
use crate::format::unscheduled::{Unscheduled, unscheduled};
use crate::format::{cron, param};
use crate::store::{NewSchedule, Schedule};
use crate::turn::schedule;

/// Largest file, in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

pub(super) async fn export(app: &App) -> anyhow::Result<ExitCode> {
    let schedules = app.store.read(|tx| tx.schedules(None, MAX_LISTED)).await?;
    let entry = |schedule: &Schedule| {
        let mut entry = json::schedule(schedule, None);
        if let Some(fields) = entry.as_object_mut() {
            for key in ["id", "next_fire", "last"] {
                fields.remove(key);
            }
        }
        entry
    };
    let whole = serde_json::json!({ "signalbox": exchange::VERSION, "schedules": schedules.iter().map(entry).collect::<Vec<_>>() });
    print_json(&whole)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn import(app: &App, file: &Path, to: &[ChatAddress]) -> anyhow::Result<ExitCode> {
    let refused = |why: &str| {
        complain(&cron::unreadable(file, why));
        Ok(ExitCode::from(EXIT_REFUSED))
    };
    let text = match read(file) {
        Ok(text) => text,
        Err(error) => return refused(&error.to_string()),
    };
    let entries = match exchange::read(&text) {
        Ok(entries) => entries,
        Err(error) => return refused(&error.to_string()),
    };
    if entries.is_empty() {
        print(param::NOTHING_IN_IT)?;
        return Ok(ExitCode::from(EXIT_FAILED));
    }
    let mut known = app.store.read(|tx| tx.schedules(None, MAX_LISTED)).await?;
    let mut connected = add::Reached::to(Deliveries::default().with_chats(&app.config).adapters);
    let (mut taken, mut failed) = (0, 0);
    for (at, entry) in entries.into_iter().enumerate() {
        let number = at + 1;
        let made = match entry {
            Ok(entry) => make(app, &mut connected, entry, to, number).await,
            Err(why) => Err(why),
        };
        match made {
            Ok((new, _)) if known.iter().any(|one| is_same(one, &new)) => {
                print(&cron::imported_before(number, &new.name))?;
            }
            Ok((new, enabled)) => {
                let added = app.store.write(None, move |tx| {
                    let added = tx.add_schedule(&new)?;
                    if !enabled {
                        tx.pause_schedule(&added, true)?;
                    }
                    Ok(tx.schedule(added.id)?.unwrap_or(added))
                });
                let added = added.await?.value;
                let said = if enabled { cron::added(&added, &[]) } else { cron::added_paused(&added) };
                print_document(&add::with_agent(app, &added, said))?;
                known.push(added);
                taken += 1;
            }
            Err(why) => {
                complain(&cron::not_imported(number, &why));
                failed += 1;
            }
        }
    }
    print(&cron::imported(taken, failed))?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FAILED) })
}

fn read(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().take(MAX_BYTES + 1).read_to_string(&mut text)?
    } else {
        std::fs::File::open(file)?.take(MAX_BYTES + 1).read_to_string(&mut text)?
    };
    if u64::try_from(read).unwrap_or(u64::MAX) > MAX_BYTES {
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, cron::too_large(MAX_BYTES)));
    }
    Ok(text)
}

/// Makes a schedule of an entry; says what of it was not understood.
async fn make(
    app: &App,
    connected: &mut add::Reached,
    mut entry: ImportEntry,
    to: &[ChatAddress],
    number: usize,
) -> Result<(NewSchedule, bool), String> {
    if entry.options.to.is_empty() && entry.options.chat_id.is_none() {
        entry.options.to = to.to_vec();
    }
    let redactor = app.redactor().await.map_err(|error| error.to_string())?;
    schedule::check_texts(&entry.options, &redactor)
        .map_err(|why| unscheduled(&Unscheduled::Options(&why.to_string())).visible_text())?;
    let read = schedule::read(&entry.options, None, add::MADE_BY);
    let new = read.map_err(|why| unscheduled(&why).visible_text())?.new;
    let unsure = add::check(app, connected, &new, false).await;
    let unsure = unsure.map_err(|why| unscheduled(&why).visible_text())?;
    unsure.iter().for_each(|note| complain(note));
    if !entry.left_out.is_empty() {
        complain(&cron::left_out(number, &new.name, &entry.left_out));
    }
    Ok((new, entry.enabled))
}

fn is_same(known: &Schedule, new: &NewSchedule) -> bool {
    let kept = |one: &NewSchedule| {
        (one.name.clone(), one.kind, one.plan.cron.to_string(), one.plan.zone, one.targets.clone(), one.params.clone())
    };
    kept(&known.made) == kept(new)
}
