//! What the server knows: channels, messages, sessions and what they were told, calls so far.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub use super::channel::{Channel, Right, Tag};
use super::fault::{Cut, Fault, Greeting};
use super::sessions::Session;
use super::{BOT_ID, BOT_NAME, BOT_ROLE, GUILD_ID};

/// New sessions that a bot may begin in a day.
const SESSIONS_A_DAY: u64 = 1000;
/// Time between two new sessions of a bot, unless a test changes it.
const BETWEEN_SESSIONS: Duration = Duration::from_secs(5);
/// Time between two heartbeats, in milliseconds, unless a test changes it.
const HEARTBEAT_MS: u64 = 41_250;

/// What everybody may do in the server: all but to be its administrator.
const ALL_RIGHTS: u64 = ((1 << 50) - 1) & !(1 << 3);

/// When the time of ids begins, in milliseconds since 1970.
const EPOCH_MS: u64 = 1_420_070_400_000;

#[expect(clippy::disallowed_methods, reason = "the server has a clock of its own, which its ids tell")]
fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// Writes the time of an id.
pub(crate) fn written(id: u64) -> String {
    let at = chrono::DateTime::from_timestamp_millis(i64::try_from((id >> 22) + EPOCH_MS).unwrap_or_default());
    at.unwrap_or_default().to_rfc3339_opts(chrono::SecondsFormat::Micros, false)
}

/// Everything the server knows.
pub struct State {
    /// Where the gateway is.
    pub gateway: String,
    /// Calls that were answered or went wrong, oldest first.
    pub calls: Vec<Call>,
    /// Channels and threads by their ids.
    pub channels: BTreeMap<u64, Channel>,
    /// What channels show now, by the ids of channel and message.
    pub messages: BTreeMap<(u64, u64), Shown>,
    /// What only one person sees: the answers to presses and commands.
    pub whispers: Vec<String>,
    /// Where the bot is shown as typing, in the order of the calls.
    pub typing: Vec<u64>,
    /// The bot's reactions: channel, message, emoji.
    pub reactions: Vec<(u64, u64, String)>,
    /// The registered commands.
    pub commands: Vec<Value>,
    /// How often commands were registered.
    pub registrations: usize,
    /// Whom messages of the bot have pinged.
    pub pings: Vec<String>,
    /// Who has said something, as the API tells of them.
    pub(crate) people: HashMap<u64, Value>,
    /// Whether interactions tell of their channels.
    pub tells_channels: bool,
    /// Interactions by their ids.
    pub interactions: HashMap<u64, Interaction>,
    /// What every call of these routes meets (all where none is named), as long as it is set.
    pub outage: Option<(Vec<&'static str>, Fault)>,
    /// What every call about one of these channels meets, as long as it stands here.
    pub sick: BTreeMap<u64, Fault>,
    /// Whether the token is no longer good.
    pub revoked: bool,
    /// Whether the bot may read what messages say.
    pub allows_content: bool,
    /// Events that say this arrive as half a frame, each time.
    pub breaks: Option<&'static str>,
    /// The servers that the bot is in.
    pub guilds: BTreeSet<u64>,
    /// Whether servers cannot be reached when a session begins.
    pub is_down: bool,
    /// Whether each event is told twice.
    pub repeats: bool,
    /// New sessions that are left today.
    pub sessions_left: u64,
    /// Sessions that began.
    pub identified: usize,
    /// Least time between two new sessions.
    pub between_sessions: Duration,
    /// Sessions that were asked for.
    pub asked: usize,
    /// Those that were asked for too soon after another.
    pub too_soon: usize,
    /// Sessions that went on.
    pub resumed: usize,
    /// Time between two heartbeats, in milliseconds.
    pub heartbeat_ms: u64,
    /// Connections that are open now.
    pub connections: usize,
    /// Messages that a channel takes in five seconds.
    pub allowance: u64,
    /// Answers so far of those for which an address is banned in the end.
    pub invalid: usize,
    /// Threads that a server may have open at once.
    pub most_threads: usize,
    /// What messages and names of threads must not say, by a rule of the server's own.
    pub forbidden: Option<&'static str>,
    /// How far the server's clock is ahead of ours, in milliseconds.
    pub ahead_ms: u64,
    /// When a session was asked for last.
    pub(crate) began: Option<Instant>,
    pub(crate) sessions: BTreeMap<String, Session>,
    pub(crate) cuts: VecDeque<Cut>,
    pub(crate) greetings: VecDeque<Greeting>,
    /// What the next calls meet, each with its method or route.
    pub faults: VecDeque<(String, Fault)>,
    pub(crate) released: u64,
    /// Files of messages, by their paths.
    pub(crate) files: HashMap<String, Vec<u8>>,
    pub(crate) nonces: HashMap<(u64, String), (u64, Instant)>,
    pub(crate) buckets: HashMap<String, VecDeque<Instant>>,
    /// When the calls of the last second came.
    pub(crate) second: VecDeque<Instant>,
    last_id: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            gateway: String::new(),
            calls: Vec::new(),
            channels: BTreeMap::new(),
            messages: BTreeMap::new(),
            whispers: Vec::new(),
            typing: Vec::new(),
            reactions: Vec::new(),
            commands: Vec::new(),
            registrations: 0,
            pings: Vec::new(),
            people: HashMap::new(),
            tells_channels: true,
            interactions: HashMap::new(),
            outage: None,
            sick: BTreeMap::new(),
            revoked: false,
            allows_content: true,
            breaks: None,
            guilds: BTreeSet::from([GUILD_ID]),
            is_down: false,
            repeats: false,
            sessions_left: SESSIONS_A_DAY,
            identified: 0,
            between_sessions: BETWEEN_SESSIONS,
            asked: 0,
            too_soon: 0,
            resumed: 0,
            heartbeat_ms: HEARTBEAT_MS,
            connections: 0,
            allowance: 5,
            invalid: 0,
            most_threads: 1000,
            forbidden: None,
            ahead_ms: 0,
            began: None,
            sessions: BTreeMap::new(),
            cuts: VecDeque::new(),
            greetings: VecDeque::new(),
            faults: VecDeque::new(),
            released: 0,
            files: HashMap::new(),
            nonces: HashMap::new(),
            buckets: HashMap::new(),
            second: VecDeque::new(),
            last_id: 0,
        }
    }
}

