//! What the page says that a person alone sees of the bot: what is open, runs, goes on and is planned, a line for each.

use signalbox_adapter::{Block, Document, Inline, Item, one_line};

use super::{ago, count, cron, incident, line, session, span, task};
use crate::clock::Timestamp;
use crate::store::{Incident, Schedule, Session};

/// Lines of a part of the page.
pub const MAX_LISTED: usize = 10;
/// Longest prompt, title or name of a chat, in characters.
const MAX_WORDS_CHARS: usize = 60;

/// The page.
#[derive(Default)]
pub struct Home {
    /// What is open, the newest first.
    pub incidents: Listed<Incident>,
    /// What runs or waits.
    pub tasks: Listed<task::Row>,
    /// What can be gone on with, that used last first.
    pub sessions: Listed<Session>,
    /// What is delivered by itself, the next first.
    pub schedules: Listed<Schedule>,
}

/// One part of the page.
pub struct Listed<T> {
    /// What is listed, each with the name of its chat; without one it is the person's own.
    pub shown: Vec<(T, Option<String>)>,
    /// How many are not.
    pub more: usize,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { shown: Vec::new(), more: 0 }
    }
}

impl<T> Listed<T> {
    fn count(&self) -> usize {
        self.shown.len() + self.more
    }
}

impl Home {
    /// Whether there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { incidents, tasks, sessions, schedules } = self;
        incidents.count() + tasks.count() + sessions.count() + schedules.count() == 0
    }
}

/// Writes the page.
#[must_use]
pub fn page(home: &Home, now: Timestamp) -> Document {
    let verdict = match (home.incidents.count(), home.tasks.count()) {
        (0, 0) => "Nothing burns, and nothing runs.".to_owned(),
        (0, tasks) => format!("Nothing burns · {} at work.", count(tasks, "task")),
        (incidents, 0) => format!("{} open · nothing runs.", count(incidents, "incident")),
        (incidents, tasks) => format!("{} open · {} at work.", count(incidents, "incident"), count(tasks, "task")),
    };
    let mut blocks = vec![Block::Paragraph(vec![Inline::strong(verdict)])];
    part(&mut blocks, "Incidents", &home.incidents, |one| {
        let owner = one.owner.as_ref().map_or_else(|| "nobody has it".to_owned(), |owner| format!("{owner} has it"));
        let (mark, title) = (incident::mark(one), incident::title(one));
        let rest = [one.state.as_str().to_owned(), owner, format!("since {}", incident::instant(one.starts_at, now))];
        let mut content = vec![Inline::text(format!("{mark} ")), Inline::Code(format!("#{}", one.id))];
        content.push(Inline::text(format!(" {} · {}", one_line(&title, MAX_WORDS_CHARS), rest.join(" · "))));
        content
    });
    part(&mut blocks, "Tasks", &home.tasks, |row| {
        let state = match row.position {
            Some(position) => format!("queued, position {position}"),
            None if row.task.cancel_at.is_some() => "stopping".to_owned(),
            None => format!("running {}", span(now.since(row.task.started_at.unwrap_or(now)))),
        };
        let agent = session::agent(&row.task.agent, row.task.model.as_deref());
        named(&row.name, &[state, agent, one_line(&row.task.prompt, MAX_WORDS_CHARS)])
    });
    part(&mut blocks, "Sessions", &home.sessions, |one| {
        let state = if one.archived { "archived" } else { one.status.as_str() };
        let agent = session::agent(&one.agent, one.model.as_deref());
        let used = format!("used {}", ago(one.last_used_at, now));
        named(&one.name, &[state.to_owned(), agent, used, one_line(&one.title, MAX_WORDS_CHARS)])
    });
    part(&mut blocks, "Schedules", &home.schedules, |one| {
        let name = one_line(&one.name, MAX_WORDS_CHARS);
        named(&format!("#{}", one.id), &[name, format!("next: {}", cron::next(one, now))])
    });
    blocks.extend(line("`/session <prompt>` starts a session, `/help` lists all commands.").blocks);
    let as_of = format!("As of {}; it is written anew when it is opened again.", incident::instant(now, now));
    blocks.push(Block::Paragraph(vec![Inline::Emphasis(vec![Inline::text(as_of)])]));
    Document { blocks }
}

/// Writes one part, unless it is empty.
fn part<T>(blocks: &mut Vec<Block>, heading: &str, listed: &Listed<T>, say: impl Fn(&T) -> Vec<Inline>) {
    if listed.shown.is_empty() {
        return;
    }
    blocks.push(Block::Heading { level: 2, content: vec![Inline::text(heading)] });
    let items = listed.shown.iter().map(|(what, place)| {
        let mut content = say(what);
        if let Some(place) = place {
            content.push(Inline::text(format!(" · {}", one_line(place, MAX_WORDS_CHARS))));
        }
        Item { checked: None, blocks: vec![Block::Paragraph(content)] }
    });
    blocks.push(Block::List { start: None, items: items.collect() });
    if listed.more > 0 {
        blocks.push(Block::text(format!("… and {} more.", listed.more)));
    }
}

fn named(name: &str, facts: &[String]) -> Vec<Inline> {
    let facts: Vec<&str> = facts.iter().map(String::as_str).filter(|fact| !fact.is_empty()).collect();
    vec![Inline::Code(name.to_owned()), Inline::text(format!(" {}", facts.join(" · ")))]
}
