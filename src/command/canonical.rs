//! A command written out again, as buttons carry it, and the form it was written in.

use std::fmt;

use super::grammar::{Form, Need};
use super::start::Start;
use super::value::Value;
use super::words::{COMMANDS, Command};

impl Command {
    /// Returns the right that is needed.
    #[must_use]
    pub fn need(&self) -> Need {
        self.form().need
    }

    /// Returns the form that was used; one stands for all that take a prompt.
    #[must_use]
    pub fn form(&self) -> &'static Form<Self> {
        let forms = COMMANDS.iter().flat_map(|definition| definition.forms);
        let mut fitting = forms.filter(|form| match form.value {
            Value::Words { said, .. } => said(self).is_some(),
            Value::Prompt { said, .. } => said(self).is_some(),
            Value::Rest { said, .. } => said(self).is_some(),
        });
        fitting.next().expect("the table has a form of every command")
    }

    /// Returns the prompt with its options, where there is one.
    #[must_use]
    pub fn start(&self) -> Option<&Start> {
        match self.form().value {
            Value::Prompt { said, .. } => said(self),
            Value::Words { .. } | Value::Rest { .. } => None,
        }
    }
}

/// Writes the command so that parsing it gives the same again.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = self.form();
        write!(f, "/{}", form.path.join(" "))?;
        match form.value {
            Value::Words { said, .. } => said(self).into_iter().flatten().try_for_each(|word| write!(f, " {word}")),
            Value::Prompt { said, .. } => said(self).map_or(Ok(()), |start| write_prompt(start, f)),
            Value::Rest { said, .. } => said(self).map_or(Ok(()), |text| write!(f, " {text}")),
        }
    }
}

fn write_prompt(start: &Start, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(name) = &start.name {
        write!(f, " --name {name}")?;
    }
    if let Some(project) = &start.project {
        write!(f, " --project {project}")?;
    }
    match start.mention {
        Some(_) => write!(f, " {}", start.whole),
        None if start.forced => write!(f, " -- {}", start.prompt),
        None => write!(f, " {}", start.prompt),
    }
}
