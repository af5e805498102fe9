//! What every subcommand of `signalbox cron` answers with.

use std::process::ExitCode;

use crate::cli::EXIT_REFUSED;

/// Schedules in one list.
pub(super) const MAX_LISTED: usize = 10_000;

pub(super) fn refused(why: &signalbox_adapter::Document) -> anyhow::Result<ExitCode> {
    eprintln!("signalbox: {}", why.visible_text());
    Ok(ExitCode::from(EXIT_REFUSED))
}
