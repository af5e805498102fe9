//! `/id`: tells the user's id and the chat's address.

use crate::command::grammar::{Defined, Definition, Example, Form, Group, Need};
use crate::command::value::{Holds, words};

/// Tells the user's id and the chat's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdCommand;

impl<C: Holds<Self>> Defined<C> for IdCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "id",
        aliases: &[],
        group: Group::Look,
        description: "Show your user id and the address of this chat",
        forms: &[Form {
            path: &["id"],
            arguments: &[],
            need: Need::Viewer,
            description: "show your user id, and the address of this chat and thread",
            value: words!(Self),
        }],
        examples: &[Example { text: "/id", does: "gives the ids that the configuration asks for" }],
    };
}
