//! What can stand at the cursor of a line that is being typed, from the table.

use super::argument::{Argument, Flag, Kind};
use super::channel;
use super::grammar::{Definition, Form, Need};
use super::help;
use super::model::ModelWords;
use super::words::{COMMANDS, Command, definition};

/// Most candidates that are offered.
const MAX_CANDIDATES: usize = 100;
/// Most words before the cursor that are looked at; farther on there are only prompts.
const MAX_WORDS: usize = 8;

/// A name that can be offered, and what it is, one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// The name.
    pub name: &'a str,
    /// What it is; empty where nothing more is to be said of it than its kind.
    pub about: &'a str,
}

impl Named<'_> {
    fn told(&self, kind: &str) -> String {
        if self.about.is_empty() { kind.to_owned() } else { self.about.to_owned() }
    }
}

/// The names that can be offered; what is left empty is not.
#[derive(Debug, Clone, Copy, Default)]
pub struct Words<'a> {
    /// The greatest right of who types: forms that need more are not offered. `None` for all.
    pub may: Option<Need>,
    /// Agents.
    pub agents: &'a [&'a str],
    /// Words that name a model.
    pub models: &'a [ModelWords<'a>],
    /// Sessions of the chat.
    pub sessions: &'a [Named<'a>],
    /// Configured projects.
    pub projects: &'a [&'a str],
    /// Tasks that can be named.
    pub tasks: &'a [Named<'a>],
    /// Incidents of the chat, by their numbers.
    pub incidents: &'a [Named<'a>],
    /// Schedules of the chat, by their numbers.
    pub schedules: &'a [Named<'a>],
    /// Questions that are prepared.
    pub templates: &'a [Named<'a>],
    /// Permission requests that are open.
    pub requests: &'a [&'a str],
    /// Providers that are only written to, whose readers can be told.
    pub readers: &'a [&'a str],
}

/// A text that can stand in the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where what it replaces begins, in bytes.
    pub start: usize,
    /// Where what it replaces ends, in bytes.
    pub end: usize,
    /// The text.
    pub text: String,
    /// What it is, one line.
    pub description: String,
}

/// Offers what can stand at the cursor, a byte index; one beyond the end or within a character is moved back.
#[must_use]
pub fn complete(line: &str, cursor: usize, words: &Words<'_>) -> Vec<Candidate> {
    let cursor = line.floor_char_boundary(cursor);
    let start = line[..cursor].rfind(char::is_whitespace).map_or(0, |at| line.ceil_char_boundary(at + 1));
    let end = line[cursor..].find(char::is_whitespace).map_or(line.len(), |at| cursor + at);
    let typed = line[start..cursor].to_lowercase();
    let before: Vec<&str> = line[..start].split_whitespace().take(MAX_WORDS).collect();
    offers(&before, &typed, words)
        .into_iter()
        .filter(|(text, _)| text.to_lowercase().starts_with(&typed))
        .take(MAX_CANDIDATES)
        .map(|(text, description)| Candidate { start, end, text, description })
        .collect()
}

/// Offers the lines that one which is being typed could become, with what their ends are. A line that ends in a whole word
/// goes on behind it too, for people who choose a line and do not type on.
#[must_use]
pub fn lines(line: &str, words: &Words<'_>) -> Vec<(String, String)> {
    let with = |line: &str| {
        let whole = |found: Candidate| (format!("{}{}", &line[..found.start], found.text), found.description);
        complete(line, line.len(), words).into_iter().map(whole).collect::<Vec<_>>()
    };
    let mut lines = with(line);
    let is_whole =
        !line.ends_with(char::is_whitespace) && lines.iter().all(|(whole, _)| whole.eq_ignore_ascii_case(line));
    if is_whole {
        lines.extend(with(&format!("{line} ")));
    }
    lines
}

/// A text and what it is.
type Offer = (String, String);

