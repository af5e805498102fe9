//! What the fake knows: channels, messages, people, calls, and the envelopes that wait to be acknowledged.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::blocks;
use super::fault::{Cut, Fault, Greeting};
use super::people::Person;
use super::{APP_ID, BOT_ID, BOT_NAME, BOT_USER, TEAM_ID};

/// How things stand.
#[derive(Default)]
pub struct State {
    /// Messages by channel and time stamp.
    pub messages: BTreeMap<(String, String), Shown>,
    /// Channels by their ids.
    pub channels: BTreeMap<String, Channel>,
    /// People by their ids.
    pub people: BTreeMap<String, Person>,
    /// Every call, in order.
    pub calls: Vec<Call>,
    /// What was shown to one person only.
    pub whispers: Vec<Whisper>,
    /// Forms that were opened, each as it was sent, with the trigger that it answers.
    pub views: Vec<(String, Value)>,
    /// What the Home of each person shows.
    pub homes: BTreeMap<String, Value>,
    /// What is said to be done in threads: channel, thread, words.
    pub statuses: Vec<(String, String, String)>,
    /// The bot's reactions: channel, message, name.
    pub reactions: BTreeSet<(String, String, String)>,
    /// Files by their ids: name and content.
    pub files: BTreeMap<String, (String, Vec<u8>)>,
    /// Whom a message of the bot's has pinged.
    pub pings: Vec<String>,
    /// Scopes that the bot token lacks.
    pub lacks: BTreeSet<&'static str>,
    /// Whether the bot token is no good.
    pub revoked: bool,
    /// Whether the app-level token is no good.
    pub app_revoked: bool,
    /// Whether Socket Mode is switched off.
    pub is_disabled: bool,
    /// What happens to all calls of some methods, of all where none is named.
    pub outage: Option<(Vec<&'static str>, Fault)>,
    /// Sockets that stand, by their numbers, oldest first.
    pub sockets: Vec<u64>,
    /// Sockets that have ever stood.
    pub stood: usize,
    /// The fewest sockets that stood since the first two did.
    pub fewest: Option<usize>,
    /// Envelopes, in order.
    pub envelopes: Vec<Envelope>,
    /// How long an envelope waits for its acknowledgement before it is given again, in milliseconds; 0 for the usual time.
    pub again_ms: u64,
    /// How long a socket is said to last, in seconds; 0 for the usual time.
    pub lasts_seconds: u64,
    /// Whether the workspace does not have the newest blocks yet: charts and containers are refused.
    pub lacks_novel_blocks: bool,
    /// New messages that a channel takes at once; 0 for the usual number. One more comes every second.
    pub burst: usize,
    /// Whether the addresses that answer one person are too old.
    pub are_asides_expired: bool,
    /// What the next calls meet, each with its method or route.
    pub faults: VecDeque<(String, Fault)>,
    pub(crate) cuts: VecDeque<Cut>,
    pub(crate) greetings: VecDeque<Greeting>,
    pub(crate) released: u64,
    pub(crate) sockets_at: String,
    pub(crate) files_at: String,
    pub(crate) tickets: BTreeSet<String>,
    pub(crate) buckets: BTreeMap<String, (f64, Instant)>,
    pub(crate) uploads: BTreeMap<String, Upload>,
    pub(crate) triggers: BTreeMap<String, Trigger>,
    /// How often each address that answers one person was used, by its trigger.
    pub(crate) asides: BTreeMap<String, usize>,
    pub(crate) turn: usize,
    pub(crate) last: u64,
}

/// A channel.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its name; of a direct one, who writes there.
    pub name: String,
    /// Whether the bot is in it.
    pub has_bot: bool,
    /// Whether it is archived.
    pub archived: bool,
    /// People who are not in it; all others are.
    pub outsiders: Vec<&'static str>,
}

impl Default for Channel {
    fn default() -> Self {
        Self { name: "general".to_owned(), has_bot: true, archived: false, outsiders: Vec::new() }
    }
}

/// A message as it is shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its time stamp, which names it in its channel.
    pub ts: String,
    /// Who wrote it: a user's id, or a bot's.
    pub author: String,
    /// Whether it is the bot's under test.
    pub by_bot: bool,
    /// What it says, escaped as Slack has it.
    pub text: String,
    /// Its blocks.
    pub blocks: Value,
    /// Its attachments.
    pub attachments: Value,
    /// The first message of the thread that it stands in.
    pub thread: Option<String>,
    /// When it was changed last.
    pub edited: Option<String>,
    /// What was sent with it for programs.
    pub metadata: Value,
    /// Its JSON beside all that.
    pub more: Value,
}

