//! `signalbox session`: look at sessions, from any terminal, beside a running program.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use super::EXIT_REFUSED;
use crate::agent::checkout::Git;
use crate::agent::supervisor::client::KeptAgent;
use crate::app::App;
use crate::config::Sandbox;
use crate::format;
use crate::format::session::SessionFacts;
use crate::store::{ChatKey, Session, Task, TaskId};

/// Sessions in one list.
const MAX_LISTED: usize = 200;
/// Columns that a narrow terminal can do without, the first first.
const SPARE: [&str; 4] = ["prompts", "chat", "agent", "used"];
/// Tasks shown of one session.
const MAX_TASKS: usize = 20;

/// What to look at.
#[derive(Subcommand)]
pub(super) enum Arguments {
    /// List the sessions of all chats
    List {
        /// Only of this chat, such as console:local
        #[arg(long)]
        chat: Option<ChatKey>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one session with its last prompt, tasks, cost and how to resume it in a terminal
    Show {
        /// Its name
        name: String,
        /// The chat it belongs to; needed where sessions of several chats have that name
        #[arg(long)]
        chat: Option<ChatKey>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(app: &App, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let now = app.store.clock().now();
    match arguments {
        Arguments::List { chat, json } => {
            let (chat, chat_given) = (chat.clone(), chat.is_some());
            let sessions = app.store.read(move |tx| tx.sessions(chat.as_ref(), MAX_LISTED)).await?;
            if *json {
                let rows: Vec<serde_json::Value> = sessions.iter().map(as_json).collect();
                super::print_json(&rows)?;
            } else {
                super::print_table(
                    &SPARE,
                    match chat_given {
                        true => format::session::list(&sessions, None, now),
                        false => format::session::list_of_all(&sessions, now),
                    },
                )?;
            }
        }
        Arguments::Show { name, chat, json } => {
            let (chat, wanted) = (chat.clone(), name.clone());
            let found = app
                .store
                .read(move |tx| {
                    let mut sessions = match &chat {
                        Some(chat) => tx.session_by_name(chat, &wanted)?.into_iter().collect(),
                        None => tx.sessions(None, MAX_LISTED)?,
                    };
                    if chat.is_none() {
                        sessions.retain(|session| session.name.eq_ignore_ascii_case(&wanted));
                    }
                    match <[Session; 1]>::try_from(sessions) {
                        Ok([session]) => {
                            let tasks = tx.tasks_of_session(session.id, MAX_TASKS)?;
                            let zone = tx.zone_of(&ChatKey::of(&session.address))?;
                            Ok(Ok((session, tasks, zone)))
                        }
                        Err(several) => Ok(Err(several)),
                    }
                })
                .await?;
            let (session, tasks, zone) = match found {
                Ok(found) => found,
                Err(several) => {
                    let chats: Vec<String> = several.iter().map(|session| session.address.to_string()).collect();
                    let why = match chats.as_slice() {
                        [] => format::terminal::no_session(name),
                        several => format::terminal::several_sessions(name, several),
                    };
                    eprintln!("{why}");
                    return Ok(ExitCode::from(EXIT_REFUSED));
                }
            };
            let agents = crate::agent::catalogue::Catalogue::new(app.config.agents.clone(), app.variables.clone());
            let is_apart = agents.agent(&session.agent).is_none_or(|agent| agent.sandbox != Sandbox::Off);
            let git = Git::new(&app.variables);
            let checkout = if is_apart { None } else { git.look(Path::new(&session.directory)).await };
            let resume = agents.resume_command(&session.agent, &session.directory, session.agent_session.as_deref());
            let (state, id) = (app.store.directory(), session.id.to_string());
            let kept = KeptAgent::all(state).into_iter().find(|kept| kept.session() == Some(&id));
            let kept = kept.map(|kept| kept.record().until);
            if *json {
                let mut value = as_json(&session);
                value["kept_until_ms"] = kept.map(|until| until.0).into();
                value["resume"] = resume.into();
                value["tasks"] = tasks.iter().map(task_as_json).collect();
                super::print_json(&value)?;
            } else {
                let facts = SessionFacts { resume: resume.as_deref(), checkout: checkout.as_ref(), kept, zone };
                super::print_document(&format::session::details(&session, &tasks, &facts, now))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(session: &Session) -> serde_json::Value {
    serde_json::json!({
        "name": session.name, "chat": session.address.to_string(), "agent": session.agent, "model": session.model,
        "agent_session": session.agent_session, "status": session.status.as_str(), "archived": session.archived,
        "created_at_ms": session.created_at, "last_used_at_ms": session.last_used_at, "prompts": session.messages,
        "last_prompt": session.last_prompt, "title": session.title, "directory": session.directory,
        "input_tokens": session.input_tokens, "output_tokens": session.output_tokens, "cost_usd": session.cost_usd,
    })
}

fn task_as_json(task: &Task) -> serde_json::Value {
    serde_json::json!({
        "id": task.id.as_str(), "status": task.status.as_str(), "prompt": task.prompt, "result": task.result,
        "error": task.error, "tools": task.tools, "cost_usd": task.cost_usd, "created_at_ms": task.created_at,
        "started_at_ms": task.started_at, "finished_at_ms": task.finished_at, "retry_of": task.retry_of.as_ref().map(TaskId::as_str),
    })
}
