//! What people do in their channels, as events for the bot.

use serde_json::{Value, json};

use super::state::{Channel, Shown, State, Trigger};
use super::{APP_ID, BOT_USER, FakeSlack, TEAM_ID};

/// Somebody in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Their id; that of a bot begins with B.
    pub id: &'static str,
    /// Their name.
    pub name: &'static str,
}

impl Person {
    /// A person.
    pub const fn new(id: &'static str, name: &'static str) -> Self {
        Self { id, name }
    }
}

/// A message that somebody sends.
#[derive(Debug, Clone, Default)]
pub struct Post {
    text: String,
    thread: Option<String>,
    files: Vec<(String, Vec<u8>, Value)>,
    more: Value,
}

impl Post {
    /// A text as somebody types it.
    pub fn text(text: &str) -> Self {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        Self { text, ..Self::default() }
    }

    /// A text as Slack tells of it, with mentions and links between angle brackets.
    pub fn raw(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A text that begins with a mention of the bot.
    pub fn to_bot(text: &str) -> Self {
        let typed = Self::text(text);
        Self { text: format!("<@{BOT_USER}> {}", typed.text), ..typed }
    }

    /// Stands in the thread at a message.
    #[must_use]
    pub fn in_thread(self, root: &str) -> Self {
        Self { thread: Some(root.to_owned()), ..self }
    }

    /// Has a file with it; called again, another.
    #[must_use]
    pub fn file(mut self, name: &str, content: &[u8]) -> Self {
        self.files.push((name.to_owned(), content.to_vec(), json!({ "mode": "hosted" })));
        self
    }

    /// Has a file of another organisation with it, of which the message tells the id alone.
    #[must_use]
    pub fn foreign_file(mut self, name: &str, content: &[u8]) -> Self {
        self.files.push((name.to_owned(), content.to_vec(), json!({ "file_access": "check_file_info" })));
        self
    }

    /// Has a voice note with it.
    #[must_use]
    pub fn voice(mut self, content: &[u8]) -> Self {
        self.files.push(("audio_message.m4a".to_owned(), content.to_vec(), json!({ "subtype": "slack_audio" })));
        self
    }

    /// Has these fields besides.
    #[must_use]
    pub fn with(self, more: Value) -> Self {
        Self { more, ..self }
    }
}

/// Returns the channel in which a person writes to the bot alone.
pub(crate) fn direct_of(person: &str) -> String {
    format!("D{person}")
}

impl State {
    fn trigger(&mut self) -> String {
        let id = self.next_id("77.");
        self.triggers.insert(id.clone(), Trigger { at: std::time::Instant::now(), is_used: false });
        id
    }

    fn person_json(&self, person: Person) -> Value {
        json!({ "id": person.id, "username": person.name.to_lowercase(), "name": person.name.to_lowercase(), "team_id": TEAM_ID })
    }
}

impl FakeSlack {
    /// Makes somebody known to the workspace.
    pub fn know(&self, person: Person) {
        self.with(|state| state.people.insert(person.id.to_owned(), person));
    }

    /// Lets a person write to the bot alone; returns the channel's id.
    pub fn open_direct(&self, person: Person) -> String {
        self.know(person);
        let id = direct_of(person.id);
        self.open(&id, Channel { name: person.id.to_owned(), ..Channel::default() });
        id
    }

    /// Opens a channel.
    pub fn open(&self, id: &str, channel: Channel) {
        self.with(|state| state.channels.insert(id.to_owned(), channel));
    }

    /// Lets somebody say something; returns the message's time stamp.
    pub fn say(&self, channel: &str, person: Person, text: &str) -> String {
        self.post(channel, person, Post::text(text))
    }

    /// Lets somebody send a message; returns its time stamp.
    pub fn post(&self, channel: &str, person: Person, post: Post) -> String {
        self.with(|state| {
            state.people.entry(person.id.to_owned()).or_insert(person);
            let ts = state.next_ts();
            let mut more = if post.more.is_object() { post.more.clone() } else { json!({}) };
            let fields = more.as_object_mut().expect("an object");
            if person.id.starts_with('U') && !fields.contains_key("client_msg_id") {
                fields.insert("client_msg_id".into(), json!(format!("gesture-{ts}")));
            }
            let mut files = Vec::new();
            for (name, content, beside) in &post.files {
                let id = state.next_id("F");
                let url = format!("{}/files-pri/{TEAM_ID}-{id}/{name}", state.files_at);
                let mut file = match beside["file_access"].as_str() {
                    Some("check_file_info") => json!({ "id": id, "created": 0 }),
                    _ => json!({ "id": id, "name": name, "size": content.len(), "url_private": url, "url_private_download": url }),
                };
                file.as_object_mut().expect("an object").extend(beside.as_object().cloned().unwrap_or_default());
                files.push(file);
                state.files.insert(id, (name.clone(), content.clone()));
            }
            if !files.is_empty() {
                fields.insert("files".into(), Value::Array(files));
                fields.insert("subtype".into(), json!("file_share"));
            }
            let shown = Shown {
                ts,
                author: person.id.to_owned(),
                by_bot: false,
                text: post.text.clone(),
                blocks: Value::Null,
                attachments: Value::Null,
                thread: post.thread.clone(),
                edited: None,
                metadata: Value::Null,
                more,
            };
            state.show(channel, shown)
        })
    }

