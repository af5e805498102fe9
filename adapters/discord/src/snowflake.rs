//! Ids: they grow with time, over all channels, and tell when they were given.
//!
//! Source: <https://docs.discord.com/developers/reference#snowflakes>, read 2026-11.

use std::time::Duration;

/// Where the time stands in an id, in bits from the right.
pub(crate) const TIME_BIT: u32 = 22;

/// When the time of ids begins, in milliseconds since 1970.
const EPOCH_MS: u64 = 1_420_070_400_000;

/// Returns when an id was given, since 1970; `None` for what is no id.
pub(crate) fn sent_at(id: &str) -> Option<Duration> {
    id.parse().ok().map(made_at)
}

/// Returns when an id was given, since 1970.
pub(crate) fn made_at(id: u64) -> Duration {
    Duration::from_millis((id >> TIME_BIT) + EPOCH_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_when_it_was_given() {
        // The example of Discord's own documentation.
        assert_eq!(sent_at("175928847299117063"), Some(Duration::from_millis(1_462_015_105_796)));
        assert_eq!(sent_at("general"), None);
    }
}
