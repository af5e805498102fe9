//! From one update of Telegram to what the rest of the adapter deals with. Pure.
//!
//! Messages become [`Said`], because several of them may yet turn out to be one; edits and presses are complete at once;
//! everything else is nothing, with a reason for the log.

use signalbox_adapter::{
    ChatAddress, ChatId, Content, InboundKey, Incoming, IncomingKind, MessageId, Provider, Sender, ThreadId, UserId,
};

use crate::api::Bot;
use crate::files::FileRef;
use crate::section::PROVIDER;
use crate::update::{Entity, File, Membership, Message, Press, Update, User};

/// What an update is to us.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    /// A message, or a part of one.
    Said(Box<Said>),
    /// Complete as it is.
    Whole(Box<Incoming>),
    /// Not for us; only to be confirmed.
    Nothing(&'static str),
}

/// A message before it is known whether it is complete.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// The message, without its files.
    pub(crate) incoming: Incoming,
    /// What it says; the `kind` of `incoming` is made of it.
    pub(crate) text: String,
    /// Its files, not downloaded yet.
    pub(crate) files: Vec<FileRef>,
    /// The album it belongs to.
    pub(crate) album: Option<String>,
    /// When it was sent, in seconds since 1970, by Telegram's clock.
    pub(crate) sent: i64,
}

/// Understands one update.
pub(crate) fn translate(bot: &Bot, update: Update) -> Piece {
    let key = InboundKey::new(format!("telegram:{}:{}", bot.id, update.update_id));
    match update {
        Update { message: Some(message), .. } | Update { channel_post: Some(message), .. } => said(bot, key, &message),
        Update { edited_message: Some(message), .. } | Update { edited_channel_post: Some(message), .. } => {
            match said(bot, key, &message) {
                Piece::Said(said) if !said.text.is_empty() => {
                    let kind = IncomingKind::Edited(said.text);
                    Piece::Whole(Box::new(Incoming { kind, ..said.incoming }))
                }
                Piece::Said(_) | Piece::Whole(_) | Piece::Nothing(_) => Piece::Nothing("an edit without text"),
            }
        }
        Update { callback_query: Some(query), .. } => pressed(key, query),
        Update { my_chat_member: Some(change), .. } => membership(&change),
        Update { .. } => Piece::Nothing("a kind of update that was not asked for"),
    }
}

fn said(bot: &Bot, key: InboundKey, message: &Message) -> Piece {
    if let Some(to) = message.migrate_to_chat_id {
        return moved(key, message, to);
    }
    let Some(sender) = sender(message) else { return Piece::Nothing("a message of nobody") };
    let files: Vec<FileRef> = file(message).into_iter().collect();
    let (written, entities) = match (&message.text, &message.caption) {
        (Some(text), _) => (text.as_str(), &message.entities),
        (None, Some(caption)) => (caption.as_str(), &message.caption_entities),
        (None, None) => ("", &message.entities),
    };
    if written.is_empty() && files.is_empty() {
        return Piece::Nothing("a message without text or file");
    }
    let replied = message.reply_to_message.as_deref().filter(|replied| !is_topic_root(message, replied));
    let answers_us = replied.and_then(|replied| replied.from.as_ref()).is_some_and(|user| user.id == bot.id);
    let (text, mentioned) = without_mention(written, entities, bot);
    let incoming = Incoming {
        message: Some(MessageId::new(message.message_id.to_string())),
        reply_to: replied.map(|replied| MessageId::new(replied.message_id.to_string())),
        direct: is_private(message),
        addressed: mentioned || answers_us,
        ..Incoming::new(key, address(message), sender, IncomingKind::Text(text.clone()))
    };
    let album = message.media_group_id.clone();
    Piece::Said(Box::new(Said { incoming, text, files, album, sent: message.date }))
}

/// A group that became a supergroup says so in its last message.
fn moved(key: InboundKey, message: &Message, to: i64) -> Piece {
    Piece::Whole(Box::new(Incoming::new(
        key,
        address(message),
        sender(message).unwrap_or_else(Sender::nobody),
        IncomingKind::Moved { to: ChatId::new(to.to_string()) },
    )))
}

fn is_private(message: &Message) -> bool {
    message.chat.kind == "private"
}

/// Each message in a topic that answers nothing else "answers" the message that opened the topic.
fn is_topic_root(message: &Message, replied: &Message) -> bool {
    message.is_topic_message && message.message_thread_id == Some(replied.message_id)
}

/// Returns the chat, and the topic where it is one: a thread of replies also has a thread's id.
fn address(message: &Message) -> ChatAddress {
    let thread = message.message_thread_id.filter(|_| message.is_topic_message);
    ChatAddress {
        provider: Provider::new(PROVIDER),
        chat: ChatId::new(message.chat.id.to_string()),
        thread: thread.map(|thread| ThreadId::new(thread.to_string())),
    }
}

