//! How fast Discord lets a bot write. The headers of each answer and the 429 have the last word.
//!
//! Source: <https://docs.discord.com/developers/topics/rate-limits>, read 2026-11: 50 calls a second in all; a channel's own
//! limit is not documented and has been 5 messages in 5 seconds for years.

use std::time::Duration;

use signalbox_adapter::Pace;

/// To any channel. With the burst no second holds more than 45 messages; signs need the rest.
pub(crate) const PACE: Pace = Pace {
    chat_interval: Duration::from_secs(1),
    chat_burst: 5,
    overall_interval: Duration::from_millis(25),
    overall_burst: 5,
    edit_interval: Some(Duration::from_secs(3)),
};
