//! `/incidents` and `/incident`: what burns, and what is done about it.

use crate::command::argument::{Argument, Kind};
use crate::command::grammar::{Defined, Definition, Example, Form, Group, Need};
use crate::command::value::{Holds, Value, words};

/// The one of the thread, or of the card that is answered, where none is named.
const INCIDENT: Argument = Argument::OptionalWord("id", Kind::Incident);

/// Verbs that are understood without the command before them, as other programs have them.
pub(super) const VERBS: [&str; 5] = ["ack", "assign", "silence", "resolve", "reopen"];

/// Lists the chat's incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IncidentsCommand;

impl<C: Holds<Self>> Defined<C> for IncidentsCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "incidents",
        aliases: &[],
        group: Group::Alerts,
        description: "List this chat's incidents",
        forms: &[Form {
            path: &["incidents"],
            arguments: &[],
            need: Need::Viewer,
            description: "list this chat's incidents, open ones first",
            value: words!(Self),
        }],
        examples: &[Example { text: "/incidents", does: "shows what burns and who has it" }],
    };
}

/// What is to be done with one incident; an empty id is that of the thread, or of the card that is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncidentCommand {
    /// Lists them all.
    List,
    /// Shows it.
    Show(String),
    /// Takes it.
    Ack(String),
    /// Gives it to somebody.
    Assign {
        /// The incident.
        id: String,
        /// How people call them; `None` for who says so.
        who: Option<String>,
    },
    /// Wants quiet about it.
    Silence {
        /// The incident.
        id: String,
        /// How long; `None` for an hour.
        span: Option<String>,
    },
    /// Says that it is over.
    Resolve(String),
    /// Says that it is not, or ends its silence.
    Reopen(String),
    /// Investigates it once more.
    Investigate(String),
}

/// Makes a form of an incident, which may be left out.
macro_rules! of_one {
    ($variant:ident) => {
        Value::Words {
            make: |given| C::from(Self::$variant(given.first().map(|id| (*id).to_owned()).unwrap_or_default())),
            said: |command| {
                let Some(Self::$variant(id)) = command.held() else { return None };
                Some(Some(id.as_str()).filter(|id| !id.is_empty()).into_iter().collect())
            },
        }
    };
}

/// Makes a form of an incident and a word that may be left out, both of them.
macro_rules! with_option {
    ($variant:ident, $field:ident) => {
        Value::Words {
            make: |given| {
                let mut given = given.iter().map(|word| (*word).to_owned());
                C::from(Self::$variant { id: given.next().unwrap_or_default(), $field: given.next() })
            },
            said: |command| {
                let Some(Self::$variant { id, $field }) = command.held() else { return None };
                let id = Some(id).filter(|id| !id.is_empty());
                Some(id.into_iter().chain($field).map(String::as_str).collect())
            },
        }
    };
}

impl<C: Holds<Self>> Defined<C> for IncidentCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "incident",
        aliases: &[],
        group: Group::Alerts,
        description: "Show an incident, take it, silence it or say that it is over",
        forms: &[
            Form {
                path: &["incident", "list"],
                arguments: &[],
                need: Need::Viewer,
                description: "the same as `/incidents`",
                value: words!(Self::List),
            },
            Form {
                path: &["incident"],
                arguments: &[],
                need: Need::Viewer,
                description: "the same as `/incident list`",
                value: words!(Self::List),
            },
            Form {
                path: &["incident", "show"],
                arguments: &[INCIDENT],
                need: Need::Viewer,
                description: "show one with its history",
                value: of_one!(Show),
            },
            Form {
                path: &["incident", "ack"],
                arguments: &[INCIDENT],
                need: Need::Operator,
                description: "take one: the team is told, repeats stay quiet",
                value: of_one!(Ack),
            },
            Form {
                path: &["incident", "assign"],
                arguments: &[INCIDENT, Argument::OptionalWord("who", Kind::Person)],
                need: Need::Operator,
                description: "assign one to yourself, or to somebody",
                value: with_option!(Assign, who),
            },
            Form {
                path: &["incident", "silence"],
                arguments: &[INCIDENT, Argument::OptionalWord("time", Kind::Span)],
                need: Need::Operator,
                description: "silence one for an hour, or for 30m, 2h, 1d",
                value: with_option!(Silence, span),
            },
            Form {
                path: &["incident", "resolve"],
                arguments: &[INCIDENT],
                need: Need::Operator,
                description: "say that one is over",
                value: of_one!(Resolve),
            },
            Form {
                path: &["incident", "reopen"],
                arguments: &[INCIDENT],
                need: Need::Operator,
                description: "say that one is not over, or end its silence",
                value: of_one!(Reopen),
            },
            Form {
                path: &["incident", "investigate"],
                arguments: &[INCIDENT],
                need: Need::Operator,
                description: "investigate one, also once more",
                value: of_one!(Investigate),
            },
        ],
        examples: &[
            Example { text: "/incident ack 7", does: "takes incident 7" },
            Example { text: "/ack", does: "takes the incident in whose thread it is sent" },
            Example { text: "/incident silence 7 2h", does: "wants two hours of quiet about it" },
        ],
    };
}
