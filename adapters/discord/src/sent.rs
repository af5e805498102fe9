//! What is known of our own messages: when each was first tried, and which has been seen to arrive.
//!
//! Discord tells us of our own messages too, with the nonce that we gave them: that is a receipt for a send whose answer was
//! lost. Only memory: after a restart the channel itself is looked through.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use signalbox_adapter::{DeliveryKey, MessageId};
use tokio::time::Instant;

/// Most messages that are remembered of each kind.
const MAX_REMEMBERED: usize = 4096;

/// Our own messages, by their nonces.
#[derive(Debug, Default)]
pub(crate) struct Sent(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    arrived: Remembered<MessageId>,
    tried: Remembered<Instant>,
}

/// The newest values, by their keys.
#[derive(Debug)]
struct Remembered<V> {
    values: HashMap<String, V>,
    order: VecDeque<String>,
}

impl<V> Default for Remembered<V> {
    fn default() -> Self {
        Self { values: HashMap::new(), order: VecDeque::new() }
    }
}

impl<V> Remembered<V> {
    /// Remembers the first value of a key.
    fn note(&mut self, key: &str, value: V) {
        if self.values.contains_key(key) {
            return;
        }
        if self.order.len() >= MAX_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
        self.order.push_back(key.to_owned());
        self.values.insert(key.to_owned(), value);
    }
}

impl Sent {
    /// Notes that a message of ours was seen.
    pub(crate) fn arrived(&self, nonce: &str, message: MessageId) {
        self.known().arrived.note(nonce, message);
    }

    /// Notes that a message is tried now.
    pub(crate) fn trying(&self, key: &DeliveryKey, now: Instant) {
        self.known().tried.note(key.as_str(), now);
    }

    /// Returns the message that was seen with this key.
    pub(crate) fn message(&self, key: &DeliveryKey) -> Option<MessageId> {
        self.known().arrived.values.get(key.as_str()).cloned()
    }

    /// Returns when this life of the program first tried a message.
    pub(crate) fn first_try(&self, key: &DeliveryKey) -> Option<Instant> {
        self.known().tried.values.get(key.as_str()).copied()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_remembered() {
        let sent = Sent::default();
        let key = |number: usize| DeliveryKey::try_from(format!("k{number}")).expect("a key");
        for number in 0..=MAX_REMEMBERED {
            sent.arrived(key(number).as_str(), MessageId::new(number.to_string()));
        }
        assert_eq!(sent.message(&key(0)), None);
        assert_eq!(sent.message(&key(MAX_REMEMBERED)), Some(MessageId::new(MAX_REMEMBERED.to_string())));
    }
}
