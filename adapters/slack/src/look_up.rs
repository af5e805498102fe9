//! Looks through a channel or thread for a message of ours of which nobody knows whether it arrived.
//!
//! Each carries its delivery key in its metadata, which Slack gives back. Only where all was read that was said since before
//! the message was written, and it is not there, has it surely not arrived; the newest messages are read in any case, since the
//! clock by which it was written may be wrong. A file that was shared carries no key: it is known by its name, its words and who
//! it is of.
//!
//! Messages are read as JSON: other apps' metadata may be of any shape.
//!
//! Source: <https://docs.slack.dev/messaging/message-metadata>, …/methods/conversations.history, …/conversations.replies,
//! read 2026-11.

use serde::Deserialize;
use serde_json::Value;
use signalbox_adapter::{MessageId, Outgoing, Receipt, Reconciled, Tried};

use crate::api::Api;
use crate::compose::{EVENT_TYPE, Shown, thread};
use crate::escape::unescaped;
use crate::failure::CallError;
use crate::stamp::Stamp;

/// Messages in one answer, as Slack advises.
const PAGE: &str = "200";

/// Most messages in one answer.
const MOST: &str = "999";

/// Most answers that are looked through.
const MAX_PAGES: usize = 20;

/// How far Slack's clock and the core's may be apart, in seconds: what is older by more was surely there before.
const CLOCKS_APART_SECONDS: u64 = 60 * 60;

/// Without messages that are a list it says nothing of what is not there.
#[derive(Deserialize)]
struct Page {
    messages: Vec<Value>,
    /// Of any shape: an app that has no next page says so in several ways.
    #[serde(default)]
    response_metadata: Value,
}

/// Looks for a message where it was sent to.
///
/// # Errors
/// [`CallError`].
pub(crate) async fn look_up(
    api: &Api,
    channel: &str,
    message: &Outgoing,
    tried: &Tried,
) -> Result<Reconciled, CallError> {
    let sought = Sought::of(message, tried);
    let mut cursor = String::new();
    for _ in 0..MAX_PAGES {
        let mut form = vec![("channel", channel), ("include_all_metadata", "true")];
        let method = match thread(&message.target) {
            Some(thread) => {
                form.extend([("ts", thread), ("limit", MOST)]);
                "conversations.replies"
            }
            None => {
                form.push(("limit", PAGE));
                "conversations.history"
            }
        };
        if !cursor.is_empty() {
            form.push(("cursor", cursor.as_str()));
        }
        let page: Page = api.ask(method, &form).await?;
        if let Some(found) = page.messages.iter().find_map(|shown| sought.found(shown)) {
            return Ok(Reconciled::Delivered(Receipt::of(found)));
        }
        // A history begins with its newest message, a thread with its first.
        let is_far =
            method == "conversations.history" && page.messages.last().is_some_and(|last| sought.is_before(last));
        match page.response_metadata["next_cursor"].as_str().filter(|next| !next.is_empty() && !is_far) {
            Some(next) => next.clone_into(&mut cursor),
            // A file appears some time after it was shared.
            None if message.attachment.is_some() => return Ok(Reconciled::Unknowable),
            None => return Ok(Reconciled::Absent),
        }
    }
    Ok(Reconciled::Unknowable)
}

/// Looks in the newest messages for the one that shows a file.
///
/// # Errors
/// [`CallError`].
pub(crate) async fn showing_file(
    api: &Api,
    channel: &str,
    thread: Option<&str>,
    file: &str,
) -> Result<Option<MessageId>, CallError> {
    // A thread is read from its beginning.
    let mut form = vec![("channel", channel), ("limit", if thread.is_some() { MOST } else { PAGE })];
    let method = match thread {
        Some(thread) => {
            form.push(("ts", thread));
            "conversations.replies"
        }
        None => "conversations.history",
    };
    let page: Page = api.ask(method, &form).await?;
    let has_file = |shown: &&Value| files(shown).any(|one| one["id"] == file);
    Ok(page.messages.iter().find(has_file).and_then(ts))
}

