//! What happened in each part of a window, for the charts of digests.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::params;

use super::chat::ChatKey;
use super::error::StoreError;
use super::task::Status;
use super::tries::REAL;
use super::tx::Tx;
use crate::alert::Severity;
use crate::clock::Timestamp;
use crate::incident;

/// Most parts of a window: as many points as a chart has.
const MAX_PARTS: u64 = 20;
/// Lengths of parts that people name, in minutes, from the shortest.
const LENGTHS_MIN: [u64; 12] = [5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880];

/// What happened in each of a window's parts, from the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bars {
    /// How long each part is; the last may be shorter.
    pub each: Duration,
    /// Incidents that began, by severity, the worst first; only severities that there were.
    pub incidents: Vec<(Severity, Vec<usize>)>,
    /// Tasks that went well.
    pub went_well: Vec<usize>,
    /// Tasks that failed.
    pub failed: Vec<usize>,
    /// Tasks that were stopped, or whose end nobody saw.
    pub stopped: Vec<usize>,
}

/// How long the parts of a window are, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    each: Duration,
    count: usize,
}

impl Parts {
    fn of(length: Duration) -> Self {
        let lengths = LENGTHS_MIN.map(|minutes| Duration::from_secs(60 * minutes));
        let count = |each: Duration| length.as_millis().div_ceil(each.as_millis()).max(1);
        let fitting = lengths.into_iter().find(|each| count(*each) <= u128::from(MAX_PARTS));
        let each = fitting.unwrap_or(length / u32::try_from(MAX_PARTS).unwrap_or(1));
        Self { each, count: usize::try_from(count(each)).unwrap_or(1) }
    }

    fn none(self) -> Vec<usize> {
        vec![0; self.count]
    }

    /// The part, by its number as SQL counts them.
    fn at(self, part: usize) -> usize {
        part.min(self.count - 1)
    }
}

impl Tx<'_> {
    /// Counts what happened in each part of the window between two instants: in one chat, or in all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn bars(&self, from: Timestamp, to: Timestamp, chat: Option<&ChatKey>) -> Result<Bars, StoreError> {
        let parts = Parts::of(to.since(from));
        let mut bars = Bars {
            each: parts.each,
            incidents: Vec::new(),
            went_well: parts.none(),
            failed: parts.none(),
            stopped: parts.none(),
        };
        let part_ms = i64::try_from(parts.each.as_millis()).unwrap_or(i64::MAX);
        let values = params![from, to, chat, part_ms];
        let began = format!(
            "SELECT severity, (created_at - ?1) / ?4, count(*) FROM incidents
             WHERE created_at >= ?1 AND created_at < ?2 AND (?3 IS NULL OR chat = ?3) AND {REAL} GROUP BY 1, 2"
        );
        let mut by_rank: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
        let mut statement = self.connection.prepare_cached(&began)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            by_rank.entry(row.get(0)?).or_insert_with(|| parts.none())[parts.at(row.get(1)?)] +=
                row.get::<_, usize>(2)?;
        }
        bars.incidents = by_rank.into_iter().rev().map(|(rank, counts)| (incident::of_rank(rank), counts)).collect();
        let ended = "SELECT status, (finished_at - ?1) / ?4, count(*) FROM tasks
                     WHERE finished_at >= ?1 AND finished_at < ?2 AND NOT is_check AND fire IS NULL AND (?3 IS NULL OR chat = ?3)
                     GROUP BY 1, 2";
        let mut statement = self.connection.prepare_cached(ended)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            let counts = match Status::parse(&row.get::<_, String>(0)?) {
                Some(Status::Ok | Status::Success) => &mut bars.went_well,
                Some(status) if status.as_str().starts_with("error:") => &mut bars.failed,
                Some(_) => &mut bars.stopped,
                None => continue,
            };
            counts[parts.at(row.get(1)?)] += row.get::<_, usize>(2)?;
        }
        Ok(bars)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_people_name_them_and_at_most_twenty() {
        let hour = Duration::from_secs(3600);
        for (hours, each_min, count) in
            [(1, 5, 12), (6, 30, 12), (12, 60, 12), (20, 60, 20), (24, 120, 12), (168, 720, 14), (720, 2880, 15)]
        {
            let parts = Parts { each: Duration::from_secs(each_min * 60), count };
            assert_eq!(Parts::of(hour * hours), parts, "{hours} h");
        }
        assert_eq!(Parts::of(hour * 24 * 200).count, 20);
        assert_eq!(Parts::of(Duration::ZERO).count, 1);
    }
}
