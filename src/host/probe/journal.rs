//! Errors of the last hour in the journal, by unit and message template.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::host::fact::{Measure, Reading};
use crate::host::machine::Machine;
use crate::host::program::Program;
use crate::host::root::Unreadable;
use crate::host::shown::{code, name};

use super::clusters::Clusters;

/// Most units listed.
const MAX_UNITS: usize = 10;
/// Most templates listed of one unit.
const MAX_TEMPLATES: usize = 3;

/// The errors, by the unit that wrote them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Journal {
    units: BTreeMap<String, Clusters>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "MESSAGE")]
    message: Option<Message>,
    #[serde(rename = "_SYSTEMD_UNIT")]
    unit: Option<String>,
    #[serde(rename = "UNIT")]
    about: Option<String>,
    #[serde(rename = "SYSLOG_IDENTIFIER")]
    identifier: Option<String>,
}

/// A message, which `journalctl` writes as numbers where it is no plain text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Text(String),
    Bytes(Vec<u8>),
}

/// Asks for the errors.
///
/// # Errors
/// [`Unreadable`] where there is no journal, or it does not answer.
pub(crate) fn read(machine: &Machine) -> Result<Journal, Unreadable> {
    (machine.ask)(Program::Journal).map(|text| parse(&text))
}

/// Parses one JSON object a line; others are left out, as one cut off at the bound.
fn parse(text: &str) -> Journal {
    let mut journal = Journal::default();
    for entry in text.lines().filter_map(|line| serde_json::from_str::<Entry>(line).ok()) {
        let message = match entry.message {
            Some(Message::Text(text)) => text,
            Some(Message::Bytes(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            None => continue,
        };
        let unit = entry.about.or(entry.unit).or(entry.identifier).unwrap_or_else(|| "(unknown)".into());
        journal.units.entry(unit).or_default().add(&message);
    }
    journal
}

impl Journal {
    fn by_count(&self) -> Vec<(&String, &Clusters)> {
        let mut units: Vec<(&String, &Clusters)> = self.units.iter().collect();
        units.sort_by_key(|(unit, clusters)| (std::cmp::Reverse(clusters.total()), *unit));
        units.truncate(MAX_UNITS);
        units
    }

    /// Makes the reading.
    #[expect(clippy::cast_precision_loss, reason = "a count of messages is small")]
    pub(crate) fn reading(&self) -> Reading {
        let total: u64 = self.units.values().map(Clusters::total).sum();
        let summary = format!("errors in the journal within the last hour: {total} of {} unit(s)", self.units.len());
        let mut lines = vec![summary.clone()];
        let mut facts = Reading::default();
        for (unit, clusters) in self.by_count() {
            let mut templates = clusters.by_count().into_iter().take(MAX_TEMPLATES);
            let (first, _) = templates.next().expect("a unit is there for a message");
            let line = format!("{}: {} error(s), most often: {}", name(unit), clusters.total(), name(first));
            let shown = format!("{} ({})", code(unit), code(first));
            facts.fact_of(Measure::JournalErrors, unit.clone(), shown, clusters.total() as f64, line.clone());
            lines.push(line);
            lines.extend(templates.map(|(template, count)| format!("  {count} times: {}", name(template))));
        }
        Reading { text: lines.join("\n"), short: summary, ..facts }.looked_at(&[Measure::JournalErrors])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_by_unit_and_kind() {
        let text = r#"{"MESSAGE":"pid 1 lost","_SYSTEMD_UNIT":"a.service"}
{"MESSAGE":"pid 2 lost","_SYSTEMD_UNIT":"a.service"}
{"MESSAGE":[104,105],"SYSLOG_IDENTIFIER":"kernel"}
{"MESSAGE":null}
{"MESS"#;
        let reading = parse(text).reading();
        let expected = "errors in the journal within the last hour: 3 of 2 unit(s)\n\
                        a.service: 2 error(s), most often: pid … lost\n\
                        kernel: 1 error(s), most often: hi";
        assert_eq!(reading.text, expected);
    }

    #[test]
    fn an_empty_journal_was_looked_at() {
        let reading = parse("").reading();
        assert!(reading.facts.is_empty() && reading.measured.contains(&Measure::JournalErrors));
    }
}