fn offers(before: &[&str], typed: &str, words: &Words<'_>) -> Vec<Offer> {
    let Some((first, rest)) = before.split_first() else {
        let usable = COMMANDS.iter().filter(|own| own.forms.iter().any(|form| words.allow(form)));
        let commands = usable.map(|own| (format!("/{}", own.word), own.description.to_owned()));
        return if typed.starts_with('@') { mentions(typed, words) } else { commands.collect() };
    };
    let Some(definition) = first.strip_prefix('/').and_then(definition) else { return Vec::new() };
    // What a group's word alone stands for is offered in full.
    let allowed = definition.forms.iter().filter(|form| words.allow(form));
    let whole: Vec<_> = allowed.filter(|form| !definition.is_short(form)).collect();
    let next = |form| next(form, rest, words).into_iter().flatten().map(move |offer| (form, offer));
    let found: Vec<(&Form<Command>, Offer)> = whole.into_iter().flat_map(next).collect();
    let is_shared = |text: &str| found.iter().filter(|(_, (other, _))| other == text).count() > 1;
    // Forms that go on with the same word are told apart by the words behind it.
    let told = |(form, (text, about)): &(&Form<Command>, Offer)| match literals(form, rest.len()) {
        further if is_shared(text) && further.starts_with(text.as_str()) => (further, about.clone()),
        _ => (text.clone(), about.clone()),
    };
    let mut offers: Vec<Offer> = found.iter().map(told).collect();
    offers.extend(before_prompt(definition, rest, typed, words));
    offers
}

/// Returns the words of its own that a form has next, behind so many.
fn literals(form: &Form<Command>, behind: usize) -> String {
    let own = |part| match part {
        Argument::Literal(own) => Some(own),
        Argument::OptionalLiteral(_)
        | Argument::Word(..)
        | Argument::OptionalWord(..)
        | Argument::Question
        | Argument::Flag(_)
        | Argument::Mention(_)
        | Argument::Separator
        | Argument::Prompt
        | Argument::Options(_) => None,
    };
    form.parts().skip(behind).map_while(own).collect::<Vec<_>>().join(" ")
}

/// Offers the next argument of a form, if the words so far fit it.
fn next(form: &Form<Command>, before: &[&str], words: &Words<'_>) -> Option<Vec<Offer>> {
    let mut parts = form.parts();
    let fits = before.iter().all(|word| parts.next().is_some_and(|part| part.takes(word)));
    match parts.next().filter(|_| fits)? {
        Argument::Literal(own) | Argument::OptionalLiteral(own) => {
            Some(vec![(own.to_owned(), form.description.to_owned())])
        }
        Argument::Word(_, kind) | Argument::OptionalWord(_, kind) => Some(named(kind, words)),
        Argument::Question => Some(named(Kind::Template, words)),
        Argument::Flag(_) | Argument::Mention(_) | Argument::Separator | Argument::Prompt | Argument::Options(_) => {
            None
        }
    }
}

impl Words<'_> {
    fn allow(&self, form: &Form<Command>) -> bool {
        self.may.is_none_or(|may| form.need <= may)
    }
}

