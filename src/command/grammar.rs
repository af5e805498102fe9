//! What a definition of a command is made of, and what can be read off it: which words fit, and how to write it.
//!
//! The definitions themselves are in [`super::table`].

use std::fmt;

use super::{COMMANDS, Command, Start};

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
    /// Tells something.
    Look,
    /// Is what a button carries.
    Answer,
}

/// One command: how it is written, what it does, who may use it.
#[derive(Debug)]
pub struct Definition {
    /// The word after the slash, lower case.
    pub word: &'static str,
    /// Other words that mean the same; understood, not shown.
    pub aliases: &'static [&'static str],
    /// Where it stands in the help.
    pub group: Group,
    /// What it does, 1–100 characters, as menus of providers show it.
    pub description: &'static str,
    /// Every way to write it; never empty.
    pub forms: &'static [Form],
    /// Lines that a person could type.
    pub examples: &'static [Example],
}

/// One way to write a command.
pub struct Form {
    /// What follows the command's word, in order.
    pub arguments: &'static [Argument],
    /// The right that is needed.
    pub need: Need,
    /// What this form does, 1–100 characters.
    pub description: &'static str,
    /// Makes the command.
    pub(super) build: Build,
}

/// How the command is made of what was typed.
pub(super) enum Build {
    /// Of the words that stand where the form has a variable part.
    Words(fn(&[&str]) -> Command),
    /// Of a prompt and its options; the command's other such forms are read the same way.
    Prompt(fn(Start) -> Command),
}

/// A part of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// This very word.
    Literal(&'static str),
    /// This very word, or nothing.
    OptionalLiteral(&'static str),
    /// One word: what usage calls it, and what it names.
    Word(&'static str, Kind),
    /// One word or nothing.
    OptionalWord(&'static str, Kind),
    /// An option with its value.
    Flag(Flag),
    /// `@` and what usage calls the word after it.
    Mention(&'static str),
    /// `--`, after which everything is the prompt.
    Separator,
    /// Everything that is left.
    Prompt,
}

/// What a word of a command names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A session of the chat.
    Session,
    /// A name that no session has yet.
    NewName,
    /// A configured project.
    Project,
    /// A task.
    Task,
    /// A task or a message.
    TaskOrMessage,
    /// A permission request.
    Request,
    /// A command.
    Command,
    /// A pairing code.
    Code,
    /// Channels of a notice, with commas between them.
    Channels,
}

/// An option of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flag {
    /// Name of the new session.
    Name,
    /// Project in whose directory the session works.
    Project,
}

/// A line that a person could type.
#[derive(Debug)]
pub struct Example {
    /// The line.
    pub text: &'static str,
    /// What it does.
    pub does: &'static str,
}

/// Something that can be said without a command.
#[derive(Debug)]
pub struct TextForm {
    /// How it is written.
    pub usage: &'static str,
    /// What it does, 1–100 characters.
    pub description: &'static str,
}

/// Finds the definition of a command's word or alias, without the slash and in any case.
#[must_use]
pub fn definition(word: &str) -> Option<&'static Definition> {
    COMMANDS.iter().find(|definition| {
        definition.word.eq_ignore_ascii_case(word)
            || definition.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(word))
    })
}

impl Definition {
    /// Returns the first word of every form that begins with a word of its own: the subcommands.
    pub fn subcommands(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.forms.iter().filter_map(Form::subcommand)
    }

    /// Returns the options that a prompt may have.
    pub fn flags(&self) -> impl Iterator<Item = Flag> + use<> {
        let arguments = self.forms.iter().flat_map(|form| form.arguments);
        arguments.filter_map(|argument| if let Argument::Flag(flag) = argument { Some(*flag) } else { None })
    }

    /// Writes one form: `/session rename <old> <new>`.
    #[must_use]
    pub fn usage(&self, form: &Form) -> String {
        form.arguments.iter().fold(format!("/{}", self.word), |line, argument| format!("{line} {argument}"))
    }
}

