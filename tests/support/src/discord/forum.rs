//! Forums and their posts, and threads as things of their own: what is done to them, and what is refused.

use std::time::Instant;

use serde_json::{Value, json};

use super::rest::{Answer, Request, SUPPRESS_NOTIFICATIONS, beside, stripped};
use super::rules::{Refusal, buttons, check, files, invalid, refusal, text_of};
use super::state::{Channel, Right, Shown, State};
use super::{BOT_ID, BOT_NAME};

/// Most tags of a post.
const MAX_TAGS: usize = 5;
/// Fields of a message that a post does not take.
const OF_MESSAGES: [&str; 3] = ["nonce", "enforce_nonce", "message_reference"];

impl State {
    /// Begins a post: a thread and its first message, which have one id.
    pub(crate) fn make_post(&mut self, forum: u64, request: &Request<'_>) -> Answer {
        self.writable(forum)?;
        let (body, channel) = (request.body(), &self.channels[&forum]);
        if !channel.is_board() {
            return Err(refusal(400, 50024, "Cannot execute action on this channel type"));
        }
        if let Some((status, code, words)) = channel.opens_none {
            return Err(refusal(status, code, words));
        }
        if self.lacks(forum, Right::Send) {
            return Err(refusal(403, 50013, "Missing Permissions"));
        }
        let name = body["name"].as_str().unwrap_or_default();
        if !(1..=100).contains(&name.chars().count()) {
            return Err(invalid("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length."));
        }
        let message = &body["message"];
        let file = files(message, &request.parameters)?;
        if let Some(field) = OF_MESSAGES.iter().find(|field| message.get(**field).is_some()) {
            return Err(refusal(400, 0, &format!("This fake takes no {field} with a post.")));
        }
        if file.is_some() && self.lacks(forum, Right::AttachFiles) {
            return Err(refusal(403, 50013, "Missing Permissions"));
        }
        self.may_open(name)?;
        check(message, file, false)?;
        self.is_allowed(&text_of(message))?;
        let applied = self.applied(forum, &body["applied_tags"], true)?;
        self.note_pings(message);
        let (id, flags) = (self.next_id(), message["flags"].as_u64().unwrap_or_default());
        let shown = Shown {
            id,
            author: BOT_ID,
            name: BOT_NAME.to_owned(),
            by_bot: true,
            text: stripped(&text_of(message)),
            reply_to: None,
            buttons: buttons(message),
            file: file.cloned(),
            silent: flags & SUPPRESS_NOTIFICATIONS != 0,
            edits: 0,
            at: Instant::now(),
            more: beside(message, flags),
        };
        let (name, owner) = (name.to_owned(), Some(BOT_ID));
        let post = Channel { kind: 11, name, parent: Some(forum), owner, applied, ..Channel::default() };
        self.channels.insert(id, post);
        let mut told = self.channel_json(id).expect("it is open");
        self.tell("THREAD_CREATE", id, told.clone());
        told["message"] = self.message_json(id, &shown, None);
        self.post(id, shown, None);
        Ok(told)
    }

    /// Whether one more thread of this name may be opened.
    pub(crate) fn may_open(&self, name: &str) -> Result<(), Refusal> {
        let open = self.channels.values().filter(|channel| channel.parent.is_some() && !channel.archived).count();
        if open >= self.most_threads {
            return Err(refusal(400, 160_006, "Maximum number of active threads reached"));
        }
        if self.forbidden.is_some_and(|word| name.contains(word)) {
            return Err(refusal(400, 200_001, "Title was blocked by automatic moderation"));
        }
        Ok(())
    }

    /// Whether a message may say this.
    pub(crate) fn is_allowed(&self, text: &str) -> Result<(), Refusal> {
        if self.forbidden.is_some_and(|word| text.contains(word)) {
            return Err(refusal(400, 200_000, "Message was blocked by automatic moderation"));
        }
        Ok(())
    }

    /// Checks the tags of a post.
    fn applied(&self, forum: u64, tags: &Value, is_new: bool) -> Result<Vec<u64>, Refusal> {
        let channel = &self.channels[&forum];
        let tags: Vec<u64> = tags.as_array().into_iter().flatten().filter_map(|id| id.as_str()?.parse().ok()).collect();
        if tags.len() > MAX_TAGS {
            return Err(invalid("applied_tags", "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length."));
        }
        for id in &tags {
            let Some(tag) = channel.tags.iter().find(|tag| tag.id == *id) else {
                return Err(invalid("applied_tags", "UNKNOWN_TAG", "Unknown tag"));
            };
            if is_new && tag.moderated && !channel.may_manage() {
                return Err(refusal(403, 50013, "Missing Permissions"));
            }
        }
        if tags.is_empty() && channel.needs_tag {
            return Err(refusal(400, 40067, "A tag is required to create a forum post in this channel"));
        }
        Ok(tags)
    }

