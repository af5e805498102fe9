//! Files of messages: downloaded once, below a private directory, under a name that cannot lead elsewhere.
//!
//! A file is written beside its name and renamed, so that a crash leaves no half of one; a second download of the same
//! update writes the same name. What cannot be taken is told in one sentence and never retried; what went wrong on the way
//! is, with the update that carries it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use signalbox_adapter::IncomingFile;
use teloxide::payloads::GetFile;
use teloxide::types::FileId;
use tokio::io::AsyncWriteExt;

use crate::api::{Api, CALL_TIMEOUT};
use crate::failure::CallError;

/// Largest file that Telegram lets a bot download, in bytes.
/// Source: <https://core.telegram.org/bots/api#getfile>, read 2026-11.
pub const MAX_DOWNLOAD_BYTES: u64 = 20 * 1024 * 1024;

/// Longest file name that is kept, in bytes.
const MAX_NAME_BYTES: usize = 100;

/// A file that Telegram keeps for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileRef {
    /// Its id.
    pub(crate) id: String,
    /// Its size in bytes, where Telegram says so.
    pub(crate) size: Option<u64>,
    /// Its name as the sender had it.
    pub(crate) name: String,
    /// What it claims to be.
    pub(crate) content: Content,
}

/// What a file claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Anything.
    Any,
    /// A picture.
    Image,
    /// A voice note.
    Voice,
}

/// What became of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Saved {
    /// It is on disk.
    File(IncomingFile),
    /// It cannot be taken, and why.
    Not(String),
}

/// Tells why a file is not on disk yet; another attempt may go well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// Telegram did not give it.
    #[error("downloading a file: {0}")]
    Download(#[from] CallError),
    /// It could not be written.
    #[error("writing a downloaded file: {0}")]
    Write(#[from] std::io::Error),
}

/// The answer to `getFile`; the path is missing where the file is too large.
#[derive(serde::Deserialize)]
struct Place {
    file_path: Option<String>,
    file_size: Option<u64>,
}

/// Downloads one file to `<directory>/<stem>-<name>`.
pub(crate) async fn save(api: &Arc<Api>, file: &FileRef, directory: &Path, stem: &str) -> Result<Saved, FileError> {
    let name = safe_name(&file.name);
    let too_large = || Ok(Saved::Not(format!("{name} is larger than the 20 MB that Telegram gives to a bot.")));
    if file.size.is_some_and(|size| size > MAX_DOWNLOAD_BYTES) {
        return too_large();
    }
    let place: Place = match api.call(&GetFile::new(FileId(file.id.clone())), CALL_TIMEOUT).await {
        Err(CallError::Answered(refusal)) if refusal.says("too big") => return too_large(),
        Err(CallError::Answered(refusal)) if refusal.code == 400 => {
            return Ok(Saved::Not(format!("Telegram does not give {name} out: {}.", refusal.description)));
        }
        place => place?,
    };
    let Some(path) = place.file_path.filter(|path| !path.contains("..")) else { return too_large() };
    if place.file_size.is_some_and(|size| size > MAX_DOWNLOAD_BYTES) {
        return too_large();
    }
    let mut download = match api.download(&path).await {
        Err(CallError::Answered(refusal)) if refusal.code == 404 => {
            return Ok(Saved::Not(format!("Telegram does not have {name} any more.")));
        }
        download => download?,
    };
    let target = directory.join(format!("{stem}-{name}"));
    let partial = Partial::create(target.with_file_name(format!("{stem}.partial"))).await?;
    let mut written = partial.open().await?;
    let (mut head, mut size) = (Vec::new(), 0_u64);
    while let Some(chunk) = download.chunk().await.map_err(|error| cut_off(&error))? {
        size += chunk.len() as u64;
        if size > MAX_DOWNLOAD_BYTES {
            return too_large();
        }
        head.extend(chunk.iter().take(HEAD_BYTES.saturating_sub(head.len())));
        written.write_all(&chunk).await?;
    }
    if !file.content.fits(&head) {
        return Ok(Saved::Not(format!("{name} is not what it claims to be.")));
    }
    written.flush().await?;
    drop(written);
    partial.keep_as(&target).await?;
    let path = target.to_string_lossy().into_owned();
    Ok(Saved::File(IncomingFile { path, name: file.name.clone(), kind: file.content.kind() }))
}

/// Says that a file was given up.
pub(crate) fn not_downloaded(file: &FileRef, error: &CallError) -> String {
    format!("{} could not be downloaded from Telegram ({error}); send it again.", safe_name(&file.name))
}

fn cut_off(error: &reqwest::Error) -> CallError {
    let why = if error.is_timeout() { "it took too long" } else { "it was cut off" };
    CallError::Unanswered(why.to_owned())
}

/// A file that is removed unless it is kept.
struct Partial(PathBuf);

impl Partial {
    async fn create(path: PathBuf) -> std::io::Result<Self> {
        if let Some(directory) = path.parent() {
            tokio::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).await?;
        }
        Ok(Self(path))
    }

    async fn open(&self) -> std::io::Result<tokio::fs::File> {
        tokio::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.0).await
    }

    async fn keep_as(&self, target: &Path) -> std::io::Result<()> {
        tokio::fs::rename(&self.0, target).await
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Once it is kept there is nothing of this name any more.
        drop(std::fs::remove_file(&self.0));
    }
}

