//! Figures, the bounds beside them, and what the machine itself costs.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_signalbox");

/// Prints one figure with its bound.
pub(crate) fn row(what: &str, figure: &str, bound: &str) {
    println!("| {what} | {figure} | {bound} |");
}

/// A time in milliseconds.
pub(crate) fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// Returns the median and the 99th percentile.
pub(crate) fn spread(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[(times.len() * 99 / 100).min(times.len() - 1)])
}

/// Repeats a piece of work; returns the median and the 99th percentile of its time.
pub(crate) fn timed(times: usize, mut work: impl FnMut()) -> (Duration, Duration) {
    let once = |_| {
        let started = Instant::now();
        work();
        started.elapsed()
    };
    spread((0..times).map(once).collect())
}

/// Measures and prints `F`, `S` and `V`.
pub(crate) fn machine_costs() -> (Duration, Duration, Duration) {
    let directory = crate::ground::disk();
    let mut file = File::create(directory.path().join("f")).expect("a file");
    let (f, _) = timed(200, || {
        file.write_all(&[0; 4096]).expect("written");
        file.sync_data().expect("synced");
    });
    let run = |program: &str, argument: &str| {
        let status = Command::new(program).arg(argument).stdin(Stdio::null()).stdout(Stdio::null()).status();
        status.expect("it runs");
    };
    let (s, _) = timed(200, || run("date", "+%s%N"));
    let (v, _) = timed(200, || run(PROGRAM, "supervise"));
    row("F, one fdatasync of 4 KiB", &ms(f), "");
    row("S, a bare agent", &ms(s), "");
    row("V, a bare supervisor", &ms(v), "");
    (f, s, v)
}

/// Sums a field of `smaps_rollup`, in kB.
pub(crate) fn memory_kb(pid: u32, field: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.trim().strip_suffix("kB").map(str::to_owned));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}
