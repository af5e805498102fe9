//! Files of messages: downloaded from where `getFile` says they are.
//!
//! What cannot be taken is told in one sentence and never retried; what went wrong on the way is, with the update that
//! carries it.

use std::path::Path;
use std::sync::Arc;

use signalbox_adapter::{Content, InboundKey, IncomingFile, Saving, safe_name};
use teloxide::payloads::GetFile;
use teloxide::types::FileId;

use crate::api::{Api, CALL_TIMEOUT};
use crate::failure::CallError;

/// Largest file that Telegram lets a bot download, in bytes.
/// Source: <https://core.telegram.org/bots/api#getfile>, read 2026-11.
pub const MAX_DOWNLOAD_BYTES: u64 = 20 * 1024 * 1024;

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

/// Downloads one file, that of this number of a message.
pub(crate) async fn save(
    api: &Arc<Api>,
    file: &FileRef,
    directory: &Path,
    key: &InboundKey,
    number: usize,
) -> Result<Saved, FileError> {
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
    let mut saving = Saving::begin(directory, key, number, &file.name, file.content).await?;
    while let Some(chunk) = download.chunk().await.map_err(|error| cut_off(&error))? {
        saving.write(&chunk).await?;
        if saving.size_bytes() > MAX_DOWNLOAD_BYTES {
            return too_large();
        }
    }
    if !saving.fits() {
        return Ok(Saved::Not(format!("{name} is not what it claims to be.")));
    }
    Ok(Saved::File(saving.keep().await?))
}

/// Says that a file was given up.
pub(crate) fn not_downloaded(file: &FileRef, error: &CallError) -> String {
    format!("{} could not be downloaded from Telegram ({error}); send it again.", safe_name(&file.name))
}

fn cut_off(error: &reqwest::Error) -> CallError {
    let why = if error.is_timeout() { "it took too long" } else { "it was cut off" };
    CallError::Unanswered(why.to_owned())
}
