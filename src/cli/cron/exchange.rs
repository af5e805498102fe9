//! `signalbox cron import` and `export`.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use signalbox_adapter::ChatAddress;

use super::answer::MAX_LISTED;
use super::{add, json};
use crate::app::App;
use crate::cli::{EXIT_FAILED, EXIT_REFUSED, complain, print, print_document, print_json};
use crate::command::exchange::{self, ImportEntry};
use crate::format::unscheduled::{Unscheduled, unscheduled};
use crate::format::{cron, import, param};
use crate::redact::Redactor;
use crate::store::{NewSchedule, Schedule, StoreError};
use crate::turn::schedule;

/// Largest file, in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Entries that are kept in one step: whatever ends an import, what it has told of is kept, and a second passes over that.
const BATCH: usize = 500;
/// Schedules among which is looked for one like an entry.
const MAX_KNOWN: usize = 1_000_000;

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
        complain(&import::unreadable(file, why));
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
    let known = app.store.read(|tx| tx.schedules(None, MAX_KNOWN)).await?;
    let mut known: HashSet<String> = known.iter().map(|one| sameness(one)).collect();
    let mut run =
        Import { app, connected: add::Reached::of(app), redactor: app.redactor().await?, to, taken: 0, failed: 0 };
    let mut entries = entries.into_iter().enumerate().peekable();
    while entries.peek().is_some() {
        let mut batch = Vec::new();
        for (at, entry) in entries.by_ref().take(BATCH) {
            let number = at + 1;
            let made = match entry {
                Ok(entry) => run.make(entry, number).await,
                Err(why) => Err(why),
            };
            batch.push(match made {
                Ok((new, _)) if !known.insert(sameness(&new)) => Entry::Known(number, new.name),
                Ok((new, enabled)) => Entry::New(Box::new(new), enabled),
                Err(why) => Entry::Wrong(number, why),
            });
        }
        run.take(batch).await?;
    }
    print(&import::imported(run.taken, run.failed))?;
    Ok(if run.failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FAILED) })
}

/// What an entry of the file came to.
enum Entry {
    /// It is to be kept; whether it does not rest.
    New(Box<NewSchedule>, bool),
    /// There is one like it.
    Known(usize, String),
    /// It was not understood, or cannot be delivered.
    Wrong(usize, String),
}

/// An import, and what is looked at once for all of its entries.
struct Import<'a> {
    app: &'a App,
    connected: add::Reached,
    redactor: Redactor,
    /// Where to, for those that do not say.
    to: &'a [ChatAddress],
    taken: usize,
    failed: usize,
}

impl Import<'_> {
    /// Keeps what is new of a batch, in one step, and tells of each entry in the order of the file.
    async fn take(&mut self, batch: Vec<Entry>) -> anyhow::Result<()> {
        let new: Vec<(Box<NewSchedule>, bool)> = batch
            .iter()
            .filter_map(|entry| if let Entry::New(new, enabled) = entry { Some((new.clone(), *enabled)) } else { None })
            .collect();
        let added = self.app.store.write(None, move |tx| {
            let keep = |(new, enabled): &(Box<NewSchedule>, bool)| {
                let added = tx.add_schedule(new)?;
                if !enabled {
                    tx.pause_schedule(&added, true)?;
                }
                Ok(tx.schedule(added.id)?.unwrap_or(added))
            };
            new.iter().map(keep).collect::<Result<Vec<Schedule>, StoreError>>()
        });
        let mut added = added.await?.value.into_iter();
        for entry in batch {
            match entry {
                Entry::New(_, enabled) => {
                    let Some(added) = added.next() else { continue };
                    let said = if enabled { cron::added(&added, &[]) } else { import::added_paused(&added) };
                    print_document(&add::with_agent(&self.connected.agents, &added, said))?;
                    self.taken += 1;
                }
                Entry::Known(number, name) => print(&import::imported_before(number, &name))?,
                Entry::Wrong(number, why) => {
                    complain(&import::not_imported(number, &why));
                    self.failed += 1;
                }
            }
        }
        Ok(())
    }

    /// Makes a schedule of an entry; says what of it was not understood.
    async fn make(&mut self, mut entry: ImportEntry, number: usize) -> Result<(NewSchedule, bool), String> {
        if entry.options.to.is_empty() && entry.options.chat_id.is_none() {
            entry.options.to = self.to.to_vec();
        }
        schedule::check_texts(&entry.options, &self.redactor)
            .map_err(|why| unscheduled(&Unscheduled::Options(&why.to_string())).visible_text())?;
        let read = schedule::read(&entry.options, None, add::MADE_BY);
        let new = read.map_err(|why| unscheduled(&why).visible_text())?.new;
        let unsure = add::check(self.app, &mut self.connected, &new, false).await;
        let unsure = unsure.map_err(|why| unscheduled(&why).visible_text())?;
        unsure.iter().for_each(|note| complain(note));
        if !entry.left_out.is_empty() {
            complain(&import::left_out(number, &new.name, &entry.left_out));
        }
        Ok((new, entry.enabled))
    }
}

/// What two schedules have the same where one is the other: name, kind, plan, targets and parameters.
fn sameness(one: &NewSchedule) -> String {
    let plan = (one.plan.cron.to_string(), one.plan.zone.name());
    format!("{:?}", (&one.name, one.kind.as_str(), plan, &one.targets, &one.params))
}

fn read(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().take(MAX_BYTES + 1).read_to_string(&mut text)?
    } else {
        std::fs::File::open(file)?.take(MAX_BYTES + 1).read_to_string(&mut text)?
    };
    if u64::try_from(read).unwrap_or(u64::MAX) > MAX_BYTES {
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, import::too_large(MAX_BYTES)));
    }
    Ok(text)
}
