//! The tables of schedules and their targets.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, Row, ToSql, params};
use signalbox_adapter::ChatAddress;

use super::chat::ChatKey;
use super::due::DueSchedule;
use super::error::StoreError;
use super::heard::first_check;
use super::id::ScheduleId;
use super::plans::{Plans, invalid};
use super::schedule::{NewSchedule, Schedule, ToldFire};
use super::tx::Tx;
use crate::plan::{CatchUp, DigestKind, Zone};

const COLUMNS: &str = "id, name, kind, cron, zone, span_ms, catch_up, quiet, paused, created_at, created_by, \
     planned_to, next_at, scope, agent, params, new_thread, since";

fn read(row: &Row<'_>, plans: &mut Plans) -> rusqlite::Result<Schedule> {
    fn known<T>(word: &str, found: Option<T>) -> rusqlite::Result<T> {
        found.ok_or_else(|| invalid(format!("unknown word {word:?}")))
    }
    let text = |column: usize| row.get::<_, String>(column);
    let (kind, catch_up) = (text(2)?, text(6)?);
    Ok(Schedule {
        id: row.get(0)?,
        made: NewSchedule {
            name: row.get(1)?,
            kind: known(&kind, DigestKind::from_word(&kind))?,
            plan: plans.read(text(3)?, text(4)?)?,
            targets: Vec::new(),
            span: Duration::from_millis(row.get(5)?),
            catch_up: known(&catch_up, CatchUp::from_word(&catch_up))?,
            quiet: row.get(7)?,
            new_thread: row.get(16)?,
            agent: row.get(14)?,
            params: serde_json::from_str(&text(15)?).map_err(invalid)?,
            created_by: row.get(10)?,
            scope: row.get(13)?,
        },
        paused: row.get(8)?,
        created_at: row.get(9)?,
        planned_to: row.get(11)?,
        next_at: row.get(12)?,
        since: row.get(17)?,
    })
}

