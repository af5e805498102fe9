//! What an adapter has to be told, stated once: a section of the configuration.
//!
//! The core reads everything off this statement: which keys there are and what they take, what is a secret, what
//! `signalbox setup` asks, what stands in the example file. The adapter is connected from the [`Values`].

use std::ops::RangeInclusive;
use std::time::Duration;

use super::values::Values;

/// A section of the configuration.
#[derive(Debug)]
pub struct Section {
    /// Its name in the configuration file; the integration has the same.
    pub name: &'static str,
    /// What it is for, as the example file says it above the keys.
    pub about: &'static str,
    /// The key without which nothing is connected.
    pub needs: &'static str,
    /// Whose ids can be allowed in `[allow]`; `None` where nobody writes to us.
    pub access: Option<Access>,
    /// What `signalbox setup` says before it asks.
    pub setup: Setup,
    /// The keys, in the order in which they are shown and asked for.
    pub settings: &'static [Setting],
    /// Finds what is wrong with the values beyond what their kinds tell.
    pub check: fn(&Values) -> Vec<Wrong>,
}

/// The access list of a provider.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    /// The provider's name, as addresses have it.
    pub provider: &'static str,
    /// What the ids of people are.
    pub users: Ids,
    /// What the ids of chats are.
    pub chats: Ids,
    /// What the ids of roles are, where the provider has roles that people hold.
    pub roles: Option<Ids>,
}

/// What the ids of something, or its keys, look like: never the names that people see, which change.
#[derive(Debug, Clone, Copy)]
pub struct Ids {
    /// Whether an id can be written so.
    pub is_one: fn(&str) -> bool,
    /// What one looks like and how to come by it; it may follow "must be": as in "a number, as 1001; the bot tells it to whoever sends it /id".
    pub form: &'static str,
}

impl Ids {
    /// Any text.
    pub const ANY: Self = Self { is_one: |_| true, form: "" };
}

/// What `signalbox setup` says before it asks.
#[derive(Debug)]
pub struct Setup {
    /// What is set up, as a heading.
    pub title: &'static str,
    /// How to come by what is asked for; may be empty.
    pub how: &'static str,
    /// Said instead where it is set up already; may be empty.
    pub again: &'static str,
}

/// A key of a section.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The key.
    pub key: &'static str,
    /// What it takes, and what counts where it is not set.
    pub kind: Kind,
    /// What it means, with its unit, as the example file says it beside the key.
    pub meaning: &'static str,
    /// A value to show where there is none by default.
    pub example: &'static str,
    /// The environment variable that serves where nothing else sets the key.
    pub variable: Option<&'static str>,
    /// What `signalbox setup` asks; `None` for what is rarely changed.
    pub question: Option<Question>,
    /// What a value that a person hands over must look like, where that is known: what is kept is checked more strictly than what is
    /// configured, since nobody looks at it again.
    pub form: Option<Ids>,
}

impl Setting {
    /// States a key that `signalbox setup` does not ask for.
    #[must_use]
    pub const fn new(key: &'static str, kind: Kind, meaning: &'static str) -> Self {
        Self { key, kind, meaning, example: "", variable: None, question: None, form: None }
    }

    /// States what a value looks like that is handed over to be kept.
    #[must_use]
    pub const fn formed(mut self, form: Ids) -> Self {
        self.form = Some(form);
        self
    }

    /// States that it has no value by default, and what one looks like.
    #[must_use]
    pub const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }

    /// States the environment variable that serves where nothing else sets the key.
    #[must_use]
    pub const fn variable(mut self, name: &'static str) -> Self {
        self.variable = Some(name);
        self
    }

    /// States what `signalbox setup` asks.
    #[must_use]
    pub const fn asked(mut self, text: &'static str) -> Self {
        self.question = Some(Question { text, with: None });
        self
    }

    /// States what `signalbox setup` asks where another key, asked for before, was given.
    #[must_use]
    pub const fn asked_with(mut self, key: &'static str, text: &'static str) -> Self {
        self.question = Some(Question { text, with: Some(key) });
        self
    }

    /// Returns the key beside a secret that names a file in which it stands alone; `None` for what is no secret.
    #[must_use]
    pub fn file_key(&self) -> Option<String> {
        self.kind.is_secret().then(|| format!("{}{FILE_SUFFIX}", self.key))
    }
}

/// What the key of a secret's own file ends with.
pub const FILE_SUFFIX: &str = "_file";

/// What `signalbox setup` asks for a key.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The question, without a colon.
    pub text: &'static str,
    /// Another key, asked for before; where it was left empty this is not asked.
    pub with: Option<&'static str>,
}

/// What a key takes. Where it is not set, a default counts that belongs to the kind; one with an example has none.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A text; white space around it does not count, and an empty one is as good as none.
    Text,
    /// A secret that the provider gave; white space around it does not count.
    Token,
    /// A secret that a person chose, taken as it is written.
    Password,
    /// An address beginning with `https://` or, for this machine, `http://`.
    Url {
        /// What counts where it is not set.
        default: &'static str,
    },
    /// A port; 0, the default, is the usual one.
    Port,
    /// A duration.
    Duration {
        /// What counts where it is not set.
        default: Duration,
        /// What is taken.
        range: RangeInclusive<Duration>,
    },
    /// One of these words; the first is the default.
    Choice(&'static [&'static str]),
    /// A list of texts, empty by default.
    List,
    /// A program and its arguments, empty by default.
    Program,
    /// The absolute path of a file.
    Path,
}

impl Kind {
    /// Whether the value must be shown to nobody.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Token | Self::Password)
    }
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The key.
    pub key: &'static str,
    /// What is wrong, and what would be right; never a secret.
    pub why: String,
    /// Whether it may be right all the same: it is told, and nothing is stopped.
    pub may_be_right: bool,
}

impl Wrong {
    /// Tells what is wrong with a key.
    #[must_use]
    pub fn new(key: &'static str, why: impl Into<String>) -> Self {
        Self { key, why: why.into(), may_be_right: false }
    }

    /// Tells what a person should know of a key that is only right under some conditions.
    #[must_use]
    pub fn perhaps(key: &'static str, what: impl Into<String>) -> Self {
        Self { key, why: what.into(), may_be_right: true }
    }
}
