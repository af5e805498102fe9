//! From the sources to the configuration, or to everything that is wrong with them.

use std::path::PathBuf;

use signalbox_adapter::settings::Setting;

use super::env;
use super::fault::Faults;
use super::integrations::{self, Integrations};
use super::reader::Findings;
use super::source::{self, Sources};
use super::statements::Statements;
use super::tree;
use super::whole::Config;

/// A configuration and where it came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
    /// Where a file was looked for; `None` where there is no home.
    pub looked_for: Option<PathBuf>,
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
    let looked_for = location.map(|location| location.path);
    let file = looked_for.clone().filter(|_| table.is_some());
    let mut root = tree::branch(table.clone().unwrap_or_default());
    let mut variables = Vec::new();
    env::overlay(&mut root, &sources.env, &mut variables);
    variables.into_iter().for_each(|fault| findings.fault(fault));
    let integrations = Integrations::read(sources).unwrap_or_else(|fault| {
        findings.fault(fault);
        Integrations::default()
    });
    let shadowed = integrations.underlay(&mut root);
    sources.statements.underlay(&mut root, &sources.env);

    let mut config = Config::read(root, &sources.statements, &mut findings);
    let found = findings.finish();
    if !found.faults.is_empty() {
        return Err(Faults(found.faults));
    }
    config.agents.host.secret_files = found.secret_files;
    let mut warnings = found.warnings;
    let kept = integrations::file(sources).filter(|path| source::is_readable_by_others(path));
    let open =
        file.as_ref().filter(|path| source::is_readable_by_others(path) && holds_secrets(table, &sources.statements));
    for path in open.into_iter().chain(kept.as_ref()) {
        let path = path.display();
        warnings.push(format!("{path} holds secrets and others can read it; run: chmod 600 {path}"));
    }
    Ok(Loaded { config, file, looked_for, warnings, integrations, shadowed })
}

/// Whether a file has something in it that nobody else should read, whatever comes from elsewhere or stands in files of its own.
fn holds_secrets(table: Option<toml::Table>, statements: &Statements) -> bool {
    let mut alone = tree::branch(table.unwrap_or_default());
    for section in &statements.sections {
        let Some(keys) = env::table(&mut alone, section.name) else { continue };
        section.settings.iter().filter_map(Setting::file_key).for_each(|elsewhere| drop(keys.remove(&elsewhere)));
    }
    // It has been found good with all that belongs to it; what it lacks alone is no fault.
    let config = Config::read(alone, statements, &mut Findings::default());
    config.secrets().next().is_some()
        || !config.redact.literals.is_empty()
        || config.agents.by_name.values().any(|agent| !agent.env.is_empty())
}
