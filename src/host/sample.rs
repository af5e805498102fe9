//! Processes over a sampling window: what each used between two looks, and what it holds at the second.
//!
//! A process is its pid with its start time, so that a pid used again is another process. Those that end within the
//! window take their use with them; the evidence says how many they were.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use super::fact::{Measure, Reading, Unit};
use super::machine::{Machine, Units};
use super::root::{Root, Unreadable, malformed};
use super::shown::{bytes, code, name, percent, share};
use super::stat::{MachineStat, ProcessStat, parse_machine, parse_process};

/// Most processes looked at.
pub(crate) const MAX_PROCESSES: usize = 65_536;
/// Most processes listed in each order.
pub(crate) const MAX_LISTED: usize = 10;

/// One process over the window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Process {
    /// Its pid.
    pub(crate) pid: u32,
    /// Its name, as the process chose it.
    pub(crate) name: String,
    /// Processor time in the window, in percent of one core.
    pub(crate) cpu_percent: f64,
    /// Memory resident at the end, in bytes; shared pages count in each process.
    pub(crate) resident_bytes: u64,
    /// Threads at the end.
    pub(crate) threads: u64,
    /// How fast its resident memory grew, in bytes a second; negative when it shrank, `None` for one that began within.
    pub(crate) growth: Option<f64>,
    /// What it read from and wrote to disks, in bytes a second, where the system says.
    pub(crate) io: Option<f64>,
}

/// What happened between two looks.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Window {
    /// How long the window was.
    pub(crate) length: Duration,
    /// Processors online.
    pub(crate) cores: usize,
    /// Share of all processors' time that was busy, in percent.
    pub(crate) busy_percent: f64,
    /// Share that was idle while something waited for I/O, in percent.
    pub(crate) iowait_percent: f64,
    /// Share that the hypervisor took, in percent.
    pub(crate) steal_percent: f64,
    /// Tasks running or ready, at the start and at the end.
    pub(crate) running: [u64; 2],
    /// Tasks blocked on I/O, at the start and at the end.
    pub(crate) blocked: [u64; 2],
    /// Processes there at the end, by processor time, then memory.
    pub(crate) processes: Vec<Process>,
    /// Processes that ended within the window.
    pub(crate) ended: usize,
    /// Whether there were more than [`MAX_PROCESSES`].
    pub(crate) cut: bool,
}

struct Look {
    machine: MachineStat,
    processes: BTreeMap<(u32, u64), (ProcessStat, Option<u64>)>,
    cut: bool,
}

/// Looks twice, a window apart.
///
/// # Errors
/// [`Unreadable`] when `/proc` or `/proc/stat` is; a process that cannot be read is one that ended.
pub(crate) fn sample(machine: &Machine) -> Result<Window, Unreadable> {
    let first = look(&machine.root)?;
    let length = (machine.wait)();
    let second = look(&machine.later)?;
    Ok(compare(&first, second, length, machine.units, machine.own_pid))
}

fn look(root: &Root) -> Result<Look, Unreadable> {
    let machine = parse_machine(&root.read("proc/stat")?).ok_or_else(|| malformed("proc/stat"))?;
    let (pids, cut) = root.numbers_in("proc", MAX_PROCESSES)?;
    let processes = pids
        .into_iter()
        .filter_map(|pid| {
            let stat = parse_process(&root.read(&format!("proc/{pid}/stat")).ok()?)?;
            let moved = root.read(&format!("proc/{pid}/io")).ok().and_then(|text| parse_io(&text));
            Some(((pid, stat.started), (stat, moved)))
        })
        .collect();
    Ok(Look { machine, processes, cut })
}

