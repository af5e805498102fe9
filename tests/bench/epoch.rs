//! The machine's own time, by which agents say when they ran.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns nanoseconds since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "agents print the machine's own time, to be compared with")]
pub(crate) fn now_ns() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos()
}
