//! How much there is of everything, for those who watch; and whether anything can be written at all.
//!
//! What is counted comes from indexes: few waiting rows, or a scan of an index without its rows. Ended tasks are the
//! exception, since their rows are long: each is counted when it ends, so that the totals also outlive the rows.

use std::collections::BTreeMap;

use super::delivery::State as DeliveryState;
use super::error::StoreError;
use super::id::TaskId;
use super::session::SessionStatus;
use super::spans::{Measured, Spans};
use super::task::Status;
use super::tx::Tx;
use crate::alert::Severity;
use crate::clock::Timestamp;
use crate::incident::{IncidentState, rank};

/// What the keys of ended tasks' totals begin with; a status follows.
const ENDED: &str = "total:tasks:";
/// The same of ended investigations, which are tasks too.
const INVESTIGATED: &str = "total:investigations:";
/// The row that is written to see whether writing works.
const PROBE: &str = "last:write_probe";

/// How much there is of everything, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tasks that have not ended, by status.
    pub tasks: Vec<(Status, u64)>,
    /// Tasks that have ended since the store was made, by status, forgotten ones included and those of checks left out.
    pub ended: Vec<(Status, u64)>,
    /// Sessions that are kept, by status.
    pub sessions: Vec<(SessionStatus, u64)>,
    /// Deliveries that are kept, by state.
    pub deliveries: Vec<(DeliveryState, u64)>,
    /// What is still to be delivered, by provider; a provider without any is missing.
    pub waiting: BTreeMap<String, Backlog>,
    /// Incidents that are not resolved, by severity and state.
    pub incidents: Vec<(Severity, IncidentState, u64)>,
    /// Investigations that have ended since the store was made, by final status.
    pub investigations: Vec<(Status, u64)>,
    /// How long incidents fired until somebody took them.
    pub to_ack: Spans,
    /// How long incidents lasted until they were resolved.
    pub to_resolution: Spans,
    /// Inbound messages that are kept.
    pub inbox: u64,
    /// Those of them that wait for the router.
    pub inbox_open: u64,
}

/// What a provider has still to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Deliveries.
    pub count: u64,
    /// When the oldest was written.
    pub oldest: Timestamp,
}

impl Backlog {
    fn add(&mut self, other: Self) {
        *self = Self { count: self.count + other.count, oldest: self.oldest.min(other.oldest) };
    }
}

