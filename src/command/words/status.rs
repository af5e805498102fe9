//! `/status`: tells what runs here.

use crate::command::grammar::{Defined, Definition, Example, Form, Group, Need};
use crate::command::value::{Holds, words};

/// Tells what runs here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusCommand;

impl<C: Holds<Self>> Defined<C> for StatusCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "status",
        aliases: &[],
        group: Group::Look,
        description: "Show what runs and waits here",
        forms: &[Form {
            path: &["status"],
            arguments: &[],
            need: Need::Viewer,
            description: "show what runs here, and what waits at which position",
            value: words!(Self),
        }],
        examples: &[Example { text: "/status", does: "shows running and queued tasks" }],
    };
}
