//! The configuration as a whole: one field for each section.

use secrecy::SecretString;

use super::adapters::Adapters;
use super::agents::{Agents, Unheld};
use super::allow::Allow;
use super::cron::CronSection;
use super::delivery::DeliverySection;
use super::follow::FollowSection;
use super::hooks::{self, Hook};
use super::http::Http;
use super::kind::Origin;
use super::limits::Limits;
use super::observer::ObserverSection;
use super::progress::ProgressSection;
use super::projects::{self, Projects};
use super::reader::{Findings, Section};
use super::redact::Redact;
use super::render::Render;
use super::statements::Statements;
use super::store::StoreSection;
use super::timeouts::Timeouts;
use super::tree::Branch;
use super::triage::Triage;

/// What is said of a section that nothing reads.
const NOT_READ: &str = "this build has nothing that reads this section; it is ignored";

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
    pub observer: ObserverSection,
    /// When a chat is shown that something runs.
    pub progress: ProgressSection,
    /// Directories by name.
    pub projects: Projects,
    /// How long a message is worth delivering.
    pub delivery: DeliverySection,
    /// What a commit survives, and how long history is kept.
    pub store: StoreSection,
    /// Where HTTP is answered.
    pub http: Http,
    /// Where alerts come in.
    pub hooks: Vec<Hook>,
    /// How long answers are shown.
    pub render: Render,
    /// What becomes of alerts.
    pub triage: Triage,
    /// Which plain words in threads are for the bot.
    pub follow: FollowSection,
    /// What is delivered by schedules.
    pub cron: CronSection,
    /// What must never leave.
    pub redact: Redact,
    /// What the adapters are told.
    pub adapters: Adapters,
}

impl Config {
    /// Returns our own secrets, which never leave whoever quotes them.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        let posted = self.triage.channels.iter().filter_map(|channel| channel.silences.as_ref()?.secret());
        self.adapters.secrets().chain(self.hooks.iter().flat_map(Hook::secrets)).chain(posted)
    }

    /// Says of an agent that alerts cannot set off, where it is the default or may become it, that it investigates nothing by
    /// itself.
    fn warn_of_alerts(&self, root: &mut Section) {
        let comes = !self.triage.channels.is_empty() || !self.hooks.is_empty();
        let waits = comes && !self.triage.auto_investigate.is_empty();
        for (name, agent) in self.agents.by_name.iter().filter(|_| waits) {
            let is_default = match &self.agents.default {
                Some(default) => default == name,
                None => agent.kind.origin == Origin::Known,
            };
            let what = match agent.unheld().filter(|_| is_default && !agent.alerts) {
                None => continue,
                Some(Unheld::Kind) => format!("what a {} agent does cannot be held back", agent.kind.name),
                Some(Unheld::Command) => format!("started as agents.{name}.command says, {name} may not be held back"),
                Some(Unheld::Args) => format!("agents.{name}.args may let it do what is to be held back"),
            };
            let why = format!(
                "{name} investigates nothing by itself: {what}; set agents.{name}.alerts = true to give it alerts all \
                 the same, or another default agent"
            );
            root.warn("triage.auto_investigate", &why);
        }
    }

    /// Looks whether anything reaches the addresses that are named, also those in what is left out for another fault.
    fn check_addresses(&self, root: &mut Section, statements: &Statements) {
        for (path, address) in root.noted_addresses() {
            statements.check_address(root, &self.adapters, &path, &address);
        }
    }

    /// Reads the tree; what is wrong is found.
    pub(super) fn read(root: Branch, statements: &Statements, findings: &mut Findings) -> Self {
        Section::root(root, findings, |root| {
            for name in statements.unread() {
                if root.skip(name) {
                    root.warn(name, NOT_READ);
                }
            }
            let config = Self {
                allow: root.section("allow", |section| Allow::read(section, statements)),
                agents: root.section("agents", |section| Agents::read(section, statements)),
                limits: root.section("limits", Limits::read),
                timeouts: root.section("timeouts", Timeouts::read),
                observer: root.section("observer", ObserverSection::read),
                progress: root.section("progress", ProgressSection::read),
                projects: root.section("projects", projects::read),
                delivery: root.section("delivery", DeliverySection::read),
                store: root.section("store", StoreSection::read),
                http: root.section("http", Http::read),
                hooks: hooks::read(root),
                render: root.section("render", Render::read),
                triage: root.section("triage", Triage::read),
                follow: root.section("follow", FollowSection::read),
                cron: root.section("cron", CronSection::read),
                redact: root.section("redact", Redact::read),
                adapters: Adapters::read(root, statements),
            };
            config.warn_of_alerts(root);
            config.check_addresses(root, statements);
            config
        })
    }
}