/// Offers options and mentions, as long as the prompt has not begun.
fn before_prompt(definition: &Definition<Command>, before: &[&str], typed: &str, words: &Words<'_>) -> Vec<Offer> {
    let mut flags: Vec<Flag> = definition.flags().collect();
    let mut mentioned = false;
    let mut value_of = None;
    for word in before {
        if value_of.take().is_some() {
            continue;
        }
        if let Some(at) = flags.iter().position(|flag| flag.as_str().eq_ignore_ascii_case(word)) {
            value_of = Some(flags.remove(at));
        } else if word.starts_with('@') && !mentioned {
            mentioned = true;
        } else {
            return Vec::new();
        }
    }
    if let Some(flag) = value_of {
        return named(flag.kind(), words);
    }
    let takes_prompt = |form: &&Form<Command>| form.arguments.last().is_some_and(|last| last.is_prompt());
    let prompt_forms = definition.forms.iter().filter(takes_prompt).filter(|form| words.allow(form));
    let mut offers = Vec::new();
    for form in prompt_forms {
        match form.arguments[0] {
            Argument::Flag(flag) if flags.contains(&flag) => {
                offers.push((flag.as_str().to_owned(), form.description.to_owned()));
            }
            Argument::Separator => offers.push(("--".to_owned(), form.description.to_owned())),
            Argument::Flag(_)
            | Argument::Mention(_)
            | Argument::Prompt
            | Argument::Question
            | Argument::Options(_)
            | Argument::Literal(_)
            | Argument::OptionalLiteral(_)
            | Argument::Word(..)
            | Argument::OptionalWord(..) => {}
        }
    }
    let takes_mention = |form: &Form<Command>| matches!(form.arguments.first(), Some(Argument::Mention(_)));
    let takes_mention = definition.forms.iter().any(|form| takes_mention(form) && words.allow(form));
    if !mentioned && takes_mention {
        offers.extend(mentions(typed, words));
    }
    offers
}

/// Offers everything that can be mentioned; models after their agent only when the slash is typed.
fn mentions(typed: &str, words: &Words<'_>) -> Vec<Offer> {
    let agents = words.agents.iter().map(|agent| (format!("@{agent}"), "agent".to_owned()));
    let models = words.models.iter().filter(|models| words.agents.contains(&models.agent)).flat_map(|models| {
        let prefix = if typed.contains('/') { format!("@{}/", models.agent) } else { "@".to_owned() };
        models.words.iter().map(move |word| (format!("{prefix}{word}"), format!("model of {}", models.agent)))
    });
    let sessions = words.sessions.iter().map(|session| (format!("@{}", session.name), session.told("session")));
    agents.chain(sessions).chain(models).collect()
}

