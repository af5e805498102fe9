//! The table of fires: each scheduled instant of a schedule is claimed once, and ends once.
//!
//! A fire is *claimed* when its row is written, which an instant of a schedule has once for ever. Who runs it *takes* it: with
//! a lease, so that nobody else does, and a token, so that what one does whose lease has ended is refused. A lease is
//! renewed while work goes on, and has no meaning while the fire waits for tasks of its own, which nobody has to watch.
//!
//! # Why not the role alone
//! Fires are run by the process that has the core role, whose fencing number refuses what a former holder writes. A lease
//! holds besides within one process, where a step hangs and is begun again, and does not depend on there being one role.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, params};
use signalbox_adapter::{ChatAddress, MessageId};

use super::about::About;
use super::delivery::State as DeliveryState;
use super::error::StoreError;
use super::id::{FireId, ScheduleId};
use super::schedule::{Fire, FireCause, FireOutcome, FireState, ToldFire};
use super::task::Task;
use super::tx::Tx;
use crate::clock::Timestamp;

/// Fires of one schedule that can be asked for at one instant.
const MAX_ASKED_AT_ONCE: u64 = 100;
/// Tasks that work for one fire.
const MAX_TASKS: usize = 100;

const COLUMNS: &str = "id, schedule, fire_at, cause, state, started_at, ended_at, error, missed, token";

fn read(row: &Row<'_>) -> rusqlite::Result<Fire> {
    let (cause, state): (String, String) = (row.get(3)?, row.get(4)?);
    Ok(Fire {
        id: row.get(0)?,
        schedule: row.get(1)?,
        at: row.get(2)?,
        // The table takes no other word.
        cause: FireCause::parse(&cause).unwrap_or(FireCause::Planned),
        state: FireState::parse(&state).unwrap_or(FireState::Failed),
        started_at: row.get(5)?,
        ended_at: row.get(6)?,
        error: row.get(7)?,
        missed: row.get(8)?,
        token: row.get(9)?,
    })
}

