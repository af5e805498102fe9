//! What was said while nobody listened, read from the channels' history.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};
use signalbox_adapter::{ListenError, Occurrence};
use tokio::time::sleep;

use crate::compose;
use crate::failure::CallError;
use crate::handle::Handler;
use crate::stamp::Stamp;
use crate::translate;

/// The method that lists a channel's messages.
const HISTORY: &str = "conversations.history";

/// Messages of a page. Slack gives a workspace's own app up to 999.
/// Source: <https://docs.slack.dev/reference/methods/conversations.history>, read 2026-11.
const PAGE: &str = "200";

/// Pages of a channel or thread that are read: more was said in no absence that anybody would want to be caught up with.
const MAX_PAGES: usize = 50;

/// Pages of what was said before that are looked through for threads that have gone on.
const LOOK_BACK_PAGES: usize = 5;

/// How long before a thread may have begun that is looked for, in seconds: a week.
const LOOK_BACK_SECONDS: u64 = 7 * 24 * 3600;

/// Wait before a channel that could not be read is read again; it doubles with each time.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Times that the wait doubles.
const MAX_DOUBLED: u32 = 6;

/// Stands for the channels that are not known yet.
const CHANNELS: &str = "channels that the bot was asked into";

/// Said in a channel of which not all was read.
const LEFT_OUT: &str = "So much was said here while I was not connected that I have not read the oldest part of it. \
    Please say again what is still to be done.";

/// What is to be read of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    /// From when on.
    pub(crate) since: Stamp,
    /// Times that it could not be read.
    tries: u32,
}

impl Due {
    pub(crate) fn since(since: Stamp) -> Self {
        Self { since, tries: 0 }
    }

    /// Returns what covers both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { since: self.since.min(other.since), tries: self.tries.min(other.tries) }
    }

    fn again(self) -> (Duration, Self) {
        (AGAIN_AFTER * 2_u32.pow(self.tries.min(MAX_DOUBLED)), Self { tries: self.tries.saturating_add(1), ..self })
    }
}

/// What reading has come to.
pub(crate) enum Read<T> {
    /// All of it was had.
    Whole(T),
    /// It is to be read again after this time.
    Again(Duration, Due),
}

/// What was read.
struct Gathered {
    messages: Vec<Value>,
    is_whole: bool,
}

/// Reads again what was said in a channel and its threads lately, in order.
///
/// # Errors
/// [`ListenError::Lost`]: something of it was not taken.
pub(crate) async fn read(handler: &Handler, channel: &str, due: Due) -> Result<Read<()>, ListenError> {
    let Gathered { messages, is_whole } = match gathered(handler, channel, due.since).await {
        Ok(gathered) => gathered,
        Err(CallError::Answered(refusal)) if refusal.remedy().is_some() => {
            handler.behind().read(channel, true);
            handler.kept_from(&CallError::Answered(refusal));
            return Ok(Read::Whole(()));
        }
        Err(error) if error.is_refusal() && !error.may_pass() => {
            tracing::debug!(chat.id = channel, %error, "a channel cannot be read");
            handler.marks().forget(channel);
            handler.behind().read(channel, true);
            return Ok(Read::Whole(()));
        }
        Err(error @ CallError::Limited { after }) => {
            handler.behind().waits(channel, &error.to_string());
            return Ok(Read::Again(after, due));
        }
        Err(error) => {
            handler.behind().waits(channel, &error.to_string());
            (handler.cx.occurred)(Occurrence::Deferred, 1);
            if due.tries == 0 {
                tracing::warn!(chat.id = channel, %error, "what was missed in a channel could not be read; it is tried again");
            }
            let (after, due) = due.again();
            return Ok(Read::Again(after, due));
        }
    };
    for message in &messages {
        handler.said(channel, message).await?;
    }
    handler.behind().read(channel, is_whole);
    if !is_whole {
        (handler.cx.occurred)(Occurrence::LeftOut, 1);
        tracing::warn!(
            chat.id = channel,
            read = messages.len(),
            "too much was missed in a channel; its oldest part is left out"
        );
        let mut body = compose::line(LEFT_OUT);
        body["channel"] = json!(channel);
        if let Err(error) = handler.api.call::<Value>("chat.postMessage", &body).await {
            tracing::warn!(chat.id = channel, %error, "a channel could not be told of what is left out");
        }
    }
    Ok(Read::Whole(()))
}