/// One call of the bot.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method and the path without its ids.
    pub route: String,
    /// The channel it is about.
    pub channel: Option<u64>,
    /// The status, or 0 where there was no answer.
    pub answer: u16,
    /// When.
    pub at: Instant,
}

/// A message as it is shown now.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Its id.
    pub id: u64,
    /// The author's id.
    pub author: u64,
    /// The author's name.
    pub name: String,
    /// Whether the bot wrote it.
    pub by_bot: bool,
    /// What it says.
    pub text: String,
    /// The message it answers.
    pub reply_to: Option<u64>,
    /// Labels and actions of its buttons.
    pub buttons: Vec<(String, String)>,
    /// Name and content of its file.
    pub file: Option<(String, Vec<u8>)>,
    /// Whether it makes no sound.
    pub silent: bool,
    /// How often it was edited.
    pub edits: usize,
    /// When it was posted.
    pub at: Instant,
    /// Its JSON beside all that.
    pub more: Value,
}

/// An interaction, and what became of it.
#[derive(Debug, Clone)]
pub struct Interaction {
    /// Its token.
    pub token: String,
    /// Its kind: 2 a command, 3 a press, 4 a command that is being typed, 5 a form that was filled in.
    pub kind: u64,
    /// Where it was made.
    pub channel: u64,
    /// When.
    pub at: Instant,
    /// Whether its time is over.
    pub lapsed: bool,
    /// Whether the bot was told of it; what a session that is over was not told is told to nobody.
    pub told: bool,
    /// The kind of its first answer, and how long that took.
    pub answered: Option<(u64, std::time::Duration)>,
    /// The message that it was answered with.
    pub shows: Option<u64>,
    /// Whether only who asked sees that message.
    pub is_aside: bool,
    /// Names and values of the choices that it was answered with.
    pub choices: Vec<(String, String)>,
    /// The form that it was answered with.
    pub form: Option<Value>,
}

impl State {
    /// Returns a new id, higher than all before.
    pub fn next_id(&mut self) -> u64 {
        let now = now_ms().saturating_add(self.ahead_ms);
        self.last_id = (self.last_id + (1 << 22)).max(now.saturating_sub(EPOCH_MS) << 22);
        self.last_id
    }

