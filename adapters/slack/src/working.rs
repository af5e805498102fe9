//! The sign that an agent works: a line below a thread, which Slack takes away after two minutes and at each message of ours.
//!
//! It is given anew before the one and after the other. A channel that refuses it is asked no more, and nobody waits for it.
//!
//! Source: <https://docs.slack.dev/reference/methods/assistant.threads.setStatus>, read 2026-11.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long it is surely shown.
const GOOD_FOR: Duration = Duration::from_secs(90);

/// Most threads that are remembered, and most channels.
const MAX_REMEMBERED: usize = 4096;

/// What is shown behind the bot's name.
pub(crate) const STATUS: &str = "is working…";

/// Where the sign stands, and where it is not taken.
#[derive(Debug, Default)]
pub(crate) struct Working(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    given: HashMap<(String, String), Instant>,
    refused: HashSet<String>,
}

impl Working {
    /// Whether it is to be given now; if so, it counts as given.
    pub(crate) fn is_due(&self, channel: &str, thread: &str, now: Instant) -> bool {
        let mut known = self.known();
        if known.refused.contains(channel) {
            return false;
        }
        known.given.retain(|_, at| now.saturating_duration_since(*at) < GOOD_FOR);
        let place = (channel.to_owned(), thread.to_owned());
        if known.given.contains_key(&place) || known.given.len() >= MAX_REMEMBERED {
            return false;
        }
        known.given.insert(place, now);
        true
    }

    /// Notes that we wrote there, by which it is gone.
    pub(crate) fn wrote(&self, channel: &str, thread: &str) {
        self.known().given.remove(&(channel.to_owned(), thread.to_owned()));
    }

    /// Notes that a channel does not take it; tells whether that is the first.
    pub(crate) fn refused(&self, channel: &str) -> bool {
        let mut known = self.known();
        if known.refused.len() >= MAX_REMEMBERED {
            known.refused.clear();
        }
        let is_first = known.refused.is_empty();
        known.refused.insert(channel.to_owned());
        is_first
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_given_anew_before_it_is_gone_and_after_each_message() {
        let (working, now) = (Working::default(), Instant::now());
        assert!(working.is_due("C1", "1.0", now));
        assert!(!working.is_due("C1", "1.0", now + Duration::from_secs(89)));
        assert!(working.is_due("C1", "1.0", now + GOOD_FOR));
        assert!(working.is_due("C1", "2.0", now), "another thread has its own");
        working.wrote("C1", "2.0");
        assert!(working.is_due("C1", "2.0", now));
    }

    #[test]
    fn where_it_is_refused_nobody_is_asked_again() {
        let (working, now) = (Working::default(), Instant::now());
        assert!(working.refused("C1"));
        assert!(!working.refused("C2"), "it is told once");
        assert!(!working.is_due("C1", "1.0", now) && working.is_due("C3", "1.0", now));
    }
}
