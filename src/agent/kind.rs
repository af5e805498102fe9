//! What a kind of agent states of itself: everything that the rest of the program asks of one.
//!
//! A kind is one file in [`super::kinds`] and one line in its table. Nothing else tells kinds apart.

use std::path::{Path, PathBuf};

use super::defaults::DefaultsFile;
use super::login::{Credentials, Login};
use super::protocol::Speak;
use super::run::RunSpec;
use crate::config::{Agent, HostProbes, KindStatement, Permission};

/// A kind of agent.
pub trait AgentKind: Sync {
    /// What the configuration must know of it: name, program, models.
    fn statement(&self) -> &'static KindStatement;

    /// Whether `<command> --version` tells its version.
    fn tells_version(&self) -> bool {
        false
    }

    /// Whether it can be told which model is to answer.
    fn takes_model(&self, _agent: &Agent) -> bool {
        true
    }

    /// Tells in a sentence how to get it where it is missing; `name` is what the configuration calls it.
    fn how_to_install(&self, name: &str, agent: &Agent) -> String;

    /// How to log in where it says that nobody is, after "on its machine": `` run `codex login` ``.
    fn how_to_log_in(&self) -> Option<&'static str> {
        None
    }

    /// The command that gets its newest version, to be typed on its machine, where its kind knows.
    fn how_to_update(&self) -> Option<String> {
        None
    }

    /// Where its log-in lies.
    fn credentials(&self) -> Credentials {
        Credentials::default()
    }

    /// Words of its options that let it act without asking.
    fn unasked(&self) -> &'static [&'static str] {
        &[]
    }

    /// Arguments of a harmless look at which of its ways it has; none where there is nothing to look at.
    fn probe(&self) -> &'static [&'static str] {
        &[]
    }

    /// Names the way in which it is spoken with, out of what it has put out for the probe; empty where there is but one.
    fn mode(&self, _probed: &str) -> &'static str {
        ""
    }

    /// Names the way in which it is spoken with, where no look is needed for it.
    fn only_mode(&self) -> &'static str {
        if self.probe().is_empty() { self.mode("") } else { "" }
    }

    /// What it can be asked without a prompt, after what it has put out for the probe.
    fn inquiry(&self, _probed: &str) -> Option<Inquiry> {
        None
    }

    /// Variables that it gets besides everybody's.
    fn environment(&self) -> Environment {
        Environment::default()
    }

    /// Whether it has a HOME of its own in our state directory, unless the configuration gives it another: it keeps nothing
    /// there that a person has to have made.
    fn has_own_home(&self) -> bool {
        false
    }

    /// Whether it writes its answer to the file that it is told ([`Ask::answer_file`]).
    fn answers_by_file(&self) -> bool {
        false
    }

    /// Whether what it writes on its way tells the stage that it is at, and is no part of an answer.
    fn tells_stages(&self) -> bool {
        false
    }

    /// Settings of ours that it gets below the person's own, where it has a file for such.
    fn defaults(&self) -> Option<DefaultsFile> {
        None
    }

    /// Makes what a run of it is started with.
    fn start(&self, ask: &Ask<'_>) -> Startup;

    /// Returns the command that goes on with one of its conversations in a terminal, in a directory.
    fn resume_command(&self, _agent: &Agent, _directory: &str, _conversation: &str) -> Option<String> {
        None
    }

    /// Whether it goes on with a conversation of its own.
    fn resumes(&self) -> bool {
        false
    }

    /// Whether a conversation of it is lost where it is opened again in the minute in which it was begun.
    fn rests(&self) -> bool {
        false
    }

    /// Puts in order what an earlier process of it has left, before the next is started for a run.
    fn before_start(&self, _spec: &RunSpec) {}

    /// Whether its process can answer one prompt after the other, and is worth being kept for the next.
    fn can_be_kept(&self) -> bool {
        false
    }

    /// How it is told what to investigate.
    fn brief(&self) -> Brief;

    /// Makes one conversation with it.
    fn speak(&self, spec: &RunSpec) -> Box<dyn Speak>;

    /// Whether its whole output is its answer, so that there is nothing to read before its end.
    fn answers_by_output(&self) -> bool {
        false
    }
}

/// What a program is asked, and how its answers are read.
#[derive(Debug, Clone)]
pub struct Inquiry {
    /// Its arguments, before those of the configuration.
    pub arguments: &'static [&'static str],
    /// What it is told on standard input, which stays open until it has answered.
    pub says: String,
    /// Whether all is answered by what it has printed so far.
    pub is_answered: fn(&[u8]) -> bool,
    /// Reads the log-in and the models out of what it has printed.
    pub read: fn(&[u8]) -> (Login, Vec<String>),
}

/// Variables of a kind.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Set unless the configuration sets them.
    pub defaults: Vec<(&'static str, &'static str)>,
}

/// How an agent is told what to investigate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brief {
    /// It has tools: it is told to look for itself.
    Tools,
    /// It only reads and writes text.
    Text,
    /// It goes by the words of the question alone.
    Words,
    /// It investigates in its own way whatever it is told, and answers in a form of its own; the first line is the title.
    Alert,
}

/// One prompt that is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The agent as it is configured.
    pub agent: &'a Agent,
    /// The prompt.
    pub prompt: &'a str,
    /// The model, where one was named.
    pub model: Option<&'a str>,
    /// What it may do without asking.
    pub permission: Permission,
    /// Our own id of the session, or of a task without one.
    pub session: &'a str,
    /// The agent's id of the conversation to go on with.
    pub conversation: Option<&'a str>,
    /// The folder with the files that people have sent to the chat, where there is one.
    pub files: Option<&'a Path>,
    /// The file that it writes its answer to, for kinds that do; nothing is there before.
    pub answer_file: &'a Path,
    /// Whether an analysis is asked for.
    pub analysis: bool,
    /// Whether strangers' words are in the conversation.
    pub has_alert: bool,
    /// What `host` may look at.
    pub probes: &'a HostProbes,
    /// Directories and files of our own that are never looked at; told to those that go by words ([`Brief::Words`]).
    pub off_limits: &'a [PathBuf],
}

/// What a run is started with.
#[derive(Debug, Clone)]
pub struct Startup {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// What it is told on standard input.
    pub prompt: String,
    /// The conversation that it is to answer in, where we can choose it.
    pub conversation: Option<String>,
    /// Program and arguments of its other way, for versions that refuse the first.
    pub instead: Option<Vec<String>>,
}
