//! What is said about an incident: its card, the lines of its thread, its root cause in brief, and lists.

use std::time::Duration;

use chrono::Datelike as _;
use signalbox_adapter::{Block, Button, Card, Document, Inline, Phase, Tone, one_line};

use super::{Draft, cell, chosen_span, count, line, marked, span};
use crate::alert::{Alert, Severity};
use crate::clock::Timestamp;
use crate::incident::{IncidentEvent, IncidentState, Refused};
use crate::rca::Verdict;
use crate::store::{Incident, IncidentEntry, Investigation, Status, Task};

/// Most buttons under a card: two rows on a phone.
const MAX_BUTTONS: usize = 4;
/// Longest title on a card, in characters: two lines of a phone.
const MAX_TITLE_CHARS: usize = 80;
/// Longest line of labels on a card, in characters.
const MAX_WHERE_CHARS: usize = 80;
/// Labels named on a card.
const MAX_LABELS: usize = 4;
/// Labels that a card of several alerts names first: they say where it burns.
const WHERE: [&str; 10] =
    ["cluster", "namespace", "service", "app", "job", "environment", "env", "region", "zone", "team"];
/// Labels that a card does not name: its title and colour say them.
pub(super) const SAID: [&str; 3] = ["alertname", "severity", "priority"];
/// Longest sentence of a root cause in brief, in characters.
const MAX_SENTENCE_CHARS: usize = 240;

/// How an incident's investigation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Investigating {
    /// There is none.
    None,
    /// It waits, or runs.
    Running,
    /// It has ended with a cause.
    Found,
    /// It has ended with the answer that all is well.
    NothingWrong,
    /// It has ended with an answer that names none.
    Done,
    /// It has ended without one.
    Failed,
}

/// Returns the buttons under a card: what makes most sense as the incident stands, at most four.
#[must_use]
pub fn buttons(incident: &Incident, investigating: &Investigating) -> Vec<Button> {
    let button = |label: &str, verb: &str| Button {
        label: label.to_owned(),
        action: format!("incident {verb} {}", incident.id),
    };
    let ack = || button("Ack", "ack");
    let mine = || button("Assign to me", "assign");
    let silence = || button("Silence 1 h", "silence");
    let resolve = || button("Resolve", "resolve");
    let investigate = match investigating {
        Investigating::None => Some(button("Investigate", "investigate")),
        Investigating::Running => None,
        Investigating::Found | Investigating::NothingWrong | Investigating::Done | Investigating::Failed => {
            Some(button("Investigate again", "investigate"))
        }
    };
    let mut all = match incident.state {
        IncidentState::Firing => vec![ack(), mine(), silence(), resolve()],
        IncidentState::Acknowledged => vec![mine(), silence(), resolve()],
        IncidentState::Silenced => vec![button("End silence", "reopen"), mine(), resolve()],
        IncidentState::Resolved => vec![button("Reopen", "reopen")],
    };
    all.extend(investigate);
    all.truncate(MAX_BUTTONS);
    all
}

/// The card of an incident: what, how bad, where, since when, how often, who has it, and where to look.
///
/// Times are instants, not spans: a card is not changed because time goes by, but for the year of one that is of another.
#[must_use]
pub fn card(incident: &Incident, investigating: &Investigating, now: Timestamp) -> Card {
    let head = format!("{} {}", mark(incident), word(incident.severity).to_uppercase());
    let mut content = vec![Inline::strong(head), Inline::Text(format!(" · {}", title(incident)))];
    content.push(Inline::Break);
    content.push(Inline::strong(standing(incident, now)));
    let is_said = incident.state == IncidentState::Acknowledged && incident.acked_by == incident.owner;
    if let Some(owner) = incident.owner.as_ref().filter(|_| !is_said) {
        let has = if incident.state.is_open() { "has" } else { "had" };
        content.push(Inline::Text(format!(" · {owner} {has} it")));
    } else if incident.owner.is_none() && incident.state.is_open() {
        content.push(Inline::Text(" · nobody has it".to_owned()));
    }
    let place = place(incident);
    if !place.is_empty() {
        content.extend([Inline::Break, Inline::Text(place)]);
    }
    let seen = format!("since {} · seen {}", instant(incident.starts_at, now), instant(incident.last_seen_at, now));
    content.extend([Inline::Break, Inline::Text(seen)]);
    let counts = counts(incident);
    if !counts.is_empty() {
        content.extend([Inline::Break, Inline::Text(counts)]);
    }
    let links = links(&incident.alert);
    if !links.is_empty() {
        content.push(Inline::Break);
        content.extend(links);
    }
    content.extend([Inline::Break, Inline::Code(format!("#{}", incident.id))]);
    let investigating = match investigating {
        Investigating::None => "",
        Investigating::Running => " · investigating",
        Investigating::Found => " · root cause found",
        Investigating::NothingWrong => " · investigated, nothing wrong found",
        Investigating::Done => " · investigated, cause unclear",
        Investigating::Failed => " · the investigation failed",
    };
    content.extend((!investigating.is_empty()).then(|| Inline::Text(investigating.to_owned())));
    Card {
        tone: tone(incident),
        phase: phase(incident.state),
        title: title(incident),
        name: format!("Incident #{}", incident.id),
        document: Document { blocks: vec![Block::Paragraph(content)] },
    }
}

