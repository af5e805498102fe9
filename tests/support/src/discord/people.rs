//! What people do in their channels, as events for the bot.

use std::time::Instant;

use serde_json::{Value, json};

use super::rest::Answer;
use super::rules::refusal;
use super::state::{Channel, Interaction, Shown, State};
use super::{BOT_ID, FakeDiscord, GUILD_ID};

/// Somebody in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: u64,
    /// Their name.
    pub name: &'static str,
    /// Whether it is a bot.
    pub is_bot: bool,
}

impl Person {
    /// A person.
    pub const fn new(id: u64, name: &'static str) -> Self {
        Self { id, name, is_bot: false }
    }

    fn json(self) -> Value {
        json!({ "id": self.id.to_string(), "username": self.name.to_lowercase(), "global_name": self.name, "bot": self.is_bot })
    }
}

/// The flag of a voice note.
const VOICE_NOTE: u64 = 1 << 13;

/// A message that somebody sends.
#[derive(Debug, Clone, Default)]
pub struct Post {
    text: String,
    reply_to: Option<u64>,
    files: Vec<(String, Vec<u8>)>,
    more: Value,
}

impl Post {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Answers a message.
    #[must_use]
    pub fn reply_to(self, message: u64) -> Self {
        Self { reply_to: Some(message), ..self }
    }

    /// Has a file with it; called again, another.
    #[must_use]
    pub fn file(mut self, name: &str, content: &[u8]) -> Self {
        self.files.push((name.to_owned(), content.to_vec()));
        self
    }

    /// Is a voice note.
    #[must_use]
    pub fn voice(self, content: &[u8]) -> Self {
        self.file("voice-message.ogg", content).with(json!({ "flags": VOICE_NOTE }))
    }

    /// Has these fields besides.
    #[must_use]
    pub fn with(self, more: Value) -> Self {
        Self { more, ..self }
    }
}

impl State {
    /// Posts a message and tells the bot of it; returns its id.
    pub(crate) fn post(&mut self, channel: u64, shown: Shown, nonce: Option<&Value>) -> u64 {
        let id = shown.id;
        if let Some(channel) = self.channels.get_mut(&channel) {
            channel.archived = false;
        }
        let told = self.message_json(channel, &shown, nonce);
        self.messages.insert((channel, id), shown);
        self.tell("MESSAGE_CREATE", channel, told);
        id
    }
}

/// Returns the channel in which a person writes to the bot alone.
fn direct_of(person: u64) -> u64 {
    person + 1_000_000
}

impl State {
    /// Returns the channel in which a person and the bot write to each other alone, and makes one where there is none.
    pub(crate) fn open_direct(&mut self, person: Option<&str>) -> Answer {
        let person = person.and_then(|person| person.parse::<u64>().ok());
        let channel = direct_of(person.ok_or_else(|| refusal(400, 50033, "Invalid Recipient(s)"))?);
        self.channels.entry(channel).or_insert_with(|| Channel { kind: 1, ..Channel::default() });
        Ok(self.channel_json(channel).expect("it is open"))
    }
}

impl FakeDiscord {
    /// Lets a person write to the bot alone; returns the channel's id.
    pub fn open_direct(&self, person: Person) -> u64 {
        self.open(direct_of(person.id), Channel { kind: 1, name: person.name.to_owned(), ..Channel::default() })
    }

    /// Opens a channel, or a thread of one; returns its id.
    pub fn open(&self, id: u64, channel: Channel) -> u64 {
        self.with(|state| {
            let event = if channel.parent.is_some() { "THREAD_CREATE" } else { "CHANNEL_CREATE" };
            state.channels.insert(id, channel);
            if let Some(told) = state.channel_json(id)
                && state.guild(id).is_some()
            {
                state.tell(event, id, told);
            }
        });
        id
    }

    /// Lets somebody begin a post in a forum; returns its id, which is that of its first message too.
    pub fn begin_post(&self, forum: u64, person: Person, name: &str, post: Post) -> u64 {
        let id = self.with(|state| {
            let id = state.next_id();
            let (name, owner) = (name.to_owned(), Some(person.id));
            let thread = Channel { kind: 11, name, parent: Some(forum), owner, ..Channel::default() };
            state.channels.insert(id, thread);
            let told = state.channel_json(id).expect("it is open");
            state.tell("THREAD_CREATE", id, told);
            id
        });
        self.post_as(id, Some(id), person, post)
    }

