//! `signalbox config`: check or show the configuration.

use std::process::ExitCode;

use clap::Subcommand;

use super::EXIT_REFUSED;
use crate::config::{Sources, load, missing, show};
use crate::format;
use crate::redact::Redactor;

/// What to do with the configuration.
#[derive(Subcommand)]
pub(super) enum Arguments {
    /// Tell everything that is wrong with file and environment, and exit with 2 if anything is
    Check,
    /// Print the effective configuration as TOML, secrets masked
    Show,
}

pub(super) fn run(arguments: &Arguments, sources: &Sources) -> anyhow::Result<ExitCode> {
    let loaded = match load(sources) {
        Ok(loaded) => loaded,
        Err(faults) => {
            eprintln!("{faults}");
            return Ok(ExitCode::from(EXIT_REFUSED));
        }
    };
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    match arguments {
        Arguments::Check => {
            for missing in missing(&loaded.config) {
                eprintln!("warning: {missing}");
            }
            super::print(&format::terminal::good_config(loaded.file.as_deref(), loaded.looked_for.as_deref()))?
        }
        // Keys may stand where nobody expects them, such as among an agent's arguments.
        Arguments::Show => {
            let redactor = Redactor::of(&loaded.config, &sources.env);
            super::print(redactor.clean(show(&loaded.config).trim_end()).as_ref())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
