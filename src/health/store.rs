//! How the store of this process is: whether something waits for it, and whether it is lost.
//!
//! The store tells what it meets. Trouble that may pass, such as a full disk or a database that another process holds, is
//! logged once when it begins and once when it is over, however many wait for it meanwhile.

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
}

#[derive(Debug, Default)]
struct State {
    trouble: Option<Trouble>,
    waiting: usize,
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
    /// Notes that something could not be stored or read, and may be later.
    pub fn failed(&self, why: &str) {
        let mut state = self.lock();
        if state.trouble.is_none() {
            tracing::error!(why, "the store cannot be used now; what has to be stored waits until it can");
            state.trouble = Some(Trouble { since: Instant::now(), why: why.to_owned() });
        }
    }

    /// Notes that something was stored; the trouble is over unless somebody still waits.
    pub fn worked(&self) {
        self.settle(&mut self.lock());
    }

    /// Notes that somebody waits for the trouble to pass, who tells when it did.
    #[must_use]
    pub fn waits(&self, why: &str) -> Waiting {
        self.failed(why);
        self.lock().waiting += 1;
        Waiting { health: self.clone() }
    }

    /// Returns the trouble that there is now.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.lock().trouble.clone()
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

    fn settle(&self, state: &mut State) {
        if state.waiting == 0
            && let Some(trouble) = state.trouble.take()
        {
            let lasted: Duration = trouble.since.elapsed();
            tracing::info!(why = trouble.why, lasted_s = lasted.as_secs_f64(), "the store can be used again");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits for the store, until this is dropped.
#[derive(Debug)]
pub struct Waiting {
    health: StoreHealth,
}

impl Waiting {
    /// Says that the wait was worth it.
    pub fn is_over(self) {
        let health = self.health.clone();
        drop(self);
        health.worked();
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.health.lock().waiting -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_lasts_until_nobody_waits_any_more() {
        let health = StoreHealth::default();
        health.worked();
        assert_eq!(health.trouble(), None);
        let (first, second) = (health.waits("full"), health.waits("busy"));
        assert_eq!(health.trouble().map(|trouble| trouble.why), Some("full".into()), "the first reason counts");
        health.worked();
        first.is_over();
        assert!(health.trouble().is_some(), "one still waits");
        drop(second);
        assert!(health.trouble().is_some(), "it has given up, which says nothing about the store");
        health.worked();
        assert_eq!(health.trouble(), None);
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
