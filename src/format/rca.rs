//! What is said about an investigation: its analysis, its record, and the notice that it is done.

use signalbox_adapter::{Block, Document, Inline, Item, one_line};

use super::{Draft, cell, count, line, marked, task};
use crate::alert::{AlertError, MAX_INPUT_BYTES};
use crate::clock::Timestamp;
use crate::command::code;
use crate::rca::template::Template;
use crate::rca::{Claim, Rca, Stats, Verdict};
use crate::store::{Admission, DeliveryState, Investigation, Session, Status, Task};

/// Longest root cause in a list or a notice, in characters.
const MAX_BRIEF_CHARS: usize = 160;
/// Longest quote shown, in characters.
const MAX_QUOTE_CHARS: usize = 300;

/// Answers `/investigate`: it has begun, or waits.
#[must_use]
pub fn admitted(
    session: &Session,
    admission: &Admission,
    title: &str,
    background: bool,
    mentions: &[String],
) -> Document {
    let who = super::session::agent(&session.agent, session.model.as_deref());
    let (task, state) = match admission {
        Admission::Started(task) => (task, "Investigating".to_owned()),
        Admission::Queued(task, position) => (task, format!("Queued · position {position}")),
    };
    let how = if background { " in the background" } else { "" };
    let mut content = vec![
        Inline::strong(format!("[{}] {state}{how}", session.name)),
        Inline::Text(format!(" · {who} · {}", one_line(title, MAX_BRIEF_CHARS))),
    ];
    if background {
        content.push(Inline::Break);
        content.extend(marked(&format!("`/background show {}` shows its progress.", task.id)));
    }
    for line in mentions {
        content.push(Inline::Break);
        content.extend(marked(line));
    }
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Announces how an investigation ended.
#[must_use]
pub fn result(ended: &Task, name: &str, investigation: &Investigation, now: Timestamp) -> Draft {
    match (ended.status, &investigation.rca) {
        (Status::Success, Some(_)) => {
            let headline = task::ended(ended, name, now);
            headline.then(titled(investigation)).then(analysis(investigation)).into()
        }
        _ => {
            let draft = task::result(ended, name, now);
            if ended.status == Status::Success { draft.with(numbers(&investigation.stats, None)) } else { draft }
        }
    }
}

/// Writes what an answer rests on, and when that was measured.
#[must_use]
pub fn measured(at: Timestamp, now: Timestamp, all: &str) -> String {
    format!("**Measured {}.**\n\n{all}", super::ago(at, now))
}

fn titled(investigation: &Investigation) -> Document {
    Document { blocks: vec![Block::Paragraph(vec![Inline::Emphasis(cell(investigation.title.clone()))])] }
}

/// Writes an analysis: cause, what supports it, what to do, and what was counted.
#[must_use]
pub fn analysis(investigation: &Investigation) -> Document {
    let mut blocks = Vec::new();
    if let Some(rca) = &investigation.rca {
        blocks.extend(headed(cause_word(rca.verdict), said(&rca.root_cause)));
        blocks.extend(claims(rca).into_iter().flat_map(|claims| headed("Analysis", vec![claims])));
        blocks.extend(steps(rca));
    }
    let verdict = investigation.rca.as_ref().map(|rca| rca.verdict);
    blocks.push(numbers(&investigation.stats, verdict));
    Document { blocks }
}

/// Writes an analysis below a line that has told its cause, whole or its beginning: what to do, what was counted, and folded
/// what supports it.
#[must_use]
pub fn folded(investigation: &Investigation, is_told: bool) -> Document {
    let mut blocks = Vec::new();
    if let Some(rca) = &investigation.rca {
        blocks.extend(steps(rca));
        let cause = if is_told { support(&rca.root_cause) } else { said(&rca.root_cause) };
        let details: Vec<Block> = cause.into_iter().chain(claims(rca)).collect();
        if !details.is_empty() {
            blocks.push(Block::details("Analysis", details));
        }
    }
    let verdict = investigation.rca.as_ref().map(|rca| rca.verdict);
    blocks.push(numbers(&investigation.stats, verdict));
    Document { blocks }
}

fn claims(rca: &Rca) -> Option<Block> {
    let items = rca.analysis.iter().map(|claim| Item { checked: None, blocks: said(claim) });
    (!rca.analysis.is_empty()).then(|| Block::List { start: Some(1), items: items.collect() })
}

fn steps(rca: &Rca) -> Vec<Block> {
    if rca.next_steps.is_empty() {
        return Vec::new();
    }
    let step = |step: &String| Item { checked: None, blocks: Document::from_markdown(step).blocks };
    let items = rca.next_steps.iter().map(step).collect();
    headed("What to do next", vec![Block::List { start: Some(1), items }])
}

fn cause_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::CauseFound => "Root cause",
        Verdict::NothingWrong => "Nothing wrong",
        Verdict::Unclear => "Root cause unclear",
    }
}

