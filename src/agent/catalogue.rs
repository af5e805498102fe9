//! The agents this program can run: what the configuration says of them, and whether they are installed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::closer::Closer;
use super::kind::Brief;
use super::probe::Probes;
use super::program::{Finder, Search};
use super::{kinds, resume, sandbox};
use crate::config::{Agent, Agents, Origin, Sandbox};

/// How long somebody waits in a chat for what is not known of the agents yet.
pub const CHAT_PATIENCE: Duration = Duration::from_secs(1);
/// The same at a terminal, where one answer is all that is said.
pub const TERMINAL_PATIENCE: Duration = Duration::from_secs(8);
/// How long somebody waits who has asked for nothing else: longer than any look takes.
pub const FULL_PATIENCE: Duration = Duration::from_secs(30);

/// The agents by name.
pub struct Catalogue {
    agents: Agents,
    variables: BTreeMap<String, String>,
    finder: Finder,
    probes: Probes,
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
    /// Where their programs are, by name, where somebody asked.
    pub programs: BTreeMap<String, PathBuf>,
    /// What each is like, by name.
    pub closer: BTreeMap<String, Closer>,
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

impl Catalogue {
    /// Makes the catalogue; `variables` is our own environment.
    #[must_use]
    pub fn new(agents: Agents, variables: BTreeMap<String, String>) -> Self {
        Self { agents, variables, finder: Finder::default(), probes: Probes::default() }
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

    /// Returns the command that gets an agent's newest version, where its kind knows.
    #[must_use]
    pub fn how_to_update(&self, name: &str) -> Option<String> {
        kinds::of(self.agent(name)?).how_to_update()
    }

    /// Returns the words in an agent's command and arguments that let it act without asking.
    #[must_use]
    pub fn unasked(&self, name: &str) -> Vec<&str> {
        let Some(agent) = self.agent(name) else { return Vec::new() };
        let words = kinds::of(agent).unasked();
        let all = agent.command.iter().skip(1).chain(&agent.args);
        all.map(String::as_str)
            .filter(|arg| arg.split(['=', ' ', '"', '\'']).any(|part| words.contains(&part)))
            .collect()
    }

    /// Returns the models that an agent can be asked for, as far as they are known: those that the configuration lists, those
    /// that it has told, or those that its kind always has.
    #[must_use]
    pub fn models(&self, name: &str, closer: Option<&Closer>) -> Vec<String> {
        let Some(agent) = self.agent(name) else { return Vec::new() };
        let told = closer.map(|closer| closer.models.clone()).filter(|models| !models.is_empty());
        match agent.models.is_empty() {
            false => agent.models.clone(),
            true => told.unwrap_or_else(|| agent.kind.models.iter().map(|model| (*model).to_owned()).collect()),
        }
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

    /// Looks at what is installed, and what each of them is like: what is known, and what comes out about the others within
    /// `patience`. What takes longer goes on in the background, and is known the next time.
    pub async fn look_closely(&self, patience: Duration) -> Presence {
        let mut presence = self.look();
        let found = self.names().filter_map(|name| Some((name.to_owned(), self.program(name)?)));
        let programs: Vec<(String, PathBuf)> = found.collect();
        for (name, program) in &programs {
            if let Some(agent) = self.agent(name) {
                self.probes.begin(name, agent, program, &self.variables);
            }
        }
        self.probes.settle(&programs, patience).await;
        let closer = |(name, program): (String, PathBuf)| {
            let closer = self.probes.of(&name, self.agent(&name)?, &program);
            Some((name, closer))
        };
        presence.programs = programs.iter().cloned().collect();
        presence.closer = programs.into_iter().filter_map(closer).collect();
        presence
    }

    /// Returns an agent's version, where it is known or told within `patience`.
    pub async fn version(&self, name: &str, patience: Duration) -> Option<String> {
        let (agent, program) = (self.agent(name)?, self.program(name)?);
        self.probes.begin(name, agent, &program, &self.variables);
        self.probes.settle(&[(name.to_owned(), program.clone())], patience).await;
        self.probes.of(name, agent, &program).version.short().map(str::to_owned)
    }

    /// What runs have shown of their agents is told to it.
    #[must_use]
    pub fn probes(&self) -> &Probes {
        &self.probes
    }
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
