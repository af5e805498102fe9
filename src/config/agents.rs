//! `[agents]`: the programs that answer prompts, and how each is started.
//!
//! `claude` and `host` are built in and need no section. Any other name is a program of the operator's own
//! (`kind = "command"`): prompt on standard input, answer on standard output.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::agent_env;
use super::permission::Permission;
use super::projects::absolute;
use super::reader::{Section, duration};
use super::statements::Statements;
use super::timeouts::{self, Timeouts};

/// Built-in agents that this version cannot run.
const NOT_YET: [&str; 4] = ["codex", "gemini", "opencode", "opensre"];
/// What the names of models are or begin with; an agent named so could not be told from a model after `@`.
const MODEL_WORDS: [&str; 5] = ["opus", "sonnet", "haiku", "fable", "default"];
const MODEL_PREFIXES: [&str; 8] = ["claude-", "opus-", "sonnet-", "haiku-", "gpt-", "gemini-", "o3-", "o4-"];
/// In a command, they stand for the prompt, the session's id and the model.
const PLACEHOLDERS: [&str; 3] = ["{prompt}", "{session}", "{model}"];
/// Shortest and longest name of an agent, in characters.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 2..=32;

/// How an agent is spoken with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Claude's own command line.
    Claude,
    /// The built-in investigator of this machine.
    Host,
    /// Any program: prompt on standard input, answer on standard output.
    Command,
}

impl Kind {
    /// Returns the kind's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Host => "host",
            Self::Command => "command",
        }
    }
}

/// How long an agent may be silent while no tool call is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Idle {
    /// As its kind has it: [`Timeouts::idle`], unbounded for [`Kind::Command`].
    #[default]
    Inherited,
    /// For ever.
    Off,
    /// So long.
    After(Duration),
}

/// One agent.
#[derive(Debug, Clone)]
pub struct Agent {
    /// How it is spoken with.
    pub kind: Kind,
    /// Program and leading arguments, or with placeholders the whole of them; empty for [`Kind::Host`].
    pub command: Vec<String>,
    /// The model, where the agent's own default is not wanted.
    pub model: Option<String>,
    /// Arguments after all others.
    pub args: Vec<String>,
    /// Where its sessions work unless told otherwise, absolute.
    pub dir: Option<PathBuf>,
    /// Variables set for it; the values may be secrets.
    pub env: BTreeMap<String, SecretString>,
    /// Names of our own variables that it gets besides the usual ones.
    pub pass_env: Vec<String>,
    /// What it may do without asking.
    pub permission: Permission,
    /// How long it may be silent.
    pub idle: Idle,
}

impl Agent {
    fn new(kind: Kind, command: &[&str]) -> Self {
        Self {
            kind,
            command: command.iter().map(|part| (*part).to_owned()).collect(),
            model: None,
            args: Vec::new(),
            dir: None,
            env: BTreeMap::new(),
            pass_env: Vec::new(),
            permission: Permission::default(),
            idle: Idle::default(),
        }
    }

    /// Tells whether `command` is the whole argv, with `{prompt}`, `{session}` or `{model}` to be filled in.
    #[must_use]
    pub fn has_placeholders(&self) -> bool {
        self.command.iter().any(|part| PLACEHOLDERS.iter().any(|placeholder| part.contains(placeholder)))
    }

    /// Returns the longest silence of this agent; `None` is unbounded.
    #[must_use]
    pub fn idle(&self, timeouts: &Timeouts) -> Option<Duration> {
        match (self.idle, self.kind) {
            (Idle::After(duration), _) => Some(duration),
            (Idle::Inherited, Kind::Claude | Kind::Host) => Some(timeouts.idle),
            (Idle::Inherited, Kind::Command) | (Idle::Off, _) => None,
        }
    }
}

/// What the `host` investigator may look at unasked, besides its probes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostProbes {
    /// Absolute glob patterns of files.
    pub files: Vec<String>,
    /// Prefixes of `http` and `https` addresses.
    pub urls: Vec<String>,
    /// Address of a Prometheus that watches this machine.
    pub prometheus: Option<String>,
    /// The file all this was read from, never looked at for anybody; no key, set by who loads it.
    pub config_file: Option<PathBuf>,
}

/// All agents.
#[derive(Debug, Clone)]
pub struct Agents {
    /// The agent of prompts that name none; unset, the first installed one.
    pub default: Option<String>,
    /// The agents by name; `claude` and `host` are always there.
    pub by_name: BTreeMap<String, Agent>,
    /// What `host` may look at.
    pub host: HostProbes,
}

impl Default for Agents {
    fn default() -> Self {
        let built_in = [("claude", Agent::new(Kind::Claude, &["claude"])), ("host", Agent::new(Kind::Host, &[]))];
        let by_name = built_in.map(|(name, agent)| (name.to_owned(), agent)).into();
        Self { default: None, by_name, host: HostProbes::default() }
    }
}

