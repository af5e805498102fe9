//! The table of fires: each scheduled instant of a schedule is claimed once, and ends once.
//!
//! # Why a claim has no lease of its own
//! Fires are run by the process that has the core role, and each of its steps is refused once another has taken that: the
//! role's fencing number is the claims'. The role ends with its process, so that a claim is taken over at once.

use rusqlite::{OptionalExtension, Row, params};

use super::error::StoreError;
use super::id::{FireId, ScheduleId};
use super::schedule::{Fire, FireCause, FireState, Schedule};
use super::tx::Tx;
use crate::clock::Timestamp;
use crate::plan::due;

const COLUMNS: &str = "id, schedule, fire_at, cause, state, started_at, ended_at, error, missed";

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
    })
}

impl Tx<'_> {
    /// Decides what becomes of a schedule's fires up to now: claims those that are run, notes what was missed, and says when
    /// the next one is. A fire that is known is claimed no second time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claim_fires(&self, schedule: &Schedule) -> Result<(), StoreError> {
        let now = self.now();
        let due = due(&schedule.plan, schedule.planned_to, now, schedule.catch_up);
        if let Some(missed) = due.missed {
            let sql = "INSERT INTO fires (schedule, fire_at, cause, state, started_at, ended_at, missed)
                       VALUES (?1, ?2, 'planned', 'missed', ?3, ?3, ?4)
                       ON CONFLICT (schedule, fire_at, cause) DO NOTHING";
            self.connection.prepare_cached(sql)?.execute(params![schedule.id, missed, now, due.missed_count])?;
        }
        for at in due.run {
            let is_late = now.since(at) > crate::plan::ON_TIME;
            let cause = if is_late { FireCause::CaughtUp } else { FireCause::Planned };
            self.claim_fire(schedule.id, at, cause)?;
        }
        self.schedule_planned(schedule.id, now.max(schedule.planned_to), schedule.plan.after(now))
    }

    /// Claims a fire that somebody asks for now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ask_fire(&self, schedule: ScheduleId) -> Result<Option<FireId>, StoreError> {
        self.claim_fire(schedule, self.now(), FireCause::Asked)
    }

    fn claim_fire(&self, schedule: ScheduleId, at: Timestamp, cause: FireCause) -> Result<Option<FireId>, StoreError> {
        let sql = "INSERT INTO fires (schedule, fire_at, cause, state, started_at) VALUES (?1, ?2, ?3, 'claimed', ?4)
                   ON CONFLICT (schedule, fire_at, cause) DO NOTHING RETURNING id";
        let values = params![schedule, at, cause.as_str(), self.now()];
        Ok(self.connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?)
    }

    /// Returns fires that are claimed and have not ended, in the order of their claims; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claimed_fires(&self, limit: usize) -> Result<Vec<Fire>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM fires WHERE state = 'claimed' ORDER BY id LIMIT ?1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
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

    /// Ends a fire, in the same step in which what it delivers is written; `false` when it has ended before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_fire(&self, id: FireId, state: FireState, error: Option<&str>) -> Result<bool, StoreError> {
        let sql = "UPDATE fires SET state = ?2, error = ?3, ended_at = ?4 WHERE id = ?1 AND state = 'claimed'";
        let values = params![id, state.as_str(), error, self.now()];
        Ok(self.connection.prepare_cached(sql)?.execute(values)? > 0)
    }
}