    /// Changes a thread: whether it is archived, and its tags.
    pub(crate) fn change_thread(&mut self, id: u64, body: &Value) -> Answer {
        let Some(thread) = self.channels.get(&id).cloned() else { return Err(refusal(404, 10003, "Unknown Channel")) };
        let Some(parent) = thread.parent else { return Err(refusal(403, 50013, "Missing Permissions")) };
        let may_manage = thread.may_manage() && self.channels[&parent].may_manage();
        let is_ours = thread.owner == Some(BOT_ID) && !self.lacks(parent, Right::Send);
        let opens = body["archived"] == false;
        if (thread.locked && !may_manage) || !(may_manage || is_ours || opens) {
            return Err(refusal(403, 50013, "Missing Permissions"));
        }
        if thread.archived && !opens {
            return Err(refusal(400, 50083, "Thread is archived"));
        }
        let mut applied = thread.applied.clone();
        if body.get("applied_tags").is_some() {
            applied = self.applied(parent, &body["applied_tags"], false)?;
            let moderated = |id: &u64| self.channels[&parent].tags.iter().any(|tag| tag.id == *id && tag.moderated);
            let differs = |id: &&u64| thread.applied.contains(id) != applied.contains(id);
            if !may_manage && thread.applied.iter().chain(&applied).filter(differs).any(moderated) {
                return Err(refusal(403, 50013, "Missing Permissions"));
            }
        }
        let changed = self.channels.get_mut(&id).expect("it is there");
        changed.archived = body["archived"].as_bool().unwrap_or(changed.archived);
        changed.applied = applied;
        let told = self.channel_json(id).expect("it is there");
        self.tell("THREAD_UPDATE", id, told.clone());
        Ok(told)
    }

    /// Returns the threads of a server that are not archived and that the bot sees.
    pub(crate) fn active_threads(&self, guild: u64) -> Value {
        let is_active = |thread: &Channel| {
            thread.parent.is_some() && !thread.archived && thread.guild.unwrap_or(super::GUILD_ID) == guild
        };
        let threads = self.channels.iter().rev().filter(|(_, thread)| is_active(thread));
        let told: Vec<Value> = threads.filter_map(|(id, _)| self.channel_json(*id)).collect();
        json!({ "threads": told, "members": [] })
    }

    /// Returns the archived private threads of a channel: all, or those that the bot is in.
    pub(crate) fn archived_private(&self, channel: u64, request: &Request<'_>, joined: bool) -> Answer {
        let may_manage = self.channels.get(&channel).is_none_or(Channel::may_manage);
        if !joined && !may_manage {
            return Err(refusal(403, 50013, "Missing Permissions"));
        }
        if !joined {
            return self.archived(channel, request, &|thread| thread.kind == 12);
        }
        self.readable(channel)?;
        let limit = usize::try_from(request.asked("limit").unwrap_or(50)).unwrap_or_default();
        if !(2..=100).contains(&limit) {
            return Err(invalid("limit", "NUMBER_TYPE_MIN", "Value should be between 2 and 100."));
        }
        // Here it is an id, and no time.
        let before = request.asked("before").unwrap_or(u64::MAX);
        let is_wanted = |id: u64, thread: &Channel| {
            thread.parent == Some(channel) && thread.archived && thread.kind == 12 && thread.joined && id < before
        };
        let threads = self.channels.iter().rev().filter(|(id, thread)| is_wanted(**id, thread));
        let threads: Vec<u64> = threads.map(|(id, _)| *id).collect();
        let told: Vec<Value> = threads.iter().take(limit).filter_map(|id| self.channel_json(*id)).collect();
        Ok(json!({ "threads": told, "members": [], "has_more": threads.len() > limit }))
    }

    /// Returns one message.
    pub(crate) fn message(&self, channel: u64, message: u64) -> Answer {
        self.readable(channel)?;
        let shown = self.messages.get(&(channel, message)).filter(|_| !self.lacks(channel, Right::ReadHistory));
        let shown = shown.ok_or_else(|| refusal(404, 10008, "Unknown Message"))?;
        Ok(self.message_json(channel, shown, None))
    }
}
