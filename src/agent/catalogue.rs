//! The agents this program can run: what the configuration says of them, and whether they are installed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use signalbox_adapter::one_line;
use tokio::process::Command;

use super::environment;
use super::kind::Brief;
use super::program::{Finder, Search};
use super::{kinds, resume, sandbox};
use crate::config::{Agent, Agents, Origin, Sandbox};

/// How long an agent may take to tell its version.
const VERSION_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest version shown, in characters.
const MAX_VERSION_CHARS: usize = 60;

/// The agents by name.
pub struct Catalogue {
    agents: Agents,
    variables: BTreeMap<String, String>,
    finder: Finder,
}

/// What the machine says of its agents right now.
#[derive(Debug, Clone, Default)]
pub struct Presence {
    /// The agent of prompts that name none.
    pub default: Choice,
    /// Those that are installed or built in, by name.
    pub installed: Vec<String>,
    /// Whether bubblewrap is installed, which agents in a sandbox need.
    pub sandbox: bool,
    /// Versions by name, where somebody asked.
    pub versions: BTreeMap<String, Version>,
    /// In which way they are spoken with, by name, where there are several and somebody asked.
    pub modes: BTreeMap<String, &'static str>,
}

/// How the default agent was chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Choice {
    /// The configuration names it.
    Configured(String),
    /// It is installed.
    Found(String),
    /// Nothing else is installed.
    #[default]
    OnlyHost,
}

/// What is known of an agent's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Version {
    /// Part of this program.
    BuiltIn,
    /// What it says itself.
    Reported(String),
    /// Installed, and does not say.
    Silent,
    /// Installed, and does not start; holds why, in one line.
    Broken(String),
    /// Not installed.
    Missing,
}

impl Catalogue {
    /// Makes the catalogue; `variables` is our own environment.
    #[must_use]
    pub fn new(agents: Agents, variables: BTreeMap<String, String>) -> Self {
        Self { agents, variables, finder: Finder::default() }
    }

