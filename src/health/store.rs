//! How the store of this process is: whether something waits for it, and whether it is lost.
//!
//! The store tells what it meets. Trouble that may pass, such as a full disk or a database that another process holds, is
//! logged once when it begins and once when it is over, however many wait for it meanwhile.
//!
//! # Who tells
//! The writer thread tells of each write where it fails or works, so that the two stay in order. Those who asked learn
//! of it later, some much later, when the trouble may be over; they tell only of what the writer has not told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// How a store is; a cheap handle.
#[derive(Debug, Clone, Default)]
pub struct StoreHealth {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    why_lost: OnceLock<String>,
    lost: CancellationToken,
    flushes: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    trouble: Option<Trouble>,
    waiting: usize,
    /// When a write failed last.
    write_failed_at: Option<Instant>,
    /// Whether the last write failed.
    is_unwritable: bool,
}

/// Trouble that may pass by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Since when.
    pub since: Instant,
    /// Why, in one line without secrets.
    pub why: String,
}

impl StoreHealth {
    /// Notes that a write failed, and may work later; only the writer knows.
    pub fn write_failed(&self, at: Instant, why: &str) {
        let mut state = self.lock();
        state.write_failed_at = Some(at);
        state.is_unwritable = true;
        state.tell(at, why);
    }

    /// Notes that something was written; the trouble is over unless somebody still waits. Only the writer knows.
    pub fn write_worked(&self) {
        let mut state = self.lock();
        state.is_unwritable = false;
        state.settle();
    }

    /// Notes that a try that began at an instant has failed, and may work later. Where a write has failed since then, the
    /// writer has told of it, and it may be over.
    pub fn try_failed(&self, began: Instant, why: &str) {
        let mut state = self.lock();
        if state.write_failed_at.is_none_or(|told| told < began) {
            state.tell(Instant::now(), why);
        }
    }

    /// Notes that somebody waits for the trouble to pass, who tells when it did.
    #[must_use]
    pub fn waits(&self) -> Waiting {
        self.lock().waiting += 1;
        Waiting { health: self.clone() }
    }

    /// Returns the trouble that there is now.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.lock().trouble.clone()
    }

    /// Notes that the log was flushed to the disk.
    pub fn flushed(&self) {
        self.inner.flushes.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how often the log was flushed to the disk since this process opened it.
    #[must_use]
    pub fn flushes(&self) -> u64 {
        self.inner.flushes.load(Ordering::Relaxed)
    }

    /// Notes that the store is of no use to this process any more; the first reason counts.
    pub fn lost(&self, why: &str) {
        self.inner.why_lost.get_or_init(|| why.to_owned());
        self.inner.lost.cancel();
    }

    /// Waits until the store is lost, and returns why. Cancel-safe.
    pub async fn until_lost(&self) -> String {
        self.inner.lost.cancelled().await;
        self.inner.why_lost.get().cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn tell(&mut self, since: Instant, why: &str) {
        if self.trouble.is_none() {
            tracing::error!(why, "the store cannot be used now; what has to be stored waits until it can");
            self.trouble = Some(Trouble { since, why: why.to_owned() });
        }
    }

    fn settle(&mut self) {
        if self.waiting == 0
            && !self.is_unwritable
            && let Some(trouble) = self.trouble.take()
        {
            let lasted: Duration = trouble.since.elapsed();
            tracing::info!(why = trouble.why, lasted_s = lasted.as_secs_f64(), "the store can be used again");
        }
    }
}

/// Somebody who waits for the store, until this is dropped.
#[derive(Debug)]
pub struct Waiting {
    health: StoreHealth,
}

impl Waiting {
    /// Says that the wait was worth it. What worked may only have read, so that a write that failed counts on.
    pub fn is_over(self) {
        let health = self.health.clone();
        drop(self);
        health.lock().settle();
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.health.lock().waiting -= 1;
    }
}

/// Held by a thread without which the store is of no use: a panic of the thread loses the store.
#[derive(Debug)]
pub struct LostByPanic {
    health: StoreHealth,
    why: &'static str,
}

impl LostByPanic {
    /// Watches the thread that holds it; `why` is the reason of the loss.
    #[must_use]
    pub fn new(health: StoreHealth, why: &'static str) -> Self {
        Self { health, why }
    }
}

impl Drop for LostByPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.health.lost(self.why);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_lasts_until_nobody_waits_any_more() {
        let (health, start) = (StoreHealth::default(), Instant::now());
        health.write_worked();
        assert_eq!(health.trouble(), None);
        health.try_failed(start, "full");
        health.try_failed(start, "busy");
        let (first, second) = (health.waits(), health.waits());
        assert_eq!(health.trouble().map(|trouble| trouble.why), Some("full".into()), "the first reason counts");
        health.write_worked();
        first.is_over();
        assert!(health.trouble().is_some(), "one still waits");
        drop(second);
        assert!(health.trouble().is_some(), "it has given up, which says nothing about the store");
        health.write_worked();
        assert_eq!(health.trouble(), None);
    }

    #[test]
    fn whoever_learns_late_that_a_write_failed_does_not_tell_of_it_again() {
        let (health, start) = (StoreHealth::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        health.write_failed(after(5), "busy");
        health.write_worked();
        health.try_failed(start, "busy");
        assert_eq!(health.trouble(), None, "it began before the write that failed, and that is over");
        health.try_failed(after(6), "full");
        assert!(health.trouble().is_some(), "it began later, and the writer knows nothing of it");
    }

    #[test]
    fn a_read_that_works_is_not_the_end_of_writes_that_fail() {
        let (health, start) = (StoreHealth::default(), Instant::now());
        health.write_failed(start, "busy");
        health.waits().is_over();
        assert!(health.trouble().is_some());
        health.write_worked();
        assert_eq!(health.trouble(), None);
    }

    #[tokio::test]
    async fn a_thread_without_which_it_is_of_no_use_loses_it_by_a_panic_alone() {
        for panics in [false, true] {
            let health = StoreHealth::default();
            let watch = LostByPanic::new(health.clone(), "the writer panicked");
            let thread = std::thread::spawn(move || {
                let _watch = watch;
                assert!(!panics, "a thread panics");
            });
            assert_eq!(thread.join().is_err(), panics);
            assert_eq!(health.inner.lost.is_cancelled(), panics);
        }
    }

    #[tokio::test]
    async fn a_store_that_is_lost_stays_lost_for_the_first_reason() {
        let health = StoreHealth::default();
        assert!(tokio::time::timeout(Duration::from_millis(1), health.until_lost()).await.is_err());
        health.lost("damaged");
        health.lost("closed");
        assert_eq!(health.until_lost().await, "damaged");
    }
}
