//! Findings: what the rule table says of the evidence, the most telling first.
//!
//! Each finding quotes, word for word, a line of the evidence it rests on. What was not measured yields none.

use super::observe::Observations;
use super::probe::Probe;
use super::probe::cgroup::Cgroup;
use super::probe::disks::{Disk, Disks};
use super::probe::limits::Limits;
use super::probe::load::Load;
use super::probe::memory::Memory;
use super::probe::oom::OomKills;
use super::probe::pressure::{Pressure, Resource};
use super::probe::services::Services;
use super::question::{Area, Focus};
use super::rules::{self, Severity};
use super::sample::{Process, Window};
use super::shown::{bytes, code, percent};

/// Most processes named as findings of their own.
const MAX_HOGS: usize = 3;
/// Most units named in one finding.
const MAX_UNITS_NAMED: usize = 5;

/// Something found, with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// How bad it is.
    pub(crate) severity: Severity,
    /// What it is about.
    pub(crate) area: Area,
    /// What was found, one line of Markdown.
    pub(crate) conclusion: String,
    /// The probe it rests on.
    pub(crate) probe: Probe,
    /// The line of the probe's output that shows it.
    pub(crate) quote: String,
}

/// Judges the evidence; what the question is about comes first, then the worst.
pub(crate) fn judge(seen: &Observations, focus: &Focus) -> Vec<Finding> {
    let mut findings = Vec::new();
    let window = seen.processes.as_ref().ok();
    if let Some(window) = window {
        findings.extend(processes(window));
    }
    if let (Ok(load), Some(window)) = (&seen.load, window) {
        findings.extend(load_average(load, window));
    }
    if let Ok(memory) = &seen.memory {
        findings.extend(memory_left(memory, window));
    }
    if let Ok(pressure) = &seen.pressure {
        findings.extend(waiting(pressure));
    }
    if let Ok(kills) = &seen.oom {
        findings.extend(killed(kills));
    }
    if let Ok(cgroup) = &seen.cgroup {
        findings.extend(control_group(cgroup));
    }
    if let Ok(disks) = &seen.disks {
        findings.extend(room(disks));
    }
    if let Ok(services) = &seen.services {
        findings.extend(failed(services));
    }
    if let Ok(limits) = &seen.limits {
        findings.extend(tables(limits));
    }
    findings.sort_by_key(|finding| (!focus.includes(finding.area), finding.severity));
    findings
}

fn finding(severity: Severity, area: Area, probe: Probe, conclusion: String, quote: String) -> Finding {
    Finding { severity, area, conclusion, probe, quote }
}

fn processes(window: &Window) -> Vec<Finding> {
    let on_cpu = |severity, conclusion, quote| finding(severity, Area::Cpu, Probe::Processes, conclusion, quote);
    let busy = window.busy_percent >= rules::BUSY_PERCENT;
    let cores = window.cores as u64;
    let hogs = window.processes.iter().take_while(|process| process.cpu_percent >= rules::HOG_PERCENT_OF_CORE);
    let mut findings: Vec<Finding> = hogs
        .take(MAX_HOGS)
        .map(|process| {
            let severity = if busy { Severity::Warning } else { Severity::Notice };
            on_cpu(severity, hog(process, window), process.line())
        })
        .collect();
    if busy {
        let most = match window.by_cpu().next() {
            Some(process) => {
                format!("; the most in {} with {} of one core", named(process), percent(process.cpu_percent))
            }
            None => String::new(),
        };
        let conclusion = format!("{} of {cores} core(s) is in use{most}", percent(window.busy_percent));
        findings.push(on_cpu(Severity::Warning, conclusion, window.busy_line()));
    }
    let queue = window.running[0].min(window.running[1]);
    if queue > rules::QUEUE_PER_CORE.saturating_mul(cores) {
        let conclusion = format!("at least {queue} tasks ran or were ready to run on {cores} core(s)");
        findings.push(on_cpu(Severity::Warning, conclusion, window.queue_line()));
    }
    if window.steal_percent >= rules::STEAL_PERCENT {
        let conclusion = format!("the hypervisor took {} of the processors' time", percent(window.steal_percent));
        findings.push(on_cpu(Severity::Warning, conclusion, window.busy_line()));
    }
    if window.iowait_percent >= rules::IOWAIT_PERCENT {
        let conclusion = format!("processors waited for I/O for {} of the time", percent(window.iowait_percent));
        findings.push(finding(Severity::Warning, Area::Disk, Probe::Processes, conclusion, window.busy_line()));
    }
    findings
}

fn hog(process: &Process, window: &Window) -> String {
    format!(
        "{} uses {} of one core (measured over {:.2} s; all {} core(s) together are {} busy)",
        named(process),
        percent(process.cpu_percent),
        window.length.as_secs_f64(),
        window.cores,
        percent(window.busy_percent)
    )
}

fn named(process: &Process) -> String {
    format!("{} (pid {})", code(&process.name), process.pid)
}

#[expect(clippy::cast_precision_loss, reason = "the number of cores is small")]
fn load_average(load: &Load, window: &Window) -> Option<Finding> {
    let [one, ..] = load.averages;
    (one > rules::LOAD_PER_CORE * window.cores as f64).then(|| {
        let conclusion = format!(
            "the load over 1 min is {one:.2} on {} core(s) (it counts tasks that run, are ready, or wait for disks)",
            window.cores
        );
        finding(Severity::Warning, Area::Cpu, Probe::Load, conclusion, load.evidence())
    })
}

