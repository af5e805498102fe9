//! What people do in their chats, as updates for the bot.

use serde_json::{Value, json};

use super::rules::utf16_len;
use super::state::{Chat, ChatKind, Fate, Shown, State};
use super::{BOT_ID, BOT_NAME, FakeTelegram};

/// Somebody in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: i64,
    /// Their first name.
    pub name: &'static str,
    /// Whether it is a bot.
    pub is_bot: bool,
}

impl Person {
    /// A person.
    pub const fn new(id: i64, name: &'static str) -> Self {
        Self { id, name, is_bot: false }
    }

    fn json(self) -> Value {
        json!({ "id": self.id, "is_bot": self.is_bot, "first_name": self.name })
    }
}

/// A message that somebody sends.
#[derive(Debug, Clone, Default)]
pub struct Post {
    text: String,
    reply_to: Option<i64>,
    thread: Option<i64>,
    album: Option<&'static str>,
    file: Option<(&'static str, String, Vec<u8>)>,
    more: Value,
}

impl Post {
    /// A text, or the caption of a file.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Answers a message.
    pub fn reply_to(self, message: i64) -> Self {
        Self { reply_to: Some(message), ..self }
    }

    /// Stands in a topic.
    pub fn in_topic(self, topic: i64) -> Self {
        Self { thread: Some(topic), ..self }
    }

    /// Belongs to an album.
    pub fn in_album(self, album: &'static str) -> Self {
        Self { album: Some(album), ..self }
    }

    /// Has more fields of the message object, in the form that the server gives them.
    pub fn with(self, more: Value) -> Self {
        Self { more, ..self }
    }

    /// Was said by somebody else before.
    pub fn forwarded_from(self, person: Person) -> Self {
        self.with(
            json!({ "forward_origin": { "type": "user", "date": 1, "sender_user": person.json() }, "forward_date": 1 }),
        )
    }

    /// Carries a document.
    pub fn document(self, name: &str, content: &[u8]) -> Self {
        Self { file: Some(("document", name.to_owned(), content.to_vec())), ..self }
    }

    /// Carries a photo.
    pub fn photo(self, content: &[u8]) -> Self {
        Self { file: Some(("photo", String::new(), content.to_vec())), ..self }
    }

    /// Is a voice note.
    pub fn voice(self, content: &[u8]) -> Self {
        Self { file: Some(("voice", String::new(), content.to_vec())), ..self }
    }
}

impl FakeTelegram {
    /// Lets a person start a chat with the bot; returns the chat's id.
    pub fn open_private(&self, person: Person) -> i64 {
        self.open(person.id, ChatKind::Private, person.name);
        person.id
    }

    /// Adds the bot to a group.
    pub fn open(&self, id: i64, kind: ChatKind, title: &str) {
        let chat = Chat { kind, title: title.to_owned(), fate: Fate::Open, topics: [].into(), no_photos: false };
        self.with(|state| state.chats.insert(id, chat));
    }

    /// Lets somebody say something; returns the message's id.
    pub fn say(&self, chat: i64, person: Person, text: &str) -> i64 {
        self.post(chat, person, Post::text(text))
    }

    /// Lets somebody send a message; returns its id.
    pub fn post(&self, chat: i64, person: Person, post: Post) -> i64 {
        self.with(|state| {
            let shown = Shown {
                said_by: Some(person),
                text: post.text.clone(),
                reply_to: post.reply_to,
                thread: post.thread,
                document: post.file.as_ref().map(|(_, name, content)| (name.clone(), content.clone())),
                ..Shown::default()
            };
            let id = state.add(chat, shown);
            let message = message(state, chat, id, person, &post);
            let kind = if is_channel(state, chat) { "channel_post" } else { "message" };
            state.update(json!({ kind: message }));
            id
        })
    }

    /// Lets somebody change what their message says.
    pub fn edit(&self, chat: i64, person: Person, id: i64, text: &str) {
        self.with(|state| {
            state.messages.get_mut(&(chat, id)).expect("a message").text = text.to_owned();
            let mut message = message(state, chat, id, person, &Post::text(text));
            message["edit_date"] = state.clock.into();
            let kind = if is_channel(state, chat) { "edited_channel_post" } else { "edited_message" };
            state.update(json!({ kind: message }));
        });
    }

    /// Lets somebody press a button that a message shows; returns the id of the press.
    ///
    /// # Panics
    /// If no such button is shown.
    pub fn press(&self, chat: i64, person: Person, message: i64, label: &str) -> String {
        self.with(|state| {
            let shown = &state.messages[&(chat, message)];
            let button = shown.buttons.iter().find(|(shown, _)| shown == label);
            let (_, data) = button.unwrap_or_else(|| panic!("no button {label} below {shown:?}")).clone();
            press(state, chat, person, message, &data)
        })
    }

