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

#[cfg(test)]
mod tests {
    use reedline::{History, HistoryItem, SearchQuery};

    use super::*;

    fn lines(history: &FileBackedHistory) -> Vec<String> {
        let found = history.search(SearchQuery::all_that_contain_rev(String::new())).expect("searched");
        found.into_iter().map(|item| item.command_line).collect()
    }

    #[test]
    fn lines_are_found_by_the_next_shell_and_by_nobody_else() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("history");
        fs::write(&path, "").expect("written");
        let mut history = open(&path);
        history.save(HistoryItem::from_command_line("first\nsecond")).expect("saved");
        drop(history);
        assert_eq!(lines(&open(&path)), ["first\nsecond"]);
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_history_that_is_no_text_or_too_large_starts_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("history");
        fs::write(&path, b"ok\n\xff\xfe\n").expect("written");
        assert_eq!(lines(&open(&path)), Vec::<String>::new());
        fs::File::create(&path).and_then(|file| file.set_len(MAX_FILE_BYTES + 1)).expect("written");
        assert_eq!(lines(&open(&path)), Vec::<String>::new());
    }

    #[test]
    fn a_history_that_cannot_be_opened_is_kept_in_memory() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut history = open(directory.path());
        history.save(HistoryItem::from_command_line("typed")).expect("saved");
        assert_eq!(lines(&history), ["typed"]);
    }
}