fn phase(state: IncidentState) -> Phase {
    match state {
        IncidentState::Firing => Phase::Firing,
        IncidentState::Acknowledged => Phase::Acknowledged,
        IncidentState::Silenced => Phase::Silenced,
        IncidentState::Resolved => Phase::Resolved,
    }
}

fn tone(incident: &Incident) -> Tone {
    match (incident.state, incident.severity) {
        (IncidentState::Resolved, _) => Tone::Over,
        (IncidentState::Silenced, _) => Tone::Quiet,
        (IncidentState::Firing | IncidentState::Acknowledged, Severity::Critical) => Tone::Critical,
        (IncidentState::Firing | IncidentState::Acknowledged, Severity::Error) => Tone::Error,
        (IncidentState::Firing | IncidentState::Acknowledged, Severity::Warning) => Tone::Warning,
        (IncidentState::Firing | IncidentState::Acknowledged, Severity::Info) => Tone::Info,
        (IncidentState::Firing | IncidentState::Acknowledged, Severity::Unknown) => Tone::Unknown,
    }
}

pub(super) fn mark(incident: &Incident) -> &'static str {
    match (incident.state, incident.severity) {
        (IncidentState::Resolved, _) => "🟢",
        (IncidentState::Silenced, _) => "🔕",
        (IncidentState::Firing | IncidentState::Acknowledged, Severity::Critical) => "🔴",
        (IncidentState::Firing | IncidentState::Acknowledged, Severity::Error) => "🟠",
        (IncidentState::Firing | IncidentState::Acknowledged, Severity::Warning) => "🟡",
        (IncidentState::Firing | IncidentState::Acknowledged, Severity::Info) => "🔵",
        (IncidentState::Firing | IncidentState::Acknowledged, Severity::Unknown) => "⚪",
    }
}

pub(super) fn word(severity: Severity) -> &'static str {
    if severity == Severity::Unknown { "alert" } else { severity.as_str() }
}

/// Returns what an incident is called: its alert's title, or of several alerts what they have in common.
#[must_use]
pub fn title(incident: &Incident) -> String {
    let rule = incident.labels.get("alertname").filter(|_| incident.alerts > 1);
    one_line(rule.unwrap_or(&incident.alert.title), MAX_TITLE_CHARS)
}

pub(super) fn standing(incident: &Incident, now: Timestamp) -> String {
    match incident.state {
        IncidentState::Firing => "Firing".to_owned(),
        IncidentState::Acknowledged => match &incident.acked_by {
            Some(name) => format!("Acknowledged by {name}"),
            None => "Acknowledged".to_owned(),
        },
        IncidentState::Silenced => match incident.silenced_until {
            Some(until) => format!("Silenced until {}", instant(until, now)),
            None => "Silenced".to_owned(),
        },
        IncidentState::Resolved => match incident.resolved_at {
            Some(at) => format!("Resolved {} after {}", instant(at, now), span(at.since(incident.starts_at))),
            None => "Resolved".to_owned(),
        },
    }
}