/// Returns who said it. An administrator who hides behind the group is the group, a forwarded channel the channel. What
/// stands in a channel is the channel's own word, whoever or whatever wrote it: nobody there can be asked who they are.
fn sender(message: &Message) -> Option<Sender> {
    if let Some(chat) = &message.sender_chat {
        return Some(Sender {
            id: UserId::new(chat.id.to_string()),
            name: chat.title.clone().unwrap_or_default(),
            bot: chat.id != message.chat.id || message.chat.kind == "channel",
            roles: Vec::new(),
        });
    }
    message.from.as_ref().map(person)
}

fn person(user: &User) -> Sender {
    let name = match &user.last_name {
        Some(last) => format!("{} {last}", user.first_name),
        None => user.first_name.clone(),
    };
    Sender { id: UserId::new(user.id.to_string()), name, bot: user.is_bot, roles: Vec::new() }
}

/// Takes a mention of the bot out of the beginning or end of a text; says whether there is one anywhere in it.
fn without_mention(text: &str, entities: &[Entity], bot: &Bot) -> (String, bool) {
    let mut mentioned = false;
    let mut kept = text;
    for entity in entities {
        let Some(range) = range(text, entity) else { continue };
        let words = &text[range.clone()];
        let ours = |name: &str| !bot.username.is_empty() && name.eq_ignore_ascii_case(&bot.username);
        let is_mention = match entity.kind.as_str() {
            "mention" => words.strip_prefix('@').is_some_and(ours),
            "text_mention" => entity.user.as_ref().is_some_and(|user| user.id == bot.id),
            "bot_command" => {
                mentioned |= words.split_once('@').is_some_and(|(_, name)| ours(name));
                false
            }
            _ => false,
        };
        mentioned |= is_mention;
        if is_mention && text[..range.start].trim().is_empty() {
            kept = text[range.end..].trim_start_matches([',', ':']).trim_start();
        } else if is_mention && text[range.end..].trim().is_empty() && kept.len() > words.len() {
            kept = kept.trim_end().strip_suffix(words).unwrap_or(kept).trim_end();
        }
    }
    (kept.to_owned(), mentioned)
}

/// Returns the bytes of an entity, unless its offsets are not those of this text.
fn range(text: &str, entity: &Entity) -> Option<std::ops::Range<usize>> {
    let at = |units: usize| {
        let mut seen = 0;
        let ends = text.char_indices().map(|(at, c)| (at, c.len_utf16())).chain([(text.len(), 0)]);
        ends.into_iter().find_map(|(at, len)| {
            let here = seen == units;
            seen += len;
            here.then_some(at)
        })
    };
    Some(at(entity.offset)?..at(entity.offset.checked_add(entity.length)?)?)
}

/// Returns the file that a message carries; of a photo the largest size.
fn file(message: &Message) -> Option<FileRef> {
    let refer = |file: &File, fallback: &str, content| {
        let name = file.file_name.clone().unwrap_or_else(|| fallback.to_owned());
        FileRef { id: file.file_id.clone(), size: file.file_size, name, content }
    };
    let photo = message.photo.iter().max_by_key(|size| size.width.saturating_mul(size.height));
    // An animation also comes as a document, which is why it goes first.
    let files = [
        (photo, "photo.jpg", Content::Image),
        (message.voice.as_ref(), "voice.ogg", Content::Voice),
        (message.animation.as_ref(), "animation.mp4", Content::Any),
        (message.document.as_ref(), "document", Content::Any),
        (message.audio.as_ref(), "audio", Content::Any),
        (message.video.as_ref(), "video.mp4", Content::Any),
        (message.video_note.as_ref(), "video.mp4", Content::Any),
    ];
    files.into_iter().find_map(|(file, fallback, content)| Some(refer(file?, fallback, content)))
}

fn pressed(key: InboundKey, press: Press) -> Piece {
    let (Some(action), Some(shown)) = (press.data, press.message) else {
        return Piece::Nothing("a press without an action or a message");
    };
    Piece::Whole(Box::new(Incoming {
        // The message that shows the button, which an answer belongs to.
        reply_to: Some(MessageId::new(shown.message_id.to_string())),
        direct: is_private(&shown),
        addressed: true,
        ..Incoming::new(
            key,
            address(&shown),
            person(&press.from),
            IncomingKind::Button { action, press: Some(press.id) },
        )
    }))
}

fn membership(change: &Membership) -> Piece {
    let status = change.new_chat_member.status.as_str();
    if matches!(status, "left" | "kicked") {
        tracing::warn!(chat.id = change.chat.id, "the bot was removed from a chat or blocked");
    } else {
        tracing::info!(chat.id = change.chat.id, member.status = status, "the bot was added to a chat or unblocked");
    }
    Piece::Nothing("the bot's membership changed")
}

#[cfg(test)]
mod tests;
