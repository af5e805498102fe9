//! What is read of an update.
//!
//! # Why not teloxide's types
//! They take a message as a whole or not at all: one entity of a kind that came later, or a voice note without a media
//! type, and what somebody said would be lost. Here a field that is not needed, or has a form of its own, cannot stand in the
//! way.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads a field leniently: what has another form than is known counts as missing.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(deserializer: D) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// Reads a list leniently: what of it has another form than is known is left out.
fn each<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let Value::Array(items) = Value::deserialize(deserializer)? else { return Ok(Vec::new()) };
    Ok(items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect())
}

/// What is read of any update, whatever else it holds.
#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    pub(crate) update_id: u32,
}

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
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) from: Option<User>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) sender_chat: Option<Chat>,
    /// Seconds since 1970; 0 where it is too old to be looked at.
    #[serde(default)]
    pub(crate) date: i64,
    pub(crate) message_thread_id: Option<i64>,
    #[serde(default)]
    pub(crate) is_topic_message: bool,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) reply_to_message: Option<Box<Message>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) external_reply: Option<Box<Elsewhere>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) quote: Option<Quote>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) reply_to_checklist_task_id: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) reply_to_poll_option_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) forward_origin: Option<Origin>,
    /// Servers of before 2024 say so that a message was forwarded, and by the next three of whom it is.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) forward_date: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) forward_from: Option<User>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) forward_from_chat: Option<Chat>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) forward_sender_name: Option<String>,
    pub(crate) media_group_id: Option<String>,
    pub(crate) migrate_to_chat_id: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) text: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) caption: Option<String>,
    #[serde(default, deserialize_with = "each")]
    pub(crate) entities: Vec<Entity>,
    #[serde(default, deserialize_with = "each")]
    pub(crate) caption_entities: Vec<Entity>,
    /// A message of blocks, which only bots write.
    #[serde(default)]
    pub(crate) rich_message: Value,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) link_preview_options: Preview,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) reply_markup: Keyboard,
    #[serde(flatten)]
    pub(crate) media: Media,
}

/// A message of another chat, or another topic, that is answered: what it carries, without its text.
#[derive(Debug, Deserialize)]
pub(crate) struct Elsewhere {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) origin: Option<Origin>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) link_preview_options: Preview,
    #[serde(flatten)]
    pub(crate) media: Media,
}

/// The part of a message that an answer to it means.
#[derive(Debug, Deserialize)]
pub(crate) struct Quote {
    pub(crate) text: String,
    #[serde(default, deserialize_with = "each")]
    pub(crate) entities: Vec<Entity>,
}

/// Who said first what was forwarded, or is answered elsewhere: one of these, by its kind.
#[derive(Debug, Deserialize)]
pub(crate) struct Origin {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) sender_user: Option<User>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) sender_user_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) sender_chat: Option<Chat>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) chat: Option<Chat>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) author_signature: Option<String>,
}

/// The page that is shown below a text.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Preview {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) is_disabled: bool,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) url: Option<String>,
}

/// The buttons below a message of a bot.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Keyboard {
    #[serde(default, deserialize_with = "each")]
    pub(crate) inline_keyboard: Vec<Vec<KeyboardButton>>,
}

/// A button; one with an address leads there.
#[derive(Debug, Deserialize)]
pub(crate) struct KeyboardButton {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) text: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) url: Option<String>,
}

/// What a message carries beside its text.
/// Source: <https://core.telegram.org/bots/api#message>, read 2026-11.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Media {
    #[serde(default, deserialize_with = "each")]
    pub(crate) photo: Vec<File>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) voice: Option<File>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) animation: Option<File>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) document: Option<File>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) audio: Option<File>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) video: Option<File>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) video_note: Option<File>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) sticker: Option<Emoji>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) dice: Option<Emoji>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) location: Option<Location>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) venue: Option<Venue>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) contact: Option<Contact>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) poll: Option<Poll>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) checklist: Option<Checklist>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) game: Option<Titled>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) invoice: Option<Titled>,
    pub(crate) story: Option<Value>,
    pub(crate) giveaway: Option<Value>,
    pub(crate) giveaway_winners: Option<Value>,
    pub(crate) paid_media: Option<Value>,
    pub(crate) gift: Option<Value>,
    pub(crate) unique_gift: Option<Value>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) web_app_data: Option<WebAppData>,
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
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) user: Option<User>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) url: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) language: Option<String>,
}

/// A file of any kind.
#[derive(Debug, Deserialize)]
pub(crate) struct File {
    pub(crate) file_id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) file_size: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) file_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) width: u64,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) height: u64,
}

/// A sticker or a die: a picture that stands for an emoji.
#[derive(Debug, Deserialize)]
pub(crate) struct Emoji {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) emoji: String,
    /// What was thrown.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) value: Option<u64>,
}

/// A place on the map, in degrees.
#[derive(Debug, Deserialize)]
pub(crate) struct Location {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

/// A place with a name.
#[derive(Debug, Deserialize)]
pub(crate) struct Venue {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) location: Option<Location>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) title: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) address: String,
}

/// A card of somebody's address book.
#[derive(Debug, Deserialize)]
pub(crate) struct Contact {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) phone_number: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) first_name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) last_name: String,
}

/// A question with answers to choose from.
#[derive(Debug, Deserialize)]
pub(crate) struct Poll {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) question: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) description: String,
    #[serde(default, deserialize_with = "each")]
    pub(crate) options: Vec<PollOption>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) explanation: String,
}

/// An answer to choose.
#[derive(Debug, Deserialize)]
pub(crate) struct PollOption {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) persistent_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) text: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) voter_count: u64,
}

/// A list of things to do.
#[derive(Debug, Deserialize)]
pub(crate) struct Checklist {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) title: String,
    #[serde(default, deserialize_with = "each")]
    pub(crate) tasks: Vec<ChecklistTask>,
}

/// A thing to do.
#[derive(Debug, Deserialize)]
pub(crate) struct ChecklistTask {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) id: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) text: String,
    /// When it was done, in seconds since 1970; 0 while it is not.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) completion_date: u64,
}

/// A game or an invoice.
#[derive(Debug, Deserialize)]
pub(crate) struct Titled {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) title: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) description: String,
}

/// What a page that was opened by a button sends back.
#[derive(Debug, Deserialize)]
pub(crate) struct WebAppData {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) data: String,
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
