//! Files of messages: which there are, and that they are on Slack's own hosts, which alone are told the bot's token.

use async_trait::async_trait;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, Url};
use serde::Deserialize;
use serde_json::Value;
use signalbox_adapter::http::{self, FileHost, FileRef, NoFile};
use signalbox_adapter::{Content, safe_name};

use crate::api::Api;
use crate::failure::CallError;
use crate::posted::{self, text};

/// Where Slack keeps files.
/// Source: <https://docs.slack.dev/reference/objects/file-object>, read 2026-11.
const HOSTS: [&str; 2] = ["files.slack.com", "slack-files.com"];

/// Most files of one message that are asked for: as many as Slack lets a person send.
const MAX_ASKED_FOR: usize = 10;

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

/// Asks for what a message does not tell of its files: those of another organisation's person (Slack Connect) come as an id
/// alone. What cannot be had stays as it was told.
/// Source: <https://docs.slack.dev/reference/objects/file-object>, `file_access`, read 2026-11.
pub(crate) async fn looked_up(api: &Api, message: &Value, mut files: Vec<FileRef>) -> Vec<FileRef> {
    let told = posted::files(message).take(MAX_ASKED_FOR);
    for (file, told) in files.iter_mut().zip(told).filter(|(_, told)| text(told, "file_access") == "check_file_info") {
        match api.ask::<Found>("files.info", &[("file", text(told, "id"))]).await {
            Ok(found) => *file = of(&found.file),
            Err(error) => tracing::info!(%error, "what a file of another organisation is could not be asked for"),
        }
    }
    files
}

#[derive(Deserialize)]
struct Found {
    file: Value,
}

#[async_trait]
impl FileHost for Api {
    fn name(&self) -> &'static str {
        "Slack"
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

    /// Slack sends whoever may not read a file to the page where people sign in.
    fn is_another(&self, file: &FileRef, response: &Response) -> Option<String> {
        let kind = response.headers().get(CONTENT_TYPE);
        let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        (is_page && !file.name.to_ascii_lowercase().ends_with("html")).then(|| {
            let name = safe_name(&file.name);
            format!("Slack does not give {name} out: the app may lack the scope files:read.")
        })
    }
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