fn place(incident: &Incident) -> String {
    let is_told = |name: &&String| !SAID.contains(&name.as_str());
    let labels: Vec<(&String, &String)> = if incident.alerts > 1 {
        // What the sender groups by comes first, and then where all of it is.
        let own = incident.labels.iter();
        let common = incident.common.iter().flatten().filter(|(name, _)| !incident.labels.contains_key(*name));
        let mut common: Vec<_> = common.collect();
        common.sort_by_key(|(name, _)| WHERE.iter().position(|first| first == name).unwrap_or(WHERE.len()));
        own.chain(common).collect()
    } else {
        incident.alert.labels.iter().collect()
    };
    let named = labels.into_iter().filter(|(name, _)| is_told(name)).take(MAX_LABELS);
    // A tag without a value is read as one that is true.
    let shown =
        |(name, value): (&String, &String)| if value == "true" { name.clone() } else { format!("{name} {value}") };
    one_line(&named.map(shown).collect::<Vec<_>>().join(" · "), MAX_WHERE_CHARS)
}

/// Says how many alerts there are, where there is more to say than one that fired once.
fn counts(incident: &Incident) -> String {
    let of = |number: u32, thing: &str| count(usize::try_from(number).unwrap_or(usize::MAX), thing);
    let mut facts = Vec::new();
    if incident.alerts > 1 || incident.left_out > 0 {
        // Of what a person has put away its source may say what it will: here it is over.
        let is_put_away = !incident.state.is_open() && incident.firing > 0;
        let firing = if is_put_away { String::new() } else { format!(", {} firing", incident.firing) };
        facts.push(format!("{}{firing}", of(incident.alerts, "alert")));
    }
    let unread = incident.unread.min(incident.left_out);
    if incident.left_out > unread {
        facts.push(format!("and {} more that the sender left out", incident.left_out - unread));
    }
    if unread > 0 {
        facts.push(format!("and {unread} more that came, of which only the number is kept"));
    }
    if incident.times > incident.alerts {
        facts.push(format!("fired {}", of(incident.times, "time")));
    }
    facts.join(" · ")
}

/// Writes an instant as short as it can be read at night; the year where it is not this one.
pub(super) fn instant(at: Timestamp, now: Timestamp) -> String {
    let read = |at: Timestamp| chrono::DateTime::from_timestamp_millis(at.0);
    let is_of_now = read(at).map(|at| at.year()) == read(now).map(|now| now.year());
    let form = if is_of_now { "%-d %b %H:%M UTC" } else { "%-d %b %Y %H:%M UTC" };
    read(at).map_or_else(|| at.0.to_string(), |at| at.format(form).to_string())
}

/// The pages of an alert, each at most once.
struct Pages<'a> {
    runbook: Option<&'a String>,
    dashboard: Option<&'a String>,
    /// Where it comes from.
    source: Option<&'a String>,
}

/// Returns the page at which an alert is looked at first: where it comes from, else its dashboard, else its runbook.
pub(super) fn page(alert: &Alert) -> Option<&String> {
    let Pages { runbook, dashboard, source } = pages(alert);
    source.or(dashboard).or(runbook)
}

fn pages(alert: &Alert) -> Pages<'_> {
    let annotated = |word: &str| {
        let mut all = alert.annotations.iter();
        all.find(|(key, value)| key.to_lowercase().contains(word) && alert.links.contains(value)).map(|(_, url)| url)
    };
    let is_board = |url: &&String| url.contains("/d/") || url.contains("dashboard");
    let runbook = annotated("runbook").or_else(|| alert.links.iter().find(|url| url.contains("runbook")));
    let dashboard = annotated("dashboard").or_else(|| alert.links.iter().find(is_board));
    let source = alert.links.iter().find(|url| Some(*url) != runbook && Some(*url) != dashboard);
    Pages { runbook, dashboard, source }
}

/// Names the pages of an alert.
fn links(alert: &Alert) -> Vec<Inline> {
    let Pages { runbook, dashboard, source } = pages(alert);
    let named = [("Runbook", runbook), ("Dashboard", dashboard), ("Source", source)];
    let mut content = Vec::new();
    for (name, url) in named.into_iter().filter_map(|(name, url)| Some((name, url?))) {
        if !content.is_empty() {
            content.push(Inline::Text(" · ".to_owned()));
        }
        content.push(Inline::Link { url: url.clone(), content: cell(name) });
    }
    content
}

/// Tells the thread of an incident what somebody did, or what happened by itself.
#[must_use]
pub fn told(incident: &Incident, line: &IncidentEntry, now: Timestamp) -> Document {
    let (what, at) = (what(line), instant(line.at, now));
    let by = by(line);
    let stands =
        if line.event == IncidentEvent::SilenceEnded { format!("; {}", fires(incident)) } else { String::new() };
    Document {
        blocks: vec![Block::Paragraph(vec![
            Inline::strong(format!("{what}{by}")),
            Inline::Text(format!("{stands} · {at}")),
        ])],
    }
}