    /// Lets a person say something; returns the message's id.
    pub fn say(&self, channel: u64, person: Person, text: &str) -> u64 {
        self.post(channel, person, Post::text(text))
    }

    /// Lets a person send a message; returns its id.
    pub fn post(&self, channel: u64, person: Person, post: Post) -> u64 {
        self.post_as(channel, None, person, post)
    }

    fn post_as(&self, channel: u64, id: Option<u64>, person: Person, post: Post) -> u64 {
        self.with(|state| {
            assert!(state.channels.contains_key(&channel), "the channel {channel} is open");
            let mut more = post.more;
            if more.is_null() {
                more = json!({});
            }
            more["author"] = person.json();
            state.people.insert(person.id, person.json());
            let id = id.unwrap_or_else(|| state.next_id());
            if !post.files.is_empty() {
                more["attachments"] = self.keep(state, channel, id, post.files);
            }
            let shown = Shown {
                id,
                author: person.id,
                name: person.name.to_owned(),
                by_bot: false,
                text: post.text,
                reply_to: post.reply_to,
                buttons: Vec::new(),
                file: None,
                silent: false,
                edits: 0,
                at: Instant::now(),
                more,
            };
            state.post(channel, shown, None)
        })
    }

    /// Keeps files where the bot may ask for them, and returns what a message says of them.
    fn keep(&self, state: &mut State, channel: u64, message: u64, files: Vec<(String, Vec<u8>)>) -> Value {
        let keep = |(number, (name, content)): (usize, (String, Vec<u8>))| {
            let path = format!("{channel}/{message}/{number}");
            let url = format!("http://{}/attachments/{path}?ex=1&is=2&hm=3", self.address);
            let size = content.len();
            state.files.insert(path, content);
            json!({ "id": number.to_string(), "filename": name, "size": size, "url": url })
        };
        files.into_iter().enumerate().map(keep).collect()
    }

    /// Lets a person edit a message of theirs; the bot is told twice, the second time with a time that is cut.
    pub fn edit(&self, channel: u64, message: u64, text: &str) {
        self.edited(channel, message, |shown| shown.text = text.to_owned());
    }

    /// Lets a bot edit what its message has besides, such as its embeds.
    pub fn edit_with(&self, channel: u64, message: u64, more: Value) {
        self.edited(channel, message, |shown| {
            if let (Value::Object(fields), Value::Object(more)) = (&mut shown.more, more) {
                fields.extend(more);
            }
        });
    }

    fn edited(&self, channel: u64, message: u64, change: impl FnOnce(&mut Shown)) {
        self.with(|state| {
            let at = state.next_time();
            let shown = state.messages.get_mut(&(channel, message)).expect("the message is shown");
            change(shown);
            shown.edits += 1;
            if !shown.more.is_object() {
                shown.more = json!({});
            }
            for micros in ["195", "000"] {
                let shown = state.messages.get_mut(&(channel, message)).expect("it is shown");
                shown.more["edited_timestamp"] = json!(at.replace("000+", &format!("{micros}+")));
                let shown = shown.clone();
                let told = state.message_json(channel, &shown, None);
                state.tell("MESSAGE_UPDATE", channel, told);
            }
        });
    }

    /// Lets the server show a preview of a message's link below it: the bot is told of it as of an edit, which nobody made.
    pub fn preview(&self, channel: u64, message: u64, embeds: Value) {
        self.with(|state| {
            let shown = state.messages.get_mut(&(channel, message)).expect("the message is shown");
            if !shown.more.is_object() {
                shown.more = json!({});
            }
            shown.more["embeds"] = embeds;
            let shown = shown.clone();
            let told = state.message_json(channel, &shown, None);
            state.tell("MESSAGE_UPDATE", channel, told);
        });
    }

    /// Lets somebody pin a message: the bot is told of it as of an edit.
    pub fn pin(&self, channel: u64, message: u64) {
        self.with(|state| {
            let shown = state.messages.get(&(channel, message)).expect("the message is shown").clone();
            let mut told = state.message_json(channel, &shown, None);
            told["pinned"] = json!(true);
            state.tell("MESSAGE_UPDATE", channel, told);
        });
    }

