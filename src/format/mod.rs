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
pub mod files;
pub mod fire;
#[cfg(all(test, feature = "telegram"))]
mod gallery;
pub mod home;
pub mod hooks;
pub mod import;
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
pub mod unasked;
pub mod unscheduled;
mod visible;

use std::borrow::Cow;
use std::time::Duration;

use signalbox_adapter::{Alignment, Block, Document, Inline};

use crate::clock::Timestamp;
pub use crate::command::marked;
use crate::plan::Zone;
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

/// Writes an instant as people of a chat read it, with the zone: `today 14:03 UTC`, `Sun 29 Nov 09:00 Asia/Kolkata`.
#[must_use]
pub fn when(at: Timestamp, zone: Zone, now: Timestamp) -> String {
    format!("{} {zone}", zone.shows_near(at, now))
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

/// Leaves columns out of a document's tables, the first that are named first, until they fit into so many columns of a terminal.
#[must_use]
pub fn narrowed(document: Document, width: usize, spare: &[&str]) -> Document {
    let mut document = document;
    for title in spare {
        if matches!(document.unfold_tables(width), Cow::Borrowed(_)) {
            break;
        }
        for block in &mut document.blocks {
            let Block::Table { align, header, rows } = block else { continue };
            let Some(at) = header.iter().position(|own| signalbox_adapter::inline_text(own) == *title) else {
                continue;
            };
            header.remove(at);
            align.remove(at);
            rows.iter_mut().filter(|row| row.len() > at).for_each(|row| drop(row.remove(at)));
        }
    }
    document
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
    fn a_table_loses_the_columns_that_are_least_needed_until_it_fits() {
        let rows = vec![vec![cell("otter"), cell("console:local"), cell("why is the build red?")]];
        let whole = Document { blocks: vec![table(&["session", "chat", "about"], rows)] };
        let titles = |width: usize| {
            let narrow = narrowed(whole.clone(), width, &["chat", "about"]);
            let Block::Table { header, align, rows } = &narrow.blocks[0] else { panic!("no table") };
            assert!(align.len() == header.len() && rows[0].len() == header.len());
            header.iter().map(|own| signalbox_adapter::inline_text(own)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(titles(80), "session chat about");
        assert_eq!(titles(40), "session about");
        assert_eq!(titles(20), "session");
    }

    #[test]
    fn small_costs_keep_their_digits() {
        assert_eq!([0.0421, 0.0012].map(cost), ["$0.04", "$0.0012"]);
    }
}