fn headed(title: &str, under: Vec<Block>) -> Vec<Block> {
    std::iter::once(Block::Heading { level: 3, content: cell(title) }).chain(under).collect()
}

/// What is claimed, and the words of a tool that show it.
fn said(claim: &Claim) -> Vec<Block> {
    let mut blocks = Document::from_markdown(&claim.claim).blocks;
    blocks.extend(support(claim));
    blocks
}

/// The words of a tool that show what is claimed, or that there are none.
fn support(claim: &Claim) -> Vec<Block> {
    let mut blocks = Vec::new();
    if claim.supported == Some(false) {
        blocks.push(Block::Paragraph(vec![Inline::Emphasis(cell("not backed by anything seen in this run"))]));
    }
    if let Some(evidence) = claim.evidence.first() {
        let mut content = Vec::new();
        if !evidence.tool.is_empty() {
            content.push(Inline::Text(format!("{}: ", one_line(&evidence.tool, 60))));
        }
        content.push(Inline::Code(one_line(&evidence.quote, MAX_QUOTE_CHARS)));
        blocks.push(Block::Paragraph(content));
    }
    blocks
}

/// What was counted of the run, in one line; where nothing was judged, nothing is rated.
fn numbers(stats: &Stats, verdict: Option<Verdict>) -> Block {
    let rating = match (verdict, stats.score) {
        (Some(Verdict::Unclear), _) => String::new(),
        (Some(Verdict::CauseFound | Verdict::NothingWrong) | None, Some(score)) => {
            format!("Validity {score:.2} ({} of {} claims backed by evidence) · ", stats.supported, stats.claims)
        }
        (Some(Verdict::CauseFound | Verdict::NothingWrong) | None, None) => "Validity unrated · ".to_owned(),
    };
    let of = |number: u32, thing: &str| count(usize::try_from(number).unwrap_or(usize::MAX), thing);
    Block::text(format!("{rating}{} · {}", of(stats.tool_calls, "tool call"), of(stats.loops, "loop")))
}

/// Returns the root cause, or how it ended without one, in one line.
#[must_use]
pub fn in_brief(task: &Task, investigation: &Investigation) -> String {
    match (&investigation.rca, task.status) {
        (Some(Rca { root_cause, .. }), _) => {
            one_line(&Document::from_markdown(&root_cause.claim).visible_text(), MAX_BRIEF_CHARS)
        }
        (None, Status::Success) => one_line(task.result.as_deref().unwrap_or("(no answer)"), MAX_BRIEF_CHARS),
        (None, _) => one_line(task.error.as_deref().unwrap_or_default(), MAX_BRIEF_CHARS),
    }
}

/// Writes the record for an agent that goes on from it.
#[must_use]
pub fn record(investigation: &Investigation) -> String {
    let text = match &investigation.rca {
        Some(_) => analysis(investigation).to_markdown(),
        None => investigation.answer.clone().unwrap_or_default(),
    };
    format!("Asked: {}\n\n{text}", investigation.title)
}

/// The notice that an investigation is done: short, for a chat that did not ask.
#[must_use]
pub fn notice(task: &Task, investigation: &Investigation) -> Document {
    let headline = vec![
        Inline::strong(format!("[{}] RCA {}", task.id, word(task))),
        Inline::Text(format!(" · {}", investigation.title)),
        Inline::Break,
        Inline::Text(in_brief(task, investigation)),
    ];
    Document { blocks: vec![Block::Paragraph(headline)] }
}

