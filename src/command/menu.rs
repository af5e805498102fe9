//! The commands as a provider's menu shows them, from the table.

use signalbox_adapter::CommandEntry;

use super::argument::{Argument, Kind};
use super::grammar::{Definition, Group};
use super::words::{COMMANDS, Command};

/// Returns the commands as a provider's menu shows them; those behind buttons are left out.
#[must_use]
pub fn menu() -> Vec<CommandEntry> {
    let shown = COMMANDS.iter().filter(|command| command.group != Group::Answer);
    let entry = |command: &Definition<Command>| CommandEntry {
        name: command.word.to_owned(),
        description: command.description.to_owned(),
        direct_only: takes_a_code(command),
    };
    shown.map(entry).collect()
}

/// A code is said in a direct chat: in a group everybody could read it.
fn takes_a_code(command: &Definition<Command>) -> bool {
    let mut arguments = command.forms.iter().flat_map(|form| form.arguments);
    arguments.any(|argument| matches!(argument, Argument::Word(_, Kind::Code) | Argument::OptionalWord(_, Kind::Code)))
}
