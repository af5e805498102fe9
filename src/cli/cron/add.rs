//! `signalbox cron add` and `edit`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::Arc;

use signalbox_adapter::settings::Section;
use signalbox_adapter::{ChatAddress, Deliver, Document};

use super::answer::{find, refused};
use crate::agent::catalogue::Catalogue;
use crate::app::{App, Deliveries};
use crate::cli::reach::{Reach, reach};
use crate::cli::{EXIT_REFUSED, print, print_document};
use crate::command::ScheduleOptions;
use crate::config::integrations::{self, Keys};
use crate::config::{Sources, Unreached};
use crate::format::background::Unreachable;
use crate::format::cron;
use crate::format::unscheduled::{Unscheduled, how_to_add, unchanged, unscheduled};
use crate::store::{NewSchedule, Schedule, Tx};
use crate::turn::{Transport, crew, schedule};
use crate::wiring;

/// Who has made what is made here.
pub(super) const MADE_BY: &str = "command line";

pub(super) async fn one(app: &App, sources: &Sources, options: &ScheduleOptions) -> anyhow::Result<ExitCode> {
    if *options == ScheduleOptions::default() {
        return refused(&unscheduled(&Unscheduled::NoKind).then(how_to_add()));
    }
    if let Err(why) = schedule::check_texts(options, &app.redactor().await?) {
        return refused(&unscheduled(&Unscheduled::Options(&why.to_string())));
    }
    let wished = match schedule::read(options, None, MADE_BY) {
        Ok(wished) => wished,
        Err(why) => return refused(&unscheduled(&why)),
    };
    let keeps = !wished.credentials.is_empty();
    if keeps && let Err(why) = keep(app, sources, &wished.new, &wished.credentials) {
        eprintln!("signalbox: {why}");
        return Ok(ExitCode::from(EXIT_REFUSED));
    }
    let mut connected = Reached::of(app);
    match check(app, &mut connected, &wished.new, keeps).await {
        Ok(unsure) => unsure.iter().for_each(|note| eprintln!("signalbox: {note}")),
        Err(why) => return refused(&unscheduled(&why)),
    }
    let new = wished.new;
    let add = move |tx: &Tx<'_>| {
        let added = tx.add_schedule(&new)?;
        let namesakes = schedule::namesakes(tx, None, &added)?;
        Ok((added, namesakes))
    };
    let (added, namesakes) = app.store.write(None, add).await?.value;
    print_document(&with_agent(&connected.agents, &added, cron::added(&added, &namesakes)))?;
    Ok(ExitCode::SUCCESS)
}

/// Changes what is named of a schedule.
pub(super) async fn edit(app: &App, id: &str, changes: &ScheduleOptions) -> anyhow::Result<ExitCode> {
    let known = match find(app, id).await? {
        Ok(known) => known,
        Err(why) => return refused(&why),
    };
    if *changes == ScheduleOptions::default() {
        return refused(&unchanged(&Unscheduled::Nothing));
    }
    if let Err(why) = schedule::check_texts(changes, &app.redactor().await?) {
        return refused(&unchanged(&Unscheduled::Options(&why.to_string())));
    }
    let options = schedule::with(&known, changes);
    let wished = match schedule::read(&options, None, MADE_BY) {
        Ok(wished) => wished,
        Err(why) => return refused(&unchanged(&why)),
    };
    if let Some(name) = wished.credentials.keys().next() {
        return refused(&unchanged(&Unscheduled::Credential(name)));
    }
    let mut connected = Reached::of(app);
    connected.asked.extend(known.targets.iter().cloned());
    match check(app, &mut connected, &wished.new, false).await {
        Ok(unsure) => unsure.iter().for_each(|note| eprintln!("signalbox: {note}")),
        Err(why) => return refused(&unchanged(&why)),
    }
    // Whose it is and of what it tells stays.
    let new = NewSchedule { scope: known.scope.clone(), created_by: known.created_by.clone(), ..wished.new };
    let (id, now) = (known.id, app.store.clock().now());
    let edit = move |tx: &Tx<'_>| {
        let Some(known) = tx.schedule(id)? else { return Ok(None) };
        let edited = tx.edit_schedule(&known, &new)?;
        let namesakes = schedule::new_namesakes(tx, None, &known, &edited)?;
        Ok(Some((edited, namesakes)))
    };
    match app.store.write(None, edit).await?.value {
        Some((edited, namesakes)) => {
            print_document(&with_agent(&connected.agents, &edited, cron::edited(&edited, &namesakes, now)))?;
        }
        None => return refused(&cron::unknown(&id.to_string(), &[])),
    }
    Ok(ExitCode::SUCCESS)
}

