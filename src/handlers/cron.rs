//! `/cron`: what is delivered by itself.

use signalbox_adapter::{ChatAddress, Document};

use crate::command::{CronCommand, ScheduleOptions, named_schedule};
use crate::config::Role;
use crate::format::unscheduled::{Unscheduled, unchanged, unscheduled};
use crate::format::{cron, schedules};
use crate::store::{FireId, InboxOutcome, NewSchedule, Schedule, StoreError};
use crate::turn::{Handler, Look, Turn, crew, rights, schedule};

/// Schedules in one list, and fires in one log: as many as one message shows on a phone.
const MAX_LISTED: usize = 15;
const MAX_FIRES: usize = 10;
/// Schedules that deliver to one chat.
const MAX_PER_CHAT: usize = 50;

impl Handler for CronCommand {
    fn is_aside(&self, is_watched: bool) -> bool {
        is_watched && matches!(self, Self::List | Self::Show(_) | Self::Logs(_))
    }

    fn looks(&self) -> Vec<Look> {
        let options = match self {
            Self::Add(text) => text.as_str(),
            Self::Edit(text) => named_schedule(text).1,
            Self::List | Self::Show(_) | Self::Logs(_) | Self::Run(_) => return Vec::new(),
            Self::Again(_) | Self::Pause(_) | Self::Resume(_) | Self::Remove(_) => return Vec::new(),
        };
        let options = ScheduleOptions::read(options).unwrap_or_default();
        let elsewhere = schedule::targets(&options).unwrap_or_default();
        if elsewhere.is_empty() { Vec::new() } else { vec![Look::Reach(elsewhere)] }
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let id = match self {
            Self::List => return list(turn),
            Self::Add(text) => return add(turn, text),
            Self::Again(fire) => return again(turn, fire),
            Self::Edit(text) => named_schedule(text).0,
            Self::Show(id) | Self::Logs(id) | Self::Run(id) | Self::Pause(id) | Self::Resume(id) | Self::Remove(id) => {
                id.as_str()
            }
        };
        let found = match find(turn, id)? {
            Ok(found) => found,
            Err(near) => return turn.refuse(cron::unknown(id, &near)),
        };
        match self {
            Self::List => list(turn),
            Self::Add(text) => add(turn, text),
            Self::Again(fire) => again(turn, fire),
            Self::Edit(text) => edit(turn, &found, named_schedule(text).1),
            Self::Show(_) => {
                let last = turn.tx.told_fires(found.id, 1)?.pop();
                turn.answer(cron::show(&found, last.as_ref(), turn.tx.now()))
            }
            Self::Logs(_) => {
                let fires = turn.tx.told_fires(found.id, MAX_FIRES)?;
                let all = turn.tx.count_fires(found.id)?;
                turn.answer(schedules::log(&found, &fires, all, turn.tx.now()))
            }
            Self::Run(_) => {
                turn.tx.ask_fire(found.id)?;
                turn.answer(cron::running(&found))
            }
            Self::Pause(_) => {
                turn.tx.pause_schedule(&found, true)?;
                turn.answer(cron::paused(&found))
            }
            Self::Resume(_) => {
                turn.tx.pause_schedule(&found, false)?;
                let found = turn.tx.schedule(found.id)?.unwrap_or(found);
                turn.answer(cron::resumed(&found, turn.tx.now()))
            }
            Self::Remove(_) => {
                turn.tx.remove_schedule(found.id)?;
                turn.answer(cron::removed(&found))
            }
        }
    }
}

fn list(turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
    // Who owns this machine sees all of its schedules.
    let chat = (!turn.is_trusted()).then(|| turn.chat());
    let rows = turn.tx.next_schedules(chat.as_ref(), MAX_LISTED)?;
    if rows.is_empty() {
        let may_add = turn.role_in(turn.incoming)? == Some(Role::Admin);
        return turn.answer(cron::none(may_add));
    }
    let all = match &chat {
        Some(chat) => turn.tx.count_schedules(chat)?,
        None => turn.tx.count_all_schedules()?,
    };
    turn.answer(schedules::of_chat(&rows, all, turn.tx.now()))
}

/// Finds a schedule that delivers to this chat; one of another is as unknown here as one that never was.
fn find(turn: &Turn<'_>, word: &str) -> Result<Result<Schedule, Vec<Schedule>>, StoreError> {
    let chat = (!turn.is_trusted()).then(|| turn.chat());
    schedule::find(turn.tx, chat.as_ref(), word)
}

/// Sends again what of a fire was given up.
fn again(turn: &Turn<'_>, fire: &str) -> Result<InboxOutcome, StoreError> {
    let found = match fire.trim_start_matches('#').parse() {
        Ok(number) => turn.tx.fire(FireId::new(number))?,
        Err(_) => None,
    };
    let of = found.as_ref().map(|found| find(turn, &found.schedule.to_string())).transpose()?;
    let (Some(found), Some(Ok(_))) = (found, of) else { return turn.refuse(cron::no_fire(fire)) };
    match turn.tx.retry_fire(found.id)? {
        0 => turn.refuse(cron::nothing_failed(found.id)),
        targets => turn.answer(cron::sent_again(found.id, targets)),
    }
}

