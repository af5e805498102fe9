//! What is read of an update.
//!
//! # Why not teloxide's types
//! They take a message as a whole or not at all: one entity of a kind that came later, or a voice note without a media
//! type, and what somebody said would be lost. Here a field that is not needed cannot stand in the way.

use serde::Deserialize;

/// One update, of the kinds that are asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Update {
    pub(crate) update_id: u32,
    pub(crate) message: Option<Message>,
    pub(crate) edited_message: Option<Message>,
    pub(crate) channel_post: Option<Message>,
    pub(crate) edited_channel_post: Option<Message>,
    pub(crate) callback_query: Option<Press>,
    pub(crate) my_chat_member: Option<Membership>,
}

/// A message; also one that others refer to, which may lack almost everything.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    pub(crate) message_id: i64,
    pub(crate) chat: Chat,
    pub(crate) from: Option<User>,
    pub(crate) sender_chat: Option<Chat>,
    /// Seconds since 1970; 0 where it is too old to be looked at.
    #[serde(default)]
    pub(crate) date: i64,
    pub(crate) message_thread_id: Option<i64>,
    #[serde(default)]
    pub(crate) is_topic_message: bool,
    pub(crate) reply_to_message: Option<Box<Message>>,
    pub(crate) media_group_id: Option<String>,
    pub(crate) migrate_to_chat_id: Option<i64>,
    pub(crate) text: Option<String>,
    pub(crate) caption: Option<String>,
    #[serde(default)]
    pub(crate) entities: Vec<Entity>,
    #[serde(default)]
    pub(crate) caption_entities: Vec<Entity>,
    #[serde(default)]
    pub(crate) photo: Vec<File>,
    pub(crate) voice: Option<File>,
    pub(crate) animation: Option<File>,
    pub(crate) document: Option<File>,
    pub(crate) audio: Option<File>,
    pub(crate) video: Option<File>,
    pub(crate) video_note: Option<File>,
}

/// A person or bot.
#[derive(Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) id: u64,
    #[serde(default)]
    pub(crate) is_bot: bool,
    #[serde(default)]
    pub(crate) first_name: String,
    pub(crate) last_name: Option<String>,
}

/// A chat.
#[derive(Debug, Deserialize)]
pub(crate) struct Chat {
    pub(crate) id: i64,
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    pub(crate) title: Option<String>,
}

/// A part of a text that means something; offsets in UTF-16 code units.
#[derive(Debug, Deserialize)]
pub(crate) struct Entity {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) offset: usize,
    pub(crate) length: usize,
    pub(crate) user: Option<User>,
}

/// A file of any kind.
#[derive(Debug, Deserialize)]
pub(crate) struct File {
    pub(crate) file_id: String,
    pub(crate) file_size: Option<u64>,
    pub(crate) file_name: Option<String>,
    #[serde(default)]
    pub(crate) width: u64,
    #[serde(default)]
    pub(crate) height: u64,
}

/// A press of a button.
#[derive(Debug, Deserialize)]
pub(crate) struct Press {
    pub(crate) id: String,
    pub(crate) from: User,
    pub(crate) message: Option<Message>,
    pub(crate) data: Option<String>,
}

/// A change of the bot's own membership.
#[derive(Debug, Deserialize)]
pub(crate) struct Membership {
    pub(crate) chat: Chat,
    pub(crate) new_chat_member: Member,
}

/// What somebody is in a chat.
#[derive(Debug, Deserialize)]
pub(crate) struct Member {
    pub(crate) status: String,
}
