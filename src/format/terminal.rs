//! What subcommands print as tables.

use signalbox_adapter::{Document, Inline, one_line};

use super::{ago, cell, instant, line, table};
use crate::clock::Timestamp;
use crate::store::Delivery;
use crate::store::pairing::Paired;

/// Longest reason shown for a delivery that was given up, in characters.
const MAX_REASON_CHARS: usize = 80;

/// Answers `signalbox outbox list`.
#[must_use]
pub fn deliveries(rows: &[Delivery], now: Timestamp) -> Document {
    if rows.is_empty() {
        return line("Nothing here.");
    }
    let rows = rows.iter().map(|row| {
        vec![
            vec![Inline::Code(row.key.to_string())],
            cell(row.state.as_str()),
            cell(row.address.to_string()),
            cell(ago(row.created_at, now)),
            cell(row.attempts.to_string()),
            cell(one_line(row.error.as_deref().unwrap_or_default(), MAX_REASON_CHARS)),
        ]
    });
    Document { blocks: vec![table(&["key", "state", "to", "written", "tries", "why"], rows.collect())] }
}

/// Answers `signalbox pair --list`.
#[must_use]
pub fn paired(people: &[Paired]) -> Document {
    if people.is_empty() {
        return line("Nobody is paired. `signalbox pair` makes a code.");
    }
    let rows = people.iter().map(|one| {
        vec![
            cell(format!("{}:{}", one.provider, one.user)),
            cell(one.name.clone()),
            cell(one.role.as_str()),
            cell(instant(one.since)),
        ]
    });
    Document { blocks: vec![table(&["who", "name", "role", "since"], rows.collect())] }
}