fn memory_left(memory: &Memory, window: Option<&Window>) -> Vec<Finding> {
    let on_memory = |severity, conclusion, quote| finding(severity, Area::Memory, Probe::Memory, conclusion, quote);
    let mut findings = Vec::new();
    let left = memory.available_percent();
    if left < rules::MEMORY_SHORT_PERCENT {
        let severity = if left < rules::MEMORY_GONE_PERCENT { Severity::Critical } else { Severity::Warning };
        let largest = match window.and_then(|window| window.by_memory().first().copied()) {
            Some(process) => {
                format!("; the largest process is {} with {} resident", named(process), bytes(process.resident_bytes))
            }
            None => String::new(),
        };
        let conclusion = format!("{} of {} is available{largest}", percent(left), bytes(memory.total));
        findings.push(on_memory(severity, conclusion, memory.memory_line()));
    }
    if memory.swap_used_percent() >= rules::SWAP_USED_PERCENT {
        let conclusion = format!("{} of swap is used", percent(memory.swap_used_percent()));
        findings.push(on_memory(Severity::Notice, conclusion, memory.swap_line()));
    }
    findings
}

fn waiting(pressure: &Pressure) -> impl Iterator<Item = Finding> {
    pressure.stalls.iter().filter_map(|stall| {
        let [ten, ..] = stall.some;
        let severity = rules::pressure(stall.resource, ten)?;
        let area = match stall.resource {
            Resource::Cpu => Area::Cpu,
            Resource::Memory => Area::Memory,
            Resource::Io => Area::Disk,
        };
        let conclusion = format!("some work waited for {} for {} of the last 10 s", stall.resource, percent(ten));
        Some(finding(severity, area, Probe::Pressure, conclusion, stall.line()))
    })
}

fn killed(kills: &OomKills) -> Option<Finding> {
    (kills.count > 0).then(|| {
        let conclusion = format!(
            "the kernel killed {} process(es) for want of memory since boot; when, and which, its counter does not say",
            kills.count
        );
        finding(Severity::Warning, Area::Memory, Probe::Oom, conclusion, kills.evidence())
    })
}

fn control_group(cgroup: &Cgroup) -> Vec<Finding> {
    let on_group = |severity, conclusion, quote| finding(severity, Area::Memory, Probe::Cgroup, conclusion, quote);
    let mut findings = Vec::new();
    if let Some(part) = cgroup.memory_used_percent().filter(|&part| part >= rules::CGROUP_MEMORY_PERCENT) {
        let conclusion =
            format!("the control group this runs in uses {} of its memory limit (caches included)", percent(part));
        findings.push(on_group(Severity::Warning, conclusion, cgroup.memory_line()));
    }
    if let Some(count) = cgroup.oom_kills.filter(|&count| count > 0) {
        let conclusion = format!("{count} process(es) of this control group were killed for want of memory");
        findings.push(on_group(Severity::Warning, conclusion, cgroup.kills_line()));
    }
    findings
}

fn room(disks: &Disks) -> Vec<Finding> {
    disks.disks.iter().filter(|disk| !disk.read_only).flat_map(room_of).collect()
}

fn room_of(disk: &Disk) -> Vec<Finding> {
    let on_disk = |severity, conclusion| finding(severity, Area::Disk, Probe::Disks, conclusion, disk.line());
    let mut findings = Vec::new();
    let used = disk.used_percent();
    if used >= rules::DISK_FILLING_PERCENT {
        let severity = if used >= rules::DISK_FULL_PERCENT { Severity::Critical } else { Severity::Warning };
        let space = disk.space;
        let conclusion = format!(
            "{} is {} full, {} of {} is available",
            code(&disk.point),
            percent(used),
            bytes(space.available_bytes),
            bytes(space.total_bytes)
        );
        findings.push(on_disk(severity, conclusion));
    }
    if let Some(part) = disk.inodes_percent().filter(|&part| part >= rules::INODES_PERCENT) {
        let severity = if part >= rules::DISK_FULL_PERCENT { Severity::Critical } else { Severity::Warning };
        findings.push(on_disk(severity, format!("{} of the inodes of {} are used", percent(part), code(&disk.point))));
    }
    findings
}

fn failed(services: &Services) -> Option<Finding> {
    let count = services.failed.len();
    (count > 0).then(|| {
        let named: Vec<String> = services.failed.iter().take(MAX_UNITS_NAMED).map(|unit| code(unit)).collect();
        let more = if count > named.len() { format!(" and {} more", count - named.len()) } else { String::new() };
        let conclusion = format!("{count} unit(s) failed: {}{more}", named.join(", "));
        finding(Severity::Warning, Area::Services, Probe::Services, conclusion, services.count_line())
    })
}

fn tables(limits: &Limits) -> impl Iterator<Item = Finding> {
    limits.tables.iter().filter(|table| table.used_percent() >= rules::TABLE_PERCENT).map(|table| {
        let conclusion = format!("{} of the {} there can be are in use", percent(table.used_percent()), table.what);
        finding(Severity::Critical, Area::Limits, Probe::Limits, conclusion, table.line())
    })
}
