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

/// Prints a document, with colour and wrapping where standard output is a terminal.
pub(super) fn print_document(document: &Document) -> anyhow::Result<()> {
    print(crate::wiring::painted(document).trim_end())
}
