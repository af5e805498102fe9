//! A prompt as a task: admitted in its session's order, answered with started, queued or refused.

use std::time::Duration;

use signalbox_adapter::{ChatAddress, Document, Signal};

use super::{Turn, intake, quoted, talk};
use crate::agent::catalogue::Choice;
use crate::agent::kinds::host::NAME as HOST;
use crate::format;
use crate::format::session::{Notes, Others};
use crate::store::{Admission, Approval, InboxId, InboxOutcome, NewTask, Refusal, Session, Status, StoreError, TaskId};

/// Longest title kept of a first prompt, in characters.
const MAX_TITLE_CHARS: usize = 80;
/// A chat is told once in this time, a year, that no agent is installed.
const TELL_OF_HOST_EVERY: Duration = Duration::from_secs(365 * 24 * 3600);

/// Returns the agent that a prompt goes to: the wished one, else the default; and why that is the built-in one, where
/// the chat is now to be told.
///
/// # Errors
/// [`StoreError`].
pub fn agent<'a>(turn: &'a Turn<'_>, wished: Option<&'a str>) -> Result<(&'a str, Option<String>), StoreError> {
    if let Some(agent) = wished {
        return Ok((agent, None));
    }
    Ok(match &turn.looked.presence().default {
        Choice::Configured(agent) | Choice::Found(agent) => (agent, None),
        Choice::OnlyHost => {
            let is_first = turn.tx.first_in(&format!("only-host:{}", turn.chat()), TELL_OF_HOST_EVERY)?;
            let presence = turn.looked.presence();
            let others = || presence.installed.iter().map(String::as_str).filter(|name| *name != HOST);
            let others = match others().find(|name| turn.cx.agents.can_run(name, presence)) {
                Some(command) => Others::Command(command),
                None => others().next().map_or(Others::NotInstalled, Others::CannotRun),
            };
            (HOST, is_first.then(|| format::session::only_host(others)))
        }
    })
}

/// Opens a session again that was put away, where its name is still free and the chat has or can make room.
///
/// # Errors
/// [`StoreError`]; what stands in the way comes back as the answer, and nothing was changed.
pub fn reopen(turn: &Turn<'_>, session: &Session, notes: &mut Notes) -> Result<Result<(), Document>, StoreError> {
    if !session.archived {
        return Ok(Ok(()));
    }
    if turn.tx.session_by_name(&turn.chat(), &session.name)?.is_some_and(|other| other.id != session.id) {
        return Ok(Err(format::session::name_taken(&session.name)));
    }
    let limit = turn.tx.caps().sessions_per_chat;
    if turn.tx.count_open_sessions(&turn.chat())? >= limit {
        match turn.tx.archive_oldest_idle(&turn.chat())? {
            Some((name, answered)) => notes.archived = answered.then_some(name),
            None => return Ok(Err(format::session::refused(&Refusal::SessionsBusy(limit)))),
        }
    }
    // Of what never ran there is no context.
    notes.reopened = !turn.tx.never_ran(session.id)?;
    turn.tx.reopen_session(session.id)?;
    if !notes.reopened && turn.incoming.direct {
        turn.tx.activate_new(&turn.chat(), session.id)?;
    }
    Ok(Ok(()))
}

/// Admits a prompt as a task and answers where it was asked; the caller has asked whether the queue has room.
///
/// # Errors
/// [`StoreError`].
pub fn submit(
    turn: &Turn<'_>,
    session: &Session,
    prompt: &str,
    retry_of: Option<&TaskId>,
    notes: &Notes,
) -> Result<InboxOutcome, StoreError> {
    submit_at(turn, &turn.incoming.address, session, prompt, retry_of, notes)
}

/// Admits a prompt as a task and answers at an address: where it was asked, or in a thread at the message that asks. The
/// caller has asked whether the queue has room.
///
/// # Errors
/// [`StoreError`].
pub fn submit_at(
    turn: &Turn<'_>,
    address: &ChatAddress,
    session: &Session,
    prompt: &str,
    retry_of: Option<&TaskId>,
    notes: &Notes,
) -> Result<InboxOutcome, StoreError> {
    let prompt = quoted::below(turn, session, prompt)?;
    let prompt = intake::with_files(&prompt, &turn.incoming.files);
    let prompt = prompt + &talk::since(turn, session, earlier_turn(turn, retry_of)?, turn.inbox)?;
    let (incoming, inbox) = (turn.incoming, turn.inbox);
    let new = NewTask { incoming, address, inbox, session, prompt: &prompt, retry_of, id: None };
    let admission = turn.tx.admit(&new)?;
    let task = match &admission {
        Admission::Started(task) | Admission::Queued(task, _) => task,
    };
    if let Some(earlier) = retry_of {
        turn.tx.investigate_again(&task.id, earlier)?;
    }
    let mut admitted = format::session::admitted(session, &admission, notes);
    if matches!(admission, Admission::Queued(..))
        && let Some(approval) = asked_by(turn, session)?
    {
        admitted = admitted.then(format::approval::still_open(&session.name, &approval));
    }
    turn.show_status(address, &admission, admitted, &notes.lines())?;
    if let Some(message) = turn.incoming.message.clone() {
        let address = turn.incoming.address.clone();
        turn.tx.sign(&turn.incoming.address.provider, Signal::Taken { address, message });
    }
    Ok(InboxOutcome::Ok)
}

/// Returns what a session's running task waits for an answer to.
fn asked_by(turn: &Turn<'_>, session: &Session) -> Result<Option<Approval>, StoreError> {
    let running = turn
        .tx
        .unfinished_tasks(Some(&turn.chat()))?
        .into_iter()
        .find(|task| task.session == Some(session.id) && task.status == Status::Running);
    Ok(running.map(|task| turn.tx.open_approval(&task.id)).transpose()?.flatten())
}

/// Returns the message that has asked for the task that is to be repeated: what stood before it is in its prompt.
fn earlier_turn(turn: &Turn<'_>, retry_of: Option<&TaskId>) -> Result<Option<InboxId>, StoreError> {
    let earlier = retry_of.map(|id| turn.tx.task(id)).transpose()?.flatten();
    Ok(earlier.and_then(|earlier| earlier.inbox))
}

/// Returns the first line of a prompt, cut to a title's length.
#[must_use]
pub fn title(prompt: &str) -> String {
    let line = prompt.lines().next().unwrap_or_default().trim();
    let mut title: String = line.chars().take(MAX_TITLE_CHARS).collect();
    if line.chars().nth(MAX_TITLE_CHARS).is_some() {
        title.push('…');
    }
    title
}
