//! A message with a file: its bytes go where Slack says, and one call then shows it with the words that go with it.
//!
//! Only that last call shows anything, so that whatever fails before it is simply done again. Its answer does not name the
//! message, which may appear a moment later: it is looked for, and where it is not found the file stands for it.
//!
//! Source: <https://docs.slack.dev/messaging/working-with-files#uploading_files>, read 2026-11.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use signalbox_adapter::{Attachment, DeliverError, MessageId, Outgoing};

use crate::api::Api;
use crate::compose::{self, Shown};
use crate::failure::CallError;
use crate::look_up::showing_file;
use crate::refusal::{Carries, Effect};

/// How often, and after how long each time, the message of a file is looked for.
const LOOKS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(500), Duration::from_secs(2)];

#[derive(Deserialize)]
struct Place {
    upload_url: String,
    file_id: String,
}

/// Shows a message with its file, and returns which message that is.
///
/// # Errors
/// [`DeliverError`].
pub(crate) async fn share(
    api: &Api,
    message: &Outgoing,
    file: &Attachment,
    carries: Carries,
) -> Result<MessageId, DeliverError> {
    let channel = compose::channel(&message.target)?;
    let thread = compose::thread(&message.target);
    let place = upload(api, file).await.map_err(|error| error.judged(Effect::Changes, carries))?;
    let body = body(message, channel, thread, &place.file_id, file);
    let shared = api.call::<Value>("files.completeUploadExternal", &body).await;
    shared.map_err(|error| error.judged(Effect::Shows, carries))?;
    let id = place.file_id;
    Ok(find(api, channel, thread, &id).await.unwrap_or_else(|| MessageId::new(id)))
}

/// Brings the bytes to Slack, where nobody sees them yet.
async fn upload(api: &Api, file: &Attachment) -> Result<Place, CallError> {
    let length = file.content.len().to_string();
    let form = [("filename", file.file_name.as_str()), ("length", length.as_str())];
    let place: Place = api.ask("files.getUploadURLExternal", &form).await?;
    api.upload(&place.upload_url, file.content.clone()).await?;
    Ok(place)
}

fn body(message: &Outgoing, channel: &str, thread: Option<&str>, id: &str, file: &Attachment) -> Value {
    let shown = Shown::of(message);
    let mut body = json!({ "files": [{ "id": id, "title": file.file_name }], "channel_id": channel });
    // Words and blocks exclude each other here.
    match shown.blocks.is_empty() || message.plain {
        true if shown.text.is_empty() => {}
        true => body["initial_comment"] = json!(shown.text),
        false => body["blocks"] = json!(shown.blocks),
    }
    if let Some(thread) = thread {
        body["thread_ts"] = json!(thread);
    }
    body
}

async fn find(api: &Api, channel: &str, thread: Option<&str>, file: &str) -> Option<MessageId> {
    for wait in LOOKS {
        tokio::time::sleep(wait).await;
        match showing_file(api, channel, thread, file).await {
            Ok(Some(found)) => return Some(found),
            Ok(None) => {}
            Err(error) => {
                tracing::debug!(%error, "the message of a file was not found");
                return None;
            }
        }
    }
    None
}
