//! `/approve`, `/deny`, `/allow` and `/answer`: the answers to an agent that asks, as buttons carry them.

use crate::command::argument::{Argument, Kind};
use crate::command::grammar::{Defined, Definition, Example, Form, Group, Need};
use crate::command::value::{Holds, Value, words};

const REQUEST: Argument = Argument::Word("request", Kind::Request);
/// The only request that is open in the chat where nothing is named.
const REQUEST_OR_ONLY: Argument = Argument::OptionalWord("request", Kind::Request);

/// Lets an agent do what it asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApproveCommand {
    /// The permission request; `None` for the only one that is open in the chat.
    pub request: Option<String>,
}

impl<C: Holds<Self>> Defined<C> for ApproveCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "approve",
        aliases: &[],
        group: Group::Answer,
        description: "Let an agent do what it asks for",
        forms: &[Form {
            path: &["approve"],
            arguments: &[REQUEST_OR_ONLY],
            need: Need::Operator,
            description: "let an agent do what it asks for, this once",
            value: Value::Words {
                make: |given| C::from(Self { request: given.first().map(|word| (*word).to_owned()) }),
                said: |command| command.held().map(|Self { request }| request.iter().map(String::as_str).collect()),
            },
        }],
        examples: &[Example { text: "/approve 7", does: "approves request 7" }],
    };
}

/// Forbids an agent what it asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DenyCommand {
    /// The permission request; `None` for the only one that is open in the chat.
    pub request: Option<String>,
}

impl<C: Holds<Self>> Defined<C> for DenyCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "deny",
        aliases: &[],
        group: Group::Answer,
        description: "Forbid an agent what it asks for",
        forms: &[Form {
            path: &["deny"],
            arguments: &[REQUEST_OR_ONLY],
            need: Need::Operator,
            description: "forbid an agent what it asks for",
            value: Value::Words {
                make: |given| C::from(Self { request: given.first().map(|word| (*word).to_owned()) }),
                said: |command| command.held().map(|Self { request }| request.iter().map(String::as_str).collect()),
            },
        }],
        examples: &[Example { text: "/deny 7", does: "denies request 7" }],
    };
}

/// Lets an agent do what it asked for, and the like until its session ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowCommand {
    /// The permission request.
    pub request: String,
}

impl<C: Holds<Self>> Defined<C> for AllowCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "allow",
        aliases: &[],
        group: Group::Answer,
        description: "Let an agent do what it asks for until its session ends",
        forms: &[Form {
            path: &["allow"],
            arguments: &[REQUEST],
            need: Need::Operator,
            description: "let an agent do what it asks for, and the like until its session ends",
            value: words!(|request| Self { request }),
        }],
        examples: &[Example { text: "/allow 7", does: "approves request 7 and all like it in its session" }],
    };
}

/// Answers a question of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerCommand {
    /// The question.
    pub request: String,
    /// Which choice of which of its questions, both from 1, as in `1.2`; `1.done` where several can be taken.
    pub choice: String,
}

impl<C: Holds<Self>> Defined<C> for AnswerCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "answer",
        aliases: &[],
        group: Group::Answer,
        description: "Answer a question of an agent",
        forms: &[Form {
            path: &["answer"],
            arguments: &[REQUEST, Argument::Word("choice", Kind::NewName)],
            need: Need::Operator,
            description: "answer a question of an agent with one of its choices",
            value: words!(|request, choice| Self { request, choice }),
        }],
        examples: &[Example { text: "/answer 7 1.2", does: "takes the second choice of request 7's first question" }],
    };
}
