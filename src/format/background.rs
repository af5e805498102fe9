//! What is said about background mode: how it is, what is tracked, and who is told.

use std::time::Duration;

use signalbox_adapter::{Block, Document, Inline, one_line};

use super::{Draft, ago, cell, cost, count, facts, line, rca, session, span, table, task as told, when};
use crate::clock::Timestamp;
use crate::command::channel::Channel;
use crate::config::Unreached;
use crate::plan::Zone;
use crate::store::{ChatKey, Delivery, Investigation, Task};

/// How a chat hears of finished investigations.
pub struct Told {
    /// The channels.
    pub channels: Vec<Channel>,
    /// Who stands behind the channels that are a provider's readers, or why nobody does.
    pub readers: Vec<(String, Result<Vec<String>, Nobody>)>,
    /// Whether nobody has set them, so that they are the default.
    pub by_default: bool,
}

/// Why nobody is told by a provider that is only written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nobody {
    /// This program was built without it.
    NotBuilt,
    /// Not all of these keys of the configuration are set.
    NotSet(&'static [&'static str]),
}

/// Why a chat cannot be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreachable {
    /// The provider says so, in these words.
    Said(String),
    /// The provider does not answer.
    Silent,
}

/// Why a channel cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable<'a> {
    /// The word does not name a channel.
    NotAChannel,
    /// Nobody stands behind it.
    Nobody(Nobody),
    /// No adapter of its provider is connected; holds why.
    NotConnected(Unreached),
    /// The person who asks is not allowed there.
    NotAllowed,
    /// It cannot be written to.
    Unreachable(&'a Unreachable),
}

/// Confirms that background mode is on or off.
#[must_use]
pub fn switched(on: bool) -> Document {
    line(if on {
        "Background mode is on: `/investigate` gives you an id at once and works while you chat on."
    } else {
        "Background mode is off: `/investigate` shows its progress and answer here, and follow-ups wait for it."
    })
}

/// Answers `/background status`.
#[must_use]
pub fn status(on: bool, (running, tracked): (usize, usize), told: &Told) -> Document {
    let text = |text: String| vec![Inline::Text(text)];
    let mode = if on { "on" } else { "off" };
    Document {
        blocks: vec![facts(vec![
            ("Background mode", text(mode.to_owned())),
            ("Investigations", text(format!("{running} running or queued, {tracked} tracked"))),
            ("Notified", channels(told)),
        ])],
    }
}

fn channels(told: &Told) -> Vec<Inline> {
    let mut content = Vec::new();
    if told.channels.is_empty() {
        content.push(Inline::Text("only the chat that asked".into()));
    }
    for (index, channel) in told.channels.iter().enumerate() {
        if index > 0 {
            content.push(Inline::Text(", ".into()));
        }
        content.push(Inline::Code(channel.to_string()));
    }
    if told.by_default {
        content.push(Inline::Text(" (default)".into()));
    }
    content
}

/// Answers `/background notify list`.
#[must_use]
pub fn notified(told: &Told) -> Document {
    let mut pairs = vec![("Notified", channels(told))];
    for (provider, readers) in &told.readers {
        let to = match readers {
            Ok(readers) => readers.join(", "),
            Err(why) => format!("nobody, because {}", nobody(*why)),
        };
        pairs.push((provider, super::marked(&to)));
    }
    Document { blocks: vec![facts(pairs)] }
}

/// Tells that a word is not a channel, or not one that can be used; the whole list is refused.
#[must_use]
pub fn not_a_channel(word: &str, why: Unusable<'_>, with_readers: &[&str]) -> Document {
    let mut content = vec![Inline::Text("Nothing changed: ".into()), Inline::Code(one_line(word, 60))];
    content.extend(super::marked(&format!(" {}. Use ", unusable(why))));
    for provider in with_readers {
        content.extend([Inline::Code((*provider).to_owned()), Inline::Text(", ".into())]);
    }
    content.extend([
        Inline::Code("chat".into()),
        Inline::Text(", a chat's address such as ".into()),
        Inline::Code("telegram:-1001234".into()),
        Inline::Text(", several with commas, or ".into()),
        Inline::Code("none".into()),
        Inline::Text(".".into()),
    ]);
    Document { blocks: vec![Block::Paragraph(content)] }
}

fn unusable(why: Unusable<'_>) -> String {
    match why {
        Unusable::NotAChannel => "is not a channel".to_owned(),
        Unusable::Nobody(why) => format!("cannot be used: {}", nobody(why)),
        Unusable::NotConnected(why) => {
            format!("cannot be reached: {}", why.to_string().trim_end_matches('?'))
        }
        Unusable::NotAllowed => {
            "cannot be used: only chats in which you, and in a direct chat also its person, may use this bot".to_owned()
        }
        Unusable::Unreachable(Unreachable::Said(words)) => {
            format!("cannot be written to ({})", one_line(words, 200).replace('`', "'"))
        }
        Unusable::Unreachable(Unreachable::Silent) => "cannot be written to: no answer came in time".to_owned(),
    }
}