#[expect(clippy::cast_precision_loss, reason = "shown in a unit with one digit")]
fn compare(first: &Look, second: Look, length: Duration, units: Units, own_pid: Option<u32>) -> Window {
    let (before, after) = (first.machine.ticks, second.machine.ticks);
    let total = after.total.saturating_sub(before.total);
    let [idle, iowait, steal] = [(before.idle, after.idle), (before.iowait, after.iowait), (before.steal, after.steal)]
        .map(|(start, end)| share(end.saturating_sub(start).min(total), total));
    let ended = first.processes.keys().filter(|key| !second.processes.contains_key(key)).count();
    let cores = second.machine.cores;
    let mut processes: Vec<Process> = second
        .processes
        .into_iter()
        .filter(|((pid, _), _)| own_pid != Some(*pid))
        .map(|((pid, started), (stat, moved))| {
            let earlier = first.processes.get(&(pid, started));
            // One that began within the window used all of its time there; with a cut list that is not certain.
            let known = earlier.map(|(earlier, _)| earlier.ticks);
            let base = known.unwrap_or(if first.cut { stat.ticks } else { 0 });
            let parallel = stat.threads.clamp(1, cores.max(1) as u64);
            Process {
                pid,
                cpu_percent: percent_of_core(stat.ticks.saturating_sub(base), length, units, parallel),
                resident_bytes: stat.resident_pages.saturating_mul(units.page_bytes),
                growth: earlier.and_then(|(earlier, _)| {
                    let page = units.page_bytes as f64;
                    rate((stat.resident_pages as f64 - earlier.resident_pages as f64) * page, length)
                }),
                io: earlier.and_then(|(_, earlier)| rate(moved?.saturating_sub((*earlier)?) as f64, length)),
                threads: stat.threads,
                name: stat.name,
            }
        })
        .collect();
    processes.sort_by(|a, b| {
        b.cpu_percent.total_cmp(&a.cpu_percent).then(b.resident_bytes.cmp(&a.resident_bytes)).then(a.pid.cmp(&b.pid))
    });
    Window {
        length,
        cores,
        busy_percent: if total == 0 { 0.0 } else { (100.0 - idle - iowait - steal).max(0.0) },
        iowait_percent: iowait,
        steal_percent: steal,
        running: [first.machine.running, second.machine.running],
        blocked: [first.machine.blocked, second.machine.blocked],
        processes,
        ended,
        cut: first.cut || second.cut,
    }
}

/// Parses `/proc/<pid>/io`: bytes read from and written to disks since its start.
fn parse_io(text: &str) -> Option<u64> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    field("read_bytes:")?.checked_add(field("write_bytes:")?)
}

fn rate(amount: f64, length: Duration) -> Option<f64> {
    let seconds = length.as_secs_f64();
    (seconds > 0.0).then(|| amount / seconds)
}

/// Turns ticks into percent of one core, at most what `parallel` threads can use: ticks are coarser than the clock.
#[expect(clippy::cast_precision_loss, reason = "shares are shown with two digits")]
fn percent_of_core(ticks: u64, length: Duration, units: Units, parallel: u64) -> f64 {
    let seconds = length.as_secs_f64();
    if seconds <= 0.0 {
        return 0.0;
    }
    (ticks as f64 * 100.0 / units.ticks_per_second as f64 / seconds).min(parallel as f64 * 100.0)
}

impl Process {
    /// Says in one line of plain text what it used.
    pub(crate) fn line(&self) -> String {
        let more = [(self.growth, "memory grew by"), (self.io, "disk I/O")].map(|(rate, what)| match rate {
            Some(rate) if rate > 0.0 => format!(", {what} {}", Unit::BytesPerSecond.show(rate)),
            Some(_) | None => String::new(),
        });
        format!(
            "pid {} {}: {} of one core, {} resident, {} thread(s){}",
            self.pid,
            name(&self.name),
            percent(self.cpu_percent),
            bytes(self.resident_bytes),
            self.threads,
            more.concat()
        )
    }
}

impl Window {
    /// Returns the processes by memory, largest first, at most [`MAX_LISTED`].
    pub(crate) fn by_memory(&self) -> Vec<&Process> {
        let mut by_memory: Vec<&Process> = self.processes.iter().filter(|process| process.resident_bytes > 0).collect();
        by_memory.sort_by_key(|process| Reverse(process.resident_bytes));
        by_memory.truncate(MAX_LISTED);
        by_memory
    }

    /// Returns the processes that used the processors, most first, at most [`MAX_LISTED`].
    pub(crate) fn by_cpu(&self) -> impl Iterator<Item = &Process> {
        self.processes.iter().filter(|process| process.cpu_percent > 0.0).take(MAX_LISTED)
    }

    /// Returns the processes that read or wrote disks, most first, at most [`MAX_LISTED`].
    pub(crate) fn by_io(&self) -> Vec<&Process> {
        let rate = |process: &Process| process.io.unwrap_or(0.0);
        let mut by_io: Vec<&Process> = self.processes.iter().filter(|process| rate(process) > 0.0).collect();
        by_io.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
        by_io.truncate(MAX_LISTED);
        by_io
    }

    /// Says in one line how busy the machine was.
    pub(crate) fn busy_line(&self) -> String {
        format!(
            "{} core(s) over {:.2} s: {} busy, {} idle waiting for I/O, {} taken by the hypervisor",
            self.cores,
            self.length.as_secs_f64(),
            percent(self.busy_percent),
            percent(self.iowait_percent),
            percent(self.steal_percent)
        )
    }

    /// Says in one line how long the run queue was.
    pub(crate) fn queue_line(&self) -> String {
        let ([running, running_later], [blocked, blocked_later]) = (self.running, self.blocked);
        format!(
            "running or ready: {running} at the start, {running_later} at the end; \
             blocked on I/O: {blocked} at the start, {blocked_later} at the end"
        )
    }