fn add(turn: &Turn<'_>, text: &str) -> Result<InboxOutcome, StoreError> {
    let options = match ScheduleOptions::read(text) {
        Ok(options) => options,
        Err(why) => return turn.refuse(unscheduled(&Unscheduled::Options(&why))),
    };
    if let Err(why) = schedule::check_texts(&options, &turn.cx.redactor) {
        return turn.refuse(unscheduled(&Unscheduled::Options(&why.to_string())));
    }
    let new = match wished(turn, &options, &[])? {
        Ok(new) => new,
        Err(why) => return turn.refuse(unscheduled(&why)),
    };
    if turn.tx.count_schedules(&turn.chat())? >= MAX_PER_CHAT {
        return turn.refuse(unscheduled(&Unscheduled::TooMany(MAX_PER_CHAT)));
    }
    let added = turn.tx.add_schedule(&new)?;
    let namesakes = schedule::namesakes(turn.tx, Some(&turn.chat()), &added)?;
    turn.answer(with_agent(turn, &added, cron::added(&added, &namesakes)))
}

/// Says with an answer that the agent of a schedule is not installed, where that is so.
fn with_agent(turn: &Turn<'_>, schedule: &Schedule, said: Document) -> Document {
    if crew::is_missing(&turn.cx.agents, schedule) { said.then(cron::agent_missing(schedule)) } else { said }
}

fn edit(turn: &Turn<'_>, known: &Schedule, text: &str) -> Result<InboxOutcome, StoreError> {
    let changes = match ScheduleOptions::read(text) {
        Ok(changes) => changes,
        Err(why) => return turn.refuse(unchanged(&Unscheduled::Options(&why))),
    };
    if changes == ScheduleOptions::default() {
        return turn.refuse(unchanged(&Unscheduled::Nothing));
    }
    if let Err(why) = schedule::check_texts(&changes, &turn.cx.redactor) {
        return turn.refuse(unchanged(&Unscheduled::Options(&why.to_string())));
    }
    let options = schedule::with(known, &changes);
    match wished(turn, &options, &known.targets)? {
        Err(why) => turn.refuse(unchanged(&why)),
        Ok(new) => {
            // Whose it is and of what it tells stays.
            let new = NewSchedule { scope: known.scope.clone(), created_by: known.created_by.clone(), ..new };
            let edited = turn.tx.edit_schedule(known, &new)?;
            let namesakes = schedule::new_namesakes(turn.tx, Some(&turn.chat()), known, &edited)?;
            turn.answer(with_agent(turn, &edited, cron::edited(&edited, &namesakes, turn.tx.now())))
        }
    }
}

/// Reads what is asked for and looks whether it can be done; `known` targets were allowed before.
fn wished<'o>(
    turn: &Turn<'_>,
    options: &'o ScheduleOptions,
    known: &[ChatAddress],
) -> Result<Result<NewSchedule, Unscheduled<'o>>, StoreError> {
    let here = &turn.incoming.address;
    let wished = match schedule::read(options, Some(here), &cron::made_by(&turn.incoming.sender)) {
        Ok(wished) => wished,
        Err(why) => return Ok(Err(why)),
    };
    if !wished.credentials.is_empty() {
        return Ok(Err(Unscheduled::CredentialInChat));
    }
    let new = wished.new;
    if let Some(why) = crew::unfit_for(&turn.cx.agents, &new) {
        return Ok(Err(Unscheduled::Agent(why)));
    }
    for target in &new.targets {
        if let Some(form) = turn.cx.chat_form(target) {
            return Ok(Err(Unscheduled::NoSuchChat(target.clone(), form)));
        }
    }
    for target in new.targets.iter().filter(|target| *target != here && !known.contains(target)) {
        if let Some(why) = unusable(turn, target)? {
            return Ok(Err(why));
        }
    }
    Ok(Ok(new))
}

/// Whether a schedule can deliver to a chat that is not the one in which it is asked for, and may by this person.
fn unusable(turn: &Turn<'_>, target: &ChatAddress) -> Result<Option<Unscheduled<'static>>, StoreError> {
    let provider = target.provider.as_str();
    if !turn.cx.is_connected(provider) {
        return Ok(Some(Unscheduled::NotConnected(turn.cx.unreached(provider))));
    }
    if !rights::may_write_to(turn.tx, turn.cx, turn.incoming, target)? {
        return Ok(Some(Unscheduled::NotAllowed(target.clone())));
    }
    Ok(turn.looked.unreachable(target).map(|why| Unscheduled::Unreachable(target.clone(), why.clone())))
}
