//! Time and chance, passed in.
//!
//! Everything that needs the time or a random number takes it from a [`Clock`]; tests put a [`ManualClock`] there and
//! move it by hand.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use ring::rand::SecureRandom as _;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns the time from `earlier` to here; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Returns it as the standard library has it.
    #[must_use]
    pub fn as_system_time(self) -> std::time::SystemTime {
        std::time::UNIX_EPOCH + Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }

    /// Returns the instant this much later.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Returns the instant this much earlier.
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.into())
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self)
    }
}

/// Waits that double from one failure to the next, up to a longest; up to half of each is chance, so that many who wait
/// for the same do not come back at once.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The wait after the first failure.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Backoff {
    /// Returns the wait after so many failures in a row; `chance` is a random number.
    #[must_use]
    pub fn wait(&self, failures: u32, chance: u64) -> Duration {
        let doubled = self.first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(self.longest);
        doubled - spread(doubled / 2, chance)
    }
}

/// Returns a part of a span, by chance.
#[must_use]
pub fn spread(span: Duration, chance: u64) -> Duration {
    let span_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1);
    Duration::from_millis(chance % span_ms)
}

/// Source of time and of random numbers.
pub trait Clock: Send + Sync {
    /// Returns the current instant.
    fn now(&self) -> Timestamp;

    /// Returns 64 random bits; the machine's own clock gives ones that nobody can guess.
    fn random(&self) -> u64;
}

/// The machine's own clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's time comes in")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX));
        #[cfg(debug_assertions)]
        let now = shifted(now);
        now
    }

    fn random(&self) -> u64 {
        let mut bits = [0; 8];
        ring::rand::SystemRandom::new().fill(&mut bits).expect("the system has random numbers to give");
        u64::from_ne_bytes(bits)
    }
}

/// Moves an instant as a test of the real program wishes: by `SIGNALBOX_TEST_CLOCK_SHIFT` milliseconds. A release has none of
/// it.
#[cfg(debug_assertions)]
fn shifted(now: Timestamp) -> Timestamp {
    static SHIFT_MS: std::sync::OnceLock<i64> = std::sync::OnceLock::new();
    let read = || std::env::var("SIGNALBOX_TEST_CLOCK_SHIFT").ok()?.parse().ok();
    Timestamp(now.0.saturating_add(*SHIFT_MS.get_or_init(|| read().unwrap_or(0))))
}

/// A clock that moves only when told, with a seeded sequence of random numbers.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
    random: Mutex<fastrand::Rng>,
}

impl ManualClock {
    /// Starts a clock at an instant.
    #[must_use]
    pub fn at(now: Timestamp, seed: u64) -> Self {
        Self { now: AtomicI64::new(now.0), random: Mutex::new(fastrand::Rng::with_seed(seed)) }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.now.store(self.now().after(by).0, Ordering::SeqCst);
    }

    /// Sets the clock, back as well: as when somebody, or a time server, corrects it.
    pub fn jump_to(&self, now: Timestamp) {
        self.now.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    fn random(&self) -> u64 {
        self.random.lock().expect("no holder of this lock panics").u64(..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_at_least_half_of_each_is_waited() {
        let backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(5) };
        let waits = [1, 2, 3, 6, 7, u32::MAX].map(|failures| backoff.wait(failures, 0).as_millis());
        assert_eq!(waits, [100, 200, 400, 3200, 5000, 5000]);
        for chance in [1, 77, u64::MAX] {
            let wait = backoff.wait(7, chance);
            assert!(wait >= backoff.longest / 2 && wait <= backoff.longest, "{wait:?}");
        }
    }
}