    /// Returns the names of all agents.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.agents.by_name.keys().map(String::as_str)
    }

    /// Returns an agent by its name.
    #[must_use]
    pub fn agent(&self, name: &str) -> Option<&Agent> {
        self.agents.by_name.get(name)
    }

    /// Returns the environment from which agents get theirs.
    #[must_use]
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// Returns the configured model of an agent.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&str> {
        self.agent(name)?.model.as_deref()
    }

    /// Whether an agent can be told which model is to answer.
    #[must_use]
    pub fn takes_model(&self, name: &str) -> bool {
        self.agent(name).is_some_and(|agent| kinds::of(agent).takes_model(agent))
    }

    /// Returns the configured directory of an agent.
    #[must_use]
    pub fn directory(&self, name: &str) -> Option<&Path> {
        self.agent(name)?.dir.as_deref()
    }

    /// Tells how to get an agent that is missing.
    #[must_use]
    pub fn how_to_install(&self, name: &str) -> String {
        match self.agent(name) {
            Some(agent) => match agent.command.first() {
                // Where it is has been said, and is wrong.
                Some(program) if Path::new(program).is_absolute() => {
                    let is_there = Path::new(program).exists();
                    format!("`{program}` {}", if is_there { "is no program that can be run" } else { "does not exist" })
                }
                _ => kinds::of(agent).how_to_install(name, agent),
            },
            None => "the configuration does not know it".to_owned(),
        }
    }

    /// Whether the configuration names the place of an agent's program.
    #[must_use]
    pub fn names_place(&self, name: &str) -> bool {
        let program = self.agent(name).and_then(|agent| agent.command.first());
        program.is_some_and(|program| Path::new(program).is_absolute())
    }

    /// Tells how to log in to an agent, after "on its machine", where its kind knows.
    #[must_use]
    pub fn how_to_log_in(&self, name: &str) -> Option<&'static str> {
        kinds::of(self.agent(name)?).how_to_log_in()
    }

    /// Returns the command that goes on with an agent's conversation in a terminal, where the agent can.
    #[must_use]
    pub fn resume_command(&self, name: &str, directory: &str, conversation: Option<&str>) -> Option<String> {
        let mut agent = self.agent(name)?.clone();
        // What it gets from our own environment, a person's terminal need not have.
        let passed = agent.pass_env.iter().filter(|name| resume::is_place(name) && !agent.env.contains_key(*name));
        let passed = passed.filter_map(|name| Some((name.clone(), self.variables().get(name)?.clone().into())));
        let passed: Vec<_> = passed.collect();
        agent.env.extend(passed);
        kinds::of(&agent).resume_command(&agent, directory, conversation?)
    }

    /// Whether an agent goes on with conversations of its own.
    #[must_use]
    pub fn resumes(&self, name: &str) -> bool {
        self.agent(name).is_some_and(|agent| kinds::of(agent).resumes())
    }

    /// Whether what an agent writes on its way is no part of an answer.
    #[must_use]
    pub fn tells_stages(&self, name: &str) -> bool {
        self.agent(name).is_some_and(|agent| kinds::of(agent).tells_stages())
    }

    /// Whether an agent goes by the words of a question alone.
    #[must_use]
    pub fn goes_by_words(&self, name: &str) -> bool {
        self.agent(name).is_some_and(|agent| kinds::of(agent).brief() == Brief::Words)
    }

    /// Finds the program of an agent, `None` when it is not installed; built-in ones have an empty path.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        self.program_by(name, &mut self.finder.search())
    }

    fn program_by(&self, name: &str, search: &mut Search<'_>) -> Option<PathBuf> {
        let agent = self.agent(name)?;
        if agent.kind.origin == Origin::BuiltIn {
            return Some(PathBuf::new());
        }
        let program = agent.command.first()?;
        let own = agent.env.get("PATH").map(secrecy::ExposeSecret::expose_secret);
        let path = own.unwrap_or_else(|| self.path());
        let here = if program.contains('/') { std::env::current_dir().unwrap_or_default() } else { PathBuf::new() };
        search.find(program, path, &here)
    }

    fn path(&self) -> &str {
        self.variables.get("PATH").map(String::as_str).unwrap_or_default()
    }

    /// Finds bubblewrap.
    #[must_use]
    pub fn sandbox(&self) -> Option<PathBuf> {
        self.sandbox_by(&mut self.finder.search())
    }

    fn sandbox_by(&self, search: &mut Search<'_>) -> Option<PathBuf> {
        search.find(sandbox::PROGRAM, self.path(), Path::new("/"))
    }

    /// Whether an agent that is installed can run: one that is to have a sandbox runs in none where bubblewrap is missing.
    #[must_use]
    pub fn can_run(&self, name: &str, presence: &Presence) -> bool {
        presence.installed.iter().any(|installed| installed == name)
            && self.agent(name).is_some_and(|agent| agent.sandbox == Sandbox::Off || presence.sandbox)
    }

    /// Looks at what is installed, without running anything.
    #[must_use]
    pub fn look(&self) -> Presence {
        let mut search = self.finder.search();
        let mut is_installed = |name: &&str| self.program_by(name, &mut search).is_some();
        let installed: Vec<String> = self.names().filter(&mut is_installed).map(str::to_owned).collect();
        let default = match &self.agents.default {
            Some(name) => Choice::Configured(name.clone()),
            None => kinds::statements()
                .into_iter()
                .find(|kind| kind.origin == Origin::Known && installed.iter().any(|name| name == kind.name))
                .map_or(Choice::OnlyHost, |kind| Choice::Found(kind.name.to_owned())),
        };
        Presence { default, installed, sandbox: self.sandbox_by(&mut search).is_some(), ..Presence::default() }
    }

    /// Looks at what is installed and asks the agents for their versions, at most five seconds each.
    pub async fn look_closely(&self) -> Presence {
        let mut presence = self.look();
        for (name, agent) in &self.agents.by_name {
            let version = match self.program(name) {
                Some(_) if agent.kind.origin == Origin::BuiltIn => Version::BuiltIn,
                Some(_) if kinds::of(agent).tells_version() => self.ask_version(agent).await,
                Some(_) => Version::Silent,
                None => Version::Missing,
            };
            if !matches!(version, Version::Missing) {
                let kind = kinds::of(agent);
                let probed =
                    if kind.probe().is_empty() { None } else { printed(agent, kind.probe(), &self.variables).await };
                presence.modes.insert(name.clone(), kind.mode(probed.as_deref().unwrap_or_default()));
            }
            presence.versions.insert(name.clone(), version);
        }
        presence
    }

    async fn ask_version(&self, agent: &Agent) -> Version {
        let output = match asked(agent, &["--version"], &self.variables).await {
            Some(Ok(output)) => output,
            Some(Err(error)) => return Version::Broken(error.to_string()),
            None => return Version::Silent,
        };
        let first = |text: &[u8]| {
            let text = String::from_utf8_lossy(text);
            let line = text.lines().map(str::trim).find(|line| !line.is_empty());
            line.map(|line| one_line(line, MAX_VERSION_CHARS))
        };
        match (output.status.success(), first(&output.stdout)) {
            (true, Some(line)) => Version::Reported(line),
            (true, None) => Version::Silent,
            // A whole command line may mean something else by one more word.
            (false, _) if agent.has_placeholders() => Version::Silent,
            (false, _) => Version::Broken(first(&output.stderr).unwrap_or_else(|| output.status.to_string())),
        }
    }
}

