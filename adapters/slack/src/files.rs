//! Files of messages: downloaded from Slack's own hosts, with the bot's token.
//!
//! What cannot be taken, or does not arrive within [`FETCH_WITHIN`], is told in one sentence; only where a file cannot be
//! written does the message come again.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use signalbox_adapter::http;
use signalbox_adapter::{Content, InboundKey, Incoming, IncomingFile, Saving, safe_name};
use tokio::time::{Instant, sleep, timeout_at};

use crate::api::Api;
use crate::failure::CallError;
use crate::posted::text;

/// Largest file that is taken, in bytes. People may send up to 1 GB, which no prompt has a use for.
const MAX_FILE_BYTES: u64 = 25 * 1024 * 1024;

/// Most files of a message that are taken.
const MAX_FILES: usize = 10;

/// Longest wait for the files of one message.
const FETCH_WITHIN: Duration = Duration::from_secs(60);

/// How often a file is asked for before it is given up.
const ATTEMPTS: u32 = 3;

/// Pause after the first failed download; the next is twice as long.
const PAUSE: Duration = Duration::from_millis(500);

/// Where Slack keeps files.
/// Source: <https://docs.slack.dev/reference/objects/file-object>, read 2026-11.
const HOSTS: [&str; 2] = ["files.slack.com", "slack-files.com"];

/// A file that Slack keeps for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileRef {
    /// Where it is; empty where Slack does not tell.
    pub(crate) url: String,
    /// Its size in bytes, where Slack says so.
    pub(crate) size: Option<u64>,
    /// Its name as the sender had it.
    pub(crate) name: String,
    /// What it claims to be.
    pub(crate) content: Content,
}

/// Reads what a message tells of a file.
pub(crate) fn of(file: &Value) -> FileRef {
    let url =
        ["url_private_download", "url_private"].map(|key| text(file, key)).into_iter().find(|url| !url.is_empty());
    let is_kept = !matches!(text(file, "mode"), "external" | "tombstone" | "hidden_by_limit");
    let name = ["name", "title"].map(|key| text(file, key)).into_iter().find(|name| !name.is_empty());
    FileRef {
        url: url.filter(|_| is_kept).unwrap_or_default().to_owned(),
        size: file["size"].as_u64(),
        name: name.unwrap_or("file").to_owned(),
        content: if text(file, "subtype") == "slack_audio" { Content::Voice } else { Content::Any },
    }
}

/// Downloads the files of a message into a directory, and says of each that cannot be had why.
///
/// # Errors
/// What the file system says.
pub(crate) async fn fetch(
    api: &Api,
    mut incoming: Incoming,
    files: Vec<FileRef>,
    directory: PathBuf,
) -> io::Result<Incoming> {
    let deadline = Instant::now() + FETCH_WITHIN;
    for (number, file) in files.iter().take(MAX_FILES).enumerate() {
        let saved = timeout_at(deadline, save_patiently(api, file, &directory, &incoming.key, number)).await;
        match saved.unwrap_or_else(|_| Ok(Err(again(file, "it took too long"))))? {
            Ok(file) => incoming.files.push(file),
            Err(why) => incoming.not_taken.push(why),
        }
    }
    let more = files.len().saturating_sub(MAX_FILES);
    if more > 0 {
        incoming.not_taken.push(format!("{more} more files were not taken: {MAX_FILES} are, of one message."));
    }
    Ok(incoming)
}

/// What became of a file: it is on disk, or cannot be taken, and why.
type Saved = Result<IncomingFile, String>;

/// Tells why a file is not on disk yet; another attempt may go well.
#[derive(Debug, thiserror::Error)]
enum FileError {
    /// Slack did not give it.
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
        return Ok(Err(format!("{name} is not where Slack keeps files, and was not taken.")));
    };
    let mut download = match api.download(url).await {
        Err(CallError::Answered(_)) => return Ok(Err(format!("Slack does not give {name} out."))),
        download => download?,
    };
    let is_page = download.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page && !file.name.to_ascii_lowercase().ends_with("html") {
        // Slack sends whoever may not read a file to the page where people sign in.
        return Ok(Err(format!("Slack does not give {name} out: the app may lack the scope files:read.")));
    }
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
    format!("{} could not be downloaded from Slack ({why}); send it again.", safe_name(&file.name))
}

/// Returns a file's address, unless the token should not go there: to Slack's own hosts over TLS, or to where the API of a
/// proxy or of this machine is.
fn place(url: &str, api: &Url) -> Option<Url> {
    let url: Url = url.parse().ok()?;
    let host = url.host_str()?;
    let is_there = url.host_str() == api.host_str();
    let may = match url.scheme() {
        "https" => HOSTS.contains(&host) || is_there,
        "http" => http::is_loopback(&url) && http::is_loopback(api),
        _ => false,
    };
    may.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_to_slack_s_own_hosts() {
        let may = |url: &str, api: &str| place(url, &api.parse().expect("an address")).is_some();
        let api = "https://slack.com/api";
        assert!(may("https://files.slack.com/files-pri/T1-F1/download/a.txt", api));
        for elsewhere in [
            "https://drive.example/a",
            "http://files.slack.com/a",
            "https://files.slack.com.evil/",
            "https://169.254.1.1/",
            "x",
            "",
        ] {
            assert!(!may(elsewhere, api), "{elsewhere}");
        }
        assert!(may("https://proxy.example/files/a", "https://proxy.example/api"));
        assert!(may("http://127.0.0.1:7/a", "http://127.0.0.1:8/api") && !may("http://127.0.0.1:7/a", api));
    }

    #[test]
    fn a_file_that_slack_does_not_keep_has_no_place() {
        let file = serde_json::json!({ "name": "doc", "mode": "external", "url_private": "https://drive.example/a" });
        assert_eq!(of(&file).url, "");
    }
}
