//! `/why`: traces one message from arrival to receipt.

use crate::command::argument::{Argument, Kind};
use crate::command::grammar::{Defined, Definition, Example, Form, Group, Need};
use crate::command::value::{Holds, words};

/// Traces one message from arrival to receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyCommand {
    /// A task or a message.
    pub of: String,
}

impl<C: Holds<Self>> Defined<C> for WhyCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "why",
        aliases: &[],
        group: Group::Look,
        description: "Trace a task or message from arrival to receipt",
        forms: &[Form {
            path: &["why"],
            arguments: &[Argument::Word("task or message", Kind::TaskOrMessage)],
            need: Need::Viewer,
            description: "trace it from arrival to receipt",
            value: words!(|of| Self { of }),
        }],
        examples: &[Example { text: "/why 42", does: "shows what became of task 42" }],
    };
}
