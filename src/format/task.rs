//! What is said about tasks: status, results, and what became of a request.

use std::time::{Duration, Instant};

use signalbox_adapter::{Block, Document, Inline, Item, one_line};

use super::approval::deed;
use super::{Draft, ago, cell, cost, count, line, session, span, table};
use crate::agent::event::Denial;
use crate::agent::progress::{Doing, MAX_STEP_CHARS, Progress};
use crate::clock::Timestamp;
use crate::store::{Approval, Status, Task};

/// Longest error text shown, in characters.
const MAX_ERROR_CHARS: usize = 4000;

/// A task in the status list.
pub struct Row {
    /// The task.
    pub task: Task,
    /// What it is called.
    pub name: String,
    /// Its place in the queue, where it waits.
    pub position: Option<usize>,
}

/// Answers `/status`; `open` are the requests that wait for an answer, with the names of what asks.
#[must_use]
pub fn status(rows: &[Row], open: &[(String, Approval)], elsewhere: usize, now: Timestamp) -> Document {
    let mut document = if rows.is_empty() {
        line("Nothing is running or queued here.")
    } else {
        let cells = rows.iter().map(|row| {
            let state = match row.position {
                Some(position) => format!("queued, position {position}"),
                None if row.task.cancel_at.is_some() => "stopping".to_owned(),
                None => format!("running {}", span(now.since(row.task.started_at.unwrap_or(now)))),
            };
            vec![
                vec![Inline::Code(row.name.clone())],
                vec![Inline::Code(row.task.id.to_string())],
                cell(state),
                cell(session::agent(&row.task.agent, row.task.model.as_deref())),
                cell(one_line(&row.task.prompt, 40)),
            ]
        });
        Document { blocks: vec![table(&["session", "task", "state", "agent", "prompt"], cells.collect())] }
    };
    for (name, approval) in open {
        document.blocks.extend(super::approval::still_open(name, approval).blocks);
    }
    if elsewhere > 0 {
        document.blocks.push(Block::text(format!("In other chats: {}.", count(elsewhere, "task"))));
    }
    document
}

/// Says in a few words which task it is.
#[must_use]
pub fn in_brief(task: &Task) -> String {
    format!("{} · {}", task.status.as_str(), one_line(&task.prompt, 60))
}

/// Announces how a task ended.
#[must_use]
pub fn result(task: &Task, name: &str, now: Timestamp) -> Draft {
    let headline = Draft::from(ended(task, name, now));
    let draft = match task.status {
        Status::Ok | Status::Success => headline.then(answer(task)),
        Status::Interrupted => headline.then(interrupted()),
        Status::Queued
        | Status::Running
        | Status::Aborted
        | Status::ErrorTimeout
        | Status::ErrorCli
        | Status::ErrorCliNotFound
        | Status::ErrorInternal => headline.then(failure(task)),
    };
    if task.denials.is_empty() { draft } else { draft.with(Block::text("Not permitted:")).with(denied(&task.denials)) }
}

/// Says why a task was ended through a fault of the program.
#[must_use]
pub fn our_fault() -> &'static str {
    "signalbox itself failed while it followed this run, so the agent was stopped. Its log says more."
}

/// Says in one line how a task ended.
#[must_use]
pub fn ended(task: &Task, name: &str, now: Timestamp) -> Document {
    let verdict = match task.status {
        Status::Ok | Status::Success if !task.is_answered() => "Not answered".to_owned(),
        Status::Ok | Status::Success => "Complete".to_owned(),
        Status::Aborted => "Cancelled".to_owned(),
        Status::Interrupted => "Interrupted".to_owned(),
        Status::Queued
        | Status::Running
        | Status::ErrorTimeout
        | Status::ErrorCli
        | Status::ErrorCliNotFound
        | Status::ErrorInternal => format!("Failed · {}", task.status.as_str()),
    };
    let mut rest = String::new();
    let mut fact = |text: String| {
        rest.push_str(" · ");
        rest.push_str(&text);
    };
    if let Some(started) = task.started_at {
        fact(span(task.finished_at.unwrap_or(now).since(started)));
    }
    fact(session::agent(&task.agent, task.model.as_deref()));
    if task.tools > 0 {
        fact(count(usize::try_from(task.tools).unwrap_or(usize::MAX), "tool"));
    }
    if let Some(cost) = task.cost_usd.filter(|cost| *cost > 0.0) {
        fact(self::cost(cost));
    }
    if !task.denials.is_empty() {
        fact(format!("{} denied", count(task.denials.len(), "action")));
    }
    let headline = vec![Inline::strong(format!("[{name}] {verdict}")), Inline::Text(rest)];
    Document { blocks: vec![Block::Paragraph(headline)] }
}

