//! From a task's row to what its supervisor is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Observer;
use super::conclusion::AgentHelp;
use super::housekeeping::scratch_of;
use super::investigation::Briefing;
use super::named::Naming;
use crate::agent::catalogue;
use crate::agent::defaults::DefaultsFile;
use crate::agent::environment;
use crate::agent::event::Final;
use crate::agent::kind::{Ask, Brief};
use crate::agent::kinds;
use crate::agent::names::is_plain;
use crate::agent::run::{Bounds, PROTOCOL_VERSION, RunSpec};
use crate::agent::sandbox::Room;
use crate::agent::trouble::{AgentTrouble, Remedy};
use crate::config::{self, Sandbox};
use crate::format;
use crate::store::{Completion, Session, Status, Task};

/// What a run needs to be known by.
pub(super) struct Prepared {
    pub(super) spec: RunSpec,
    /// The agent's session id that this run asks for, where it asks for one.
    pub(super) asked_session: Option<String>,
}

impl Observer {
    /// Makes the specification of a run.
    ///
    /// # Errors
    /// How the run ends instead: the configuration does not know the agent any more, or its sandbox is missing.
    pub(super) fn prepare(
        &self,
        task: &Task,
        session: Option<&Session>,
        briefing: &Briefing,
    ) -> Result<Prepared, Box<Completion>> {
        let failed = |status, why| Err(Box::new(Completion::unstarted(status, why)));
        let context = self.bus.router().context();
        let Some(agent) = context.agents.agent(&task.agent) else {
            return failed(Status::ErrorInternal, format::run::not_configured(&task.agent));
        };
        let state = self.bus.store().directory();
        let permission = briefing.permission(agent.permission);
        let kind = kinds::of(agent);
        let prompt = briefing.prompt(kind.brief(), task, session, self.bus.store().clock().random());
        let files = files_of(state, task.address.provider.as_str()).join(task.address.chat.as_str());
        let conversation = session.and_then(|session| session.agent_session.as_deref()).filter(|id| is_plain(id));
        // Only the investigator looks around by itself; each link on the way to what is ours is resolved for it.
        let own = match kind.brief() {
            Brief::Words => off_limits(&context.config.agents.host, state, context.agents.variables()),
            Brief::Tools | Brief::Text | Brief::Alert => Vec::new(),
        };
        let (work, scratch) = (working_directory(task, state), scratch(task, state));
        let directory = self.run_directory(task);
        let answer_file = answer_file(&scratch, &directory);
        let home = environment::has_own_home(agent).then(|| home_of(&task.agent, state));
        let start = kind.start(&Ask {
            agent,
            prompt: &prompt,
            model: task.model.as_deref(),
            permission,
            session: &session.map_or_else(|| task.id.to_string(), |session| session.id.to_string()),
            conversation,
            files: files.is_dir().then_some(&files),
            answer_file: &answer_file,
            analysis: briefing.investigation.is_some(),
            has_alert: briefing.has_alert(),
            probes: &context.config.agents.host,
            off_limits: &own,
        });
        let mut env = environment::of(agent, context.agents.variables());
        let defaults =
            kind.defaults().and_then(|file| set_defaults(&file, &mut env, context.agents.variables(), state));
        let (argv, instead) = match agent.sandbox {
            Sandbox::Off => (start.argv, start.instead),
            Sandbox::Bwrap => {
                let Some(bwrap) = context.agents.sandbox() else {
                    return failed(Status::ErrorCliNotFound, format::run::no_sandbox(&task.agent));
                };
                let variables = context.agents.variables();
                let own: Vec<&PathBuf> = [&work, &scratch].into_iter().chain(&home).collect();
                let mut room = room(&context.config.agents.host, state, variables, &own, &files);
                room.readable.extend(defaults.and_then(|file| file.canonicalize().ok()));
                let around = |argv| room.around(&bwrap, argv);
                (around(start.argv), start.instead.map(around))
            }
        };
        let spec = RunSpec {
            version: PROTOCOL_VERSION,
            directory,
            argv,
            env,
            working_directory: work,
            scratch,
            home,
            answer_file: kind.answers_by_file().then_some(answer_file),
            prompt: start.prompt,
            kind: agent.kind.name.to_owned(),
            permission,
            grants: session.map(|session| session.grants.clone()).unwrap_or_default(),
            conversation: conversation.map(str::to_owned),
            model: task.model.clone(),
            analysis: briefing.investigation.is_some(),
            instead,
            keep_warm: self.keep_warm(agent, task, briefing),
            bounds: bounds(&context.config, agent),
        };
        Ok(Prepared { spec, asked_session: start.conversation })
    }
}

impl Observer {
    /// Returns what of the files that a task's agent names may go with its answer; `is_talk` where the answer is what is shown.
    pub(super) fn naming(&self, task: &Task, is_talk: bool) -> Option<Naming> {
        let context = self.bus.router().context();
        let (agent, state) = (context.agents.agent(&task.agent)?, self.bus.store().directory());
        let max_file_bytes = match task.fire {
            // Where it goes, and how large it may be there, is told when it is delivered.
            Some(_) => u64::MAX,
            None => context.max_file_bytes(task.address.provider.as_str()),
        };
        let variables = context.agents.variables();
        let mut off_limits = off_limits(&context.config.agents.host, state, variables);
        // What a sandbox hides besides, a link in the place of the agent's directory must not show.
        let hidden = variables.get("XDG_RUNTIME_DIR").filter(|_| matches!(agent.sandbox, Sandbox::Bwrap));
        off_limits.extend(hidden.and_then(|path| Path::new(path).canonicalize().ok()));
        Some(Naming {
            task: task.id.clone(),
            state: state.to_owned(),
            directories: vec![working_directory(task, state), scratch(task, state)],
            off_limits,
            lines: agent.deliver.clone(),
            is_talk,
            max_file_bytes,
        })
    }
}

