//! Forums and media channels: channels that take no message but as a post, which is a thread and its first message under one
//! id. What is known of them, and which tags a post has.
//!
//! # Tags
//! A post of a card has the tag that is called as what it stands for stands: `firing`, `acked` (or `acknowledged`, `ack`),
//! `silenced`, `resolved`, whatever their case. What is taken or silenced fires on: where the forum has no tag for that, it
//! keeps the one for firing. All tags that people set stay.
//!
//! Where the forum demands a tag and none of these is there, a post has the one called `alert` or `incident`, else the first
//! that anybody may set.
//!
//! Source: <https://docs.discord.com/developers/topics/threads#forums>, read 2026-11.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signalbox_adapter::Phase;

use crate::api::Api;
use crate::event::Channel;
use crate::failure::CallError;
use crate::places::is_thread;

/// Kinds of channels that take posts only: forums, and media channels.
const BOARDS: [u64; 2] = [15, 16];

/// The flag of a forum in which each post needs a tag.
const REQUIRE_TAG: u64 = 1 << 4;

/// Most tags of a post.
const MAX_TAGS: usize = 5;

/// Most channels that are remembered; beyond it all are forgotten and asked for again.
const MAX_KNOWN: usize = 50_000;

/// Posts of which it is remembered what their tags say.
const MAX_TAGGED: usize = 4096;

/// Names of a tag that suits every card, where a post needs one.
const OF_ANY_CARD: [&str; 4] = ["alert", "alerts", "incident", "incidents"];

/// A forum, or a media channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Board {
    /// Its server.
    pub(crate) guild: String,
    tags: Vec<Tag>,
    needs_tag: bool,
}

/// A tag that a post may have.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tag {
    id: String,
    /// Its name, in lower case.
    name: String,
    /// Whether only who may manage threads can set it.
    is_moderated: bool,
}

impl Board {
    fn of(channel: &Channel) -> Option<Self> {
        if !is_board(channel.kind) {
            return None;
        }
        let tags = channel.available_tags.iter().map(|tag| Tag {
            id: tag.id.clone(),
            name: tag.name.trim().to_lowercase(),
            is_moderated: tag.moderated,
        });
        Some(Self {
            guild: channel.guild_id.clone().unwrap_or_default(),
            tags: tags.collect(),
            needs_tag: channel.flags & REQUIRE_TAG != 0,
        })
    }

    /// Returns the tags of a post that had these: of one that stands for something in this phase, or for nothing that has one.
    pub(crate) fn tags(&self, phase: Option<Phase>, had: &[String]) -> Vec<String> {
        let of_phase = phase.and_then(|phase| self.of_phase(phase));
        let says_phase = |id: &String| ALL.iter().any(|phase| self.tag(names(*phase)).is_some_and(|tag| tag.id == *id));
        let stays = |id: &&String| phase.is_none() || !says_phase(id);
        let mut tags: Vec<String> = of_phase.into_iter().map(|tag| tag.id.clone()).collect();
        tags.extend(had.iter().filter(stays).cloned());
        if tags.is_empty() && self.needs_tag {
            let free = self.tags.iter().find(|tag| !tag.is_moderated);
            tags.extend(self.tag(&OF_ANY_CARD).or(free).or(self.tags.first()).map(|tag| tag.id.clone()));
        }
        tags.truncate(MAX_TAGS);
        tags
    }

    /// Leaves out the tags that only some may set, where one of them is among these; a post that needs one has another.
    pub(crate) fn without_moderated(&self, tags: &[String]) -> Option<Vec<String>> {
        let is_moderated = |id: &String| self.tags.iter().any(|tag| tag.id == *id && tag.is_moderated);
        if !tags.iter().any(is_moderated) {
            return None;
        }
        let free: Vec<String> = tags.iter().filter(|id| !is_moderated(id)).cloned().collect();
        let other = self.tags.iter().find(|tag| !tag.is_moderated).filter(|_| free.is_empty() && self.needs_tag);
        Some(free.into_iter().chain(other.map(|tag| tag.id.clone())).collect())
    }

    fn of_phase(&self, phase: Phase) -> Option<&Tag> {
        let fires_on = matches!(phase, Phase::Acknowledged | Phase::Silenced);
        self.tag(names(phase)).or_else(|| self.tag(names(Phase::Firing)).filter(|_| fires_on))
    }

    fn tag(&self, names: &[&str]) -> Option<&Tag> {
        names.iter().find_map(|name| self.tags.iter().find(|tag| tag.name == *name))
    }
}

/// Every phase.
const ALL: [Phase; 4] = [Phase::Firing, Phase::Acknowledged, Phase::Silenced, Phase::Resolved];

/// Returns what the tag of a phase may be called, the best first.
fn names(phase: Phase) -> &'static [&'static str] {
    match phase {
        Phase::Firing => &["firing"],
        Phase::Acknowledged => &["acked", "acknowledged", "ack"],
        Phase::Silenced => &["silenced"],
        Phase::Resolved => &["resolved"],
    }
}

/// Whether a channel of this kind takes posts only.
pub(crate) fn is_board(kind: u64) -> bool {
    BOARDS.contains(&kind)
}

/// Which channels are forums, as far as it is known: Discord tells it of each channel when a session begins, and is asked
/// where it has not.
#[derive(Debug, Default)]
pub(crate) struct Boards(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// `None` for a channel that takes messages.
    channels: HashMap<String, Option<Arc<Board>>>,
    /// What the tags of posts say, by their ids.
    tagged: HashMap<String, Phase>,
}

