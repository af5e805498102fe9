//! host: the built-in investigator, a hidden subcommand of this program.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::agent::kind::{AgentKind, Ask, Brief, Startup};
use crate::agent::native::Native;
use crate::agent::protocol::Speak;
use crate::agent::run::RunSpec;
use crate::config::{Agent, KindStatement, Origin};

/// Its name.
pub const NAME: &str = "host";
/// Name of the hidden subcommand that is the investigator.
pub const SUBCOMMAND: &str = "host-agent";
/// The line before what a question goes on from: a title, and alerts that anybody may have written. What is below it tells
/// which machine and which mount are meant, and nothing more is looked at for it.
pub const GOES_ON_FROM: &str = "-- goes on from --";

/// The line before what was measured for the answer before; always there, so that nobody else writes it.
pub const MEASURED_BEFORE: &str = "-- measured before --";

/// What it says of a question that no look at this machine can tell.
pub const NOT_ANSWERABLE: &str = "Not answerable from here";

/// What the configuration must know of it.
static STATEMENT: KindStatement = KindStatement {
    name: NAME,
    origin: Origin::BuiltIn,
    command: &[],
    speaks_meanwhile: true,
    can_be_held: true,
    harmless: &[],
    models: &[],
    model_prefixes: &[],
};

/// This kind.
pub(super) struct HostKind;

impl AgentKind for HostKind {
    fn statement(&self) -> &'static KindStatement {
        &STATEMENT
    }

    fn takes_model(&self, _agent: &Agent) -> bool {
        false
    }

    fn how_to_install(&self, _name: &str, _agent: &Agent) -> String {
        "it is built in".to_owned()
    }

    fn start(&self, ask: &Ask<'_>) -> Startup {
        let scope = Scope {
            asked_by: if ask.has_alert { AskedBy::Alert } else { AskedBy::Person },
            analysis: ask.analysis,
            files: ask.probes.files.clone(),
            urls: ask.probes.urls.clone(),
            prometheus: ask.probes.prometheus.clone(),
            off_limits: ask.off_limits.to_vec(),
        };
        // On standard input, and not among the arguments: those can be read by everybody on the machine.
        let argv = vec!["/proc/self/exe".to_owned(), SUBCOMMAND.to_owned()];
        Startup { argv, prompt: format!("{}\n{}", scope.to_line(), ask.prompt), conversation: None, instead: None }
    }

    fn brief(&self) -> Brief {
        Brief::Words
    }

    fn speak(&self, _spec: &RunSpec) -> Box<dyn Speak> {
        Box::new(Native::default())
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedBy {
    /// A person who may run work: the files and addresses in the question are looked at.
    #[default]
    Person,
    /// An alert, whose text anybody may have written: only what the operator has listed is looked at.
    Alert,
}

/// What the operator allows and forbids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// Who asks.
    pub asked_by: AskedBy,
    /// Whether the answer is to be an analysis as JSON, not text for a person.
    pub analysis: bool,
    /// Absolute glob patterns of files that an alert may have read.
    pub files: Vec<String>,
    /// Beginnings of addresses that an alert may have fetched.
    pub urls: Vec<String>,
    /// Address of a Prometheus that watches this machine.
    pub prometheus: Option<String>,
    /// Directories and files that are never read: our own state and configuration.
    pub off_limits: Vec<PathBuf>,
}

impl Scope {
    /// Writes it as the first line that the subcommand reads; one that cannot be written allows nothing.
    #[must_use]
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads it back; one that is not understood allows nothing to be looked at by name.
    #[must_use]
    pub fn of_line(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self { asked_by: AskedBy::Alert, ..Self::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_survives_its_journey_and_a_broken_one_allows_nothing() {
        let scope = Scope {
            files: vec!["/var/log/*".into()],
            prometheus: Some("http://127.0.0.1:9090".into()),
            off_limits: vec!["/state".into()],
            ..Scope::default()
        };
        assert_eq!(Scope::of_line(&scope.to_line()), scope);
        assert_eq!(Scope::of_line("{}"), Scope::default());
        for broken in ["", "{", "[]x", r#"{"asked_by":"everybody"}"#, r#"{"colour":1}"#] {
            assert_eq!(Scope::of_line(broken).asked_by, AskedBy::Alert, "{broken}");
        }
    }
}