fn named(kind: Kind, words: &Words<'_>) -> Vec<Offer> {
    let offer = |names: &[&str], what: &str| names.iter().map(|name| ((*name).to_owned(), what.to_owned())).collect();
    let told =
        |names: &[Named<'_>], what: &str| names.iter().map(|one| (one.name.to_owned(), one.told(what))).collect();
    match kind {
        Kind::Session => told(words.sessions, "session"),
        Kind::Incident => told(words.incidents, "incident"),
        Kind::Template => told(words.templates, "template"),
        Kind::Schedule => told(words.schedules, "schedule"),
        Kind::NewName | Kind::Code | Kind::Person | Kind::Fire => Vec::new(),
        Kind::Span => offer(&["30m", "1h", "4h", "1d"], "length of time"),
        Kind::Channels => offer(&[words.readers, &["chat", channel::NONE]].concat(), "channel"),
        Kind::Project => offer(words.projects, "project"),
        Kind::Task | Kind::TaskOrMessage => told(words.tasks, "task"),
        Kind::Request => offer(words.requests, "permission request"),
        Kind::Command => {
            let commands = COMMANDS.iter().map(|own| (own.word.to_owned(), own.description.to_owned()));
            commands.chain(help::subjects().map(|subject| (subject.to_owned(), "subject".to_owned()))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::MODELS;

    const WORDS: Words<'static> = Words {
        agents: &["claude", "codex"],
        models: MODELS,
        sessions: &[Named { name: "calm-otter", about: "fix it" }, Named { name: "docs", about: "" }],
        projects: &["web"],
        tasks: &[Named { name: "42", about: "" }],
        incidents: &[Named { name: "9", about: "DiskFull" }],
        schedules: &[Named { name: "3", about: "Daily summary" }],
        templates: &[Named { name: "high-cpu", about: "High CPU" }, Named { name: "disk-full", about: "" }],
        requests: &["7"],
        readers: &["email"],
        may: None,
    };

    fn texts(line: &str) -> Vec<String> {
        complete(line, line.len(), &WORDS).into_iter().map(|candidate| candidate.text).collect()
    }

    #[test]
    fn what_fits_the_place_is_offered() {
        for (line, expected) in [
            ("/st", &["/stop", "/status", "/start"][..]),
            ("/SES", &["/session"]),
            ("/session s", &["show"]),
            ("/session re", &["revoke", "rename", "retry"]),
            ("/session show ", &["calm-otter", "docs"]),
            ("/session rename d", &["docs"]),
            ("/session rename docs ", &[]),
            ("/session --", &["--name", "--project", "--"]),
            ("/session --name docs --", &["--project", "--"]),
            ("/session --project ", &["web"]),
            ("/session --name ", &[]),
            ("/session --name x @c", &["@claude", "@codex", "@calm-otter"]),
            ("/session @claude --n", &["--name"]),
            ("/session @claude @", &[]),
            ("/session fix @c", &[]),
            ("/session -- @c", &[]),
            ("/stop ", &["all"]),
            ("/why ", &["42"]),
            ("/deny ", &["7"]),
            ("/investigate h", &["high-cpu"]),
            ("/investigate @", &["@claude", "@codex", "@calm-otter", "@docs", "@opus", "@sonnet", "@haiku", "@fable"]),
            ("/investigate why h", &[]),
            ("/incident ack ", &["9"]),
            ("/cron logs ", &["3"]),
            ("/cron remove ", &["3"]),
            ("/help sta", &["status", "start"]),
            ("/nonsense ", &[]),
            ("@", &["@claude", "@codex", "@calm-otter", "@docs", "@opus", "@sonnet", "@haiku", "@fable"]),
            ("@claude/o", &["@claude/opus"]),
            ("hello /st", &[]),
            ("hello", &[]),
        ] {
            assert_eq!(texts(line), expected, "{line}");
        }
        assert_eq!(texts("").len(), COMMANDS.len());
    }

    #[test]
    fn a_line_is_offered_whole_and_goes_on_behind_a_whole_word() {
        let of = |line: &str| lines(line, &WORDS).into_iter().map(|(line, _)| line).collect::<Vec<_>>();
        assert_eq!(of("/session sh"), ["/session show"]);
        assert_eq!(of("/session show"), ["/session show", "/session show calm-otter", "/session show docs"]);
        assert_eq!(of("/session show d"), ["/session show docs"]);
        assert_eq!(of("/session show docs"), ["/session show docs"]);
        assert_eq!(of("/session fix the"), [""; 0]);
        let notify = ["list", "set", "test"].map(|word| format!("/background notify {word}"));
        assert_eq!((of("/background no"), of("/background notify"), of("/background notify ")), {
            (notify.to_vec(), notify.to_vec(), notify.to_vec())
        });
        assert_eq!(lines("/incident ack", &WORDS)[1], ("/incident ack 9".into(), "DiskFull".into()));
    }

    #[test]
    fn what_somebody_may_not_do_is_not_offered() {
        let may = Words { may: Some(Need::Viewer), ..WORDS };
        let of = |line: &str| lines(line, &may).into_iter().map(|(line, _)| line).collect::<Vec<_>>();
        assert_eq!(of("/session s"), ["/session show"]);
        assert_eq!(of("/session "), ["/session list", "/session show"]);
        assert!(of("/investigate ").is_empty());
        assert!(!of("/").contains(&"/stop".to_owned()));
    }

    #[test]
    fn the_whole_word_under_the_cursor_is_replaced() {
        let candidates = complete("/session shxx docs", 11, &WORDS);
        let expected =
            Candidate { start: 9, end: 13, text: "show".into(), description: candidates[0].description.clone() };
        assert_eq!(candidates, [expected]);
    }

    #[test]
    fn a_cursor_out_of_place_is_moved_back() {
        assert_eq!(complete("/stat", 99, &WORDS).len(), 1);
        assert_eq!(complete("é", 1, &WORDS).len(), COMMANDS.len());
    }
}
