//! A command written out again, as buttons carry it, and the form it was written in.

use std::fmt;

use super::grammar::{Build, Form, definition};
use super::{Command, Definition, Need, SessionCommand, Start};

impl Command {
    /// Returns the right that is needed.
    #[must_use]
    pub fn need(&self) -> Need {
        self.form().need
    }

    /// Returns the command's definition.
    #[must_use]
    pub fn definition(&self) -> &'static Definition {
        definition(self.words().0).expect("the table defines every command")
    }

    /// Returns the form of it that was used; one stands for all that take a prompt.
    #[must_use]
    pub fn form(&self) -> &'static Form {
        let (_, subcommand) = self.words();
        let fits = |form: &&Form| match (&form.build, subcommand) {
            (Build::Prompt(_), None) => true,
            (Build::Words(_), _) => form.subcommand() == subcommand,
            (Build::Prompt(_), Some(_)) => false,
        };
        self.definition().forms.iter().find(fits).expect("the table has a form of every command")
    }

    /// Returns the words that the command is found by in the table.
    fn words(&self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Session(session) => ("session", session.subcommand()),
            Self::Status => ("status", None),
            Self::Agents => ("agents", None),
            Self::Id => ("id", None),
            Self::Start { .. } => ("start", None),
            Self::Stop { .. } => ("stop", None),
            Self::Why { .. } => ("why", None),
            Self::Help { .. } => ("help", None),
            Self::Approve { .. } => ("approve", None),
            Self::Deny { .. } => ("deny", None),
            Self::AllowForSession { .. } => ("allow", None),
            Self::Retry { .. } => ("retry", None),
            Self::Discard { .. } => ("discard", None),
            Self::Cancel { .. } => ("cancel", None),
        }
    }
}

impl SessionCommand {
    fn subcommand(&self) -> Option<&'static str> {
        match self {
            Self::Start(_) => None,
            Self::List => Some("list"),
            Self::Show(_) => Some("show"),
            Self::Use(_) => Some("use"),
            Self::Cancel(_) => Some("cancel"),
            Self::End(_) => Some("end"),
            Self::Rename { .. } => Some("rename"),
            Self::Retry(_) => Some("retry"),
        }
    }
}

/// Writes the command so that parsing it gives the same again.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, subcommand) = self.words();
        write!(f, "/{word}")?;
        if let Some(subcommand) = subcommand {
            write!(f, " {subcommand}")?;
        }
        match self {
            Self::Session(session) => session.write_rest(f),
            Self::Status
            | Self::Agents
            | Self::Id
            | Self::Stop { all: false }
            | Self::Help { topic: None }
            | Self::Start { code: None } => Ok(()),
            Self::Stop { all: true } => f.write_str(" all"),
            Self::Why { of: word }
            | Self::Help { topic: Some(word) }
            | Self::Start { code: Some(word) }
            | Self::Approve { request: word }
            | Self::Deny { request: word }
            | Self::AllowForSession { request: word }
            | Self::Retry { task: word }
            | Self::Discard { task: word }
            | Self::Cancel { task: word } => write!(f, " {word}"),
        }
    }
}

impl SessionCommand {
    fn write_rest(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(start) => start.write_rest(f),
            Self::List => Ok(()),
            Self::Show(name) | Self::Use(name) | Self::Cancel(name) | Self::End(name) | Self::Retry(name) => {
                write!(f, " {name}")
            }
            Self::Rename { old, new } => write!(f, " {old} {new}"),
        }
    }
}

impl Start {
    fn write_rest(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, " --name {name}")?;
        }
        if let Some(project) = &self.project {
            write!(f, " --project {project}")?;
        }
        match self.mention {
            Some(_) => write!(f, " {}", self.whole),
            None => write!(f, " -- {}", self.prompt),
        }
    }
}
