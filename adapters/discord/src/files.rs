//! Files of messages: downloaded from Discord's own hosts, without the token.
//!
//! What cannot be taken, or does not arrive within [`FETCH_WITHIN`], is told in one sentence; only where a file cannot be
//! written does the message come again.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use signalbox_adapter::http;
use signalbox_adapter::{Content, InboundKey, Incoming, IncomingFile, Saving, safe_name};
use tokio::time::{Instant, sleep, timeout_at};

use crate::api::Api;
use crate::event::Message;
use crate::failure::CallError;
use crate::posted::is_of;
use crate::translate::Us;

/// Largest file that is taken, in bytes. People may send up to 500 MB, which no prompt has a use for.
const MAX_FILE_BYTES: u64 = 25 * 1024 * 1024;

/// Most files of a message that are taken; Discord's own apps send no more.
const MAX_FILES: usize = 10;

/// Longest wait for the files of one message.
const FETCH_WITHIN: Duration = Duration::from_secs(60);

/// How often a file is asked for before it is given up.
const ATTEMPTS: u32 = 3;

/// Pause after the first failed download; the next is twice as long.
const PAUSE: Duration = Duration::from_millis(500);

/// The flag of a voice note.
/// Source: <https://docs.discord.com/developers/resources/message#message-object-message-flags>, read 2026-11.
const VOICE_NOTE: u64 = 1 << 13;

/// Where Discord keeps files.
/// Source: <https://docs.discord.com/developers/reference#signed-attachment-cdn-urls>, read 2026-11.
const HOSTS: [&str; 2] = ["cdn.discordapp.com", "media.discordapp.net"];

/// A file that Discord keeps for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileRef {
    /// Where it is.
    pub(crate) url: String,
    /// Its size in bytes, where Discord says so.
    pub(crate) size: Option<u64>,
    /// Its name as the sender had it.
    pub(crate) name: String,
    /// What it claims to be.
    pub(crate) content: Content,
}

/// Returns the files of a message, of what it forwards, and of the message that it answers, unless that is one of ours.
pub(crate) fn of(us: &Us, message: &Message) -> Vec<FileRef> {
    let content = if message.flags & VOICE_NOTE == 0 { Content::Any } else { Content::Voice };
    let forwarded = message.message_snapshots.iter().flat_map(|snapshot| &snapshot.message.attachments);
    let answered = message.referenced_message.as_deref().filter(|answered| !is_of(us, answered));
    let answered = answered.into_iter().flat_map(|answered| &answered.attachments);
    let forwarded = forwarded.chain(answered);
    let files = message.attachments.iter().map(|file| (file, content));
    let refer = |(file, content): (&crate::event::Attachment, Content)| FileRef {
        url: file.url.clone(),
        size: file.size,
        name: file.filename.clone(),
        content,
    };
    files.chain(forwarded.map(|file| (file, Content::Any))).map(refer).collect()
}

/// Downloads the files of a message into a directory, and says of each that cannot be had why.
///
/// # Errors
/// What the file system says.
pub(crate) async fn fetch(
    api: Arc<Api>,
    mut incoming: Incoming,
    files: Vec<FileRef>,
    directory: PathBuf,
) -> io::Result<Incoming> {
    let deadline = Instant::now() + FETCH_WITHIN;
    for (number, file) in files.iter().take(MAX_FILES).enumerate() {
        let saved = timeout_at(deadline, save_patiently(&api, file, &directory, &incoming.key, number)).await;
        match saved.unwrap_or_else(|_| Ok(Err(again(file, "it took too long"))))? {
            Ok(file) => incoming.files.push(file),
            Err(why) => incoming.not_taken.push(why),
        }
    }
    let more = files.len().saturating_sub(MAX_FILES);
    if more > 0 {
        incoming.not_taken.push(format!("{more} more files; {MAX_FILES} of one message are."));
    }
    Ok(incoming)
}

/// What became of a file: it is on disk, or cannot be taken, and why.
type Saved = Result<IncomingFile, String>;

