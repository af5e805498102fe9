//! How long a message is looked for of which nobody knows whether it arrived: a history lags behind what was posted, most of
//! all where the answer to a post did not come in time. Only a look after that says that it is not there.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use signalbox_adapter::DeliveryKey;
use tokio::time::Instant;

/// How much later a message may show than it was posted.
const SETTLES: Duration = Duration::from_secs(4);

/// Longest such time, however long an answer was waited for.
const MAX_SETTLES: Duration = Duration::from_secs(30);

/// Most messages that are remembered; with more the oldest is forgotten, and is looked for as one of an earlier life.
const MAX_KEPT: usize = 1000;

/// Until when each message may show yet of which nobody knows.
#[derive(Debug, Default)]
pub(crate) struct Doubts(Mutex<HashMap<DeliveryKey, Instant>>);

impl Doubts {
    /// Remembers an attempt that has ended now after so long, and nobody knows how.
    pub(crate) fn begin(&self, key: &DeliveryKey, took: Duration, now: Instant) {
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.insert(key.clone(), now + (SETTLES + took).min(MAX_SETTLES));
        if until.len() > MAX_KEPT {
            let oldest = until.iter().min_by_key(|(_, until)| **until).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| until.remove(&oldest));
        }
    }

    /// Returns how long to wait until a look says that a message is not there; of one of an earlier life nothing is known.
    pub(crate) fn wait(&self, key: &DeliveryKey, now: Instant) -> Duration {
        let until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(key).map_or(SETTLES, |until| until.saturating_duration_since(now))
    }

    /// Forgets a message of which it is known.
    pub(crate) fn end(&self, key: &DeliveryKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_looked_for_longer_where_an_answer_did_not_come_in_time() {
        let (doubts, now) = (Doubts::default(), Instant::now());
        let key = DeliveryKey::from_random_bits;
        assert_eq!(doubts.wait(&key(1), now), SETTLES, "of an earlier life");
        doubts.begin(&key(1), Duration::ZERO, now);
        doubts.begin(&key(2), Duration::from_secs(10), now);
        doubts.begin(&key(3), Duration::from_secs(600), now);
        let waits = [1, 2, 3].map(|number| doubts.wait(&key(number), now));
        assert_eq!(waits, [SETTLES, SETTLES + Duration::from_secs(10), MAX_SETTLES]);
        assert_eq!(doubts.wait(&key(1), now + SETTLES), Duration::ZERO);
        doubts.end(&key(2));
        assert_eq!(doubts.wait(&key(2), now), SETTLES);
        for number in 0..2000 {
            doubts.begin(&key(number), Duration::ZERO, now);
        }
        assert_eq!(doubts.0.lock().expect("no panic").len(), MAX_KEPT);
    }
}
