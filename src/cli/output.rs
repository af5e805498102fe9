//! What a subcommand leaves behind: lines on standard output, and an exit code.

use std::borrow::Cow;
use std::io::{ErrorKind, Write as _};
use std::ops::Range;
use std::sync::OnceLock;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::Value;
use signalbox_adapter::Document;

use crate::format;
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

fn secrets(text: &str) -> Vec<Range<usize>> {
    REDACTOR.get().map_or_else(Vec::new, |redactor| redactor.secrets(text))
}

/// Prints a document, with colour and wrapping where standard output is a terminal.
pub(super) fn print_document(document: &Document) -> anyhow::Result<()> {
    print(crate::wiring::painted(&document.clone().typed(&in_shell).masked(&secrets)).trim_end())
}

/// Prints a document whose tables lose columns where a terminal is too narrow for them, the first of these first.
pub(super) fn print_table(spare: &[&str], document: Document) -> anyhow::Result<()> {
    print_document(&match crate::wiring::columns() {
        Some(columns) => format::narrowed(document, columns, spare),
        None => document,
    })
}

/// Writes a command of a chat as it is given on a command line.
pub(super) fn in_shell(command: &str) -> String {
    match command.strip_prefix("/cron") {
        Some("") => "signalbox cron list".to_owned(),
        Some(rest) if rest.starts_with(' ') => format!("signalbox cron{rest}"),
        Some(_) | None => format!("signalbox shell -c '{command}'"),
    }
}

/// Prints JSON over several lines.
pub(super) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(&escaped(&serde_json::to_string_pretty(&masked_value(serde_json::to_value(value)?))?))
}

/// Writes out what a terminal would obey or nobody would see: control characters, and those that turn the direction of text.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| if is_obeyed(c) { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Writes the same out as JSON does, in text that is JSON: outside of its strings there is nothing of it but line breaks.
fn escaped(json: &str) -> String {
    let is_of_layout = |c: char| matches!(c, '\n' | '\t');
    let shown = |c: char| match is_obeyed(c) && !is_of_layout(c) {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    json.chars().map(shown).collect()
}

fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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

    #[test]
    fn nothing_that_a_terminal_obeys_is_printed_or_logged() {
        let said = "\u{1b}]52;c;aGk=\u{7}\n2026-11-28 ERROR forged \u{9b}31m \u{202e}evil ä";
        assert_eq!(visible(said), r"\u{1b}]52;c;aGk=\u{7}\n2026-11-28 ERROR forged \u{9b}31m \u{202e}evil ä");
        assert_eq!(visible("plain"), "plain");
        let json = serde_json::to_string_pretty(&serde_json::json!({ "a": said })).expect("JSON");
        let printed = escaped(&json);
        assert!(!printed.contains(|c: char| is_obeyed(c) && c != '\n'), "{printed:?}");
        assert_eq!(serde_json::from_str::<Value>(&printed).expect("JSON still")["a"], said);
    }

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
