//! What was said while no session listened is read from the channels themselves.
//!
//! Ids of messages grow with time, over all channels: one watermark tells everything that the inbox surely has. A session
//! that begins anew, and does not go on from an earlier one, is told of each server with its channels and active threads and
//! the last message of each; where that is newer than what is owed of the server (`owed.rs`), the channel is read from there.
//! Of archived threads the channels are asked. Of the channels in which people write to the bot alone Discord keeps no list,
//! so we do; those of people who may use the bot and have not written yet are asked for, each person's once. What comes twice
//! has the key of the first.
//!
//! A channel that cannot be read now holds up nobody: it is put aside and tried again later. Nor does one that is slow to be
//! read hold up any other, nor commands and presses (`reading.rs`).
//!
//! Not to be had again: presses and commands of that time, edits, and what was taken away.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use signalbox_adapter::{AcceptError, Inbox, UserId};
use tokio::time::sleep;

use crate::api::Api;
use crate::event::{Channel, Guild, Member, Message, millis};
use crate::failure::CallError;
use crate::owed::Owed;
use crate::snowflake::{self, TIME_BIT};

/// Name of the note.
const NOTE: &str = "heard";

/// How far behind the newest message everything has surely been heard.
const MARGIN_MS: u64 = 10_000;

/// Messages in one answer.
const PAGE: usize = 100;

/// Most answers that are read of one channel, the newest first.
const MAX_PAGES: usize = 50;

/// Most answers about archived threads that are read of one channel, the newest first.
const MAX_THREAD_PAGES: usize = 20;

/// Pause before a call that failed is made once more.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Most channels of single people that are remembered, the newest.
const MAX_DIRECT: usize = 500;

/// Most people whose channels are asked for, ever, and when one session begins: Discord keeps bots from opening many.
/// Source: <https://docs.discord.com/developers/resources/user#create-dm>, read 2026-11.
const MAX_ASKED_FOR: usize = 500;
const MAX_OPENED: usize = 50;

/// Pause behind each of these.
const BETWEEN_OPENED: Duration = Duration::from_millis(200);

/// Longest wait for Discord's limits before something is put aside.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Waits for Discord's limits in a row before something is put aside.
const MAX_WAITS: u32 = 10;

/// Channels that hold threads: of text, of announcements, forums, media.
pub(crate) const WITH_THREADS: [u64; 4] = [0, 5, 15, 16];

/// Channels that hold private threads too: of text.
pub(crate) const WITH_PRIVATE_THREADS: u64 = 0;

/// What has been heard so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// The highest id of a message that the inbox has; 0 before the first.
    until: u64,
    /// Channels in which people write to the bot alone, the newest last.
    direct: Vec<String>,
    /// The channels that were asked for, by the ids of the people who write there.
    #[serde(default)]
    asked_for: BTreeMap<String, String>,
    /// What is still to be read.
    #[serde(default)]
    pub(crate) owed: Owed,
}

impl Heard {
    /// Returns what an earlier life has heard.
    ///
    /// # Errors
    /// [`AcceptError`].
    pub(crate) async fn noted(inbox: &dyn Inbox) -> Result<Self, AcceptError> {
        let noted = inbox.noted(NOTE).await?;
        Ok(noted.and_then(|words| serde_json::from_str(&words).ok()).unwrap_or_default())
    }

    /// Keeps it for the next life.
    ///
    /// # Errors
    /// [`AcceptError`].
    pub(crate) async fn note(&self, inbox: &dyn Inbox) -> Result<(), AcceptError> {
        inbox.note(NOTE, &serde_json::to_string(self).expect("it is JSON")).await
    }

    /// Notes a message that the inbox has.
    pub(crate) fn message(&mut self, message: &Message) {
        self.until = self.until.max(message.id.parse().unwrap_or(0));
        if message.guild_id.is_none() && self.direct.last() != Some(&message.channel_id) {
            self.direct.retain(|known| *known != message.channel_id);
            self.direct.push(message.channel_id.clone());
            let more = self.direct.len().saturating_sub(MAX_DIRECT);
            self.direct.drain(..more);
        }
    }