/// Writes one line about a task's run.
#[must_use]
pub fn progress_line(progress: &Progress, name: &str, agent: &str, running: Duration, now: Instant) -> String {
    let mut line = format!("{name} · {} · {agent}", span(Duration::from_secs(running.as_secs())));
    if progress.tools > 0 {
        line.push_str(&format!(" · {}", count(usize::try_from(progress.tools).unwrap_or(usize::MAX), "tool")));
    }
    let step = step(progress);
    let step = if step.is_empty() { one_line(&progress.said, MAX_STEP_CHARS) } else { step };
    if !step.is_empty() {
        line.push_str(&format!(" · {step}"));
    }
    if let Some(silent) = progress.silent(now) {
        line.push_str(&format!(" · silent for {}", span(silent)));
    }
    line
}

/// Shows the progress of a task: time, tools, step, the agent's last words, and how long it has been silent.
#[must_use]
pub fn progress(task: &Task, name: &str, progress: &Progress, stopping: bool, now: (Timestamp, Instant)) -> Document {
    let (now, instant) = now;
    let running = now.since(task.started_at.unwrap_or(task.created_at));
    let state = if stopping { "Stopping" } else { "Running" };
    let mut rest = format!(" · {}", span(Duration::from_secs(running.as_secs())));
    rest.push_str(&format!(" · {}", session::agent(&task.agent, task.model.as_deref())));
    if progress.tools > 0 {
        rest.push_str(&format!(" · {}", count(usize::try_from(progress.tools).unwrap_or(usize::MAX), "tool")));
    }
    if let Some(silent) = progress.silent(instant) {
        rest.push_str(&format!(" · silent for {}", span(silent)));
    }
    let headline = vec![Inline::strong(format!("[{name}] {state}")), Inline::Text(rest)];
    let mut document = Document { blocks: vec![Block::Paragraph(headline)] };
    let step = step(progress);
    if !step.is_empty() {
        document.blocks.push(Block::Paragraph(vec![Inline::Code(step)]));
    }
    if !progress.said.is_empty() {
        document.blocks.push(Block::Quote(vec![Block::text(progress.said.clone())]));
    }
    document
}

/// Says in one line what a run does now; nothing where that is not known.
fn step(progress: &Progress) -> String {
    let step = match &progress.step {
        Doing::Nothing => match progress.background.as_slice() {
            [] => String::new(),
            [only] => format!("in the background: {only}"),
            [first, rest @ ..] => format!("in the background: {first}, and {} more", rest.len()),
        },
        Doing::Tool { name, summary } => format!("{}: {summary}", deed(name).unwrap_or(name)),
        Doing::Asking { tool } => format!("waits for permission: {}", deed(tool).unwrap_or(tool)),
        Doing::Questioning => "waits for an answer".to_owned(),
        Doing::Proposing => "waits for a yes to its plan".to_owned(),
        Doing::Retrying { attempt, reason } => format!("retry {attempt}: {reason}"),
        Doing::Finishing => "finishing".to_owned(),
    };
    one_line(&step, MAX_STEP_CHARS)
}

fn answer(task: &Task) -> Draft {
    match task.result.as_deref().map(str::trim) {
        None | Some("") => Document::text("(no answer)").into(),
        Some(answer) => Draft::markdown(answer),
    }
}

fn interrupted() -> Document {
    line(
        "The machine or the supervisor stopped before this run was done. It is not repeated by itself, because it may \
         have changed something already.",
    )
}