impl Form {
    /// Returns the word of its own that the form begins with.
    #[must_use]
    pub fn subcommand(&self) -> Option<&'static str> {
        if let Some(Argument::Literal(word)) = self.arguments.first() { Some(word) } else { None }
    }

    /// Returns the words of its own that the form begins with, such as `notify set`.
    pub fn path(&self) -> impl Iterator<Item = &'static str> + use<'_> {
        self.arguments
            .iter()
            .map_while(|argument| if let Argument::Literal(word) = argument { Some(*word) } else { None })
    }

    /// Takes the words that stand where the form has a variable part, if the words fit the form exactly.
    pub(super) fn fit<'t>(&self, words: &[&'t str]) -> Option<Vec<&'t str>> {
        let mut words = words.iter().copied();
        let mut given = Vec::new();
        for argument in self.arguments {
            match words.next() {
                Some(word) if !argument.takes(word) => return None,
                Some(word) if argument.is_variable() => given.push(word),
                Some(_) => {}
                None if argument.is_optional() => {}
                None => return None,
            }
        }
        words.next().is_none().then_some(given)
    }
}

impl Argument {
    /// Tells whether the word can stand here. What belongs to a prompt is not read word by word and takes none.
    pub(super) fn takes(self, word: &str) -> bool {
        match self {
            Self::Literal(own) | Self::OptionalLiteral(own) => own.eq_ignore_ascii_case(word),
            Self::Word(..) | Self::OptionalWord(..) => true,
            Self::Flag(_) | Self::Mention(_) | Self::Separator | Self::Prompt => false,
        }
    }

    fn is_variable(self) -> bool {
        !matches!(self, Self::Literal(_))
    }

    fn is_optional(self) -> bool {
        matches!(self, Self::OptionalLiteral(_) | Self::OptionalWord(..))
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form").field("arguments", &self.arguments).field("need", &self.need).finish_non_exhaustive()
    }
}

impl Flag {
    /// Returns the option as it is typed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "--name",
            Self::Project => "--project",
        }
    }

    /// Returns what its value names.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Name => Kind::NewName,
            Self::Project => Kind::Project,
        }
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(word) => f.write_str(word),
            Self::OptionalLiteral(word) | Self::OptionalWord(word, _) => write!(f, "[{word}]"),
            Self::Word(what, _) => write!(f, "<{what}>"),
            Self::Flag(flag) => write!(f, "{} <name>", flag.as_str()),
            Self::Mention(what) => write!(f, "@{what}"),
            Self::Separator => f.write_str("--"),
            Self::Prompt => f.write_str("<prompt>"),
        }
    }
}

impl Group {
    /// Every group, in the order of the help.
    pub const ALL: [Self; 3] = [Self::Work, Self::Look, Self::Answer];

    /// Returns what the help calls the group.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Work => "Work",
            Self::Look => "Look",
            Self::Answer => "Answer (the buttons do the same)",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::TEXT_FORMS;

    #[test]
    fn every_description_fits_the_menus_of_providers() {
        let described = COMMANDS
            .iter()
            .flat_map(|d| d.forms.iter().map(|f| f.description).chain([d.description]))
            .chain(TEXT_FORMS.iter().map(|form| form.description));
        for description in described {
            assert!((1..=100).contains(&description.chars().count()), "{description}");
        }
    }

    #[test]
    fn every_command_word_can_be_registered_and_is_unique() {
        let mut seen = std::collections::BTreeSet::new();
        for word in COMMANDS.iter().flat_map(|d| d.aliases.iter().chain([&d.word])) {
            assert!((1..=32).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()), "{word}");
            assert!(seen.insert(word), "{word} twice");
        }
    }

    #[test]
    fn a_command_has_forms_that_are_told_apart_by_words_of_their_own() {
        for definition in COMMANDS {
            let prompts = definition.forms.iter().any(|form| matches!(form.build, Build::Prompt(_)));
            let words = definition.subcommands().count();
            assert!(prompts || definition.forms.len() == 1 || words == definition.forms.len(), "{}", definition.word);
            assert!(!definition.forms.is_empty() && !definition.examples.is_empty(), "{}", definition.word);
        }
    }

    #[test]
    fn usage_is_written_from_the_form() {
        let session = definition("SESSION").unwrap();
        let usages: Vec<_> = session.forms.iter().map(|form| session.usage(form)).collect();
        assert_eq!(
            usages,
            [
                "/session <prompt>",
                "/session @<agent>[/<model>] <prompt>",
                "/session @<session> <prompt>",
                "/session --name <name> <prompt>",
                "/session --project <name> <prompt>",
                "/session -- <prompt>",
                "/session list",
                "/session show <name>",
                "/session use <name>",
                "/session cancel <name>",
                "/session end <name>",
                "/session rename <old> <new>",
                "/session retry <name>",
            ]
        );
    }
}
