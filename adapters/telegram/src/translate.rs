//! From one update of Telegram to what the rest of the adapter deals with. Pure.
//!
//! Messages become [`Said`], because several of them may yet turn out to be one; edits and presses are complete at once;
//! everything else is nothing, with a reason for the log.

use signalbox_adapter::{
    ChatAddress, ChatId, Content, InboundKey, Incoming, IncomingKind, MessageId, Provider, Quoted, Sender, ThreadId,
    UserId,
};

use crate::api::Bot;
use crate::files::FileRef;
use crate::posted;
use crate::section::PROVIDER;
use crate::update::{File, Media, Membership, Message, Press, Update, User};
use crate::words::{self, Marks, Words};

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
    /// The same, with what stands behind its words written out.
    pub(crate) written: String,
    /// Whether it has files of its own.
    pub(crate) carries: bool,
    /// Its files, and those of what it answers, not downloaded yet.
    pub(crate) files: Vec<FileRef>,
    /// The album it belongs to.
    pub(crate) album: Option<String>,
    /// When it was sent, in seconds since 1970, by Telegram's clock.
    pub(crate) sent: i64,
}

impl Said {
    /// Puts what it says into the message.
    pub(crate) fn worded(mut self) -> Self {
        let has_more = self.written.trim() != self.text.trim();
        self.incoming.written = has_more.then(|| self.written.clone());
        self.incoming.kind = IncomingKind::Text(self.text.clone());
        self
    }
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
    let (written, entities) = posted::text(message);
    // What a bot or a channel says is no command, so all of it is one text; what is passed on is nobody's here.
    let is_passed_on = !sender.bot && posted::is_forward(message);
    let words = if is_passed_on {
        Words::default()
    } else if sender.bot {
        let all = posted::whole(message, Marks::Links);
        Words { text: all.clone(), written: all, mentioned: false }
    } else {
        words::of(&written, entities, bot)
    };
    let own: Vec<FileRef> = file(&message.media, is_passed_on).into_iter().collect();
    let replied = message.reply_to_message.as_deref().filter(|replied| !is_topic_root(message, replied));
    let answers_us = replied.and_then(|replied| replied.from.as_ref()).is_some_and(|user| user.id == bot.id);
    // A sticker that answers something is no question about it.
    let asks = !sender.bot && (!written.trim().is_empty() || !own.is_empty());
    let mut quoted: Vec<Quoted> = posted::forwarded(message).filter(|_| is_passed_on).into_iter().collect();
    let mut answered = Vec::new();
    if asks {
        quoted.extend(posted::answered(message, replied));
        answered.extend(replied.filter(|_| !answers_us).and_then(|replied| file(&replied.media, true)));
        answered.extend(message.external_reply.as_ref().and_then(|there| file(&there.media, true)));
    }
    let not_taken = if sender.bot { Vec::new() } else { posted::not_taken(message) };
    let says_nothing = words.text.is_empty() && own.is_empty() && quoted.is_empty() && not_taken.is_empty();
    if says_nothing && !words.mentioned {
        return Piece::Nothing("a message without text or file");
    }
    let incoming = Incoming {
        message: Some(MessageId::new(message.message_id.to_string())),
        reply_to: replied.map(|replied| MessageId::new(replied.message_id.to_string())),
        direct: is_private(message),
        addressed: words.mentioned || answers_us,
        hears_all: bot.can_read_all_group_messages,
        not_taken,
        quoted,
        ..Incoming::new(key, address(message), sender, IncomingKind::Text(String::new()))
    };
    let said = Said {
        incoming,
        written: posted::with_preview(words.written, message),
        text: words.text,
        carries: !own.is_empty(),
        files: own.into_iter().chain(answered).collect(),
        album: message.media_group_id.clone(),
        sent: message.date,
    };
    Piece::Said(Box::new(said.worded()))
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
    Sender { id: UserId::new(user.id.to_string()), name: posted::name(user), bot: user.is_bot, roles: Vec::new() }
}

/// Returns the file that a message carries; of a photo the largest size. The voice of somebody else is a file like any other:
/// it is not listened to as if the sender spoke.
fn file(media: &Media, is_of_others: bool) -> Option<FileRef> {
    let refer = |file: &File, fallback: &str, content| {
        let name = file.file_name.clone().unwrap_or_else(|| fallback.to_owned());
        FileRef { id: file.file_id.clone(), size: file.file_size, name, content }
    };
    let photo = media.photo.iter().max_by_key(|size| size.width.saturating_mul(size.height));
    let voice = if is_of_others { Content::Any } else { Content::Voice };
    // An animation also comes as a document, which is why it goes first.
    let files = [
        (photo, "photo.jpg", Content::Image),
        (media.voice.as_ref(), "voice.ogg", voice),
        (media.animation.as_ref(), "animation.mp4", Content::Any),
        (media.document.as_ref(), "document", Content::Any),
        (media.audio.as_ref(), "audio", Content::Any),
        (media.video.as_ref(), "video.mp4", Content::Any),
        (media.video_note.as_ref(), "video.mp4", Content::Any),
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
