//! `[agents]`: the programs that answer prompts, and how each is started.
//!
//! Agents of known and built-in kinds need no section. Any other name is an agent of the operator's own, of a kind that can
//! be named (`kind = "command"`).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::agent_env;
use super::allow::Role;
use super::kind::{KindStatement, Origin};
use super::naming::{self, NamingLine};
use super::permission::Permission;
use super::planned;
use super::projects::absolute;
use super::reader::{A_DURATION, Section, duration};
use super::sandbox::Sandbox;
use super::statements::Statements;
use super::timeouts::{self, Timeouts};

/// In a command, they stand for the prompt, the session's id and the model.
const PLACEHOLDERS: [&str; 3] = ["{prompt}", "{session}", "{model}"];
/// How long an agent is kept for a next prompt, unless told otherwise; the shortest and the longest.
const KEEP_WARM: Duration = Duration::from_secs(600);
const KEEP_WARM_RANGE: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(24 * 3600);
/// Most models that are listed for an agent.
const MAX_MODELS: usize = 200;
/// Shortest and longest name of an agent, in characters.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 2..=32;

/// How long an agent may be silent while no tool call is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Idle {
    /// As its kind has it: [`Timeouts::idle`], or unbounded ([`KindStatement::speaks_meanwhile`]).
    #[default]
    Inherited,
    /// For ever.
    Off,
    /// So long.
    After(Duration),
}

/// The roles that can be asked of who has an agent work; a viewer has none work.
pub(super) const ROLES: [(&str, Role); 2] = [("operator", Role::Operator), ("admin", Role::Admin)];

/// Why what an agent does may not be held back until a person approves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unheld {
    /// Its kind asks nobody.
    Kind,
    /// Its command says how it is started, or has options that may let it do more.
    Command,
    /// Its arguments may let it do more.
    Args,
}

/// Whether a character can be part of an option, with its value behind `=`.
fn is_of_option(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '=' | '.' | '/' | ':' | ',')
}

/// One agent.
#[derive(Debug, Clone)]
pub struct Agent {
    /// What kind it is of.
    pub kind: &'static KindStatement,
    /// Program and leading arguments, or with placeholders the whole of them; empty for what is built in.
    pub command: Vec<String>,
    /// The model, where the agent's own default is not wanted.
    pub model: Option<String>,
    /// The models that it can be asked for, where that is told here.
    pub models: Vec<String>,
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
    /// Whether it may be given alerts although what it does cannot be held back.
    pub alerts: bool,
    /// Whether it is kept apart.
    pub sandbox: Sandbox,
    /// The least role of those who may have it work.
    pub role: Role,
    /// The lines of an answer by which it names files that are to go with it.
    pub deliver: Vec<NamingLine>,
    /// How long it is kept for a next prompt of its session, where its kind can be; zero is not at all.
    pub keep_warm: Duration,
}

impl Agent {
    fn new(kind: &'static KindStatement) -> Self {
        Self {
            kind,
            command: kind.command.iter().map(|part| (*part).to_owned()).collect(),
            model: None,
            models: Vec::new(),
            args: Vec::new(),
            dir: None,
            env: BTreeMap::new(),
            pass_env: Vec::new(),
            permission: Permission::default(),
            idle: Idle::default(),
            alerts: false,
            sandbox: Sandbox::default(),
            role: Role::Operator,
            deliver: Vec::new(),
            keep_warm: KEEP_WARM,
        }
    }

    /// Returns the least role of those who may allow it what it asks for: what does all else unasked asks admins.
    #[must_use]
    pub fn approver(&self) -> Role {
        if self.permission == Permission::All { Role::Admin } else { self.role }
    }

    /// Tells whether `command` is the whole argv, with `{prompt}`, `{session}` or `{model}` to be filled in.
    #[must_use]
    pub fn has_placeholders(&self) -> bool {
        self.command.iter().any(|part| PLACEHOLDERS.iter().any(|placeholder| part.contains(placeholder)))
    }

    /// Whether an alert may set it off: what it does can be held back, or the operator has said that it need not be.
    #[must_use]
    pub fn takes_alerts(&self) -> bool {
        self.alerts || self.unheld().is_none()
    }

