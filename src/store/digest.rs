//! What happened within a window, as digests tell it: counted from the rows.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::params;

use super::bars::Bars;
use super::chat::ChatKey;
use super::error::StoreError;
use super::id::{IncidentId, TaskId};
use super::incident::Incident;
use super::investigations::Investigation;
use super::task::Status;
use super::tries::REAL;
use super::tx::Tx;
use crate::alert::Severity;
use crate::clock::Timestamp;
use crate::incident;
use crate::rca::Verdict;

/// Open incidents named.
const MAX_OPEN: usize = 10;
/// Incidents too mild for a card that are named.
const MAX_MILD: usize = 5;
/// Groups of incidents named that fired most.
const MAX_NOISY: usize = 5;
/// Root causes named.
const MAX_CAUSES: usize = 5;
/// Most analyses that are looked through for causes.
const MAX_ANALYSES: usize = 100;
/// Incidents of a replay.
const MAX_REPLAYED: usize = 50;
/// Chats named in which messages were lost.
const MAX_LOST_IN: usize = 6;
/// Lengths of which the middle one is taken.
const MAX_LENGTHS: usize = 10_000;

/// A span between two instants: from the first, up to and without the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DigestWindow {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

impl DigestWindow {
    /// Returns the window of this length that ends at an instant.
    #[must_use]
    pub fn up_to(to: Timestamp, length: Duration) -> Self {
        Self { from: to.before(length), to }
    }

    /// Returns the window of the same length that ends where this begins.
    #[must_use]
    pub fn earlier(self) -> Self {
        Self::up_to(self.from, self.to.since(self.from))
    }
}

/// A group of incidents, and how often it fired.
#[derive(Debug, Clone, PartialEq)]
pub struct Noise {
    /// The newest of it.
    pub newest: Incident,
    /// How many incidents.
    pub incidents: usize,
    /// How often their alerts fired.
    pub times: usize,
}

/// A root cause that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundCause {
    /// Its task.
    pub task: TaskId,
    /// The analysis.
    pub investigation: Investigation,
}

/// What happened within a window.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Happened {
    /// Incidents that began, by severity, the worst first.
    pub began: Vec<(Severity, usize)>,
    /// Incidents that began in the window before.
    pub began_before: usize,
    /// Incidents that were resolved.
    pub resolved: usize,
    /// How long those took, the middle one.
    pub resolved_after: Option<Duration>,
    /// How long it took until somebody had one from when it was heard of here, the middle one.
    pub acked_after: Option<Duration>,
    /// Incidents that are open, and how many there are.
    pub open: Vec<Incident>,
    /// How many those are in all.
    pub open_count: usize,
    /// Incidents that are too mild for a card and open.
    pub mild: Vec<Incident>,
    /// How many those are in all.
    pub mild_count: usize,
    /// What fired most.
    pub noisy: Vec<Noise>,
    /// What happened in each of the window's parts.
    pub bars: Bars,
    /// Tasks that ended, by how; those that schedules set off are nobody's.
    pub tasks: BTreeMap<&'static str, usize>,
    /// Those of them that failed.
    pub failed_tasks: usize,
    /// What they cost, in US dollars, as far as agents say.
    pub cost_usd: f64,
    /// And in the window before.
    pub cost_before_usd: f64,
    /// Root causes that were found, the newest first.
    pub causes: Vec<FoundCause>,
    /// Messages that could not be delivered.
    pub undelivered: usize,
    /// Where those were to; six at most.
    pub undelivered_to: Vec<String>,
}

impl Happened {
    /// Returns how many incidents began.
    #[must_use]
    pub fn began_count(&self) -> usize {
        self.began.iter().map(|(_, count)| count).sum()
    }

    /// Returns how many tasks ended.
    #[must_use]
    pub fn task_count(&self) -> usize {
        self.tasks.values().sum()
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let told =
            [self.began_count(), self.resolved, self.open_count, self.mild_count, self.task_count(), self.undelivered];
        told.iter().all(|count| *count == 0)
    }
}

