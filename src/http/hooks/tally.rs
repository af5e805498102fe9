//! What came of requests to hooks since the process began: numbers that no row holds.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::refusal::HookRefusal;
use crate::config::HookSource;

/// The word for requests to hooks that are not there.
const NO_SOURCE: &str = "unknown";
/// The shortest time between two lines of the log about refusals for the same reason.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Numbers of one source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// Requests that were taken.
    pub(crate) taken: u64,
    /// Those of them that had come before.
    pub(crate) copies: u64,
    /// Those of them that told of no problem.
    pub(crate) no_news: u64,
    /// Alerts in them.
    pub(crate) alerts: u64,
    /// Those of these that began too long ago.
    pub(crate) too_old: u64,
    /// Requests without the list in which their alerts were said to stand.
    pub(crate) misplaced: u64,
}

/// What was counted, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tallied {
    /// By source; every source is there.
    pub(crate) sources: BTreeMap<&'static str, Numbers>,
    /// Refusals by source and reason; only those that occurred.
    pub(crate) refused: BTreeMap<(&'static str, &'static str), u64>,
}

/// The numbers, counted while requests come.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sources: BTreeMap<HookSource, Numbers>,
    refused: BTreeMap<(&'static str, &'static str), u64>,
    told: BTreeMap<(&'static str, HookRefusal), Instant>,
}

impl Tally {
    /// Counts what came of a request that was taken.
    pub(super) fn taken(&self, source: HookSource, what: &Numbers) {
        let mut state = self.state();
        let numbers = state.sources.entry(source).or_default();
        numbers.taken += what.taken;
        numbers.copies += what.copies;
        numbers.no_news += what.no_news;
        numbers.alerts += what.alerts;
        numbers.too_old += what.too_old;
    }

    /// Counts a request without the list in which its alerts were said to stand.
    pub(super) fn misplaced(&self, source: HookSource) {
        self.state().sources.entry(source).or_default().misplaced += 1;
    }

    /// Counts a refusal; says whether it is worth a line in the log.
    pub(super) fn refused(&self, source: Option<HookSource>, why: HookRefusal, now: Instant) -> bool {
        let source = source.map_or(NO_SOURCE, HookSource::as_str);
        let mut state = self.state();
        *state.refused.entry((source, why.as_str())).or_default() += 1;
        let told = state.told.get(&(source, why)).is_some_and(|at| now.duration_since(*at) < TELL_EVERY);
        if !told {
            state.told.insert((source, why), now);
        }
        !told
    }

    /// Returns the numbers.
    pub(crate) fn tallied(&self) -> Tallied {
        let state = self.state();
        let of = |source: HookSource| (source.as_str(), state.sources.get(&source).copied().unwrap_or_default());
        Tallied { sources: HookSource::ALL.into_iter().map(of).collect(), refused: state.refused.clone() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_all_counted_and_told_now_and_then() {
        let (tally, start) = (Tally::default(), Instant::now());
        let refuse = |after: u64| tally.refused(None, HookRefusal::Unknown, start + Duration::from_secs(after));
        assert_eq!([refuse(0), refuse(1), refuse(9), refuse(10)], [true, false, false, true]);
        assert!(tally.refused(Some(HookSource::GitHub), HookRefusal::Unknown, start));
        let tallied = tally.tallied();
        assert_eq!(tallied.refused, BTreeMap::from([(("unknown", "unknown"), 4), (("github", "unknown"), 1)]));
        assert_eq!(tallied.sources.len(), HookSource::ALL.len());
    }
}
