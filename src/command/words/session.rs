//! `/session`: starts agent work in a named session, follows it up, looks after sessions.

use crate::command::argument::{Argument, Flag, Kind};
use crate::command::grammar::{Defined, Definition, Example, Form, Group, Need};
use crate::command::start::Start;
use crate::command::value::{Holds, Value, prompt, words};

const NAME: Argument = Argument::Word("name", Kind::Session);
/// The active session where nothing is named.
const NAME_OR_ACTIVE: Argument = Argument::OptionalWord("name", Kind::Session);

/// What `/session` was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionCommand {
    /// Starts a session, or follows one up when the mention names it.
    Start(Start),
    /// Lists the sessions of the chat.
    List,
    /// Shows the named session, or the one that is meant where none is named.
    Show(Option<String>),
    /// Makes the named session the active context.
    Use(String),
    /// Stops the running task of the named session.
    Cancel(String),
    /// Closes the named session, or the one that is meant where none is named.
    End(Option<String>),
    /// Takes back what was allowed for the named session.
    Revoke(String),
    /// Renames a session.
    Rename {
        /// Its name now.
        old: String,
        /// Its name afterwards.
        new: String,
    },
    /// Runs the last prompt of the named session again.
    Retry(String),
}

impl<C: Holds<Self>> Defined<C> for SessionCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "session",
        aliases: &[],
        group: Group::Work,
        description: "Start agent work in a named session, follow it up, or look after sessions",
        forms: &[
            Form {
                path: &["session"],
                arguments: &[Argument::Prompt],
                need: Need::Operator,
                description: "start a session on the default agent",
                value: prompt!(|start| Self::Start(start)),
            },
            Form {
                path: &["session"],
                arguments: &[Argument::Mention("<agent>[/<model>]"), Argument::Prompt],
                need: Need::Operator,
                description: "start it on that agent and model; a model alone is enough",
                value: prompt!(|start| Self::Start(start)),
            },
            Form {
                path: &["session"],
                arguments: &[Argument::Mention("<session>"), Argument::Prompt],
                need: Need::Operator,
                description: "follow up in that session",
                value: prompt!(|start| Self::Start(start)),
            },
            Form {
                path: &["session"],
                arguments: &[Argument::Flag(Flag::Name), Argument::Prompt],
                need: Need::Operator,
                description: "start it under a name of your choice",
                value: prompt!(|start| Self::Start(start)),
            },
            Form {
                path: &["session"],
                arguments: &[Argument::Flag(Flag::Project), Argument::Prompt],
                need: Need::Operator,
                description: "start it in the directory of that project",
                value: prompt!(|start| Self::Start(start)),
            },
            Form {
                path: &["session"],
                arguments: &[Argument::Separator, Argument::Prompt],
                need: Need::Operator,
                description: "take everything after `--` as the prompt",
                value: prompt!(|start| Self::Start(start)),
            },
            Form {
                path: &["session", "list"],
                arguments: &[],
                need: Need::Viewer,
                description: "list the sessions of this chat",
                value: words!(Self::List),
            },
            Form {
                path: &["session"],
                arguments: &[],
                need: Need::Viewer,
                description: "the same as `/session list`",
                value: words!(Self::List),
            },
            Form {
                path: &["session", "show"],
                arguments: &[NAME_OR_ACTIVE],
                need: Need::Viewer,
                description: "show one: last prompt, agent, tasks, cost, how to resume it in a terminal",
                value: Value::Words {
                    make: |given| C::from(Self::Show(given.first().map(|word| (*word).to_owned()))),
                    said: |command| match command.held() {
                        Some(Self::Show(name)) => Some(name.iter().map(String::as_str).collect()),
                        _ => None,
                    },
                },
            },
            Form {
                path: &["session", "use"],
                arguments: &[NAME],
                need: Need::Operator,
                description: "make it the one that plain text follows up",
                value: words!(|name| Self::Use(name)),
            },
            Form {
                path: &["session", "cancel"],
                arguments: &[NAME],
                need: Need::Operator,
                description: "stop its running task; the session stays",
                value: words!(|name| Self::Cancel(name)),
            },
            Form {
                path: &["session", "end"],
                arguments: &[NAME_OR_ACTIVE],
                need: Need::Operator,
                description: "close it",
                value: Value::Words {
                    make: |given| C::from(Self::End(given.first().map(|word| (*word).to_owned()))),
                    said: |command| match command.held() {
                        Some(Self::End(name)) => Some(name.iter().map(String::as_str).collect()),
                        _ => None,
                    },
                },
            },
            Form {
                path: &["session", "revoke"],
                arguments: &[NAME],
                need: Need::Operator,
                description: "take back what was allowed for it; its agent asks again",
                value: words!(|name| Self::Revoke(name)),
            },
            Form {
                path: &["session", "rename"],
                arguments: &[Argument::Word("old", Kind::Session), Argument::Word("new", Kind::NewName)],
                need: Need::Operator,
                description: "give it another name",
                value: words!(|old, new| Self::Rename { old, new }),
            },
            Form {
                path: &["session", "retry"],
                arguments: &[NAME],
                need: Need::Operator,
                description: "run its last prompt again",
                value: words!(|name| Self::Retry(name)),
            },
        ],
        examples: &[
            Example { text: "/session fix the flaky test", does: "starts a session and answers with its name" },
            Example { text: "/session @claude/opus review the last commit", does: "names agent and model" },
            Example { text: "/session @opus review the last commit", does: "the same: the model tells the agent" },
            Example { text: "/session --name docs @claude update the README", does: "chooses the session's name" },
            Example { text: "/session --project web why does the build fail?", does: "works in the project `web`" },
            Example { text: "/session @docs now shorten it", does: "follows up in the session `docs`" },
            Example { text: "/session -- list", does: "sends the word `list` as a prompt" },
            Example { text: "/session rename docs readme", does: "renames the session `docs`" },
        ],
    };
}
