//! What a form of a command is put together of: words of its own, names, options, a prompt.

use std::fmt;

/// What stands around a name of several words, also as phones write it.
pub(super) const QUOTES: [char; 9] = ['"', '\'', '“', '”', '„', '«', '»', '‘', '’'];

/// Whether a word begins as an option does; phones make one long dash of two.
pub(super) fn is_option(word: &str) -> bool {
    ["--", "—", "–"].iter().any(|dashes| word.starts_with(dashes))
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
    /// Everything that is left; it may be the name of a prepared question.
    Question,
    /// Everything that is left, as options.
    Options(&'static OptionList),
}

/// Options as they are told.
#[derive(Debug, PartialEq, Eq)]
pub struct OptionList {
    /// What usage shows of them.
    pub usage: &'static str,
    /// Each as it is written, with what it takes.
    pub each: &'static [(&'static str, &'static str)],
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
    /// An incident of the chat.
    Incident,
    /// A prepared question.
    Template,
    /// Somebody, as people call them: all the words that are left, since names have several.
    Person,
    /// A length of time.
    Span,
    /// A schedule, by number or by name: all the words that are left, in quotes or not, since names have several.
    Schedule,
    /// A fire of a schedule.
    Fire,
}

/// An option of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flag {
    /// Name of the new session.
    Name,
    /// Project in whose directory the session works.
    Project,
}

impl Argument {
    /// Tells whether the word can stand here. What belongs to a prompt is not read word by word and takes none.
    pub(super) fn takes(self, word: &str) -> bool {
        match self {
            Self::Literal(own) | Self::OptionalLiteral(own) => own.eq_ignore_ascii_case(word),
            // What begins as an option does is no schedule's name.
            Self::Word(_, Kind::Schedule) => !is_option(word),
            Self::Word(..) | Self::OptionalWord(..) => true,
            Self::Flag(_) | Self::Mention(_) | Self::Separator | Self::Prompt | Self::Question | Self::Options(_) => {
                false
            }
        }
    }

    /// Whether it takes all the words that are left.
    pub(super) fn is_greedy(self) -> bool {
        matches!(self, Self::OptionalWord(_, Kind::Person) | Self::Word(_, Kind::Schedule))
    }

    /// Whether it is the prompt, which ends a form.
    pub(super) fn is_prompt(self) -> bool {
        matches!(self, Self::Prompt | Self::Question)
    }

    pub(super) fn is_variable(self) -> bool {
        !matches!(self, Self::Literal(_))
    }

    pub(super) fn is_optional(self) -> bool {
        matches!(self, Self::OptionalLiteral(_) | Self::OptionalWord(..))
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
            Self::Prompt | Self::Question => f.write_str("<prompt>"),
            Self::Options(options) => f.write_str(options.usage),
        }
    }
}
