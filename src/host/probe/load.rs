//! Load averages: how many tasks ran, were ready or waited for disks, over 1, 5 and 15 minutes.

use crate::host::fact::{Measure, Reading};
use crate::host::root::{Root, Unreadable, malformed};

const FILE: &str = "proc/loadavg";

/// What `/proc/loadavg` says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Load {
    /// Averages over 1, 5 and 15 minutes, in tasks.
    pub(crate) averages: [f64; 3],
    /// Tasks (threads) there are.
    pub(crate) tasks: u64,
}

/// Reads the load.
pub(crate) fn read(root: &Root) -> Result<Load, Unreadable> {
    parse(&root.read(FILE)?).ok_or_else(|| malformed(FILE))
}

fn parse(text: &str) -> Option<Load> {
    let mut words = text.split_ascii_whitespace();
    let mut average = || words.next()?.parse::<f64>().ok().filter(|value| value.is_finite());
    let averages = [average()?, average()?, average()?];
    let (_, tasks) = words.next()?.split_once('/')?;
    Some(Load { averages, tasks: tasks.parse().ok()? })
}

impl Load {
    /// Makes the reading.
    pub(crate) fn reading(&self) -> Reading {
        let line = self.evidence();
        let mut reading = Reading::new(line.clone());
        reading.fact(Measure::Load, self.averages[0], line);
        reading
    }

    /// Writes the evidence as plain text.
    pub(crate) fn evidence(&self) -> String {
        let [one, five, fifteen] = self.averages;
        format!(
            "load average: {one:.2} over 1 min, {five:.2} over 5 min, {fifteen:.2} over 15 min; {} tasks",
            self.tasks
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_line_is_read_and_a_strange_one_is_not() {
        assert_eq!(parse("0.50 0.12 0.08 2/91 6985\n").unwrap(), Load { averages: [0.5, 0.12, 0.08], tasks: 91 });
        for text in ["", "NaN 1 1 1/2 3", "1 2 3", "1 2 3 4 5"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
