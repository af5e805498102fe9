//! The REST API: from a call to what is done and answered.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::rules::{
    IS_COMPONENTS_V2, Refusal, buttons, check, check_form, choices, files, invalid, is_v2, refusal, text_of,
};
use super::state::{Channel, Right, Shown, State};
use super::{BOT_ID, BOT_NAME, Shared};
use crate::parameters::Parameters;

/// Time in which an interaction must be answered.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Time in which a nonce is known again.
const NONCE_HOLDS: Duration = Duration::from_secs(180);
/// Most messages in one answer.
const MAX_MESSAGES: u64 = 100;
const MISSING_ACCESS: u64 = 50001;
pub(crate) const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
const EPHEMERAL: u64 = 1 << 6;

/// What a call is answered with.
pub(crate) type Answer = Result<Value, Refusal>;

/// One call.
pub(crate) struct Request<'r> {
    pub(crate) method: &'r str,
    /// The path, cut at its slashes.
    pub(crate) path: Vec<&'r str>,
    pub(crate) query: &'r str,
    pub(crate) parameters: Parameters,
}

/// Returns the method and the path without ids, by which faults are given out.
pub(crate) fn route(method: &str, path: &[&str]) -> String {
    let is_id = |part: &&&str| part.bytes().all(|b| b.is_ascii_digit()) || part.starts_with("interaction-token");
    let mut names: Vec<&str> = path.iter().filter(|part| !is_id(part)).copied().collect();
    if let Some(at) = names.iter().position(|name| *name == "reactions") {
        names.truncate(at + 1);
    }
    format!("{method} {}", names.join("/"))
}

impl Request<'_> {
    /// Returns the body, also of a form.
    pub(crate) fn body(&self) -> Value {
        match self.parameters.fields.get("payload_json") {
            Some(body) => body.clone(),
            None => Value::Object(self.parameters.fields.clone()),
        }
    }

    pub(crate) fn asked(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    fn text(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        Some(pairs.find(|(key, _)| *key == name)?.1)
    }
}

/// Returns what a message is made of beside its text and buttons.
pub(crate) fn beside(body: &Value, flags: u64) -> Value {
    let mut more = json!({ "flags": flags });
    if is_v2(body) {
        (more["content"], more["components"]) = (json!(""), body["components"].clone());
    } else if body["embeds"].as_array().is_some_and(|embeds| !embeds.is_empty()) {
        (more["content"], more["embeds"]) = (json!(""), body["embeds"].clone());
    }
    more
}

/// Does what a call asks for.
pub(crate) fn answer(shared: &Shared, request: &Request<'_>) -> Answer {
    shared.with(|state| {
        let id = |part: &str| part.parse::<u64>().unwrap_or_default();
        match (request.method, request.path.as_slice()) {
            ("GET", ["users", "@me"]) => Ok(State::bot_json()),
            ("POST", ["users", "@me", "channels"]) => Ok(state.open_direct(request.body()["recipient_id"].as_str())?),
            ("GET", ["applications", "@me"]) => Ok(json!({ "id": BOT_ID.to_string(), "name": BOT_NAME, "flags": 0 })),
            ("GET", ["gateway", "bot"]) => Ok(json!({
                "url": state.gateway, "shards": 1,
                "session_start_limit":
                    { "total": 1000, "remaining": state.sessions_left, "reset_after": 14_400_000, "max_concurrency": 1 },
            })),
            ("GET", ["channels", channel]) => state.seen(id(channel)),
            ("PATCH", ["channels", thread]) => state.change_thread(id(thread), &request.body()),
            ("POST", ["channels", forum, "threads"]) => state.make_post(id(forum), request),
            ("GET", ["guilds", guild, "threads", "active"]) => Ok(state.active_threads(id(guild))),
            ("GET", ["channels", channel, "messages", message]) => state.message(id(channel), id(message)),
            ("GET", ["channels", channel, "threads", "archived", "private"]) => {
                state.archived_private(id(channel), request, false)
            }
            ("GET", ["channels", channel, "users", "@me", "threads", "archived", "private"]) => {
                state.archived_private(id(channel), request, true)
            }
            ("POST", ["channels", channel, "messages"]) => state.send(id(channel), request),
            ("GET", ["channels", channel, "messages"]) => state.history(id(channel), request),
            ("PATCH", ["channels", channel, "messages", message]) => state.change(id(channel), id(message), request),
            ("POST", ["channels", channel, "messages", message, "threads"]) => {
                state.open_thread(id(channel), id(message), &request.body())
            }
            ("PUT", ["channels", thread, "thread-members", user]) => state.add(id(thread), id(user)),
            ("GET", ["channels", channel, "threads", "archived", "public"]) => state.archived(id(channel), request, &|thread| thread.kind != 12),
            ("GET", ["guilds", _, "members", user]) => Ok(json!({ "user": { "id": user, "username": format!("user-{user}") }, "nick": null, "roles": [] })),
            ("GET", ["guilds", _, "roles"]) => Ok(State::roles_json()),
            ("POST", ["channels", channel, "typing"]) => {
                state.writable(id(channel))?;
                state.typing.push(id(channel));
                Ok(Value::Null)
            }
            (method @ ("PUT" | "DELETE"), ["channels", channel, "messages", message, "reactions", emoji, "@me"]) => {
                state.react(id(channel), id(message), &decoded(emoji), method == "PUT")
            }
            ("POST", ["interactions", interaction, token, "callback"]) => {
                state.first_answer(id(interaction), token, &request.body(), request.query)
            }
            ("POST", ["webhooks", _, token]) => {
                state.whisper(token, &request.body(), files(&request.body(), &request.parameters)?)
            }
            ("GET", ["webhooks", _, token, "messages", "@original"]) => state.original(token),
            ("GET", ["applications", _, "commands"]) => Ok(Value::Array(state.commands.clone())),
            ("PUT", ["applications", _, "commands"]) => state.register(&request.parameters),
            _ => Err(refusal(404, 0, "404: Not Found")),
        }
    })
}

