//! What is said of several incidents, and of one with all that is known of it.

use signalbox_adapter::{Block, Document, Inline, one_line};

use super::incident::{Investigating, SAID, by, card, instant, mark, title, what};
use super::{cell, count, facts};
use crate::alert::{Alert, Firing};
use crate::clock::Timestamp;
use crate::command::code;
use crate::rca::Verdict;
use crate::store::{Incident, IncidentEntry, Investigation, Task};

/// Incidents too mild for a card that are named in one line.
pub const MAX_MILD: usize = 5;
/// Longest name of one of them, in characters.
const MAX_MILD_CHARS: usize = 40;
/// Lines of history shown.
pub const MAX_HISTORY: usize = 20;
/// Alerts named of one incident; the others are counted.
pub const MAX_NAMED: usize = 20;
/// Longest name of one of them, in characters.
const MAX_ALERT_CHARS: usize = 120;

/// Names a chat's open incidents that are too mild for a card (`triage.fold`) in one line, of `number` in all; none where
/// there are none.
#[must_use]
pub fn mild(incidents: &[Incident], number: usize) -> Option<String> {
    if number == 0 {
        return None;
    }
    let named = incidents.iter().take(MAX_MILD).map(|incident| {
        let title = one_line(&title(incident), MAX_MILD_CHARS);
        let title = format!("#{} {title}", incident.id);
        if incident.times > 1 { format!("{title} ({} times)", incident.times) } else { title }
    });
    let mut named: Vec<String> = named.collect();
    let more = number.saturating_sub(named.len());
    if more > 0 {
        named.push(format!("and {more} more"));
    }
    Some(format!("Too mild for a card: {}: {}.", count(number, "incident"), named.join(", ")))
}

/// Lists a chat's incidents, or those of all chats with where each is, and says in a line which are too mild for a card.
#[must_use]
pub fn list(incidents: &[Incident], of_all: bool, mild: Option<&str>, now: Timestamp) -> Document {
    let mild = mild.map(Block::text);
    if incidents.is_empty() {
        return Document { blocks: std::iter::once(Block::text("No incidents here.")).chain(mild).collect() };
    }
    let rows = incidents.iter().map(|incident| {
        let id = vec![Inline::Code(incident.id.to_string())];
        let state = format!("{} {}", mark(incident), incident.state.as_str());
        let owner = incident.owner.clone().unwrap_or_default();
        // What is not known by name counts, too.
        let fires = if incident.state.is_open() { incident.firing.saturating_add(incident.left_out) } else { 0 };
        let alerts = format!("{fires}/{}", incident.alerts.saturating_add(incident.left_out));
        let mut row = vec![
            id,
            cell(state),
            cell(one_line(&title(incident), 40)),
            cell(alerts),
            cell(owner),
            cell(instant(incident.starts_at, now)),
        ];
        row.extend(of_all.then(|| cell(incident.address.to_string())));
        row
    });
    let heads = ["id", "state", "what", "firing", "owner", "since", "chat"];
    let table = super::table(&heads[..heads.len() - usize::from(!of_all)], rows.collect());
    Document { blocks: std::iter::once(table).chain(mild).collect() }
}

/// What there is to be shown of an incident beside itself.
#[derive(Debug, Clone, Copy)]
pub struct Dossier<'a> {
    /// How its newest investigation stands.
    pub investigating: &'a Investigating,
    /// That investigation.
    pub found: Option<(&'a Task, &'a Investigation)>,
    /// Its alerts, the first [`MAX_NAMED`] of them.
    pub alerts: &'a [Alert],
    /// Its history, newest first.
    pub history: &'a [IncidentEntry],
}

/// Shows one incident, with its alerts, what its newest investigation has found, and its history, newest first.
#[must_use]
pub fn show(incident: &Incident, known: Dossier<'_>, now: Timestamp) -> Document {
    let Dossier { investigating, found, alerts, history } = known;
    let told = history.iter().take(MAX_HISTORY).map(|entry| cell(format!("{}{}", what(entry), by(entry))));
    let times: Vec<String> = history.iter().take(MAX_HISTORY).map(|entry| instant(entry.at, now)).collect();
    let pairs = times.iter().map(String::as_str).zip(told).collect();
    let mut shown = card(incident, investigating, now).document.then(named(incident, alerts));
    if let Some((task, investigation)) = found {
        let mut all = vec![code(&format!("/background show {}", task.id))];
        all.push(Inline::Text(" shows all of it".to_owned()));
        let found = cell(super::rca::in_brief(task, investigation));
        let what = match investigation.rca.as_ref().map(|rca| rca.verdict) {
            Some(Verdict::CauseFound) => "Root cause",
            Some(Verdict::NothingWrong | Verdict::Unclear) | None => "Investigation",
        };
        let found = if task.status.is_final() { found } else { cell("goes on") };
        shown = shown.then(Document { blocks: vec![facts(vec![(what, found), ("Task", all)])] });
    }
    if history.is_empty() { shown } else { shown.then(Document { blocks: vec![facts(pairs)] }) }
}

/// Names the alerts of an incident that has several, and says how many more there are.
fn named(incident: &Incident, alerts: &[Alert]) -> Document {
    if incident.alerts < 2 || alerts.is_empty() {
        return Document::default();
    }
    let mut content: Vec<Inline> = Vec::new();
    for alert in alerts.iter().take(MAX_NAMED) {
        let mark = if alert.status == Firing::Firing { "🔥" } else { "✅" };
        let own = alert.labels.iter().filter(|(name, value)| incident.labels.get(*name) != Some(value));
        let common = incident.common.iter().flatten().collect::<Vec<_>>();
        let own = own.filter(|pair| !common.contains(pair)).filter(|(name, _)| !SAID.contains(&name.as_str()));
        let labels = own.map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(" · ");
        let about = if labels.is_empty() { alert.title.clone() } else { labels };
        content.extend((!content.is_empty()).then_some(Inline::Break));
        content.push(Inline::Text(format!("{mark} {}", one_line(&about, MAX_ALERT_CHARS))));
    }
    let all = incident.alerts.saturating_add(incident.left_out);
    let more = usize::try_from(all).unwrap_or(usize::MAX).saturating_sub(alerts.len().min(MAX_NAMED));
    if more > 0 {
        content.extend([Inline::Break, Inline::Text(format!("and {}", count(more, "more alert")))]);
    }
    Document { blocks: vec![Block::Paragraph(content)] }
}