    /// Makes the reading.
    #[expect(clippy::cast_precision_loss, reason = "shown in a unit with one digit")]
    pub(crate) fn reading(&self) -> Reading {
        use Measure::{Cores, CpuBusy, Iowait, ProcessCpu, ProcessGrowth, ProcessIo, ProcessMemory, Queue, Steal};
        let mut reading = Reading::new(self.evidence()).looked_at(&[ProcessCpu, ProcessMemory, ProcessGrowth]);
        for (measure, value) in [
            (Measure::Window, self.length.as_secs_f64()),
            (Cores, self.cores as f64),
            (CpuBusy, self.busy_percent),
            (Iowait, self.iowait_percent),
            (Steal, self.steal_percent),
        ] {
            reading.fact(measure, value, self.busy_line());
        }
        reading.fact(Queue, self.running[0].min(self.running[1]) as f64, self.queue_line());
        let mut of = |measure, process: &Process, value| {
            let shown = format!("{} (pid {})", code(&process.name), process.pid);
            reading.fact_of(measure, process.pid.to_string(), shown, value, process.line());
        };
        self.by_cpu().for_each(|process| of(ProcessCpu, process, process.cpu_percent));
        self.by_memory().iter().for_each(|process| of(ProcessMemory, process, process.resident_bytes as f64));
        for process in self.by_memory() {
            process.growth.into_iter().for_each(|rate| of(ProcessGrowth, process, rate));
        }
        for process in self.by_io() {
            process.io.into_iter().for_each(|rate| of(ProcessIo, process, rate));
        }
        let unknown = self.processes.iter().filter(|process| process.io.is_none()).count();
        if unknown < self.processes.len() || unknown == 0 {
            reading = reading.looked_at(&[ProcessIo]);
        }
        reading
    }

    /// Writes the evidence as plain text.
    pub(crate) fn evidence(&self) -> String {
        let mut lines = vec![self.busy_line(), self.queue_line()];
        lines.push(format!(
            "processes seen at the end: {}{}; ended within the window: {} (what those used is in no line below)",
            self.processes.len(),
            if self.cut { format!(" (no more than {MAX_PROCESSES} are looked at)") } else { String::new() },
            self.ended
        ));
        lines.push("by processor time:".into());
        lines.extend(self.by_cpu().map(Process::line));
        lines.push("by memory:".into());
        lines.extend(self.by_memory().into_iter().map(Process::line));
        let by_io = self.by_io();
        if !by_io.is_empty() {
            lines.push("by disk I/O, where the system says:".into());
            lines.extend(by_io.into_iter().map(Process::line));
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: Units = Units { ticks_per_second: 100, page_bytes: 4096 };
    const HALF_A_SECOND: Duration = Duration::from_millis(500);

    fn process(ticks: u64, threads: u64) -> ProcessStat {
        ProcessStat { name: "p".into(), ticks, started: 7, threads, resident_pages: 1 }
    }

    fn look_at(total: u64, idle: u64, processes: &[((u32, u64), ProcessStat)]) -> Look {
        let ticks = super::super::stat::Ticks { total, idle, iowait: 0, steal: 0 };
        let machine = MachineStat { ticks, cores: 2, running: 1, blocked: 0 };
        Look {
            machine,
            processes: processes.iter().map(|(key, stat)| (*key, (stat.clone(), None))).collect(),
            cut: false,
        }
    }

    #[test]
    fn a_pid_used_again_is_another_process() {
        let first = look_at(0, 0, &[((5, 7), process(9_000, 1))]);
        let second = look_at(100, 50, &[((5, 900), process(10, 1))]);
        let window = compare(&first, second, HALF_A_SECOND, UNITS, None);
        assert_eq!(window.ended, 1);
        assert!((window.processes[0].cpu_percent - 20.0).abs() < 1e-9);
        assert!((window.busy_percent - 50.0).abs() < 1e-9);
    }

    #[test]
    fn one_thread_never_uses_more_than_one_core() {
        let first = look_at(0, 0, &[((5, 7), process(0, 1)), ((6, 7), process(0, 9))]);
        let second = look_at(100, 0, &[((5, 7), process(52, 1)), ((6, 7), process(90, 9))]);
        let window = compare(&first, second, HALF_A_SECOND, UNITS, None);
        let shares: Vec<_> = window.processes.iter().map(|process| (process.pid, process.cpu_percent)).collect();
        assert_eq!(shares, [(6, 180.0), (5, 100.0)]);
    }

    #[test]
    fn a_machine_whose_counters_stand_still_is_not_called_busy() {
        let window = compare(&look_at(5, 5, &[]), look_at(5, 5, &[]), Duration::ZERO, UNITS, None);
        assert!(window.busy_percent.abs() < f64::EPSILON);
    }
}
