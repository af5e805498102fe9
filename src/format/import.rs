//! What `signalbox cron import` says.

use signalbox_adapter::Document;

use super::cron::targets;
use super::{count, line};
use crate::store::Schedule;

/// Says that a file cannot be read.
#[must_use]
pub fn unreadable(file: &std::path::Path, why: &str) -> String {
    format!("{}: {why}", file.display())
}

/// Says that a file is too large.
#[must_use]
pub fn too_large(most_bytes: u64) -> String {
    format!("it is larger than {} MiB", most_bytes / 1024 / 1024)
}

/// Says what of an entry of a file was left out.
#[must_use]
pub fn left_out(number: usize, name: &str, keys: &[String]) -> String {
    format!("entry {number}, {name}: left out: {}", keys.join(", "))
}

/// Says why an entry of a file was not taken.
#[must_use]
pub fn not_imported(number: usize, why: &str) -> String {
    format!("entry {number}: {why}")
}

/// Says that an entry of a file is there already.
#[must_use]
pub fn imported_before(number: usize, name: &str) -> String {
    format!("Entry {number}, {name}, is there already.")
}

/// Says how many entries of a file were taken.
#[must_use]
pub fn imported(taken: usize, failed: usize) -> String {
    let failed = if failed > 0 { format!(", {failed} not") } else { String::new() };
    format!("{} taken{failed}.", count(taken, "schedule"))
}

/// Tells that a schedule was added that rests.
#[must_use]
pub fn added_paused(schedule: &Schedule) -> Document {
    line(&format!(
        "Added #{0}: {1} to {2}; it is paused: `cron resume {0}` lets it go on.",
        schedule.id,
        schedule.name,
        targets(schedule)
    ))
}
