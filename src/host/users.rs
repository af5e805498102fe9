//! What takes most of the disk, the memory or the processors, and what a program that is asked about by name takes.

use std::collections::BTreeMap;
use std::time::Duration;

use super::fact::{Fact, Measure};
use super::observe::Observations;
use super::probe::Probe;
use super::question::Area;
use super::said::Said;
use super::sample::{Process, Window};
use super::shown::{bytes, code, percent, plural};
use super::wish;

/// Most programs and directories told.
const MAX_TOLD: usize = 3;
/// Most files told beside the directories.
const MAX_FILES: usize = 1;
/// Shortest word that is taken for the name of a program, in characters.
const MIN_NAME_CHARS: usize = 3;

/// A verdict and what is added to it.
type Told = (Said, Vec<Said>);

/// All processes of one name.
#[derive(Debug, Default)]
struct Program<'w> {
    processes: Vec<&'w Process>,
    cpu_percent: f64,
    resident_bytes: u64,
}

/// Tells what takes most of an area; `None` where that could not be measured.
pub(crate) fn of(area: Area, seen: &Observations) -> Option<Told> {
    let (mut verdict, mut lines) = match area {
        Area::Disk => disk(seen)?,
        Area::Memory => memory(seen)?,
        Area::Cpu => cpu(seen)?,
        Area::Services | Area::Network | Area::Limits | Area::Logs | Area::Web => return None,
    };
    // The first of them is the answer.
    if !lines.is_empty() {
        let most = lines.remove(0);
        verdict.text = format!("{}; the most {}", verdict.text, most.text);
        verdict.shown_by.extend(most.shown_by);
    }
    Some((verdict, lines))
}

/// Tells what the programs take that a question names; `None` where none of them runs.
pub(crate) fn named_in(question: &str, seen: &Observations) -> Option<Told> {
    let window = seen.window.as_ref()?;
    let words: Vec<String> = wish::words(question).filter(|word| word.chars().count() >= MIN_NAME_CHARS).collect();
    let mut told: Vec<Said> = programs(window)
        .into_iter()
        .filter(|(name, _)| words.contains(&name.to_lowercase()))
        .map(|(name, program)| {
            let text = format!(
                "{} runs here: {}, {} of one core, {} of memory",
                code(name),
                plural(program.processes.len() as f64, "process"),
                percent(program.cpu_percent),
                bytes(program.resident_bytes)
            );
            said(text, &program)
        })
        .collect();
    if told.is_empty() {
        return None;
    }
    let verdict = told.remove(0);
    told.truncate(MAX_TOLD);
    told.push(Said::plain("Whether it does its work well cannot be seen from the machine alone"));
    Some((verdict, told))
}

fn disk(seen: &Observations) -> Option<Told> {
    let usage = seen.reading(Probe::Usage)?;
    let of = |measure: Measure| usage.facts.iter().filter(move |fact| fact.measure == measure);
    let place = usage.facts.first()?.subject.as_ref()?.key.clone();
    let disks = seen.reading(Probe::Disks);
    let about = |measure: Measure| {
        let is_it = |fact: &&Fact| fact.measure == measure && fact.subject.as_ref().is_some_and(|of| of.key == place);
        disks?.facts.iter().find(is_it)
    };
    let shown = |fact: &Fact| fact.subject.as_ref().map_or_else(String::new, |subject| subject.shown.clone());
    let least = if usage.gaps.is_empty() { "" } else { "at least " };
    let told = |fact: &Fact, kind: &str| Said::by(format!("{kind}{}: {least}{}", shown(fact), fact.shown()), fact);
    let mut lines: Vec<Said> = of(Measure::DirectoryTotal).take(MAX_TOLD).map(|fact| told(fact, "in ")).collect();
    let file = |fact: &Fact| Said::by(format!("in the largest file {}: {}", shown(fact), fact.shown()), fact);
    lines.extend(of(Measure::FileSize).take(MAX_FILES).map(file));
    let verdict = match (about(Measure::DiskUsed), about(Measure::DiskAvailable), about(Measure::DiskOccupied)) {
        (Some(used), Some(free), Some(taken)) => {
            let text = format!("{} is {} used ({}), {} free", shown(used), used.shown(), taken.shown(), free.shown());
            Said::by(text, used)
        }
        _ => Said::plain(format!("Looked into {}", code(&place))),
    };
    Some((verdict, lines))
}

fn memory(seen: &Observations) -> Option<Told> {
    let window = seen.window.as_ref()?;
    let memory = seen.reading(Probe::Memory)?;
    let fact = |measure: Measure| memory.facts.iter().find(|fact| fact.measure == measure);
    let (available, total) = (fact(Measure::MemoryAvailable)?, fact(Measure::MemoryTotal)?);
    let mut by_memory = programs(window);
    by_memory.sort_by_key(|(_, program)| std::cmp::Reverse(program.resident_bytes));
    let line = |(name, program): &(&str, Program<'_>)| {
        said(format!("by {}: {}", titled(name, program), bytes(program.resident_bytes)), program)
    };
    let lines: Vec<Said> =
        by_memory.iter().filter(|(_, program)| program.resident_bytes > 0).take(MAX_TOLD + 1).map(line).collect();
    let used = percent(100.0 - available.value);
    Some((Said::by(format!("Memory: {used} of {} is in use", total.shown()), available), lines))
}

fn cpu(seen: &Observations) -> Option<Told> {
    let window = seen.window.as_ref()?;
    let busy = seen.reading(Probe::Processes)?.facts.iter().find(|fact| fact.measure == Measure::CpuBusy)?;
    let line = |(name, program): &(&str, Program<'_>)| {
        said(format!("by {}: {} of one core", titled(name, program), percent(program.cpu_percent)), program)
    };
    let all = programs(window);
    let lines: Vec<Said> =
        all.iter().filter(|(_, program)| program.cpu_percent > 0.0).take(MAX_TOLD + 1).map(line).collect();
    let of = format!("CPU: {} of {} busy {}", busy.shown(), plural(window.cores as f64, "core"), over(window.length));
    let text = if lines.is_empty() { format!("{of}; no process used any") } else { of };
    Some((Said::by(text, busy), lines))
}

/// Says how long was looked.
fn over(length: Duration) -> String {
    format!("over {:.1} s", length.as_secs_f64())
}

/// Puts processes of one name together, most of the processors first.
fn programs(window: &Window) -> Vec<(&str, Program<'_>)> {
    let mut by_name: BTreeMap<&str, Program<'_>> = BTreeMap::new();
    for process in &window.processes {
        let program = by_name.entry(process.name.as_str()).or_default();
        program.processes.push(process);
        program.cpu_percent += process.cpu_percent;
        program.resident_bytes = program.resident_bytes.saturating_add(process.resident_bytes);
    }
    let mut programs: Vec<(&str, Program<'_>)> = by_name.into_iter().collect();
    programs.sort_by(|a, b| {
        b.1.cpu_percent.total_cmp(&a.1.cpu_percent).then(b.1.resident_bytes.cmp(&a.1.resident_bytes)).then(a.0.cmp(b.0))
    });
    programs
}

fn titled(name: &str, program: &Program<'_>) -> String {
    match program.processes.as_slice() {
        [one] => format!("{} (pid {})", code(name), one.pid),
        many => format!("{} × {}", code(name), many.len()),
    }
}

fn said(text: String, program: &Program<'_>) -> Said {
    let shown_by = program.processes.iter().take(1).map(|process| (Probe::Processes, process.line())).collect();
    Said { text, shown_by }
}