/// Tells why a file is not on disk yet; another attempt may go well.
#[derive(Debug, thiserror::Error)]
enum FileError {
    /// Discord did not give it.
    #[error("downloading a file: {0}")]
    Download(#[from] CallError),
    /// It could not be written.
    #[error("writing a downloaded file: {0}")]
    Write(#[from] io::Error),
}

async fn save_patiently(
    api: &Api,
    file: &FileRef,
    directory: &Path,
    key: &InboundKey,
    number: usize,
) -> io::Result<Saved> {
    let mut attempt = 1;
    loop {
        match save(api, file, directory, key, number).await {
            Ok(saved) => return Ok(saved),
            Err(FileError::Write(error)) => return Err(error),
            Err(FileError::Download(error)) if attempt < ATTEMPTS => {
                tracing::debug!(%error, attempt, "a download failed");
                sleep(attempt * PAUSE).await;
                attempt += 1;
            }
            Err(FileError::Download(error)) => return Ok(Err(again(file, &error.to_string()))),
        }
    }
}

async fn save(
    api: &Api,
    file: &FileRef,
    directory: &Path,
    key: &InboundKey,
    number: usize,
) -> Result<Saved, FileError> {
    let name = safe_name(&file.name);
    let too_large = || Ok(Err(format!("{name} is larger than the 25 MB that are taken of one file.")));
    if file.size.is_some_and(|size| size > MAX_FILE_BYTES) {
        return too_large();
    }
    let Some(url) = place(&file.url, api.base()) else {
        return Ok(Err(format!("{name} is not where Discord keeps files.")));
    };
    let mut download = match api.download(url).await {
        Err(CallError::Answered(_)) => return Ok(Err(format!("Discord does not give {name} out any more."))),
        download => download?,
    };
    let mut saving = Saving::begin(directory, key, number, &file.name, file.content).await?;
    while let Some(chunk) = download.chunk().await.map_err(|error| CallError::Unanswered(http::words(error)))? {
        saving.write(&chunk).await?;
        if saving.size_bytes() > MAX_FILE_BYTES {
            return too_large();
        }
    }
    if !saving.fits() {
        return Ok(Err(format!("{name} is not what it claims to be.")));
    }
    Ok(Ok(saving.keep().await?))
}

/// Says that a file was given up.
fn again(file: &FileRef, why: &str) -> String {
    format!("{} could not be downloaded from Discord ({why}); send it again.", safe_name(&file.name))
}

/// Returns a file's address, unless nothing should be asked there: from Discord's own API only Discord's own hosts are
/// named, this machine only by one that runs on it.
fn place(url: &str, api: &Url) -> Option<Url> {
    let url: Url = url.parse().ok()?;
    let is_discord_s = api.host_str() == Some("discord.com");
    let may = match url.scheme() {
        "https" => !is_discord_s || HOSTS.contains(&url.host_str()?),
        "http" => http::is_loopback(&url) && http::is_loopback(api),
        _ => false,
    };
    may.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_asked_of_discord_s_own_hosts() {
        let may = |url: &str, api: &str| place(url, &api.parse().expect("an address")).is_some();
        let api = "https://discord.com/api/v10";
        assert!(may("https://cdn.discordapp.com/attachments/1/2/a.txt?ex=1&is=2&hm=3", api));
        for elsewhere in
            ["https://169.254.1.1/", "http://cdn.discordapp.com/a", "https://cdn.discordapp.com.evil/", "x"]
        {
            assert!(!may(elsewhere, api), "{elsewhere}");
        }
        assert!(may("https://files.proxy.example/a", "https://proxy.example/api"));
        assert!(may("http://127.0.0.1:7/a", "http://127.0.0.1:8/api"));
        assert!(!may("http://127.0.0.1:7/a", api));
    }

    #[test]
    fn a_voice_note_is_told_by_its_flag_and_a_forwarded_file_is_a_file() {
        let note = serde_json::json!({ "id": "1", "channel_id": "2", "flags": 8192,
            "attachments": [{ "filename": "voice-message.ogg", "url": "https://x/1", "size": 7 }],
            "message_snapshots": [{ "message": { "attachments": [{ "filename": "a.txt", "url": "https://x/2" }] } }] });
        let message: Message = serde_json::from_value(note).expect("a message");
        let us = Us { bot_id: "42".to_owned(), user: "42".to_owned(), hears_all: true };
        let files: Vec<_> = of(&us, &message).into_iter().map(|file| (file.name, file.size, file.content)).collect();
        let expected =
            [("voice-message.ogg".to_owned(), Some(7), Content::Voice), ("a.txt".to_owned(), None, Content::Any)];
        assert_eq!(files, expected);
    }
}
