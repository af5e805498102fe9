//! How fast Slack lets a bot write. A 429 has the last word.
//!
//! New messages go by channel, one a second with short bursts, and several hundred a minute in all. Changes of messages go by
//! workspace: one allowance for all channels, kept here, of which cards may have all and status messages what is spare.
//!
//! Source: <https://docs.slack.dev/apis/web-api/rate-limits>, read 2026-11.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use signalbox_adapter::{Apart, Pace};
use tokio::time::Instant;

/// To any channel. Bursts are short and the docs name no number; five has been taken.
pub(crate) const PACE: Pace = Pace {
    chat_interval: Duration::from_secs(1),
    chat_burst: 5,
    overall_interval: Duration::from_millis(150),
    overall_burst: 10,
    edit_interval: Some(Duration::from_secs(3)),
    apart: Apart::KindsAndThreads,
};

/// Changes of messages in a minute, of all channels together: Tier 3.
const EDITS_A_MINUTE: u32 = 50;

/// Changes that may come at once; the tier is counted by the minute, so with these no minute has many more than it allows.
const EDITS_AT_ONCE: f64 = 10.0;

/// Changes that status messages leave to cards, and to what a person waits for.
const KEPT_BACK: f64 = 4.0;

/// Time in which one more change may be made.
const EDIT_INTERVAL: Duration = Duration::from_millis(60_000 / EDITS_A_MINUTE as u64);

/// The workspace's allowance of changes.
#[derive(Debug)]
pub(crate) struct Edits(Mutex<Left>);

#[derive(Debug)]
struct Left {
    left: f64,
    at: Option<Instant>,
}

impl Default for Edits {
    fn default() -> Self {
        Self(Mutex::new(Left { left: EDITS_AT_ONCE, at: None }))
    }
}

impl Edits {
    /// Takes one change; `spare` where it may have only what nobody else needs.
    ///
    /// # Errors
    /// How long to wait where there is none.
    pub(crate) fn take(&self, spare: bool, now: Instant) -> Result<(), Duration> {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = left.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        left.left = EDITS_AT_ONCE.min(left.left + since.as_secs_f64() / EDIT_INTERVAL.as_secs_f64());
        left.at = Some(now);
        let needed = 1.0 + if spare { KEPT_BACK } else { 0.0 };
        if left.left < needed {
            return Err(EDIT_INTERVAL.mul_f64(needed - left.left));
        }
        left.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_messages_leave_changes_for_cards_and_all_channels_share_them() {
        let (edits, now) = (Edits::default(), Instant::now());
        assert_eq!((0..9).filter(|_| edits.take(true, now).is_ok()).count(), 6);
        assert_eq!(edits.take(true, now), Err(EDIT_INTERVAL));
        assert_eq!((0..9).filter(|_| edits.take(false, now).is_ok()).count(), 4);
        assert_eq!(edits.take(false, now), Err(EDIT_INTERVAL));
        assert_eq!(edits.take(false, now + EDIT_INTERVAL), Ok(()));
    }

    #[test]
    fn no_minute_has_many_more_changes_than_the_tier_allows() {
        let (edits, begun) = (Edits::default(), Instant::now());
        let made = (0..600).filter(|tenth| edits.take(false, begun + Duration::from_millis(100) * *tenth).is_ok());
        assert!((50..=60).contains(&made.count()));
    }
}