    /// Lets the bot be blocked, thrown out or taken back.
    pub fn change_membership(&self, chat: i64, person: Person, fate: Fate) {
        self.with(|state| {
            state.set_fate(chat, fate);
            let bot = json!({ "id": BOT_ID, "is_bot": true, "first_name": "signalbox", "username": BOT_NAME });
            let status = |fate| match fate {
                Fate::Open => json!({ "user": bot, "status": "member" }),
                Fate::Blocked | Fate::Kicked | Fate::Moved(_) => {
                    json!({ "user": bot, "status": "kicked", "until_date": 0 })
                }
            };
            let change = json!({
                "chat": state.chat_json(chat),
                "from": person.json(),
                "date": state.clock,
                "old_chat_member": status(if fate == Fate::Open { Fate::Kicked } else { Fate::Open }),
                "new_chat_member": status(fate),
            });
            state.update(json!({ "my_chat_member": change }));
        });
    }

    /// Turns a group into a supergroup of another id.
    pub fn migrate(&self, chat: i64, person: Person, to: i64) {
        self.open(to, ChatKind::Supergroup, "the same");
        self.with(|state| {
            state.set_fate(chat, Fate::Moved(to));
            let id = state.add(chat, Shown::default());
            let mut message = message(state, chat, id, person, &Post::default());
            message["migrate_to_chat_id"] = to.into();
            state.update(json!({ "message": message }));
        });
    }

    /// Returns whether the bot has confirmed every update.
    pub fn is_drained(&self) -> bool {
        self.with(|state| state.updates.is_empty())
    }
}

fn is_channel(state: &State, chat: i64) -> bool {
    state.chats.get(&chat).is_some_and(|chat| chat.kind == ChatKind::Channel)
}

fn press(state: &mut State, chat: i64, person: Person, message: i64, data: &str) -> String {
    state.last_press += 1;
    let id = format!("press-{}", state.last_press);
    state.presses.insert(id.clone());
    let message = state.message_json(chat, message);
    let query = json!({ "id": id, "from": person.json(), "message": message, "chat_instance": "1", "data": data });
    state.update(json!({ "callback_query": query }));
    id
}

fn message(state: &mut State, chat: i64, id: i64, person: Person, post: &Post) -> Value {
    let mut message = json!({
        "message_id": id,
        "date": state.clock,
        "chat": state.chat_json(chat),
    });
    if is_channel(state, chat) {
        message["sender_chat"] = state.chat_json(chat);
    } else {
        message["from"] = person.json();
    }
    let (text, entities) = if post.file.is_some() { ("caption", "caption_entities") } else { ("text", "entities") };
    if !post.text.is_empty() {
        message[text] = post.text.as_str().into();
        message[entities] = found(&post.text).into();
    }
    if let Some(replied) = post.reply_to.filter(|replied| state.messages.contains_key(&(chat, *replied))) {
        let mut replied_json = state.message_json(chat, replied);
        let shown = &state.messages[&(chat, replied)];
        if !shown.by_bot {
            replied_json["from"] = shown.said_by.unwrap_or(person).json();
        }
        if let Some((name, content)) = shown.document.as_ref().filter(|_| !shown.by_bot) {
            let file_id = format!("file-{chat}-{replied}");
            replied_json["document"] =
                json!({ "file_id": file_id, "file_unique_id": file_id, "file_name": name, "file_size": content.len() });
        }
        message["reply_to_message"] = replied_json;
    }
    if let Some(thread) = post.thread {
        message["message_thread_id"] = thread.into();
        message["is_topic_message"] = true.into();
    }
    if let Some(album) = post.album {
        message["media_group_id"] = album.into();
    }
    if let Some((kind, name, content)) = &post.file {
        let file_id = format!("file-{chat}-{id}");
        let mut file = json!({ "file_id": file_id, "file_unique_id": file_id, "file_size": content.len() });
        state.files.insert(file_id, content.clone());
        match *kind {
            "photo" => {
                file["width"] = 90.into();
                file["height"] = 90.into();
                message["photo"] = json!([file]);
            }
            "voice" => {
                file["duration"] = 3.into();
                message["voice"] = file;
            }
            _ => {
                file["file_name"] = name.as_str().into();
                message["document"] = file;
            }
        }
    }
    if let (Some(message), Some(more)) = (message.as_object_mut(), post.more.as_object()) {
        message.extend(more.clone());
    }
    message
}

/// Finds what the server finds in a person's text: commands and names.
fn found(text: &str) -> Vec<Value> {
    let mut entities = Vec::new();
    let mut at = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let name = word.trim_end().trim_end_matches([',', ':', '.', '!', '?']);
        let kind = match name.chars().next() {
            Some('/') if name.len() > 1 => Some("bot_command"),
            Some('@') if name.len() > 1 => Some("mention"),
            _ => None,
        };
        if let Some(kind) = kind {
            entities.push(json!({ "type": kind, "offset": at, "length": utf16_len(name) }));
        }
        at += utf16_len(word);
    }
    entities
}
