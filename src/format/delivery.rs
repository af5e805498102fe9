//! What is said about messages themselves: that one may be a repeat, that one could not be shown and how to get it.

use signalbox_adapter::{Block, Button, Document, Inline, Purpose, one_line};

use super::{line, marked};
use crate::store::IncidentId;

/// Stands below a message that may have arrived before.
pub const MAY_BE_A_REPEAT: &str = "(may be a repeat)";

/// Stands below a message whose buttons the provider refused: what to type in their place.
#[must_use]
pub fn instead_of_buttons(buttons: &[Button], typed: &dyn Fn(&str) -> String) -> String {
    let commands: Vec<String> = buttons.iter().map(|button| typed(&format!("/{}", button.action))).collect();
    format!("The buttons could not be shown; type {}.", commands.join(", or "))
}

/// Whose message it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    /// A session's, by its name.
    Session(&'a str),
    /// An investigation's, by its id.
    Investigation(&'a str),
    /// The answer to a command.
    Command,
}

/// Stands for a message that could not be laid out through a fault of the program.
#[must_use]
pub fn not_laid_out() -> Document {
    line("This message could not be shown because signalbox itself failed. The bot's log says more.")
}

/// Tells that a message was given up, and how to get what it said.
#[must_use]
pub fn unshown(whose: Whose<'_>, purpose: Purpose) -> Document {
    line(&match (whose, purpose) {
        (Whose::Session(name) | Whose::Investigation(name), Purpose::Approval) => {
            format!("A question of `{name}` could not be shown here; without an answer it counts as denied.")
        }
        (Whose::Session(name), _) => {
            format!("An answer of `{name}` could not be shown here. `/session show {name}` shows it.")
        }
        (Whose::Investigation(id), _) => {
            format!("The result of `{id}` could not be shown here. `/background show {id}` shows it.")
        }
        (Whose::Command, _) => "An answer could not be shown here. Send the command again.".to_owned(),
    })
}

/// Tells that a message was not allowed here, why, and how to get what it said; holds the provider's words.
#[must_use]
pub fn blocked(whose: Whose<'_>, words: &str) -> Document {
    let what = match whose {
        Whose::Session(name) => format!("An answer of {name}"),
        Whose::Investigation(id) => format!("The result of {id}"),
        Whose::Command => "An answer".to_owned(),
    };
    let again = match whose {
        Whose::Session(name) => format!(
            "On the bot's machine, `signalbox session show {name}` shows it; here, `/session show {name}` does once it is allowed."
        ),
        Whose::Investigation(id) => format!("Once it is allowed, `/background show {id}` shows it here."),
        Whose::Command => "Send the command again once it is allowed.".to_owned(),
    };
    let mut content = vec![Inline::text(format!("{what} is not allowed here: {}. ", one_line(words, 400)))];
    content.extend(marked(&again));
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Tells that the card of an incident was given up, and how to see it.
#[must_use]
pub fn card_unshown(id: IncidentId) -> Document {
    line(&format!("The card of incident #{id} could not be shown here. `/incident show {id}` shows it."))
}

/// Tells that the file with the rest of an answer was given up, and how to get it.
#[must_use]
pub fn file_unshown(whose: Whose<'_>) -> Document {
    line(&match whose {
        Whose::Session(name) => format!(
            "The rest of an answer of `{name}` was not taken as a file here. On the bot's machine, `signalbox session show \
             {name}` shows all of it."
        ),
        Whose::Investigation(name) => format!("The rest of the result of `{name}` was not taken as a file here."),
        Whose::Command => "The rest of an answer was not taken as a file here.".to_owned(),
    })
}

/// Tells that a file which an agent has made was not taken; `file` is what it is called.
#[must_use]
pub fn agents_file_unshown(file: &str) -> Document {
    let name = file.replace('`', "'");
    line(&format!("The file `{name}` was not taken here. It is on the bot's machine, in the directory of its session."))
}

/// Tells that a thread is left because it is gone.
#[must_use]
pub fn thread_gone(whose: Whose<'_>) -> Document {
    line(&match whose {
        Whose::Session(name) | Whose::Investigation(name) => {
            format!("The topic is closed or gone: `{name}` answers here from now on.")
        }
        Whose::Command => "The topic is closed or gone, so the answer is here.".to_owned(),
    })
}

/// Tells that a thread could not be opened, and what to do about it; holds the provider's words.
#[must_use]
pub fn thread_unopened(words: &str) -> Document {
    Document::text(format!("No thread could be opened in this channel, so answers come here. {}", one_line(words, 400)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_buttons_do_is_told_in_commands_that_can_be_typed() {
        let button = |label: &str, action: &str| Button { label: label.to_owned(), action: action.to_owned() };
        let buttons = [button("Ack", "incident ack 5"), button("Silence 1 h", "incident silence 5")];
        let told = "The buttons could not be shown; type /incident ack 5, or /incident silence 5.";
        assert_eq!(instead_of_buttons(&buttons, &str::to_owned), told);
    }

    #[test]
    fn the_mark_is_no_longer_than_renderers_leave_room_for() {
        assert!(MAY_BE_A_REPEAT.len() <= signalbox_adapter::MAX_MARK_BYTES);
    }
}
