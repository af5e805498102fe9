//! `/background`: looks after investigations, and says who is told when one is done.

use crate::command::argument::{Argument, Kind};
use crate::command::grammar::{Defined, Definition, Example, Form, Group, Need};
use crate::command::value::{Holds, words};

const TASK: Argument = Argument::Word("task", Kind::Task);

/// What `/background` was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackgroundCommand {
    /// Lets investigations of the chat run in the background.
    On,
    /// Lets the chat wait for them.
    Off,
    /// Tells how it is, and how many there are.
    Status,
    /// Lists the chat's investigations.
    List,
    /// Shows one.
    Show(String),
    /// Makes a finished one the active context.
    Use(String),
    /// Stops one.
    Cancel(String),
    /// Lists who is told when one is done.
    NotifyList,
    /// Says who is told.
    NotifySet(String),
    /// Tells them something to see whether they hear.
    NotifyTest,
}

impl<C: Holds<Self>> Defined<C> for BackgroundCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "background",
        aliases: &["bg"],
        group: Group::Work,
        description: "Look after investigations, and say who is told when one is done",
        forms: &[
            Form {
                path: &["background", "on"],
                arguments: &[],
                need: Need::Operator,
                description: "run this chat's investigations in the background",
                value: words!(Self::On),
            },
            Form {
                path: &["background", "off"],
                arguments: &[],
                need: Need::Operator,
                description: "show their progress here, and let follow-ups wait",
                value: words!(Self::Off),
            },
            Form {
                path: &["background", "status"],
                arguments: &[],
                need: Need::Viewer,
                description: "tell whether it is on, what runs, and who is told",
                value: words!(Self::Status),
            },
            Form {
                path: &["background"],
                arguments: &[],
                need: Need::Viewer,
                description: "the same as `/background status`",
                value: words!(Self::Status),
            },
            Form {
                path: &["background", "list"],
                arguments: &[],
                need: Need::Viewer,
                description: "list this chat's investigations, newest first",
                value: words!(Self::List),
            },
            Form {
                path: &["background", "show"],
                arguments: &[TASK],
                need: Need::Viewer,
                description: "show one: its analysis, its numbers, and who was told",
                value: words!(|task| Self::Show(task)),
            },
            Form {
                path: &["background", "use"],
                arguments: &[TASK],
                need: Need::Operator,
                description: "go on from a finished one with plain text",
                value: words!(|task| Self::Use(task)),
            },
            Form {
                path: &["background", "cancel"],
                arguments: &[TASK],
                need: Need::Operator,
                description: "stop one",
                value: words!(|task| Self::Cancel(task)),
            },
            Form {
                path: &["background", "notify", "list"],
                arguments: &[],
                need: Need::Viewer,
                description: "list who is told when one is done",
                value: words!(Self::NotifyList),
            },
            Form {
                path: &["background", "notify"],
                arguments: &[],
                need: Need::Viewer,
                description: "the same as `/background notify list`",
                value: words!(Self::NotifyList),
            },
            Form {
                path: &["background", "notify", "set"],
                arguments: &[Argument::Word("channels", Kind::Channels)],
                need: Need::Admin,
                description: "say who is told: email, chat, a chat's address, several with commas, or none",
                value: words!(|channels| Self::NotifySet(channels)),
            },
            Form {
                path: &["background", "notify", "test"],
                arguments: &[],
                need: Need::Operator,
                description: "send everybody on that list a test",
                value: words!(Self::NotifyTest),
            },
        ],
        examples: &[
            Example { text: "/background list", does: "shows the ids" },
            Example { text: "/background show 7f3k", does: "shows the one whose id begins so" },
            Example {
                text: "/background notify set email,slack:C0123",
                does: "tells the mail's recipients and a channel",
            },
        ],
    };
}
