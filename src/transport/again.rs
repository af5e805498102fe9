//! How long a listener waits before it listens again, pure.

use std::time::Duration;

use signalbox_adapter::ListenError;

use crate::clock::{Backoff, spread};

/// Waits after losses.
const LOST: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
/// Waits while another program listens for the same bot, the last again and again.
const CONTESTED_WAITS: [Duration; 4] =
    [Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(60), Duration::from_secs(300)];
/// Time of listening after which earlier losses no longer count.
const GOOD_AFTER: Duration = Duration::from_secs(30);

/// What is remembered of earlier losses.
#[derive(Debug, Default)]
pub(super) struct Losses {
    losses: u32,
    contests: usize,
}

impl Losses {
    /// Notes how long a listener has listened.
    pub(super) fn listened(&mut self, length: Duration) {
        if length >= GOOD_AFTER {
            *self = Self::default();
        }
    }

    /// Returns how long to wait; up to half of it is chance, so that two programs do not meet again and again.
    pub(super) fn wait(&mut self, error: &ListenError, chance: u64) -> Duration {
        match error {
            ListenError::Contested(_) => {
                let wait = CONTESTED_WAITS[self.contests.min(CONTESTED_WAITS.len() - 1)];
                self.contests += 1;
                // Never shorter: the other program must have the time to stop.
                wait + spread(wait / 4, chance)
            }
            ListenError::Lost(_) | ListenError::Refused(_) => {
                self.losses += 1;
                LOST.wait(self.losses, chance)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_program_with_the_same_token_is_left_alone_for_longer_and_longer() {
        let mut again = Losses::default();
        let contested = ListenError::Contested("409".into());
        let waits: Vec<u64> = (0..5).map(|_| again.wait(&contested, 0).as_secs()).collect();
        assert_eq!(waits, [5, 15, 60, 300, 300]);
        assert!(again.wait(&contested, u64::MAX) >= Duration::from_secs(300));
    }

    #[test]
    fn a_lost_connection_is_tried_again_at_once_and_then_less_and_less() {
        let mut again = Losses::default();
        let lost = ListenError::Lost("reset".into());
        let waits: Vec<u64> = (0..8).map(|_| again.wait(&lost, 0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        again.listened(Duration::from_secs(31));
        assert_eq!(again.wait(&lost, 0).as_secs(), 1);
    }
}
