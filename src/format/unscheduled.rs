//! Why a schedule is not made or changed as it was asked for, and what to write instead.

use signalbox_adapter::{Block, ChatAddress, Document, Inline, Item, one_line};

use super::background::Unreachable;
use crate::command::{SCHEDULE_OPTIONS, code};
use crate::config::Unreached;
use crate::plan::{Cron, CronFault, DigestKind, ZoneFault};

/// Why a schedule cannot be made.
#[derive(Debug)]
pub enum Unscheduled<'u> {
    /// The options cannot be read; holds what is wrong.
    Options(&'u str),
    /// There is no such kind.
    Kind(&'u str),
    /// The expression is none.
    Cron(&'u str, CronFault),
    /// There is no such zone.
    Zone(ZoneFault),
    /// It looks back no or too many hours; holds the most.
    Window(u32),
    /// What is done about missed fires is not known.
    CatchUp(&'u str),
    /// The name is empty or too long; holds the most characters.
    Name(usize),
    /// The name would be taken for a number; holds it.
    NumberName(&'u str),
    /// It is not said what is delivered.
    NoKind,
    /// It is not said when.
    NoCron,
    /// Words belong to no option; holds the expression and those.
    Stray(&'u str, &'u [String]),
    /// Nothing is to be otherwise.
    Nothing,
    /// Provider, chat and thread make no address.
    Target,
    /// Nobody is named as its target.
    NoTarget,
    /// Nothing is connected to that provider; holds why.
    NotConnected(Unreached),
    /// That chat cannot be written to; holds why.
    Unreachable(ChatAddress, Unreachable),
    /// Who asks may not have things sent there.
    NotAllowed(ChatAddress),
    /// There are as many as there may be.
    TooMany(usize),
    /// There are too many parameters; holds the most.
    Params(usize),
    /// A parameter is none; holds its name, or what was written.
    Param(&'u str),
    /// A parameter that is not there is taken back; holds its name.
    NoParam(&'u str),
    /// A parameter is a credential; holds its name.
    Credential(&'u str),
    /// A credential came in a chat.
    CredentialInChat,
    /// An investigation without a question.
    NoPrompt,
    /// There is no such agent, or it cannot be used for this; holds why.
    Agent(String),
    /// No chat of that provider is called so; holds what they are called.
    NoSuchChat(ChatAddress, &'static str),
}

/// Says why a schedule cannot be made.
#[must_use]
pub fn unscheduled(why: &Unscheduled<'_>) -> Document {
    Document::text(format!("Not added: {}", reason(why)))
}

/// Says why a schedule cannot be changed so.
#[must_use]
pub fn unchanged(why: &Unscheduled<'_>) -> Document {
    Document::text(format!("Not changed: {}", reason(why)))
}

/// Tells on the command line how a schedule is asked for: by an example, and each option with what it takes.
#[must_use]
pub fn how_to_add() -> Document {
    let item = |content| Item { checked: None, blocks: vec![Block::Paragraph(content)] };
    let option = |(option, takes): &(&str, &str)| item(vec![code(option), Inline::Text(format!(": {takes}"))]);
    let example = Block::Paragraph(vec![
        Inline::Text("As ".to_owned()),
        code("/cron add --kind daily_summary --cron \"0 9 * * 1-5\" --tz Asia/Kolkata --to slack:C0123"),
    ]);
    let options = Block::List { start: None, items: SCHEDULE_OPTIONS.iter().map(option).collect() };
    Document { blocks: vec![example, options] }
}

fn reason(why: &Unscheduled<'_>) -> String {
    match why {
        Unscheduled::Options(why) => format!("{why}."),
        Unscheduled::Kind(word) => {
            let kinds = DigestKind::ALL.map(DigestKind::as_str).join(", ");
            format!("there is no kind {}. There are {kinds}.", one_line(word, 40))
        }
        Unscheduled::Cron(text, fault) => format!("`{text}` cannot be used: {fault}."),
        Unscheduled::Zone(fault) => fault.to_string().trim_end_matches('.').to_owned(),
        Unscheduled::Window(most) => format!("--window is from 1 to {most} hours."),
        Unscheduled::CatchUp(word) => format!("--catch-up is none, last or all, not {word}."),
        Unscheduled::Name(most) => format!("--name has from 1 to {most} characters."),
        Unscheduled::NumberName(name) => {
            format!("--name {} would be taken for the number of a schedule; a name has a letter.", one_line(name, 40))
        }
        Unscheduled::Target => "--provider, --chat-id and --thread-id make no address.".to_owned(),
        Unscheduled::NoTarget => "say where to, as --to slack:C0123, or --provider and --chat-id.".to_owned(),
        Unscheduled::NotConnected(why) => match why.to_string() {
            asks if asks.ends_with('?') => asks,
            why => format!("{why}."),
        },
        Unscheduled::Unreachable(address, Unreachable::Said(why)) => {
            format!("{address} cannot be written to: {why}.")
        }
        Unscheduled::Unreachable(address, Unreachable::Silent) => {
            format!("{} does not answer, so {address} could not be tried.", address.provider)
        }
        Unscheduled::NotAllowed(address) => {
            format!("only an admin of {address} may have things sent there.")
        }
        Unscheduled::Params(most) => format!("--param may be given {most} times."),
        Unscheduled::Param(name) => {
            let name = one_line(name, 40);
            format!("--param {name} must be name=value, the name of letters, digits, `_`, `-` and `.`.")
        }
        Unscheduled::NoParam(name) => {
            let name = one_line(name, 40);
            format!("it has no parameter {name}, and --param {name}= gives it no value.")
        }
        Unscheduled::Credential(name) => format!(
            "--param {name} looks like a credential, and parameters are kept in the open and shown. \
             `signalbox integrations set` keeps credentials; --allow-inline-credentials does that with this one."
        ),
        Unscheduled::CredentialInChat => {
            "a credential does not belong into a chat. `signalbox integrations set` keeps it.".to_owned()
        }
        Unscheduled::NoPrompt => {
            "say what is to be investigated, as --param prompt=\"Is the backup fresh?\".".to_owned()
        }
        Unscheduled::Agent(why) => format!("{}.", why.trim_end_matches('.')),
        Unscheduled::NoSuchChat(address, form) => {
            format!("{address} cannot be a chat of {}: its ids are {form}.", address.provider)
        }
        Unscheduled::TooMany(most) => format!("this chat has {most} schedules, the most there can be."),
        Unscheduled::NoKind => {
            let [first, rest @ .., last] = DigestKind::ALL.map(DigestKind::as_str);
            format!("say what is delivered, with --kind {first}, {} or {last}.", rest.join(", "))
        }
        Unscheduled::NoCron => "say when, as --cron \"0 9 * * 1-5\" for 09:00 on weekdays.".to_owned(),
        Unscheduled::Stray(cron, stray) => stray_words(cron, stray),
        Unscheduled::Nothing => "name what is to be otherwise, as --cron \"30 8 * * 1-5\".".to_owned(),
    }
}

/// Says what is to be done about words that belong to no option.
fn stray_words(cron: &str, stray: &[String]) -> String {
    let whole = format!("{cron} {}", stray.join(" "));
    if let Ok(meant) = whole.trim().parse::<Cron>() {
        return format!("an expression needs quotes: --cron \"{meant}\".");
    }
    let is_time = |word: &String| word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '*' | '@'));
    if cron.is_empty() && !stray.first().is_some_and(is_time) {
        return "say what and when, as --kind daily_summary --cron \"0 9 * * 1-5\".".to_owned();
    }
    if cron.is_empty() || !cron.contains(' ') {
        // A shell puts the names of files in place of each `*`.
        return "an expression needs quotes, as --cron \"0 9 * * 1-5\".".to_owned();
    }
    let word = one_line(stray.first().map(String::as_str).unwrap_or_default(), 40);
    format!("{word} belongs to no option; what has blanks needs quotes, as --name \"Daily summary\".")
}
