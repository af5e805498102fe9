//! Facts: single measured values, each with its unit, what it is about, and the line of evidence that shows it.
//!
//! Probes make them, the rule table weighs them. A measure's unit and kind of subject are fixed here, so that a rule that
//! compares seconds with bytes, or a process with a disk, is refused when the table is read.

use serde::{Deserialize, Serialize};

use super::probe::Probe;
use super::shown::{bytes, percent};

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A share of a whole, 0 to 100.
    Percent,
    /// Processor time, in percent of one core.
    PercentOfCore,
    /// Bytes.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// Seconds.
    Seconds,
    /// Days, negative when past.
    Days,
    /// A plain number of things.
    Count,
    /// How many times as much.
    Times,
    /// A status code of HTTP.
    Status,
}

impl Unit {
    /// Writes a value for a person.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shown values are small or rounded")]
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Percent | Self::PercentOfCore => percent(value),
            Self::Bytes => bytes(value.max(0.0) as u64),
            Self::BytesPerSecond => format!("{}/s", bytes(value.max(0.0) as u64)),
            Self::Seconds => format!("{value:.2} s"),
            Self::Days => format!("{:.1} days", value.abs()),
            Self::Times => format!("{value:.1} times"),
            Self::Count if value.fract() != 0.0 => format!("{value:.2}"),
            Self::Count | Self::Status => format!("{value:.0}"),
        }
    }
}

/// What kind of thing a measure is about; facts about different kinds are never joined by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    /// The machine as a whole.
    Machine,
    /// One process, by pid.
    Process,
    /// One file system, by mount point.
    Mount,
    /// One table of the kernel, by name.
    Table,
    /// One unit of the service manager, by name.
    Unit,
    /// One log file, by path.
    Log,
    /// One page, by address.
    Page,
    /// One series of Prometheus, by labels.
    Series,
}

macro_rules! measures {
    ($($name:ident: $probe:ident, $about:ident, $unit:ident;)*) => {
        /// Something that a probe can measure.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "the table below says of each who measures it, of what, in which unit")]
        pub enum Measure { $($name,)* }

        impl Measure {
            /// Returns who measures it, of what, in which unit.
            pub(crate) fn traits(self) -> (Probe, Topic, Unit) {
                match self { $(Self::$name => (Probe::$probe, Topic::$about, Unit::$unit),)* }
            }
        }
    };
}

measures! {
    Load: Load, Machine, Count;
    Window: Processes, Machine, Seconds;
    Cores: Processes, Machine, Count;
    CpuBusy: Processes, Machine, Percent;
    Iowait: Processes, Machine, Percent;
    Steal: Processes, Machine, Percent;
    Queue: Processes, Machine, Count;
    ProcessCpu: Processes, Process, PercentOfCore;
    ProcessMemory: Processes, Process, Bytes;
    ProcessGrowth: Processes, Process, BytesPerSecond;
    ProcessIo: Processes, Process, BytesPerSecond;
    MemoryAvailable: Memory, Machine, Percent;
    MemoryTotal: Memory, Machine, Bytes;
    SwapUsed: Memory, Machine, Percent;
    CpuPressure: Pressure, Machine, Percent;
    MemoryPressure: Pressure, Machine, Percent;
    IoPressure: Pressure, Machine, Percent;
    OomKills: Oom, Machine, Count;
    OomVictim: Oom, Process, Bytes;
    CgroupMemory: Cgroup, Machine, Percent;
    CgroupOomKills: Cgroup, Machine, Count;
    DiskUsed: Disks, Mount, Percent;
    DiskAvailable: Disks, Mount, Bytes;
    DiskOccupied: Disks, Mount, Bytes;
    InodesUsed: Disks, Mount, Percent;
    DirectorySize: Growth, Mount, Bytes;
    DirectoryGrowth: Growth, Mount, Bytes;
    DirectoryFiles: Growth, Mount, Count;
    DirectoryTotal: Usage, Mount, Bytes;
    FileSize: Usage, Mount, Bytes;
    FailedUnits: Services, Machine, Count;
    UnitRestarts: Restarts, Unit, Count;
    UnitDown: Restarts, Unit, Count;
    JournalErrors: Journal, Unit, Count;
    TableUsed: Limits, Table, Percent;
    DescriptorsUsed: Descriptors, Process, Percent;
    Descriptors: Descriptors, Process, Count;
    CloseWait: Ports, Machine, Count;
    TimeWait: Ports, Machine, Count;
    SynReceived: Ports, Machine, Count;
    LogErrors: Logs, Log, Count;
    LogRise: Logs, Log, Times;
    PageFailed: Web, Page, Count;
    PageStatus: Web, Page, Status;
    CertificateDays: Web, Page, Days;
    CertificateRefused: Web, Page, Count;
    SeriesCpuBusy: Prometheus, Series, Percent;
    SeriesMemoryUsed: Prometheus, Series, Percent;
    SeriesDiskUsed: Prometheus, Series, Percent;
}

/// What a fact is about, by key and as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    /// What tells it from others of its kind.
    pub(crate) key: String,
    /// Its name, harmless Markdown.
    pub(crate) shown: String,
}

/// One measured value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fact {
    /// What was measured.
    pub(crate) measure: Measure,
    /// Of what; `None` is the machine.
    pub(crate) subject: Option<Subject>,
    /// The value, in the measure's unit.
    pub(crate) value: f64,
    /// The line of the probe's text that shows it.
    pub(crate) quote: String,
}

/// A fact with its id.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// The probe's id and the fact's number, such as `processes/3`.
    pub(crate) id: String,
    /// The fact.
    pub(crate) fact: Fact,
}

/// What a probe read: its text, and the facts in it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Reading {
    /// The evidence as plain text.
    pub(crate) text: String,
    /// The evidence in one line.
    pub(crate) short: String,
    /// The values, the most telling of each measure first.
    pub(crate) facts: Vec<Fact>,
    /// Measures that were looked at, though there may be no fact of them.
    pub(crate) measured: Vec<Measure>,
    /// What single parts could not be read, and why.
    pub(crate) gaps: Vec<String>,
}

/// Most lines of a text put into one line.
const MAX_LINES_JOINED: usize = 3;

impl Reading {
    /// Makes a reading of a text; its first lines are the short form.
    pub(crate) fn new(text: String) -> Self {
        let short = text.lines().map(str::trim).take(MAX_LINES_JOINED).collect::<Vec<_>>().join("; ");
        Self { text, short, ..Self::default() }
    }

    /// Says that these were looked at, whether or not there is a fact.
    pub(crate) fn looked_at(mut self, measures: &[Measure]) -> Self {
        self.measured.extend(measures);
        self
    }

    /// Adds a value of the machine.
    pub(crate) fn fact(&mut self, measure: Measure, value: f64, quote: String) {
        self.push(measure, None, value, quote);
    }

    /// Adds a value of one thing.
    pub(crate) fn fact_of(&mut self, measure: Measure, key: String, shown: String, value: f64, quote: String) {
        self.push(measure, Some(Subject { key, shown }), value, quote);
    }

    fn push(&mut self, measure: Measure, subject: Option<Subject>, value: f64, quote: String) {
        if value.is_finite() {
            self.measured.push(measure);
            self.facts.push(Fact { measure, subject, value, quote });
        }
    }
}

impl Fact {
    /// Writes its value for a person.
    pub(crate) fn shown(&self) -> String {
        let (_, _, unit) = self.measure.traits();
        unit.show(self.value)
    }
}
