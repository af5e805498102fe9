//! What the server knows: chats, messages, updates that nobody has confirmed, calls so far.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use std::time::Instant;

use serde_json::Value;

use super::fault::Fault;
use super::people::Person;

/// Everything the server knows.
#[derive(Default)]
pub struct State {
    /// Calls that were answered or went wrong, oldest first; polls excepted that brought nothing.
    pub calls: Vec<Call>,
    /// Updates that the bot has not confirmed.
    pub updates: VecDeque<Value>,
    /// What chats are shown as doing, in the order of the calls.
    pub actions: Vec<(i64, String)>,
    /// The bot's reaction to a message: chat, message, emoji.
    pub reactions: HashMap<(i64, i64), String>,
    /// What was answered to presses, by their ids.
    pub answers: HashMap<String, String>,
    /// The command menus by the type of their scope: names and descriptions.
    pub menus: HashMap<String, Vec<Value>>,
    /// Whether a webhook is set, as somebody else may have left it.
    pub webhook: bool,
    /// What every call of these methods meets (all methods where none is named), as long as it is set.
    pub outage: Option<(Vec<&'static str>, Fault)>,
    /// Whether the token is no longer good.
    pub revoked: bool,
    /// Calls with a wrong token.
    pub strangers: usize,
    /// Whether each poll brings its updates twice, last first.
    pub scrambled: bool,
    /// Sends that a chat may still get before 429, where that is limited, and the seconds it then has to wait.
    pub allowance: HashMap<i64, (usize, u64)>,
    /// Seconds since 1970 by the server's clock; stands still unless a test moves it.
    pub clock: i64,
    /// Chats by their ids.
    pub chats: BTreeMap<i64, Chat>,
    /// What chats show now, by the ids of chat and message.
    pub messages: BTreeMap<(i64, i64), Shown>,
    pub(crate) presses: HashSet<String>,
    pub(crate) files: HashMap<String, Vec<u8>>,
    /// What the next calls meet, each with its method or route.
    pub faults: VecDeque<(String, Fault)>,
    pub(crate) released: u64,
    /// How often updates were asked for.
    pub polls: u64,
    pub(crate) last_update: u64,
    pub(crate) last_press: u64,
    last_message: BTreeMap<i64, i64>,
}

/// One call of the bot.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method, in lower case.
    pub method: String,
    /// The chat it is about.
    pub chat: Option<i64>,
    /// The error code, or 200, or 0 where there was no answer.
    pub answer: u16,
    /// When.
    pub at: Instant,
}

/// A chat.
#[derive(Debug, Clone)]
pub struct Chat {
    /// What kind it is of.
    pub kind: ChatKind,
    /// The name of the person, or of the group.
    pub title: String,
    /// Whether the bot may write to it.
    pub fate: Fate,
    /// Its topics, and whether each is open for writing.
    pub topics: HashMap<i64, bool>,
    /// Whether nobody may send pictures there.
    pub no_photos: bool,
}

/// Kinds of chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatKind {
    /// One person.
    Private,
    /// A group of the old kind.
    Group,
    /// A group.
    Supergroup,
    /// A group with topics.
    Forum,
    /// A channel, where only the channel itself speaks.
    Channel,
}

/// Whether the bot may write to a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It may.
    Open,
    /// The person has blocked it.
    Blocked,
    /// It was thrown out.
    Kicked,
    /// The chat has another id.
    Moved(i64),
}

/// A message as a chat shows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown {
    /// Its id.
    pub id: i64,
    /// Whether the bot wrote it.
    pub by_bot: bool,
    /// Who wrote it, where the bot did not.
    pub said_by: Option<Person>,
    /// What it says now.
    pub text: String,
    /// How.
    pub entities: Vec<Value>,
    /// The buttons below it: label and data.
    pub buttons: Vec<(String, String)>,
    /// The message it answers.
    pub reply_to: Option<i64>,
    /// The topic it is in.
    pub thread: Option<i64>,
    /// Whether it made no sound.
    pub silent: bool,
    /// Whether its first link is shown with a preview.
    pub preview: bool,
    /// How often it was edited.
    pub edits: usize,
    /// The file with it: name and content.
    pub document: Option<(String, Vec<u8>)>,
    /// The picture with it: name and content.
    pub photo: Option<(String, Vec<u8>)>,
}

impl State {
    /// Returns what a chat shows now, oldest first.
    pub fn shows(&self, chat: i64) -> Vec<Shown> {
        self.messages.range((chat, 0)..=(chat, i64::MAX)).map(|(_, shown)| shown.clone()).collect()
    }

    /// Returns the texts that the bot shows in a chat.
    pub fn said(&self, chat: i64) -> Vec<String> {
        self.shows(chat).into_iter().filter(|shown| shown.by_bot).map(|shown| shown.text).collect()
    }

    /// Repeats the newest press as one of its own; returns its id.
    pub fn press_again(&mut self, press: &str) -> String {
        let is_it = |update: &&Value| update["callback_query"]["id"] == press;
        let mut again = self.updates.iter().find(is_it).cloned().expect("a press that is not confirmed");
        self.last_press += 1;
        let id = format!("press-{}", self.last_press);
        self.presses.insert(id.clone());
        again["callback_query"]["id"] = id.as_str().into();
        self.update(again);
        id
    }