/// Returns the messages of a channel and its threads, the oldest first.
///
/// A thread that began before is known by its mark, or by the last of its answers, which stands beside its first message: of
/// those that began in the week before are looked for, as far as [`LOOK_BACK_PAGES`] reach.
async fn gathered(handler: &Handler, channel: &str, since: Stamp) -> Result<Gathered, CallError> {
    let _turn = handler.reading.acquire().await;
    let oldest = since.to_string();
    let mut gathered = all(handler, HISTORY, &[("channel", channel), ("oldest", &oldest)], WHOLE).await?;
    let bounds = Bounds { pages: LOOK_BACK_PAGES, until: Some(since.before(LOOK_BACK_SECONDS)) };
    let before = all(handler, HISTORY, &[("channel", channel), ("latest", oldest.as_str())], bounds).await?;
    if !before.is_whole {
        tracing::info!(
            chat.id = channel,
            looked_through = before.messages.len(),
            "older threads of a channel were not looked for; those in which somebody spoke lately are read"
        );
    }
    let before = before.messages;
    let last = |message: &Value| message["latest_reply"].as_str().and_then(Stamp::read);
    let is_over = |message: &&Value| last(message).is_some_and(|last| last < since);
    let over: HashSet<&str> = before.iter().filter(is_over).filter_map(|message| message["ts"].as_str()).collect();
    let mut threads = handler.marks().threads(channel);
    threads.retain(|thread| !over.contains(thread.as_str()));
    let has_gone_on = |message: &&Value| message["reply_count"].as_u64().is_some_and(|count| count > 0);
    let gone_on = gathered.messages.iter().chain(before.iter().filter(|message| !is_over(message))).filter(has_gone_on);
    threads.extend(gone_on.filter_map(|message| message["ts"].as_str()).map(str::to_owned));
    threads.sort();
    threads.dedup();
    for thread in &threads {
        let form = [("channel", channel), ("ts", thread.as_str()), ("oldest", oldest.as_str())];
        match all(handler, "conversations.replies", &form, WHOLE).await {
            // The first message of a thread always comes along.
            Ok(replies) => {
                gathered.is_whole &= replies.is_whole;
                gathered.messages.extend(replies.messages.into_iter().filter(is_reply));
            }
            Err(CallError::Answered(refusal)) if refusal.error == "thread_not_found" => {}
            Err(error) => return Err(error),
        }
    }
    gathered.messages.sort_by_key(|message| message["ts"].as_str().and_then(Stamp::read));
    Ok(gathered)
}

fn is_reply(message: &Value) -> bool {
    message["ts"].as_str().is_some_and(|ts| translate::thread_of(message, ts).is_some())
}

/// Reads all pages of a method that lists messages or channels, up to a bound.
///
/// # Errors
/// [`CallError`].
pub(crate) async fn pages(handler: &Handler, method: &str, form: &[(&str, &str)]) -> Result<Vec<Value>, CallError> {
    all(handler, method, form, WHOLE).await.map(|gathered| gathered.messages)
}

/// How far is read.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Most pages.
    pages: usize,
    /// What is older than this need not be read, where the newest comes first.
    until: Option<Stamp>,
}

/// All that anybody would want to be caught up with.
const WHOLE: Bounds = Bounds { pages: MAX_PAGES, until: None };

/// Reads all pages, up to a bound; where Slack asks to wait between two of them, what was read so far is not thrown away.
async fn all(handler: &Handler, method: &str, form: &[(&str, &str)], bounds: Bounds) -> Result<Gathered, CallError> {
    let (mut messages, mut cursor) = (Vec::new(), String::new());
    let mut left = bounds.pages;
    while left > 0 {
        let mut form = form.to_vec();
        form.push(("limit", PAGE));
        if !cursor.is_empty() {
            form.push(("cursor", cursor.as_str()));
        }
        let (read, next) = match page(handler, method, &form).await {
            Err(CallError::Limited { after }) if !cursor.is_empty() => {
                sleep(after).await;
                continue;
            }
            read => read?,
        };
        let oldest = read.last().and_then(|last| last["ts"].as_str()).and_then(Stamp::read);
        messages.extend(read);
        cursor = next;
        left -= 1;
        let is_far = bounds.until.is_some_and(|until| oldest.is_some_and(|oldest| oldest < until));
        if cursor.is_empty() || is_far {
            return Ok(Gathered { messages, is_whole: true });
        }
    }
    Ok(Gathered { messages, is_whole: false })
}

/// Reads one page; returns what it lists, and by what the next is asked for, which is empty after the last.
///
/// # Errors
/// [`CallError`]; [`CallError::Unanswered`] where it lists nothing that is a list.
async fn page(handler: &Handler, method: &str, form: &[(&str, &str)]) -> Result<(Vec<Value>, String), CallError> {
    let mut page: Value = handler.api.ask(method, form).await?;
    let next = page["response_metadata"]["next_cursor"].as_str().unwrap_or_default().to_owned();
    let key = if page["messages"].is_array() { "messages" } else { "channels" };
    match page.get_mut(key).map(Value::take) {
        Some(Value::Array(listed)) => Ok((listed, next)),
        _ => Err(CallError::Unanswered(format!("the answer to {method} is not what Slack's API says"))),
    }
}

/// Returns the channels that the bot is in; none where Slack will not tell.
pub(crate) async fn channels(handler: &Handler, due: Due) -> Read<Vec<String>> {
    let kinds = [("types", "public_channel,private_channel,mpim,im"), ("exclude_archived", "true")];
    let (after, due) = match pages(handler, "users.conversations", &kinds).await {
        Ok(channels) => {
            handler.behind().read(CHANNELS, true);
            let ids = channels.iter().filter_map(|channel| channel["id"].as_str());
            return Read::Whole(ids.map(str::to_owned).collect());
        }
        Err(error @ CallError::Limited { after }) => {
            handler.behind().waits(CHANNELS, &error.to_string());
            (after, due)
        }
        Err(error) if error.is_refusal() && !error.may_pass() => {
            handler.behind().read(CHANNELS, true);
            tracing::warn!(%error, "Slack does not tell in which channels the bot is; in those without a mark nothing is looked for");
            return Read::Whole(Vec::new());
        }
        Err(error) => {
            handler.behind().waits(CHANNELS, &error.to_string());
            (handler.cx.occurred)(Occurrence::Deferred, 1);
            if due.tries == 0 {
                tracing::warn!(%error, "Slack did not tell in which channels the bot is; it is asked again");
            }
            due.again()
        }
    };
    Read::Again(after, due)
}
