//! `/agents`: lists the agents.

use crate::command::grammar::{Defined, Definition, Example, Form, Group, Need};
use crate::command::value::{Holds, words};

/// Lists the agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentsCommand;

impl<C: Holds<Self>> Defined<C> for AgentsCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "agents",
        aliases: &[],
        group: Group::Look,
        description: "List the agents, which of them are installed, and their versions",
        forms: &[Form {
            path: &["agents"],
            arguments: &[],
            need: Need::Viewer,
            description: "list the agents, which of them are installed, and their versions",
            value: words!(Self),
        }],
        examples: &[Example { text: "/agents", does: "tells what can stand after `@`" }],
    };
}
