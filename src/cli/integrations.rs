//! `signalbox integrations`: what signalbox is connected to, kept beside the configuration file.

use std::process::ExitCode;
use std::time::Instant;

use clap::Subcommand;
use secrecy::ExposeSecret as _;
use signalbox_adapter::settings::Section;

use super::{EXIT_FAILED, EXIT_REFUSED, ask};
use crate::config::integrations::{self, KeepError, Keys, MAX_VALUE_BYTES};
use crate::config::{Config, Loaded, Sources, load};
use crate::format::integrations::{self as said, BadKeys, KeySource};
use crate::wiring::{Found, Verified, closed_places, verify};

/// Stands for a value that is read from standard input.
const FROM_INPUT: &str = "-";
/// Every integration.
const ALL: &str = "all";

/// What to do.
#[derive(Subcommand)]
pub(super) enum Arguments {
    /// List what can be connected, and where its keys come from; values are never shown
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Keep keys of an integration, as in `set telegram token=-`
    Set {
        /// Which
        name: String,
        /// key=value; key=- reads the value from standard input, so that no process list shows it; key= takes it away
        #[arg(required = true, value_name = "KEY=VALUE")]
        keys: Vec<String>,
    },
    /// Forget what is kept for an integration
    Remove {
        /// Which
        name: String,
    },
    /// Ask a provider who we are, with what is configured
    Verify {
        /// Which, or all
        name: String,
    },
}

pub(super) async fn run(arguments: &Arguments, sources: &Sources) -> anyhow::Result<ExitCode> {
    match arguments {
        Arguments::List { json } => with_loaded(sources, |loaded| list(&origins(sources, &loaded), *json)),
        Arguments::Set { name, keys } => set(sources, name, keys),
        Arguments::Remove { name } => remove(sources, name),
        Arguments::Verify { name } => match load(sources) {
            Ok(loaded) => check(&loaded.config, sources, name).await,
            Err(faults) => refused(&faults.to_string()),
        },
    }
}

fn with_loaded(sources: &Sources, run: impl FnOnce(Loaded) -> anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    load(sources).map_or_else(|faults| refused(&faults.to_string()), run)
}

fn refused(why: &str) -> anyhow::Result<ExitCode> {
    eprintln!("signalbox: {why}");
    Ok(ExitCode::from(EXIT_REFUSED))
}

fn unknown(sources: &Sources, name: &str) -> anyhow::Result<ExitCode> {
    let names: Vec<&str> = sources.statements.sections.iter().map(|section| section.name).collect();
    refused(&said::unknown(name, &names))
}

fn origins(sources: &Sources, loaded: &Loaded) -> Vec<KeySource> {
    let of = |section: &&'static Section| origin(section, loaded);
    sources.statements.sections.iter().map(of).collect()
}

fn origin(section: &'static Section, loaded: &Loaded) -> KeySource {
    let name = section.name;
    KeySource {
        name,
        is_set: loaded.config.adapters.is_set(section),
        kept: loaded.integrations.of(name).map(|keys| keys.keys().cloned().collect()).unwrap_or_default(),
        shadowed: loaded
            .shadowed
            .iter()
            .filter_map(|path| path.strip_prefix(name)?.strip_prefix('.').map(str::to_owned))
            .collect(),
    }
}

