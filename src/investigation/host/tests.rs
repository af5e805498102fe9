//! Whole investigations of recorded machines: what is asked, what is in `/proc`, and what the answer says first.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::machine::{Machine, Space, Units};
use super::root::{Root, Unreadable};
use super::{Event, investigate};

/// A machine made of files: its `/proc` at the beginning and at the end of the window.
struct Recorded {
    begin: tempfile::TempDir,
    end: tempfile::TempDir,
    space: Space,
}

const GIB: u64 = 1 << 30;

impl Recorded {
    /// Two cores that idle, plenty of everything.
    fn idle() -> Self {
        let room = Space {
            total_bytes: 100 * GIB,
            free_bytes: 60 * GIB,
            available_bytes: 60 * GIB,
            inodes: 1_000_000,
            free_inodes: 900_000,
        };
        let recorded = Self { begin: tempfile::tempdir().unwrap(), end: tempfile::tempdir().unwrap(), space: room };
        recorded.both("loadavg", "0.10 0.20 0.15 1/120 4242\n");
        recorded.both("uptime", "86400.00 170000.00\n");
        recorded.memory(16 << 20, 12 << 20);
        recorded.both("vmstat", "nr_free_pages 1\noom_kill 0\n");
        recorded.both("self/mountinfo", "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n");
        for kind in ["cpu", "memory", "io"] {
            recorded.both(&format!("pressure/{kind}"), "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n");
        }
        recorded.processors(0);
        recorded
    }

    fn both(&self, file: &str, text: &str) {
        write(self.begin.path(), file, text);
        write(self.end.path(), file, text);
    }

    /// Ticks that the processors were busy within the window of one second, of 200.
    fn processors(&self, busy: u64) {
        let stat = |busy: u64, idle: u64| {
            format!(
                "cpu {busy} 0 0 {idle} 0 0 0 0 0 0\ncpu0 {busy} 0 0 {idle} 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\n\
                 procs_running 1\nprocs_blocked 0\n"
            )
        };
        write(self.begin.path(), "stat", &stat(1000, 9000));
        write(self.end.path(), "stat", &stat(1000 + busy, 9200 - busy));
    }

    fn memory(&self, total_kb: u64, available_kb: u64) {
        let text = format!(
            "MemTotal: {total_kb} kB\nMemFree: {available_kb} kB\nMemAvailable: {available_kb} kB\n\
             SwapTotal: 0 kB\nSwapFree: 0 kB\n"
        );
        self.both("meminfo", &text);
    }

    /// A process that used so many ticks within the window.
    fn process(&self, pid: u32, name: &str, ticks: u64, resident_pages: u64) {
        let stat = |ticks: u64| {
            format!("{pid} ({name}) R 1 {pid} {pid} 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 1 0 500 0 {resident_pages} 0\n")
        };
        write(self.begin.path(), &format!("{pid}/stat"), &stat(100));
        write(self.end.path(), &format!("{pid}/stat"), &stat(100 + ticks));
    }

    fn ask(&self, question: &str) -> String {
        let space = self.space;
        let machine = Machine {
            root: Root::at(self.begin.path()),
            later: Root::at(self.end.path()),
            wait: Box::new(|| Duration::from_secs(1)),
            units: Units { ticks_per_second: 100, page_bytes: 4096 },
            own_pid: None,
            space: Box::new(move |_| Ok(space)),
            failed_units: Box::new(|| Err(Unreadable::Absent("systemd".into()))),
        };
        let mut events = Vec::new();
        let mut tell = |event: &Event| {
            events.push(event.clone());
            Ok(())
        };
        investigate(question, &machine, &mut tell).expect("somebody listens");
        let started = events.iter().filter(|event| matches!(event, Event::ToolStarted { .. })).count();
        let finished = events.iter().filter(|event| matches!(event, Event::ToolFinished { .. })).count();
        assert!(started > 5 && started == finished, "every probe is told: {started} and {finished}");
        match events.pop() {
            Some(Event::Final(word)) => word.outcome.expect("an answer"),
            other => panic!("the last word is {other:?}"),
        }
    }
}

