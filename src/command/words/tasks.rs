//! `/retry`, `/discard` and `/cancel`: what can be done with one task, as buttons carry it.

use crate::command::argument::{Argument, Kind};
use crate::command::grammar::{Defined, Definition, Example, Form, Group, Need};
use crate::command::value::{Holds, words};

const TASK: Argument = Argument::Word("task", Kind::Task);

/// Runs a task's prompt again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryCommand {
    /// The task.
    pub task: String,
}

impl<C: Holds<Self>> Defined<C> for RetryCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "retry",
        aliases: &[],
        group: Group::Answer,
        description: "Run a task again",
        forms: &[Form {
            path: &["retry"],
            arguments: &[TASK],
            need: Need::Operator,
            description: "run a task's prompt again, as a new task",
            value: words!(|task| Self { task }),
        }],
        examples: &[Example { text: "/retry 42", does: "runs the prompt of task 42 again" }],
    };
}

/// Sets a failed or interrupted task aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscardCommand {
    /// The task.
    pub task: String,
}

impl<C: Holds<Self>> Defined<C> for DiscardCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "discard",
        aliases: &[],
        group: Group::Answer,
        description: "Set a failed or interrupted task aside",
        forms: &[Form {
            path: &["discard"],
            arguments: &[TASK],
            need: Need::Operator,
            description: "set a failed or interrupted task aside; its buttons go",
            value: words!(|task| Self { task }),
        }],
        examples: &[Example { text: "/discard 42", does: "sets task 42 aside" }],
    };
}

/// Cancels a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelCommand {
    /// The task.
    pub task: String,
}

impl<C: Holds<Self>> Defined<C> for CancelCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "cancel",
        aliases: &[],
        group: Group::Answer,
        description: "Cancel a running or queued task",
        forms: &[Form {
            path: &["cancel"],
            arguments: &[TASK],
            need: Need::Operator,
            description: "cancel a running or queued task",
            value: words!(|task| Self { task }),
        }],
        examples: &[Example { text: "/cancel 42", does: "cancels task 42" }],
    };
}
