//! A command written out again, as buttons carry it, and the form it was written in.

use std::fmt;

use super::grammar::{Build, Form, definition};
use super::{BackgroundCommand, Command, Definition, Need, SessionCommand, Start};

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
        let (_, path) = self.words();
        let fits = |form: &&Form| match form.build {
            Build::Prompt(_) => path.is_empty(),
            Build::Words(_) => form.path().eq(path.iter().copied()),
        };
        self.definition().forms.iter().find(fits).expect("the table has a form of every command")
    }

    /// Returns the words that the command is found by in the table.
    fn words(&self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Session(session) => ("session", session.path()),
            Self::Investigate(_) => ("investigate", &[]),
            Self::Background(background) => ("background", background.path()),
            Self::Status => ("status", &[]),
            Self::Agents => ("agents", &[]),
            Self::Id => ("id", &[]),
            Self::Start { .. } => ("start", &[]),
            Self::Stop { .. } => ("stop", &[]),
            Self::Why { .. } => ("why", &[]),
            Self::Help { .. } => ("help", &[]),
            Self::Approve { .. } => ("approve", &[]),
            Self::Deny { .. } => ("deny", &[]),
            Self::AllowForSession { .. } => ("allow", &[]),
            Self::Retry { .. } => ("retry", &[]),
            Self::Discard { .. } => ("discard", &[]),
            Self::Cancel { .. } => ("cancel", &[]),
        }
    }
}

impl SessionCommand {
    fn path(&self) -> &'static [&'static str] {
        match self {
            Self::Start(_) => &[],
            Self::List => &["list"],
            Self::Show(_) => &["show"],
            Self::Use(_) => &["use"],
            Self::Cancel(_) => &["cancel"],
            Self::End(_) => &["end"],
            Self::Rename { .. } => &["rename"],
            Self::Retry(_) => &["retry"],
        }
    }
}

impl BackgroundCommand {
    fn path(&self) -> &'static [&'static str] {
        match self {
            Self::On => &["on"],
            Self::Off => &["off"],
            Self::Status => &["status"],
            Self::List => &["list"],
            Self::Show(_) => &["show"],
            Self::Use(_) => &["use"],
            Self::Cancel(_) => &["cancel"],
            Self::NotifyList => &["notify", "list"],
            Self::NotifySet(_) => &["notify", "set"],
            Self::NotifyTest => &["notify", "test"],
        }
    }

    fn word(&self) -> Option<&str> {
        match self {
            Self::Show(word) | Self::Use(word) | Self::Cancel(word) | Self::NotifySet(word) => Some(word),
            Self::On | Self::Off | Self::Status | Self::List | Self::NotifyList | Self::NotifyTest => None,
        }
    }
}

/// Writes the command so that parsing it gives the same again.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, path) = self.words();
        write!(f, "/{word}")?;
        for word in path {
            write!(f, " {word}")?;
        }
        match self {
            Self::Session(session) => session.write_rest(f),
            Self::Investigate(Some(start)) => start.write_rest(f),
            Self::Background(background) => background.word().map_or(Ok(()), |word| write!(f, " {word}")),
            Self::Investigate(None)
            | Self::Status
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
