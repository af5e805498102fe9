//! Whether schedules are heard of: a digest that has come to nobody for longer than twice its period is told once.
//!
//! # How it is known
//! After each instant at which a schedule fires it is looked which of its fires has come to a target last, as the provider's
//! receipt says. What is known is kept with the target, since fires and messages are forgotten before some schedules fire
//! again.

use std::time::Duration;

use rusqlite::params;
use signalbox_adapter::ChatAddress;

use super::chat::ChatKey;
use super::error::StoreError;
use super::id::ScheduleId;
use super::schedule::Schedule;
use super::tx::Tx;
use crate::clock::Timestamp;
use crate::plan::Plan;

/// How long after its instant a fire may take until it is missed.
const PATIENCE: Duration = Duration::from_secs(600);

/// Returns when is looked first whether a schedule is heard of that fires next at an instant.
pub(super) fn first_check(next: Timestamp) -> Timestamp {
    next.after(PATIENCE)
}

/// A target that has not heard of a schedule for longer than twice its period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentTarget {
    /// Where.
    pub address: ChatAddress,
    /// The last fire that has come there; `None` where none ever has.
    pub heard_at: Option<Timestamp>,
}

/// What is kept of a target.
struct Target {
    row: i64,
    address: ChatAddress,
    heard_at: Option<Timestamp>,
    warned_at: Option<Timestamp>,
}

/// Returns when a target that heard of a plan at an instant, or has waited from then on, has waited for two of its periods.
fn silent_from(plan: &Plan, heard_at: Timestamp) -> Option<Timestamp> {
    let (next, second) = plan.upcoming(heard_at).zip(plan.upcoming(heard_at).skip(1)).next()?;
    // Who has waited since between two fires waits for two whole periods as well.
    Some(second.max(heard_at.after(second.since(next) * 2)).after(PATIENCE))
}

impl Tx<'_> {
    /// Returns schedules of which it is time to look whether they are heard of; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn schedules_to_check(&self, limit: usize) -> Result<Vec<Schedule>, StoreError> {
        self.schedules_where("check_at <= ?1 ORDER BY check_at, id", &[&self.now()], limit)
    }

    /// Returns when it is next to be looked whether a schedule is heard of.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_check(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT min(check_at) FROM schedules WHERE check_at IS NOT NULL";
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// Looks which targets of a schedule have not heard of it for longer than twice its period, each of which is returned once
    /// until it hears again, and says when is looked next.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn check_schedule(&self, schedule: &Schedule) -> Result<Vec<SilentTarget>, StoreError> {
        let now = self.now();
        let mut silent = Vec::new();
        if self.is_at_work(schedule.id, now.before(PATIENCE))? {
            self.check_next(schedule.id, Some(now.after(PATIENCE)))?;
            return Ok(silent);
        }
        for target in self.targets_of(schedule.id)? {
            let heard_at = self.newest_heard(schedule.id, &target)?.or(target.heard_at);
            let from = heard_at.map_or(schedule.since, |heard| heard.max(schedule.since));
            let is_told = target.warned_at.is_some_and(|warned| warned >= from);
            let is_silent = silent_from(&schedule.plan, from).is_some_and(|silent_from| now > silent_from);
            let warned_at = if is_silent && !is_told {
                silent.push(SilentTarget { address: target.address, heard_at });
                Some(now)
            } else {
                target.warned_at
            };
            let sql = "UPDATE schedule_targets SET heard_at = ?2, warned_at = ?3 WHERE id = ?1";
            self.connection.prepare_cached(sql)?.execute(params![target.row, heard_at, warned_at])?;
        }
        let next = schedule.plan.upcoming(now.before(PATIENCE)).map(|fire| fire.after(PATIENCE)).find(|at| *at > now);
        self.check_next(schedule.id, next)?;
        Ok(silent)
    }

    fn check_next(&self, schedule: ScheduleId, at: Option<Timestamp>) -> Result<(), StoreError> {
        let sql = "UPDATE schedules SET check_at = ?2 WHERE id = ?1 AND NOT paused";
        self.connection.prepare_cached(sql)?.execute(params![schedule, at])?;
        Ok(())
    }

    /// Whether a fire was begun a short while ago, whose messages may be on their way.
    fn is_at_work(&self, schedule: ScheduleId, since: Timestamp) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM fires WHERE schedule = ?1 AND started_at > ?2 AND state <> 'missed')";
        Ok(self.connection.prepare_cached(sql)?.query_row(params![schedule, since], |row| row.get(0))?)
    }

    fn targets_of(&self, schedule: ScheduleId) -> Result<Vec<Target>, StoreError> {
        let sql = "SELECT id, address, heard_at, warned_at FROM schedule_targets WHERE schedule = ?1 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement
            .query_map([schedule], |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?)))?;
        let mut targets = Vec::new();
        for row in rows {
            let (row, address, heard_at, warned_at) = row?;
            let parsed = address.parse();
            let address = parsed.map_err(|error| StoreError::Other(format!("an address cannot be read: {error}")))?;
            targets.push(Target { row, address, heard_at, warned_at });
        }
        Ok(targets)
    }

    /// Returns the newest fire that has come to a target, or had nothing to say, after the one that is known.
    fn newest_heard(&self, schedule: ScheduleId, target: &Target) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(f.fire_at) FROM fires f WHERE f.schedule = ?1 AND f.fire_at > ?2 AND (f.state = 'quiet'
                       OR EXISTS (SELECT 1 FROM outbox o WHERE o.about = 'fire:' || f.id AND o.state = 'delivered'
                           AND (o.address = ?3 OR o.address = ?4 OR substr(o.address, 1, length(?4) + 1) = ?4 || '/')))";
        let known = target.heard_at.unwrap_or(Timestamp(i64::MIN));
        let values = params![schedule, known, target.address.to_string(), ChatKey::of(&target.address)];
        Ok(self.connection.prepare_cached(sql)?.query_row(values, |row| row.get(0))?)
    }
}
