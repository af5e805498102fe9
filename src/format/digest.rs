//! What a schedule delivers: one line of verdict first, then the numbers, the charts, and what to look at, folded.

use signalbox_adapter::{Block, Document, Inline, Item, one_line};

use super::chart::charts;
use super::incident::{mark, page, standing, title, word};
use super::incidents::mild;
use super::{cost, count, marked, span};
use crate::alert::Severity;
use crate::clock::Timestamp;
use crate::command::code;
use crate::plan::{DigestKind, Zone};
use crate::store::{DigestWindow, FoundCause, Happened, Incident, Noise, Schedule};

/// Longest root cause in a digest, in characters.
const MAX_CAUSE_CHARS: usize = 160;
/// Most chats named to which messages were lost.
const MAX_LOST_CHATS: usize = 5;

/// A digest of a window.
pub struct DigestOf<'d> {
    /// Whose it is.
    pub schedule: &'d Schedule,
    /// Of when.
    pub window: DigestWindow,
    /// What happened.
    pub happened: &'d Happened,
    /// Of a replay: the incidents in their order.
    pub replayed: &'d [Incident],
}

/// Writes a digest.
#[must_use]
pub fn digest(digest: &DigestOf<'_>) -> Document {
    let DigestOf { schedule, window, happened, replayed } = digest;
    let zone = schedule.plan.zone;
    let mut blocks = head(schedule, *window, happened).blocks;
    if happened.is_empty() {
        return Document { blocks };
    }
    blocks.push(numbers(happened));
    if happened.undelivered > 0 {
        blocks.push(Block::text(undelivered(happened)));
    }
    blocks.extend(charts(&happened.bars, *window, zone));
    if schedule.kind == DigestKind::IncidentWindowReplay {
        blocks.extend(list(
            "In order",
            replayed.iter().map(|incident| replay(incident, zone, window.to)),
            happened.began_count(),
        ));
    } else {
        let open = happened.open.iter().map(|incident| open(incident, zone, window.to));
        blocks.extend(list("Open", open, happened.open_count));
        blocks.extend(list("Loudest", happened.noisy.iter().map(noisy), happened.noisy.len()));
        blocks.extend(list("Causes found", happened.causes.iter().map(cause), happened.causes.len()));
    }
    blocks.extend(mild(&happened.mild, happened.mild_count).map(Block::text));
    Document { blocks }
}

/// Says how many messages were lost, and to which chats.
fn undelivered(happened: &Happened) -> String {
    let were = if happened.undelivered == 1 { "was" } else { "were" };
    let lost = format!("⚠ {} {were} not delivered", count(happened.undelivered, "message"));
    match happened.undelivered_to.as_slice() {
        [] => lost,
        chats if chats.len() > MAX_LOST_CHATS => format!("{lost} ({} and others)", chats[..MAX_LOST_CHATS].join(", ")),
        chats => format!("{lost} ({})", chats.join(", ")),
    }
}

/// Writes what a digest begins with: whose it is, of when, and one line of verdict.
#[must_use]
pub fn head(schedule: &Schedule, window: DigestWindow, happened: &Happened) -> Document {
    let zone = schedule.plan.zone;
    let mut head = vec![Inline::strong(schedule.name.clone())];
    head.push(Inline::Text(format!(
        " · {} – {} {zone}",
        zone.shows_ahead(window.from, window.to),
        zone.shows(window.to)
    )));
    head.extend([Inline::Break, Inline::strong(verdict(happened))]);
    Document { blocks: vec![Block::Paragraph(head)] }
}

/// Returns the subject of a letter that holds a digest.
#[must_use]
pub fn subject(schedule: &Schedule, happened: &Happened) -> String {
    format!("{}: {}", schedule.name, verdict(happened))
}

/// Says in one line how it was.
#[must_use]
pub fn verdict(happened: &Happened) -> String {
    let began = happened.began_count();
    let open = happened.open_count;
    let worst = happened.open.first().map(|incident| incident.severity);
    let mark = match worst {
        Some(Severity::Critical | Severity::Error) => "🔴",
        Some(Severity::Warning | Severity::Unknown) => "🟡",
        Some(Severity::Info) | None => "🟢",
    };
    match (began, open) {
        (0, 0) if happened.task_count() == 0 => format!("{mark} Nothing happened"),
        (0, 0) => format!("{mark} No incidents"),
        (0, open) => format!("{mark} No new incidents, {open} still open"),
        (began, 0) => format!("{mark} {}, all resolved", count(began, "incident")),
        (began, open) => format!("{mark} {}, {open} open", count(began, "incident")),
    }
}

