//! What a subcommand leaves behind: lines on standard output, and an exit code.

use std::io::{ErrorKind, Write as _};
use std::sync::OnceLock;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::Value;
use signalbox_adapter::Document;

use crate::redact::Redactor;

/// What masks secrets, where a command prints what was stored.
static REDACTOR: OnceLock<Redactor> = OnceLock::new();

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

/// Masks secrets in what is printed from here on of what was stored: by [`print_document`], [`print_json`] and [`complain`].
pub(super) fn mask_by(redactor: Redactor) {
    REDACTOR.set(redactor).ok();
}

fn masked(text: &str) -> String {
    REDACTOR.get().map_or_else(|| text.to_owned(), |redactor| redactor.clean(text))
}

/// Prints a document, with colour and wrapping where standard output is a terminal.
pub(super) fn print_document(document: &Document) -> anyhow::Result<()> {
    print(crate::wiring::painted(&document.clone().masked(&masked)).trim_end())
}

/// Prints JSON over several lines.
pub(super) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(&serde_json::to_string_pretty(&masked_value(serde_json::to_value(value)?))?)
}

fn masked_value(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(masked(&text)),
        Value::Array(values) => values.into_iter().map(masked_value).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, masked_value(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// Says on standard error what is wrong.
pub(super) fn complain(why: &str) {
    eprintln!("signalbox: {}", masked(why));
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
