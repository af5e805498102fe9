//! `/stop`: stops running work.

use crate::command::argument::Argument;
use crate::command::grammar::{Defined, Definition, Example, Form, Group, Need};
use crate::command::value::{Holds, Value};

const ALL: &str = "all";

/// Stops running work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopCommand {
    /// All of this chat's, not only this thread's.
    pub all: bool,
}

impl<C: Holds<Self>> Defined<C> for StopCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "stop",
        aliases: &[],
        group: Group::Work,
        description: "Stop the running task of this thread; all: every task of this chat",
        forms: &[Form {
            path: &["stop"],
            arguments: &[Argument::OptionalLiteral(ALL)],
            need: Need::Operator,
            description: "stop this thread's running task, or all of this chat; no session is lost",
            value: Value::Words {
                make: |given| C::from(Self { all: !given.is_empty() }),
                said: |command| command.held().map(|Self { all }| if *all { vec![ALL] } else { Vec::new() }),
            },
        }],
        examples: &[Example { text: "/stop all", does: "stops everything that runs in this chat" }],
    };
}
