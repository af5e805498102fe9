//! A file that goes with a delivery, as a row says it: a text that stands in the row, or a file that is kept beside the rows.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use signalbox_adapter::Attachment;

/// The folder of the state directory in which files are kept until they are delivered, a folder for each task.
pub const OUTGOING: &str = "outgoing";

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
