//! The history of typed lines: a file of mode 0600, bounded in entries and bytes, shared by all shells.
//!
//! A history that cannot be read is no reason to refuse a shell; it is then kept in memory.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use reedline::FileBackedHistory;

/// Most lines remembered.
const MAX_ENTRIES: usize = 1000;

/// Largest file that is read; a larger one (huge pasted prompts) starts again.
const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// Opens the history.
pub(crate) fn open(path: &Path) -> FileBackedHistory {
    let opened = prepare(path)
        .and_then(|()| FileBackedHistory::with_file(MAX_ENTRIES, path.to_owned()).map_err(io::Error::from));
    opened.unwrap_or_else(|error| {
        tracing::warn!(%error, "the history of typed lines cannot be used; this shell keeps its own in memory");
        FileBackedHistory::default()
    })
}

fn prepare(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    if file.metadata()?.len() > MAX_FILE_BYTES || !is_text(path)? {
        file.set_len(0)?;
    }
    Ok(())
}

fn is_text(path: &Path) -> io::Result<bool> {
    Ok(std::str::from_utf8(&fs::read(path)?).is_ok())
}
