//! Commands as they are registered: what Discord takes, and what it adds by itself.

use serde_json::{Value, json};

use super::rest::Answer;
use super::rules::{Refusal, invalid};
use super::state::State;
use crate::parameters::Parameters;

/// Commands that a bot may register, those that are given to messages aside, and how much one may say.
const MAX_COMMANDS: usize = 100;
const MAX_COMMAND_CHARS: usize = 8000;

impl State {
    /// Registers all commands of the bot, in place of those before.
    pub(crate) fn register(&mut self, parameters: &Parameters) -> Answer {
        let mut stored = Vec::new();
        if parameters.items().iter().filter(|command| command["type"] != 3).count() > MAX_COMMANDS {
            return Err(invalid(
                "_",
                "APPLICATION_COMMAND_TOO_MANY",
                "Maximum number of application commands reached (100).",
            ));
        }
        for command in parameters.items() {
            check_size(command)?;
            let name = command["name"].as_str().unwrap_or_default();
            let described = command["description"].as_str().unwrap_or_default().chars().count();
            // A command that is given to a message has a name as people write it, and no description.
            let of_message = command["type"] == 3;
            let is_plain = name == name.to_lowercase() && !name.contains(' ');
            let fits = if of_message { described == 0 } else { is_plain && (1..=100).contains(&described) };
            if !fits || !(1..=32).contains(&name.chars().count()) {
                return Err(invalid("0.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"));
            }
            let mut command = command.clone();
            let id = self.next_id().to_string();
            let fields = command.as_object_mut().expect("an object");
            // What Discord leaves out and adds by itself.
            fields.retain(|_, value| !value.is_null());
            for (name, value) in [
                ("id", json!(id)),
                ("version", json!(id)),
                ("default_member_permissions", Value::Null),
                ("nsfw", json!(false)),
            ] {
                fields.insert(name.to_owned(), value);
            }
            stored.push(command);
        }
        self.registrations += 1;
        self.commands = stored;
        Ok(Value::Array(self.commands.clone()))
    }
}

/// Checks how much a command says, and its options.
fn check_size(command: &Value) -> Result<(), Refusal> {
    let options = command["options"].as_array().cloned().unwrap_or_default();
    let told = |value: &Value| {
        ["name", "description"]
            .iter()
            .map(|field| value[*field].as_str().unwrap_or_default().chars().count())
            .sum::<usize>()
    };
    let whole: usize = std::iter::once(command).chain(&options).map(told).sum();
    if whole > MAX_COMMAND_CHARS {
        return Err(invalid("0", "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)"));
    }
    let fits = |option: &Value| {
        let (name, described) = (option["name"].as_str().unwrap_or_default(), &option["description"]);
        let described = described.as_str().unwrap_or_default().chars().count();
        let is_name = (1..=32).contains(&name.chars().count()) && name == name.to_lowercase() && !name.contains(' ');
        is_name && (1..=100).contains(&described) && option["max_length"].as_u64().is_none_or(|most| most <= 6000)
    };
    if options.len() > 25 || !options.iter().all(fits) {
        return Err(invalid("0.options", "APPLICATION_COMMAND_OPTIONS_INVALID", "Command options are invalid"));
    }
    Ok(())
}