impl Tx<'_> {
    /// Counts what happened within a window: of one chat, or of all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn happened(&self, window: DigestWindow, chat: Option<&ChatKey>) -> Result<Happened, StoreError> {
        let began = self.began(window, chat)?;
        let earlier = window.earlier();
        let began_before = self.began(earlier, chat)?.iter().map(|(_, count)| count).sum();
        let resolved = self.lengths(
            &format!(
                "SELECT resolved_at - starts_at FROM incidents WHERE resolved_at >= ?1 AND resolved_at < ?2
                 AND (?3 IS NULL OR chat = ?3) AND {REAL} ORDER BY 1 LIMIT ?4"
            ),
            window,
            chat,
        )?;
        let acked = self.lengths(
            &format!(
                "SELECT min(e.at) - i.created_at FROM incident_events e JOIN incidents i ON i.id = e.incident
                 WHERE e.event IN ('acked', 'assigned') AND i.created_at >= ?1 AND i.created_at < ?2
                 AND (?3 IS NULL OR i.chat = ?3) AND {REAL} GROUP BY i.id, i.created_at ORDER BY 1 LIMIT ?4"
            ),
            window,
            chat,
        )?;
        let (open, open_count) = self.standing("NOT folded", MAX_OPEN, chat)?;
        let (mild, mild_count) = self.standing("folded", MAX_MILD, chat)?;
        let (tasks, cost_usd) = self.ended_tasks(window, chat)?;
        let failed = Status::ALL.iter().filter(|status| status.as_str().starts_with("error:"));
        let failed_tasks = failed.filter_map(|status| tasks.get(status.as_str())).sum();
        Ok(Happened {
            began,
            began_before,
            resolved: resolved.0,
            resolved_after: resolved.1,
            acked_after: acked.1,
            open,
            open_count,
            mild,
            mild_count,
            noisy: self.noisy(window, chat)?,
            bars: self.bars(window.from, window.to, chat)?,
            failed_tasks,
            tasks,
            cost_usd,
            cost_before_usd: self.ended_tasks(earlier, chat)?.1,
            causes: self.causes(window, chat)?,
            undelivered: self.undelivered(window, chat)?,
            undelivered_to: self.undelivered_to(window, chat)?,
        })
    }

    /// Returns the incidents that began within a window, the earliest first, and how many there are in all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn incidents_within(
        &self,
        window: DigestWindow,
        chat: Option<&ChatKey>,
    ) -> Result<(Vec<Incident>, usize), StoreError> {
        let filter = format!(
            "created_at >= ?1 AND created_at < ?2 AND (?3 IS NULL OR chat = ?3) AND {REAL} ORDER BY created_at, id"
        );
        let incidents = self.incidents_where(&filter, &[&window.from, &window.to, &chat], MAX_REPLAYED)?;
        let count = self.began(window, chat)?.iter().map(|(_, count)| count).sum();
        Ok((incidents, count))
    }

    fn began(&self, window: DigestWindow, chat: Option<&ChatKey>) -> Result<Vec<(Severity, usize)>, StoreError> {
        let sql = format!(
            "SELECT severity, count(*) FROM incidents WHERE created_at >= ?1 AND created_at < ?2
             AND (?3 IS NULL OR chat = ?3) AND {REAL} GROUP BY severity ORDER BY severity DESC"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![window.from, window.to, chat], |row| {
            Ok((incident::of_rank(row.get(0)?), row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Returns how many lengths a statement finds in order, and the middle one.
    fn lengths(
        &self,
        sql: &str,
        window: DigestWindow,
        chat: Option<&ChatKey>,
    ) -> Result<(usize, Option<Duration>), StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![window.from, window.to, chat, MAX_LENGTHS], |row| row.get(0))?;
        let lengths: Vec<i64> = rows.collect::<Result<_, _>>()?;
        let middle = lengths.get(lengths.len() / 2).map(|ms| Duration::from_millis(u64::try_from(*ms).unwrap_or(0)));
        Ok((lengths.len(), middle))
    }

    fn standing(
        &self,
        which: &str,
        limit: usize,
        chat: Option<&ChatKey>,
    ) -> Result<(Vec<Incident>, usize), StoreError> {
        let filter = format!("state <> 'resolved' AND {which} AND (?1 IS NULL OR chat = ?1) AND {REAL}");
        let sql = format!("SELECT count(*) FROM incidents WHERE {filter}");
        let count = self.connection.prepare_cached(&sql)?.query_row(params![chat], |row| row.get(0))?;
        let worst_first = format!("{filter} ORDER BY severity DESC, starts_at, id");
        Ok((self.incidents_where(&worst_first, &[&chat], limit)?, count))
    }

    fn noisy(&self, window: DigestWindow, chat: Option<&ChatKey>) -> Result<Vec<Noise>, StoreError> {
        let sql = format!(
            "SELECT max(id), count(*), sum(times) FROM incidents WHERE created_at < ?2 AND last_seen_at >= ?1
             AND (?3 IS NULL OR chat = ?3) AND {REAL} GROUP BY chat, grouping HAVING sum(times) > 1
             ORDER BY sum(times) DESC, max(id) DESC LIMIT ?4"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![window.from, window.to, chat, MAX_NOISY], |row| {
            Ok((row.get::<_, IncidentId>(0)?, row.get(1)?, row.get(2)?))
        })?;
        let groups: Vec<(IncidentId, usize, usize)> = rows.collect::<Result<_, _>>()?;
        let mut noisy = Vec::new();
        for (id, incidents, times) in groups {
            noisy.extend(self.incident(id)?.map(|newest| Noise { newest, incidents, times }));
        }
        Ok(noisy)
    }

    fn ended_tasks(
        &self,
        window: DigestWindow,
        chat: Option<&ChatKey>,
    ) -> Result<(BTreeMap<&'static str, usize>, f64), StoreError> {
        let sql = "SELECT status, count(*), coalesce(sum(cost_usd), 0.0) FROM tasks
                   WHERE finished_at >= ?1 AND finished_at < ?2 AND NOT is_check AND fire IS NULL AND (?3 IS NULL OR chat = ?3)
                   GROUP BY status";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![window.from, window.to, chat], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, usize>(1)?, row.get::<_, f64>(2)?))
        })?;
        let (mut tasks, mut cost) = (BTreeMap::new(), 0.0);
        for row in rows {
            let (status, count, usd) = row?;
            cost += usd;
            if let Some(status) = Status::parse(&status) {
                tasks.insert(status.as_str(), count);
            }
        }
        Ok((tasks, cost))
    }

    fn causes(&self, window: DigestWindow, chat: Option<&ChatKey>) -> Result<Vec<FoundCause>, StoreError> {
        let sql = "SELECT t.id FROM tasks t JOIN investigations i ON i.task = t.id WHERE t.finished_at >= ?1
                   AND t.finished_at < ?2 AND (?3 IS NULL OR t.chat = ?3) AND i.rca IS NOT NULL
                   ORDER BY t.seq DESC LIMIT ?4";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![window.from, window.to, chat, MAX_ANALYSES], |row| row.get(0))?;
        let tasks: Vec<TaskId> = rows.collect::<Result<_, _>>()?;
        let mut causes = Vec::new();
        for task in tasks {
            if causes.len() == MAX_CAUSES {
                break;
            }
            causes.extend(
                self.investigation(&task)?
                    .filter(|found| found.rca.as_ref().is_some_and(|rca| rca.verdict == Verdict::CauseFound))
                    .map(|investigation| FoundCause { task: task.clone(), investigation }),
            );
        }
        Ok(causes)
    }

    fn undelivered(&self, window: DigestWindow, chat: Option<&ChatKey>) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM outbox WHERE state = 'failed' AND finished_at >= ?1 AND finished_at < ?2
                   AND (?3 IS NULL OR address = ?3 OR substr(address, 1, length(?3) + 1) = ?3 || '/')";
        let values = params![window.from, window.to, chat];
        Ok(self.connection.prepare_cached(sql)?.query_row(values, |row| row.get(0))?)
    }

    fn undelivered_to(&self, window: DigestWindow, chat: Option<&ChatKey>) -> Result<Vec<String>, StoreError> {
        let sql =
            "SELECT DISTINCT address FROM outbox WHERE state = 'failed' AND finished_at >= ?1 AND finished_at < ?2
                   AND (?3 IS NULL OR address = ?3 OR substr(address, 1, length(?3) + 1) = ?3 || '/')
                   ORDER BY address LIMIT ?4";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![window.from, window.to, chat, MAX_LOST_IN], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
