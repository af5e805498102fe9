//! What is read of an event.
//!
//! # Why not serenity's types
//! They take an event as a whole or not at all, leave out the newer components, and cut unknown flags. Here a field that is
//! not needed, or has a form of its own, cannot stand in the way: no message is lost for one.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use serenity::model::Timestamp;

use crate::lenient::{lenient, lenient_list, lenient_map};

/// A message; also one that others refer to, which may lack almost everything.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) channel_id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) guild_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) author: Option<User>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) member: Option<Member>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) content: String,
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub(crate) kind: u64,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) webhook_id: Option<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) mentions: Vec<User>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) mention_roles: Vec<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) message_reference: Option<Reference>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) referenced_message: Option<Box<Message>>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) attachments: Vec<Attachment>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) embeds: Vec<Embed>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) components: Vec<Value>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) message_snapshots: Vec<Snapshot>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) sticker_items: Vec<Named>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) poll: Option<Poll>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) nonce: Option<Value>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) flags: u64,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) edited_timestamp: Option<String>,
}

/// Messages that were taken away: one, or many at once by a moderator. Discord does not tell by whom, nor whose they were.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Deleted {
    pub(crate) channel_id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) guild_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    ids: Vec<String>,
}

impl Deleted {
    /// Returns the ids of the messages.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.id.iter().chain(&self.ids).map(String::as_str)
    }
}

/// A message as it was when it was forwarded.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Snapshot {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) message: Forwarded,
}

/// What is told of a forwarded message; not who wrote it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Forwarded {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) content: String,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) attachments: Vec<Attachment>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) embeds: Vec<Embed>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) components: Vec<Value>,
}

/// A box that a bot puts below its message.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Embed {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) title: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) url: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) description: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) color: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) author: Named,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) fields: Vec<Field>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) footer: TextOnly,
}

/// What has a name.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Named {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) name: String,
}

/// A question with answers to choose from.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Poll {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) question: TextOnly,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) answers: Vec<PollAnswer>,
}

/// An answer to choose.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct PollAnswer {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) poll_media: TextOnly,
}

/// What is nothing but a text, as at the foot of an embed.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct TextOnly {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) text: String,
}

/// One of the fields of an embed.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Field {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) value: String,
}

/// A person, bot or webhook.
#[derive(Debug, Default, Clone, Deserialize)]
pub(crate) struct User {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) username: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) global_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) bot: bool,
}

/// What somebody is in a server.
#[derive(Debug, Default, Clone, Deserialize)]
pub(crate) struct Member {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) user: Option<User>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) nick: Option<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) roles: Vec<String>,
}

/// Which message another refers to, and how.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Reference {
    /// 0: it answers it; 1: it forwards it.
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub(crate) kind: u64,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) message_id: Option<String>,
}

/// A file.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Attachment {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) filename: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) url: String,
    /// In bytes.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) size: Option<u64>,
}

/// A channel or thread.
#[derive(Debug, Default, Clone, Deserialize)]
pub(crate) struct Channel {
    pub(crate) id: String,
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub(crate) kind: u64,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) parent_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) last_message_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) thread_metadata: ThreadMetadata,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) guild_id: Option<String>,
    /// Who has begun the thread.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) owner_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) flags: u64,
    /// The tags that posts of a forum may have.
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) available_tags: Vec<Tag>,
    /// The ids of the tags that a post has.
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) applied_tags: Vec<String>,
}

/// A tag that posts of a forum may have.
#[derive(Debug, Default, Clone, Deserialize)]
pub(crate) struct Tag {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) name: String,
    /// Whether only who may manage threads can set it.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) moderated: bool,
}

/// What is told of a thread alone.
#[derive(Debug, Default, Clone, Deserialize)]
pub(crate) struct ThreadMetadata {
    /// When it was archived last, or opened again.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) archive_timestamp: Option<String>,
}

/// A server, or what is told of its threads.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Guild {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) id: String,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) channels: Vec<Channel>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) threads: Vec<Channel>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) roles: Vec<Role>,
    /// Whether it cannot be reached now; then nothing else is told of it.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) unavailable: bool,
    /// Whether there are more of what was asked for.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) has_more: bool,
}

/// A role of a server.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Role {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) tags: RoleTags,
}

/// What a role is for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct RoleTags {
    /// The bot that it was made for.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) bot_id: Option<String>,
}

/// A command, a press, or what somebody is typing.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Interaction {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) application_id: String,
    pub(crate) token: String,
    #[serde(rename = "type")]
    pub(crate) kind: u64,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) guild_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) channel_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) channel: Option<Channel>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) user: Option<User>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) member: Option<Member>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) message: Option<Message>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) data: Option<Given>,
}

/// What was given with an interaction.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Given {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) target_id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) resolved: Resolved,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) options: Vec<GivenOption>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) custom_id: String,
    /// The fields of a form.
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) components: Vec<Value>,
    /// What was chosen in a menu.
    #[serde(default, deserialize_with = "lenient_list")]
    pub(crate) values: Vec<String>,
}

/// What ids in a command stand for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Resolved {
    #[serde(default, deserialize_with = "lenient_map")]
    pub(crate) messages: HashMap<String, Message>,
    #[serde(default, deserialize_with = "lenient_map")]
    pub(crate) users: HashMap<String, User>,
    #[serde(default, deserialize_with = "lenient_map")]
    pub(crate) members: HashMap<String, Member>,
}

/// One option of a command.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct GivenOption {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) value: Value,
}

