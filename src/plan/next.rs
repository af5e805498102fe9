//! The next fires of a plan.

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::cron::Cron;
use super::zone::Zone;
use crate::clock::Timestamp;

/// Longest that a zone has left out of its calendar: a day, as Samoa did in 2011, and what clocks are put forward by.
const LONGEST_GAP: TimeDelta = TimeDelta::hours(26);
/// How finely the end of a gap is looked for: no zone changes within a minute.
const GAP_STEP: TimeDelta = TimeDelta::minutes(1);

/// A cron expression in a time zone.
///
/// - A wall time that does not exist, since clocks were put forward, fires at the first instant after the gap; several that
///   fall into one gap fire there once.
/// - A wall time that exists twice, since clocks were put back, fires the first time.
/// - An expression whose hour is `*`, `*/n` or all of 0–23 keeps its rhythm: it fires in both of two equal hours, and has
///   nothing to fire in one that is left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// When, on the clock on the wall.
    pub cron: Cron,
    /// On which wall.
    pub zone: Zone,
}

impl Plan {
    /// Returns the first fire that is later than an instant; none if there is no other within the years that a calendar has.
    #[must_use]
    pub fn after(&self, instant: Timestamp) -> Option<Timestamp> {
        let after = Utc.timestamp_millis_opt(instant.0).single()?;
        let rhythmic = || self.cron.pattern().iter_after(after.with_timezone(&self.zone.tz())).next();
        let next = if self.cron.is_of_every_hour() { rhythmic() } else { None };
        let next = next.map(|next| next.with_timezone(&Utc)).or_else(|| self.after_by_the_wall(after))?;
        Some(Timestamp(next.timestamp_millis()))
    }

    /// Returns the next fires after an instant, so many at most.
    pub fn upcoming(&self, instant: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        std::iter::successors(self.after(instant), |last| self.after(*last))
    }

    /// Goes through the times on the wall and takes for each its instant. Equal instants fall together, since each is later
    /// than the one before.
    fn after_by_the_wall(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let zone = self.zone.tz();
        let from = after.with_timezone(&zone).naive_local().checked_sub_signed(LONGEST_GAP)?;
        let times = self.cron.pattern().iter_after(from);
        times.filter_map(|time| instant_of(zone, time)).find(|instant| *instant > after)
    }
}

/// Returns the instant at which a clock shows a time: the first of two, and the end of the gap for one that none shows.
fn instant_of(zone: Tz, time: NaiveDateTime) -> Option<DateTime<Utc>> {
    let end = time.checked_add_signed(LONGEST_GAP)?;
    let mut shown = time;
    while shown <= end {
        match zone.from_local_datetime(&shown) {
            LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => {
                return Some(instant.with_timezone(&Utc));
            }
            LocalResult::None => shown += GAP_STEP,
        }
    }
    None
}
