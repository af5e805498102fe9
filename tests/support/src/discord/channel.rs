//! Channels, threads and forums: what they are, and how the API tells of them.

use serde_json::{Value, json};

use super::rules::{Refusal, refusal};
use super::state::{State, written};

/// The flag of a forum in which each post needs a tag.
const REQUIRE_TAG: u64 = 1 << 4;

/// A right that a bot may lack in a channel, and in its threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// `VIEW_CHANNEL`: without it the channel is not even told of.
    View,
    /// `CREATE_PUBLIC_THREADS`.
    OpenThreads,
    /// `ATTACH_FILES`.
    AttachFiles,
    /// `SEND_MESSAGES_IN_THREADS`.
    SendInThreads,
    /// `READ_MESSAGE_HISTORY`: without it the history is empty.
    ReadHistory,
    /// `SEND_MESSAGES`; in a forum it is called Create Posts.
    Send,
    /// `MANAGE_THREADS`: moderated tags, the tags of posts of others, private threads that it has not joined.
    ManageThreads,
}

/// A tag that posts of a forum may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: &'static str,
    /// Whether only who may manage threads can set it.
    pub moderated: bool,
}

/// A channel or thread.
#[derive(Debug, Clone, Default)]
pub struct Channel {
    /// Its kind: 0 of a server, 1 one person's, 11 a public thread, 12 a private one, 15 a forum, 16 a media channel.
    pub kind: u64,
    /// Its name.
    pub name: String,
    /// The channel that it is a thread of.
    pub parent: Option<u64>,
    /// The server that it is of, where it is another than [`super::GUILD_ID`].
    pub guild: Option<u64>,
    /// What the bot may not do here.
    pub lacks: Vec<Right>,
    /// Whether the thread is archived; a message opens it again.
    pub archived: bool,
    /// Whether the thread is locked.
    pub locked: bool,
    /// Who was added to the thread.
    pub guests: Vec<u64>,
    /// Whether the bot is in the private thread.
    pub joined: bool,
    /// Who has begun the thread.
    pub owner: Option<u64>,
    /// The tags that posts of a forum may have.
    pub tags: Vec<Tag>,
    /// Whether each post of the forum needs one.
    pub needs_tag: bool,
    /// The ids of the tags that the post has.
    pub applied: Vec<u64>,
    /// The refusal of every thread that the bot would open here: status, code, words.
    pub opens_none: Option<(u16, u64, &'static str)>,
    /// The refusal of every message of the bot: status, code, words.
    pub refuses: Option<(u16, u64, &'static str)>,
}

impl Right {
    /// Returns its bit.
    fn bit(self) -> u64 {
        match self {
            Self::View => 1 << 10,
            Self::OpenThreads => 1 << 35,
            Self::Send => 1 << 11,
            Self::AttachFiles => 1 << 15,
            Self::ReadHistory => 1 << 16,
            Self::ManageThreads => 1 << 34,
            Self::SendInThreads => 1 << 38,
        }
    }
}

/// The refusal of who lacks a right, which does not say which.
const MISSING_PERMISSIONS: u64 = 50013;

impl Channel {
    /// The rights that nobody has here.
    fn denied(&self) -> u64 {
        let is_missing =
            |refusal: Option<(u16, u64, &str)>| refusal.is_some_and(|refusal| refusal.1 == MISSING_PERMISSIONS);
        let lacks = self.lacks.iter().fold(0, |all, right| all | right.bit());
        let opens = if is_missing(self.opens_none) { Right::OpenThreads.bit() } else { 0 };
        lacks | opens | if is_missing(self.refuses) { Right::Send.bit() } else { 0 }
    }

    /// Whether it takes posts only.
    pub(crate) fn is_board(&self) -> bool {
        matches!(self.kind, 15 | 16)
    }

    /// Whether the bot may manage its threads.
    pub(crate) fn may_manage(&self) -> bool {
        !self.lacks.contains(&Right::ManageThreads)
    }

    /// The names of the tags that a post of this forum has.
    pub fn named(&self, post: &Channel) -> Vec<&'static str> {
        self.tags.iter().filter(|tag| post.applied.contains(&tag.id)).map(|tag| tag.name).collect()
    }
}

impl State {
    /// Whether the bot lacks a right in a channel, or in that of which it is a thread.
    pub(crate) fn lacks(&self, channel: u64, right: Right) -> bool {
        let known = self.channels.get(&channel);
        let above = known.and_then(|channel| channel.parent).and_then(|parent| self.channels.get(&parent));
        known.into_iter().chain(above).any(|channel| channel.lacks.contains(&right))
    }

    /// Returns a channel as the API tells of it to a bot that may see it.
    pub(crate) fn seen(&self, id: u64) -> Result<Value, Refusal> {
        if self.lacks(id, Right::View) {
            return Err(refusal(403, 50001, "Missing Access"));
        }
        self.channel_json(id).ok_or_else(|| refusal(404, 10003, "Unknown Channel"))
    }

    /// Returns a channel as the API tells of it.
    pub(crate) fn channel_json(&self, id: u64) -> Option<Value> {
        let channel = self.channels.get(&id)?;
        let last = self.messages.range((id, 0)..=(id, u64::MAX)).next_back().map(|((_, id), _)| id.to_string());
        let mut told =
            json!({ "id": id.to_string(), "type": channel.kind, "name": channel.name, "last_message_id": last });
        let fields = told.as_object_mut().expect("an object");
        if let Some(guild) = self.guild(id) {
            let denied = channel.denied().to_string();
            let overwrites = json!([{ "id": guild, "type": 0, "allow": "0", "deny": denied }]);
            fields.insert("permission_overwrites".into(), overwrites);
            fields.insert("guild_id".into(), guild.into());
        }
        if channel.is_board() {
            let tags = channel.tags.iter().map(
                |tag| json!({ "id": tag.id.to_string(), "name": tag.name, "moderated": tag.moderated, "emoji_id": null, "emoji_name": null }),
            );
            fields.insert("available_tags".into(), tags.collect());
            fields.insert("flags".into(), json!(if channel.needs_tag { REQUIRE_TAG } else { 0 }));
            let posts = self.channels.iter().filter(|(_, post)| post.parent == Some(id));
            let newest = posts.map(|(id, _)| id.to_string()).next_back();
            fields.insert("last_message_id".into(), json!(newest));
        }
        if let Some(owner) = channel.owner {
            fields.insert("owner_id".into(), owner.to_string().into());
        }
        if !channel.applied.is_empty() {
            fields.insert("applied_tags".into(), channel.applied.iter().map(u64::to_string).collect());
        }
        if let Some(parent) = channel.parent {
            fields.insert("parent_id".into(), parent.to_string().into());
            let metadata = json!({ "archived": channel.archived, "locked": channel.locked, "archive_timestamp": self.archived_at(id) });
            fields.insert("thread_metadata".into(), metadata);
        }
        Some(told)
    }

    /// Returns when a thread was archived: in the same moment as something was said there last.
    pub(crate) fn archived_at(&self, thread: u64) -> String {
        let last = self.messages.range((thread, 0)..=(thread, u64::MAX)).next_back().map_or(0, |((_, id), _)| *id);
        written(last)
    }
}
