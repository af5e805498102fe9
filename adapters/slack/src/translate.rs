//! From one event of Slack to what the core deals with. Pure.

use serde_json::Value;
use signalbox_adapter::http::FileRef;
use signalbox_adapter::{
    ChatAddress, ChatId, InboundKey, Incoming, IncomingKind, MessageId, Provider, Sender, ThreadId, UserId,
};

use crate::files;
use crate::posted::{self, text};
use crate::section::PROVIDER;
use crate::words::{self, Names};

/// Kinds of messages that people or bots write; those without a kind are the plainest.
/// Source: <https://docs.slack.dev/reference/events/message#subtypes>, read 2026-11.
const WRITTEN: [&str; 5] = ["", "file_share", "thread_broadcast", "me_message", "bot_message"];

/// Who we are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Us {
    /// What keys are made of ([`crate::Settings::bot_id`]).
    pub(crate) id: String,
    /// The bot's user id.
    pub(crate) user: String,
    /// Its id as a bot.
    pub(crate) bot: String,
}

/// What an event is.
#[derive(Debug, PartialEq)]
pub(crate) enum Told<'e> {
    /// Somebody said something.
    Said(&'e Value),
    /// Somebody changed what they had said.
    Edited(&'e Value),
    /// What stood there was taken away.
    Deleted {
        /// The message.
        ts: &'e str,
        /// The thread that it stood in.
        thread: Option<&'e str>,
    },
    /// Nothing for the core.
    Nothing,
}

/// Sorts an event.
pub(crate) fn told(event: &Value) -> Told<'_> {
    match (text(event, "type"), text(event, "subtype")) {
        ("app_mention", _) => Told::Said(event),
        ("message", "message_changed") => changed(event),
        ("message", "message_deleted") => {
            let before = &event["previous_message"];
            match event["deleted_ts"].as_str().or(before["ts"].as_str()) {
                Some(ts) => Told::Deleted { ts, thread: thread_of(before, ts) },
                None => Told::Nothing,
            }
        }
        ("message", kind) if WRITTEN.contains(&kind) => Told::Said(event),
        _ => Told::Nothing,
    }
}

/// A change by a person is marked as such; without that Slack itself has added something, such as the preview of a link. What
/// a bot changes has no mark, so there what it says decides.
fn changed(event: &Value) -> Told<'_> {
    let (message, before) = (&event["message"], &event["previous_message"]);
    let Some(ts) = message["ts"].as_str() else { return Told::Nothing };
    if text(message, "subtype") == "tombstone" {
        return Told::Deleted { ts, thread: thread_of(message, ts) };
    }
    let is_by_person = message["bot_id"].is_null();
    let says_else = ["text", "attachments", "blocks"].iter().any(|key| message[key] != before[key]);
    let is_edited = message["edited"]["ts"] != before["edited"]["ts"] && !message["edited"].is_null();
    if is_edited && text(message, "text") != text(before, "text") || !is_by_person && says_else {
        Told::Edited(message)
    } else {
        Told::Nothing
    }
}

/// Returns the thread that a message stands in; that of a thread's first message is the channel itself.
pub(crate) fn thread_of<'m>(message: &'m Value, ts: &str) -> Option<&'m str> {
    message["thread_ts"].as_str().filter(|thread| *thread != ts)
}

/// Returns an address.
pub(crate) fn address(channel: &str, thread: Option<&str>) -> ChatAddress {
    let main = ChatAddress::new(Provider::new(PROVIDER), ChatId::new(channel));
    ChatAddress { thread: thread.map(ThreadId::new), ..main }
}

/// Whether a channel is one person's with the bot alone.
pub(crate) fn is_direct(channel: &str) -> bool {
    channel.starts_with('D')
}

/// A message that somebody wrote.
#[derive(Debug)]
pub(crate) struct Said {
    /// The message, without its files.
    pub(crate) incoming: Incoming,
    /// Its files, not downloaded yet.
    pub(crate) files: Vec<FileRef>,
}

