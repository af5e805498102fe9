//! How long things took, counted by length: totals that outlive the rows they come from.

use std::time::Duration;

use super::error::StoreError;
use super::tx::Tx;

/// Lengths up to which is counted, in seconds; what is longer comes last.
const UP_TO_S: [u64; 6] = [60, 300, 900, 3600, 14_400, 86_400];
/// What the keys of lengths begin with; what took so long follows.
const SPANS: &str = "total:span:";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measured {
    /// From the firing of an incident, or its reopening, until somebody has taken it.
    Ack,
    /// From there until it was over.
    Resolution,
}

impl Measured {
    fn key(self) -> String {
        let word = match self {
            Self::Ack => "ack",
            Self::Resolution => "resolution",
        };
        format!("{SPANS}{word}")
    }
}

/// How often something took how long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans {
    /// How often, up to each length, and longer than all.
    counts: [u64; UP_TO_S.len() + 1],
    /// The sum of all lengths.
    pub total: Duration,
}

impl Spans {
    /// Counts one.
    pub fn add(&mut self, span: Duration) {
        let at = UP_TO_S.iter().position(|bound| span <= Duration::from_secs(*bound)).unwrap_or(UP_TO_S.len());
        self.counts[at] += 1;
        self.total += span;
    }

    /// Returns how many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns the bounds in seconds, each with how many are within it and beyond the one before; what is longer than all of
    /// them is only in [`Spans::count`].
    #[must_use]
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        UP_TO_S.iter().map(|bound| Duration::from_secs(*bound).as_secs_f64()).zip(self.counts).collect()
    }

    fn written(&self) -> String {
        let counts: Vec<String> = self.counts.iter().map(u64::to_string).collect();
        format!("{} {}", self.total.as_millis(), counts.join(" "))
    }

    /// Reads what was written; what cannot be read begins anew.
    fn read(words: &str) -> Option<Self> {
        let mut numbers = words.split(' ').map(str::parse::<u64>);
        let total = Duration::from_millis(numbers.next()?.ok()?);
        let counts: Vec<u64> = numbers.collect::<Result<_, _>>().ok()?;
        Some(Self { counts: counts.try_into().ok()?, total })
    }
}

impl Tx<'_> {
    /// Counts how long something took.
    pub(super) fn count_span(&self, what: Measured, span: Duration) -> Result<(), StoreError> {
        let mut spans = self.spans(what)?;
        spans.add(span);
        self.put(&what.key(), &spans.written(), None)
    }

    /// Returns how long something took so far.
    pub(super) fn spans(&self, what: Measured) -> Result<Spans, StoreError> {
        Ok(self.fact(&what.key())?.as_deref().and_then(Spans::read).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_length_counts_once_and_what_is_written_is_read_back() {
        let mut spans = Spans::default();
        [0, 60, 61, 100_000].into_iter().for_each(|seconds| spans.add(Duration::from_secs(seconds)));
        assert_eq!((spans.count(), spans.total), (4, Duration::from_secs(100_121)));
        let buckets = spans.buckets();
        assert_eq!((buckets[0], buckets[1], buckets[5]), ((60.0, 2), (300.0, 1), (86_400.0, 0)));
        assert_eq!(Spans::read(&spans.written()), Some(spans));
        assert_eq!(Spans::read("1 2"), None);
    }
}
