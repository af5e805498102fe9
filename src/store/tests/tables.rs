//! Every table is known: what becomes of its rows, and whether it goes along when a chat gets a new id.

use super::*;
use crate::store::chats::MOVES;
use crate::store::retention::{FORGETS, SWEEPS};

/// Tables whose rows nothing sweeps, each with the reason.
const KEPT: [(&str, &str); 8] = [
    ("chats", "one row a chat that is used: what was set there"),
    ("hooks", "a hook stays until somebody removes it"),
    ("investigations", "each goes with its task"),
    ("moved_chats", "one row a chat that has moved: what was allowed under the old id holds"),
    ("paired", "a person stays until taken back"),
    ("schedule_targets", "each goes with its schedule"),
    ("schedules", "a schedule stays until somebody removes it"),
    ("roles", "one row a role: a fencing number must never come again"),
];

/// Tables with a chat that stay as they are when the chat moves, each with the reason.
const UNMOVED: [(&str, &str); 1] =
    [("inbox", "a message has arrived where it has arrived, and has no id in the new chat")];

/// Columns that name a chat, each in its own form.
const NAMES_OF_A_CHAT: [&str; 3] = ["chat", "address", "lane"];

/// Each table with its columns.
async fn tables() -> Vec<(String, Vec<String>)> {
    let read = |tx: &Tx<'_>| {
        let sql = "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
                   WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name";
        let mut statement = tx.connection.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        let mut tables: Vec<(String, Vec<String>)> = Vec::new();
        for row in rows {
            let (table, column) = row?;
            match tables.last_mut().filter(|last| last.0 == table) {
                Some((_, columns)) => columns.push(column),
                None => tables.push((table, vec![column])),
            }
        }
        Ok(tables)
    };
    let tables = Desk::new().did(read).await;
    assert!(tables.len() > 10, "{tables:?}");
    tables
}

/// Whether a statement changes a table.
fn changes(statement: &str, table: &str) -> bool {
    ["INSERT INTO", "UPDATE", "DELETE FROM"].iter().any(|verb| statement.starts_with(&format!("{verb} {table} ")))
}

fn listed(list: &[(&str, &str)], table: &str) -> bool {
    list.iter().any(|(name, _)| *name == table)
}

#[tokio::test]
async fn the_rows_of_every_table_have_an_end_or_a_reason_to_stay() {
    for (table, _) in tables().await {
        let ends = FORGETS.iter().chain(&SWEEPS).any(|step| step.starts_with("DELETE") && changes(step, &table));
        assert!(ends != listed(&KEPT, &table), "{table}: swept by retention.rs, or kept for a reason told here");
    }
}

#[tokio::test]
async fn every_table_with_a_chat_goes_along_when_the_chat_moves_or_stays_for_a_reason() {
    for (table, columns) in tables().await {
        let names_a_chat = columns.iter().any(|column| NAMES_OF_A_CHAT.contains(&column.as_str()));
        let moves = MOVES.iter().any(|step| changes(step, &table));
        let reason = listed(&UNMOVED, &table);
        assert!(
            names_a_chat == (moves || reason) && !(moves && reason),
            "{table}: moved by chats.rs, or not, for a reason"
        );
    }
}

#[tokio::test]
async fn the_lists_name_no_table_that_is_not_there() {
    let tables = tables().await;
    for (name, _) in KEPT.iter().chain(&UNMOVED) {
        assert!(tables.iter().any(|(table, _)| table == name), "{name}");
    }
}