/// Kinds of interactions.
mod kind {
    pub(super) const COMMAND: u64 = 2;
    pub(super) const COMPONENT: u64 = 3;
    pub(super) const BEING_TYPED: u64 = 4;
    pub(super) const FORM: u64 = 5;
}

impl Interaction {
    /// Whether somebody is typing a command and would like choices.
    pub(crate) fn is_being_typed(&self) -> bool {
        self.kind == kind::BEING_TYPED
    }

    /// Whether somebody has filled a form in.
    pub(crate) fn is_form(&self) -> bool {
        self.kind == kind::FORM
    }

    /// Returns a command as it would be typed: given, or written into the form that asked for its text.
    pub(crate) fn command(&self) -> Option<String> {
        let given = self.data.as_ref()?;
        match self.kind {
            kind::COMMAND => Some(given.line().trim_end().to_owned()),
            kind::FORM => {
                Some(format!("/{} {}", given.custom_id, given.texts().join("\n").trim()).trim_end().to_owned())
            }
            _ => None,
        }
    }

    /// Returns a command that is being typed, as far as it is.
    pub(crate) fn being_typed(&self) -> Option<String> {
        self.data.as_ref().filter(|_| self.is_being_typed()).map(Given::line)
    }

    /// Returns the message that a command was given to.
    pub(crate) fn target(&self) -> Option<&Message> {
        let given = self.data.as_ref()?;
        given.resolved.messages.get(&given.target_id)
    }

    /// Returns the action of the button that was pressed.
    pub(crate) fn action(&self) -> Option<String> {
        let given = self.data.as_ref().filter(|_| self.kind == kind::COMPONENT)?;
        let chosen = given.values.iter().map(|value| format!(" {value}"));
        Some(std::iter::once(given.custom_id.clone()).chain(chosen).collect())
    }

    /// Returns who it is of.
    pub(crate) fn person(&self) -> Option<&User> {
        self.user.as_ref().or_else(|| self.member.as_ref()?.user.as_ref())
    }
}

/// Deepest nesting of a form that is read; Discord has two levels.
const MAX_FORM_DEPTH: usize = 4;

impl Given {
    /// Returns a command and its options in one line.
    fn line(&self) -> String {
        // A command that is given to a message has a name as people write it.
        let mut command = format!("/{}", self.name.to_lowercase());
        for option in &self.options {
            match &option.value {
                Value::String(text) => command.extend([" ", text.trim_start()]),
                Value::Null => {}
                other => command.push_str(&format!(" {other}")),
            }
        }
        command
    }

    /// Returns what was written into the fields of a form: in rows, as long as there are such, or below labels.
    fn texts(&self) -> Vec<&str> {
        fn read<'v>(component: &'v Value, depth: usize, texts: &mut Vec<&'v str>) {
            if depth >= MAX_FORM_DEPTH {
                return;
            }
            texts.extend(component["value"].as_str());
            let nested = component["components"].as_array().into_iter().flatten();
            nested.chain(component.get("component")).for_each(|inner| read(inner, depth + 1, texts));
        }
        let mut texts = Vec::new();
        self.components.iter().for_each(|component| read(component, 0, &mut texts));
        texts
    }
}

/// Returns the time that Discord writes so, in milliseconds since 1970.
pub(crate) fn millis(written: &str) -> Option<u64> {
    u64::try_from(Timestamp::parse(written).ok()?.timestamp_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_discord_writes_it() {
        let at = Some(1_764_403_200_766);
        assert_eq!(millis("2025-11-29T08:00:00.766195+00:00"), at);
        assert_eq!(millis("2025-11-29T08:00:00.766000+00:00"), at);
        assert_eq!(millis("2025-11-29T08:00:00+00:00"), Some(1_764_403_200_000));
        assert_eq!(millis("yesterday"), None);
    }

    #[test]
    fn a_command_reads_as_it_would_be_typed() {
        let text = r#"{"id":"1","token":"t","type":2,"data":{"name":"session","options":[{"name":"text","type":3,
            "value":" fix it "}]}}"#;
        let interaction: Interaction = serde_json::from_str(text).expect("it is read");
        assert_eq!(interaction.command().as_deref(), Some("/session fix it"));
        assert_eq!(interaction.action(), None);
    }

    #[test]
    fn a_form_is_read_in_rows_and_below_labels() {
        let of = |fields: Value| {
            let data = serde_json::json!({ "custom_id": "session", "components": fields });
            let form = serde_json::json!({ "id": "1", "token": "t", "type": 5, "data": data });
            let form: Interaction = serde_json::from_value(form).expect("it is read");
            form.command()
        };
        let field = serde_json::json!({ "type": 4, "custom_id": "text", "value": " fix\nit " });
        let below = serde_json::json!([{ "type": 18, "id": 1, "component": field }]);
        let rows = serde_json::json!([{ "type": 1, "components": [field] }]);
        for fields in [below, rows] {
            assert_eq!(of(fields).as_deref(), Some("/session fix\nit"));
        }
    }

    #[test]
    fn what_is_being_typed_keeps_the_space_at_its_end() {
        let text = r#"{"id":"1","token":"t","type":4,"data":{"name":"session","options":[{"name":"text","type":3,
            "focused":true,"value":"show "}]}}"#;
        let interaction: Interaction = serde_json::from_str(text).expect("it is read");
        assert_eq!(interaction.being_typed().as_deref(), Some("/session show "));
        assert_eq!((interaction.command(), interaction.action()), (None, None));
    }
}
