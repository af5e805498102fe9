//! The words of every command, one file each, and the table of them.
//!
//! A new command is a file here and a line in the table; parsing, help, completion and menus are read off it. What it
//! answers is in [`crate::handlers`].

mod agents;
mod approvals;
mod background;
mod cron;
mod help;
mod id;
mod incidents;
mod investigate;
mod project;
mod session;
mod start;
mod status;
mod stop;
mod tasks;
mod why;

use super::argument::Argument;
use super::grammar::{Defined, Definition};
use super::value::Holds;

/// Makes of each line a kind of [`Command`], and of all lines [`COMMANDS`].
macro_rules! table {
    ($($command:ident: $file:ident::$value:ident,)+) => {
        $(pub use $file::$value;)+

        /// One command, understood; its names are as typed and not yet looked up.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Command {
            $(#[doc = concat!("[`", stringify!($value), "`].")] $command($value),)+
        }

        /// Every command that can be given with a slash, in the order of the help.
        pub static COMMANDS: &[Definition<Command>] = &[$(<$value as Defined<Command>>::DEFINITION),+];

        $(
            impl From<$value> for Command {
                fn from(value: $value) -> Self {
                    Self::$command(value)
                }
            }

            impl Holds<$value> for Command {
                fn held(&self) -> Option<&$value> {
                    if let Self::$command(value) = self { Some(value) } else { None }
                }
            }
        )+
    };
}

table! {
    Session: session::SessionCommand,
    Investigate: investigate::InvestigateCommand,
    Background: background::BackgroundCommand,
    Incidents: incidents::IncidentsCommand,
    Incident: incidents::IncidentCommand,
    Cron: cron::CronCommand,
    Project: project::ProjectCommand,
    Stop: stop::StopCommand,
    Status: status::StatusCommand,
    Agents: agents::AgentsCommand,
    Id: id::IdCommand,
    Why: why::WhyCommand,
    Help: help::HelpCommand,
    Start: start::StartCommand,
    Approve: approvals::ApproveCommand,
    Deny: approvals::DenyCommand,
    Allow: approvals::AllowCommand,
    Answer: approvals::AnswerCommand,
    Retry: tasks::RetryCommand,
    Discard: tasks::DiscardCommand,
    Cancel: tasks::CancelCommand,
}

/// Finds the definition of a command's word or alias, without the slash and in any case.
#[must_use]
pub fn definition(word: &str) -> Option<&'static Definition<Command>> {
    COMMANDS.iter().find(|definition| {
        definition.word.eq_ignore_ascii_case(word)
            || definition.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(word))
    })
}

/// Finds the command of a verb that is typed without it: `/ack 5` means `/incident ack 5`.
#[must_use]
pub(super) fn by_verb(word: &str) -> Option<&'static Definition<Command>> {
    let is_one = incidents::VERBS.iter().any(|verb| verb.eq_ignore_ascii_case(word));
    definition("incident").filter(|_| is_one)
}

/// Returns the command that a text is without the prompt or question that it is mostly given: `/session` alone.
#[must_use]
pub fn without_prompt(text: &str) -> Option<&'static Definition<Command>> {
    let takes_prompt = |own: &&Definition<Command>| {
        matches!(own.forms[0].arguments.last(), Some(Argument::Prompt | Argument::Question))
    };
    text.trim().strip_prefix('/').and_then(definition).filter(takes_prompt)
}

#[cfg(test)]
mod tests {
    use super::super::value::Value;
    use super::*;

    #[test]
    fn a_verb_that_is_understood_alone_is_no_command_of_its_own() {
        for verb in incidents::VERBS {
            assert!(definition(verb).is_none() && by_verb(verb).is_some(), "{verb}");
            assert!(definition("incident").unwrap().subcommands().any(|own| own == verb), "{verb}");
        }
    }

    #[test]
    fn every_description_fits_the_menus_of_providers() {
        for description in COMMANDS.iter().flat_map(|d| d.forms.iter().map(|f| f.description).chain([d.description])) {
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
            let prompts = definition.forms.iter().any(|form| matches!(form.value, Value::Prompt { .. }));
            let words = definition.subcommands().count();
            let alone = definition.forms.iter().filter(|form| form.subcommand().is_none()).count();
            let shorts = definition.forms.iter().filter(|form| definition.is_short(form)).count();
            assert!(
                prompts || definition.forms.len() == 1 || words + alone == definition.forms.len(),
                "{}",
                definition.word
            );
            assert!(
                prompts || words == 0 || (alone == 1 && shorts >= 1),
                "{}: nothing is shown of it alone",
                definition.word
            );
            assert!(!definition.forms.is_empty() && !definition.examples.is_empty(), "{}", definition.word);
        }
    }

    #[test]
    fn the_path_of_every_form_begins_with_its_command() {
        for definition in COMMANDS {
            assert!(definition.forms.iter().all(|form| form.path[0] == definition.word), "{}", definition.word);
        }
    }

    #[test]
    fn usage_is_written_from_the_form() {
        let usages: Vec<_> = definition("SESSION").unwrap().forms.iter().map(|form| form.usage()).collect();
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
                "/session",
                "/session show [name]",
                "/session use <name>",
                "/session cancel <name>",
                "/session end [name]",
                "/session revoke <name>",
                "/session rename <old> <new>",
                "/session retry <name>",
            ]
        );
    }
}