fn list(origins: &[KeySource], json: bool) -> anyhow::Result<ExitCode> {
    if json {
        let value: Vec<_> = origins
            .iter()
            .map(|one| {
                serde_json::json!({
                    "name": one.name,
                    "set": one.is_set,
                    "kept": one.kept,
                    "overridden": one.shadowed,
                })
            })
            .collect();
        super::print(&serde_json::to_string_pretty(&value)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    super::print_document(&said::origins(origins))?;
    for one in origins {
        told_in_vain(one.name, &one.shadowed);
    }
    Ok(ExitCode::SUCCESS)
}

fn told_in_vain(name: &str, shadowed: &[String]) {
    for key in shadowed {
        eprintln!("{}", said::kept_in_vain(&format!("{name}.{key}")));
    }
}

fn set(sources: &Sources, name: &str, pairs: &[String]) -> anyhow::Result<ExitCode> {
    let Some(section) = sources.statements.section(name) else { return unknown(sources, name) };
    let mut keys = Keys::new();
    let mut asked = None;
    for pair in pairs {
        let Some((key, value)) = pair.split_once('=') else {
            return refused(&said::bad_keys(BadKeys::Form));
        };
        if value == FROM_INPUT && asked.replace(key).is_some() {
            return refused(&said::bad_keys(BadKeys::TwoFromInput));
        }
        if keys.insert(key.to_owned(), value.to_owned()).is_some() {
            return refused(&said::bad_keys(BadKeys::Twice));
        }
    }
    if let Some(key) = asked {
        let path = format!("{name}.{key}");
        match ask::secret(&said::secret(&path))? {
            Some(value) if !value.expose_secret().is_empty() => {
                keys.insert(key.to_owned(), value.expose_secret().to_owned());
            }
            Some(_) | None => return refused(&said::bad_keys(BadKeys::NoValue(&path))),
        }
    }
    if keys.values().any(|value| value.len() > MAX_VALUE_BYTES || value.contains(char::is_control)) {
        return refused(&said::bad_keys(BadKeys::Value(MAX_VALUE_BYTES)));
    }
    if let Ok(kept) = integrations::Integrations::read(sources) {
        let is_kept = |key: &String| kept.of(name).is_some_and(|kept| kept.contains_key(key));
        if let Some((key, _)) = keys.iter().find(|(key, value)| value.is_empty() && !is_kept(key)) {
            return refused(&said::bad_keys(BadKeys::Empty(&format!("{name}.{key}"))));
        }
    }
    let path = match integrations::keep(sources, name, keys) {
        Ok(path) => path,
        Err(error) => return failed(&error),
    };
    super::print(&said::kept(&path))?;
    eprintln!("{}", said::kept_next(name));
    if let Ok(loaded) = load(sources) {
        told_in_vain(name, &origin(section, &loaded).shadowed);
    }
    Ok(ExitCode::SUCCESS)
}

fn remove(sources: &Sources, name: &str) -> anyhow::Result<ExitCode> {
    if sources.statements.section(name).is_none() {
        return unknown(sources, name);
    }
    match integrations::forget(sources, name) {
        Ok(true) => super::print(&said::forgotten(name))?,
        Ok(false) => return refused(&said::nothing_kept(name)),
        Err(error) => return failed(&error),
    }
    Ok(ExitCode::SUCCESS)
}

fn failed(error: &KeepError) -> anyhow::Result<ExitCode> {
    eprintln!("signalbox: {error}");
    let is_our_refusal = matches!(error, KeepError::Faults(_));
    Ok(ExitCode::from(if is_our_refusal { EXIT_REFUSED } else { EXIT_FAILED }))
}

async fn check(config: &Config, sources: &Sources, name: &str) -> anyhow::Result<ExitCode> {
    let sections = match (name, sources.statements.section(name)) {
        (ALL, _) => sources.statements.sections.clone(),
        (_, Some(section)) => vec![section],
        (_, None) => return unknown(sources, name),
    };
    let mut is_good = true;
    for section in sections {
        let one = section.name;
        let started = Instant::now();
        let verified = verify(config, section).await;
        let took = started.elapsed();
        match verified {
            Some(Verified::Good(Found::Bot { who, .. })) => {
                super::print(&said::good(one, Some(&who), took, ""))?;
                for (place, why) in closed_places(config, section).await {
                    eprintln!("{}", said::closed(one, &place, &why));
                    is_good = false;
                }
            }
            Some(Verified::Good(Found::Steps(steps))) => super::print(&said::good(one, None, took, &steps))?,
            Some(Verified::Refused(why) | Verified::Unsure(why)) => {
                eprintln!("{one}: {why}");
                is_good = false;
            }
            None if name == ALL => super::print(&said::not_set(one, false))?,
            None => {
                eprintln!("{}", said::not_set(one, true));
                is_good = false;
            }
        }
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FAILED) })
}
