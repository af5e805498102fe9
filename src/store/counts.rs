//! How much there is of everything, for those who watch; and whether anything can be written at all.
//!
//! What is counted comes from indexes: few waiting rows, or a scan of an index without its rows. Ended tasks are the
//! exception, since their rows are long: each is counted when it ends, so that the totals also outlive the rows.

use std::collections::BTreeMap;

use super::delivery::State as DeliveryState;
use super::error::StoreError;
use super::session::SessionStatus;
use super::task::Status;
use super::tx::Tx;
use crate::clock::Timestamp;

/// What the keys of ended tasks' totals begin with; a status follows.
const ENDED: &str = "total:tasks:";
/// The first key after all of [`ENDED`].
const AFTER_ENDED: &str = "total:tasks;";
/// The row that is written to see whether writing works.
const PROBE: &str = "last:write_probe";

/// How much there is of everything, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tasks that have not ended, by status.
    pub tasks: Vec<(Status, u64)>,
    /// Tasks that have ended since the store was made, by status, forgotten ones included.
    pub ended: Vec<(Status, u64)>,
    /// Sessions that are kept, by status.
    pub sessions: Vec<(SessionStatus, u64)>,
    /// Deliveries that are kept, by state.
    pub deliveries: Vec<(DeliveryState, u64)>,
    /// What is still to be delivered, by provider; a provider without any is missing.
    pub waiting: BTreeMap<String, Backlog>,
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
        let ended = self.ended()?;
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
            inbox: self.number(INBOX)?,
            inbox_open: self.number(OPEN_INBOX)?,
        })
    }

    /// Counts a task that ends.
    pub(super) fn count_end(&self, status: Status) -> Result<(), StoreError> {
        let key = format!("{ENDED}{}", status.as_str());
        let count: u64 = self.fact(&key)?.and_then(|count| count.parse().ok()).unwrap_or(0);
        self.put(&key, &(count + 1).to_string(), None)
    }

    fn ended(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut statement = self.connection.prepare_cached(ENDED_TASKS)?;
        let rows = statement.query_map([ENDED, AFTER_ENDED], |row| {
            let key: String = row.get(0)?;
            Ok((key.strip_prefix(ENDED).unwrap_or(&key).to_owned(), row.get(1)?))
        })?;
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
const FAILED_DELIVERIES: &str = "SELECT count(*) FROM outbox WHERE state = 'failed'";
const FINISHED_DELIVERIES: &str = "SELECT count(*) FROM outbox WHERE finished_at IS NOT NULL";
const INBOX: &str = "SELECT count(*) FROM inbox";
const OPEN_INBOX: &str = "SELECT count(*) FROM inbox WHERE state = 'open'";

/// Every statement of [`Tx::counts`].
#[cfg(test)]
pub(super) const STATEMENTS: [&str; 8] = [
    UNFINISHED_TASKS,
    ENDED_TASKS,
    SESSIONS,
    WAITING_DELIVERIES,
    FAILED_DELIVERIES,
    FINISHED_DELIVERIES,
    INBOX,
    OPEN_INBOX,
];

fn all(wanted: impl Fn(&Status) -> bool, count: impl Fn(Status) -> u64) -> Vec<(Status, u64)> {
    Status::ALL.into_iter().filter(wanted).map(|status| (status, count(status))).collect()
}
