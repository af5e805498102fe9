//! What every subcommand of `signalbox cron` answers with.

use std::process::ExitCode;

use signalbox_adapter::Document;

use crate::app::App;
use crate::cli::output::in_shell;
use crate::cli::{EXIT_REFUSED, complain};
use crate::format::cron;
use crate::store::Schedule;
use crate::turn::schedule;

/// Schedules in one list.
pub(super) const MAX_LISTED: usize = 10_000;

pub(super) fn refused(why: &Document) -> anyhow::Result<ExitCode> {
    complain(&why.clone().typed(&in_shell).visible_text());
    Ok(ExitCode::from(EXIT_REFUSED))
}

/// Finds a schedule by its number or its name.
///
/// # Errors
/// That of the store; the inner one says that there is none.
pub(super) async fn find(app: &App, word: &str) -> anyhow::Result<Result<Schedule, Document>> {
    let of = word.to_owned();
    let found = app.store.read(move |tx| schedule::find(tx, None, &of)).await?;
    Ok(found.map_err(|near| cron::unknown(word, &near)))
}
