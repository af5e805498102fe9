//! Sessions with the gateway: what each was told, kept so that it can go on.

use serde_json::{Value, json};

use super::BOT_ID;
use super::state::State;

const GUILDS: u64 = 1 << 0;
const GUILD_MESSAGES: u64 = 1 << 9;
const DIRECT_MESSAGES: u64 = 1 << 12;
const MESSAGE_CONTENT: u64 = 1 << 15;

/// A session.
pub(crate) struct Session {
    /// What is told in it.
    pub(crate) intents: u64,
    /// What it was told, in order; the first has the number 1.
    pub(crate) events: Vec<(String, Value)>,
    /// Whether it can go on.
    pub(crate) is_alive: bool,
    /// The connection that it goes on with now.
    pub(crate) connection: u64,
    /// How much of it was told on that connection and those before.
    pub(crate) told: usize,
    /// The number of the event that said last that it goes on.
    pub(crate) resumed_at: Option<usize>,
}

impl State {
    /// Tells every session that listens for it of something in a channel.
    pub(crate) fn tell(&mut self, event: &str, channel: u64, data: Value) {
        let is_direct = self.guild(channel).is_none();
        let needed = match event {
            "INTERACTION_CREATE" => 0,
            event if event.starts_with("MESSAGE") && is_direct => DIRECT_MESSAGES,
            event if event.starts_with("MESSAGE") => GUILD_MESSAGES,
            _ => GUILDS,
        };
        let times = if self.repeats { 2 } else { 1 };
        for session in self.sessions.values_mut().filter(|session| session.is_alive) {
            if needed != 0 && session.intents & needed == 0 {
                continue;
            }
            let mut data = data.clone();
            if event.starts_with("MESSAGE") && session.intents & MESSAGE_CONTENT == 0 && !is_direct && !is_shown(&data)
            {
                for (field, empty) in [
                    ("content", json!("")),
                    ("embeds", json!([])),
                    ("attachments", json!([])),
                    ("components", json!([])),
                ] {
                    data[field] = empty;
                }
            }
            for _ in 0..times {
                session.events.push((event.to_owned(), data.clone()));
            }
        }
    }

    /// Tells every session of a server: that it can be reached, or that the bot is in it now.
    pub fn tell_guild(&mut self, guild: u64) {
        self.guilds.insert(guild);
        let told = self.guild_json(guild);
        for session in self.sessions.values_mut().filter(|session| session.is_alive) {
            session.events.push(("GUILD_CREATE".to_owned(), told.clone()));
        }
    }

    /// Begins a session.
    pub(crate) fn begin(&mut self, intents: u64, connection: u64, address: &str) -> String {
        let id = format!("session-{}", self.next_id());
        self.identified += 1;
        self.sessions_left = self.sessions_left.saturating_sub(1);
        let unavailable = |guild: &u64| json!({ "id": guild.to_string(), "unavailable": true });
        let guilds: Vec<Value> = self.guilds.iter().map(unavailable).collect();
        let ready = json!({
            "v": 10, "session_id": id, "resume_gateway_url": address, "user": Self::bot_json(),
            "guilds": guilds,
            "application": { "id": BOT_ID.to_string(), "flags": 0 },
        });
        let mut events = vec![("READY".to_owned(), ready)];
        if intents & GUILDS != 0 {
            events.extend(self.guilds.iter().map(|guild| ("GUILD_CREATE".to_owned(), self.guild_json(*guild))));
        }
        self.sessions
            .insert(id.clone(), Session { intents, events, is_alive: true, connection, told: 0, resumed_at: None });
        id
    }

    /// Whether a session goes on in which the bot was told everything.
    pub fn is_told_all(&self) -> bool {
        self.connections > 0
            && self.sessions.values().any(|session| session.is_alive && session.told == session.events.len())
    }

    /// Ends all sessions, as after a long time without a connection.
    pub fn end_sessions(&mut self) {
        self.sessions.values_mut().for_each(|session| session.is_alive = false);
    }

    /// Returns the number of the last event in which a message with this text was told, if it was.
    pub fn told_at(&self, text: &str) -> Option<(String, u64)> {
        let told = |event: &(String, Value)| event.0 == "MESSAGE_CREATE" && event.1["content"] == text;
        self.sessions.iter().filter(|(_, session)| session.is_alive).find_map(|(id, session)| {
            let at = session.events.iter().rposition(told)?;
            Some((id.clone(), at as u64 + 1))
        })
    }
}

/// Whether a message is shown whole to the bot in any case: its own, and those that mention it.
fn is_shown(message: &Value) -> bool {
    let mention = format!("<@{BOT_ID}>");
    message["author"]["id"].as_str().is_some_and(|id| id.parse() == Ok(BOT_ID))
        || message["content"].as_str().is_some_and(|text| text.contains(&mention))
}
