//! Housekeeping: rows older than the retention, and files that belong to nobody any more.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::trees;
use crate::agent::supervisor::{STDOUT_FILE, UNASKED};
use crate::bus::Bus;
use crate::clock::Timestamp;
use crate::store::{OUTGOING, SessionId, StoreError};

/// How often the house is kept.
const EVERY: Duration = Duration::from_secs(3600);
/// How long the empty directory of a finished run stays: far longer than a supervisor can take to come to it.
const LATE_SUPERVISOR: Duration = Duration::from_secs(3600);
/// How long the files that went with an answer are kept once it has been given, a day; those that still wait stay longer.
const KEEP_FILES: Duration = Duration::from_secs(24 * 3600);
/// Rows removed in one step, so that no step holds others up.
const ROWS_A_STEP: usize = 500;

/// Keeps the house until `stop`.
///
/// # Errors
/// None that may pass: those are waited out.
pub async fn keep(bus: Arc<Bus>, stop: CancellationToken) -> Result<(), StoreError> {
    loop {
        match bus.store().patiently(&stop, || clean(&bus, &stop)).await {
            Err(error) if !stop.is_cancelled() => return Err(error),
            Ok(()) | Err(_) => {}
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Names the scratch directory of a session, by its number, or of a task without one, by its id.
pub(super) fn scratch_of(owner: &str, state: &Path) -> PathBuf {
    state.join("tmp").join(owner)
}

/// Removes what a closed session has left in its scratch directory.
pub(super) async fn tidy(bus: Arc<Bus>, session: SessionId) {
    if let Err(error) = trees::leave(&bus, session).await {
        tracing::warn!(%error, "a closed session's work tree is looked at later");
    }
    let scratch = scratch_of(&session.to_string(), bus.store().directory());
    match tokio::fs::remove_dir_all(&scratch).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, "could not remove a session's scratch");
        }
        Ok(()) | Err(_) => {}
    }
}

async fn clean(bus: &Bus, stop: &CancellationToken) -> Result<(), StoreError> {
    let retention = bus.router().context().config.store.retention;
    loop {
        let removed = bus.write(move |tx| tx.forget(tx.now().before(retention), ROWS_A_STEP)).await?;
        if removed == 0 || stop.is_cancelled() {
            break;
        }
    }
    trees::leave_all(bus).await?;
    let state = bus.store().directory().to_owned();
    // The folders are listed before the rows are read: a row is committed before its folder is made, so a folder
    // that is listed here and has no row there is truly nobody's.
    let (runs, scratch) = (folders(&state.join("runs")), folders(&state.join("tmp")));
    let (files, notes, now) = (state.join("files"), state.join(UNASKED), bus.store().clock().now());
    let keep = bus.store().read(|tx| tx.kept_folders(tx.now().before(LATE_SUPERVISOR))).await?;
    let outgoing = folders(&state.join(OUTGOING));
    let named = bus.store().read(|tx| tx.tasks_with_files(tx.now().before(KEEP_FILES))).await?;
    let swept = tokio::task::spawn_blocking(move || {
        sweep(outgoing, |_, task| named.contains(task));
        sweep(runs, |run, name| {
            let task = name.rsplit_once('-').map_or(name, |(task, _)| task);
            // Output that was too long for its answer stays as long as its task is known.
            keep.recent.contains(task) || keep.runs.contains(task) && run.join(STDOUT_FILE).exists()
        });
        sweep(scratch, |_, name| keep.scratch.contains(name));
        for chat in folders(&files).iter().flat_map(|provider| folders(provider)) {
            remove_older(&chat, now.before(retention));
        }
        // A draft whose supervisor was killed.
        remove_older(&notes, now.before(retention));
    });
    swept.await.map_err(|error| StoreError::Other(Unswept(error).to_string()))
}

/// Tells that the removal of old files panicked.
#[derive(Debug, thiserror::Error)]
#[error("removing old files: {0}")]
struct Unswept(#[source] tokio::task::JoinError);

/// Lists the folders of a directory.
fn folders(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Removes the files of a folder that were written before an instant: what asked about them is as old.
fn remove_older(folder: &Path, before: Timestamp) {
    for file in folders(folder) {
        let written = file.metadata().and_then(|metadata| metadata.modified());
        let written = written.ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let is_old = written.is_some_and(|at| i64::try_from(at.as_millis()).is_ok_and(|at| at < before.0));
        if is_old && let Err(error) = std::fs::remove_file(&file) {
            tracing::warn!(%error, "could not remove an old file");
        }
    }
}

/// Removes those of some folders that nothing needs.
fn sweep(folders: Vec<PathBuf>, needed: impl Fn(&Path, &str) -> bool) {
    for folder in folders {
        let name = folder.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| !needed(&folder, name))
            && let Err(error) = std::fs::remove_dir_all(&folder)
        {
            tracing::warn!(%error, "could not remove an old folder");
        }
    }
}
