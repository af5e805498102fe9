//! A file that goes with a delivery, as a row says it: a text that stands in the row, or a file that is kept beside the rows.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rusqlite::OptionalExtension as _;
use serde::{Deserialize, Serialize};
use signalbox_adapter::Attachment;

use super::error::StoreError;
use super::id::TaskId;
use super::tx::Tx;
use crate::clock::Timestamp;

/// The folder of the state directory in which files are kept until they are delivered, a folder for each task.
pub const OUTGOING: &str = "outgoing";

/// How a file is noted in the trace of its task.
pub(super) const NOTED: &str = "file";

/// How it is noted that files do not go with a task's answer.
const UNATTACHED: &str = "not attached";

/// Returns the name of a file that is noted in the trace of its task.
pub(super) fn name_in(note: &str) -> String {
    serde_json::from_str(note).map(|file: Enclosed| file.file_name).unwrap_or_default()
}

/// A file that goes with a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosed {
    /// File name shown to people.
    pub file_name: String,
    /// Media type, for example `text/markdown`.
    pub media_type: String,
    /// What is in it.
    #[serde(flatten)]
    pub content: EnclosedContent,
}

/// What is in a file that goes with a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnclosedContent {
    /// This text.
    Text(String),
    /// What was kept of an agent's file.
    Kept(KeptFile),
}

/// An agent's file as it was at the end of its run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    /// Where our copy of it is, below the state directory.
    pub place: PathBuf,
    /// Where the agent has it; `None` for what it has only told.
    pub origin: Option<PathBuf>,
    /// How long it is, in bytes.
    pub size_bytes: u64,
}

impl Enclosed {
    /// Returns the copy of an agent's file that it is.
    #[must_use]
    pub fn kept(&self) -> Option<&KeptFile> {
        match &self.content {
            EnclosedContent::Text(_) => None,
            EnclosedContent::Kept(kept) => Some(kept),
        }
    }

    /// Reads it whole, for the adapter; `state` is the state directory.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn read(&self, state: &Path) -> std::io::Result<Attachment> {
        let (content, path) = match &self.content {
            EnclosedContent::Text(text) => (text.clone().into_bytes(), None),
            EnclosedContent::Kept(kept) => {
                let place = state.join(&kept.place);
                let content = tokio::fs::read(&place).await?;
                (content, Some(kept.origin.clone().unwrap_or(place)))
            }
        };
        Ok(Attachment { file_name: self.file_name.clone(), media_type: self.media_type.clone(), content, path })
    }
}

impl Tx<'_> {
    /// Notes the files that go with a task's answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn note_files(
        &self,
        task: &TaskId,
        files: &[Enclosed],
        unattached: Option<&str>,
    ) -> Result<(), StoreError> {
        files.iter().try_for_each(|file| self.note(task, NOTED, &serde_json::to_string(file)?))?;
        unattached.map_or(Ok(()), |line| self.note(task, UNATTACHED, line))
    }

    /// Returns what is said of the files that a task's agent has named and that do not go with its answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unattached_of(&self, task: &TaskId) -> Result<Option<String>, StoreError> {
        let sql = "SELECT detail FROM task_events WHERE task = ?1 AND what = ?2 ORDER BY id DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([task.as_str(), UNATTACHED], |row| row.get(0)).optional()?)
    }

    /// Names the tasks whose folders in [`OUTGOING`] are still needed: those that have not ended before `since`, and those with
    /// a file that waits to be delivered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tasks_with_files(&self, since: Timestamp) -> Result<HashSet<String>, StoreError> {
        let sql = "SELECT id FROM tasks WHERE finished_at IS NULL OR finished_at >= ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([since], |row| row.get::<_, String>(0))?;
        let mut tasks: HashSet<String> = rows.collect::<Result<_, _>>()?;
        // What one delivery is of cannot always be told from its task: a fire's has none.
        let sql = "SELECT attachment FROM outbox WHERE attachment IS NOT NULL AND state <> 'delivered'";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        for row in rows {
            let file: Option<Enclosed> = serde_json::from_str(&row?).ok();
            let folder = file.as_ref().and_then(|file| file.kept()?.place.iter().nth(1)?.to_str());
            tasks.extend(folder.map(str::to_owned));
        }
        Ok(tasks)
    }

    /// Returns the files that go with a task's answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn files_of(&self, task: &TaskId) -> Result<Vec<Enclosed>, StoreError> {
        let sql = "SELECT detail FROM task_events WHERE task = ?1 AND what = ?2 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([task.as_str(), NOTED], |row| row.get::<_, String>(0))?;
        rows.map(|row| Ok(serde_json::from_str(&row?)?)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_version_before_has_written_is_read() {
        let row = r##"{"file_name":"answer.md","media_type":"text/markdown","text":"# Rest"}"##;
        let read: Enclosed = serde_json::from_str(row).expect("a row");
        assert_eq!(read.content, EnclosedContent::Text("# Rest".to_owned()));
        assert_eq!(serde_json::to_string(&read).expect("a row"), row);
    }

    #[tokio::test]
    async fn a_kept_file_is_read_from_the_state_directory_and_told_by_where_its_agent_has_it() {
        let state = tempfile::tempdir().expect("a directory");
        std::fs::write(state.path().join("1"), b"\xffPNG").expect("written");
        let kept = KeptFile { place: "1".into(), origin: Some("/w/plot.png".into()), size_bytes: 4 };
        let (file_name, media_type) = ("plot.png".to_owned(), "image/png".to_owned());
        let mut file = Enclosed { file_name, media_type, content: EnclosedContent::Kept(kept.clone()) };
        let row = serde_json::to_string(&file).expect("a row");
        assert_eq!(serde_json::from_str::<Enclosed>(&row).expect(&row), file);
        let read = file.read(state.path()).await.expect("it is there");
        assert_eq!((read.content.as_slice(), read.path), (&b"\xffPNG"[..], Some("/w/plot.png".into())));
        file.content = EnclosedContent::Kept(KeptFile { origin: None, ..kept });
        let read = file.read(state.path()).await.expect("it is there");
        assert_eq!(read.path, Some(state.path().join("1")));
    }
}
