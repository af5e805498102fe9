//! Runs the probes that an assignment calls for, one after the other, and tells of each as a tool call with its evidence as
//! output.

use std::io;
use std::path::{Path, PathBuf};

use crate::agent::event::{Event, MAX_TOOL_OUTPUT_BYTES};
use crate::clock::Timestamp;

use super::assignment::Assignment;
use super::fact::{Item, Measure, Reading};
use super::machine::Machine;
use super::mount::NamedMount;
use super::probe::{
    Probe, cgroup, descriptors, disks, growth, journal, limits, load, logs, memory, oom, ports, pressure, prometheus,
    restarts, services, usage, web,
};
use super::question::{Area, Focus};
use super::root::{Root, Unreadable};
use super::sample::{self, Window};
use super::targets::Targets;
use super::wish::Wanted;

/// Use of a file system's space or inodes from which on its directories are looked at, in percent.
const FILLING_PERCENT: f64 = 85.0;

/// What a probe read, or why it could not.
pub(crate) type Seen<T> = Result<T, Unreadable>;

/// One probe's look.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ProbeLook {
    /// The probe.
    pub(crate) probe: Probe,
    /// When it had looked.
    pub(crate) at: Timestamp,
    /// What it read.
    pub(crate) reading: Seen<Reading>,
}

/// What all probes read.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Observations {
    /// The looks, in the order of running.
    pub(crate) looks: Vec<ProbeLook>,
    /// Processors and processes over the sampling window, where they could be read.
    pub(crate) window: Option<Window>,
    /// The file system that is asked about, where its room was measured.
    pub(crate) mount: Option<NamedMount>,
}

/// Where the events of an investigation go.
pub(crate) type EventSink<'t> = &'t mut dyn FnMut(&Event) -> io::Result<()>;

/// Runs every probe that the assignment calls for.
///
/// # Errors
/// The error of `tell`, which takes the events; a probe that cannot read is evidence, not an error.
pub(crate) fn observe(
    assignment: &Assignment,
    focus: &Focus,
    wish: Wanted,
    machine: &Machine,
    tell: EventSink<'_>,
) -> io::Result<Observations> {
    let mut seen = Observations::default();
    for probe in Probe::ALL {
        if is_called_for(probe, assignment, focus, wish, &seen) {
            step(probe, assignment, machine, &mut seen, tell)?;
        }
        if probe == Probe::Disks && focus.includes(Area::Disk) && *focus != Focus::Overview {
            let named = NamedMount::of(assignment, &machine.root);
            seen.mount = named.filter(|named| seen.reading(probe).is_some_and(|disks| named.used(disks).is_some()));
        }
    }
    Ok(seen)
}

/// Tells whether an assignment calls for a probe, given what was seen before it.
///
/// The quick ones always run: together they take little longer than the sampling window, and the cause of what is
/// asked about may lie elsewhere.
fn is_called_for(probe: Probe, assignment: &Assignment, focus: &Focus, wish: Wanted, seen: &Observations) -> bool {
    match probe {
        Probe::Load
        | Probe::Processes
        | Probe::Memory
        | Probe::Pressure
        | Probe::Oom
        | Probe::Cgroup
        | Probe::Disks
        | Probe::Services
        | Probe::Limits
        | Probe::Ports => true,
        // Reading many directories pays where one of them fills the disk.
        Probe::Growth => !filling(seen).is_empty(),
        Probe::Restarts | Probe::Journal => focus.includes(Area::Services) || focus.includes(Area::Logs),
        Probe::Descriptors => focus.includes(Area::Limits),
        Probe::Usage => wish == Wanted::Users(Area::Disk),
        Probe::Logs if wish == Wanted::Users(Area::Disk) => false,
        // The mount that is asked about is no log.
        Probe::Logs if *focus == Focus::On(vec![Area::Disk]) && seen.mount.is_some() => {
            Targets::of(assignment).files.len() > 1
        }
        Probe::Logs => !Targets::of(assignment).files.is_empty(),
        Probe::Web => !Targets::of(assignment).urls.is_empty(),
        Probe::Prometheus => assignment.scope.prometheus.is_some(),
    }
}

/// Lists the mount points of file systems that fill up, fullest first.
fn filling(seen: &Observations) -> Vec<PathBuf> {
    let facts = seen.reading(Probe::Disks).map_or(&[][..], |reading| &reading.facts);
    let full = facts.iter().filter(|fact| {
        matches!(fact.measure, Measure::DiskUsed | Measure::InodesUsed) && fact.value >= FILLING_PERCENT
    });
    let mut points: Vec<PathBuf> = full.filter_map(|fact| Some(PathBuf::from(&fact.subject.as_ref()?.key))).collect();
    points.dedup();
    points
}

