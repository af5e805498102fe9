//! How often the service manager started each service again.

use crate::host::fact::{Measure, Reading};
use crate::host::machine::Machine;
use crate::host::program::Program;
use crate::host::root::Unreadable;
use crate::host::shown::{code, name};

/// Most services listed.
const MAX_LISTED: usize = 10;

/// One service that was started again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Restarted {
    unit: String,
    count: u64,
    state: String,
    result: String,
}

/// Asks for the restarts; those restarted most often come first.
///
/// # Errors
/// [`Unreadable`] where systemd does not run or does not answer.
pub(crate) fn read(machine: &Machine) -> Result<Vec<Restarted>, Unreadable> {
    (machine.ask)(Program::Restarts).map(|text| parse(&text))
}

fn parse(text: &str) -> Vec<Restarted> {
    let mut restarted: Vec<Restarted> = text.split("\n\n").filter_map(parse_block).collect();
    restarted.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.unit.cmp(&b.unit)));
    restarted
}

fn parse_block(block: &str) -> Option<Restarted> {
    let field = |key: &str| block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let count = field("NRestarts")?.parse().ok().filter(|&count| count > 0)?;
    let state = format!("{}/{}", field("ActiveState")?, field("SubState")?);
    Some(Restarted { unit: field("Id")?.into(), count, state, result: field("Result").unwrap_or("unknown").into() })
}

impl Restarted {
    fn line(&self) -> String {
        let Self { unit, count, state, result } = self;
        format!("{}: started again {count} time(s), now {}, result {}", name(unit), name(state), name(result))
    }
}

/// Makes the reading.
#[expect(clippy::cast_precision_loss, reason = "a count of restarts is small")]
pub(crate) fn reading(restarted: &[Restarted]) -> Reading {
    let summary = format!("services started again by the service manager: {}", restarted.len());
    let lines: Vec<String> = restarted.iter().take(MAX_LISTED).map(Restarted::line).collect();
    let text = [summary].into_iter().chain(lines).collect::<Vec<_>>().join("\n");
    let mut reading = Reading::new(text).looked_at(&[Measure::UnitRestarts, Measure::UnitDown]);
    for one in restarted.iter().take(MAX_LISTED) {
        let (unit, shown) = (one.unit.clone(), code(&one.unit));
        reading.fact_of(Measure::UnitRestarts, unit.clone(), shown.clone(), one.count as f64, one.line());
        if one.state != "active/running" {
            reading.fact_of(Measure::UnitDown, unit, shown, 1.0, one.line());
        }
    }
    reading
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_services_that_were_started_again_are_told_most_first() {
        let text = "Id=a.service\nNRestarts=2\nActiveState=active\nSubState=running\nResult=success\n\n\
                    Id=b.service\nNRestarts=0\nActiveState=active\nSubState=running\n\n\
                    NRestarts=x\n\n\
                    Id=c.service\nNRestarts=41\nActiveState=activating\nSubState=auto-restart\nResult=exit-code\n";
        let reading = reading(&parse(text));
        let expected = "services started again by the service manager: 2\n\
                        c.service: started again 41 time(s), now activating/auto-restart, result exit-code\n\
                        a.service: started again 2 time(s), now active/running, result success";
        assert_eq!(reading.text, expected);
        assert_eq!(reading.facts.len(), 3);
    }
}