/// What is known of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing.
    Unknown,
    /// It takes messages.
    Plain,
    /// It takes posts.
    Board(Arc<Board>),
}

impl Kind {
    /// Returns the forum, if it is one.
    pub(crate) fn board(&self) -> Option<&Board> {
        match self {
            Self::Board(board) => Some(board),
            Self::Unknown | Self::Plain => None,
        }
    }
}

impl Boards {
    /// Notes what Discord tells of a channel of a server; one of its own may leave out which.
    pub(crate) fn note(&self, channel: &Channel, guild: Option<&str>) {
        if is_thread(channel.kind) {
            return;
        }
        let mut board = Board::of(channel);
        if let (Some(board), Some(guild)) = (&mut board, guild)
            && board.guild.is_empty()
        {
            guild.clone_into(&mut board.guild);
        }
        let mut known = self.known();
        if known.channels.len() >= MAX_KNOWN {
            known.channels.clear();
        }
        known.channels.insert(channel.id.clone(), board.map(Arc::new));
    }

    /// Returns what is known of a channel.
    pub(crate) fn kind(&self, channel: &str) -> Kind {
        match self.known().channels.get(channel) {
            None => Kind::Unknown,
            Some(None) => Kind::Plain,
            Some(Some(board)) => Kind::Board(Arc::clone(board)),
        }
    }

    /// Forgets what is known of a channel, since it has changed.
    pub(crate) fn forget(&self, channel: &str) {
        self.known().channels.remove(channel);
    }

    /// Finds out what a channel is that is not known.
    ///
    /// # Errors
    /// [`CallError`], where nobody can tell now.
    pub(crate) async fn find_out(&self, api: &Api, channel: &str) -> Result<Kind, CallError> {
        let kind = self.kind(channel);
        if kind != Kind::Unknown {
            return Ok(kind);
        }
        match api.get::<Channel>(&format!("channels/{channel}")).await {
            Ok(found) => self.note(&found, None),
            // What is done there says what there is to say about it.
            Err(error) if error.is_refusal() => return Ok(Kind::Plain),
            Err(error) => return Err(error),
        }
        Ok(self.kind(channel))
    }

    /// Notes what the tags of a post say.
    pub(crate) fn tagged(&self, post: &str, phase: Phase) {
        let mut known = self.known();
        if known.tagged.len() >= MAX_TAGGED {
            known.tagged.clear();
        }
        known.tagged.insert(post.to_owned(), phase);
    }

    /// Whether the tags of a post are known to say this.
    pub(crate) fn is_tagged(&self, post: &str, phase: Phase) -> bool {
        self.known().tagged.get(post) == Some(&phase)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn board(needs_tag: bool, tags: &[(&str, bool)]) -> Board {
        let tags: Vec<Value> = tags
            .iter()
            .map(|(name, moderated)| json!({ "id": format!("id of {name}"), "name": name, "moderated": moderated }))
            .collect();
        let channel = json!({ "id": "7", "type": 15, "guild_id": "77", "flags": if needs_tag { 16 } else { 0 }, "available_tags": tags });
        Board::of(&serde_json::from_value(channel).expect("a channel")).expect("a forum")
    }

    fn ids(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| format!("id of {name}")).collect()
    }

    #[test]
    fn a_tag_follows_the_phase_and_those_of_people_stay() {
        let board = board(false, &[("db", false), ("Firing", false), ("ACKNOWLEDGED", false), ("Resolved ", true)]);
        let had = ids(&["db", "Firing"]);
        assert_eq!(board.tags(Some(Phase::Firing), &[]), ids(&["Firing"]));
        assert_eq!(board.tags(Some(Phase::Acknowledged), &had), ids(&["ACKNOWLEDGED", "db"]));
        assert_eq!(board.tags(Some(Phase::Silenced), &ids(&["ACKNOWLEDGED", "db"])), ids(&["Firing", "db"]));
        let resolved = board.tags(Some(Phase::Resolved), &had);
        assert_eq!(resolved, ids(&["Resolved ", "db"]));
        assert_eq!(board.without_moderated(&resolved), Some(ids(&["db"])));
        assert_eq!(board.without_moderated(&had), None);
        assert_eq!(board.tags(None, &had), had);
        let many = ids(&["1", "2", "3", "4", "5"]);
        assert_eq!(board.tags(Some(Phase::Firing), &many), ids(&["Firing", "1", "2", "3", "4"]));
    }

    #[test]
    fn a_forum_that_demands_a_tag_gets_one_that_anybody_may_set() {
        let tags = [("staff", true), ("question", false), ("Incidents", false)];
        assert_eq!(board(true, &tags).tags(Some(Phase::Firing), &[]), ids(&["Incidents"]));
        assert_eq!(board(true, &tags[..2]).tags(Some(Phase::Firing), &[]), ids(&["question"]));
        assert_eq!(board(true, &tags[..2]).tags(None, &[]), ids(&["question"]));
        assert_eq!(board(true, &tags[..2]).tags(None, &ids(&["staff"])), ids(&["staff"]));
        assert_eq!(board(true, &tags[..2]).without_moderated(&ids(&["staff"])), Some(ids(&["question"])));
        assert_eq!(board(true, &tags[..1]).tags(None, &[]), ids(&["staff"]));
        assert_eq!(board(true, &[]).tags(None, &[]), Vec::<String>::new());
        assert_eq!(board(false, &tags).tags(Some(Phase::Firing), &[]), Vec::<String>::new());
    }
}
