//! `/background`: looking after investigations, and who is told when one is done.

use std::time::Duration;

use signalbox_adapter::{Document, Provider};

use super::tasks;
use crate::command::BackgroundCommand;
use crate::command::channel::{self, Channel};
use crate::format;
use crate::format::background::{Nobody, Told, Unusable};
use crate::store::{About, InboxOutcome, Investigation, Status, StoreError, Task};
use crate::turn::{Handler, Look, Turn, notice, rights};

/// Investigations in one list.
const MAX_LISTED: usize = 30;
/// Candidates shown for an ambiguous id.
const MAX_CANDIDATES: usize = 5;
/// Everybody on a chat's list is sent a test once in this time, a minute.
const TEST_EVERY: Duration = Duration::from_secs(60);
/// Outcomes of tests that are shown.
const MAX_TESTED: usize = 10;

impl Handler for BackgroundCommand {
    fn is_aside(&self, is_watched: bool) -> bool {
        is_watched && matches!(self, Self::Status | Self::List | Self::NotifyList)
    }

    fn looks(&self) -> Vec<Look> {
        let Self::NotifySet(list) = self else { return Vec::new() };
        let address = |channel| if let Channel::To(address) = channel { Some(address) } else { None };
        vec![Look::Reach(channel::read_list(list).unwrap_or_default().into_iter().filter_map(address).collect())]
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let chat = turn.chat();
        match self {
            Self::On | Self::Off => {
                let on = *self == Self::On;
                turn.tx.set_background(&chat, on)?;
                turn.answer(format::background::switched(on))
            }
            Self::Status => {
                let on = turn.tx.background(&chat)?.unwrap_or(!turn.is_trusted());
                let counts = turn.tx.count_investigations(&chat)?;
                turn.answer(format::background::status(on, counts, &told(turn)?))
            }
            Self::List => {
                let mut rows = Vec::new();
                for investigation in turn.tx.investigations(&chat, MAX_LISTED)? {
                    if let Some(task) = turn.tx.task(&investigation.task)? {
                        rows.push((task, investigation));
                    }
                }
                turn.answer(format::background::list(&rows, turn.tx.now()))
            }
            Self::Show(id) => with(turn, id, |task, investigation| {
                let deliveries = turn.tx.deliveries_about(&About::Notice(task.id.clone()))?;
                let (name, zone) = (turn.tx.name_of(task)?, turn.tx.zone_of(&turn.chat())?);
                turn.answer(format::background::show(task, &name, investigation, &deliveries, (zone, turn.tx.now())))
            }),
            Self::Use(id) => with(turn, id, |task, investigation| {
                let (Some(session), Status::Success) = (task.session, task.status) else {
                    return turn.refuse(format::background::not_finished(task));
                };
                turn.tx.set_active_session(&chat, Some(session))?;
                turn.answer(format::background::now_active(task, investigation))
            }),
            Self::Cancel(id) => with(turn, id, |task, _| tasks::end(turn, task)),
            Self::NotifyList => {
                let told = told(turn)?;
                let mut document = format::background::notified(&told);
                let mut tested = turn.tx.deliveries_about(&About::NoticeTest(chat.clone()))?;
                if !tested.is_empty() {
                    let last = tested.split_off(tested.len().saturating_sub(MAX_TESTED));
                    document = document.then(format::background::tested(&last));
                }
                turn.answer(document)
            }
            Self::NotifySet(list) => set(turn, list),
            Self::NotifyTest => {
                let told = told(turn)?;
                let what = format!("notify-test:{chat}");
                if !told.channels.is_empty() && !turn.tx.first_in(&what, TEST_EVERY)? {
                    return turn.refuse(format::background::tested_just_now(TEST_EVERY));
                }
                notice::test(turn, &told.channels)?;
                turn.answer(format::background::testing(&told))
            }
        }
    }
}

fn told(turn: &Turn<'_>) -> Result<Told, StoreError> {
    let set = turn.tx.channels(&turn.chat())?;
    let by_default = set.is_none();
    Ok(of(turn, set.unwrap_or_else(|| notice::default_channels(turn.cx)), by_default))
}

