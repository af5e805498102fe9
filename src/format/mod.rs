//! Every sentence the program says in a chat, pure: from values to a [`signalbox_adapter::Document`].

pub mod access;
pub mod agents;
pub mod approval;
pub mod background;
pub mod button;
mod chart;
pub mod cron;
pub mod delivery;
pub mod digest;
mod draft;
pub mod fire;
#[cfg(all(test, feature = "telegram"))]
mod gallery;
pub mod home;
pub mod hooks;
pub mod incident;
pub mod incidents;
pub mod intake;
pub mod integrations;
pub mod param;
pub mod project;
pub mod prompt;
pub mod rca;
pub mod run;
pub mod schedules;
pub mod session;
pub mod silence;
pub mod task;
pub mod terminal;
pub mod trace;
pub mod trouble;
pub mod unscheduled;
mod visible;

use std::time::Duration;

use signalbox_adapter::{Alignment, Block, Document, Inline};

use crate::clock::Timestamp;
pub use crate::command::marked;
pub use draft::Draft;

/// Makes a document of one line with `code` between backquotes; for sentences of our own, without foreign text.
#[must_use]
pub fn line(text: &str) -> Document {
    Document { blocks: vec![Block::Paragraph(marked(text))] }
}

/// Longest notice, in characters; Telegram shows 200.
const MAX_NOTICE_CHARS: usize = 200;

/// Returns a document as one line for the answer to a press, where it is short enough for that.
#[must_use]
pub fn notice(document: &Document) -> Option<String> {
    let [Block::Paragraph(content)] = document.blocks.as_slice() else { return None };
    let text = signalbox_adapter::inline_text(content);
    (text.chars().count() <= MAX_NOTICE_CHARS).then_some(text)
}

/// Writes a length of time as people say it: `0.4 s`, `12 s`, `10 min`, `3 min 5 s`, `2 h 10 min`, `4 d`.
#[must_use]
pub fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", length.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 if seconds % 3600 < 60 => format!("{} h", seconds / 3600),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Writes a length of time that somebody has chosen, without leaving anything of it out.
#[must_use]
pub fn chosen_span(length: Duration) -> String {
    let seconds = length.as_secs();
    let units = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let parts = units.into_iter().filter(|(number, _)| *number > 0);
    let written: Vec<String> = parts.map(|(number, unit)| format!("{number} {unit}")).collect();
    if written.is_empty() { span(length) } else { written.join(" ") }
}

/// Writes how long ago something was.
#[must_use]
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    let length = now.since(then);
    if length < Duration::from_secs(5) { "just now".into() } else { format!("{} ago", span(length)) }
}

/// Writes an instant in UTC.
#[must_use]
pub fn instant(at: Timestamp) -> String {
    chrono::DateTime::from_timestamp_millis(at.0)
        .map_or_else(|| at.0.to_string(), |at| at.format("%Y-%m-%d %H:%M:%S%.3f UTC").to_string())
}

/// Writes a cost in US dollars; small ones with more digits.
#[must_use]
pub fn cost(usd: f64) -> String {
    // What is a cent when it is rounded is written as one.
    if usd < 0.00995 { format!("${usd:.4}") } else { format!("${usd:.2}") }
}

/// Writes a number of things: `1 tool`, `7 tools`.
fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

fn cell(text: impl Into<String>) -> Vec<Inline> {
    vec![Inline::Text(text.into())]
}

fn table(header: &[&str], rows: Vec<Vec<Vec<Inline>>>) -> Block {
    Block::Table {
        align: vec![Alignment::Left; header.len()],
        header: header.iter().map(|&title| cell(title)).collect(),
        rows,
    }
}

/// Writes facts below each other: a bold word and its value.
fn facts(pairs: Vec<(&str, Vec<Inline>)>) -> Block {
    let mut content = Vec::new();
    for (index, (what, value)) in pairs.into_iter().enumerate() {
        if index > 0 {
            content.push(Inline::Break);
        }
        content.push(Inline::strong(what));
        content.push(Inline::Text(": ".into()));
        content.extend(value);
    }
    Block::Paragraph(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_written_as_people_say_them() {
        let lengths = [400, 12_000, 185_000, 600_000, 3_600_000, 7_800_000, 400_000_000];
        let written = lengths.map(|ms| span(Duration::from_millis(ms)));
        assert_eq!(written, ["0.4 s", "12 s", "3 min 5 s", "10 min", "1 h", "2 h 10 min", "4 d"]);
    }

    #[test]
    fn small_costs_keep_their_digits() {
        assert_eq!([0.0421, 0.0012].map(cost), ["$0.04", "$0.0012"]);
    }
}