    /// Begins with what there is, where nothing was heard before.
    pub(crate) fn begin(&mut self, guild: &Guild) {
        if self.until == 0 {
            let channels = guild.channels.iter().chain(&guild.threads);
            self.until = channels.filter_map(last_message).max().unwrap_or(0);
        }
    }

    /// Notes that a session begins in these servers: what was said since the newest message may have been missed, everywhere.
    /// Where nothing was heard before, nothing was.
    pub(crate) fn owe(&mut self, guilds: &[String]) {
        if self.until > 0 {
            self.owed.begin(guilds, self.until.saturating_sub(MARGIN_MS << TIME_BIT));
        }
    }

    /// Returns when the newest message was sent that was heard, in milliseconds since 1970; `None` before the first.
    pub(crate) fn newest_ms(&self) -> Option<u64> {
        (self.until > 0).then(|| u64::try_from(snowflake::made_at(self.until).as_millis()).unwrap_or(u64::MAX))
    }

    /// Returns the channels in which people write to the bot alone.
    pub(crate) fn direct(&self) -> impl Iterator<Item = &String> {
        self.direct.iter().chain(self.asked_for.values().filter(|channel| !self.direct.contains(channel)))
    }

    /// Returns those of these people whose channels were not asked for yet, at most so many as may be at once.
    pub(crate) fn unknown(&self, people: Vec<UserId>) -> Vec<String> {
        let room = MAX_ASKED_FOR.saturating_sub(self.asked_for.len()).min(MAX_OPENED);
        let is_unknown = |person: &UserId| !self.asked_for.contains_key(person.as_str());
        people.into_iter().filter(is_unknown).take(room).map(|person| person.as_str().to_owned()).collect()
    }

    /// Notes the channel in which a person writes to the bot alone.
    pub(crate) fn direct_of(&mut self, person: String, channel: &Channel) {
        self.asked_for.insert(person, channel.id.clone());
    }
}

/// Returns the id of the last message of a channel or thread.
pub(crate) fn last_message(channel: &Channel) -> Option<u64> {
    channel.last_message_id.as_deref()?.parse().ok()
}

/// Messages of a channel's history.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Those that can be understood, oldest first.
    pub(crate) messages: Vec<Message>,
    /// What cannot, as JSON.
    pub(crate) unread: Vec<String>,
}

/// Reads what was missed.
pub(crate) struct Backfill {
    api: Arc<Api>,
    after: u64,
    /// Told whenever the server has been heard: reading may take long.
    alive: Arc<dyn Fn() + Send + Sync>,
    /// Members of a server by their user's ids, since a channel's history does not tell of their roles.
    members: HashMap<String, Option<Member>>,
    /// Whether the last call failed; then the next is made once only.
    is_failing: bool,
}

impl Backfill {
    pub(crate) fn new(api: Arc<Api>, after: u64, alive: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self { api, after, alive, members: HashMap::new(), is_failing: false }
    }

