//! Files of messages: which there are, and that they are on Discord's own hosts, which are not told the token.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::{Response, Url};
use signalbox_adapter::http::{self, FileHost, FileRef, NoFile};
use signalbox_adapter::{Content, Incoming};

use crate::api::Api;
use crate::event::Message;
use crate::failure::CallError;
use crate::posted::is_of;
use crate::translate::Us;

/// The flag of a voice note.
/// Source: <https://docs.discord.com/developers/resources/message#message-object-message-flags>, read 2026-11.
const VOICE_NOTE: u64 = 1 << 13;

/// Where Discord keeps files.
/// Source: <https://docs.discord.com/developers/reference#signed-attachment-cdn-urls>, read 2026-11.
const HOSTS: [&str; 2] = ["cdn.discordapp.com", "media.discordapp.net"];

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
    incoming: Incoming,
    files: Vec<FileRef>,
    directory: PathBuf,
) -> io::Result<Incoming> {
    http::fetch(&*api, incoming, files, directory).await
}

#[async_trait]
impl FileHost for Api {
    fn name(&self) -> &'static str {
        "Discord"
    }

    fn place(&self, url: &str) -> Option<Url> {
        place(url, self.base())
    }

    async fn begin(&self, url: Url) -> Result<Response, NoFile> {
        self.download(url).await.map_err(|error| match error {
            CallError::Answered(_) => NoFile::Denied,
            error => NoFile::Failed(error.to_string()),
        })
    }
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