/// Says with an answer that the agent of a schedule is not installed, where that is so.
pub(super) fn with_agent(agents: &Catalogue, schedule: &Schedule, said: Document) -> Document {
    if crew::is_missing(agents, schedule) { said.then(cron::agent_missing(schedule)) } else { said }
}

/// What is connected and what is installed, and the chats that were asked about: looked at once for however many schedules.
pub(super) struct Reached {
    adapters: BTreeMap<String, Arc<dyn Deliver>>,
    transports: BTreeMap<String, Transport>,
    pub(super) agents: Catalogue,
    asked: BTreeSet<ChatAddress>,
}

impl Reached {
    pub(super) fn of(app: &App) -> Self {
        Self {
            adapters: Deliveries::default().with_chats(&app.config).adapters,
            transports: wiring::transports(&app.config),
            agents: app.catalogue(),
            asked: BTreeSet::new(),
        }
    }
}

/// Looks whether a schedule can be delivered, and its agent works; returns what is not sure.
///
/// # Errors
/// Why not.
pub(super) async fn check(
    app: &App,
    connected: &mut Reached,
    new: &NewSchedule,
    connects: bool,
) -> Result<Vec<String>, Unscheduled<'static>> {
    if let Some(why) = crew::unfit_for(&connected.agents, new) {
        return Err(Unscheduled::Agent(why));
    }
    let mut unsure = Vec::new();
    for target in &new.targets {
        let provider = target.provider.as_str();
        let unreached = wiring::unreached(&app.config, provider);
        let not_connected = |why: Option<Unreached>| {
            let why = why.unwrap_or_else(|| Unreached::NotConnected(provider.to_owned()));
            Unscheduled::NotConnected(why)
        };
        let Some(transport) = connected.transports.get(provider) else { return Err(not_connected(unreached)) };
        if let Some(form) = transport.chat_form(target) {
            return Err(Unscheduled::NoSuchChat(target.clone(), form));
        }
        match connected.adapters.get(provider) {
            Some(_) if connected.asked.contains(target) => {}
            Some(deliver) => {
                match reach(deliver.as_ref(), target).await {
                    Reach::Open => {}
                    Reach::Closed(why) => {
                        let why = Unreachable::Said(why);
                        return Err(Unscheduled::Unreachable(target.clone(), why));
                    }
                    Reach::Unsure => unsure.push(cron::not_tried(target)),
                }
                connected.asked.insert(target.clone());
            }
            // A terminal shows what waits for it; what has just been given a credential is not connected yet.
            None if transport.trusted || connects => {}
            None => return Err(not_connected(unreached)),
        }
    }
    Ok(unsure)
}

/// Keeps credentials that came along as the integration of the one provider that they are for, unless that is connected
/// already: what is configured goes first.
fn keep(app: &App, sources: &Sources, new: &NewSchedule, credentials: &BTreeMap<String, String>) -> Result<(), String> {
    let [target] = new.targets.as_slice() else { return Err(cron::credentials_for_several().to_owned()) };
    let provider = target.provider.as_str();
    let Some(section) = wiring::section_of(provider) else { return Err(cron::takes_no_credential(provider)) };
    if app.config.adapters.is_set(section) {
        eprintln!("signalbox: {}", cron::credential_not_used(provider));
        return Ok(());
    }
    let keys = keys(section, credentials)?;
    let path = integrations::keep(sources, section.name, keys).map_err(|error| error.to_string())?;
    print(&cron::credential_kept(&path, section.name)).map_err(|error| error.to_string())
}

/// Finds the keys of an integration by the names of credentials: its own, or with the provider's before them, or `bot_` before a
/// token.
fn keys(section: &Section, credentials: &BTreeMap<String, String>) -> Result<Keys, String> {
    let mut keys = Keys::new();
    for (name, value) in credentials {
        let plain = name.to_lowercase().replace(['-', '.'], "_");
        let own = plain.strip_prefix(&format!("{}_", section.name)).unwrap_or(&plain);
        let known = |wanted: &str| section.settings.iter().any(|setting| setting.key == wanted);
        let key = [own, own.trim_start_matches("bot_")].into_iter().find(|key| known(key));
        let key = key.ok_or_else(|| cron::no_such_credential(section.name, name))?;
        keys.insert(key.to_owned(), value.clone());
    }
    Ok(keys)
}