impl Tx<'_> {
    /// Writes a row that means nothing: whoever may do this may do everything.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn probe_write(&self) -> Result<(), StoreError> {
        self.put(PROBE, &self.now().0.to_string(), None)
    }

    /// Counts everything, from indexes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn counts(&self) -> Result<Counts, StoreError> {
        let tasks = self.groups(UNFINISHED_TASKS)?;
        let sessions = self.groups(SESSIONS)?;
        let (ended, investigated) = (self.ended(ENDED)?, self.ended(INVESTIGATED)?);
        let incidents = self.open_incidents()?;
        let of = |groups: &BTreeMap<String, u64>, word: &str| groups.get(word).copied().unwrap_or(0);
        let (mut by_state, mut waiting) = (BTreeMap::new(), BTreeMap::<String, Backlog>::new());
        for (provider, state, group) in self.waiting()? {
            *by_state.entry(state).or_default() += group.count;
            waiting.entry(provider).and_modify(|sum| sum.add(group)).or_insert(group);
        }
        let failed = self.number(FAILED_DELIVERIES)?;
        let delivered = self.number(FINISHED_DELIVERIES)?.saturating_sub(failed);
        Ok(Counts {
            tasks: all(|status: &Status| !status.is_final(), |status| of(&tasks, status.as_str())),
            ended: all(|status: &Status| status.is_final(), |status| of(&ended, status.as_str())),
            sessions: SessionStatus::ALL.map(|status| (status, of(&sessions, status.as_str()))).into(),
            deliveries: DeliveryState::ALL
                .map(|state| {
                    let count = match state {
                        DeliveryState::Pending | DeliveryState::Sending | DeliveryState::Unknown => {
                            of(&by_state, state.as_str())
                        }
                        DeliveryState::Delivered => delivered,
                        DeliveryState::Failed => failed,
                    };
                    (state, count)
                })
                .into(),
            waiting,
            incidents: open_kinds()
                .map(|(severity, state)| (severity, state, incidents.get(&(rank(severity), state.as_str().to_owned()))))
                .map(|(severity, state, count)| (severity, state, count.copied().unwrap_or(0)))
                .collect(),
            investigations: all(|status: &Status| status.is_final(), |status| of(&investigated, status.as_str())),
            to_ack: self.spans(Measured::Ack)?,
            to_resolution: self.spans(Measured::Resolution)?,
            inbox: self.number(INBOX)?,
            inbox_open: self.number(OPEN_INBOX)?,
        })
    }

    /// Counts a task that ends, and an investigation as one of those too. What works for a check is nobody's work.
    pub(super) fn count_end(&self, task: &TaskId, status: Status) -> Result<(), StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM tasks WHERE id = ?1 AND is_check = 1)";
        if self.connection.prepare_cached(sql)?.query_row([task.as_str()], |row| row.get(0))? {
            return Ok(());
        }
        self.count_one_more(ENDED, status)?;
        let sql = "SELECT EXISTS (SELECT 1 FROM investigations WHERE task = ?1)";
        if self.connection.prepare_cached(sql)?.query_row([task.as_str()], |row| row.get(0))? {
            self.count_one_more(INVESTIGATED, status)?;
        }
        Ok(())
    }

    fn count_one_more(&self, totals: &str, status: Status) -> Result<(), StoreError> {
        let key = format!("{totals}{}", status.as_str());
        let count: u64 = self.fact(&key)?.and_then(|count| count.parse().ok()).unwrap_or(0);
        self.put(&key, &(count + 1).to_string(), None)
    }

    fn ended(&self, totals: &str) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut statement = self.connection.prepare_cached(ENDED_TASKS)?;
        // The first key behind all that begin so.
        let after = format!("{};", totals.trim_end_matches(':'));
        let rows = statement.query_map([totals, &after], |row| {
            let key: String = row.get(0)?;
            Ok((key.strip_prefix(totals).unwrap_or(&key).to_owned(), row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn open_incidents(&self) -> Result<BTreeMap<(u8, String), u64>, StoreError> {
        let mut statement = self.connection.prepare_cached(OPEN_INCIDENTS)?;
        let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Counts what waits to be delivered, by provider and state.
    fn waiting(&self) -> Result<Vec<(String, String, Backlog)>, StoreError> {
        let mut statement = self.connection.prepare_cached(WAITING_DELIVERIES)?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, Backlog { count: row.get(2)?, oldest: row.get(3)? })))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn groups(&self, sql: &str) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn number(&self, sql: &str) -> Result<u64, StoreError> {
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }
}

const UNFINISHED_TASKS: &str = "SELECT status, count(*) FROM tasks WHERE finished_at IS NULL GROUP BY status";
const ENDED_TASKS: &str = "SELECT key, CAST(value AS INTEGER) FROM kv WHERE key >= ?1 AND key < ?2";
const SESSIONS: &str = "SELECT status, count(*) FROM sessions GROUP BY status";
const WAITING_DELIVERIES: &str = "SELECT provider, state, count(*), min(created_at) FROM outbox
     WHERE state IN ('pending', 'sending', 'unknown') GROUP BY provider, state";
const OPEN_INCIDENTS: &str =
    "SELECT severity, state, count(*) FROM incidents WHERE state <> 'resolved' AND NOT (is_try AND alerts <= 1)
     GROUP BY severity, state";
const FAILED_DELIVERIES: &str = "SELECT count(*) FROM outbox WHERE state = 'failed'";
const FINISHED_DELIVERIES: &str = "SELECT count(*) FROM outbox WHERE finished_at IS NOT NULL";
const INBOX: &str = "SELECT count(*) FROM inbox";
const OPEN_INBOX: &str = "SELECT count(*) FROM inbox WHERE state = 'open'";

/// Every statement of [`Tx::counts`].
#[cfg(test)]
pub(super) const STATEMENTS: [&str; 9] = [
    OPEN_INCIDENTS,
    UNFINISHED_TASKS,
    ENDED_TASKS,
    SESSIONS,
    WAITING_DELIVERIES,
    FAILED_DELIVERIES,
    FINISHED_DELIVERIES,
    INBOX,
    OPEN_INBOX,
];

/// Returns every severity with every state of an incident that is not over.
fn open_kinds() -> impl Iterator<Item = (Severity, IncidentState)> {
    let open = || IncidentState::ALL.into_iter().filter(|state| state.is_open());
    Severity::ALL.into_iter().flat_map(move |severity| open().map(move |state| (severity, state)))
}

fn all(wanted: impl Fn(&Status) -> bool, count: impl Fn(Status) -> u64) -> Vec<(Status, u64)> {
    Status::ALL.into_iter().filter(wanted).map(|status| (status, count(status))).collect()
}