/// Returns a text as the server keeps it: without white space at both ends, and without signs that show nothing.
pub(crate) fn stripped(text: &str) -> String {
    text.trim().chars().filter(|c| !matches!(c, '\u{2060}' | '\u{feff}')).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = (*first == b'%').then(|| after.get(..2)).flatten();
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl State {
    /// Whether the bot may write to a channel.
    pub(crate) fn writable(&self, channel: u64) -> Result<(), Refusal> {
        let Some(channel) = self.channels.get(&channel) else { return Err(refusal(404, 10003, "Unknown Channel")) };
        match channel.refuses {
            Some((status, code, words)) => Err(refusal(status, code, words)),
            None if channel.locked && channel.archived => Err(refusal(400, 50083, "Thread is archived")),
            None if channel.locked => Err(refusal(403, 160_005, "Thread is locked")),
            None => Ok(()),
        }
    }

    /// Whether something can be changed in a thread: one that is archived must be opened by a message first.
    fn is_open(&self, channel: u64) -> Result<(), Refusal> {
        let is_archived = self.channels.get(&channel).is_some_and(|channel| channel.archived);
        if is_archived { Err(refusal(400, 50083, "Thread is archived")) } else { Ok(()) }
    }

    /// Whether the bot may look into a channel.
    pub(crate) fn readable(&self, channel: u64) -> Result<(), Refusal> {
        let Some(channel) = self.channels.get(&channel) else { return Err(refusal(404, 10003, "Unknown Channel")) };
        let above = channel.parent.and_then(|parent| self.channels.get(&parent));
        if channel.kind == 12 && !channel.joined && above.is_some_and(|above| !above.may_manage()) {
            return Err(refusal(403, MISSING_ACCESS, "Missing Access"));
        }
        match channel.refuses {
            Some((status, code, words)) if code == MISSING_ACCESS => Err(refusal(status, code, words)),
            Some(_) | None => Ok(()),
        }
    }

    fn send(&mut self, channel: u64, request: &Request<'_>) -> Answer {
        self.writable(channel)?;
        if self.channels[&channel].is_board() {
            return Err(refusal(400, 50008, "Cannot send messages in a non-text channel"));
        }
        let body = request.body();
        let file = files(&body, &request.parameters)?;
        let is_thread = self.channels[&channel].parent.is_some();
        if (file.is_some() && self.lacks(channel, Right::AttachFiles))
            || self.lacks(channel, if is_thread { Right::SendInThreads } else { Right::Send })
        {
            return Err(refusal(403, 50013, "Missing Permissions"));
        }
        check(&body, file, false)?;
        self.is_allowed(&text_of(&body))?;
        let nonce = body.get("nonce").filter(|nonce| !nonce.is_null()).cloned();
        let key = nonce.as_ref().filter(|_| body["enforce_nonce"] == true).map(|nonce| (channel, nonce.to_string()));
        if let Some((known, at)) = key.as_ref().and_then(|key| self.nonces.get(key))
            && at.elapsed() < NONCE_HOLDS
            && let Some(shown) = self.messages.get(&(channel, *known))
        {
            return Ok(self.message_json(channel, shown, nonce.as_ref()));
        }
        let reply_to = self.reply_to(channel, &body["message_reference"])?;
        let flags = body["flags"].as_u64().unwrap_or_default();
        self.note_pings(&body);
        let shown = Shown {
            id: self.next_id(),
            author: BOT_ID,
            name: BOT_NAME.to_owned(),
            by_bot: true,
            text: stripped(&text_of(&body)),
            reply_to,
            buttons: buttons(&body),
            file: file.cloned(),
            silent: flags & SUPPRESS_NOTIFICATIONS != 0,
            edits: 0,
            at: Instant::now(),
            more: beside(&body, flags),
        };
        let told = self.message_json(channel, &shown, nonce.as_ref());
        let id = self.post(channel, shown, nonce.as_ref());
        if let Some(key) = key {
            self.nonces.insert(key, (id, Instant::now()));
        }
        Ok(told)
    }

    /// Finds the message that is answered; one that is gone is refused unless that may be.
    fn reply_to(&self, channel: u64, reference: &Value) -> Result<Option<u64>, Refusal> {
        let Some(id) = reference["message_id"].as_str().and_then(|id| id.parse().ok()) else { return Ok(None) };
        if reference["channel_id"].as_str().is_some_and(|named| named != channel.to_string()) {
            return Err(invalid(
                "message_reference",
                "REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL",
                "Cannot reply to a message of another channel",
            ));
        }
        if self.messages.contains_key(&(channel, id)) {
            return Ok(Some(id));
        }
        if reference["fail_if_not_exists"] == false {
            return Ok(None);
        }
        Err(invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message"))
    }

    fn history(&self, channel: u64, request: &Request<'_>) -> Answer {
        self.readable(channel)?;
        let limit = request.asked("limit").unwrap_or(50);
        if !(1..=MAX_MESSAGES).contains(&limit) {
            return Err(invalid("limit", "NUMBER_TYPE_MAX", "Value should be less than or equal to 100."));
        }
        if self.lacks(channel, Right::ReadHistory) {
            return Ok(json!([]));
        }
        let limit = usize::try_from(limit).expect("at most a hundred");
        let told = |from: u64, to: u64| self.messages.range((channel, from)..(channel, to)).map(|(_, shown)| shown);
        let found: Vec<&Shown> = match (request.asked("after"), request.asked("before")) {
            // The first so many behind it, the newest of these first.
            (Some(after), None) => {
                let first: Vec<_> = told(after + 1, u64::MAX).take(limit).collect();
                first.into_iter().rev().collect()
            }
            (None, before) => told(0, before.unwrap_or(u64::MAX)).rev().take(limit).collect(),
            (Some(_), Some(_)) => return Err(invalid("after", "BASE_TYPE_CHOICES", "Only one of before and after.")),
        };
        let told = found.iter().map(|shown| {
            let mut told = self.message_json(channel, shown, None);
            // A history does not say in which server it is, nor what its people are there.
            told.as_object_mut().expect("an object").retain(|name, _| name != "guild_id" && name != "member");
            told
        });
        Ok(told.collect())
    }

    fn open_thread(&mut self, channel: u64, message: u64, body: &Value) -> Answer {
        self.writable(channel)?;
        if let Some((status, code, words)) = self.channels[&channel].opens_none {
            return Err(refusal(status, code, words));
        }
        let name = body["name"].as_str().unwrap_or_default();
        let minutes = body["auto_archive_duration"].as_u64().unwrap_or(1440);
        if !(1..=100).contains(&name.chars().count()) {
            return Err(invalid("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length."));
        }
        if ![60, 1440, 4320, 10_080].contains(&minutes) {
            return Err(invalid("auto_archive_duration", "BASE_TYPE_CHOICES", "Value must be one of the durations."));
        }
        self.may_open(name)?;
        if self.channels[&channel].kind != 0 {
            return Err(refusal(400, 50024, "Cannot execute action on this channel type"));
        }
        if !self.messages.contains_key(&(channel, message)) {
            return Err(refusal(404, 10008, "Unknown Message"));
        }
        if self.channels.contains_key(&message) {
            return Err(refusal(400, 160_004, "A thread has already been created for this message"));
        }
        let thread = Channel { kind: 11, name: name.to_owned(), parent: Some(channel), ..Channel::default() };
        self.channels.insert(message, thread);
        let told = self.channel_json(message).expect("it is open");
        self.tell("THREAD_CREATE", message, told.clone());
        Ok(told)
    }

    fn add(&mut self, thread: u64, user: u64) -> Answer {
        self.writable(thread)?;
        self.is_open(thread)?;
        let channel = self.channels.get_mut(&thread).expect("it is there");
        if channel.parent.is_none() {
            return Err(refusal(400, 50024, "Cannot execute action on this channel type"));
        }
        channel.guests.retain(|guest| *guest != user);
        channel.guests.push(user);
        Ok(Value::Null)
    }

    pub(crate) fn archived(&self, channel: u64, request: &Request<'_>, wanted: &dyn Fn(&Channel) -> bool) -> Answer {
        self.readable(channel)?;
        let limit = request.asked("limit").unwrap_or(50);
        if !(2..=MAX_MESSAGES).contains(&limit) {
            return Err(invalid("limit", "NUMBER_TYPE_MIN", "Value should be between 2 and 100."));
        }
        let before = request.text("before").map(decoded);
        if before.as_ref().is_some_and(|before| chrono::DateTime::parse_from_rfc3339(before).is_err()) {
            return Err(invalid("before", "DATE_TIME_TYPE_PARSE", "Could not parse. Should be ISO8601."));
        }
        let threads = self
            .channels
            .iter()
            .filter(|(_, thread)| thread.parent == Some(channel) && thread.archived && wanted(thread));
        let mut threads: Vec<(String, u64)> = threads.map(|(id, _)| (self.archived_at(*id), *id)).collect();
        threads.retain(|(at, _)| before.as_ref().is_none_or(|before| at < before));
        threads.sort();
        threads.reverse();
        let limit = usize::try_from(limit).expect("at most a hundred");
        let has_more = threads.len() > limit;
        let told: Vec<Value> = threads.iter().take(limit).filter_map(|(_, id)| self.channel_json(*id)).collect();
        Ok(json!({ "threads": told, "members": [], "has_more": has_more }))
    }

    fn change(&mut self, channel: u64, message: u64, request: &Request<'_>) -> Answer {
        self.writable(channel)?;
        let body = request.body();
        let Some(shown) = self.messages.get(&(channel, message)).cloned() else {
            return Err(refusal(404, 10008, "Unknown Message"));
        };
        self.is_open(channel)?;
        if !shown.by_bot {
            return Err(refusal(403, 50005, "Cannot edit a message authored by another user"));
        }
        let flags = shown.more["flags"].as_u64().unwrap_or_default();
        let mut checked = body.clone();
        if flags & IS_COMPONENTS_V2 != 0 {
            checked["flags"] = json!(flags);
        }
        check(&checked, shown.file.as_ref(), true)?;
        self.is_allowed(&text_of(&body))?;
        self.note_pings(&body);
        let mut changed = shown;
        if is_v2(&checked) || body.get("embeds").is_some() {
            changed.text = stripped(&text_of(&body));
            changed.more = beside(&checked, flags | checked["flags"].as_u64().unwrap_or_default());
        } else if let Some(text) = body["content"].as_str() {
            changed.text = stripped(text);
        }
        if body.get("components").is_some() {
            changed.buttons = buttons(&body);
        }
        changed.edits += 1;
        let mut told = self.message_json(channel, &changed, None);
        told["edited_timestamp"] = json!(self.next_time());
        self.messages.insert((channel, message), changed);
        self.tell("MESSAGE_UPDATE", channel, told.clone());
        Ok(told)
    }

    fn react(&mut self, channel: u64, message: u64, emoji: &str, on: bool) -> Answer {
        if !self.messages.contains_key(&(channel, message)) {
            return Err(refusal(404, 10008, "Unknown Message"));
        }
        self.is_open(channel)?;
        self.reactions.retain(|known| *known != (channel, message, emoji.to_owned()));
        if on {
            self.reactions.push((channel, message, emoji.to_owned()));
        }
        Ok(Value::Null)
    }

    fn first_answer(&mut self, id: u64, token: &str, body: &Value, query: &str) -> Answer {
        let unknown = || refusal(404, 10062, "Unknown interaction");
        let Some(interaction) = self.interactions.get(&id).filter(|one| one.token == token).cloned() else {
            return Err(unknown());
        };
        if interaction.answered.is_some() {
            return Err(refusal(400, 40060, "Interaction has already been acknowledged."));
        }
        if interaction.lapsed || interaction.at.elapsed() > ANSWER_WITHIN {
            return Err(unknown());
        }
        let kind = body["type"].as_u64().unwrap_or_default();
        let mut message = Value::Null;
        let fits = match interaction.kind {
            4 => kind == 8,
            5 => matches!(kind, 4..=7),
            2 => matches!(kind, 4 | 5 | 9),
            _ => matches!(kind, 4..=7 | 9),
        };
        match kind {
            4..=9 if !fits => {
                let why = "Response type is not valid for this interaction.";
                return Err(invalid("type", "INTERACTION_CALLBACK_INVALID_TYPE", why));
            }
            4 => message = self.show_answer(id, interaction.channel, &body["data"])?,
            5..=7 => {}
            8 => {
                let choices = choices(&body["data"])?;
                self.interactions.get_mut(&id).expect("it is known").choices = choices;
            }
            9 => {
                check_form(&body["data"])?;
                self.interactions.get_mut(&id).expect("it is known").form = Some(body["data"].clone());
            }
            _ => {
                return Err(invalid(
                    "type",
                    "BASE_TYPE_CHOICES",
                    "Value must be one of {1, 4, 5, 6, 7, 8, 9, 10, 12}.",
                ));
            }
        }
        self.interactions.get_mut(&id).expect("it is known").answered = Some((kind, interaction.at.elapsed()));
        if query.contains("with_response=true") {
            let resource = json!({ "type": kind, "message": message });
            return Ok(json!({ "interaction": { "id": id.to_string(), "type": 2 }, "resource": resource }));
        }
        Ok(Value::Null)
    }

    fn show_answer(&mut self, id: u64, channel: u64, data: &Value) -> Answer {
        check(data, None, false)?;
        self.note_pings(data);
        let text = data["content"].as_str().unwrap_or_default().trim().to_owned();
        let flags = data["flags"].as_u64().unwrap_or_default();
        if flags & EPHEMERAL != 0 {
            self.whispers.push(text);
            let message = self.next_id();
            let interaction = self.interactions.get_mut(&id).expect("it is known");
            (interaction.shows, interaction.is_aside) = (Some(message), true);
            return Ok(json!({ "id": message.to_string(), "flags": flags }));
        }
        let shown = Shown {
            id: self.next_id(),
            author: BOT_ID,
            name: BOT_NAME.to_owned(),
            by_bot: true,
            text,
            reply_to: None,
            buttons: buttons(data),
            file: None,
            silent: false,
            edits: 0,
            at: Instant::now(),
            more: json!({ "type": 20, "flags": flags, "interaction_metadata": { "id": id.to_string() } }),
        };
        let told = self.message_json(channel, &shown, None);
        let message = self.post(channel, shown, None);
        self.interactions.get_mut(&id).expect("it is known").shows = Some(message);
        Ok(told)
    }

    fn whisper(&mut self, token: &str, body: &Value, file: Option<&(String, Vec<u8>)>) -> Answer {
        let interaction = self.interactions.values().find(|one| one.token == token && !one.lapsed);
        if self.interactions.values().any(|one| one.token == token && one.lapsed) {
            return Err(refusal(401, 50027, "Invalid Webhook Token"));
        }
        if interaction.is_none_or(|one| one.answered.is_none()) {
            return Err(refusal(404, 10015, "Unknown Webhook"));
        }
        check(body, file, false)?;
        if body["flags"].as_u64().unwrap_or_default() & EPHEMERAL == 0 {
            return Err(refusal(400, 0, "This fake shows what follows an interaction to one person only."));
        }
        self.note_pings(body);
        self.whispers.push(body["content"].as_str().unwrap_or_default().to_owned());
        Ok(json!({ "id": self.next_id().to_string() }))
    }

    fn original(&self, token: &str) -> Answer {
        let interaction = self.interactions.values().find(|one| one.token == token && !one.lapsed);
        if let Some(message) = interaction.filter(|one| one.is_aside).and_then(|one| one.shows) {
            return Ok(json!({ "id": message.to_string(), "flags": EPHEMERAL }));
        }
        let shown = interaction.and_then(|one| self.messages.get(&(one.channel, one.shows?)).map(|shown| (one, shown)));
        let Some((interaction, shown)) = shown else { return Err(refusal(404, 10008, "Unknown Message")) };
        Ok(self.message_json(interaction.channel, shown, None))
    }
}
