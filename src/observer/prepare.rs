//! From a task's row to what its supervisor is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Observer;
use super::housekeeping::scratch_of;
use super::inquiry::Briefing;
use crate::agent::environment;
use crate::agent::run::{Bounds, PROTOCOL_VERSION, Protocol, RunSpec};
use crate::agent::{catalogue, claude};
use crate::config::{self, Kind};
use crate::host::{AskedBy, Scope};
use crate::store::{Session, Task};

/// Name of the hidden subcommand that is the built-in investigator.
pub const HOST_SUBCOMMAND: &str = "host-agent";

/// What a run needs to be known by.
pub(super) struct Prepared {
    pub(super) spec: RunSpec,
    /// The agent's session id that this run asks for, where it asks for one.
    pub(super) asked_session: Option<String>,
}

impl Observer {
    /// Makes the specification of a run; `None` when the configuration does not know the agent any more.
    pub(super) fn prepare(&self, task: &Task, session: Option<&Session>, briefing: &Briefing) -> Option<Prepared> {
        let context = self.bus.router().context();
        let agent = context.agents.agent(&task.agent)?;
        let state = self.bus.store().directory();
        let known_session = session.and_then(|session| session.agent_session.clone());
        let model = task.model.as_deref();
        let permission = briefing.permission(agent.permission);
        let mut prompt = briefing.prompt(agent.kind, task, session, self.bus.store().clock().random());
        let mut asked_session = None;
        let (argv, protocol) = match agent.kind {
            Kind::Claude => {
                let new_session = uuid::Uuid::new_v4().to_string();
                let id = known_session.clone().unwrap_or_else(|| new_session.clone());
                let conversation = match &known_session {
                    Some(id) => claude::Conversation::Resume(id),
                    None => claude::Conversation::New(&new_session),
                };
                let argv = if agent.has_placeholders() {
                    filled(&agent.command, "", &id, model)
                } else {
                    let ask = claude::Ask { conversation, model, permission, args: &agent.args };
                    with_files_of(claude::argv(&agent.command, &ask), task, state)
                };
                asked_session = Some(id);
                (argv, Protocol::Claude)
            }
            Kind::Command => {
                let id = session.map_or_else(|| task.id.to_string(), |session| session.id.to_string());
                let mut argv = filled(&agent.command, &prompt, &id, model);
                if agent.command.iter().any(|word| word.contains("{prompt}")) {
                    prompt.clear();
                }
                argv.extend(agent.args.iter().cloned());
                (argv, Protocol::Text)
            }
            Kind::Host => {
                let scope = host_scope(&context.config.agents.host, state, context.agents.variables());
                let asked_by = if briefing.has_alert() { AskedBy::Alert } else { AskedBy::Person };
                let scope = Scope { asked_by, analysis: briefing.inquiry.is_some(), ..scope };
                (vec!["/proc/self/exe".into(), HOST_SUBCOMMAND.into(), scope.to_argument()], Protocol::Native)
            }
        };
        let spec = RunSpec {
            version: PROTOCOL_VERSION,
            directory: self.run_directory(task),
            argv,
            env: environment::of(agent, context.agents.variables()),
            working_directory: working_directory(task, state),
            scratch: scratch(task, state),
            prompt,
            protocol,
            permission,
            allowed_tools: session.map(|session| session.allowed_tools.clone()).unwrap_or_default(),
            bounds: bounds(&context.config, agent),
        };
        Some(Prepared { spec, asked_session })
    }
}

/// Lets claude read the files that people have sent to this chat without asking for each.
fn with_files_of(mut argv: Vec<String>, task: &Task, state: &Path) -> Vec<String> {
    let folder = files_of(state, task.address.provider.as_str()).join(task.address.chat.as_str());
    if let Some(folder) = folder.to_str().filter(|_| folder.is_dir()) {
        argv.extend(["--add-dir".to_owned(), folder.to_owned()]);
    }
    argv
}

/// Names the folder in which a provider's files are saved; an adapter makes one for each chat in it.
#[must_use]
pub fn files_of(state: &Path, provider: &str) -> PathBuf {
    state.join("files").join(provider)
}

/// Says what the investigator may look at; our own directories are named as they are and as links resolve.
fn host_scope(probes: &config::HostProbes, state: &Path, variables: &BTreeMap<String, String>) -> Scope {
    let own = [Some(state.to_owned()), config::directory(variables), probes.config_file.clone()];
    let own = own.into_iter().flatten().flat_map(|path| [path.canonicalize().ok(), Some(path)]);
    Scope {
        asked_by: AskedBy::Person,
        analysis: false,
        files: probes.files.clone(),
        urls: probes.urls.clone(),
        prometheus: probes.prometheus.clone(),
        off_limits: own.flatten().collect(),
    }
}

/// Scratch belongs to the session, so that a follow-up finds what the run before has left.
fn scratch(task: &Task, state: &Path) -> PathBuf {
    scratch_of(&task.session.map_or_else(|| task.id.to_string(), |session| session.to_string()), state)
}

fn working_directory(task: &Task, state: &Path) -> PathBuf {
    if task.directory.is_empty() { state.join("work").join(task.id.as_str()) } else { PathBuf::from(&task.directory) }
}

fn filled(words: &[String], prompt: &str, session: &str, model: Option<&str>) -> Vec<String> {
    let model = model.unwrap_or_default();
    // One pass over each word, so that a placeholder within a prompt stays text.
    let fill = |word: &String| {
        let mut filled = String::with_capacity(word.len());
        let mut rest = word.as_str();
        while let Some(open) = rest.find('{') {
            filled.push_str(&rest[..open]);
            rest = &rest[open..];
            let known = [("{prompt}", prompt), ("{session}", session), ("{model}", model)];
            match known.into_iter().find(|(placeholder, _)| rest.starts_with(placeholder)) {
                Some((placeholder, value)) => {
                    filled.push_str(value);
                    rest = &rest[placeholder.len()..];
                }
                None => {
                    filled.push('{');
                    rest = &rest[1..];
                }
            }
        }
        filled.push_str(rest);
        filled
    };
    words.iter().map(fill).collect()
}

fn bounds(config: &config::Config, agent: &config::Agent) -> Bounds {
    let timeouts = &config.timeouts;
    Bounds {
        background: timeouts.background,
        idle: agent.idle(timeouts).filter(|idle| *idle > Duration::ZERO),
        settle: timeouts.settle,
        kill_grace: timeouts.kill_grace,
        approval: timeouts.approval,
        max_output_bytes: config.limits.max_output_bytes,
    }
}

/// Tells how to get a missing agent.
pub(super) fn how_to_install(agents: &catalogue::Catalogue, name: &str) -> String {
    format!("{name} is not installed: {}", agents.how_to_install(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_within_a_prompt_stays_text() {
        let words = ["-m={model}", "{prompt}", "{other}"].map(str::to_owned);
        let argv = filled(&words, "say {session}", "s-1", Some("big"));
        assert_eq!(argv, ["-m=big", "say {session}", "{other}"]);
    }
}