    /// Lets somebody change what they had said.
    pub fn edit(&self, channel: &str, ts: &str, text: &str) {
        self.with(|state| {
            let now = state.next_ts();
            let key = (channel.to_owned(), ts.to_owned());
            let before = state.message_json(channel, &state.messages[&key]);
            let shown = state.messages.get_mut(&key).expect("it is shown");
            shown.text = Post::text(text).text;
            shown.edited = Some(now);
            state.changed(channel, ts, before);
        });
    }

    /// Lets a bot change its message, or Slack add something to somebody's: these fields are others now.
    pub fn change(&self, channel: &str, ts: &str, more: Value) {
        self.with(|state| {
            let key = (channel.to_owned(), ts.to_owned());
            let before = state.message_json(channel, &state.messages[&key]);
            let shown = state.messages.get_mut(&key).expect("it is shown");
            if shown.more.is_null() {
                shown.more = json!({});
            }
            let fields = shown.more.as_object_mut().expect("an object");
            fields.extend(more.as_object().expect("an object").clone());
            state.changed(channel, ts, before);
        });
    }

    /// Lets somebody take a message away.
    pub fn delete(&self, channel: &str, ts: &str) {
        self.with(|state| {
            let key = (channel.to_owned(), ts.to_owned());
            let before = state.messages.get(&key).map(|shown| state.message_json(channel, shown));
            state.messages.remove(&key);
            let mut event = json!({
                "type": "message", "subtype": "message_deleted", "hidden": true, "deleted_ts": ts, "previous_message": before,
            });
            event["event_ts"] = json!(state.next_ts());
            event["ts"] = event["event_ts"].clone();
            state.place(&mut event, channel);
            state.tell(event);
        });
    }

    /// Lets somebody give a slash command, such as `/session`, with a text; returns the trigger, which names it.
    pub fn command(&self, channel: &str, person: Person, command: &str, text: &str) -> String {
        self.with(|state| {
            state.people.entry(person.id.to_owned()).or_insert(person);
            let trigger = state.trigger();
            let name = state.channels.get(channel).map_or("", |channel| channel.name.as_str()).to_owned();
            let payload = json!({
                "token": "unused", "team_id": TEAM_ID, "team_domain": "team", "channel_id": channel, "channel_name": name,
                "user_id": person.id, "user_name": person.name.to_lowercase(), "command": command, "text": Post::text(text).text,
                "api_app_id": APP_ID, "is_enterprise_install": "false", "trigger_id": trigger,
                "response_url": format!("{}/commands/{trigger}", state.files_at),
            });
            state.hand_over("slash_commands", payload);
            trigger
        })
    }

    /// Lets somebody press a button of a message; returns the trigger, which names the press.
    ///
    /// # Panics
    /// Where the message has no button of this label.
    pub fn press(&self, channel: &str, person: Person, ts: &str, label: &str) -> String {
        self.with(|state| {
            state.people.entry(person.id.to_owned()).or_insert(person);
            let shown = state.messages.get(&(channel.to_owned(), ts.to_owned())).expect("it is shown").clone();
            let buttons = shown.buttons();
            let (label, value) =
                buttons.iter().find(|(said, _)| said == label).unwrap_or_else(|| panic!("{buttons:?}"));
            let action = json!({
                "type": "button", "action_id": format!("a-{label}"), "block_id": "b", "value": value,
                "text": { "type": "plain_text", "text": label }, "action_ts": "1.1",
            });
            state.act(channel, person, &shown, action)
        })
    }

    /// Lets somebody choose something of a menu below a message; returns the trigger.
    pub fn choose(&self, channel: &str, person: Person, ts: &str, value: &str) -> String {
        self.with(|state| {
            let shown = state.messages.get(&(channel.to_owned(), ts.to_owned())).expect("it is shown").clone();
            let action = json!({
                "type": "static_select", "action_id": "menu", "block_id": "b",
                "selected_option": { "value": value, "text": { "type": "plain_text", "text": value } }, "action_ts": "1.1",
            });
            state.act(channel, person, &shown, action)
        })
    }