/// Finds the directory whose contents are asked about: the one named, else its file system, else the fullest one.
fn place(assignment: &Assignment, root: &Root, seen: &Observations) -> Option<PathBuf> {
    let named = Targets::of(assignment).files.into_iter().find_map(|path| {
        let resolved = root.path(Path::new(&path)).canonicalize().ok().filter(|path| path.is_dir())?;
        root.within(&resolved).filter(|path| assignment.scope.check_file(path).is_ok())
    });
    let facts = seen.reading(Probe::Disks).map_or(&[][..], |reading| &reading.facts);
    let fullest = || facts.iter().find(|fact| fact.measure == Measure::DiskUsed)?.subject.as_ref();
    let mount = || seen.mount.as_ref().map(|mount| PathBuf::from(&mount.point));
    named.or_else(mount).or_else(|| Some(PathBuf::from(&fullest()?.key)))
}

fn step(
    probe: Probe,
    assignment: &Assignment,
    machine: &Machine,
    seen: &mut Observations,
    tell: EventSink<'_>,
) -> io::Result<()> {
    let id = probe.id().to_owned();
    tell(&Event::ToolStarted { id: id.clone(), name: id.clone(), summary: probe.summary().into() })?;
    let reading = read(probe, assignment, machine, seen);
    let (ok, mut output) = match &reading {
        Ok(reading) => (true, reading.text.clone()),
        // That something is not there was learnt by looking; that looking was refused is a failed look.
        Err(why @ Unreadable::Absent(_)) => (true, why.to_string()),
        Err(why @ (Unreadable::Refused { .. } | Unreadable::Malformed(_))) => (false, why.to_string()),
    };
    output.truncate(output.floor_char_boundary(MAX_TOOL_OUTPUT_BYTES));
    tell(&Event::ToolFinished { id, ok, output })?;
    seen.looks.push(ProbeLook { probe, at: (machine.now)(), reading });
    Ok(())
}

fn read(probe: Probe, assignment: &Assignment, machine: &Machine, seen: &mut Observations) -> Seen<Reading> {
    let root = &machine.root;
    match probe {
        Probe::Load => load::read(root).map(|load| load.reading()),
        Probe::Processes => sample::sample(machine).map(|sampled| seen.window.insert(sampled).reading()),
        Probe::Memory => memory::read(root).map(|memory| memory.reading()),
        Probe::Pressure => pressure::read(root).map(|pressure| pressure.reading()),
        Probe::Oom => oom::read(root).map(|kills| kills.reading()),
        Probe::Cgroup => cgroup::read(root).map(|cgroup| cgroup.reading()),
        Probe::Disks => disks::read(machine).map(|disks| disks.reading()),
        Probe::Services => services::read(machine).map(|services| services.reading()),
        Probe::Limits => limits::read(root).map(|limits| limits.reading()),
        Probe::Ports => ports::read(root).map(|ports| ports.reading()),
        Probe::Growth => growth::read(machine, &filling(seen), &assignment.scope.off_limits),
        Probe::Usage => {
            let place = place(assignment, root, seen).unwrap_or_else(|| PathBuf::from("/"));
            usage::read(machine, &place, &assignment.scope.off_limits)
        }
        Probe::Restarts => restarts::read(machine).map(|restarted| restarts::reading(&restarted)),
        Probe::Journal => journal::read(machine).map(|journal| journal.reading()),
        Probe::Descriptors => descriptors::read(root).map(|descriptors| descriptors.reading()),
        Probe::Logs => Ok(logs::read(root, &assignment.scope, &Targets::of(assignment).files)),
        Probe::Web => Ok(web::read(machine, &assignment.scope, &Targets::of(assignment).urls)),
        Probe::Prometheus => prometheus::read(machine, assignment.scope.prometheus.as_deref().unwrap_or_default()),
    }
}

impl ProbeLook {
    /// Lists its facts with their ids.
    pub(crate) fn items(&self) -> impl Iterator<Item = Item> {
        let facts = self.reading.iter().flat_map(|reading| reading.facts.iter().cloned());
        facts.enumerate().map(|(index, fact)| Item { id: format!("{}/{}", self.probe.id(), index + 1), fact })
    }

    /// Tells what it could not read, and why.
    pub(crate) fn gaps(&self) -> Vec<String> {
        match &self.reading {
            Ok(reading) => reading.gaps.clone(),
            Err(why) => vec![why.to_string()],
        }
    }
}

impl Observations {
    /// Lists all facts with their ids.
    pub(crate) fn items(&self) -> Vec<Item> {
        self.looks.iter().flat_map(ProbeLook::items).collect()
    }

    /// Tells whether a measure was looked at, whatever was found.
    pub(crate) fn looked_at(&self, measure: Measure) -> bool {
        self.looks.iter().flat_map(|look| &look.reading).any(|reading| reading.measured.contains(&measure))
    }

    /// Tells whether a probe ran, and this machine has what it looks at.
    pub(crate) fn was_called_for(&self, probe: Probe) -> bool {
        let is_void = |look: &ProbeLook| look.probe.is_optional() && matches!(look.reading, Err(Unreadable::Absent(_)));
        self.looks.iter().any(|look| look.probe == probe && !is_void(look))
    }

    /// Returns what a probe read.
    pub(crate) fn reading(&self, probe: Probe) -> Option<&Reading> {
        self.looks.iter().find(|look| look.probe == probe)?.reading.as_ref().ok()
    }
}