/// How much of a file is looked at to tell what it is, in bytes.
const HEAD_BYTES: usize = 16;

impl Content {
    /// Tells whether a file that begins so can be what it claims to be.
    fn fits(self, head: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Image => {
                let web_picture = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
                head.starts_with(b"\xff\xd8\xff") || head.starts_with(b"\x89PNG\r\n\x1a\n") || web_picture
            }
            Self::Voice => head.starts_with(b"OggS") || head.starts_with(b"ID3") || head.get(4..8) == Some(b"ftyp"),
        }
    }
}

/// Makes a name that is only a name: no path, nothing a shell or terminal acts on, not hidden, not too long.
fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let safe: String = last.chars().map(kept).collect();
    let safe = safe.trim_start_matches(['.', '-']);
    if safe.is_empty() {
        return "file".to_owned();
    }
    // What is cut off is the middle, so that the kind of file stays to be seen.
    if safe.len() <= MAX_NAME_BYTES {
        return safe.to_owned();
    }
    let extension = safe.rsplit_once('.').map_or("", |(_, end)| end);
    let extension = if extension.len() <= 10 { extension } else { "" };
    let stem = &safe[..safe.floor_char_boundary(MAX_NAME_BYTES - extension.len() - 1)];
    if extension.is_empty() { stem.to_owned() } else { format!("{stem}.{extension}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leads_elsewhere() {
        assert_eq!(safe_name("report.pdf"), "report.pdf");
        assert_eq!(safe_name("../../etc/passwd"), "passwd");
        assert_eq!(safe_name("C:\\x\\a b;$(rm).txt"), "a_b___rm_.txt");
        assert_eq!(safe_name(".bashrc"), "bashrc");
        assert_eq!(safe_name("Übersicht 日本.md"), "Übersicht_日本.md");
        for nameless in ["", "..", "/", "\u{202e}"] {
            assert!(!safe_name(nameless).is_empty() && !safe_name(nameless).starts_with('.'));
        }
        let long = safe_name(&format!("{}.tar", "ü".repeat(300)));
        assert!(long.len() <= MAX_NAME_BYTES && long.ends_with(".tar"), "{long}");
    }

    #[test]
    fn a_program_is_no_picture() {
        assert!(Content::Image.fits(b"\xff\xd8\xff\xe0"));
        assert!(!Content::Image.fits(b"\x7fELF"));
        assert!(Content::Voice.fits(b"OggS\0\0"));
        assert!(!Content::Voice.fits(b""));
    }
}
