//! `/cron`: what is delivered by itself.

use signalbox_adapter::ChatAddress;

use crate::command::{CronCommand, ScheduleOptions};
use crate::format::cron::{self, Unscheduled};
use crate::store::{ChatKey, FireId, InboxOutcome, Schedule, ScheduleId, StoreError};
use crate::turn::{Handler, Look, Turn, crew, rights, schedule};

/// Schedules in one list.
const MAX_LISTED: usize = 50;
/// Schedules that deliver to one chat.
const MAX_PER_CHAT: usize = 50;
/// Fires in one log.
const MAX_FIRES: usize = 20;

impl Handler for CronCommand {
    fn is_aside(&self, is_watched: bool) -> bool {
        is_watched && matches!(self, Self::List | Self::Show(_) | Self::Logs(_))
    }

    fn looks(&self) -> Vec<Look> {
        let Self::Add(text) = self else { return Vec::new() };
        let options = ScheduleOptions::read(text).unwrap_or_default();
        let elsewhere = schedule::read(&options, None, "").map(|wished| wished.new.targets).unwrap_or_default();
        if elsewhere.is_empty() { Vec::new() } else { vec![Look::Reach(elsewhere)] }
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let id = match self {
            Self::List => return list(turn),
            Self::Add(text) => return add(turn, text),
            Self::Again(fire) => return again(turn, fire),
            Self::Show(id) | Self::Logs(id) | Self::Run(id) | Self::Pause(id) | Self::Resume(id) | Self::Remove(id) => {
                id
            }
        };
        let Some(found) = find(turn, id)? else { return turn.refuse(cron::unknown(id)) };
        match self {
            Self::List => list(turn),
            Self::Add(text) => add(turn, text),
            Self::Again(fire) => again(turn, fire),
            Self::Show(_) => {
                let last = turn.tx.told_fires(found.id, 1)?.pop();
                turn.answer(cron::show(&found, last.as_ref(), turn.tx.now()))
            }
            Self::Logs(_) => turn.answer(cron::logs(&found, &turn.tx.told_fires(found.id, MAX_FIRES)?)),
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
    let rows = turn.tx.schedules_with_last(chat.as_ref(), MAX_LISTED)?;
    turn.answer(cron::list(&rows, turn.tx.now()))
}

/// Finds a schedule that delivers to this chat; one of another is as unknown here as one that never was.
fn find(turn: &Turn<'_>, id: &str) -> Result<Option<Schedule>, StoreError> {
    let Ok(number) = id.trim_start_matches('#').parse() else { return Ok(None) };
    let found = turn.tx.schedule(ScheduleId::new(number))?;
    let here = turn.chat();
    let is_of = |schedule: &Schedule| schedule.targets.iter().any(|target| ChatKey::of(target) == here);
    Ok(found.filter(|schedule| turn.is_trusted() || is_of(schedule)))
}

/// Sends again what of a fire was given up.
fn again(turn: &Turn<'_>, fire: &str) -> Result<InboxOutcome, StoreError> {
    let found = match fire.trim_start_matches('#').parse() {
        Ok(number) => turn.tx.fire(FireId::new(number))?,
        Err(_) => None,
    };
    let of = found.as_ref().map(|found| find(turn, &found.schedule.to_string())).transpose()?.flatten();
    let (Some(found), Some(_)) = (found, of) else { return turn.refuse(cron::no_fire(fire)) };
    match turn.tx.retry_fire(found.id)? {
        0 => turn.refuse(cron::nothing_failed(found.id)),
        targets => turn.answer(cron::sent_again(found.id, targets)),
    }
}

fn add(turn: &Turn<'_>, text: &str) -> Result<InboxOutcome, StoreError> {
    let options = match ScheduleOptions::read(text) {
        Ok(options) => options,
        Err(why) => return turn.refuse(cron::unscheduled(&Unscheduled::Options(&why))),
    };
    if let Err(why) = schedule::check_texts(&options, &turn.cx.redactor) {
        return turn.refuse(cron::unscheduled(&Unscheduled::Options(&why.to_string())));
    }
    let here = &turn.incoming.address;
    let wished = match schedule::read(&options, Some(here), turn.incoming.sender.id.as_str()) {
        Ok(wished) => wished,
        Err(why) => return turn.refuse(cron::unscheduled(&why)),
    };
    if !wished.credentials.is_empty() {
        return turn.refuse(cron::unscheduled(&Unscheduled::CredentialInChat));
    }
    let new = wished.new;
    if let Some(why) = crew::unfit_for(&turn.cx.agents, &new) {
        return turn.refuse(cron::unscheduled(&Unscheduled::Agent(&why)));
    }
    for target in &new.targets {
        if let Some(form) = turn.cx.chat_form(target) {
            return turn.refuse(cron::unscheduled(&Unscheduled::NoSuchChat(target, form)));
        }
    }
    for target in new.targets.iter().filter(|target| *target != here) {
        if let Some(why) = unusable(turn, target)? {
            return turn.refuse(cron::unscheduled(&why));
        }
    }
    if turn.tx.count_schedules(&turn.chat())? >= MAX_PER_CHAT {
        return turn.refuse(cron::unscheduled(&Unscheduled::TooMany(MAX_PER_CHAT)));
    }
    turn.answer(cron::added(&turn.tx.add_schedule(&new)?))
}

/// Whether a schedule can deliver to a chat that is not the one in which it is asked for, and may by this person.
fn unusable<'t>(turn: &Turn<'_>, target: &'t ChatAddress) -> Result<Option<Unscheduled<'t>>, StoreError> {
    let provider = target.provider.as_str();
    if !turn.cx.can_reach(provider) && turn.cx.readers(provider).is_none() {
        return Ok(Some(Unscheduled::NotConnected(turn.cx.unreached(provider))));
    }
    if !rights::may_write_to(turn.tx, turn.cx, turn.incoming, target)? {
        return Ok(Some(Unscheduled::NotAllowed(target)));
    }
    Ok(turn.looked.unreachable(target).map(|why| Unscheduled::Unreachable(target, why.clone())))
}
