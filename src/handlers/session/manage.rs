//! Looking after sessions: list, show, use, cancel, end, rename, retry.

use super::follow_up;
use crate::agent::kinds;
use crate::command::check_name;
use crate::format;
use crate::format::session::SessionFacts;
use crate::store::{InboxOutcome, Session, SessionStatus, Status, StoreError};
use crate::turn::Turn;

/// Sessions in one list.
const MAX_LISTED: usize = 50;
/// Tasks shown of one session.
const MAX_TASKS: usize = 10;

pub(super) fn list(turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
    let sessions = turn.tx.sessions(Some(&turn.chat()), MAX_LISTED)?;
    let active = turn.tx.active_session_id(&turn.chat())?;
    turn.answer(format::session::of_chat(&sessions, active, turn.tx.now()))
}

/// Shows one that is open or was closed: where its work tree stays is told of that, too.
pub(super) fn show(turn: &Turn<'_>, name: Option<&str>) -> Result<InboxOutcome, StoreError> {
    let session = match name {
        Some(name) => match find(turn, name)? {
            Some(session) => session,
            None => match closed(turn, name)? {
                Some(session) => session,
                None => return unknown(turn, name),
            },
        },
        None => match turn.tx.session_meant(turn.incoming)? {
            Some(session) => session,
            None => return turn.refuse(format::session::none_meant("show")),
        },
    };
    let tasks = turn.tx.tasks_of_session(session.id, MAX_TASKS)?;
    let resume = turn.cx.agents.resume_command(&session.agent, &session.directory, session.agent_session.as_deref());
    let id = session.id.to_string();
    let kept = turn.looked.kept().iter().find(|kept| kept.session() == Some(&id)).map(|kept| kept.record().until);
    let facts = SessionFacts {
        resume: resume.as_deref(),
        checkout: turn.looked.checkout(),
        kept,
        zone: turn.tx.zone_of(&turn.chat())?,
    };
    turn.answer(format::session::details(&session, &tasks, &facts, turn.tx.now()))
}

pub(super) fn activate(turn: &Turn<'_>, name: &str) -> Result<InboxOutcome, StoreError> {
    let Some(session) = find(turn, name)? else { return unknown(turn, name) };
    turn.tx.set_active_session(&turn.chat(), Some(session.id))?;
    turn.answer(format::session::now_active(&session.name))
}

pub(super) fn cancel(turn: &Turn<'_>, name: &str) -> Result<InboxOutcome, StoreError> {
    let Some(session) = find(turn, name)? else { return unknown(turn, name) };
    let tasks = turn.tx.tasks_of_session(session.id, MAX_TASKS)?;
    let unfinished = |status| tasks.iter().rev().find(move |task| task.status == status);
    match unfinished(Status::Running).or_else(|| unfinished(Status::Queued)) {
        Some(task) => crate::handlers::tasks::end(turn, task),
        None => turn.refuse(format::session::nothing_runs(&session.name)),
    }
}

pub(super) fn end(turn: &Turn<'_>, name: Option<&str>) -> Result<InboxOutcome, StoreError> {
    let session = match name {
        Some(name) => match find(turn, name)? {
            Some(session) => session,
            None => return unknown(turn, name),
        },
        None => match turn.tx.session_meant(turn.incoming)? {
            Some(session) if session.status == SessionStatus::Ended && !session.archived => {
                return turn.refuse(format::session::ended(&session.name));
            }
            Some(session) => session,
            None => return turn.refuse(format::session::none_meant("end")),
        },
    };
    if session.status == SessionStatus::Running {
        return turn.refuse(format::session::still_running(&session.name));
    }
    turn.tx.end_session(session.id)?;
    let closed = format::session::closed(&session.name);
    turn.answer(match session.worktree_of {
        Some(_) => {
            let left = format::project::worktree_left(&session.directory, &session.branch(), turn.looked.checkout());
            closed.then(left)
        }
        None => closed,
    })
}

pub(super) fn revoke(turn: &Turn<'_>, name: &str) -> Result<InboxOutcome, StoreError> {
    let Some(session) = find(turn, name)? else { return unknown(turn, name) };
    turn.tx.revoke(session.id)?;
    turn.answer(format::session::revoked(&session.name, session.grants.len()))
}

pub(super) fn rename(turn: &Turn<'_>, old: &str, new: &str) -> Result<InboxOutcome, StoreError> {
    let Some(session) = find(turn, old)? else { return unknown(turn, old) };
    let agents: Vec<&str> = turn.cx.agents.names().collect();
    if let Err(fault) = check_name(new, &agents, kinds::models()) {
        return turn.refuse(format::session::bad_name(&fault));
    }
    if let Some(other) = turn.tx.session_by_name(&turn.chat(), new)?
        && other.id != session.id
        && other.status != SessionStatus::Ended
    {
        return turn.refuse(format::session::name_taken(&other.name));
    }
    turn.tx.rename_session(session.id, new)?;
    turn.answer(format::session::renamed(&session.name, new))
}

pub(super) fn retry(turn: &Turn<'_>, name: &str) -> Result<InboxOutcome, StoreError> {
    let Some(session) = find(turn, name)? else { return unknown(turn, name) };
    match turn.tx.tasks_of_session(session.id, 1)?.pop() {
        Some(last) => crate::handlers::tasks::run_again(turn, &last),
        None => follow_up::follow(turn, session.clone(), &session.last_prompt, None),
    }
}

fn find(turn: &Turn<'_>, name: &str) -> Result<Option<Session>, StoreError> {
    turn.tx.session_by_name(&turn.chat(), name.trim_start_matches('@'))
}

fn closed(turn: &Turn<'_>, name: &str) -> Result<Option<Session>, StoreError> {
    turn.tx.closed_session_by_name(&turn.chat(), name.trim_start_matches('@'))
}

fn unknown(turn: &Turn<'_>, name: &str) -> Result<InboxOutcome, StoreError> {
    if let Some(closed) = closed(turn, name)? {
        return turn.refuse(format::session::ended(&closed.name));
    }
    let sessions = turn.tx.sessions(Some(&turn.chat()), MAX_LISTED)?;
    let nearest = sessions
        .iter()
        .map(|session| (strsim::damerau_levenshtein(&session.name.to_lowercase(), &name.to_lowercase()), session))
        .filter(|(distance, _)| *distance <= 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, session)| session.name.as_str());
    turn.refuse(format::session::unknown(name, nearest))
}
