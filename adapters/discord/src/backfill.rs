//! What was said while no session listened is read from the channels themselves.
//!
//! Ids of messages grow with time, over all channels: one watermark tells everything that the inbox surely has. A session
//! that begins anew, and does not go on from an earlier one, is told of each server with its channels and active threads and
//! the last message of each; where that is newer than the watermark, the channel is read from there. Of the channels in which
//! people write to the bot alone Discord keeps no list, so we do. What comes twice has the key of the first.
//!
//! Not to be had again: presses and commands of that time, edits, and what was taken away.

use std::collections::HashMap;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use signalbox_adapter::{AcceptError, Inbox};
use tokio::time::sleep;

use crate::api::Api;
use crate::event::{Channel, Guild, Member, Message};
use crate::failure::CallError;
use crate::snowflake::TIME_BIT;

/// Name of the note.
const NOTE: &str = "heard";

/// How far behind the newest message everything has surely been heard.
const MARGIN_MS: u64 = 10_000;

/// Time without which no thread is archived by itself, in milliseconds.
const SOONEST_ARCHIVED_MS: u64 = 60 * 60 * 1000;

/// Messages in one answer.
const PAGE: usize = 100;

/// Most answers that are read of one channel.
const MAX_PAGES: usize = 50;

/// Most channels of single people that are remembered, the newest.
const MAX_DIRECT: usize = 500;

/// Longest wait for Discord's limits before the connection is given up.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Channels that hold threads: of text, of announcements, forums, media.
const WITH_THREADS: [u64; 4] = [0, 5, 15, 16];

/// What has been heard so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// The highest id of a message that the inbox has; 0 before the first.
    until: u64,
    /// Channels in which people write to the bot alone, the newest last.
    direct: Vec<String>,
    /// The id behind which messages are still to be read, since a session before this one was over; `None` where none are.
    #[serde(default)]
    owed: Option<u64>,
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

    /// Returns the id from which on messages may have been missed, and remembers it until they were read: what is heard
    /// meanwhile, in other channels, says nothing of them. `None` where nothing was heard before.
    pub(crate) fn owe(&mut self) -> Option<u64> {
        let surely = (self.until > 0).then(|| self.until.saturating_sub(MARGIN_MS << TIME_BIT));
        self.owed = self.owed.into_iter().chain(surely).min();
        self.owed
    }

    /// Notes that everything that was missed has been read.
    pub(crate) fn has_read_all(&mut self) {
        self.owed = None;
    }

    /// Returns the channels in which people write to the bot alone.
    pub(crate) fn direct(&self) -> &[String] {
        &self.direct
    }
}

fn last_message(channel: &Channel) -> Option<u64> {
    channel.last_message_id.as_deref()?.parse().ok()
}

/// Reads what was missed.
pub(crate) struct Backfill<'a> {
    api: &'a Api,
    after: u64,
    /// Members of a server by their user's ids, since a channel's history does not tell of their roles.
    members: HashMap<String, Option<Member>>,
}

impl<'a> Backfill<'a> {
    pub(crate) fn new(api: &'a Api, after: u64) -> Self {
        Self { api, after, members: HashMap::new() }
    }

    /// Returns the channels and threads of a server in which something may have been missed.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn channels(&self, guild: &Guild) -> Result<Vec<Channel>, CallError> {
        let newest = guild.channels.iter().chain(&guild.threads).filter_map(last_message).max().unwrap_or(0);
        let mut channels = guild.threads.clone();
        let may_be_archived = newest.saturating_sub(self.after) >> TIME_BIT >= SOONEST_ARCHIVED_MS;
        for channel in &guild.channels {
            channels.push(channel.clone());
            if may_be_archived && WITH_THREADS.contains(&channel.kind) {
                let path = format!("channels/{}/threads/archived/public?limit={PAGE}", channel.id);
                let archived: Option<Guild> = self.get(&path).await?;
                channels.extend(archived.unwrap_or_default().threads);
            }
        }
        channels.retain(|channel| last_message(channel).is_some_and(|last| last > self.after));
        Ok(channels)
    }

    /// Returns the messages that were missed in a channel, oldest first; in one of a server with what their authors are there.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn messages(&mut self, channel: &str, guild: Option<&str>) -> Result<Vec<Message>, CallError> {
        let mut missed: Vec<Message> = Vec::new();
        let mut after = self.after;
        for _ in 0..MAX_PAGES {
            let path = format!("channels/{channel}/messages?after={after}&limit={PAGE}");
            let Some(mut page) = self.get::<Vec<Message>>(&path).await? else { return Ok(missed) };
            let is_last = page.len() < PAGE;
            page.sort_by_key(|message| message.id.parse::<u64>().unwrap_or(0));
            after = page.last().and_then(|message| message.id.parse().ok()).unwrap_or(after);
            for mut message in page {
                message.guild_id = guild.map(str::to_owned);
                if let (Some(guild), Some(author)) = (guild, &message.author)
                    && message.webhook_id.is_none()
                {
                    message.member = self.member(guild, &author.id.clone()).await?;
                }
                missed.push(message);
            }
            if is_last {
                return Ok(missed);
            }
        }
        tracing::warn!(chat.id = channel, messages = missed.len(), "more was missed in a channel than is read again");
        Ok(missed)
    }

    async fn member(&mut self, guild: &str, user: &str) -> Result<Option<Member>, CallError> {
        if !self.members.contains_key(user) {
            let member: Option<Member> = self.get(&format!("guilds/{guild}/members/{user}")).await?;
            self.members.insert(user.to_owned(), member);
        }
        Ok(self.members.get(user).cloned().flatten())
    }

    /// Asks, and waits where Discord asks for it; `None` for what we may not see.
    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, CallError> {
        loop {
            match self.api.get(path).await {
                Ok(found) => return Ok(Some(found)),
                Err(CallError::Held { after, .. } | CallError::Limited { after, .. }) if after <= MAX_WAIT => {
                    sleep(after).await;
                }
                Err(CallError::Answered(refusal)) if refusal.status < 500 && refusal.status != 401 => {
                    tracing::debug!(reason = refusal.words(), "what was missed in a channel cannot be seen");
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
    }
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
        let mut heard = Heard::default();
        assert_eq!(heard.owe(), None);
        heard.message(&said(100_000 << TIME_BIT, "7", Some("1")));
        heard.message(&said(50_000 << TIME_BIT, "8", Some("1")));
        assert_eq!(heard.owe(), Some(90_000 << TIME_BIT));
        assert_eq!(heard.direct(), [] as [&str; 0]);
    }

    #[test]
    fn what_was_missed_is_owed_until_it_was_read_whatever_is_heard_meanwhile() {
        let mut heard = Heard::default();
        heard.message(&said(100_000 << TIME_BIT, "7", Some("1")));
        assert_eq!(heard.owe(), Some(90_000 << TIME_BIT));
        heard.message(&said(500_000 << TIME_BIT, "7", Some("1")));
        assert_eq!(heard.owe(), Some(90_000 << TIME_BIT), "the next session was over before all of it was read");
        heard.has_read_all();
        assert_eq!(heard.owe(), Some(490_000 << TIME_BIT));
    }

    #[test]
    fn the_newest_people_are_remembered() {
        let mut heard = Heard::default();
        for number in 0..=MAX_DIRECT {
            heard.message(&said(1, &number.to_string(), None));
        }
        heard.message(&said(1, "7", None));
        assert_eq!(heard.direct().len(), MAX_DIRECT);
        assert_eq!((heard.direct()[0].as_str(), heard.direct()[MAX_DIRECT - 1].as_str()), ("1", "7"));
    }
}