/// Says how an incident stands behind a silence.
fn fires(incident: &Incident) -> String {
    let fires = if incident.firing == 0 { "nothing of it fires" } else { "it fires" };
    let acked = incident.acked_by.as_ref().map(|name| format!(", and {name} has acknowledged it"));
    format!("{fires}, as far as is known{}", acked.unwrap_or_default())
}

/// Names an incident before what is said about it, where that does not stand in its own thread.
#[must_use]
pub fn named(incident: &Incident, mut said: Document) -> Document {
    let number = Inline::Code(format!("#{}", incident.id));
    match said.blocks.first_mut() {
        Some(Block::Paragraph(content)) => {
            content.splice(0..0, [number, Inline::Text(" · ".to_owned())]);
        }
        Some(_) | None => said.blocks.insert(0, Block::Paragraph(vec![number])),
    }
    said
}

/// Says who did it; what nobody has done any more was done by nobody.
pub(super) fn by(line: &IncidentEntry) -> String {
    let name = line.name.as_ref().filter(|_| line.event != IncidentEvent::Unacked);
    name.map(|name| format!(" by {name}")).unwrap_or_default()
}

pub(super) fn what(line: &IncidentEntry) -> String {
    match line.event {
        IncidentEvent::Fired if line.first => "Fires".to_owned(),
        IncidentEvent::Fired => "Fires again".to_owned(),
        IncidentEvent::Cleared if !line.detail.is_empty() => format!("Closed: not heard of for {}", line.detail),
        IncidentEvent::Cleared => "Resolved at its source".to_owned(),
        IncidentEvent::Acked => "Acknowledged".to_owned(),
        IncidentEvent::Unacked => {
            format!("No longer acknowledged in {}", line.name.as_deref().unwrap_or("its source"))
        }
        IncidentEvent::Assigned => format!("Assigned to {}", line.detail),
        IncidentEvent::Silenced => {
            let length = humantime::parse_duration(&line.detail).map_or_else(|_| line.detail.clone(), chosen_span);
            format!("Silenced for {length}")
        }
        IncidentEvent::SilenceEnded if line.name.is_some() => "Silence ended".to_owned(),
        IncidentEvent::SilenceEnded => "The silence is over".to_owned(),
        IncidentEvent::Resolved => "Resolved".to_owned(),
        IncidentEvent::Reopened => "Reopened".to_owned(),
        IncidentEvent::Investigated => "Investigated".to_owned(),
    }
}

/// Answers who acted on an incident: what was done, and what that does; of a silence [`super::silence::done`] says more.
/// `who` is how people call them: where nobody can be answered alone any more, everybody reads it.
#[must_use]
pub fn done(incident: &Incident, event: IncidentEvent, who: &str, investigating: &Investigating) -> Document {
    let id = incident.id;
    let said = match event {
        IncidentEvent::Acked => {
            let goes_on = if *investigating == Investigating::Running { "; the investigation goes on" } else { "" };
            let taken = match incident.owner.as_deref().filter(|owner| *owner != who) {
                Some(owner) => format!("#{id} is acknowledged by {who}; {owner} has it"),
                None => format!("#{id} is yours, {who}"),
            };
            format!("{taken}. The team is told and repeats stay quiet{goes_on}.")
        }
        IncidentEvent::Assigned => match incident.owner.as_deref().unwrap_or("nobody") {
            owner if owner == who => format!("#{id} is assigned to {owner}."),
            owner => format!("#{id} is assigned to {owner} by {who}."),
        },
        IncidentEvent::Resolved => {
            format!("#{id} is resolved by {who}. It opens again when its source has a new alert.")
        }
        IncidentEvent::Reopened => format!("#{id} is reopened by {who}."),
        IncidentEvent::Investigated => {
            format!("#{id} is being investigated for {who}; what is found is told below its card.")
        }
        IncidentEvent::SilenceEnded => {
            format!("#{id} is silenced no longer; {}. {who} has ended the silence.", fires(incident))
        }
        IncidentEvent::Fired | IncidentEvent::Cleared | IncidentEvent::Unacked | IncidentEvent::Silenced => {
            format!("#{id} is {}.", incident.state.as_str())
        }
    };
    Document::text(said)
}

