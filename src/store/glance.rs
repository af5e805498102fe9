//! Whether there is anything to look at: servants look at their rows several times a second, for what other processes have
//! written, and nearly always in vain.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

use super::handle::{Store, Watcher};
use crate::clock::Timestamp;

/// How long a look may be spared, at most, where nothing else is said.
const AT_LEAST_EVERY: Duration = Duration::from_secs(10);

/// What a servant knows of the rows that it looks at again and again.
#[derive(Debug)]
pub struct Glance {
    at_least_every: Duration,
    seen: Option<Seen>,
}

impl Default for Glance {
    fn default() -> Self {
        Self::at_least_every(AT_LEAST_EVERY)
    }
}

#[derive(Debug)]
struct Seen {
    version: u64,
    at: Instant,
    next: Option<Timestamp>,
}

impl Glance {
    /// Makes one for rows of which something may be due that its looks do not tell.
    #[must_use]
    pub fn at_least_every(at_least_every: Duration) -> Self {
        Self { at_least_every, seen: None }
    }

    /// Whether to look: any process has committed since the last look, what that has found is due, or it is long ago.
    /// The rows count as looked at from now on, with nothing due; [`Glance::until`] and [`Glance::again`] say otherwise.
    pub fn is_due(&mut self, store: &Store) -> bool {
        let version = store.version();
        let seen = self.seen.as_ref().filter(|seen| {
            let is_next = seen.next.is_some_and(|next| next <= store.clock().now());
            version.is_some_and(|version| version == seen.version)
                && !is_next
                && seen.at.elapsed() < self.at_least_every
        });
        if seen.is_some() {
            return false;
        }
        self.seen = version.map(|version| Seen { version, at: Instant::now(), next: None });
        true
    }

    /// Notes when something that the look has found is due.
    pub fn until(&mut self, next: Option<Timestamp>) {
        if let Some(seen) = &mut self.seen {
            seen.next = next;
        }
    }

    /// Has the rows looked at again the next time, come what may.
    pub fn again(&mut self) {
        self.seen = None;
    }
}

impl Store {
    /// Returns a number that changes whenever any process has committed; `None` where that cannot be told now.
    fn version(&self) -> Option<u64> {
        let mut watch = self.inner.watch.lock().unwrap_or_else(PoisonError::into_inner);
        if watch.is_none() {
            *watch = self.inner.is_open().then(|| Watcher::without_patience(&self.inner.database).ok()).flatten();
        }
        watch.as_mut()?.version()
    }
}
