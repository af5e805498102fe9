//! `/start`: opens a chat with the bot, with a pairing code where there is one.

use crate::command::argument::{Argument, Kind};
use crate::command::grammar::{Defined, Definition, Example, Form, Group, Need};
use crate::command::value::{Holds, Value};

/// Opens a chat with the bot, with a pairing code where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartCommand {
    /// The code.
    pub code: Option<String>,
}

impl<C: Holds<Self>> Defined<C> for StartCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "start",
        aliases: &[],
        group: Group::Look,
        description: "Say hello, or pair with the code that `signalbox pair` has printed",
        forms: &[Form {
            path: &["start"],
            arguments: &[Argument::OptionalWord("code", Kind::Code)],
            need: Need::Viewer,
            description: "say hello, or pair with a code",
            value: Value::Words {
                make: |given| C::from(Self { code: given.first().map(|word| (*word).to_owned()) }),
                said: |command| command.held().map(|Self { code }| code.iter().map(String::as_str).collect()),
            },
        }],
        examples: &[Example { text: "/start k7m2p9qx", does: "pairs you, if that is the code" }],
    };
}
