//! The application commands that Discord shows behind the `/` key, everywhere the bot is.
//!
//! Each takes one text, which is read by the same grammar as a typed command. They are registered anew only where what is
//! registered differs in what we set: an unchanged registration costs from a daily allowance too.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};
use serenity::builder::{CreateCommand, CreateCommandOption};
use serenity::model::application::{CommandOptionType, CommandType, InteractionContext};
use signalbox_adapter::{Announce, CommandEntry, DeliverError, one_line};

use crate::api::{Api, User};
use crate::failure::{CallError, Effect};

/// Most commands of this kind.
/// Source: <https://docs.discord.com/developers/interactions/application-commands>, read 2026-11.
const MAX_COMMANDS: usize = 100;

/// Longest command name, in characters.
const MAX_NAME_CHARS: usize = 32;

/// Longest description, in characters.
const MAX_DESCRIPTION_CHARS: usize = 100;

/// Longest text of an option, in characters.
const MAX_OPTION_CHARS: u16 = 6000;

/// The command that is also given to a message, from the menu that Discord has at each.
const OF_A_MESSAGE: &str = "investigate";
const OF_A_MESSAGE_TITLE: &str = "Investigate";

/// The one option.
const OPTION: &str = "text";
const OPTION_DESCRIPTION: &str = "The rest of the command, as it would be typed";

/// Registers the commands.
pub struct Commands {
    api: Arc<Api>,
}

impl Commands {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    /// Returns the id of the application that the bot belongs to; that of the bot where Discord does not tell.
    async fn application(&self) -> Result<String, CallError> {
        match self.api.get::<User>("applications/@me").await {
            Ok(application) => Ok(application.id),
            Err(CallError::Answered(refusal)) if refusal.status == 404 => Ok(self.api.who().await?.id),
            Err(error) => Err(error),
        }
    }

    async fn registered(&self, entries: &[CommandEntry]) -> Result<bool, CallError> {
        let wanted = commands(entries);
        let path = format!("applications/{}/commands", self.application().await?);
        let registered: Vec<Value> = self.api.get(&path).await?;
        if is_same(&wanted, &registered) {
            return Ok(false);
        }
        self.api.done(Method::PUT, &path, Some(&Value::Array(wanted))).await?;
        Ok(true)
    }
}

#[async_trait]
impl Announce for Commands {
    async fn announce(&self, commands: &[CommandEntry]) -> Result<bool, DeliverError> {
        self.registered(commands).await.map_err(|error| error.judged(Effect::Asks, false))
    }
}

fn commands(entries: &[CommandEntry]) -> Vec<Value> {
    let mut commands: Vec<Value> = Vec::new();
    for entry in entries {
        let name = entry.name.trim_start_matches('/').to_lowercase();
        let is_sign = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let is_name = (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && name.chars().all(is_sign);
        let description = one_line(&entry.description, MAX_DESCRIPTION_CHARS);
        let is_new = commands.iter().all(|other| other["name"] != name.as_str());
        if is_name && is_new && !description.is_empty() && commands.len() < MAX_COMMANDS {
            commands.push(command(&name, &description, entry.direct_only));
        }
    }
    if commands.iter().any(|command| command["name"] == OF_A_MESSAGE) {
        let contexts = vec![InteractionContext::Guild, InteractionContext::BotDm];
        let command = CreateCommand::new(OF_A_MESSAGE_TITLE).kind(CommandType::Message).contexts(contexts);
        commands.push(serde_json::to_value(command).expect("a command is JSON"));
    }
    commands
}

fn command(name: &str, description: &str, direct_only: bool) -> Value {
    let text = CreateCommandOption::new(CommandOptionType::String, OPTION, OPTION_DESCRIPTION)
        .max_length(MAX_OPTION_CHARS)
        .set_autocomplete(true)
        .required(false);
    let mut contexts = vec![InteractionContext::BotDm];
    if !direct_only {
        contexts.insert(0, InteractionContext::Guild);
    }
    let command = CreateCommand::new(name)
        .kind(CommandType::ChatInput)
        .description(description)
        .add_option(text)
        .contexts(contexts);
    serde_json::to_value(command).expect("a command is JSON")
}

/// Whether what is registered is what is wanted, as far as we set it.
fn is_same(wanted: &[Value], registered: &[Value]) -> bool {
    let named = |name: &Value| registered.iter().find(|command| &command["name"] == name);
    wanted.len() == registered.len()
        && wanted.iter().all(|command| named(&command["name"]).is_some_and(|other| holds(other, command)))
}

/// Whether a value holds all that we set in ours; `null`, an empty list and `false` are as good as nothing.
fn holds(theirs: &Value, ours: &Value) -> bool {
    match (theirs, ours) {
        (_, Value::Null | Value::Bool(false)) => true,
        (Value::Object(theirs), Value::Object(ours)) => {
            ours.iter().all(|(key, ours)| holds(theirs.get(key).unwrap_or(&json!(null)), ours))
        }
        (theirs, Value::Array(ours)) if ours.is_empty() => theirs.as_array().is_none_or(Vec::is_empty),
        (theirs, Value::Object(ours)) if ours.is_empty() => theirs.as_object().is_none_or(serde_json::Map::is_empty),
        (Value::Array(theirs), Value::Array(ours)) => {
            theirs.len() == ours.len() && theirs.iter().zip(ours).all(|(theirs, ours)| holds(theirs, ours))
        }
        (theirs, ours) => theirs == ours,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, description: &str) -> CommandEntry {
        CommandEntry { name: name.into(), description: description.into(), direct_only: name == "start" }
    }

    #[test]
    fn only_what_discord_takes_is_registered() {
        let long = "x".repeat(300);
        let entries =
            [entry("/Session", "Start a\n session"), entry("a b", "no"), entry("session", "again"), entry("x", &long)];
        let commands = commands(&entries);
        let names: Vec<_> = commands.iter().map(|command| command["name"].as_str().expect("a name")).collect();
        assert_eq!(names, ["session", "x"]);
        assert_eq!(commands[0]["description"], "Start a session");
        assert_eq!(commands[1]["description"].as_str().expect("text").chars().count(), MAX_DESCRIPTION_CHARS);
    }

    #[test]
    fn a_message_is_investigated_from_its_own_menu() {
        let commands = commands(&[entry("investigate", "Find out")]);
        assert_eq!(commands.len(), 2);
        assert_eq!((&commands[1]["name"], &commands[1]["type"]), (&json!("Investigate"), &json!(3)));
        assert!(commands[1]["description"].as_str().is_none_or(str::is_empty), "{:?}", commands[1]);
    }

    #[test]
    fn what_discord_adds_by_itself_makes_no_difference() {
        let wanted = commands(&[entry("session", "Start"), entry("start", "Hello")]);
        let stored = |command: &Value| {
            let option = json!({ "type": 3, "name": OPTION, "description": OPTION_DESCRIPTION, "max_length": 6000, "autocomplete": true });
            json!({
                "id": "1", "application_id": "42", "version": "9", "default_member_permissions": null, "nsfw": false,
                "type": 1, "name": command["name"], "description": command["description"],
                "contexts": command["contexts"], "options": [option], "integration_types": [0],
            })
        };
        let mut registered: Vec<Value> = wanted.iter().map(stored).collect();
        registered.reverse();
        assert!(is_same(&wanted, &registered));
        registered[0]["description"] = json!("Other");
        assert!(!is_same(&wanted, &registered));
        registered.pop();
        assert!(!is_same(&wanted, &registered));
    }
}
