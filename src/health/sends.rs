//! What came of attempts to send, counted by provider since the process began.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use signalbox_adapter::Deliver;

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sent {
    /// It was taken, or had been before.
    Taken,
    /// It is made again later: it surely was not taken.
    Later,
    /// It is asked about, or made again: nobody knows.
    Unclear,
    /// It was refused, and is made again in a plainer form.
    Plainer,
    /// It was given up.
    GivenUp,
}

impl Sent {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Taken, Self::Later, Self::Unclear, Self::Plainer, Self::GivenUp];

    /// Returns the word for it in the metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Later => "later",
            Self::Unclear => "unclear",
            Self::Plainer => "plainer",
            Self::GivenUp => "given_up",
        }
    }
}

/// Counts attempts to send; knows no provider that nobody has told it of.
#[derive(Default)]
pub struct Sends {
    counts: Mutex<BTreeMap<String, Counted>>,
}

#[derive(Default)]
struct Counted {
    adapter: Option<Arc<dyn Deliver>>,
    attempts: BTreeMap<Sent, u64>,
    retries: u64,
}

/// What was counted of a provider, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendCounts {
    /// Attempts, by what came of them; all of [`Sent::ALL`] are there.
    pub attempts: Vec<(Sent, u64)>,
    /// Attempts for what had been tried before.
    pub retries: u64,
    /// Calls, of sends and all else, that the provider has refused because there were too many.
    pub too_many: u64,
}

impl Sends {
    /// Counts from now on for these providers.
    pub fn watch(&self, adapters: &BTreeMap<String, Arc<dyn Deliver>>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for (provider, adapter) in adapters {
            counts.entry(provider.clone()).or_default().adapter = Some(Arc::clone(adapter));
        }
    }

    /// Counts an attempt; `again` where it was not the first for its message.
    pub fn count(&self, provider: &str, what: Sent, again: bool) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counted) = counts.get_mut(provider) {
            *counted.attempts.entry(what).or_default() += 1;
            counted.retries += u64::from(again);
        }
    }

    /// Returns what was counted, by provider.
    #[must_use]
    pub fn counted(&self) -> BTreeMap<String, SendCounts> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let told = |counted: &Counted| SendCounts {
            attempts: Sent::ALL.map(|what| (what, counted.attempts.get(&what).copied().unwrap_or_default())).into(),
            retries: counted.retries,
            too_many: counted.adapter.as_ref().map_or(0, |adapter| adapter.too_many()),
        };
        counts.iter().map(|(provider, counted)| (provider.clone(), told(counted))).collect()
    }
}

impl fmt::Debug for Sends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sends").field(&self.counted()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_providers_that_are_watched_are_counted() {
        let sends = Sends::default();
        sends.count("nobody", Sent::Taken, false);
        assert!(sends.counted().is_empty());
        sends.counts.lock().expect("not poisoned").insert("one".into(), Counted::default());
        sends.count("one", Sent::Later, false);
        sends.count("one", Sent::Taken, true);
        let one = &sends.counted()["one"];
        assert_eq!((one.retries, one.too_many, one.attempts.len()), (1, 0, Sent::ALL.len()));
        assert!(one.attempts.contains(&(Sent::Taken, 1)) && one.attempts.contains(&(Sent::Later, 1)), "{one:?}");
    }
}