    /// Whether what was learnt for one is true for the other.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.after == other.after && self.is_failing == other.is_failing
    }

    /// Makes each call once only until one succeeds.
    pub(crate) fn once(self) -> Self {
        Self { is_failing: true, ..self }
    }

    /// Returns the archived threads of a channel that everybody sees in which something was said. Any of them may have been
    /// archived meanwhile: by itself or by somebody.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn archived(&mut self, channel: &str) -> Result<Vec<Channel>, CallError> {
        Ok(self.archived_of(channel, "public").await?.unwrap_or_default())
    }

    /// Returns the archived private threads of a channel in which something was said: all where the bot may manage threads,
    /// else those that it is in.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn archived_private(&mut self, channel: &str) -> Result<Vec<Channel>, CallError> {
        match self.archived_of(channel, "private").await? {
            Some(all) => Ok(all),
            None => self.joined(channel).await,
        }
    }

    /// Returns the archived private threads of a channel that the bot is in; they are listed by their ids.
    async fn joined(&mut self, channel: &str) -> Result<Vec<Channel>, CallError> {
        let (mut found, mut before) = (Vec::new(), String::new());
        for _ in 0..MAX_THREAD_PAGES {
            let path = format!("channels/{channel}/users/@me/threads/archived/private?limit={PAGE}{before}");
            let Some(page) = self.get::<Guild>(&path).await? else { return Ok(found) };
            let last = page.threads.last().map(|thread| thread.id.clone());
            found.extend(page.threads.into_iter().filter(|thread| last_message(thread) > Some(self.after)));
            let Some(last) = last.filter(|_| page.has_more) else { return Ok(found) };
            before = format!("&before={last}");
        }
        tracing::warn!(chat.id = channel, "more private threads of a channel are archived than are looked through");
        Ok(found)
    }

    /// Returns the archived threads of a kind in which something was said; `None` where the bot may not ask for them.
    async fn archived_of(&mut self, channel: &str, kind: &str) -> Result<Option<Vec<Channel>>, CallError> {
        let since = snowflake::made_at(self.after);
        let (mut found, mut before) = (None, String::new());
        for _ in 0..MAX_THREAD_PAGES {
            let path = format!("channels/{channel}/threads/archived/{kind}?limit={PAGE}{before}");
            let Some(page) = self.get::<Guild>(&path).await? else { return Ok(found) };
            let threads = found.get_or_insert_with(Vec::new);
            // The last archived first; what was archived before that time was said before it too.
            let archived = page.threads.last().and_then(|thread| thread.thread_metadata.archive_timestamp.clone());
            threads.extend(page.threads.into_iter().filter(|thread| last_message(thread) > Some(self.after)));
            let Some(archived) = archived.filter(|_| page.has_more) else { return Ok(found) };
            if millis(&archived).is_some_and(|at| u128::from(at) < since.as_millis()) {
                return Ok(found);
            }
            // Nothing in it has a meaning in an address but the sign before the zone.
            before = format!("&before={}", archived.replace('+', "%2B"));
        }
        tracing::warn!(chat.id = channel, "more threads of a channel are archived than are looked through");
        Ok(found)
    }

    /// Returns the messages that were missed in a channel; in one of a server with what their authors are there. Where they
    /// are too many, the oldest are left out.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn messages(&mut self, channel: &str, guild: Option<&str>) -> Result<History, CallError> {
        let (mut missed, mut before) = (History::default(), String::new());
        for page in 0..MAX_PAGES {
            let path = format!("channels/{channel}/messages?limit={PAGE}{before}");
            let Some(found) = self.get::<Vec<Value>>(&path).await? else { return Ok(missed) };
            if page == 0 && found.is_empty() && guild.is_some() {
                tracing::warn!(
                    chat.id = channel,
                    "what was missed in a channel cannot be seen; give the bot's role Read Message History there"
                );
            }
            let oldest = found.iter().filter_map(id_of).min();
            let is_last = found.len() < PAGE || oldest.is_none_or(|oldest| oldest <= self.after);
            for message in found {
                if id_of(&message).is_none_or(|id| id > self.after) {
                    self.take(message, guild, &mut missed).await?;
                }
            }
            if is_last {
                missed.messages.sort_by_key(|message| message.id.parse::<u64>().unwrap_or(0));
                return Ok(missed);
            }
            before = format!("&before={}", oldest.unwrap_or(self.after));
        }
        missed.messages.sort_by_key(|message| message.id.parse::<u64>().unwrap_or(0));
        tracing::warn!(
            chat.id = channel,
            messages = missed.messages.len(),
            "more was missed in a channel than is read again; the oldest of it is left out"
        );
        Ok(missed)
    }

    async fn take(&mut self, found: Value, guild: Option<&str>, missed: &mut History) -> Result<(), CallError> {
        let Ok(mut message) = Message::deserialize(&found) else {
            missed.unread.push(found.to_string());
            return Ok(());
        };
        message.guild_id = guild.map(str::to_owned);
        if let (Some(guild), Some(author)) = (guild, &message.author)
            && message.webhook_id.is_none()
        {
            message.member = self.member(guild, &author.id.clone()).await?;
        }
        missed.messages.push(message);
        Ok(())
    }

    /// Returns the channel in which a person writes to the bot alone; Discord makes one where there is none, which nobody
    /// sees. `None` where there can be none, as with somebody whom the bot does not know.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn direct(&mut self, person: &str) -> Result<Option<Channel>, CallError> {
        let channel = self.ask(Method::POST, "users/@me/channels", Some(&json!({ "recipient_id": person }))).await?;
        sleep(BETWEEN_OPENED).await;
        Ok(channel)
    }

    async fn member(&mut self, guild: &str, user: &str) -> Result<Option<Member>, CallError> {
        if !self.members.contains_key(user) {
            let member: Option<Member> = self.get(&format!("guilds/{guild}/members/{user}")).await?;
            self.members.insert(user.to_owned(), member);
        }
        Ok(self.members.get(user).cloned().flatten())
    }

    /// Asks, waits where Discord asks for it, and asks once more where that failed; `None` for what we may not see.
    async fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<Option<T>, CallError> {
        self.ask(Method::GET, path, None).await
    }

    async fn ask<T: DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Option<T>, CallError> {
        let mut waits = 0;
        loop {
            match self.api.call(method.clone(), path, body).await {
                Ok(found) => {
                    self.is_failing = false;
                    (self.alive)();
                    return Ok(Some(found));
                }
                Err(CallError::Answered(refusal)) if refusal.status < 500 && refusal.status != 401 => {
                    tracing::debug!(reason = refusal.words(), "what was missed in a channel cannot be seen");
                    self.is_failing = false;
                    (self.alive)();
                    return Ok(None);
                }
                Err(CallError::Held { after, .. } | CallError::Limited { after, .. })
                    if after <= MAX_WAIT && waits < MAX_WAITS =>
                {
                    waits += 1;
                    (self.alive)();
                    sleep(after).await;
                }
                Err(error) if self.is_failing || error.is_token() => {
                    return Err(error);
                }
                Err(_) => {
                    self.is_failing = true;
                    sleep(AGAIN_AFTER).await;
                }
            }
        }
    }
}

