//! Failed units, where systemd is the service manager.

use crate::host::fact::{Measure, Reading};
use crate::host::machine::Machine;
use crate::host::program::Program;
use crate::host::root::Unreadable;
use crate::host::shown::{code, name};

/// Most units listed.
pub(crate) const MAX_LISTED: usize = 20;
/// Most units named in one sentence.
const MAX_NAMED: usize = 5;

/// Units that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Services {
    /// Their names.
    pub(crate) failed: Vec<String>,
}

/// Asks for the failed units.
///
/// # Errors
/// [`Unreadable`] where systemd does not run or does not answer.
pub(crate) fn read(machine: &Machine) -> Result<Services, Unreadable> {
    (machine.ask)(Program::FailedUnits).map(|text| parse(&text))
}

fn parse(text: &str) -> Services {
    let failed = text.lines().filter_map(|line| line.split_whitespace().find(|word| *word != "●"));
    Services { failed: failed.map(str::to_owned).collect() }
}

impl Services {
    /// Says in one line how many units failed.
    pub(crate) fn count_line(&self) -> String {
        format!("failed units: {}", self.failed.len())
    }

    /// Makes the reading.
    #[expect(clippy::cast_precision_loss, reason = "a count of units is small")]
    pub(crate) fn reading(&self) -> Reading {
        let mut reading = Reading::new(self.evidence());
        reading.short = self.count_line();
        let named: Vec<String> = self.failed.iter().take(MAX_NAMED).map(|unit| code(unit)).collect();
        let more = self.failed.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let shown = format!("{}{more}", named.join(", "));
        reading.fact_of(Measure::FailedUnits, String::new(), shown, self.failed.len() as f64, self.count_line());
        reading
    }

    /// Writes the evidence as plain text.
    pub(crate) fn evidence(&self) -> String {
        let mut lines = vec![self.count_line()];
        lines.extend(self.failed.iter().take(MAX_LISTED).map(|unit| name(unit)));
        if self.failed.len() > MAX_LISTED {
            lines.push(format!("and {} more", self.failed.len() - MAX_LISTED));
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_the_first_words_with_or_without_a_bullet() {
        let services = parse("nginx.service loaded failed failed Web\n● a@b.service loaded failed failed X\n\n");
        assert_eq!(services.failed, ["nginx.service", "a@b.service"]);
    }
}
