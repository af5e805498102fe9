//! From a task's row to what its supervisor is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Observer;
use super::housekeeping::scratch_of;
use super::investigation::Briefing;
use crate::agent::catalogue;
use crate::agent::environment;
use crate::agent::kind::Ask;
use crate::agent::kinds;
use crate::agent::run::{Bounds, PROTOCOL_VERSION, RunSpec};
use crate::config;
use crate::format;
use crate::store::{Session, Task};

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
        let permission = briefing.permission(agent.permission);
        let kind = kinds::of(agent);
        let prompt = briefing.prompt(kind.brief(), task, session, self.bus.store().clock().random());
        let files = files_of(state, task.address.provider.as_str()).join(task.address.chat.as_str());
        let start = kind.start(&Ask {
            agent,
            prompt: &prompt,
            model: task.model.as_deref(),
            permission,
            session: &session.map_or_else(|| task.id.to_string(), |session| session.id.to_string()),
            conversation: session.and_then(|session| session.agent_session.as_deref()),
            files: files.is_dir().then_some(&files),
            analysis: briefing.investigation.is_some(),
            has_alert: briefing.has_alert(),
            probes: &context.config.agents.host,
            off_limits: &off_limits(&context.config.agents.host, state, context.agents.variables()),
        });
        let spec = RunSpec {
            version: PROTOCOL_VERSION,
            directory: self.run_directory(task),
            argv: start.argv,
            env: environment::of(agent, context.agents.variables()),
            working_directory: working_directory(task, state),
            scratch: scratch(task, state),
            prompt: start.prompt,
            kind: agent.kind.name.to_owned(),
            permission,
            allowed_tools: session.map(|session| session.allowed_tools.clone()).unwrap_or_default(),
            bounds: bounds(&context.config, agent),
        };
        Some(Prepared { spec, asked_session: start.conversation })
    }
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

/// Tells how to get a missing agent.
pub(super) fn how_to_install(agents: &catalogue::Catalogue, name: &str) -> String {
    format::run::not_installed(name, &agents.how_to_install(name))
}
