//! Slack's time stamps, which name messages too: seconds since 1970, a dot, and six digits.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A time stamp, in microseconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Stamp(u64);

impl Stamp {
    /// Reads one.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (seconds, micros) = text.split_once('.').unwrap_or((text, "0"));
        let micros = format!("{micros:0<6}");
        let seconds: u64 = seconds.parse().ok()?;
        Some(Self(seconds.checked_mul(1_000_000)?.checked_add(micros.get(..6)?.parse().ok()?)?))
    }

    /// Returns that of a moment by our own clock.
    pub(crate) fn at(moment: SystemTime) -> Self {
        let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    /// Returns the whole seconds since 1970.
    pub(crate) fn seconds(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Returns the one so many seconds before.
    pub(crate) fn before(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(seconds.saturating_mul(1_000_000)))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_reads_back_as_it_was_written() {
        for text in ["1764403200.000100", "0.000000", "1764403200.999999"] {
            assert_eq!(Stamp::read(text).expect("a stamp").to_string(), text);
        }
        assert_eq!(Stamp::read("5.1").expect("a stamp").to_string(), "5.100000");
        assert!(Stamp::read("9.2") < Stamp::read("10.1"));
        for wrong in ["", "x", "1.x", "-1.0", "99999999999999999999.0"] {
            assert_eq!(Stamp::read(wrong), None, "{wrong}");
        }
    }
}
