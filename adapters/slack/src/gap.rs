//! What was said while nobody listened, read from the channels' history.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use signalbox_adapter::ListenError;
use tokio::time::sleep;

use crate::failure::CallError;
use crate::handle::Handler;
use crate::stamp::Stamp;
use crate::translate;

/// Messages of a page. Slack gives a workspace's own app up to 999.
/// Source: <https://docs.slack.dev/reference/methods/conversations.history>, read 2026-11.
const PAGE: &str = "200";

/// Pages of a channel or thread that are read.
const MAX_PAGES: usize = 10;

/// Wait before a channel that could not be read is read again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// How often the list of channels is asked for.
const LIST_TIMES: usize = 5;

/// What reading a channel has come to.
pub(crate) enum Read {
    /// All of it was taken.
    Whole,
    /// It is to be read again after this time.
    Again(Duration),
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    messages: Vec<Value>,
    #[serde(default)]
    channels: Vec<Value>,
    #[serde(default)]
    response_metadata: Next,
}

#[derive(Deserialize, Default)]
struct Next {
    #[serde(default)]
    next_cursor: String,
}

/// Reads again what was said in a channel and its threads lately, in order.
///
/// # Errors
/// [`ListenError::Lost`]: something of it was not taken.
pub(crate) async fn read(handler: &Handler, channel: &str) -> Result<Read, ListenError> {
    let (since, threads) = {
        let marks = handler.marks();
        (marks.since(channel), marks.threads(channel))
    };
    let Some(since) = since else { return Ok(Read::Whole) };
    let messages = match gathered(handler, channel, since, threads).await {
        Ok(messages) => messages,
        Err(CallError::Answered(refusal)) if refusal.remedy().is_none() => {
            tracing::debug!(chat.id = channel, error = refusal.words(), "a channel cannot be read");
            handler.marks().forget(channel);
            return Ok(Read::Whole);
        }
        Err(error @ CallError::Answered(_)) => {
            handler.kept_from(&error);
            return Ok(Read::Whole);
        }
        Err(CallError::Limited { after }) => return Ok(Read::Again(after)),
        Err(error) => {
            tracing::debug!(chat.id = channel, %error, "a channel could not be read");
            return Ok(Read::Again(AGAIN_AFTER));
        }
    };
    for message in &messages {
        handler.said(channel, message).await?;
    }
    Ok(Read::Whole)
}

/// Returns the messages of a channel and its threads, the oldest first.
async fn gathered(
    handler: &Handler,
    channel: &str,
    since: Stamp,
    mut threads: Vec<String>,
) -> Result<Vec<Value>, CallError> {
    let oldest = since.to_string();
    let mut messages = pages(handler, "conversations.history", &[("channel", channel), ("oldest", &oldest)]).await?;
    let gone_on = messages.iter().filter(|message| message["reply_count"].as_u64().is_some_and(|count| count > 0));
    threads.extend(gone_on.filter_map(|message| message["ts"].as_str()).map(str::to_owned));
    threads.sort();
    threads.dedup();
    for thread in &threads {
        let form = [("channel", channel), ("ts", thread.as_str()), ("oldest", oldest.as_str())];
        match pages(handler, "conversations.replies", &form).await {
            // The first message of a thread always comes along.
            Ok(replies) => messages.extend(replies.into_iter().filter(is_reply)),
            Err(CallError::Answered(refusal)) if refusal.error == "thread_not_found" => {}
            Err(error) => return Err(error),
        }
    }
    messages.sort_by_key(|message| message["ts"].as_str().and_then(Stamp::read));
    Ok(messages)
}

fn is_reply(message: &Value) -> bool {
    message["ts"].as_str().is_some_and(|ts| translate::thread_of(message, ts).is_some())
}

/// Reads all pages of a method that lists messages or channels, up to a bound.
///
/// # Errors
/// [`CallError`].
pub(crate) async fn pages(handler: &Handler, method: &str, form: &[(&str, &str)]) -> Result<Vec<Value>, CallError> {
    let (mut read, mut cursor) = (Vec::new(), String::new());
    for _ in 0..MAX_PAGES {
        let mut form = form.to_vec();
        form.push(("limit", PAGE));
        if !cursor.is_empty() {
            form.push(("cursor", cursor.as_str()));
        }
        let page: Page = handler.api.ask(method, &form).await?;
        read.extend(page.messages);
        read.extend(page.channels);
        cursor = page.response_metadata.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    Ok(read)
}

/// Returns the channels that the bot is in; none where Slack does not tell, also when it is asked again.
pub(crate) async fn channels(handler: &Handler) -> Vec<String> {
    let kinds = [("types", "public_channel,private_channel,mpim,im"), ("exclude_archived", "true")];
    for _ in 0..LIST_TIMES {
        let wait = match pages(handler, "users.conversations", &kinds).await {
            Ok(channels) => {
                return channels.iter().filter_map(|channel| channel["id"].as_str()).map(str::to_owned).collect();
            }
            Err(CallError::Limited { after }) => after,
            Err(CallError::Answered(refusal)) => {
                tracing::warn!(error = refusal.words(), "Slack does not tell in which channels the bot is");
                return Vec::new();
            }
            Err(CallError::Unsent(_) | CallError::Unanswered(_)) => AGAIN_AFTER,
        };
        sleep(wait).await;
    }
    tracing::warn!("Slack did not tell in which channels the bot is; in those without a mark nothing is looked for");
    Vec::new()
}