    /// Lets a person give an application command; returns the interaction's id.
    pub fn command(&self, channel: u64, person: Person, name: &str, text: &str) -> u64 {
        let options = if text.is_empty() { json!([]) } else { json!([{ "name": "text", "type": 3, "value": text }]) };
        let data = json!({ "id": "1", "name": name, "type": 1, "options": options });
        self.interact(channel, person, json!({ "type": 2, "data": data }))
    }

    /// Lets a person give a command to a message, from its menu; returns the interaction's id.
    pub fn command_at(&self, channel: u64, person: Person, name: &str, message: u64) -> u64 {
        let told = self.with(|state| {
            let shown = state.messages.get(&(channel, message)).expect("the message is shown").clone();
            state.message_json(channel, &shown, None)
        });
        let id = message.to_string();
        let data =
            json!({ "id": "2", "name": name, "type": 3, "target_id": id, "resolved": { "messages": { id: told } } });
        self.interact(channel, person, json!({ "type": 2, "data": data }))
    }

    /// Lets a person type a part of an application command; returns the interaction's id.
    pub fn type_on(&self, channel: u64, person: Person, name: &str, text: &str) -> u64 {
        let options = json!([{ "name": "text", "type": 3, "value": text, "focused": true }]);
        let data = json!({ "id": "1", "name": name, "type": 1, "options": options });
        self.interact(channel, person, json!({ "type": 4, "data": data }))
    }

    /// Lets a person fill the form in that an interaction was answered with; returns the new interaction's id.
    pub fn fill_in(&self, asked: u64, person: Person, text: &str) -> u64 {
        let (channel, form) = self.with(|state| {
            let asked = &state.interactions[&asked];
            (asked.channel, asked.form.clone().expect("it was answered with a form"))
        });
        let field = &form["components"][0]["component"];
        let field = json!({ "type": 4, "id": 2, "custom_id": field["custom_id"], "value": text });
        let components = json!([{ "type": 18, "id": 1, "component": field }]);
        let data = json!({ "custom_id": form["custom_id"], "components": components });
        self.interact(channel, person, json!({ "type": 5, "data": data }))
    }

    /// Lets a person press a button below a message; returns the interaction's id.
    pub fn press(&self, channel: u64, person: Person, message: u64, label: &str) -> u64 {
        let (action, told) = self.with(|state| {
            let shown = state.messages.get(&(channel, message)).expect("the message is shown").clone();
            let button = shown.buttons.iter().find(|(other, _)| other == label);
            let action = button.unwrap_or_else(|| panic!("no button {label} in {shown:?}")).1.clone();
            (action, state.message_json(channel, &shown, None))
        });
        let data = json!({ "custom_id": action, "component_type": 2 });
        self.interact(channel, person, json!({ "type": 3, "data": data, "message": told }))
    }

    fn interact(&self, channel: u64, person: Person, more: Value) -> u64 {
        self.with(|state| {
            let id = state.next_id();
            let token = format!("interaction-token-{id}");
            let mut told = json!({
                "id": id.to_string(), "application_id": BOT_ID.to_string(), "token": token, "version": 1,
                "channel_id": channel.to_string(), "channel": state.channel_json(channel),
            });
            let fields = told.as_object_mut().expect("an object");
            if !state.tells_channels {
                fields.remove("channel");
            }
            fields.extend(more.as_object().expect("an object").clone());
            if state.guild(channel).is_some() {
                fields.insert("guild_id".into(), GUILD_ID.to_string().into());
                fields.insert("member".into(), json!({ "user": person.json(), "nick": null, "roles": [] }));
            } else {
                fields.insert("user".into(), person.json());
            }
            let interaction = Interaction {
                token,
                kind: more["type"].as_u64().expect("a kind"),
                channel,
                at: Instant::now(),
                lapsed: false,
                told: false,
                answered: None,
                shows: None,
                is_aside: false,
                choices: Vec::new(),
                form: None,
            };
            state.interactions.insert(id, interaction);
            state.tell("INTERACTION_CREATE", channel, told);
            id
        })
    }
}
