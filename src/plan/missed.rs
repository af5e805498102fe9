//! What becomes of fires that are due: run, or missed.

use std::time::Duration;

use super::next::Plan;
use crate::clock::Timestamp;

/// A fire is on time for so long: a scheduler looks each second, and a busy database or a short restart is no reason to
/// leave a digest out.
pub const ON_TIME: Duration = Duration::from_secs(120);
/// A fire that was missed may be caught up with for so long.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(12 * 3600);
/// Most fires that are caught up with at once, the latest ones: what is older than these is missed.
const MAX_CAUGHT_UP: usize = 24;
/// Most fires older than that which are counted.
const MAX_COUNTED: usize = 10_000;

/// What is done about fires that were missed, since nothing ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUp {
    /// Nothing.
    None,
    /// The last one is run, if it is not older than 12 hours.
    Last,
    /// Each of the last 24 within 12 hours is run, one after the other.
    All,
}

impl CatchUp {
    /// Returns the word that people type.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Last => "last",
            Self::All => "all",
        }
    }

    /// Finds what a word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::None, Self::Last, Self::All].into_iter().find(|one| one.as_str().eq_ignore_ascii_case(word))
    }
}

/// The fires of a plan between two instants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DueFires {
    /// To be run, the earliest first.
    pub run: Vec<Timestamp>,
    /// The last one that was missed and is not run.
    pub missed: Option<Timestamp>,
    /// How many were missed and are not run; 10,000 of those older than 12 hours stand for any more.
    pub missed_count: usize,
}

/// Sorts the fires after a watermark, up to now.
#[must_use]
pub fn due(plan: &Plan, watermark: Timestamp, now: Timestamp, catch_up: CatchUp) -> DueFires {
    let fires = |from: Timestamp, to: Timestamp| plan.upcoming(from).take_while(move |fire| *fire <= to);
    // What is older than this is not run in any case; of that, only a number and the last is told.
    let horizon = now.before(CATCH_UP_WITHIN).max(watermark);
    let (old_count, old_last) =
        fires(watermark, horizon).take(MAX_COUNTED).fold((0, None), |(count, _), fire| (count + 1, Some(fire)));
    let recent: Vec<Timestamp> = fires(horizon, now).collect();
    let late = recent.iter().take_while(|fire| now.since(**fire) > ON_TIME).count();
    let (late, on_time) = recent.split_at(late);
    let caught_up = match catch_up {
        CatchUp::None => 0,
        // One that is on time says all that the missed one would have said.
        CatchUp::Last if !on_time.is_empty() => 0,
        CatchUp::Last => late.len().min(1),
        CatchUp::All => late.len().min(MAX_CAUGHT_UP),
    };
    let (missed, caught_up) = late.split_at(late.len() - caught_up);
    DueFires {
        run: caught_up.iter().chain(on_time).copied().collect(),
        missed: missed.last().copied().or(old_last),
        missed_count: old_count + missed.len(),
    }
}