/// Returns what an agent's program prints with these arguments, where it succeeds in time.
async fn printed(agent: &Agent, with: &[&str], variables: &BTreeMap<String, String>) -> Option<String> {
    let output = asked(agent, with, variables).await?.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs an agent's program with these arguments; `None` where it names none or does not end in time.
async fn asked(
    agent: &Agent,
    with: &[&str],
    variables: &BTreeMap<String, String>,
) -> Option<std::io::Result<std::process::Output>> {
    let (program, arguments) = agent.command.split_first()?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .args(with)
        .env_clear()
        .envs(environment::of(agent, variables))
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    tokio::time::timeout(VERSION_TIMEOUT, command.output()).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_named_program_is_not_is_told_and_not_how_to_name_it() {
        let mut agents = Agents::of(&kinds::statements());
        agents.by_name.get_mut("claude").expect("it is there").command = vec!["/nonexistent/x".into()];
        let catalogue = Catalogue::new(agents, BTreeMap::new());
        assert_eq!(catalogue.how_to_install("claude"), "`/nonexistent/x` does not exist");
        assert!(catalogue.how_to_install("codex").contains("install"));
    }

    #[test]
    fn without_an_installed_agent_the_host_investigator_answers() {
        let nothing = BTreeMap::from([("PATH".to_owned(), "/nonexistent".to_owned())]);
        let catalogue = Catalogue::new(Agents::of(&kinds::statements()), nothing);
        assert_eq!(catalogue.look().default, Choice::OnlyHost);
        assert_eq!(catalogue.program("claude"), None);
        assert!(catalogue.program("host").is_some());
    }

    #[tokio::test]
    async fn an_agent_that_is_there_and_does_not_start_is_broken() {
        let mut agents = Agents::of(&kinds::statements());
        let claude = agents.by_name["claude"].clone();
        for (name, script) in [
            ("good", "echo 2.1.3"),
            ("bad", "echo >&2; echo node: not found >&2; exit 127"),
            ("mute", "exit 3"),
            ("filled", "exit 2; {prompt}"),
        ] {
            let command = ["sh", "-c", script, "x"].map(str::to_owned).into();
            agents.by_name.insert(name.into(), Agent { command, ..claude.clone() });
        }
        let path = std::env::var("PATH").expect("a search path");
        let catalogue = Catalogue::new(agents, BTreeMap::from([("PATH".to_owned(), path)]));
        let found = catalogue.look_closely().await.versions;
        assert_eq!(found["good"], Version::Reported("2.1.3".into()));
        assert_eq!(found["bad"], Version::Broken("node: not found".into()));
        assert_eq!(found["mute"], Version::Broken("exit status: 3".into()));
        assert_eq!(found["filled"], Version::Silent);
    }

    #[test]
    fn an_agent_without_its_sandbox_or_its_program_cannot_run() {
        let mut agents = Agents::of(&kinds::statements());
        let host = agents.by_name["host"].clone();
        agents.by_name.insert("boxed".into(), Agent { sandbox: Sandbox::Bwrap, ..host });
        let catalogue = Catalogue::new(agents, BTreeMap::from([("PATH".to_owned(), "/nonexistent".to_owned())]));
        let presence = catalogue.look();
        let can_run = |presence: &Presence| ["host", "boxed", "claude"].map(|name| catalogue.can_run(name, presence));
        assert!(presence.installed.iter().any(|name| name == "boxed"));
        assert_eq!(can_run(&presence), [true, false, false]);
        assert_eq!(can_run(&Presence { sandbox: true, ..presence }), [true, true, false]);
    }
}