fn numbers(happened: &Happened) -> Block {
    let mut lines = Vec::new();
    if happened.began_count() > 0 || happened.began_before > 0 {
        let kinds = happened.began.iter().map(|(severity, count)| format!("{count} {}", word(*severity)));
        let kinds: Vec<String> = kinds.collect();
        let split = if kinds.len() > 1 { format!(" ({})", kinds.join(", ")) } else { String::new() };
        let trend = trend(happened.began_count(), happened.began_before);
        lines.push(format!("{}{split}, {trend}", count(happened.began_count(), "incident")));
    }
    if happened.resolved > 0 {
        let after = happened.resolved_after.map(|after| format!(", half of them within {}", span(after)));
        lines.push(format!("{} resolved{}", happened.resolved, after.unwrap_or_default()));
    }
    lines.extend(happened.acked_after.map(|after| format!("Half were taken within {}", span(after))));
    if happened.task_count() > 0 {
        let failed = happened.failed_tasks;
        let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
        let cost = if happened.cost_usd > 0.0 { format!(" · {}", cost(happened.cost_usd)) } else { String::new() };
        lines.push(format!("{}{failed}{cost}", count(happened.task_count(), "task")));
    }
    let mut content = Vec::new();
    for line in lines {
        if !content.is_empty() {
            content.push(Inline::Break);
        }
        content.push(Inline::Text(line));
    }
    Block::Paragraph(content)
}

/// Says how a number stands to the one before.
fn trend(now: usize, before: usize) -> String {
    match now.cmp(&before) {
        std::cmp::Ordering::Greater => format!("up from {before}"),
        std::cmp::Ordering::Less => format!("down from {before}"),
        std::cmp::Ordering::Equal => "as before".to_owned(),
    }
}

/// What is looked at after the first glance, folded.
fn list(heading: &str, lines: impl Iterator<Item = Vec<Inline>>, in_all: usize) -> Option<Block> {
    let item = |line| Item { checked: None, blocks: vec![Block::Paragraph(line)] };
    let mut items: Vec<Item> = lines.map(item).collect();
    if items.is_empty() {
        return None;
    }
    let heading = format!("{heading} ({})", in_all.max(items.len()));
    let more = in_all.saturating_sub(items.len());
    if more > 0 {
        items.push(item(marked(&format!("and {more} more: `/incidents`"))));
    }
    Some(Block::details(&heading, vec![Block::List { start: None, items }]))
}

fn named(incident: &Incident) -> Vec<Inline> {
    let title = Inline::Text(title(incident));
    let title = match page(&incident.alert) {
        Some(url) => Inline::Link { url: url.clone(), content: vec![title] },
        None => title,
    };
    let number = Inline::Code(format!("#{}", incident.id));
    vec![Inline::Text(format!("{} ", mark(incident))), number, Inline::Text(" ".to_owned()), title]
}

fn open(incident: &Incident, zone: Zone, now: Timestamp) -> Vec<Inline> {
    let owner = incident.owner.as_ref().map_or_else(|| "nobody has it".to_owned(), |owner| format!("{owner} has it"));
    let mut line = named(incident);
    line.push(Inline::Text(format!(" · since {} · {owner}", zone.shows_ahead(incident.starts_at, now))));
    line
}

fn replay(incident: &Incident, zone: Zone, now: Timestamp) -> Vec<Inline> {
    let mut line = vec![Inline::Text(format!("{} ", zone.shows_ahead(incident.created_at, now)))];
    line.extend(named(incident));
    line.push(Inline::Text(format!(" · {}", standing(incident, now))));
    line
}

fn noisy(noise: &Noise) -> Vec<Inline> {
    let mut line = named(&noise.newest);
    let of = if noise.incidents > 1 { format!(" in {} incidents", noise.incidents) } else { String::new() };
    line.push(Inline::Text(format!(" · fired {}{of}", count(noise.times, "time"))));
    line
}

fn cause(cause: &FoundCause) -> Vec<Inline> {
    let said =
        cause.investigation.rca.as_ref().map(|rca| Document::from_markdown(&rca.root_cause.claim).visible_text());
    let said = said.unwrap_or_default();
    vec![
        Inline::Text(format!(
            "{}: {} ",
            one_line(&cause.investigation.title, MAX_CAUSE_CHARS),
            one_line(&said, MAX_CAUSE_CHARS)
        )),
        code(&format!("/background show {}", cause.task)),
    ]
}