impl Tx<'_> {
    /// Claims a fire that somebody asks for now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ask_fire(&self, schedule: ScheduleId) -> Result<Option<FireId>, StoreError> {
        // Its instant may be that of a planned one, or of another that was asked for.
        let instants = (0..MAX_ASKED_AT_ONCE).map(|after_ms| self.now().after(Duration::from_millis(after_ms)));
        for at in instants {
            if let Some(id) = self.claim_fire(schedule, at, FireCause::Asked)? {
                self.effects.borrow_mut().fires = true;
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    pub(super) fn claim_fire(
        &self,
        schedule: ScheduleId,
        at: Timestamp,
        cause: FireCause,
    ) -> Result<Option<FireId>, StoreError> {
        let sql = "INSERT INTO fires (schedule, fire_at, cause, state, started_at) VALUES (?1, ?2, ?3, 'claimed', ?4)
                   ON CONFLICT (schedule, fire_at) DO NOTHING RETURNING id";
        let values = params![schedule, at, cause.as_str(), self.now()];
        Ok(self.connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?)
    }

    /// Takes fires that are claimed and that nobody runs, in the order of their claims and those that had a holder last, for the
    /// length of a lease; at most `limit`. One whose holder let its lease end is taken from it, and one that waits for tasks of its own is left alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take_fires(&self, limit: usize, lease: Duration) -> Result<Vec<Fire>, StoreError> {
        let sql = format!(
            "UPDATE fires SET token = token + 1, lease_until = ?2
             WHERE id IN (SELECT f.id FROM fires f WHERE f.state = 'claimed' AND f.lease_until <= ?1 AND NOT EXISTS
                 (SELECT 1 FROM tasks t WHERE t.fire = f.id AND t.finished_at IS NULL) ORDER BY f.lease_until, f.id LIMIT ?3)
             RETURNING {COLUMNS}"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![self.now(), self.now().after(lease), limit], read)?;
        let mut fires: Vec<Fire> = rows.collect::<Result<_, _>>()?;
        fires.sort_by_key(|fire| fire.id);
        Ok(fires)
    }

    /// Whether there is a fire that can be taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn has_fires_to_take(&self) -> Result<bool, StoreError> {
        let sql =
            "SELECT EXISTS (SELECT 1 FROM fires f WHERE f.state = 'claimed' AND f.lease_until <= ?1 AND NOT EXISTS
                       (SELECT 1 FROM tasks t WHERE t.fire = f.id AND t.finished_at IS NULL))";
        Ok(self.connection.prepare_cached(sql)?.query_row([self.now()], |row| row.get(0))?)
    }

    /// Goes on holding a fire; `false` when it has ended or another has taken it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn renew_fire(&self, fire: &Fire, lease: Duration) -> Result<bool, StoreError> {
        self.lease(fire, self.now().after(lease))
    }

    /// Lets a fire go so that it can be taken at once, or as soon as the tasks that work for it have ended; `false` when it
    /// has ended or another has taken it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn let_fire_go(&self, fire: &Fire) -> Result<bool, StoreError> {
        self.lease(fire, Timestamp(0))
    }

    /// Whether a fire is still held by whoever took it so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn holds_fire(&self, fire: &Fire) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM fires WHERE id = ?1 AND state = 'claimed' AND token = ?2)";
        Ok(self.connection.prepare_cached(sql)?.query_row(params![fire.id, fire.token], |row| row.get(0))?)
    }

    fn lease(&self, fire: &Fire, until: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE fires SET lease_until = ?3 WHERE id = ?1 AND state = 'claimed' AND token = ?2";
        Ok(self.connection.prepare_cached(sql)?.execute(params![fire.id, fire.token, until])? > 0)
    }

    /// Takes all fires away from holders that are gone: for whoever has just got the role that they had. What one of them
    /// would still do is refused, should it only have been asleep.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn free_fires(&self) -> Result<(), StoreError> {
        let sql = "UPDATE fires SET token = token + 1, lease_until = 0 WHERE state = 'claimed' AND lease_until > 0";
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    /// Returns the newest task of each line of retries that works, or has worked, for a fire.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tasks_of_fire(&self, fire: FireId) -> Result<Vec<Task>, StoreError> {
        let newest = "fire = ?1 AND NOT EXISTS (SELECT 1 FROM tasks r WHERE r.retry_of = tasks.id AND r.fire = ?1)";
        self.tasks_where(newest, &[&fire], MAX_TASKS)
    }

    /// Returns tasks that work for a fire that is no more, since its schedule was removed, and were not told to stop.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tasks_without_fire(&self) -> Result<Vec<Task>, StoreError> {
        let filter = "fire IS NOT NULL AND finished_at IS NULL AND cancel_at IS NULL
                      AND NOT EXISTS (SELECT 1 FROM fires f WHERE f.id = tasks.fire)";
        self.tasks_where(filter, &[], MAX_TASKS)
    }

    /// Returns a fire.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn fire(&self, id: FireId) -> Result<Option<Fire>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM fires WHERE id = ?1");
        Ok(self.connection.prepare_cached(&sql)?.query_row([id], read).optional()?)
    }

    /// Returns the fires of a schedule, the newest first; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn fires(&self, schedule: ScheduleId, limit: usize) -> Result<Vec<Fire>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM fires WHERE schedule = ?1 ORDER BY fire_at DESC, id DESC LIMIT ?2");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![schedule, limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Counts the fires of a schedule.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_fires(&self, schedule: ScheduleId) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM fires WHERE schedule = ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([schedule], |row| row.get(0))?)
    }

    /// Returns the fires of a schedule with what became of each, the newest first; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn told_fires(&self, schedule: ScheduleId, limit: usize) -> Result<Vec<ToldFire>, StoreError> {
        let with_outcomes = |fire: Fire| Ok((self.fire_outcomes(fire.id)?, fire));
        let fires = self.fires(schedule, limit)?.into_iter().map(with_outcomes);
        fires.map(|told| told.map(|(outcomes, fire)| ToldFire { fire, outcomes })).collect()
    }

    /// Ends a fire, in the same step in which what it delivers is written; `false` when it has ended before, or another has
    /// taken it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_fire(&self, fire: &Fire, state: FireState, error: Option<&str>) -> Result<bool, StoreError> {
        let sql =
            "UPDATE fires SET state = ?2, error = ?3, ended_at = ?4 WHERE id = ?1 AND state = 'claimed' AND token = ?5";
        let values = params![fire.id, state.as_str(), error, self.now(), fire.token];
        Ok(self.connection.prepare_cached(sql)?.execute(values)? > 0)
    }

    /// Returns what became of a fire at each of its targets, in the order in which it was written. Delivered is what the
    /// provider has given a receipt for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn fire_outcomes(&self, fire: FireId) -> Result<Vec<FireOutcome>, StoreError> {
        // Only the last part says what it is about; those before it are found by what waits for what.
        let sql = "WITH RECURSIVE parts (id, key, after, address, state, message, error, created_at, next_at) AS (
                       SELECT id, key, after, address, state, message, error, created_at, next_at FROM outbox
                           WHERE about = ?1 AND NOT is_edit AND opens IS NULL
                       UNION SELECT o.id, o.key, o.after, o.address, o.state, o.message, o.error, o.created_at, o.next_at
                           FROM outbox o JOIN parts p ON o.key = p.after WHERE NOT o.is_edit AND o.opens IS NULL)
                   SELECT key, address, state, message, error, created_at, next_at FROM parts ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([About::Fire(fire)], |row| {
            let text = |column: usize| row.get::<_, Option<String>>(column);
            let when: (Timestamp, Timestamp) = (row.get(5)?, row.get(6)?);
            let (key, address) = (row.get::<_, String>(0)?, row.get::<_, String>(1)?);
            Ok((key, address, row.get::<_, String>(2)?, text(3)?, text(4)?, when))
        })?;
        let mut outcomes: Vec<FireOutcome> = Vec::new();
        for row in rows {
            let (key, address, state, message, error, (since, next_at)) = row?;
            let parsed: Result<ChatAddress, _> = address.parse();
            let address = parsed.map_err(|error| StoreError::Other(format!("an address cannot be read: {error}")))?;
            let state = DeliveryState::parse(&state);
            let one =
                FireOutcome { address, state, messages: Vec::new(), error: None, since, next_try: None, lost: None };
            // A thread that was begun by its first part is the same target.
            let is_of = |other: &&mut FireOutcome| {
                other.address.provider == one.address.provider && other.address.chat == one.address.chat
            };
            let known = outcomes.iter_mut().find(is_of);
            let outcome = match known {
                Some(known) => known,
                None => {
                    outcomes.push(one);
                    outcomes.last_mut().expect("one was just pushed")
                }
            };
            if rank(state) > rank(outcome.state) {
                outcome.state = state;
            }
            outcome.messages.extend(message.map(MessageId::new));
            // What was not tried yet, or waits for a terminal, has no hour.
            let has_hour = matches!(state, DeliveryState::Pending | DeliveryState::Unknown) && next_at > Timestamp(0);
            if has_hour && outcome.next_try.is_none() {
                outcome.next_try = Some(next_at);
            }
            if state == DeliveryState::Failed && outcome.lost.is_none() {
                outcome.lost = Some(key);
                outcome.error = error;
            } else if outcome.error.is_none() && state != DeliveryState::Delivered {
                outcome.error = error;
            }
        }
        Ok(outcomes)
    }

    /// Sends again what of a fire was given up, to those of its targets; returns to how many. What has arrived is not sent again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn retry_fire(&self, fire: FireId) -> Result<usize, StoreError> {
        let mut again = 0;
        for lost in self.fire_outcomes(fire)?.into_iter().filter_map(|outcome| outcome.lost) {
            again += usize::from(self.retry_delivery(&lost)?);
        }
        Ok(again)
    }
}

/// How much a state says of a message that has several parts: the worst counts.
fn rank(state: DeliveryState) -> u8 {
    match state {
        DeliveryState::Delivered => 0,
        DeliveryState::Pending => 1,
        DeliveryState::Sending => 2,
        DeliveryState::Unknown => 3,
        DeliveryState::Failed => 4,
    }
}
