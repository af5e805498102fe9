//! How fast Discord lets a bot write. The headers of each answer and the 429 have the last word.
//!
//! Source: <https://docs.discord.com/developers/topics/rate-limits>, read 2026-11: 50 calls a second in all; a channel's own
//! limit is not documented and has been 5 messages in 5 seconds for years.

use std::time::Duration;

use signalbox_adapter::{Apart, Pace};

/// To any channel of which Discord's headers have not said anything else. With the burst no second holds more than 45 messages; signs need the rest.
pub(crate) const PACE: Pace = Pace {
    chat_interval: Duration::from_secs(1),
    chat_burst: 5,
    overall_interval: Duration::from_millis(25),
    overall_burst: 5,
    edit_interval: Some(Duration::from_secs(3)),
    apart: Apart::KindsAndThreads,
};

/// How fast a channel may be written to, as its headers have it: so many messages in so long.
pub(crate) fn told(messages: u64, within: Duration) -> Pace {
    let burst = u32::try_from(messages).unwrap_or(u32::MAX).max(1);
    Pace { chat_interval: within / burst, chat_burst: burst, ..PACE }
}