impl Tx<'_> {
    /// Keeps a schedule; its first fire is the next after now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_schedule(&self, new: &NewSchedule) -> Result<Schedule, StoreError> {
        let span_ms = u64::try_from(new.span.as_millis()).unwrap_or(u64::MAX);
        let sql = "INSERT INTO schedules (name, kind, cron, zone, span_ms, catch_up, quiet, created_at, created_by,
                       planned_to, next_at, scope, agent, params, new_thread, since, check_at, paused)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?8, ?10, ?11, ?12, ?13, ?14, ?8, ?15, FALSE) RETURNING id";
        let next = new.plan.after(self.now());
        let values = params![
            new.name,
            new.kind.as_str(),
            new.plan.cron.to_string(),
            new.plan.zone.name(),
            span_ms,
            new.catch_up.as_str(),
            new.quiet,
            self.now(),
            new.created_by,
            next,
            new.scope,
            new.agent,
            serde_json::to_string(&new.params)?,
            new.new_thread,
            next.map(first_check)
        ];
        let id: ScheduleId = self.connection.prepare_cached(sql)?.query_row(values, |row| row.get(0))?;
        self.add_targets(id, &new.targets)?;
        self.schedule(id)?.ok_or_else(|| StoreError::Other("a schedule that was just made is gone".into()))
    }

    fn add_targets(&self, id: ScheduleId, targets: &[ChatAddress]) -> Result<(), StoreError> {
        let sql = "INSERT INTO schedule_targets (schedule, chat, address) VALUES (?1, ?2, ?3)
                   ON CONFLICT (schedule, address) DO NOTHING";
        for target in targets {
            let values = params![id, ChatKey::of(target), target.to_string()];
            self.connection.prepare_cached(sql)?.execute(values)?;
        }
        Ok(())
    }

    /// Makes a schedule what it is to be from now on. It keeps its number, its fires and whether it rests; a fire that was claimed
    /// is run. Where its plan is another, what would have fired by that before now was not missed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn edit_schedule(&self, was: &Schedule, new: &NewSchedule) -> Result<Schedule, StoreError> {
        // What is due by the plan that it had is not lost with that.
        if was.next_at.is_some_and(|next| next <= self.now()) {
            self.claim_fires(&[DueSchedule::of(was)])?;
        }
        let span_ms = u64::try_from(new.span.as_millis()).unwrap_or(u64::MAX);
        let sql =
            "UPDATE schedules SET name = ?2, kind = ?3, cron = ?4, zone = ?5, span_ms = ?6, catch_up = ?7, quiet = ?8,
                       agent = ?9, params = ?10, new_thread = ?11 WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute(params![
            was.id,
            new.name,
            new.kind.as_str(),
            new.plan.cron.to_string(),
            new.plan.zone.name(),
            span_ms,
            new.catch_up.as_str(),
            new.quiet,
            new.agent,
            serde_json::to_string(&new.params)?,
            new.new_thread
        ])?;
        for target in was.targets.iter().filter(|target| !new.targets.contains(target)) {
            let sql = "DELETE FROM schedule_targets WHERE schedule = ?1 AND address = ?2";
            self.connection.prepare_cached(sql)?.execute(params![was.id, target.to_string()])?;
        }
        self.add_targets(was.id, &new.targets)?;
        let now =
            self.schedule(was.id)?.ok_or_else(|| StoreError::Other("a schedule that is changed is gone".into()))?;
        if now.plan != was.plan || now.targets != was.targets {
            self.pause_schedule(&now, was.paused)?;
        }
        Ok(self.schedule(was.id)?.unwrap_or(now))
    }

    /// Returns a schedule.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn schedule(&self, id: ScheduleId) -> Result<Option<Schedule>, StoreError> {
        Ok(self.schedules_where("id = ?1", &[&id], 1)?.pop())
    }

    /// Returns schedules by their numbers, of one chat or of all, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn schedules(&self, chat: Option<&ChatKey>, limit: usize) -> Result<Vec<Schedule>, StoreError> {
        match chat {
            None => self.schedules_where("TRUE ORDER BY id", &[], limit),
            Some(chat) => {
                let filter = "id IN (SELECT schedule FROM schedule_targets WHERE chat = ?1) ORDER BY id";
                self.schedules_where(filter, &[chat], limit)
            }
        }
    }

    /// Returns schedules by their numbers with the last fire of each, of one chat or of all, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn schedules_with_last(
        &self,
        chat: Option<&ChatKey>,
        limit: usize,
    ) -> Result<Vec<(Schedule, Option<ToldFire>)>, StoreError> {
        let with_last = |schedule: Schedule| Ok((self.told_fires(schedule.id, 1)?.pop(), schedule));
        let rows = self.schedules(chat, limit)?.into_iter().map(with_last);
        rows.map(|row| row.map(|(last, schedule)| (schedule, last))).collect()
    }

    /// Returns schedules of a chat with the last fire of each, those that fire next first and those that rest last; at most `limit`.
    /// Without a chat those of all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_schedules(
        &self,
        chat: Option<&ChatKey>,
        limit: usize,
    ) -> Result<Vec<(Schedule, Option<ToldFire>)>, StoreError> {
        let filter = "(?1 IS NULL OR id IN (SELECT schedule FROM schedule_targets WHERE chat = ?1))
                      ORDER BY next_at IS NULL, next_at, id";
        let with_last = |schedule: Schedule| Ok((self.told_fires(schedule.id, 1)?.pop(), schedule));
        let rows = self.schedules_where(filter, &[&chat], limit)?.into_iter().map(with_last);
        rows.map(|row| row.map(|(last, schedule)| (schedule, last))).collect()
    }

    /// Returns the zone in which people of a chat read times: that of its newest schedule, else UTC.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn zone_of(&self, chat: &ChatKey) -> Result<Zone, StoreError> {
        let sql = "SELECT zone FROM schedules WHERE id IN (SELECT schedule FROM schedule_targets WHERE chat = ?1)
                   ORDER BY id DESC LIMIT 1";
        let found = self.connection.prepare_cached(sql)?.query_row([chat], |row| row.get::<_, String>(0)).optional()?;
        Ok(found.and_then(|name| name.parse().ok()).unwrap_or_default())
    }

    /// Returns the schedules that are called so, in whatever case, of one chat or of all; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn schedules_called(
        &self,
        name: &str,
        chat: Option<&ChatKey>,
        limit: usize,
    ) -> Result<Vec<Schedule>, StoreError> {
        let filter = "lower(name) = lower(?1)
                      AND (?2 IS NULL OR id IN (SELECT schedule FROM schedule_targets WHERE chat = ?2)) ORDER BY id";
        self.schedules_where(filter, &[&name, &chat], limit)
    }

    /// Counts all schedules.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_all_schedules(&self) -> Result<usize, StoreError> {
        Ok(self.connection.prepare_cached("SELECT count(*) FROM schedules")?.query_row([], |row| row.get(0))?)
    }

    /// Counts the schedules that deliver to a chat.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_schedules(&self, chat: &ChatKey) -> Result<usize, StoreError> {
        let sql = "SELECT count(DISTINCT schedule) FROM schedule_targets WHERE chat = ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([chat], |row| row.get(0))?)
    }

    pub(super) fn schedules_where(
        &self,
        filter: &str,
        values: &[&dyn ToSql],
        limit: usize,
    ) -> Result<Vec<Schedule>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM schedules WHERE {filter} LIMIT {limit}");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut plans = Plans::default();
        let rows = statement.query_map(values, |row| read(row, &mut plans))?;
        let mut schedules: Vec<Schedule> = rows.collect::<Result<_, _>>()?;
        for schedule in &mut schedules {
            schedule.made.targets = self.schedule_targets(schedule.id)?;
        }
        Ok(schedules)
    }

    fn schedule_targets(&self, id: ScheduleId) -> Result<Vec<ChatAddress>, StoreError> {
        let sql = "SELECT address FROM schedule_targets WHERE schedule = ?1 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([id], |row| row.get::<_, String>(0))?;
        let addresses = rows.map(|address| Ok::<_, StoreError>(address?.parse()));
        addresses
            .map(|address| address?.map_err(|error| StoreError::Other(format!("an address cannot be read: {error}"))))
            .collect()
    }

    /// Lets a schedule rest, or go on from now: what would have fired while it rested was not missed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pause_schedule(&self, schedule: &Schedule, paused: bool) -> Result<(), StoreError> {
        let now = self.now();
        let next = if paused { None } else { schedule.plan.after(now) };
        let sql = "UPDATE schedules SET paused = ?2, planned_to = CASE WHEN planned_to > ?3 THEN planned_to ELSE ?3 END, next_at = ?4, since = ?3, check_at = ?5
                   WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute(params![schedule.id, paused, now, next, next.map(first_check)])?;
        Ok(())
    }

    /// Forgets a schedule with its fires; what was already written is delivered all the same. `false` when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove_schedule(&self, id: ScheduleId) -> Result<bool, StoreError> {
        self.connection.prepare_cached("DELETE FROM fires WHERE schedule = ?1")?.execute([id])?;
        self.connection.prepare_cached("DELETE FROM schedule_targets WHERE schedule = ?1")?.execute([id])?;
        Ok(self.connection.prepare_cached("DELETE FROM schedules WHERE id = ?1")?.execute([id])? > 0)
    }
}