/// Gives an agent our settings below the person's own, unless its environment names others; returns where they are.
fn set_defaults(
    file: &DefaultsFile,
    env: &mut BTreeMap<String, String>,
    variables: &BTreeMap<String, String>,
    state: &Path,
) -> Option<PathBuf> {
    if env.contains_key(file.variable) {
        return None;
    }
    let base = variables.get(file.variable).map_or_else(|| Path::new(file.usual), Path::new);
    let place = match file.write(&state.join("agents"), base) {
        Ok(written) => written.or_else(|| variables.get(file.variable).map(PathBuf::from))?,
        Err(error) => {
            tracing::warn!(%error, file = file.name, "an agent's default settings could not be written; it runs without them");
            return None;
        }
    };
    env.insert(file.variable.to_owned(), place.to_str()?.to_owned());
    Some(place)
}

/// Names the folder in which a provider's files are saved; an adapter makes one for each chat in it.
#[must_use]
pub fn files_of(state: &Path, provider: &str) -> PathBuf {
    state.join("files").join(provider)
}

/// Names our own directories as they are and as links resolve: the investigator never looks there.
fn off_limits(probes: &config::HostProbes, state: &Path, variables: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let own = [Some(state.to_owned()), config::directory(variables), probes.config_file.clone()];
    let own = own.into_iter().flatten().chain(probes.secret_files.iter().cloned());
    let own = own.flat_map(|path| [path.canonicalize().ok(), Some(path)]);
    own.flatten().collect()
}

/// Returns what an agent in a sandbox sees of this machine.
fn room(
    probes: &config::HostProbes,
    state: &Path,
    variables: &BTreeMap<String, String>,
    own: &[&PathBuf],
    files: &Path,
) -> Room {
    let (real, run_time) =
        (state.canonicalize().unwrap_or_else(|_| state.to_owned()), variables.get("XDG_RUNTIME_DIR"));
    let run_time = run_time.map(PathBuf::from).filter(|path| path.is_absolute() && path.is_dir());
    let in_state = |path: &Path| path.strip_prefix(state).map_or_else(|_| path.to_owned(), |below| real.join(below));
    // Keys for other machines are lent by a socket, which may lie in the run-time directory.
    let lent = variables.get("SSH_AUTH_SOCK").map(PathBuf::from).filter(|socket| socket.exists());
    let (mut hidden, mut blanked): (Vec<PathBuf>, Vec<PathBuf>) = off_limits(probes, state, variables)
        .into_iter()
        .filter_map(|path| path.canonicalize().ok())
        .chain(run_time)
        .partition(|path| path.is_dir());
    for paths in [&mut hidden, &mut blanked] {
        paths.sort();
        paths.dedup();
    }
    blanked.retain(|file| !hidden.iter().any(|hidden| file.starts_with(hidden)));
    Room {
        hidden,
        blanked,
        kept: own.iter().map(|path| in_state(path)).chain(lent).collect(),
        readable: files.is_dir().then(|| in_state(files)).into_iter().collect(),
        directory: own[0].clone(),
    }
}

/// Names the HOME of an agent that has one of its own.
fn home_of(agent: &str, state: &Path) -> PathBuf {
    state.join("homes").join(agent)
}

/// Names the file that a run's agent writes its answer to, in a directory that is the run's alone.
fn answer_file(scratch: &Path, run: &Path) -> PathBuf {
    let run = run.file_name().unwrap_or_default().to_string_lossy();
    scratch.join(format!("answer-{run}")).join("answer.json")
}

/// Scratch belongs to the session, so that a follow-up finds what the run before has left.
fn scratch(task: &Task, state: &Path) -> PathBuf {
    scratch_of(&task.session.map_or_else(|| task.id.to_string(), |session| session.to_string()), state)
}

fn working_directory(task: &Task, state: &Path) -> PathBuf {
    if task.directory.is_empty() { state.join("work").join(task.id.as_str()) } else { PathBuf::from(&task.directory) }
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

/// Tells how to get a missing agent, and what helps with one that has failed; learns from how its run has ended.
pub(super) async fn help(agents: &catalogue::Catalogue, name: &str, word: Option<&Final>) -> AgentHelp {
    agents.probes().note_end(name, word);
    let trouble = word.and_then(|word| word.outcome.as_ref().err()?.trouble());
    let version = match trouble {
        Some(AgentTrouble::OldVersion) => agents.version(name, catalogue::FULL_PATIENCE).await,
        Some(_) | None => None,
    };
    AgentHelp {
        how_to_install: format::run::not_installed(name, &agents.how_to_install(name)),
        remedy: Remedy {
            agent: name.to_owned(),
            log_in: agents.how_to_log_in(name),
            update: agents.how_to_update(name),
            version,
            args: agents.agent(name).map(|agent| agent.args.clone()).unwrap_or_default(),
        },
    }
}