    /// Returns what a channel shows now, oldest first.
    pub fn shows(&self, channel: u64) -> Vec<Shown> {
        self.messages.range((channel, 0)..=(channel, u64::MAX)).map(|(_, shown)| shown.clone()).collect()
    }

    /// Returns the texts that the bot shows in a channel, oldest first.
    pub fn said(&self, channel: u64) -> Vec<String> {
        self.shows(channel).into_iter().filter(|shown| shown.by_bot).map(|shown| shown.text).collect()
    }

    /// Takes a message away.
    pub fn delete(&mut self, channel: u64, message: u64) {
        self.messages.remove(&(channel, message));
        let gone =
            json!({ "id": message.to_string(), "channel_id": channel.to_string(), "guild_id": self.guild(channel) });
        self.tell("MESSAGE_DELETE", channel, gone);
    }

    /// Takes many messages away at once, as a moderator does.
    pub fn delete_all(&mut self, channel: u64, messages: &[u64]) {
        messages.iter().for_each(|message| drop(self.messages.remove(&(channel, *message))));
        let ids: Vec<String> = messages.iter().map(u64::to_string).collect();
        let gone = json!({ "ids": ids, "channel_id": channel.to_string(), "guild_id": self.guild(channel) });
        self.tell("MESSAGE_DELETE_BULK", channel, gone);
    }

    /// Tells whether a fault waits for its call.
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Tells whether at most so many connections are still to be met in some way.
    pub fn has_greetings(&self, most: usize) -> bool {
        self.greetings.len() <= most
    }

    /// Returns how many calls are still to go wrong.
    pub fn faults_left(&self) -> usize {
        self.faults.len()
    }

    /// Notes that a new session was asked for, and tells whether that was too soon.
    pub(crate) fn note_asked(&mut self) -> bool {
        let before = self.began.replace(Instant::now());
        let is_too_soon = before.is_some_and(|before| before.elapsed() < self.between_sessions);
        self.asked += 1;
        self.too_soon += usize::from(is_too_soon);
        is_too_soon
    }

    /// Tells whether something waits to be done to a connection.
    pub fn has_cuts(&self) -> bool {
        !self.cuts.is_empty() || !self.greetings.is_empty()
    }

    /// Returns the server that a channel belongs to; `None` for one person's.
    pub(crate) fn guild(&self, channel: u64) -> Option<String> {
        let known = self.channels.get(&channel);
        let is_direct = known.is_some_and(|channel| channel.kind == 1);
        (!is_direct).then(|| known.and_then(|channel| channel.guild).unwrap_or(GUILD_ID).to_string())
    }

    /// Returns what goes wrong with a call.
    pub(crate) fn trouble(&mut self, route: &str, channel: Option<u64>) -> Option<Fault> {
        if let Some(fault) = channel.and_then(|channel| self.sick.get(&channel)) {
            return Some(fault.clone());
        }
        if let Some((routes, fault)) = &self.outage
            && (routes.is_empty() || routes.contains(&route))
        {
            return Some(fault.clone());
        }
        let at = self.faults.iter().position(|(wanted, _)| wanted == route)?;
        self.faults.remove(at).map(|(_, fault)| fault)
    }

