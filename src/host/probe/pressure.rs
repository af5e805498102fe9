//! Pressure stall information: the share of time in which work waited for a resource.

use std::fmt;

use crate::host::fact::{Measure, Reading};
use crate::host::root::{Root, Unreadable, malformed};
use crate::host::shown::percent;

/// What work can wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    /// A processor.
    Cpu,
    /// Memory being reclaimed or swapped in.
    Memory,
    /// Disks.
    Io,
}

impl Resource {
    const ALL: [Self; 3] = [Self::Cpu, Self::Memory, Self::Io];

    fn file(self) -> &'static str {
        match self {
            Self::Cpu => "proc/pressure/cpu",
            Self::Memory => "proc/pressure/memory",
            Self::Io => "proc/pressure/io",
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "CPU",
            Self::Memory => "memory",
            Self::Io => "I/O",
        })
    }
}

/// How long work waited for one resource, in percent of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stall {
    /// What it waited for.
    pub(crate) resource: Resource,
    /// At least one task waited: over 10, 60 and 300 seconds.
    pub(crate) some: [f64; 3],
}

/// What was read for each resource.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pressure {
    /// The resources that could be read.
    pub(crate) stalls: Vec<Stall>,
    /// Why the others could not.
    pub(crate) unreadable: Vec<Unreadable>,
}

/// Reads the pressure on each resource.
///
/// # Errors
/// [`Unreadable`] when not one resource can be read, as on a kernel without this accounting.
pub(crate) fn read(root: &Root) -> Result<Pressure, Unreadable> {
    let mut pressure = Pressure { stalls: Vec::new(), unreadable: Vec::new() };
    for resource in Resource::ALL {
        let stall = root
            .read(resource.file())
            .and_then(|text| parse(&text).ok_or_else(|| malformed(resource.file())))
            .map(|some| Stall { resource, some });
        match stall {
            Ok(stall) => pressure.stalls.push(stall),
            Err(why) => pressure.unreadable.push(why),
        }
    }
    if pressure.stalls.is_empty() { Err(pressure.unreadable.swap_remove(0)) } else { Ok(pressure) }
}

fn parse(text: &str) -> Option<[f64; 3]> {
    let line = text.lines().find_map(|line| line.strip_prefix("some "))?;
    let field = |name: &str| {
        let value: f64 = line.split_ascii_whitespace().find_map(|word| word.strip_prefix(name))?.parse().ok()?;
        (0.0..=100.0).contains(&value).then_some(value)
    };
    Some([field("avg10=")?, field("avg60=")?, field("avg300=")?])
}

impl Stall {
    /// Says in one line how long work waited.
    pub(crate) fn line(&self) -> String {
        let [ten, sixty, three_hundred] = self.some.map(percent);
        format!(
            "some work waited for {} for {ten} of the last 10 s, {sixty} of 60 s, {three_hundred} of 300 s",
            self.resource
        )
    }
}

impl Pressure {
    /// Makes the reading.
    pub(crate) fn reading(&self) -> Reading {
        let mut reading = Reading::new(self.evidence());
        for stall in &self.stalls {
            let measure = match stall.resource {
                Resource::Cpu => Measure::CpuPressure,
                Resource::Memory => Measure::MemoryPressure,
                Resource::Io => Measure::IoPressure,
            };
            reading.fact(measure, stall.some[0], stall.line());
        }
        reading.gaps = self.unreadable.iter().map(Unreadable::to_string).collect();
        reading
    }

    /// Writes the evidence as plain text.
    pub(crate) fn evidence(&self) -> String {
        let stalls = self.stalls.iter().map(Stall::line);
        stalls.chain(self.unreadable.iter().map(Unreadable::to_string)).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_some_line_is_read_and_nonsense_is_not() {
        let text =
            "some avg10=12.50 avg60=1.00 avg300=0.61 total=7605316\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
        assert_eq!(parse(text), Some([12.5, 1.0, 0.61]));
        for text in ["", "some", "some avg10=NaN avg60=0 avg300=0", "some avg10=1e9 avg60=0 avg300=0"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