/// Refuses what makes no sense as the incident stands.
#[must_use]
pub fn refused(incident: &Incident, why: Refused) -> Document {
    Document::text(format!("#{}: nothing was done, {why}.", incident.id))
}

/// Tells that no incident of this chat is called so.
#[must_use]
pub fn unknown(id: &str) -> Document {
    let id = one_line(id, 40);
    let mut content = vec![Inline::Text(format!("No incident {id} here; "))];
    content.extend(marked("`/incidents` lists them."));
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Asks which incident is meant, where a command names none and stands in no incident's thread.
#[must_use]
pub fn none_meant() -> Document {
    line(
        "Say which incident: `/incidents` lists them, and `/ack 7` takes number 7. In an incident's thread no number is needed.",
    )
}

/// Tells that a word is no length of time for a silence.
#[must_use]
pub fn bad_span(word: &str, most: Duration) -> Document {
    let word = one_line(word, 40);
    Document::text(format!("{word:?} is no length of time up to {}; write 30m, 2h or 1d.", span(most)))
}

/// Tells that an investigation of it runs already.
#[must_use]
pub fn busy(incident: &Incident) -> Document {
    Document::text(format!("#{} is being investigated already.", incident.id))
}

/// Why an incident is not investigated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// So many investigations have begun in the last hour, of its group or of the chat.
    Spent(usize),
    /// The agent cannot be held back, and was not allowed alerts; holds its name.
    Unheld(String),
    /// There is no room for another task.
    Full,
}

/// Tells the thread, or who asked, why an incident is not investigated.
#[must_use]
pub fn held(why: &Held) -> Document {
    match why {
        Held::Spent(number) => Document::text(format!(
            "Not investigated by itself: {} in the last hour. Answer the card, or choose Investigate, to begin one.",
            count(*number, "investigation")
        )),
        Held::Unheld(agent) => line(&format!(
            "Not investigated: what `{agent}` does cannot be held back until somebody approves. \
             `agents.{agent}.alerts = true` gives it alerts all the same."
        )),
        Held::Full => Document::text("Not investigated: too much waits in this chat already."),
    }
}

/// The root cause in at most five lines; all of it stands behind a button.
#[must_use]
pub fn in_brief(incident: &Incident, task: &Task, name: &str, investigation: &Investigation, now: Timestamp) -> Draft {
    let Some(rca) = investigation.rca.as_ref().filter(|_| task.status == Status::Success) else {
        return Draft::from(Document::text(format!("#{}", incident.id))).then(super::rca::result(
            task,
            name,
            investigation,
            now,
        ));
    };
    let sentence = |text: &str| one_line(&Document::from_markdown(text).visible_text(), MAX_SENTENCE_CHARS);
    let has_cause = rca.verdict == Verdict::CauseFound;
    let mut first: Vec<Inline> = has_cause.then(|| Inline::strong("Root cause: ")).into_iter().collect();
    first.push(Inline::Text(sentence(&rca.root_cause.claim)));
    let mut lines = vec![first];
    lines.extend(rca.analysis.iter().take(2).map(|claim| cell(format!("• {}", sentence(&claim.claim)))));
    if let Some(step) = rca.next_steps.first() {
        lines.push(vec![Inline::strong("Next: "), Inline::Text(sentence(step))]);
    }
    // Where nothing was judged there is nothing to rate.
    let rating = match (rca.verdict, investigation.stats.score) {
        (Verdict::Unclear, _) => String::new(),
        (Verdict::CauseFound | Verdict::NothingWrong, Some(score)) => format!(" · Validity {score:.2}"),
        (Verdict::CauseFound | Verdict::NothingWrong, None) => " · Validity unrated".to_owned(),
    };
    let took = task.finished_at.unwrap_or(now).since(task.started_at.unwrap_or(task.created_at));
    let who = super::session::agent(&task.agent, task.model.as_deref());
    lines.push(cell(format!("#{} · [{name}] {who} · {}{rating}", incident.id, span(took))));
    let mut content = Vec::new();
    for (index, line) in lines.into_iter().enumerate() {
        content.extend((index > 0).then_some(Inline::Break));
        content.extend(line);
    }
    Document { blocks: vec![Block::Paragraph(content)] }.into()
}