fn nobody(why: Nobody) -> String {
    match why {
        Nobody::NotBuilt => "this program was built without it".to_owned(),
        Nobody::NotSet(keys) => {
            let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
            format!("{} is not set", keys.join(" or "))
        }
    }
}

/// Tells that a test is on its way.
#[must_use]
pub fn testing(told: &Told) -> Document {
    if told.channels.is_empty() {
        return line(
            "There is nothing to test: only the chat that asked is notified. `/background notify set` adds channels.",
        );
    }
    line("A test is on its way to each channel. `/background notify list` shows the outcome.")
}

/// Tells that there was a test just now.
#[must_use]
pub fn tested_just_now(every: Duration) -> Document {
    let every = super::span(every);
    line(&format!("Not sent again: one test in {every}. `/background notify list` shows what came of the last one."))
}

/// Tells what came of a test.
#[must_use]
pub fn tested(deliveries: &[Delivery]) -> Document {
    line("The last tests:").then(Document { blocks: vec![outcomes(deliveries)] })
}

/// The test itself.
#[must_use]
pub fn test_notice(chat: &ChatKey) -> Document {
    line("This is a test from signalbox.")
        .then(Document::text(format!("Finished investigations of {chat} will be announced here.")))
}

/// Returns the subject of the test where it is a mail.
#[must_use]
pub fn test_subject() -> &'static str {
    "signalbox test"
}

/// Lists investigations; ids are never cut.
#[must_use]
pub fn list(rows: &[(Task, Investigation)], now: Timestamp) -> Document {
    if rows.is_empty() {
        return line("No investigations yet. `/investigate` lists what it can look into.");
    }
    let rows = rows.iter().map(|(task, investigation)| {
        vec![
            vec![Inline::Code(task.id.to_string())],
            cell(task.status.as_str()),
            cell(one_line(&investigation.title, 40)),
            cell(one_line(&rca::in_brief(task, investigation), 60)),
            cell(ago(task.finished_at.unwrap_or(task.created_at), now)),
        ]
    });
    Document { blocks: vec![table(&["id", "status", "title", "root cause", "age"], rows.collect())] }
}

/// Shows everything of one.
#[must_use]
pub fn show(
    task: &Task,
    name: &str,
    investigation: &Investigation,
    deliveries: &[Delivery],
    (zone, now): (Zone, Timestamp),
) -> Draft {
    let text = |text: String| vec![Inline::Text(text)];
    let mut pairs = vec![
        ("Investigation", vec![Inline::Code(task.id.to_string())]),
        ("About", text(investigation.title.clone())),
        ("Status", text(task.status.as_str().to_owned())),
        ("Agent", text(session::agent(&task.agent, task.model.as_deref()))),
        ("Asked", text(when(task.created_at, zone, now))),
    ];
    if let Some(started) = task.started_at {
        pairs.push(("Duration", text(span(task.finished_at.unwrap_or(now).since(started)))));
    }
    if let Some(usd) = task.cost_usd.filter(|usd| *usd > 0.0) {
        pairs.push(("Cost", text(cost(usd))));
    }
    if let Some(fingerprint) = &investigation.fingerprint {
        pairs.push(("Alert", vec![Inline::Code(fingerprint.clone())]));
    }
    if investigation.repairs > 0 {
        let asked = format!("asked again: {}", investigation.fault.as_deref().unwrap_or_default());
        pairs.push((
            "Repair",
            text(format!("{} {asked}", count(usize::try_from(investigation.repairs).unwrap_or(0), "time"))),
        ));
    }
    let mut draft = Draft::from(Document { blocks: vec![facts(pairs)] });
    if task.status.is_final() {
        let body = if investigation.rca.is_some() {
            rca::analysis(investigation).into()
        } else {
            told::result(task, name, now)
        };
        draft = draft.then(body);
    }
    if deliveries.is_empty() {
        return draft;
    }
    draft.with(Block::text("Notifications:")).with(outcomes(deliveries))
}

fn outcomes(deliveries: &[Delivery]) -> Block {
    let rows = deliveries.iter().map(|delivery| {
        vec![
            vec![Inline::Code(delivery.address.to_string())],
            cell(rca::outcome(delivery.state)),
            cell(one_line(delivery.error.as_deref().unwrap_or_default(), 120)),
        ]
    });
    table(&["channel", "state", "reason"], rows.collect())
}

/// Confirms the active context.
#[must_use]
pub fn now_active(task: &Task, investigation: &Investigation) -> Document {
    let mut content = super::marked(&format!("Plain text in this chat now goes on from `{}`: ", task.id));
    content.push(Inline::Text(one_line(&investigation.title, 80)));
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Tells that one has not ended, or has no answer, so that nothing can go on from it.
#[must_use]
pub fn not_finished(task: &Task) -> Document {
    line(&format!("`{}` is {}. Only an investigation with an answer can be used.", task.id, task.status.as_str()))
}

/// Tells that a task is not an investigation.
#[must_use]
pub fn not_an_investigation(task: &Task) -> Document {
    line(&format!("`{}` is not an investigation. `/why {}` shows what it is.", task.id, task.id))
}
