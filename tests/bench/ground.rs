//! What every bench stands on: the disk, and the machine's own time.

use std::time::{SystemTime, UNIX_EPOCH};

/// Makes a directory on the disk that holds the build, which is a real one where `/tmp` may be memory.
pub(crate) fn disk() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory")
}

/// Returns nanoseconds since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "agents print the machine's own time, to be compared with")]
pub(crate) fn now_ns() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos()
}
