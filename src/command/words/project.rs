//! `/project`: the directory that new sessions of a chat work in.

use crate::command::argument::{Argument, Kind};
use crate::command::grammar::{Defined, Definition, Example, Form, Group, Need};
use crate::command::value::{Holds, words};

/// What `/project` was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectCommand {
    /// Lists the projects, and tells which is the chat's.
    List,
    /// Lets new sessions of the chat work in this one.
    Choose(String),
    /// Lets them work where they would without.
    Leave,
}

impl<C: Holds<Self>> Defined<C> for ProjectCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "project",
        aliases: &["projects"],
        group: Group::Work,
        description: "Choose the directory that new sessions of this chat work in",
        forms: &[
            Form {
                path: &["project", "list"],
                arguments: &[],
                need: Need::Viewer,
                description: "list the projects, and tell which is this chat's",
                value: words!(Self::List),
            },
            Form {
                path: &["project"],
                arguments: &[],
                need: Need::Viewer,
                description: "the same as `/project list`",
                value: words!(Self::List),
            },
            Form {
                path: &["project", "none"],
                arguments: &[],
                need: Need::Operator,
                description: "let new sessions work in directories of their own again",
                value: words!(Self::Leave),
            },
            Form {
                path: &["project", "use"],
                arguments: &[Argument::Word("project", Kind::Project)],
                need: Need::Operator,
                description: "let new sessions of this chat work there",
                value: words!(|name| Self::Choose(name)),
            },
        ],
        examples: &[Example { text: "/project use web", does: "new sessions work in the directory of `web`" }],
    };
}