fn failure(task: &Task) -> Draft {
    let mut draft = Draft::default();
    if let Some(error) = task.error.as_deref().map(str::trim).filter(|error| !error.is_empty()) {
        let mut text: String = error.chars().take(MAX_ERROR_CHARS).collect();
        if error.chars().nth(MAX_ERROR_CHARS).is_some() {
            text.push('…');
        }
        // Our own sentence, and the agent's words below it; all else is the agent's words alone, shown as they are.
        let is_ours = matches!(task.status, Status::ErrorCliNotFound | Status::ErrorTimeout | Status::ErrorInternal);
        let (ours, words) = if is_ours { text.split_once('\n').unwrap_or((&text, "")) } else { ("", text.as_str()) };
        if !ours.is_empty() {
            draft = draft.with(Block::Paragraph(super::marked(ours)));
        }
        if !words.is_empty() {
            draft = draft.with(Block::Code { language: None, text: words.to_owned() });
        }
    }
    with_partial(draft, task)
}

/// Adds what the agent had said, where it gave no answer.
fn with_partial(mut draft: Draft, task: &Task) -> Draft {
    if let Some(partial) = task.result.as_deref().map(str::trim).filter(|partial| !partial.is_empty()) {
        draft = draft.with(Block::text("The answer so far:")).then(Draft::markdown(partial));
    }
    draft
}

pub(super) fn denied(denials: &[Denial]) -> Block {
    let items = denials.iter().map(|denial| {
        let what = match denial.tool.as_str() {
            // What a person has said to them stands where they were asked.
            "ExitPlanMode" => Inline::Text("to go on with its plan".into()),
            "AskUserQuestion" => Inline::Text("its question (left unanswered)".into()),
            tool => Inline::Code(one_line(&format!("{tool} {}", denial.summary), 160)),
        };
        Item { checked: None, blocks: vec![Block::Paragraph(vec![what])] }
    });
    Block::List { start: None, items: items.collect() }
}

/// Tells that tasks are being stopped.
#[must_use]
pub fn stopping(names: &[String]) -> Document {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    line(&format!("Stopping {}.", names.join(", ")))
}

/// Tells that there is nothing to stop.
#[must_use]
pub fn nothing_to_stop(all: bool) -> Document {
    line(if all { "Nothing is running or queued in this chat." } else { "Nothing is running here." })
}

/// Tells that a task has ended already.
#[must_use]
pub fn already_ended(task: &Task, name: &str) -> Document {
    let how = match task.status {
        Status::Ok | Status::Success => "it is complete".to_owned(),
        Status::Aborted => "it was cancelled".to_owned(),
        Status::Interrupted => "it was interrupted".to_owned(),
        Status::Queued
        | Status::Running
        | Status::ErrorTimeout
        | Status::ErrorCli
        | Status::ErrorCliNotFound
        | Status::ErrorInternal => format!("it failed ({})", task.status.as_str()),
    };
    line(&format!("`{name}` has ended already: {how}."))
}

/// Tells that a task has not ended yet.
#[must_use]
pub fn not_ended(task: &Task, name: &str) -> Document {
    line(&format!("`{name}` is still {}. `/cancel {}` stops it.", task.status.as_str(), task.id))
}

/// Tells that a task was retried or discarded before.
#[must_use]
pub fn set_aside(name: &str) -> Document {
    line(&format!("This run of `{name}` was retried or discarded before. `@{name} <prompt>` continues the session."))
}

/// Confirms that a task was discarded.
#[must_use]
pub fn discarded(name: &str) -> Document {
    line(&format!("Discarded. `@{name} <prompt>` continues the session."))
}

/// Tells that no task has an id.
#[must_use]
pub fn unknown(id: &str) -> Document {
    let content = vec![
        Inline::Text("There is no task or message ".into()),
        Inline::Code(one_line(id, 40)),
        Inline::Text(" in this chat.".into()),
    ];
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Tells that several tasks begin so.
#[must_use]
pub fn ambiguous(id: &str, candidates: &[Task]) -> Document {
    let ids: Vec<String> = candidates.iter().map(|task| format!("`{}`", task.id)).collect();
    line(&format!("Several tasks begin with `{}`: {}.", one_line(id, 20).replace('`', ""), ids.join(", ")))
}

/// Tells how long ago a task was asked for, for lists.
#[must_use]
pub fn asked(task: &Task, now: Timestamp) -> String {
    ago(task.created_at, now)
}