fn of(turn: &Turn<'_>, channels: Vec<Channel>, by_default: bool) -> Told {
    let readers = channels.iter().filter_map(|channel| match channel {
        Channel::Readers(provider) => Some((provider.to_string(), readers(turn, provider))),
        Channel::Chat | Channel::To(_) => None,
    });
    Told { readers: readers.collect(), channels, by_default }
}

/// Returns who is told by a provider that is only written to, or why nobody is.
fn readers(turn: &Turn<'_>, provider: &Provider) -> Result<Vec<String>, Nobody> {
    match turn.cx.readers(provider.as_str()) {
        None => Err(Nobody::NotBuilt),
        Some(readers) if readers.to.is_empty() => Err(Nobody::NotSet(readers.needs)),
        Some(readers) => Ok(readers.to.clone()),
    }
}

fn set(turn: &Turn<'_>, list: &str) -> Result<InboxOutcome, StoreError> {
    let channels = match channel::read_list(list) {
        Ok(channels) => channels,
        Err(channel::NoChannel(word)) => return refuse(turn, &word, Unusable::NotAChannel),
    };
    for channel in &channels {
        if let Err(why) = usable(turn, channel)? {
            return refuse(turn, &channel.to_string(), why);
        }
    }
    turn.tx.set_channels(&turn.chat(), &channels)?;
    let told = of(turn, channels, false);
    turn.answer(format::background::notified(&told))
}

fn refuse(turn: &Turn<'_>, word: &str, why: Unusable<'_>) -> Result<InboxOutcome, StoreError> {
    let with_readers: Vec<&str> = turn.cx.readers_by_name().map(|(provider, _)| provider).collect();
    turn.refuse(format::background::not_a_channel(word, why, &with_readers))
}

/// Whether a channel can be used, and by this person.
fn usable<'t>(turn: &'t Turn<'_>, channel: &Channel) -> Result<Result<(), Unusable<'t>>, StoreError> {
    let address = match channel {
        Channel::Chat => return Ok(Ok(())),
        Channel::Readers(provider) => {
            return Ok(match turn.cx.readers(provider.as_str()) {
                None => Err(Unusable::NotAChannel),
                Some(_) => readers(turn, provider).map(drop).map_err(Unusable::Nobody),
            });
        }
        Channel::To(address) => address,
    };
    let provider = address.provider.as_str();
    if !turn.cx.can_reach(provider) {
        return Ok(Err(Unusable::NotConnected(turn.cx.unreached(provider))));
    }
    if !rights::may_write_to(turn.tx, turn.cx, turn.incoming, address)? {
        return Ok(Err(Unusable::NotAllowed));
    }
    Ok(turn.looked.unreachable(address).map_or(Ok(()), |why| Err(Unusable::Unreachable(why))))
}

/// Finds an investigation of this chat by its id or any unique beginning of it.
fn with(
    turn: &Turn<'_>,
    id: &str,
    then: impl FnOnce(&Task, &Investigation) -> Result<InboxOutcome, StoreError>,
) -> Result<InboxOutcome, StoreError> {
    let mut found = turn.tx.investigation_tasks(&turn.chat(), id, MAX_CANDIDATES + 1)?;
    if let Some(exact) = found.iter().position(|task| task.id.as_str() == id) {
        found = vec![found.swap_remove(exact)];
    }
    match found.as_slice() {
        [] => turn.refuse(unknown(turn, id)?),
        [task] => match turn.tx.investigation(&task.id)? {
            Some(investigation) => then(task, &investigation),
            None => turn.refuse(format::task::unknown(id)),
        },
        several => turn.refuse(format::task::ambiguous(id, several)),
    }
}

fn unknown(turn: &Turn<'_>, id: &str) -> Result<Document, StoreError> {
    let other = turn.tx.tasks_by_prefix(Some(&turn.chat()), id, 1)?.pop();
    Ok(other.map_or_else(|| format::task::unknown(id), |task| format::background::not_an_investigation(&task)))
}