impl Shown {
    /// Returns label and value of each of its buttons, in order.
    pub fn buttons(&self) -> Vec<(String, String)> {
        let beside = self.attachments.as_array().into_iter().flatten().map(|attachment| &attachment["blocks"]);
        let blocks = std::iter::once(&self.blocks).chain(beside).filter_map(Value::as_array).flatten();
        let elements = blocks.filter_map(|block| block["elements"].as_array()).flatten();
        let button = |element: &Value| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (element["type"] == "button").then(|| (text(&element["text"]["text"]), text(&element["value"])))
        };
        elements.filter_map(button).collect()
    }

    /// Returns what people read in it: its text without escapes.
    pub fn words(&self) -> String {
        self.text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }
}

/// A call of a method.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: String,
    /// The channel that it is about; empty where it is about none.
    pub channel: String,
    /// `ok`, the word with which it was refused, or nothing where no answer was given.
    pub answer: String,
    /// When.
    pub at: Instant,
    /// What was asked.
    pub asked: Value,
}

/// What was shown to one person only.
#[derive(Debug, Clone, PartialEq)]
pub struct Whisper {
    /// Where.
    pub channel: String,
    /// In which thread.
    pub thread: Option<String>,
    /// To whom.
    pub user: String,
    /// What.
    pub text: String,
    /// Its blocks.
    pub blocks: Value,
}

/// Something that is handed over.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Its kind.
    pub kind: &'static str,
    /// What it holds.
    pub payload: Value,
    /// The ids under which it was handed over, the newest last.
    pub ids: Vec<String>,
    /// The socket that it was handed to last, and when.
    pub given: Option<(u64, Instant)>,
    /// When it was acknowledged after it was first handed over.
    pub acked: Option<std::time::Duration>,
    /// What came with the acknowledgement.
    pub answer: Value,
    pub(crate) first: Option<Instant>,
    pub(crate) is_lost: bool,
}

/// A file on its way.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) length: usize,
    pub(crate) content: Option<Vec<u8>>,
}

/// What may open a form, once and for three seconds.
#[derive(Debug, Clone)]
pub(crate) struct Trigger {
    pub(crate) at: Instant,
    pub(crate) is_used: bool,
}

impl State {
    /// Returns a new time stamp, later than all before.
    #[expect(clippy::disallowed_methods, reason = "the server has a clock of its own, which its time stamps tell")]
    pub fn next_ts(&mut self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        self.last = (self.last + 1).max(u64::try_from(now).unwrap_or_default());
        format!("{}.{:06}", self.last / 1_000_000, self.last % 1_000_000)
    }

    /// Returns a new id that begins so.
    pub(crate) fn next_id(&mut self, begins: &str) -> String {
        self.last += 1;
        format!("{begins}{}", self.last)
    }

    /// Returns what a channel shows now, its threads too, oldest first.
    pub fn shows(&self, channel: &str) -> Vec<Shown> {
        let of = |((place, _), _): &(&(String, String), &Shown)| place == channel;
        self.messages.iter().filter(of).map(|(_, shown)| shown.clone()).collect()
    }

    /// Returns the texts that the bot shows in a channel and its threads, oldest first, without escapes.
    pub fn said(&self, channel: &str) -> Vec<String> {
        self.shows(channel).into_iter().filter(|shown| shown.by_bot).map(|shown| shown.words()).collect()
    }

    /// Returns what the page says that a person has open; nothing where none was written.
    pub fn home_of(&self, person: Person) -> String {
        self.homes.get(person.id).map(|view| blocks::said(&view["blocks"])).unwrap_or_default()
    }

    /// Lets nothing more go wrong.
    pub fn forget_faults(&mut self) {
        self.faults.clear();
    }

    /// Tells whether a fault waits for its call.
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Tells whether something waits to be done to a socket.
    pub fn has_cuts(&self) -> bool {
        !self.cuts.is_empty() || !self.greetings.is_empty()
    }

    /// Tells whether everything was acknowledged that was handed over and not lost on its way.
    pub fn is_told_all(&self) -> bool {
        self.envelopes.iter().all(|envelope| envelope.acked.is_some() || envelope.is_lost)
    }

    /// Returns how an envelope stands that holds a text: whether it was acknowledged; `None` where there is none.
    pub fn is_acknowledged(&self, text: &str) -> Option<bool> {
        let holds = |envelope: &&Envelope| envelope.payload["event"]["text"] == text;
        self.envelopes.iter().rev().find(holds).map(|envelope| envelope.acked.is_some())
    }

    /// Hands something over.
    pub(crate) fn hand_over(&mut self, kind: &'static str, payload: Value) {
        self.envelopes.push(Envelope {
            kind,
            payload,
            ids: Vec::new(),
            given: None,
            acked: None,
            answer: Value::Null,
            first: None,
            is_lost: false,
        });
    }

    /// Hands an event over.
    pub(crate) fn tell(&mut self, event: Value) {
        let id = self.next_id("Ev");
        let payload = json!({
            "token": "unused", "team_id": TEAM_ID, "api_app_id": APP_ID, "type": "event_callback", "event_id": id,
            "event_time": self.last / 1_000_000, "event": event,
        });
        self.hand_over("events_api", payload);
    }

