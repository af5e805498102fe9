//! What a definition of a command is made of, and what can be read off it: which words fit, and how to write it.
//!
//! The definitions themselves stand in [`super::words`], one file a command.

use std::fmt;

use super::argument::{Argument, Flag, Kind, OptionList, QUOTES};
use super::prompt::first_word;
use super::value::Value;

/// The right that a command needs; a greater right includes the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// May look.
    Viewer,
    /// May also run, stop and answer work.
    Operator,
    /// May do everything.
    Admin,
}

/// Where a command stands in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Has work done.
    Work,
    /// Is about alerts.
    Alerts,
    /// Is about what comes by itself.
    Schedules,
    /// Tells something.
    Look,
    /// Is what a button carries.
    Answer,
}

/// What the file of a command's words states: how its values are typed in a set of commands `C`.
pub trait Defined<C: 'static> {
    /// The definition.
    const DEFINITION: Definition<C>;
}

/// One command: how it is written, what it does, who may use it.
#[derive(Debug)]
pub struct Definition<C: 'static> {
    /// The word after the slash, lower case.
    pub word: &'static str,
    /// Other words that mean the same; understood, not shown.
    pub aliases: &'static [&'static str],
    /// Where it stands in the help.
    pub group: Group,
    /// What it does, 1–100 characters, as menus of providers show it.
    pub description: &'static str,
    /// Every way to write it; never empty.
    pub forms: &'static [Form<C>],
    /// Lines that a person could type.
    pub examples: &'static [Example],
}

/// One way to write a command.
pub struct Form<C: 'static> {
    /// The words of its own that it begins with, the command's first: `["background", "notify", "set"]`.
    pub path: &'static [&'static str],
    /// What follows them, in order.
    pub arguments: &'static [Argument],
    /// The right that is needed.
    pub need: Need,
    /// What this form does, 1–100 characters.
    pub description: &'static str,
    /// What it stands for.
    pub(super) value: Value<C>,
}

/// A line that a person could type.
#[derive(Debug)]
pub struct Example {
    /// The line.
    pub text: &'static str,
    /// What it does.
    pub does: &'static str,
}

impl<C> Definition<C> {
    /// Returns the first word of every form that begins with a word of its own: the subcommands.
    pub fn subcommands(&self) -> impl Iterator<Item = &'static str> + use<C> {
        self.forms.iter().filter_map(Form::subcommand)
    }

    /// Whether a form is a group's word alone, which stands for the group's most useful view.
    pub(super) fn is_short(&self, form: &Form<C>) -> bool {
        let goes_on = |other: &Form<C>| other.path.len() > form.path.len() && other.path.starts_with(form.path);
        form.arguments.is_empty() && self.forms.iter().any(goes_on)
    }

    /// Returns the form that begins with this subcommand and needs more words.
    pub(super) fn half_typed(&self, subcommand: &str) -> Option<&'static Form<C>> {
        self.forms.iter().find(|form| {
            form.subcommand().is_some_and(|own| own.eq_ignore_ascii_case(subcommand))
                && form
                    .arguments
                    .iter()
                    .any(|argument| matches!(argument, Argument::Word(..) | Argument::OptionalWord(_, Kind::Session)))
        })
    }

    /// Returns the options that a prompt may have.
    pub fn flags(&self) -> impl Iterator<Item = Flag> + use<C> {
        let arguments = self.forms.iter().flat_map(|form| form.arguments);
        arguments.filter_map(|argument| if let Argument::Flag(flag) = argument { Some(*flag) } else { None })
    }
}

impl<C> Form<C> {
    /// Writes the form: `/session rename <old> <new>`.
    #[must_use]
    pub fn usage(&self) -> String {
        self.parts().fold(format!("/{}", self.path[0]), |line, part| format!("{line} {part}"))
    }

    /// Returns the word of its own that follows the command's.
    #[must_use]
    pub fn subcommand(&self) -> Option<&'static str> {
        self.path.get(1).copied()
    }

    /// Returns the options that it takes, where it takes options.
    #[must_use]
    pub fn options(&self) -> Option<&'static OptionList> {
        self.arguments
            .iter()
            .find_map(|argument| if let Argument::Options(list) = argument { Some(*list) } else { None })
    }

    /// Returns everything that follows the command's word, in order.
    pub(super) fn parts(&self) -> impl Iterator<Item = Argument> + use<C> {
        self.path[1..].iter().copied().map(Argument::Literal).chain(self.arguments.iter().copied())
    }

    /// Takes the text after the form's own words, if a text that follows the command's word begins with them.
    pub(super) fn rest<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut text = text;
        for own in &self.path[1..] {
            let (word, rest) = first_word(text);
            if !word.eq_ignore_ascii_case(own) {
                return None;
            }
            text = rest;
        }
        Some(text.trim())
    }

    /// Takes the words that stand where the form has a variable part, if the text that follows the command's word fits the
    /// form exactly.
    pub(super) fn fit<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let mut text = text.trim();
        let mut given = Vec::new();
        for part in self.parts() {
            let (word, rest) = if part.is_greedy() { (text, "") } else { first_word(text) };
            let word = match part {
                Argument::Word(_, Kind::Schedule) => word.trim_matches(QUOTES).trim(),
                _ => word,
            };
            match word {
                "" if part.is_optional() => {}
                word if word.is_empty() || !part.takes(word) => return None,
                word if part.is_variable() => given.push(word),
                _ => {}
            }
            text = rest;
        }
        text.is_empty().then_some(given)
    }
}

impl<C> fmt::Debug for Form<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form").field("usage", &self.usage()).field("need", &self.need).finish_non_exhaustive()
    }
}

impl Group {
    /// Every group, in the order of the help.
    pub const ALL: [Self; 5] = [Self::Work, Self::Alerts, Self::Schedules, Self::Look, Self::Answer];

    /// Returns what the help calls the group.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Work => "Work",
            Self::Alerts => "Alerts",
            Self::Schedules => "By a schedule",
            Self::Look => "Look",
            Self::Answer => "Answer (the buttons do the same)",
        }
    }

    /// Returns the word by which help is asked for about the group.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Alerts => "alerts",
            Self::Schedules => "schedules",
            Self::Look => "look",
            Self::Answer => "answers",
        }
    }
}
