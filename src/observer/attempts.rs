//! How often it was begun to conclude a run: an answer that ends this program each time would end it for ever.
//!
//! Each attempt is a byte in a file of the run's directory, which goes with the run's other files once its end is written
//! down. It need not outlive a power cut, which is no attempt's fault.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Attempts until a run's end is given up.
pub(super) const MAX_ATTEMPTS: u64 = 3;
/// Where they are counted.
const FILE: &str = "concluding";

/// Counts an attempt, and returns how many there were with it.
///
/// # Errors
/// What the system says; the attempt is not counted then.
pub(super) fn begin(run: &Path) -> io::Result<u64> {
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(run.join(FILE))?;
    file.write_all(b".")?;
    Ok(file.metadata()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_attempt_is_counted() {
        let run = tempfile::tempdir().expect("a directory");
        let counted: Vec<u64> = (0..3).map(|_| begin(run.path()).expect("counted")).collect();
        assert_eq!(counted, [1, 2, 3]);
        begin(&run.path().join("nowhere")).expect_err("there is no such run");
    }
}
