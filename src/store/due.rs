//! Schedules whose time has come, and the claims of their fires.
//!
//! # Why by the minute
//! Many schedules fire at one instant, and most of them by the same plan. What is due of a plan is found out once for all
//! that were last looked at within the same minute: a fire falls on a whole one, so that none lies within.

use std::collections::HashMap;

use rusqlite::params;

use super::error::StoreError;
use super::id::ScheduleId;
use super::plans::Plans;
use super::schedule::{FireCause, Schedule};
use super::tx::Tx;
use crate::clock::Timestamp;
use crate::plan::{CatchUp, DueFires, ON_TIME, Plan, due};

const MINUTE_MS: i64 = 60_000;

/// A schedule that is due, as far as it matters for its claims.
#[derive(Debug, Clone, PartialEq)]
pub struct DueSchedule {
    /// Its number.
    pub id: ScheduleId,
    /// When it fires.
    pub plan: Plan,
    /// What is done about missed fires.
    pub catch_up: CatchUp,
    /// What became of fires up to here is decided.
    pub planned_to: Timestamp,
}

impl DueSchedule {
    /// Returns what matters of a schedule for its claims.
    #[must_use]
    pub fn of(schedule: &Schedule) -> Self {
        Self {
            id: schedule.id,
            plan: schedule.plan.clone(),
            catch_up: schedule.catch_up,
            planned_to: schedule.planned_to,
        }
    }
}

/// What is due of a plan, and when it fires next.
type Due = (DueFires, Option<Timestamp>);

impl Tx<'_> {
    /// Returns when the next fire of all schedules is, due or to come.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_fire(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT min(next_at) FROM schedules WHERE next_at IS NOT NULL";
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// Returns schedules that have a fire by now, the earliest first; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn due_schedules(&self, limit: usize) -> Result<Vec<DueSchedule>, StoreError> {
        let sql = "SELECT id, cron, zone, catch_up, planned_to FROM schedules WHERE next_at <= ?1
                   ORDER BY next_at, id LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut plans = Plans::default();
        let rows = statement.query_map(params![self.now(), limit], |row| {
            let catch_up: String = row.get(3)?;
            Ok(DueSchedule {
                id: row.get(0)?,
                plan: plans.read(row.get(1)?, row.get(2)?)?,
                // What this version does not know is left out: a burst is worse.
                catch_up: CatchUp::from_word(&catch_up).unwrap_or(CatchUp::None),
                planned_to: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Decides what becomes of the fires of schedules up to now: claims those that are run, notes what was missed, and says when
    /// the next ones are. A fire that is known is claimed no second time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claim_fires(&self, schedules: &[DueSchedule]) -> Result<(), StoreError> {
        let now = self.now();
        let mut known: HashMap<(String, &'static str, &'static str, i64), Due> = HashMap::new();
        for schedule in schedules {
            let DueSchedule { plan, catch_up, planned_to, .. } = schedule;
            let minute = planned_to.0.div_euclid(MINUTE_MS);
            let key = (plan.cron.to_string(), plan.zone.name(), catch_up.as_str(), minute);
            let (due, next) = known
                .entry(key)
                .or_insert_with(|| (due(plan, Timestamp(minute * MINUTE_MS), now, *catch_up), plan.after(now)));
            self.claim_due(schedule, due, *next, now)?;
        }
        Ok(())
    }

    fn claim_due(
        &self,
        schedule: &DueSchedule,
        due: &DueFires,
        next: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(missed) = due.missed {
            let sql = "INSERT INTO fires (schedule, fire_at, cause, state, started_at, ended_at, missed)
                       VALUES (?1, ?2, 'planned', 'missed', ?3, ?3, ?4)
                       ON CONFLICT (schedule, fire_at) DO NOTHING";
            self.connection.prepare_cached(sql)?.execute(params![schedule.id, missed, now, due.missed_count])?;
        }
        for at in &due.run {
            let is_late = now.since(*at) > ON_TIME;
            self.claim_fire(schedule.id, *at, if is_late { FireCause::CaughtUp } else { FireCause::Planned })?;
        }
        let sql = "UPDATE schedules SET planned_to = ?2, next_at = ?3 WHERE id = ?1";
        let up_to = now.max(schedule.planned_to);
        self.connection.prepare_cached(sql)?.execute(params![schedule.id, up_to, next])?;
        Ok(())
    }
}
