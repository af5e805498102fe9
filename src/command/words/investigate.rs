//! `/investigate`: finds the cause of a problem.

use crate::command::argument::Argument;
use crate::command::grammar::{Defined, Definition, Example, Form, Group, Need};
use crate::command::start::Start;
use crate::command::value::{Holds, prompt, words};

/// What `/investigate` was asked to look into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvestigateCommand {
    /// A question, a template by its name, or an alert.
    About(Start),
    /// Nothing: lists what is prepared, or takes a file that came along.
    Bare,
}

impl<C: Holds<Self>> Defined<C> for InvestigateCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "investigate",
        aliases: &[],
        group: Group::Work,
        description: "Find the cause of a problem: a question, a template, or an alert",
        forms: &[
            Form {
                path: &["investigate"],
                arguments: &[Argument::Question],
                need: Need::Operator,
                description: "investigate a question, a template by its name, or an alert pasted as text or JSON",
                value: prompt!(|start| Self::About(start)),
            },
            Form {
                path: &["investigate"],
                arguments: &[Argument::Mention("<agent>[/<model>]"), Argument::Question],
                need: Need::Operator,
                description: "let that agent and model do it",
                value: prompt!(|start| Self::About(start)),
            },
            Form {
                path: &["investigate"],
                arguments: &[],
                need: Need::Operator,
                description: "list the templates; with a file attached: investigate the alert in it",
                value: words!(Self::Bare),
            },
        ],
        examples: &[
            Example { text: "/investigate high-cpu", does: "uses the template `high-cpu`" },
            Example { text: "/investigate why did web-1 restart at 03:10?", does: "asks a question of your own" },
            Example { text: "/investigate @host disk-full", does: "lets the built-in investigator look" },
        ],
    };
}