    /// Returns why what it does cannot be held back, or that nobody knows whether it can; `None` where it can.
    #[must_use]
    pub fn unheld(&self) -> Option<Unheld> {
        let leading = self.command.iter().skip(1).flat_map(|part| part.split(|c: char| !is_of_option(c)));
        let mut options = leading.filter(|word| word.starts_with("--") && word.len() > 2);
        if !self.kind.can_be_held {
            Some(Unheld::Kind)
        } else if self.has_placeholders() || !options.all(|word| self.is_harmless(word)) {
            Some(Unheld::Command)
        } else if !self.are_harmless(&self.args) {
            Some(Unheld::Args)
        } else {
            None
        }
    }

    /// Whether arguments are nothing but harmless options, each with its value.
    fn are_harmless(&self, args: &[String]) -> bool {
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            let is_whole = arg.contains('=');
            if !self.is_harmless(arg) || !is_whole && rest.next().is_none_or(|value| value.starts_with('-')) {
                return false;
            }
        }
        true
    }

    fn is_harmless(&self, option: &str) -> bool {
        let name = option.split_once('=').map_or(option, |(name, _)| name);
        self.kind.harmless.contains(&name)
    }

    /// Returns the longest silence of this agent; `None` is unbounded.
    #[must_use]
    pub fn idle(&self, timeouts: &Timeouts) -> Option<Duration> {
        match (self.idle, self.kind) {
            (Idle::After(duration), _) => Some(duration),
            (Idle::Inherited, kind) if kind.speaks_meanwhile => Some(timeouts.idle),
            (Idle::Inherited | Idle::Off, _) => None,
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
    /// Files of secrets that the configuration names, never looked at either.
    pub secret_files: Vec<PathBuf>,
}

/// All agents.
#[derive(Debug, Clone, Default)]
pub struct Agents {
    /// The agent of prompts that name none; unset, the first installed one.
    pub default: Option<String>,
    /// The agents by name; those of known and built-in kinds are always there.
    pub by_name: BTreeMap<String, Agent>,
    /// What `host` may look at.
    pub host: HostProbes,
}

impl Agents {
    /// Returns the agents that are there without a configuration.
    #[must_use]
    pub fn of(kinds: &[&'static KindStatement]) -> Self {
        let own = kinds.iter().filter(|kind| kind.origin != Origin::Named);
        Self { by_name: own.map(|kind| (kind.name.to_owned(), Agent::new(kind))).collect(), ..Self::default() }
    }

    pub(super) fn read(section: &mut Section, statements: &Statements) -> Self {
        let mut agents = Self::of(&statements.kinds);
        let default = section.text("default");
        for kind in &statements.kinds {
            match kind.origin {
                Origin::BuiltIn => agents.host = section.section(kind.name, read_host),
                Origin::Known => {
                    let agent = section.section(kind.name, |section| {
                        if section.skip("kind") {
                            let why = "is built in and has no kind; an agent of your own needs another name";
                            section.fault("kind", format!("{} {why}", kind.name));
                        }
                        read_agent(section, Agent::new(kind), statements)
                    });
                    agents.by_name.insert(kind.name.to_owned(), agent);
                }
                Origin::Named => {}
            }
        }
        for name in section.names() {
            if let Err(why) = check_name(&name, statements) {
                section.fault(&name, why);
            }
            let agent = section.section(&name, |section| {
                let kind = read_kind(section, statements)?;
                if !section.has("command") {
                    section.fault("command", "must name a program, such as [\"sh\", \"-c\", \"cat\"]");
                }
                Some(read_agent(section, Agent::new(kind), statements))
            });
            agents.by_name.extend(agent.map(|agent| (name, agent)));
        }
        agents.default = default.and_then(|name| agents.check_default(section, &name, statements));
        agents
    }

    fn check_default(&self, section: &mut Section, name: &str, statements: &Statements) -> Option<String> {
        // `command:notes` and `notes` are the same.
        let bare = name.split_once(':').filter(|(kind, _)| named_kind(statements, kind).is_some());
        let name = bare.map_or(name, |(_, name)| name);
        if self.by_name.contains_key(name) {
            return Some(name.to_owned());
        }
        let names: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
        section.fault("default", format!("must be one of the agents: {}", names.join(", ")));
        None
    }
}

fn named_kind(statements: &Statements, name: &str) -> Option<&'static KindStatement> {
    statements.kinds.iter().find(|kind| kind.origin == Origin::Named && kind.name == name).copied()
}

/// Writes the kinds that an operator can name.
fn named(statements: &Statements) -> String {
    let named = statements.kinds.iter().filter(|kind| kind.origin == Origin::Named);
    named.map(|kind| format!("{:?}", kind.name)).collect::<Vec<_>>().join(" or ")
}

fn read_kind(section: &mut Section, statements: &Statements) -> Option<&'static KindStatement> {
    let all = named(statements);
    let text = section.text("kind");
    let kind = text.as_deref().and_then(|name| named_kind(statements, name));
    match text.as_deref() {
        Some(_) if kind.is_some() => {}
        Some(_) => section.fault("kind", format!("must be {all}")),
        None => section.fault("kind", format!("must be set to {all}, as this agent is not a built-in one")),
    }
    // What else is wrong with it is told too.
    kind.or_else(|| statements.kinds.iter().find(|kind| kind.origin == Origin::Named).copied())
}

