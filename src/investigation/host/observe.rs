//! Runs the probes one after the other, and tells of each as a tool call with its evidence as output.

use std::io;

use crate::agent::event::{Event, MAX_TOOL_OUTPUT_BYTES};

use super::machine::Machine;
use super::probe::Probe;
use super::probe::cgroup::{self, Cgroup};
use super::probe::disks::{self, Disks};
use super::probe::limits::{self, Limits};
use super::probe::load::{self, Load};
use super::probe::memory::{self, Memory};
use super::probe::oom::{self, OomKills};
use super::probe::ports::{self, Ports};
use super::probe::pressure::{self, Pressure};
use super::probe::services::{self, Services};
use super::root::Unreadable;
use super::sample::{self, Window};

/// What a probe read, or why it could not.
pub(crate) type Seen<T> = Result<T, Unreadable>;

/// What all probes read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Observations {
    /// Load averages.
    pub(crate) load: Seen<Load>,
    /// Processors and processes over the sampling window.
    pub(crate) processes: Seen<Window>,
    /// Memory and swap.
    pub(crate) memory: Seen<Memory>,
    /// Time lost waiting.
    pub(crate) pressure: Seen<Pressure>,
    /// Kills for want of memory.
    pub(crate) oom: Seen<OomKills>,
    /// Limits of our control group.
    pub(crate) cgroup: Seen<Cgroup>,
    /// Local file systems.
    pub(crate) disks: Seen<Disks>,
    /// Failed units.
    pub(crate) services: Seen<Services>,
    /// Tables of the kernel.
    pub(crate) limits: Seen<Limits>,
    /// Listening ports.
    pub(crate) ports: Seen<Ports>,
}

/// Runs every probe.
///
/// # Errors
/// The error of `tell`, which takes the events; a probe that cannot read is evidence, not an error.
pub(crate) fn observe(machine: &Machine, tell: &mut dyn FnMut(&Event) -> io::Result<()>) -> io::Result<Observations> {
    let root = &machine.root;
    Ok(Observations {
        load: step(tell, Probe::Load, || load::read(root), Load::evidence)?,
        processes: step(tell, Probe::Processes, || sample::sample(machine), Window::evidence)?,
        memory: step(tell, Probe::Memory, || memory::read(root), Memory::evidence)?,
        pressure: step(tell, Probe::Pressure, || pressure::read(root), Pressure::evidence)?,
        oom: step(tell, Probe::Oom, || oom::read(root), OomKills::evidence)?,
        cgroup: step(tell, Probe::Cgroup, || cgroup::read(root), Cgroup::evidence)?,
        disks: step(tell, Probe::Disks, || disks::read(machine), Disks::evidence)?,
        services: step(tell, Probe::Services, || services::read(&machine.failed_units), Services::evidence)?,
        limits: step(tell, Probe::Limits, || limits::read(root), Limits::evidence)?,
        ports: step(tell, Probe::Ports, || ports::read(root), Ports::evidence)?,
    })
}

fn step<T>(
    tell: &mut dyn FnMut(&Event) -> io::Result<()>,
    probe: Probe,
    read: impl FnOnce() -> Seen<T>,
    evidence: impl FnOnce(&T) -> String,
) -> io::Result<Seen<T>> {
    let id = probe.id().to_owned();
    tell(&Event::ToolStarted { id: id.clone(), name: id.clone(), summary: probe.summary().into() })?;
    let seen = read();
    let (ok, mut output) = match &seen {
        Ok(value) => (true, evidence(value)),
        // That something is not there was learnt by looking; that looking was refused is a failed look.
        Err(why @ Unreadable::Absent(_)) => (true, why.to_string()),
        Err(why @ (Unreadable::Refused { .. } | Unreadable::Malformed(_))) => (false, why.to_string()),
    };
    output.truncate(output.floor_char_boundary(MAX_TOOL_OUTPUT_BYTES));
    tell(&Event::ToolFinished { id, ok, output })?;
    Ok(seen)
}

impl Observations {
    /// Tells for each probe, in the order of running, in one line what it read or why it could not.
    pub(crate) fn lines(&self) -> Vec<(Probe, Result<String, &Unreadable>)> {
        fn line<T>(seen: &Seen<T>, short: impl FnOnce(&T) -> String) -> Result<String, &Unreadable> {
            seen.as_ref().map(short)
        }
        let joined = |text: String| text.lines().take(MAX_LINES_JOINED).collect::<Vec<_>>().join("; ");
        vec![
            (Probe::Load, line(&self.load, Load::evidence)),
            (Probe::Processes, line(&self.processes, |window| joined(window.evidence()))),
            (Probe::Memory, line(&self.memory, |memory| joined(memory.evidence()))),
            (Probe::Pressure, line(&self.pressure, |pressure| joined(pressure.evidence()))),
            (Probe::Oom, line(&self.oom, OomKills::evidence)),
            (Probe::Cgroup, line(&self.cgroup, |cgroup| joined(cgroup.evidence()))),
            (Probe::Disks, line(&self.disks, |disks| joined(disks.evidence()))),
            (Probe::Services, line(&self.services, Services::count_line)),
            (Probe::Limits, line(&self.limits, |limits| joined(limits.evidence()))),
            (Probe::Ports, line(&self.ports, |ports| joined(ports.evidence()))),
        ]
    }

    /// Tells what single parts of a probe that read others could not be read.
    pub(crate) fn gaps(&self) -> Vec<(Probe, String)> {
        let disks = self.disks.iter().flat_map(|disks| disks.unmeasured.iter().take(disks::MAX_LISTED).cloned());
        let pressure = self.pressure.iter().flat_map(|pressure| &pressure.unreadable).map(Unreadable::to_string);
        let limits = self.limits.iter().flat_map(|limits| &limits.unreadable).map(Unreadable::to_string);
        let of = |probe| move |why| (probe, why);
        pressure
            .map(of(Probe::Pressure))
            .chain(disks.map(of(Probe::Disks)))
            .chain(limits.map(of(Probe::Limits)))
            .collect()
    }
}

/// Most lines of evidence put into one cell of the report.
const MAX_LINES_JOINED: usize = 3;