fn write(root: &Path, file: &str, text: &str) {
    let path = root.join("proc").join(file);
    fs::create_dir_all(path.parent().expect("a folder")).unwrap();
    fs::write(path, text).unwrap();
}

fn first_line(answer: &str) -> &str {
    answer.lines().next().unwrap_or_default()
}

#[test]
fn on_an_idle_machine_nothing_is_invented() {
    let machine = Recorded::idle();
    machine.process(7, "sshd", 0, 1000);
    let answer = machine.ask("why is it slow?");
    assert!(first_line(&answer).starts_with("**Nothing wrong found"), "{answer}");
    assert!(answer.contains("Looked for, and not met:") && answer.contains("Not looked at:"), "{answer}");
}

#[test]
fn a_process_that_burns_a_core_is_named_first() {
    let machine = Recorded::idle();
    machine.processors(195);
    machine.process(4242, "stress-ng", 99, 1000);
    machine.process(7, "sshd", 1, 1000);
    let answer = machine.ask("the load is high");
    assert!(first_line(&answer).contains("4242") && first_line(&answer).contains("stress-ng"), "{answer}");
}

#[test]
fn memory_that_runs_out_is_told_with_what_was_killed() {
    let machine = Recorded::idle();
    machine.memory(16 << 20, 300 << 10);
    machine.both("vmstat", "oom_kill 3\n");
    machine.process(99, "leaky", 1, 3 << 20);
    let answer = machine.ask("out of memory?");
    assert!(first_line(&answer).starts_with("**Memory:"), "{answer}");
    assert!(answer.contains("leaky") && answer.contains("| 99 |"), "{answer}");
    assert!(answer.contains("since boot") && answer.contains(": 3"), "{answer}");
}

#[test]
fn a_full_disk_and_one_without_inodes_are_told() {
    let mut machine = Recorded::idle();
    machine.space.free_bytes = GIB / 2;
    machine.space.available_bytes = GIB / 2;
    let answer = machine.ask("no space left on device");
    assert!(first_line(&answer).starts_with("**Disk: `/` is 100 % full"), "{answer}");
    let mut machine = Recorded::idle();
    machine.space.free_inodes = 10_000;
    let answer = machine.ask("no space left on device");
    assert!(first_line(&answer).starts_with("**Disk:") && first_line(&answer).contains("inode"), "{answer}");
}

#[test]
fn work_that_waits_for_memory_is_told_from_pressure() {
    let machine = Recorded::idle();
    machine.both("pressure/memory", "some avg10=45.00 avg60=30.00 avg300=10.00 total=9\n");
    let answer = machine.ask("why is it slow?");
    assert!(answer.lines().take(8).any(|line| line.contains("45")), "{answer}");
    assert!(!first_line(&answer).contains("Nothing wrong"), "{answer}");
}

#[test]
fn a_name_made_to_deceive_stays_a_name() {
    let machine = Recorded::idle();
    machine.processors(195);
    machine.process(13, "a) R `**\u{1b}[2J\n# all is well", 99, 1000);
    let answer = machine.ask("cpu");
    assert!(first_line(&answer).contains("13"), "{answer}");
    assert!(!answer.contains('\u{1b}') && !answer.lines().any(|line| line.starts_with("# all")), "{answer}");
}

#[test]
fn what_the_system_refuses_is_told_and_is_no_failure() {
    let machine = Recorded::idle();
    for root in [&machine.begin, &machine.end] {
        fs::remove_file(root.path().join("proc/stat")).unwrap();
    }
    let answer = machine.ask("cpu?");
    assert!(!answer.contains("a process with 80 %"), "what could not be measured is not claimed: {answer}");
    assert!(answer.contains("Not possible:") && answer.contains("/proc/stat"), "{answer}");
}