fn read_host(section: &mut Section) -> HostProbes {
    let probes = HostProbes {
        files: section.texts("files").unwrap_or_default(),
        urls: section.texts("urls").unwrap_or_default(),
        prometheus: section.text("prometheus").filter(|address| !address.is_empty()),
        config_file: None,
        secret_files: Vec::new(),
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
        models: read_models(section),
        args: argv(section, "args", default.args),
        dir: section.parsed(
            "dir",
            default.dir,
            |text| if text.is_empty() { Ok(None) } else { absolute(text).map(Some) },
        ),
        env: agent_env::read_set(section, statements),
        pass_env: agent_env::read_passed(section, statements),
        permission: section.choice("permission", default.permission, &words),
        idle: section.parsed_as(A_DURATION, "idle", default.idle, |text| match text {
            "" => Ok(Idle::Inherited),
            "off" => Ok(Idle::Off),
            text => duration(text, &timeouts::RANGE).map(Idle::After),
        }),
        alerts: section.boolean("alerts", default.alerts),
        sandbox: section.choice("sandbox", default.sandbox, &Sandbox::WORDS),
        role: section.choice("role", default.role, &ROLES),
        deliver: naming::read(section),
        keep_warm: section.parsed_as(A_DURATION, "keep_warm", default.keep_warm, |text| match text {
            "off" | "0" => Ok(Duration::ZERO),
            text => duration(text, &KEEP_WARM_RANGE),
        }),
    }
}

/// Reads the models that an agent can be asked for.
fn read_models(section: &mut Section) -> Vec<String> {
    let models = section.texts("models").unwrap_or_default();
    let is_name = |model: &String| {
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:/@+".contains(&byte);
        model.starts_with(|c: char| c.is_ascii_alphanumeric()) && model.bytes().all(is_sign)
    };
    if models.len() > MAX_MODELS || !models.iter().all(is_name) {
        section.fault("models", format!("must be at most {MAX_MODELS} names, each of letters, digits and _-.:/@+"));
    }
    models
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

fn check_name(name: &str, statements: &Statements) -> Result<(), String> {
    let spelt = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !spelt || !NAME_CHARS.contains(&name.len()) || name.starts_with('-') {
        let (least, most) = (NAME_CHARS.start(), NAME_CHARS.end());
        return Err(format!(
            "an agent's name has {least} to {most} letters, digits or '-' and does not begin with '-'"
        ));
    }
    let lower = name.to_ascii_lowercase();
    let words = statements.kinds.iter().flat_map(|kind| kind.models).chain(&planned::MODELS);
    let prefixes = statements.kinds.iter().flat_map(|kind| kind.model_prefixes).chain(&planned::MODEL_PREFIXES);
    if words.into_iter().any(|word| lower == *word) || prefixes.into_iter().any(|prefix| lower.starts_with(prefix)) {
        return Err("is the name of a model; an agent needs another".to_owned());
    }
    Ok(())
}
