//! Files of messages: downloaded from the provider's own hosts into a private directory, patiently and within bounds.
//!
//! What cannot be taken, or does not arrive within [`FETCH_WITHIN`], is told in one sentence; only where a file cannot be
//! written does the message have to come again.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Response, Url};
use tokio::time::{Instant, sleep, timeout_at};

use super::words;
use crate::{Content, InboundKey, Incoming, IncomingFile, Saving, safe_name};

/// Largest file that is taken, in bytes. People may send larger ones, which no prompt has a use for.
const MAX_FILE_BYTES: u64 = 25 * 1024 * 1024;

/// Most files of a message that are taken.
const MAX_FILES: usize = 10;

/// Longest wait for the files of one message.
const FETCH_WITHIN: Duration = Duration::from_secs(60);

/// How often a file is asked for before it is given up.
const ATTEMPTS: u32 = 3;

/// Pause after the first failed download; the next is twice as long.
const PAUSE: Duration = Duration::from_millis(500);

/// A file that a provider keeps for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRef {
    /// Where it is; empty where the provider does not tell.
    pub url: String,
    /// Its size in bytes, where the provider says so.
    pub size: Option<u64>,
    /// Its name as the sender had it.
    pub name: String,
    /// What it claims to be.
    pub content: Content,
}

/// Where a provider keeps files.
#[async_trait]
pub trait FileHost: Sync {
    /// What people call the provider.
    fn name(&self) -> &'static str;

    /// Returns a file's address, unless nothing should be asked there.
    fn place(&self, url: &str) -> Option<Url>;

    /// Begins a download.
    ///
    /// # Errors
    /// [`NoFile`].
    async fn begin(&self, url: Url) -> Result<Response, NoFile>;

    /// Says, in a sentence, why what comes is not the file; `None` where it is.
    fn is_another(&self, _file: &FileRef, _response: &Response) -> Option<String> {
        None
    }
}

/// Why a download did not begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoFile {
    /// The provider does not give it out.
    Denied,
    /// It did not come; another attempt may go well. Holds why.
    Failed(String),
}

/// Downloads the files of a message into a directory, and says of each that cannot be had why.
///
/// # Errors
/// What the file system says.
pub async fn fetch(
    host: &dyn FileHost,
    mut incoming: Incoming,
    files: Vec<FileRef>,
    directory: PathBuf,
) -> io::Result<Incoming> {
    let deadline = Instant::now() + FETCH_WITHIN;
    for (number, file) in files.iter().take(MAX_FILES).enumerate() {
        let saved = timeout_at(deadline, save_patiently(host, file, &directory, &incoming.key, number)).await;
        match saved.unwrap_or_else(|_| Ok(Err(again(host, file, "it took too long"))))? {
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

/// Tells why a file is not on disk yet.
enum Unsaved {
    /// It did not come.
    Download(String),
    /// It could not be written.
    Write(io::Error),
}

impl From<io::Error> for Unsaved {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

async fn save_patiently(
    host: &dyn FileHost,
    file: &FileRef,
    directory: &Path,
    key: &InboundKey,
    number: usize,
) -> io::Result<Saved> {
    let mut attempt = 1;
    loop {
        match save(host, file, directory, key, number).await {
            Ok(saved) => return Ok(saved),
            Err(Unsaved::Write(error)) => return Err(error),
            Err(Unsaved::Download(_)) if attempt < ATTEMPTS => {
                sleep(attempt * PAUSE).await;
                attempt += 1;
            }
            Err(Unsaved::Download(why)) => return Ok(Err(again(host, file, &why))),
        }
    }
}

async fn save(
    host: &dyn FileHost,
    file: &FileRef,
    directory: &Path,
    key: &InboundKey,
    number: usize,
) -> Result<Saved, Unsaved> {
    let name = safe_name(&file.name);
    let too_large = || Ok(Err(format!("{name} is larger than the 25 MB that are taken of one file.")));
    if file.size.is_some_and(|size| size > MAX_FILE_BYTES) {
        return too_large();
    }
    let Some(url) = host.place(&file.url) else {
        return Ok(Err(format!("{name} is not where {} keeps files.", host.name())));
    };
    let mut download = match host.begin(url).await {
        Ok(download) => download,
        Err(NoFile::Denied) => return Ok(Err(format!("{} does not give {name} out any more.", host.name()))),
        Err(NoFile::Failed(why)) => return Err(Unsaved::Download(why)),
    };
    if let Some(why) = host.is_another(file, &download) {
        return Ok(Err(why));
    }
    let mut saving = Saving::begin(directory, key, number, &file.name, file.content).await?;
    while let Some(chunk) = download.chunk().await.map_err(|error| Unsaved::Download(words(error)))? {
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
fn again(host: &dyn FileHost, file: &FileRef, why: &str) -> String {
    format!("{} could not be downloaded from {} ({why}); send it again.", safe_name(&file.name), host.name())
}