/// The subject of the mail that an investigation is done.
#[must_use]
pub fn subject(task: &Task, investigation: &Investigation) -> String {
    format!("signalbox RCA {}: {} — {}", word(task), task.id, investigation.title)
}

/// The mail that an investigation is done.
#[must_use]
pub fn mail(task: &Task, name: &str, investigation: &Investigation, now: Timestamp) -> Draft {
    let asked = vec![
        Inline::Text(format!("Asked in {}. ", task.address)),
        code(&format!("/background show {}", task.id)),
        Inline::Text(" there shows everything.".to_owned()),
    ];
    result(task, name, investigation, now).with(Block::Paragraph(asked))
}

fn word(task: &Task) -> &'static str {
    match task.status {
        Status::Success | Status::Ok => "complete",
        Status::Aborted => "cancelled",
        Status::Interrupted => "interrupted",
        Status::Queued
        | Status::Running
        | Status::ErrorTimeout
        | Status::ErrorCli
        | Status::ErrorCliNotFound
        | Status::ErrorInternal => "failed",
    }
}

/// Says how a delivery stands, in a word or two.
#[must_use]
pub fn outcome(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Pending => "waits",
        DeliveryState::Sending => "is being sent",
        DeliveryState::Unknown => "may have arrived",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Failed => "failed",
    }
}

/// Tells who presses once more that what is below an answer was done.
#[must_use]
pub fn begun() -> Document {
    line("This is investigated already.")
}

/// Lists the templates.
#[must_use]
pub fn templates() -> Document {
    let rows = crate::rca::template::all().iter().map(|template| {
        vec![vec![Inline::Code(template.name.clone())], cell(template.title.clone()), cell(template.about.clone())]
    });
    let table = super::table(&["template", "title", "for"], rows.collect());
    line("Send `/investigate` with a template, a question, or an alert (text, JSON or a file). The templates:")
        .then(Document { blocks: vec![table] })
}

/// Why something is not taken as an alert.
#[derive(Debug, Clone, Copy)]
pub enum NotTaken<'a> {
    /// The text gives no alert.
    Alert(&'a AlertError),
    /// The file that came along gives no text.
    File(&'a BadFile),
}

/// Why a file that came along gives no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadFile {
    /// The system does not let us read it; its words.
    Unreadable(String),
    /// It is longer than [`MAX_INPUT_BYTES`].
    Long,
}

/// Tells that no template is called so, but one nearly.
#[must_use]
pub fn no_template(word: &str, near: &Template) -> Document {
    let word = one_line(&word.replace('`', "'"), MAX_BRIEF_CHARS);
    line(&format!(
        "No template is called `{word}`. Did you mean `/investigate {}`? `/investigate -- {word}` takes it as a question.",
        near.name
    ))
}

/// Tells that an alert could not be read.
#[must_use]
pub fn bad_alert(why: &NotTaken<'_>) -> Document {
    Document::text(match why {
        NotTaken::Alert(AlertError::TooLarge { bytes, most }) => {
            format!("Not taken: the alert has {bytes} bytes; the limit is {most}.")
        }
        NotTaken::Alert(AlertError::TooDeep { most }) => {
            format!("Not taken: the JSON of the alert is nested more than {most} levels deep.")
        }
        NotTaken::Alert(AlertError::NotJson) => "Not taken: the alert is no JSON.".to_owned(),
        NotTaken::Alert(AlertError::Foreign) => "Not taken: the alert has nothing of what its source sends.".to_owned(),
        NotTaken::Alert(AlertError::Empty) => "Not taken: the alert is empty.".to_owned(),
        NotTaken::File(BadFile::Unreadable(error)) => {
            format!("Not taken: the attached file cannot be read ({}).", one_line(error, MAX_BRIEF_CHARS))
        }
        NotTaken::File(BadFile::Long) => {
            format!("Not taken: the attached file is longer than {MAX_INPUT_BYTES} bytes.")
        }
    })
}

/// Returns the title of several alerts: that of the first, and how many `more` there are.
#[must_use]
pub fn title(first: &str, more: u32) -> String {
    if more > 0 { format!("{first} (and {more} more)") } else { first.to_owned() }
}
