//! `/cron`: what is delivered by itself, when and where.

use crate::command::argument::{Argument, Kind, OptionList};
use crate::command::grammar::{Defined, Definition, Example, Form, Group, Need};
use crate::command::schedule::SCHEDULE_OPTIONS;
use crate::command::value::{Holds, rest, words};

const SCHEDULE: Argument = Argument::Word("id", Kind::Schedule);
const NEW: OptionList =
    OptionList { usage: "--kind <kind> --cron \"<5 fields>\" [--tz <zone>]", each: &SCHEDULE_OPTIONS };
const CHANGED: OptionList = OptionList { usage: "[--cron \"<5 fields>\"] [--tz <zone>]", each: &SCHEDULE_OPTIONS };

/// What is to be done with schedules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CronCommand {
    /// Lists them.
    List,
    /// Makes one; holds its options as they were typed.
    Add(String),
    /// Changes one; holds its number and what is to be otherwise, as they were typed.
    Edit(String),
    /// Shows one.
    Show(String),
    /// Tells of its last fires.
    Logs(String),
    /// Runs it now, beside its plan.
    Run(String),
    /// Sends again what of a fire was given up.
    Again(String),
    /// Lets it rest.
    Pause(String),
    /// Lets it go on.
    Resume(String),
    /// Forgets it.
    Remove(String),
}

impl<C: Holds<Self>> Defined<C> for CronCommand {
    const DEFINITION: Definition<C> = Definition {
        word: "cron",
        aliases: &[],
        group: Group::Schedules,
        description: "Deliver summaries and checks to this chat, by a schedule",
        forms: &[
            Form {
                path: &["cron", "list"],
                arguments: &[],
                need: Need::Viewer,
                description: "list this chat's schedules with their next fires",
                value: words!(Self::List),
            },
            Form {
                path: &["cron"],
                arguments: &[],
                need: Need::Viewer,
                description: "the same as `/cron list`",
                value: words!(Self::List),
            },
            Form {
                path: &["cron", "add"],
                arguments: &[Argument::Options(&NEW)],
                need: Need::Admin,
                description: "add one, with the options of `signalbox cron add`",
                value: rest!(|text| Self::Add(text)),
            },
            Form {
                path: &["cron", "edit"],
                arguments: &[SCHEDULE, Argument::Options(&CHANGED)],
                need: Need::Admin,
                description: "change what is named of one; all else stays",
                value: rest!(|text| Self::Edit(text)),
            },
            Form {
                path: &["cron", "show"],
                arguments: &[SCHEDULE],
                need: Need::Viewer,
                description: "show one with its next three fires",
                value: words!(|id| Self::Show(id)),
            },
            Form {
                path: &["cron", "logs"],
                arguments: &[SCHEDULE],
                need: Need::Viewer,
                description: "tell of its last fires and what became of each",
                value: words!(|id| Self::Logs(id)),
            },
            Form {
                path: &["cron", "run"],
                arguments: &[SCHEDULE],
                need: Need::Operator,
                description: "run one now",
                value: words!(|id| Self::Run(id)),
            },
            Form {
                path: &["cron", "run", "--failed-only"],
                arguments: &[Argument::Word("fire", Kind::Fire)],
                need: Need::Operator,
                description: "send again what of a fire was not delivered",
                value: words!(|fire| Self::Again(fire)),
            },
            Form {
                path: &["cron", "pause"],
                arguments: &[SCHEDULE],
                need: Need::Operator,
                description: "stop one until it is resumed",
                value: words!(|id| Self::Pause(id)),
            },
            Form {
                path: &["cron", "resume"],
                arguments: &[SCHEDULE],
                need: Need::Operator,
                description: "let one go on",
                value: words!(|id| Self::Resume(id)),
            },
            Form {
                path: &["cron", "remove"],
                arguments: &[SCHEDULE],
                need: Need::Admin,
                description: "remove one",
                value: words!(|id| Self::Remove(id)),
            },
        ],
        examples: &[
            Example {
                text: "/cron add --kind daily_summary --cron \"0 9 * * 1-5\" --tz Asia/Kolkata",
                does: "sends this chat a summary at 09:00 on weekdays",
            },
            Example { text: "/cron edit 3 --cron \"30 8 * * 1-5\"", does: "moves it to 08:30" },
            Example { text: "/cron logs 3", does: "tells when it fired last, and what became of it" },
        ],
    };
}