    /// Lets somebody fill in the form that was opened last, and send it.
    ///
    /// # Panics
    /// Where no form was opened.
    pub fn fill_in(&self, person: Person, text: &str) {
        self.with(|state| {
            let (_, view) = state.views.last().expect("a form is open").clone();
            let trigger = state.trigger();
            let input = view["blocks"].as_array().into_iter().flatten().find(|block| block["type"] == "input");
            let input = input.expect("the form asks for something").clone();
            let block = input["block_id"].as_str().unwrap_or("block").to_owned();
            let action = input["element"]["action_id"].as_str().unwrap_or("action").to_owned();
            let mut view = view;
            view["id"] = json!(state.next_id("V"));
            view["hash"] = json!("1.hash");
            view["state"] = json!({ "values": { block: { action: { "type": "plain_text_input", "value": text } } } });
            let payload = json!({
                "type": "view_submission", "team": { "id": TEAM_ID }, "user": state.person_json(person), "api_app_id": APP_ID,
                "trigger_id": trigger, "view": view,
            });
            state.hand_over("interactive", payload);
        });
    }

    /// Lets somebody open the app's Home.
    pub fn open_home(&self, person: Person) {
        self.with(|state| {
            state.people.entry(person.id.to_owned()).or_insert(person);
            let ts = state.next_ts();
            state.tell(json!({
                "type": "app_home_opened", "user": person.id, "channel": direct_of(person.id), "tab": "home", "event_ts": ts,
            }));
        });
    }

    /// Lets an admin take the app out of the workspace: its bot token is no good any more, of which it is told.
    pub fn uninstall(&self) {
        self.with(|state| {
            state.revoked = true;
            let ts = state.next_ts();
            state.tell(json!({ "type": "app_uninstalled", "event_ts": ts }));
        });
    }

    /// Lets somebody revoke tokens of the app, its bot's too where that is said, of which it is told.
    pub fn revoke(&self, of_bot: bool) {
        self.with(|state| {
            state.revoked |= of_bot;
            let ts = state.next_ts();
            let bots: &[&str] = if of_bot { &[BOT_USER] } else { &[] };
            state.tell(json!({
                "type": "tokens_revoked", "tokens": { "oauth": ["U7"], "bot": bots }, "event_ts": ts,
            }));
        });
    }

    /// Lets somebody give the shortcut of this id to a message; returns the trigger.
    pub fn shortcut(&self, channel: &str, person: Person, ts: &str, callback: &str) -> String {
        self.with(|state| {
            let shown = state.messages.get(&(channel.to_owned(), ts.to_owned())).expect("it is shown");
            let message = state.message_json(channel, shown);
            let trigger = state.trigger();
            let payload = json!({
                "type": "message_action", "callback_id": callback, "trigger_id": trigger, "message_ts": ts,
                "team": { "id": TEAM_ID }, "channel": { "id": channel }, "user": state.person_json(person),
                "message": message, "response_url": format!("{}/app/{trigger}", state.files_at),
            });
            state.hand_over("interactive", payload);
            trigger
        })
    }
}

impl State {
    fn act(&mut self, channel: &str, person: Person, shown: &Shown, action: Value) -> String {
        let trigger = self.trigger();
        let message = self.message_json(channel, shown);
        let mut container =
            json!({ "type": "message", "message_ts": shown.ts, "channel_id": channel, "is_ephemeral": false });
        if let Some(thread) = message["thread_ts"].as_str() {
            container["thread_ts"] = json!(thread);
        }
        let payload = json!({
            "type": "block_actions", "team": { "id": TEAM_ID }, "user": self.person_json(person), "api_app_id": APP_ID,
            "container": container, "trigger_id": trigger, "channel": { "id": channel }, "message": message,
            "response_url": format!("{}/actions/{trigger}", self.files_at), "actions": [action],
        });
        self.hand_over("interactive", payload);
        trigger
    }

    /// Tells that a message is another now than it was.
    pub(crate) fn changed(&mut self, channel: &str, ts: &str, before: Value) {
        let key = (channel.to_owned(), ts.to_owned());
        let message = self.message_json(channel, &self.messages[&key]);
        let at = self.next_ts();
        let mut event = json!({
            "type": "message", "subtype": "message_changed", "hidden": true, "message": message, "previous_message": before,
            "ts": at, "event_ts": at,
        });
        self.place(&mut event, channel);
        if self.channels.get(channel).is_some_and(|channel| channel.has_bot) {
            self.tell(event);
        }
    }
}
