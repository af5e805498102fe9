//! Whom a 429 holds up.
//!
//! Telegram's answer says how long to wait, and not whether the chat or the bot as a whole has said too much. One chat is
//! taken to be meant, until several are held up at the same time: then all are.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Chats that are held up at the same time from which on the whole bot is.
const CHATS_THAT_MEAN_ALL: usize = 3;

/// The waits that Telegram has asked for and that are not over.
#[derive(Debug, Default)]
pub(crate) struct Flood(Mutex<HashMap<i64, Instant>>);

impl Flood {
    /// Notes that a chat has to wait; returns whether that holds up the whole bot.
    pub(crate) fn note(&self, chat: i64, after: Duration, now: Instant) -> bool {
        let mut waits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waits.retain(|_, until| *until > now);
        waits.insert(chat, now + after);
        waits.len() >= CHATS_THAT_MEAN_ALL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_busy_chat_holds_nobody_else_up_and_many_hold_up_all() {
        let flood = Flood::default();
        let (wait, now) = (Duration::from_secs(10), Instant::now());
        assert!(!flood.note(1, wait, now));
        assert!(!flood.note(1, wait, now));
        assert!(!flood.note(2, wait, now));
        assert!(flood.note(3, wait, now));
        assert!(!flood.note(4, wait, now + wait), "the others are over");
    }
}
