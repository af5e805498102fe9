//! Tables, and the numbered steps that lead to them.
//!
//! A step is never changed once released; a new need is a new step. `user_version` holds the number of the last one.

use rusqlite::{Connection, TransactionBehavior};

/// Forward migrations, in order; the n-th leads to schema n.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("schema/0001_spine.sql"),
    include_str!("schema/0002_chats.sql"),
    include_str!("schema/0003_investigations.sql"),
    include_str!("schema/0004_approvals.sql"),
    include_str!("schema/0005_ends.sql"),
    include_str!("schema/0006_forms.sql"),
    include_str!("schema/0007_threads.sql"),
    include_str!("schema/0008_incidents.sql"),
    include_str!("schema/0009_hooks.sql"),
    include_str!("schema/0010_silences.sql"),
    include_str!("schema/0011_put_away.sql"),
    include_str!("schema/0012_old_events.sql"),
    include_str!("schema/0013_silences_ended.sql"),
    include_str!("schema/0014_incident_threads.sql"),
    include_str!("schema/0015_told_ends.sql"),
    include_str!("schema/0016_schedules.sql"),
    include_str!("schema/0017_thread_guests.sql"),
    include_str!("schema/0018_questions.sql"),
    include_str!("schema/0019_unread.sql"),
    include_str!("schema/0020_button_words.sql"),
    include_str!("schema/0021_common_labels.sql"),
    include_str!("schema/0022_lanes.sql"),
    include_str!("schema/0023_schedules_whole.sql"),
    include_str!("schema/0024_schedules_many.sql"),
    include_str!("schema/0025_evidence.sql"),
    include_str!("schema/0026_grants.sql"),
    include_str!("schema/0027_acked_by.sql"),
    include_str!("schema/0028_projects.sql"),
];

/// Brings the database to the newest schema, each step in a transaction of its own.
///
/// # Errors
/// What the database reports; a step that failed has left nothing behind.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let at = version(&transaction)?;
        let Some(step) = usize::try_from(at).ok().and_then(|at| MIGRATIONS.get(at)) else { return Ok(()) };
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", at + 1)?;
        transaction.commit()?;
    }
}

/// Reads the number of the schema that a database has.
///
/// # Errors
/// What the database reports.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Returns the number of the newest schema.
#[must_use]
pub(super) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).expect("there are few migrations")
}