struct Sought<'a> {
    key: &'a str,
    /// Name and words of a file.
    file: Option<(&'a str, String)>,
    others: &'a [MessageId],
    /// What is older by Slack's clock was there before the message was written.
    since: Stamp,
}

impl<'a> Sought<'a> {
    fn of(message: &'a Outgoing, tried: &'a Tried) -> Self {
        let words = || ink(&unescaped(&Shown::of(message).text));
        Self {
            since: Stamp::at(tried.written).before(CLOCKS_APART_SECONDS),
            key: message.key.as_str(),
            file: message.attachment.as_ref().map(|file| (file.file_name.as_str(), words())),
            others: &tried.others,
        }
    }

    fn found(&self, shown: &Value) -> Option<MessageId> {
        let ts = ts(shown).filter(|ts| !self.others.contains(ts))?;
        let metadata = &shown["metadata"];
        let has_key = metadata["event_type"] == EVENT_TYPE && metadata["event_payload"]["key"] == self.key;
        let is_file = self.file.as_ref().is_some_and(|(name, words)| {
            let is_ours = shown["bot_id"].is_string() || shown["upload"] == true;
            let has_name = files(shown).any(|file| file["title"] == *name || file["name"] == *name);
            is_ours && has_name && says(shown, words) && !self.is_before(shown)
        });
        (has_key || is_file).then_some(ts)
    }
}

impl Sought<'_> {
    fn is_before(&self, shown: &Value) -> bool {
        shown["ts"].as_str().and_then(Stamp::read).is_some_and(|at| at < self.since)
    }
}

/// Whether the message of a file says this; where its words went as blocks, it has no text.
fn says(shown: &Value, words: &str) -> bool {
    let said = ink(&unescaped(shown["text"].as_str().unwrap_or_default()));
    said.is_empty() || said == words
}

fn ts(shown: &Value) -> Option<MessageId> {
    shown["ts"].as_str().map(MessageId::new)
}

fn files(shown: &Value) -> impl Iterator<Item = &Value> {
    shown["files"].as_array().into_iter().flatten()
}

/// Returns what of a text is seen.
fn ink(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use serde_json::json;
    use signalbox_adapter::Attachment;

    use super::*;
    use crate::compose::{metadata, tests::outgoing};

    #[test]
    fn a_message_is_known_by_its_key_whatever_other_apps_have() {
        let message = outgoing("hi");
        let tried = Tried { others: vec![MessageId::new("3.0")], ..Tried::at(UNIX_EPOCH) };
        let sought = Sought::of(&message, &tried);
        for other in [
            json!({ "ts": "1.0", "text": "hi" }),
            json!({ "ts": "1.0", "text": "hi", "metadata": { "event_type": 7, "event_payload": [1, { "key": 2 }] } }),
            json!({ "ts": "1.0", "text": "hi", "metadata": { "event_type": EVENT_TYPE, "event_payload": "x" } }),
            json!({ "ts": "3.0", "metadata": metadata(&message.key) }),
            json!({ "metadata": metadata(&message.key) }),
            json!("nothing"),
        ] {
            assert_eq!(sought.found(&other), None, "{other}");
        }
        let ours = json!({ "ts": "2.0", "text": "edited", "metadata": metadata(&message.key) });
        assert_eq!(sought.found(&ours), Some(MessageId::new("2.0")));
    }

    #[test]
    fn a_file_is_known_by_its_name_and_words() {
        let mut message = outgoing("the rest & more");
        message.attachment = Some(Attachment::text("answer.md", "text/markdown", "# Rest"));
        let tried = Tried::at(UNIX_EPOCH);
        let sought = Sought::of(&message, &tried);
        let shown = |name: &str, text: &str| json!({ "ts": "2.0", "bot_id": "B1", "text": text, "files": [{ "id": "F1", "title": name }] });
        assert_eq!(sought.found(&shown("answer.md", "the rest &amp; more")), Some(MessageId::new("2.0")));
        assert_eq!(sought.found(&shown("answer.md", "")), Some(MessageId::new("2.0")), "its words stand in blocks");
        assert_eq!(sought.found(&shown("other.md", "the rest &amp; more")), None);
        assert_eq!(sought.found(&shown("answer.md", "other words")), None);
    }
}
