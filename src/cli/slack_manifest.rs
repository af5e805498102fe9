//! `signalbox slack-manifest`: what the Slack app must be, from the grammar, and the address that makes it.

use std::process::ExitCode;

use super::EXIT_FAILED;
use crate::command;
use crate::format;
use crate::wiring::{self, Manifest};

/// The section of the configuration whose app is meant.
const SECTION: &str = "slack";

pub(super) fn run() -> anyhow::Result<ExitCode> {
    let Some(Manifest { text, address }) = wiring::manifest(SECTION, &command::menu()) else {
        eprintln!("{}", format::integrations::no_manifest());
        return Ok(ExitCode::from(EXIT_FAILED));
    };
    super::print(&text)?;
    eprintln!("{}", format::integrations::new_app(&address));
    Ok(ExitCode::SUCCESS)
}