    /// Tells in a page what there is, for a test that waits in vain.
    pub fn told(&self) -> String {
        let calls = self.calls.iter().map(|call| format!("{} {:?} {}", call.method, call.chat, call.answer));
        let shown = self.messages.iter().map(|((chat, id), shown)| {
            let buttons: Vec<&str> = shown.buttons.iter().map(|(label, _)| label.as_str()).collect();
            format!("{chat}/{id} bot={} edits={} {buttons:?} {:?}", shown.by_bot, shown.edits, shown.text)
        });
        let answers = self.answers.iter().map(|(press, answer)| format!("{press}: {answer:?}"));
        let lines: Vec<String> = calls.chain(shown).chain(answers).collect();
        format!("{} updates not confirmed\n{}", self.updates.len(), lines.join("\n"))
    }

    /// Removes a message, as people can.
    pub fn delete(&mut self, chat: i64, message: i64) {
        self.messages.remove(&(chat, message));
    }

    /// Lets a chat get this many more sends before it is answered with 429.
    pub fn allow(&mut self, chat: i64, sends: usize, retry_after: u64) {
        self.allowance.insert(chat, (sends, retry_after));
    }

    /// Makes the bot's way to a chat open or closed.
    pub fn set_photos(&mut self, chat: i64, allowed: bool) {
        self.chats.get_mut(&chat).expect("a chat").no_photos = !allowed;
    }

    /// Sets what becomes of the bot in a chat.
    pub fn set_fate(&mut self, chat: i64, fate: Fate) {
        self.chats.get_mut(&chat).expect("a chat").fate = fate;
    }

    /// Counts the faults that still wait for their calls.
    pub fn faults_left(&self) -> usize {
        self.faults.len()
    }

    /// Tells whether a fault still waits for its call.
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Opens a topic in a forum, or closes it for writing.
    pub fn set_topic(&mut self, chat: i64, topic: i64, open: bool) {
        self.chats.get_mut(&chat).expect("a chat").topics.insert(topic, open);
    }

    /// Deletes a topic with all that is in it.
    pub fn delete_topic(&mut self, chat: i64, topic: i64) {
        self.chats.get_mut(&chat).expect("a chat").topics.remove(&topic);
        self.messages.retain(|(at, _), shown| *at != chat || shown.thread != Some(topic));
    }

    /// Adds a message and gives it its id.
    pub fn add(&mut self, chat: i64, shown: Shown) -> i64 {
        let last = self.last_message.entry(chat).or_insert(100);
        *last += 1;
        self.messages.insert((chat, *last), Shown { id: *last, ..shown });
        *last
    }

    /// Adds an update and gives it its id, which it returns.
    pub fn update(&mut self, mut update: Value) -> u64 {
        self.last_update += 1;
        let id = 1000 + self.last_update;
        update["update_id"] = id.into();
        self.updates.push_back(update);
        id
    }

    /// Returns what a call meets now.
    pub fn trouble(&mut self, method: &str) -> Option<Fault> {
        let lasting = self.outage.as_ref().filter(|(methods, _)| methods.is_empty() || methods.contains(&method));
        lasting.map(|(_, fault)| fault.clone()).or_else(|| self.take_fault(method))
    }

    /// Takes the fault that is next for a method.
    pub fn take_fault(&mut self, method: &str) -> Option<Fault> {
        let at = self.faults.iter().position(|(of, _)| of == method)?;
        self.faults.remove(at).map(|(_, fault)| fault)
    }

    /// Returns the user or chat object of a chat.
    pub fn chat_json(&self, id: i64) -> Value {
        let chat = &self.chats[&id];
        match chat.kind {
            ChatKind::Private => serde_json::json!({ "id": id, "type": "private", "first_name": chat.title }),
            ChatKind::Group => serde_json::json!({ "id": id, "type": "group", "title": chat.title }),
            ChatKind::Supergroup => serde_json::json!({ "id": id, "type": "supergroup", "title": chat.title }),
            ChatKind::Channel => serde_json::json!({ "id": id, "type": "channel", "title": chat.title }),
            ChatKind::Forum => {
                serde_json::json!({ "id": id, "type": "supergroup", "title": chat.title, "is_forum": true })
            }
        }
    }

    /// Returns the message object of a message of the bot.
    pub fn message_json(&self, chat: i64, id: i64) -> Value {
        let shown = &self.messages[&(chat, id)];
        let mut message = serde_json::json!({
            "message_id": id,
            "date": self.clock,
            "chat": self.chat_json(chat),
            "from": { "id": super::BOT_ID, "is_bot": true, "first_name": "signalbox", "username": super::BOT_NAME },
            "text": shown.text,
        });
        if let Some(thread) = shown.thread {
            message["message_thread_id"] = thread.into();
            message["is_topic_message"] = true.into();
        }
        message
    }
}
