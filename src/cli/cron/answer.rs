//! What every subcommand of `signalbox cron` answers with.

use std::process::ExitCode;

use crate::cli::{EXIT_REFUSED, complain};

/// Schedules in one list.
pub(super) const MAX_LISTED: usize = 10_000;

pub(super) fn refused(why: &signalbox_adapter::Document) -> anyhow::Result<ExitCode> {
    complain(&why.visible_text());
    Ok(ExitCode::from(EXIT_REFUSED))
}
