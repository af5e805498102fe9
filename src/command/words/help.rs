//! `/help`: explains the commands.

use crate::command::argument::{Argument, Kind};
use crate::command::grammar::{Defined, Definition, Example, Form, Group, Need};
use crate::command::value::{Holds, Value};

/// Explains the commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpCommand {
    /// The command to explain, a word of the table, or a subject; `None` for the overview.
    pub topic: Option<String>,
}

impl<C: Holds<Self>> Defined<C> for HelpCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "help",
        aliases: &[],
        group: Group::Look,
        description: "Explain the commands, or one of them",
        forms: &[Form {
            path: &["help"],
            arguments: &[Argument::OptionalWord("command", Kind::Command)],
            need: Need::Viewer,
            description: "explain one command, or work, alerts, schedules, look, answers, all",
            value: Value::Words {
                make: |given| C::from(Self { topic: given.first().map(|word| (*word).to_owned()) }),
                said: |command| command.held().map(|Self { topic }| topic.iter().map(String::as_str).collect()),
            },
        }],
        examples: &[
            Example { text: "/help session", does: "explains `/session`" },
            Example { text: "/help all", does: "explains every command in a line" },
        ],
    };
}