/// Whether we wrote a message.
pub(crate) fn is_of(us: &Us, message: &Value) -> bool {
    let [user, bot] = [(&us.user, "user"), (&us.bot, "bot_id")].map(|(id, key)| !id.is_empty() && message[key] == **id);
    user || bot
}

/// Names the message of a channel for ever.
pub(crate) fn key(us: &Us, channel: &str, ts: &str) -> String {
    format!("{PROVIDER}:{}:{channel}:{ts}", us.id)
}

/// Understands a message; `None` where it is nothing for the core. `names` has the names of all whom it names.
pub(crate) fn said(us: &Us, channel: &str, message: &Value, edited: bool, names: &Names) -> Option<Said> {
    let ts = message["ts"].as_str()?;
    if is_of(us, message) || !WRITTEN.contains(&text(message, "subtype")) {
        return None;
    }
    let sender = sender(message, names)?;
    let own = words::of(text(message, "text"), &us.user, names);
    // Below a person's message stand only previews of links, and what they share.
    let (said, written) = if sender.bot {
        (posted::whole(message, names), None)
    } else {
        (own.text.clone(), (own.written != own.text).then_some(own.written))
    };
    let quoted = if sender.bot { Vec::new() } else { posted::shared(message, names) };
    let files = if edited { Vec::new() } else { posted::files(message).map(files::of).collect() };
    let is_asked = own.mentioned || text(message, "type") == "app_mention";
    if said.is_empty() && files.is_empty() && quoted.is_empty() && !is_asked {
        return None;
    }
    let key = match edited {
        true => format!("{}:{}", key(us, channel, ts), edit_of(message)),
        false => key(us, channel, ts),
    };
    let kind = if edited { IncomingKind::Edited(said) } else { IncomingKind::Text(said) };
    let told = Incoming::new(InboundKey::new(key), address(channel, thread_of(message, ts)), sender, kind);
    let incoming = Incoming {
        message: Some(MessageId::new(ts)),
        direct: is_direct(channel),
        addressed: is_asked,
        // The scopes of the manifest show all that is said where the bot is.
        hears_all: true,
        quoted,
        written,
        ..told
    };
    Some(Said { incoming, files })
}

/// Names one change of a message: when it was made, or what it says where Slack does not tell that.
fn edit_of(message: &Value) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (message["attachments"].to_string(), text(message, "text")).hash(&mut hasher);
    match message["edited"]["ts"].as_str() {
        Some(ts) if message["bot_id"].is_null() => ts.to_owned(),
        ts => format!("{}{:016x}", ts.unwrap_or_default(), hasher.finish()),
    }
}

/// Tells that a message was taken away.
pub(crate) fn deleted(us: &Us, channel: &str, ts: &str, thread: Option<&str>) -> Incoming {
    let key = InboundKey::new(format!("{}:deleted", key(us, channel, ts)));
    let told = Incoming::new(key, address(channel, thread), Sender::nobody(), IncomingKind::Deleted);
    Incoming { message: Some(MessageId::new(ts)), ..told }
}

/// Returns who wrote a message.
pub(crate) fn sender(message: &Value, names: &Names) -> Option<Sender> {
    let (user, bot) = (message["user"].as_str(), message["bot_id"].as_str());
    let id = user.or(bot)?;
    let told =
        [text(&message["bot_profile"], "name"), text(message, "username")].into_iter().find(|name| !name.is_empty());
    let name = names.get(id).map(String::as_str).or(told).unwrap_or(id).to_owned();
    // What a bot calls itself is no identity; its id is.
    Some(Sender { id: UserId::new(id), name, bot: bot.is_some(), roles: Vec::new() })
}

/// Returns the ids of all people whose names a message needs.
pub(crate) fn people(message: &Value) -> Vec<String> {
    let mut ids: Vec<String> = words::people(text(message, "text")).map(str::to_owned).collect();
    let shared = message["attachments"].as_array().into_iter().flatten();
    ids.extend(shared.flat_map(|attachment| words::people(text(attachment, "text"))).map(str::to_owned));
    if message["bot_id"].is_null() {
        ids.extend(message["user"].as_str().map(str::to_owned));
    }
    ids.sort();
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests;
