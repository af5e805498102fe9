//! A new session: agent, name, directory, room in the chat, a thread where there are such; then its first task.

use std::path::Path;

use signalbox_adapter::{ChatAddress, Threads};

use super::names;
use crate::agent::kinds;
use crate::command;
use crate::config::Sandbox;
use crate::format;
use crate::format::session::Notes;
use crate::store::{ChatKey, InboxOutcome, NewSession, NewThread, Refusal, Session, StoreError, ThreadRoot};
use crate::turn::{Turn, admit};

/// What a person asks of a new session.
pub(super) struct Wish<'w> {
    pub(super) name: Option<&'w str>,
    pub(super) project: Option<&'w str>,
    pub(super) agent: Option<&'w str>,
    pub(super) model: Option<&'w str>,
    pub(super) prompt: &'w str,
    /// The word before it that names nothing here, where the chat is to be told so.
    pub(super) unknown: Option<String>,
}

/// Starts a session, or says why not; a refusal leaves nothing behind.
pub(super) fn start(turn: &Turn<'_>, wish: &Wish<'_>) -> Result<InboxOutcome, StoreError> {
    let chat = turn.chat();
    let (agent, only_host) = admit::agent(turn, wish.agent)?;
    if let Some(why) = turn.barred_from(agent)? {
        return turn.refuse(why);
    }
    let mut notes = Notes { only_host, unknown: wish.unknown.clone(), ..Notes::default() };
    let name = match wish.name {
        Some(name) => match free_name(turn, &chat, name)? {
            Ok(()) => name.to_owned(),
            Err(why) => return turn.refuse(why),
        },
        None => propose(turn, &chat)?,
    };
    let projects = &turn.cx.config.projects;
    let own = if wish.project.is_none() { turn.tx.project(&chat)? } else { None };
    let project = match (wish.project, own.as_deref()) {
        (Some(named), _) | (None, Some(named)) => match projects.get_key_value(named) {
            Some(project) => Some(project),
            None if own.is_some() => return turn.refuse(format::project::gone(named)),
            None => return turn.refuse(format::session::unknown_project(named, projects.keys())),
        },
        (None, None) => None,
    };
    let tree = project.filter(|(_, project)| project.worktree);
    if let Some((name, _)) = tree
        && turn.cx.agents.agent(agent).is_some_and(|agent| agent.sandbox != Sandbox::Off)
    {
        return turn.refuse(format::project::kept_apart(agent, name));
    }
    if let Some(refusal) = turn.tx.queue_is_full(&chat, None)? {
        return turn.refuse(format::session::refused(&refusal));
    }
    let limit = turn.tx.caps().sessions_per_chat;
    if turn.tx.count_open_sessions(&chat)? >= limit {
        match turn.tx.archive_oldest_idle(&chat)? {
            Some((name, answered)) => notes.archived = answered.then_some(name),
            None => return turn.refuse(format::session::refused(&Refusal::SessionsBusy(limit))),
        }
    }
    let directory = project.map(|(_, project)| project.path.clone());
    let directory = directory.or_else(|| turn.cx.agents.directory(agent).map(Path::to_owned));
    let asked_from = turn.incoming.directory.clone();
    let directory = directory.map(|path| path.to_string_lossy().into_owned()).or(asked_from);
    let address = home(turn);
    let mut session = turn.tx.create_session(&NewSession {
        address: &address,
        name: &name,
        agent,
        model: wish.model.or(turn.cx.agents.model(agent)),
        title: &admit::title(wish.prompt),
        directory: directory.as_deref().unwrap_or_default(),
        investigation: false,
        worktree_of: directory.as_deref().filter(|_| tree.is_some()),
    })?;
    if directory.is_none() || tree.is_some() {
        // By number, so that a rename or a second session of the name does not move or share it.
        let own = format!("{}-{}", name.to_ascii_lowercase(), session.id);
        let own = turn.cx.state.join(if tree.is_some() { "trees" } else { "work" }).join(own);
        session.directory = own.to_string_lossy().into_owned();
        turn.tx.set_session_directory(session.id, &session.directory)?;
    }
    if turn.incoming.direct {
        turn.tx.activate_new(&chat, session.id)?;
    }
    open_home(turn, &session)?;
    admit::submit_at(turn, &address, &session, wish.prompt, None, &notes)
}

/// Returns where a new session goes on: in a thread at the message that asks for it, where others read along and the
/// provider has such; else where it was asked for.
fn home(turn: &Turn<'_>) -> ChatAddress {
    let here = &turn.incoming.address;
    let at = turn.incoming.message.as_ref().filter(|_| !turn.incoming.direct);
    at.and_then(|message| threads(turn).at(here, message)).unwrap_or_else(|| here.clone())
}

/// Has the thread of a new session opened, where a call must do that.
fn open_home(turn: &Turn<'_>, session: &Session) -> Result<(), StoreError> {
    let here = &turn.incoming.address;
    match &turn.incoming.message {
        Some(message) if session.address != *here && threads(turn).must_be_opened(here) => {
            let name = turn.cx.redactor.clean(&format::session::thread_name(session));
            let at = ThreadRoot::Message(message);
            // Who has written the message is told of the thread at it anyway.
            let guest = Some(&turn.incoming.sender.id).filter(|_| turn.incoming.is_shown_by_us);
            turn.tx.open_thread(&NewThread { address: here, at, name: &name, guest, task: None })
        }
        Some(_) | None => Ok(()),
    }
}

fn threads(turn: &Turn<'_>) -> Threads {
    turn.cx.threads(turn.incoming.address.provider.as_str())
}

fn free_name(
    turn: &Turn<'_>,
    chat: &ChatKey,
    name: &str,
) -> Result<Result<(), signalbox_adapter::Document>, StoreError> {
    let agents: Vec<&str> = turn.cx.agents.names().collect();
    if let Err(fault) = command::check_name(name, &agents, kinds::models()) {
        return Ok(Err(format::session::bad_name(&fault)));
    }
    match turn.tx.session_by_name(chat, name)? {
        Some(session) if !session.archived => Ok(Err(format::session::name_taken(&session.name))),
        Some(_) | None => Ok(Ok(())),
    }
}

fn propose(turn: &Turn<'_>, chat: &ChatKey) -> Result<String, StoreError> {
    let mut fault = None;
    let agents: Vec<&str> = turn.cx.agents.names().collect();
    let taken = |name: &str| {
        agents.contains(&name)
            || turn.tx.session_by_name(chat, name).map(|session| session.is_some()).unwrap_or_else(|error| {
                tracing::debug!(%error, "could not look a name up");
                false
            })
    };
    let name = names::propose(&taken, &mut |bound| turn.tx.chance(bound));
    if let Err(error) = turn.tx.session_by_name(chat, &name) {
        fault = Some(error);
    }
    fault.map_or(Ok(name), Err)
}