    /// Returns what goes wrong with a call.
    pub(crate) fn trouble(&mut self, method: &str) -> Option<Fault> {
        if let Some((methods, fault)) = &self.outage
            && (methods.is_empty() || methods.contains(&method))
        {
            return Some(fault.clone());
        }
        let at = self.faults.iter().position(|(wanted, _)| wanted == method)?;
        self.faults.remove(at).map(|(_, fault)| fault)
    }

    /// Returns a message as Slack tells of it.
    pub(crate) fn message_json(&self, channel: &str, shown: &Shown) -> Value {
        let mut message = json!({ "type": "message", "ts": shown.ts, "text": shown.text, "team": TEAM_ID });
        let fields = message.as_object_mut().expect("an object");
        if shown.by_bot {
            fields.insert("user".into(), json!(BOT_USER));
            fields.insert("bot_id".into(), json!(BOT_ID));
            fields.insert("app_id".into(), json!(APP_ID));
            fields.insert("bot_profile".into(), json!({ "id": BOT_ID, "app_id": APP_ID, "name": BOT_NAME }));
        } else if shown.author.starts_with('B') {
            fields.insert("subtype".into(), json!("bot_message"));
            fields.insert("bot_id".into(), json!(shown.author));
        } else {
            fields.insert("user".into(), json!(shown.author));
        }
        for (key, value) in [("blocks", &shown.blocks), ("attachments", &shown.attachments)] {
            if !value.is_null() {
                fields.insert(key.into(), value.clone());
            }
        }
        if let Some(thread) = &shown.thread {
            fields.insert("thread_ts".into(), json!(thread));
        }
        let replies: Vec<&Shown> = self.replies(channel, &shown.ts).collect();
        if let Some(last) = replies.last() {
            fields.insert("thread_ts".into(), json!(shown.ts));
            fields.insert("reply_count".into(), json!(replies.len()));
            fields.insert("latest_reply".into(), json!(last.ts));
        }
        if let Some(edited) = &shown.edited
            && !shown.author.starts_with('B')
        {
            fields.insert("edited".into(), json!({ "user": shown.author, "ts": edited }));
        }
        if let Value::Object(more) = &shown.more {
            fields.extend(more.clone());
        }
        message
    }

    /// Returns the answers in a thread, oldest first.
    pub(crate) fn replies<'s>(&'s self, channel: &'s str, thread: &'s str) -> impl Iterator<Item = &'s Shown> {
        let all = self.messages.iter().filter(move |((place, _), _)| place == channel);
        all.map(|(_, shown)| shown).filter(move |shown| shown.thread.as_deref() == Some(thread))
    }

    /// Shows a message and tells the bot of it; returns its time stamp.
    pub(crate) fn show(&mut self, channel: &str, shown: Shown) -> String {
        let ts = shown.ts.clone();
        let mut event = self.message_json(channel, &shown);
        self.messages.insert((channel.to_owned(), ts.clone()), shown);
        self.place(&mut event, channel);
        let is_mention = event["text"].as_str().is_some_and(|text| text.contains(&format!("<@{BOT_USER}>")));
        let has_bot = self.channels.get(channel).is_some_and(|channel| channel.has_bot);
        if !has_bot {
            return ts;
        }
        if is_mention && !channel.starts_with('D') && event["bot_id"].is_null() {
            let mut mention = event.clone();
            mention["type"] = json!("app_mention");
            mention.as_object_mut().expect("an object").remove("channel_type");
            self.tell(mention);
        }
        self.tell(event);
        ts
    }

    /// Says in an event where it is.
    pub(crate) fn place(&self, event: &mut Value, channel: &str) {
        let kind = match channel.as_bytes().first() {
            Some(b'D') => "im",
            Some(b'G') => "mpim",
            _ => "channel",
        };
        event["channel"] = json!(channel);
        event["channel_type"] = json!(kind);
        if event["event_ts"].is_null() {
            event["event_ts"] = event["ts"].clone();
        }
    }

    /// Says how things stand, for a test that waits in vain.
    pub fn told(&self) -> String {
        let calls: Vec<String> =
            self.calls.iter().rev().take(30).map(|call| format!("{} {}", call.method, call.answer)).collect();
        let said: Vec<String> = self.channels.keys().map(|id| format!("{id}: {:#?}", self.said(id))).collect();
        let waiting = self.envelopes.iter().filter(|envelope| envelope.acked.is_none()).count();
        format!(
            "sockets {:?} of {}, envelopes {} of which {waiting} wait; last calls first: {calls:?}; shown: {}; whispers {:?}",
            self.sockets,
            self.stood,
            self.envelopes.len(),
            said.join("\n"),
            self.whispers
        )
    }
}