    /// Returns a message as the API tells of it; `nonce` only where it was just posted.
    pub(crate) fn message_json(&self, channel: u64, shown: &Shown, nonce: Option<&Value>) -> Value {
        let row = |row: &[(String, String)]| {
            let buttons = row.iter().map(|(label, action)| json!({ "type": 2, "label": label, "custom_id": action }));
            json!({ "type": 1, "components": buttons.collect::<Vec<_>>() })
        };
        let rows: Vec<Value> = shown.buttons.chunks(5).map(row).collect();
        let files = shown.file.iter().map(|(name, content)| {
            json!({ "id": "1", "filename": name, "size": content.len(), "url": "http://127.0.0.1:1/none" })
        });
        let (mentions, mention_roles) = self.mentioned(&shown.text);
        let mut message = json!({
            "id": shown.id.to_string(), "channel_id": channel.to_string(), "type": if shown.reply_to.is_some() { 19 } else { 0 },
            "content": shown.text, "timestamp": "2026-11-29T08:00:00.000000+00:00", "edited_timestamp": null, "tts": false,
            "mention_everyone": false, "mentions": mentions, "mention_roles": mention_roles, "embeds": [], "pinned": false, "flags": 0,
            "attachments": files.collect::<Vec<_>>(), "components": rows,
            "author": { "id": shown.author.to_string(), "username": shown.name, "bot": shown.by_bot },
        });
        let fields = message.as_object_mut().expect("an object");
        if let Some(guild) = self.guild(channel) {
            fields.insert("guild_id".into(), guild.into());
            if !shown.by_bot {
                fields.insert("member".into(), json!({ "nick": null, "roles": [] }));
            }
        }
        if let Some(replied) = shown.reply_to {
            let reference = json!({ "type": 0, "channel_id": channel.to_string(), "message_id": replied.to_string() });
            fields.insert("message_reference".into(), reference);
            let replied = self.messages.get(&(channel, replied));
            let replied = replied.map_or(Value::Null, |shown| self.message_json(channel, shown, None));
            fields.insert("referenced_message".into(), replied);
        }
        if let Some(nonce) = nonce {
            fields.insert("nonce".into(), nonce.clone());
        }
        if let Value::Object(more) = &shown.more {
            fields.extend(more.clone());
        }
        message
    }

    /// Returns the time of a new id.
    pub(crate) fn next_time(&mut self) -> String {
        written(self.next_id())
    }

    /// Returns a server with its channels and active threads; of one that cannot be reached only its id.
    pub(crate) fn guild_json(&self, guild: u64) -> Value {
        if self.is_down {
            return json!({ "id": guild.to_string(), "unavailable": true });
        }
        let told = |wanted: &dyn Fn(&Channel) -> bool| {
            let is_of = |channel: &Channel| channel.guild.unwrap_or(GUILD_ID) == guild && wanted(channel);
            let channels = self.channels.iter().filter(|(_, channel)| is_of(channel));
            channels.filter_map(|(id, _)| self.channel_json(*id)).collect::<Vec<_>>()
        };
        let channels = told(&|channel| channel.parent.is_none() && channel.kind != 1);
        let threads = told(&|channel| channel.parent.is_some() && !channel.archived);
        json!({
            "id": guild.to_string(), "name": "team", "channels": channels, "threads": threads, "members": [],
            "unavailable": false, "roles": Self::roles_json(),
        })
    }

    /// Returns the roles of a server.
    pub(crate) fn roles_json() -> Value {
        json!([
            { "id": GUILD_ID.to_string(), "name": "@everyone", "permissions": ALL_RIGHTS.to_string() },
            { "id": BOT_ROLE.to_string(), "name": BOT_NAME, "permissions": "0", "managed": true, "tags": { "bot_id": BOT_ID.to_string() } },
        ])
    }

    /// Returns whom a text mentions: people, and roles.
    fn mentioned(&self, text: &str) -> (Vec<Value>, Vec<String>) {
        let ids = |mark: &str| -> Vec<u64> {
            let marked = text.split(mark).skip(1).filter_map(|rest| rest.split_once('>'));
            marked.filter_map(|(id, _)| id.trim_start_matches('!').parse().ok()).collect()
        };
        let bot = Self::bot_json();
        let known = |id: &u64| if *id == BOT_ID { Some(bot.clone()) } else { self.people.get(id).cloned() };
        (ids("<@").iter().filter_map(known).collect(), ids("<@&").iter().map(u64::to_string).collect())
    }

    /// Returns the bot as the API tells of it.
    pub(crate) fn bot_json() -> Value {
        json!({ "id": BOT_ID.to_string(), "username": BOT_NAME, "discriminator": "0", "bot": true, "global_name": null })
    }

    /// Says how things stand, for a test that waits in vain.
    pub fn told(&self) -> String {
        let calls: Vec<String> =
            self.calls.iter().rev().take(30).map(|c| format!("{} {}", c.route, c.answer)).collect();
        let said: Vec<String> = self.channels.keys().map(|id| format!("{id}: {:#?}", self.said(*id))).collect();
        format!(
            "identified {}, resumed {}, connections {}; last calls first: {calls:?}; shown: {}; whispers {:?}",
            self.identified,
            self.resumed,
            self.connections,
            said.join("\n"),
            self.whispers
        )
    }
}