fn id_of(message: &Value) -> Option<u64> {
    message["id"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(id: u64, channel: &str, guild: Option<&str>) -> Message {
        let guild_id = guild.map(str::to_owned);
        Message { id: id.to_string(), channel_id: channel.to_owned(), guild_id, ..Message::default() }
    }

    #[test]
    fn what_was_heard_lies_a_little_behind_the_newest_message() {
        let (mut heard, guilds) = (Heard::default(), ["1".to_owned()]);
        heard.owe(&guilds);
        assert_eq!(heard.owed, Owed::default(), "nothing was missed before a first start");
        heard.message(&said(100_000 << TIME_BIT, "7", Some("1")));
        heard.message(&said(50_000 << TIME_BIT, "8", Some("1")));
        heard.owe(&guilds);
        assert_eq!(heard.owed.after("1"), Some(90_000 << TIME_BIT));
        assert_eq!(heard.direct().count(), 0);
    }

    #[test]
    fn the_newest_people_are_remembered() {
        let mut heard = Heard::default();
        for number in 0..=MAX_DIRECT {
            heard.message(&said(1, &number.to_string(), None));
        }
        heard.message(&said(1, "7", None));
        let channels: Vec<&String> = heard.direct().collect();
        assert_eq!(channels.len(), MAX_DIRECT);
        assert_eq!((channels[0].as_str(), channels[MAX_DIRECT - 1].as_str()), ("1", "7"));
    }

    #[test]
    fn people_are_asked_for_once_each_and_few_at_a_time() {
        let people = || (0..2 * MAX_ASKED_FOR).map(|number| UserId::new(number.to_string())).collect::<Vec<_>>();
        let mut heard = Heard::default();
        let mut times = 0;
        while let unknown = heard.unknown(people())
            && !unknown.is_empty()
        {
            assert_eq!(unknown.len(), MAX_OPENED);
            for person in unknown {
                let channel = Channel { id: format!("channel of {person}"), ..Channel::default() };
                heard.direct_of(person, &channel);
            }
            times += 1;
        }
        assert_eq!((times, heard.direct().count()), (MAX_ASKED_FOR / MAX_OPENED, MAX_ASKED_FOR));
    }
}
