//! Commands: what people type, as values, and everything that is said about how to type them.
//!
//! One table ([`COMMANDS`]) defines every command. From it come parsing ([`parse`]), usage lines, `/help`
//! ([`help`]), completion ([`complete`]) and, by way of the table itself, the menus and registrations of providers.
//! All of it is pure: text in, value out; who may do it and whether the names exist is decided by the caller.
//!
//! ```text
//! text ──► parse ──► Parsed ──► (rights, store) ──► handler
//!                      └─ mention ──► resolve ──► agent, session or plain text
//! ```

mod canonical;
pub mod channel;
mod complete;
mod fault;
#[cfg(test)]
mod gallery;
mod grammar;
pub mod help;
mod marked;
mod mention;
mod model;
mod name;
mod nearest;
mod parse;
mod prompt;
#[cfg(test)]
mod properties;
mod table;

use signalbox_adapter::CommandEntry;

pub use complete::{Candidate, Words, complete};
pub use fault::{Fault, Misunderstood};
pub use grammar::{Argument, Definition, Example, Flag, Form, Group, Kind, Need, TextForm, definition};
pub use mention::{Known, Resolved, resolve};
pub use model::{MODELS, ModelWords, agent_of};
pub use name::{NameFault, check_name, folded};
pub use parse::{parse, without_address};
pub use prompt::MAX_PROMPT_BYTES;
pub use table::{COMMANDS, TEXT_FORMS};

/// Returns the commands as a provider's menu shows them; those behind buttons are left out.
#[must_use]
pub fn menu() -> Vec<CommandEntry> {
    let shown = COMMANDS.iter().filter(|command| command.group != Group::Answer);
    let entry = |command: &Definition| CommandEntry {
        name: command.word.to_owned(),
        description: command.description.to_owned(),
        direct_only: command.word == "start",
    };
    shown.map(entry).collect()
}

/// One command, understood; its names are as typed and not yet looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Starts, follows up or looks after sessions.
    Session(SessionCommand),
    /// Starts an investigation; without anything to investigate, lists what is prepared or takes a file that came along.
    Investigate(Option<Start>),
    /// Looks after investigations and says how the chat wants to hear of them.
    Background(BackgroundCommand),
    /// Tells what runs here.
    Status,
    /// Lists the agents.
    Agents,
    /// Tells the user's id and the chat's address.
    Id,
    /// Opens a chat with the bot, with a pairing code where there is one.
    Start {
        /// The code.
        code: Option<String>,
    },
    /// Stops running work.
    Stop {
        /// All of this chat's, not only this thread's.
        all: bool,
    },
    /// Traces one message from arrival to receipt.
    Why {
        /// A task or a message.
        of: String,
    },
    /// Explains the commands.
    Help {
        /// The command to explain, a word of [`COMMANDS`]; `None` for the overview.
        topic: Option<String>,
    },
    /// Lets an agent do what it asked for.
    Approve {
        /// The permission request.
        request: String,
    },
    /// Forbids an agent what it asked for.
    Deny {
        /// The permission request.
        request: String,
    },
    /// Lets an agent do what it asked for, and the like until its session ends.
    AllowForSession {
        /// The permission request.
        request: String,
    },
    /// Runs a task's prompt again.
    Retry {
        /// The task.
        task: String,
    },
    /// Sets an interrupted task aside.
    Discard {
        /// The task.
        task: String,
    },
    /// Cancels a task.
    Cancel {
        /// The task.
        task: String,
    },
}

/// What `/session` was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionCommand {
    /// Starts a session, or follows one up when the mention names it.
    Start(Start),
    /// Lists the sessions of the chat.
    List,
    /// Shows the named session.
    Show(String),
    /// Makes the named session the active context.
    Use(String),
    /// Stops the running task of the named session.
    Cancel(String),
    /// Closes the named session.
    End(String),
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

/// A prompt given with `/session`, with its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Value of `--name`.
    pub name: Option<String>,
    /// Value of `--project`.
    pub project: Option<String>,
    /// The `@word` before the prompt.
    pub mention: Option<Mention>,
    /// The prompt without the mention; never empty, at most [`MAX_PROMPT_BYTES`].
    pub prompt: String,
    /// The prompt with the mention and without options: what counts when the mention turns out to be plain text.
    pub whole: String,
}

/// A word with `@` before it, first in a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The word, without the `@`.
    pub word: String,
}

/// What a text turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// A command.
    Command(Command),
    /// Plain text.
    FreeText {
        /// The `@word` before the prompt.
        mention: Option<Mention>,
        /// The text without the mention; never empty, at most [`MAX_PROMPT_BYTES`].
        prompt: String,
        /// The text with the mention: what counts when that turns out to be plain text.
        whole: String,
    },
    /// Nothing to act on: no text at all, or a command for another bot.
    Nothing,
}

impl Parsed {
    /// Returns the prompt, where there is one.
    #[must_use]
    pub fn prompt(&self) -> Option<&str> {
        match self {
            Self::Command(Command::Session(SessionCommand::Start(start)) | Command::Investigate(Some(start))) => {
                Some(&start.prompt)
            }
            Self::FreeText { prompt, .. } => Some(prompt),
            Self::Command(_) | Self::Nothing => None,
        }
    }

    /// Returns the right that is needed to say this; `None` where there is nothing to act on.
    #[must_use]
    pub fn need(&self) -> Option<Need> {
        match self {
            Self::Command(command) => Some(command.need()),
            Self::FreeText { .. } => Some(Need::Operator),
            Self::Nothing => None,
        }
    }
}