impl Agents {
    pub(super) fn read(section: &mut Section, statements: &Statements) -> Self {
        let mut agents = Self::default();
        let default = section.text("default");
        for name in NOT_YET {
            if section.skip(name) {
                section.fault(
                    name,
                    format!("this version does not run {name} yet; claude, host and kind = \"command\" work"),
                );
            }
        }
        agents.host = section.section("host", read_host);
        let claude = section.section("claude", |section| {
            if section.skip("kind") {
                section.fault("kind", "claude is built in and has no kind; an agent of your own needs another name");
            }
            read_agent(section, Agent::new(Kind::Claude, &["claude"]), statements)
        });
        agents.by_name.insert("claude".to_owned(), claude);
        for name in section.names() {
            if let Err(why) = check_name(&name) {
                section.fault(&name, why);
            }
            let agent = section.section(&name, |section| {
                read_kind(section);
                if !section.has("command") {
                    section.fault("command", "must name a program, such as [\"sh\", \"-c\", \"cat\"]");
                }
                read_agent(section, Agent::new(Kind::Command, &[]), statements)
            });
            agents.by_name.insert(name, agent);
        }
        agents.default = default.and_then(|name| agents.check_default(section, &name));
        agents
    }

    fn check_default(&self, section: &mut Section, name: &str) -> Option<String> {
        let name = name.strip_prefix("command:").unwrap_or(name);
        if self.by_name.contains_key(name) {
            return Some(name.to_owned());
        }
        let names: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
        let why = match NOT_YET.contains(&name) {
            true => format!("this version does not run {name} yet; it has {}", names.join(", ")),
            false => format!("must be one of the agents: {}", names.join(", ")),
        };
        section.fault("default", why);
        None
    }
}

fn read_kind(section: &mut Section) {
    match section.text("kind").as_deref() {
        Some("command") => {}
        Some("acp") => section.fault("kind", "this version does not run ACP agents yet; \"command\" works"),
        Some(_) => section.fault("kind", "must be \"command\""),
        None => section.fault("kind", "must be set to \"command\", as this agent is not a built-in one"),
    }
}

fn read_host(section: &mut Section) -> HostProbes {
    let probes = HostProbes {
        files: section.texts("files").unwrap_or_default(),
        urls: section.texts("urls").unwrap_or_default(),
        prometheus: section.text("prometheus").filter(|address| !address.is_empty()),
        config_file: None,
    };
    if probes.files.iter().any(|pattern| absolute(pattern).is_err()) {
        section.fault("files", "each must be an absolute path, which may be a pattern");
    }
    let is_web = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if probes.prometheus.as_ref().is_some_and(|address| !is_web(address)) {
        section.fault("prometheus", "must begin with http:// or https://");
    }
    if !probes.urls.iter().all(is_web) {
        section.fault("urls", "each must begin with http:// or https://");
    }
    probes
}

fn read_agent(section: &mut Section, default: Agent, statements: &Statements) -> Agent {
    let words =
        [("ask", Permission::Ask), ("read", Permission::Read), ("edit", Permission::Edit), ("all", Permission::All)];
    Agent {
        kind: default.kind,
        command: argv(section, "command", default.command),
        model: section.text("model").filter(|model| !model.is_empty()),
        args: argv(section, "args", default.args),
        dir: section.parsed(
            "dir",
            default.dir,
            |text| if text.is_empty() { Ok(None) } else { absolute(text).map(Some) },
        ),
        env: agent_env::read_set(section, statements),
        pass_env: agent_env::read_passed(section, statements),
        permission: section.choice("permission", default.permission, &words),
        idle: section.parsed("idle", default.idle, |text| match text {
            "" => Ok(Idle::Inherited),
            "off" => Ok(Idle::Off),
            text => duration(text, &timeouts::RANGE).map(Idle::After),
        }),
    }
}

fn argv(section: &mut Section, key: &str, default: Vec<String>) -> Vec<String> {
    let Some(parts) = section.texts(key) else { return default };
    if parts.iter().any(|part| part.contains('\0')) {
        section.fault(key, "must not contain NUL characters");
    }
    if key == "command" && parts.first().is_none_or(String::is_empty) {
        section.fault(key, "must begin with the name of a program");
        return default;
    }
    parts
}

fn check_name(name: &str) -> Result<(), String> {
    let spelt = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !spelt || !NAME_CHARS.contains(&name.len()) || name.starts_with('-') {
        let (least, most) = (NAME_CHARS.start(), NAME_CHARS.end());
        return Err(format!(
            "an agent's name has {least} to {most} letters, digits or '-' and does not begin with '-'"
        ));
    }
    let lower = name.to_ascii_lowercase();
    if MODEL_WORDS.contains(&lower.as_str()) || MODEL_PREFIXES.iter().any(|prefix| lower.starts_with(prefix)) {
        return Err("is the name of a model; an agent needs another".to_owned());
    }
    Ok(())
}
