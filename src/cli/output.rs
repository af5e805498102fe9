//! What a subcommand leaves behind: lines on standard output, and an exit code.

use std::io::{ErrorKind, Write as _};

use anyhow::Context as _;
use signalbox_adapter::Document;

/// Exit code of a command that failed.
pub(super) const EXIT_FAILED: u8 = 1;
/// Exit code of a command that was not understood or refused.
pub(super) const EXIT_REFUSED: u8 = 2;

/// Prints a line on standard output; a reader that has gone away is no fault of ours.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("writing to standard output"),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Tells an error with what has caused it, each thing once: many an error tells its cause in its own words already.
#[must_use]
pub fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told.as_str() {
        "" => cause,
        before if before.contains(&cause) => told,
        before => format!("{before}: {cause}"),
    })
}

/// Prints a document, with colour and wrapping where standard output is a terminal.
pub(super) fn print_document(document: &Document) -> anyhow::Result<()> {
    print(crate::wiring::painted(document).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the database reported: {0}")]
    struct Reported(#[source] std::io::Error);

    #[test]
    fn an_error_that_tells_its_cause_tells_it_once() {
        let error = anyhow::Error::new(Reported(std::io::Error::other("no space"))).context("opening the store");
        assert_eq!(format!("{error:#}"), "opening the store: the database reported: no space: no space");
        assert_eq!(told(&error), "opening the store: the database reported: no space");
        assert_eq!(told(&anyhow::anyhow!("alone")), "alone");
    }
}
