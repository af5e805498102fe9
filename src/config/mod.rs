//! The configuration: one file, the environment over it, read and checked as a whole before anything starts.
//!
//! Every key has a default, so no file at all is fine. Faults are told all at once, each with the path of its key, and
//! unknown keys with the nearest known one. `config/signalbox.example.toml` shows every key; a test loads it.
//!
//! ```text
//! --config | $SIGNALBOX_CONFIG | ~/.config/signalbox/signalbox.toml ──► tree ──► sections ──► Config
//!                       SIGNALBOX__SECTION__KEY in the environment ──────┤           └──► Faults, warnings
//!               under both: ~/.config/signalbox/integrations.json ───────┘
//! ```

mod agent_env;
mod agents;
mod allow;
mod delivery;
mod env;
mod fault;
mod http;
pub mod integrations;
mod keys;
mod limits;
mod observer;
mod projects;
mod reader;
mod redact;
mod render;
mod show;
mod smtp;
mod source;
mod store;
mod telegram;
mod timeouts;
mod tree;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use secrecy::SecretString;

pub use agent_env::holds_own_secret;
pub use agents::{Agent, Agents, HostProbes, Idle, Kind};
pub use allow::{Allow, Allowed, MAX_ID_BYTES, Role};
pub use delivery::Delivery;
pub use fault::{Fault, Faults, MAX_SHOWN_FAULTS};
pub use http::Http;
use integrations::Integrations;
pub use limits::Limits;
pub use observer::{Observer, Recovery};
pub use projects::{MAX_NAME_CHARS, Projects};
use reader::{Findings, Section};
pub use redact::{MIN_LITERAL_BYTES, MIN_PREFIX_BYTES, Redact};
pub use render::Render;
pub use show::{MASK, show};
pub use smtp::{Security, Smtp};
pub use source::{MAX_FILE_BYTES, Sources, directory};
pub use store::{Durability, Store};
pub use telegram::{TELEGRAM_API_URL, Telegram};
pub use timeouts::Timeouts;
use tree::Branch;

/// What is said of a section that nothing reads.
const NOT_READ: &str = "this build has nothing that reads this section; it is ignored";

/// Variable that holds the Telegram bot's token where nothing else does.
const TELEGRAM_TOKEN_VARIABLE: &str = "TELEGRAM_BOT_TOKEN";

/// Sections of parts that this build does not contain; they are accepted and ignored.
const ABSENT_SECTIONS: [&str; 7] = ["cron", "discord", "email", "hooks", "matrix", "slack", "triage"];

/// The whole configuration, checked.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Who may do what.
    pub allow: Allow,
    /// The programs that answer prompts.
    pub agents: Agents,
    /// How much at once.
    pub limits: Limits,
    /// How long each part of a run may take.
    pub timeouts: Timeouts,
    /// What happens to work that a crash cut off.
    pub observer: Observer,
    /// Directories by name.
    pub projects: Projects,
    /// How long a message is worth delivering.
    pub delivery: Delivery,
    /// What a commit survives, and how long history is kept.
    pub store: Store,
    /// Where HTTP is answered.
    pub http: Http,
    /// How long answers are shown.
    pub render: Render,
    /// What must never leave.
    pub redact: Redact,
    /// The Telegram bot.
    pub telegram: Telegram,
    /// The mail server.
    pub smtp: Smtp,
}

impl Config {
    /// Tells whether an integration has what it needs to be connected.
    #[must_use]
    pub fn is_set(&self, integration: &str) -> bool {
        match integration {
            "telegram" => self.telegram.token.is_some(),
            "smtp" => self.smtp.is_set(),
            _ => false,
        }
    }

    /// Returns our own secrets, which never leave whoever quotes them.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.telegram.token.iter().chain(&self.smtp.password)
    }
}

/// A configuration and where it came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
    /// What a person should know though nothing is wrong, one sentence each.
    pub warnings: Vec<String>,
    /// What the integration store keeps.
    pub integrations: Integrations,
    /// Paths of keys that the integration store keeps in vain: the file or the environment goes first.
    pub shadowed: Vec<String>,
}

/// Reads the file and the environment and checks every key.
///
/// # Errors
/// Everything that is wrong, at once. A file that was named and is not there is a fault; the default file may be
/// missing.
pub fn load(sources: &Sources) -> Result<Loaded, Faults> {
    let mut findings = Findings::default();
    let location = source::locate(sources);
    let table = match location.as_ref().map(source::read).transpose() {
        Ok(table) => table.flatten(),
        Err(fault) => {
            findings.fault(fault);
            None
        }
    };
    let file = location.filter(|_| table.is_some()).map(|location| location.path);
    let mut root = tree::branch(table.unwrap_or_default());
    let mut variables = Vec::new();
    env::overlay(&mut root, &sources.env, &mut variables);
    variables.into_iter().for_each(|fault| findings.fault(fault));
    let integrations = Integrations::read(sources).unwrap_or_else(|fault| {
        findings.fault(fault);
        Integrations::default()
    });
    let shadowed = integrations.underlay(&mut root);

    let mut config = read(root, &mut findings);
    let found = findings.finish();
    if !found.faults.is_empty() {
        return Err(Faults(found.faults));
    }
    let mut warnings = found.warnings;
    let kept = integrations::file(sources).filter(|path| source::is_readable_by_others(path));
    let open = file.as_ref().filter(|path| holds_secrets(&config) && source::is_readable_by_others(path));
    for path in open.into_iter().chain(kept.as_ref()) {
        let path = path.display();
        warnings.push(format!("{path} holds secrets and others can read it; run: chmod 600 {path}"));
    }
    let from_environment =
        |name: &str| sources.env.get(name).map(|token| token.trim()).filter(|token| !token.is_empty());
    if config.telegram.token.is_none() {
        config.telegram.token = from_environment(TELEGRAM_TOKEN_VARIABLE).map(SecretString::from);
    }
    Ok(Loaded { config, file, warnings, integrations, shadowed })
}

fn read(root: Branch, findings: &mut Findings) -> Config {
    Section::root(root, findings, |root| {
        for name in ABSENT_SECTIONS {
            if root.skip(name) {
                root.warn(name, NOT_READ);
            }
        }
        for (name, is_built) in [("telegram", cfg!(feature = "telegram")), ("smtp", cfg!(feature = "email"))] {
            if !is_built && root.has(name) {
                root.warn(name, NOT_READ);
            }
        }
        Config {
            allow: root.section("allow", Allow::read),
            agents: root.section("agents", Agents::read),
            limits: root.section("limits", Limits::read),
            timeouts: root.section("timeouts", Timeouts::read),
            observer: root.section("observer", Observer::read),
            projects: root.section("projects", projects::read),
            delivery: root.section("delivery", Delivery::read),
            store: root.section("store", Store::read),
            http: root.section("http", Http::read),
            render: root.section("render", Render::read),
            redact: root.section("redact", Redact::read),
            telegram: root.section("telegram", Telegram::read),
            smtp: root.section("smtp", Smtp::read),
        }
    })
}

fn holds_secrets(config: &Config) -> bool {
    config.secrets().next().is_some()
        || !config.redact.literals.is_empty()
        || config.agents.by_name.values().any(|agent| !agent.env.is_empty())
}
