//! The gateway's frames, both ways. Raw: what an event says is read by others, when it is its turn.

use std::borrow::Cow;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Servers, their channels and threads.
const GUILDS: u64 = 1 << 0;
/// Messages in servers.
const GUILD_MESSAGES: u64 = 1 << 9;
/// Messages to the bot alone.
const DIRECT_MESSAGES: u64 = 1 << 12;
/// What messages say; privileged, to be switched on in the developer portal.
const MESSAGE_CONTENT: u64 = 1 << 15;

/// Operations of the gateway.
/// Source: <https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway>, read 2026-11.
pub(crate) mod op {
    /// An event.
    pub(crate) const DISPATCH: u8 = 0;
    /// A heartbeat, either way.
    pub(crate) const HEARTBEAT: u8 = 1;
    /// A new session is asked for.
    pub(crate) const IDENTIFY: u8 = 2;
    /// A session is to go on.
    pub(crate) const RESUME: u8 = 6;
    /// The server asks to connect again.
    pub(crate) const RECONNECT: u8 = 7;
    /// The session cannot go on, or not now.
    pub(crate) const INVALID_SESSION: u8 = 9;
    /// The server's first word.
    pub(crate) const HELLO: u8 = 10;
    /// A heartbeat was heard.
    pub(crate) const HEARTBEAT_ACK: u8 = 11;
}

/// One frame as it arrives.
#[derive(Deserialize)]
pub(crate) struct Frame<'a> {
    /// What it is.
    pub(crate) op: u8,
    /// The number of an event in its session.
    pub(crate) s: Option<u64>,
    /// The name of an event.
    #[serde(borrow, default)]
    pub(crate) t: Option<Cow<'a, str>>,
    /// What it says.
    #[serde(borrow, default)]
    pub(crate) d: Option<&'a RawValue>,
}

impl Frame<'_> {
    /// Reads what it says as `T`.
    pub(crate) fn says<'d, T: Deserialize<'d>>(&'d self) -> Option<T> {
        serde_json::from_str(self.d?.get()).ok()
    }
}

/// Asks for a new session; `content` asks for what messages say.
pub(crate) fn identify(token: &SecretString, content: bool) -> Value {
    let intents = GUILDS | GUILD_MESSAGES | DIRECT_MESSAGES | if content { MESSAGE_CONTENT } else { 0 };
    let properties = json!({ "os": std::env::consts::OS, "browser": "signalbox", "device": "signalbox" });
    json!({
        "op": op::IDENTIFY,
        "d": { "token": token.expose_secret(), "intents": intents, "properties": properties, "compress": false },
    })
}

/// Asks for what came after an event of a session.
pub(crate) fn resume(token: &SecretString, session: &str, seq: u64) -> Value {
    json!({ "op": op::RESUME, "d": { "token": token.expose_secret(), "session_id": session, "seq": seq } })
}

/// Says that we are there, and which event we have read last.
pub(crate) fn heartbeat(seq: Option<u64>) -> Value {
    json!({ "op": op::HEARTBEAT, "d": seq })
}
