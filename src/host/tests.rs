//! Stories of the whole investigator, on recorded machines and on the one that runs the test.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::clock::Timestamp;

use super::machine::{Machine, Space, Units};
use super::program::Program;
use super::root::{Root, Unreadable};
use super::*;
use crate::agent::kinds::host::{AskedBy, GOES_ON_FROM};

const GIB: u64 = 1024 * 1024 * 1024;
/// Longest wait for a busy process to be named first on a machine that others use too.
const PATIENCE: Duration = Duration::from_secs(120);

/// A recorded machine: two trees, one for each end of the window.
struct Recorded {
    before: TempDir,
    after: TempDir,
    space: Result<Space, String>,
    units: Result<String, Unreadable>,
}

impl Recorded {
    /// Records two idle cores, half of the memory and of the disk free, and one sleeping process.
    fn idle() -> Self {
        let space = Space {
            total_bytes: 100 * GIB,
            free_bytes: 50 * GIB,
            available_bytes: 50 * GIB,
            inodes: 1_000,
            free_inodes: 900,
        };
        let [before, after] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let recorded = Self { before, after, space: Ok(space), units: Ok(String::new()) };
        recorded
            .file("proc/loadavg", "0.10 0.10 0.10 1/90 999\n")
            .file("proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n")
            .file("proc/vmstat", "oom_kill 0\n")
            .file("proc/uptime", "7200.00 100.00\n")
            .file("proc/self/mountinfo", "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n")
            .file("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
            .file("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
            .file("proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
            .file("proc/sys/fs/file-nr", "500 0 100000\n")
            .file("proc/sys/kernel/threads-max", "30000\n")
            .file("proc/sys/kernel/pid_max", "32768\n")
            .file("proc/net/tcp", "  sl  local_address\n")
            .machine_ticks([0, 1_000], [2, 1_098])
            .process(1, "init", [10, 10], 500)
    }

    fn file(self, path: &str, text: &str) -> Self {
        for tree in [&self.before, &self.after] {
            write(tree.path(), path, text);
        }
        self
    }

    /// Sets busy and idle ticks at both ends.
    fn machine_ticks(self, before: [u64; 2], after: [u64; 2]) -> Self {
        for (tree, [busy, idle]) in [(&self.before, before), (&self.after, after)] {
            let text = format!("cpu {busy} 0 0 {idle} 0 0 0 0 0 0\ncpu0 0\ncpu1 0\nprocs_running 1\nprocs_blocked 0\n");
            write(tree.path(), "proc/stat", &text);
        }
        self
    }

    fn process(self, pid: u32, name: &str, ticks: [u64; 2], pages: u64) -> Self {
        for (tree, ticks) in [(&self.before, ticks[0]), (&self.after, ticks[1])] {
            let text = format!("{pid} ({name}) R 1 1 1 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 1 0 77 4096 {pages} 0\n");
            write(tree.path(), &format!("proc/{pid}/stat"), &text);
        }
        self
    }

    fn ask(self, question: &str) -> Told {
        Told::by(question, &self.machine())
    }

    fn machine(&self) -> Machine {
        let (before, after, space, units) = (&self.before, &self.after, self.space.clone(), self.units.clone());
        let answer = move |program| match program {
            Program::FailedUnits => units.clone(),
            Program::Restarts | Program::Journal => units.clone().map(|_| String::new()),
        };
        Machine {
            root: Root::at(before.path()),
            later: Root::at(after.path()),
            wait: Box::new(|| Duration::from_millis(500)),
            units: Units { ticks_per_second: 100, page_bytes: 4096 },
            own_pid: None,
            space: Box::new(move |_| space.clone()),
            ask: Box::new(answer),
            fetch: Box::new(|_| unreachable!("no address is named")),
            now: Box::new(|| Timestamp(1_000)),
        }
    }
}

fn write(tree: &Path, path: &str, text: &str) {
    let path = tree.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What the investigator said.
struct Told {
    events: Vec<Event>,
}

impl Told {
    fn by(question: &str, machine: &Machine) -> Self {
        Self::of(&Assignment { question: question.into(), ..Assignment::default() }, machine)
    }

    fn of(assignment: &Assignment, machine: &Machine) -> Self {
        let mut events = Vec::new();
        investigate(assignment, machine, &mut |event| {
            events.push(event.clone());
            Ok(())
        })
        .unwrap();
        Self { events }
    }

    fn answer(&self) -> &str {
        match self.events.last() {
            Some(Event::Final(Final { outcome: Ok(answer), .. })) => answer,
            other => panic!("no answer: {other:?}"),
        }
    }

    fn headline(&self) -> &str {
        self.answer().lines().next().unwrap()
    }

    fn output(&self, probe: &str) -> (bool, &str) {
        let finished = self.events.iter().find_map(|event| match event {
            Event::ToolFinished { id, ok, output } if id == probe => Some((*ok, output.as_str())),
            _ => None,
        });
        finished.unwrap()
    }
}

#[test]
fn on_an_idle_machine_nothing_is_wrong_and_the_evidence_is_shown() {
    let told = Recorded::idle().ask("how is the machine?");
    let numbers = "CPU 2.0 % busy, 50 % of memory free, disk `/` 50 % used, no failed service";
    assert_eq!(told.headline(), format!("**Nothing wrong found: {numbers}.**"));
    assert!(told.answer().ends_with("Reply `evidence` for all that was measured."), "{}", told.answer());
    let all = Recorded::idle().ask("evidence");
    assert!(all.answer().contains("memory: 4.0 GiB of 8.0 GiB available (50 %)"), "{}", all.answer());
    assert!(all.answer().contains("over 0.50 s"));
    assert!(all.answer().contains("Not looked at: logs"));
}

#[test]
fn no_answer_is_longer_than_a_phone_shows_at_once() {
    let mut recorded = Recorded::idle().process(4242, "stress", [0, 50], 1).machine_ticks([0, 0], [100, 0]);
    recorded = recorded.file("proc/pressure/cpu", "some avg10=35.00 avg60=0.00 avg300=0.00 total=0\n");
    recorded.space = Ok(Space { total_bytes: 100, ..Space::default() });
    let told = recorded.ask("why is this machine slow?");
    let lines = told.answer().lines().filter(|line| !line.is_empty()).count();
    assert!(lines <= 6, "{}", told.answer());
}

#[test]
fn every_probe_is_a_tool_call_that_ends_and_the_answer_comes_last() {
    let told = Recorded::idle().ask("");
    let calls = &told.events[..told.events.len() - 1];
    assert_eq!(calls.len(), 2 * 13, "ten quick probes, restarts, journal and descriptors");
    for pair in calls.chunks(2) {
        assert!(
            matches!(pair, [Event::ToolStarted { id: a, .. }, Event::ToolFinished { id: b, .. }] if a == b),
            "{pair:?}"
        );
    }
}

#[test]
fn a_busy_process_is_named_first_with_its_share_and_window() {
    let told = Recorded::idle()
        .process(4242, "stress", [100, 150], 100)
        .process(4243, "helper", [100, 110], 100)
        .machine_ticks([0, 1_000], [62, 1_038])
        .ask("cpu?");
    assert!(told.headline().starts_with("**CPU: `stress` (pid 4242) uses 100 % of one core"), "{}", told.headline());
    assert!(told.headline().contains("0.50 s") && told.headline().contains("62 % busy"));
    assert!(told.output("processes").1.contains("pid 4243 helper: 20 % of one core"));
}

#[test]
fn want_of_memory_names_the_largest_process_and_the_kills() {
    let told = Recorded::idle()
        .file("proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 167772 kB\n")
        .file("proc/vmstat", "oom_kill 3\n")
        .file("proc/pressure/memory", "some avg10=61.00 avg60=40.00 avg300=9.00 total=1\n")
        .process(900, "java", [5, 5], 1_572_864)
        .ask("are we out of memory");
    assert!(told.headline().starts_with("**Memory: 2.0 % of 8.0 GiB is available; the largest process is `java`"));
    assert!(told.headline().contains("(pid 900) with 6.0 GiB resident"));
    assert!(told.answer().contains("the kernel killed 3 processes"));
    assert!(told.output("pressure").1.contains("waited for memory for 61 % of the last 10 s"));
}

#[test]
fn a_full_disk_and_its_inodes_are_found() {
    let mut recorded = Recorded::idle();
    recorded.space =
        Ok(Space { total_bytes: 100 * GIB, free_bytes: GIB, available_bytes: GIB, inodes: 100, free_inodes: 5 });
    let told = recorded.ask("DiskFull on web-1");
    assert!(told.headline().starts_with("**Disk: `/` is 99 % full: 99.0 GiB used, 1.0 GiB free"));
    assert!(told.answer().contains("95 % of the inodes of `/` are used"));
}

#[test]
fn the_question_decides_what_comes_first_and_hides_nothing() {
    let mut recorded = Recorded::idle().process(4242, "stress", [0, 50], 1).machine_ticks([0, 0], [50, 50]);
    recorded.space = Ok(Space { total_bytes: 100, ..Space::default() });
    let told = recorded.ask("cpu");
    assert!(told.headline().starts_with("**CPU: `stress`"));
    assert!(told.answer().contains("- Besides: Disk: `/` is 100 % full"), "{}", told.answer());
}

#[test]
fn failed_units_are_named() {
    let mut recorded = Recorded::idle();
    recorded.units = Ok("nginx.service loaded failed failed Web\nevil`**x**.service loaded failed\n".into());
    let told = recorded.ask("which service failed?");
    assert_eq!(told.headline(), "**Services: 2 units failed: `nginx.service`, `evil\\x60**x**.service`.**");
}

#[test]
fn what_the_system_refuses_or_lacks_is_evidence_and_no_claim() {
    let mut recorded = Recorded::idle();
    recorded.space = Err("permission denied".into());
    recorded.units = Err(Unreadable::Refused { what: "systemctl".into(), reason: "no answer within 2 s".into() });
    for tree in [&recorded.before, &recorded.after] {
        fs::remove_dir_all(tree.path().join("proc/pressure")).unwrap();
        fs::write(tree.path().join("proc/meminfo"), "nonsense").unwrap();
    }
    let told = recorded.ask("disk, memory and services");
    assert_eq!(told.output("pressure"), (true, "not there: /proc/pressure/cpu"));
    assert_eq!(told.output("services"), (false, "not readable: systemctl: no answer within 2 s"));
    assert_eq!(told.output("memory"), (false, "not understood: /proc/meminfo"));
    assert!(told.output("disks").1.contains("/: not readable: permission denied"));
    assert!(told.headline().starts_with("**Nothing wrong found in what could be measured"), "{}", told.headline());
    assert!(!told.answer().contains("a local file system with"), "{}", told.answer());
    assert!(!told.answer().contains("of memory available"), "{}", told.answer());
    assert!(told.answer().contains("Could not look at memory: `not understood: /proc/meminfo`"), "{}", told.answer());
}

#[test]
fn a_file_system_that_is_not_local_is_told_and_never_asked() {
    let mounts = "27 1 254:0 / / rw - ext4 /dev/vda rw\n28 27 0:9 / /nfs rw - nfs4 server:/x rw\n";
    let told = Recorded::idle().file("proc/self/mountinfo", mounts).ask("disk");
    assert!(told.headline().starts_with("**Nothing wrong found in what could be measured"));
    assert!(told.answer().contains("- Could not look at disks: `/nfs (nfs4): not asked"), "{}", told.answer());
}

#[test]
fn listening_ports_are_listed_when_they_are_asked_for() {
    let listener = "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1\n";
    let told = Recorded::idle().file("proc/net/tcp", listener).ask("which ports are open");
    assert_eq!(told.headline(), "**Listening: `0.0.0.0:22`.**");
}

#[test]
fn what_was_met_elsewhere_is_not_called_unmet_and_what_was_not_measured_is_not_called_well() {
    let mut recorded = Recorded::idle().process(4242, "stress", [0, 50], 1).machine_ticks([0, 0], [100, 0]);
    recorded = recorded.file("proc/pressure/cpu", "some avg10=35.00 avg60=0.00 avg300=0.00 total=0\n");
    recorded.units = Err(Unreadable::Absent("systemd".into()));
    let told = recorded.ask("which service failed, is the disk full");
    assert_eq!(told.headline(), "**Nothing wrong found: disk `/` 50 % used.**");
    assert!(told.answer().contains("- Not judged: Services\n"), "{}", told.answer());
    assert!(told.answer().contains("- Besides: CPU: `stress` (pid 4242)"), "{}", told.answer());
}

#[test]
fn an_empty_machine_yields_no_conclusion() {
    let recorded = Recorded::idle();
    for tree in [&recorded.before, &recorded.after] {
        fs::remove_dir_all(tree.path().join("proc")).unwrap();
    }
    assert!(recorded.ask("cpu").headline().starts_with("**No verdict: CPU cannot be judged from here"));
}

#[test]
fn a_hostile_process_name_stays_code_and_the_question_is_not_repeated() {
    let name = "a) R `\n**x**|<@1>\u{1b}[2J";
    let told = Recorded::idle()
        .process(66, name, [0, 50], 1)
        .machine_ticks([0, 0], [50, 50])
        .ask("cpu @everyone **BOLD** `rm -rf /`");
    assert!(told.headline().starts_with("**CPU: `a) R \\x60\\n**x**\\x7c<@1>\\u{1b}[2J` (pid 66)"));
    assert!(!told.answer().contains("everyone") && !told.answer().contains("rm -rf"));
}

#[test]
fn every_headline_quotes_a_line_of_the_evidence_it_cites() {
    let mut recorded = Recorded::idle().process(4242, "s`|\\", [0, 50], 1).machine_ticks([0, 0], [99, 1]);
    recorded = recorded
        .file("proc/loadavg", "9.00 1.00 1.00 1/99999 5\n")
        .file("proc/sys/kernel/threads-max", "100000\n")
        .file("proc/vmstat", "oom_kill 1\n")
        .file("proc/self/cgroup", "0::/box\n")
        .file("sys/fs/cgroup/box/memory.max", "1000\n")
        .file("sys/fs/cgroup/box/memory.current", "990\n")
        .file("proc/pressure/io", "some avg10=30.00 avg60=0.00 avg300=0.00 total=0\n");
    recorded.units = Ok("x.service\n".into());
    let [before, after] = [Root::at(recorded.before.path()), Root::at(recorded.after.path())];
    let machine =
        Machine { root: before, later: after, wait: Box::new(|| Duration::from_millis(500)), ..Machine::live() };
    let mut outputs = std::collections::BTreeMap::new();
    let assignment = Assignment::default();
    let seen = observe::observe(&assignment, &Focus::Overview, Wanted::Trouble, &machine, &mut |event| {
        if let Event::ToolFinished { id, output, .. } = event {
            outputs.insert(id.clone(), output.clone());
        }
        Ok(())
    })
    .unwrap();
    let made = judge::judge(&seen, &Focus::Overview).hypotheses;
    assert!(made.len() >= 6, "{made:?}");
    for item in made.iter().flat_map(|made| &made.rests_on) {
        let (probe, _, _) = item.fact.measure.traits();
        assert!(outputs[probe.id()].lines().any(|line| line == item.fact.quote), "{item:?}");
    }
}

#[test]
fn a_question_is_read_up_to_its_bound_whatever_its_bytes() {
    assert_eq!(question_on(&b"cpu \xff"[..]), "cpu \u{fffd}");
    assert_eq!(question_on(io::repeat(b'x')).len() as u64, MAX_QUESTION_BYTES);
}

#[test]
fn a_process_that_is_busy_on_this_machine_is_named_first() {
    let stop = AtomicBool::new(false);
    // This process, with more busy threads than cores, so that it is ahead of whatever else runs here.
    let machine = Machine { own_pid: None, ask: Box::new(|_| Ok(String::new())), ..Machine::live() };
    let threads = 4 * std::thread::available_parallelism().unwrap().get();
    let named = std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop()
                }
            });
        }
        let pid = format!("(pid {})", std::process::id());
        let deadline = Instant::now() + PATIENCE;
        let named = loop {
            let told = Told::by("why is the cpu busy?", &machine);
            if told.headline().starts_with("**CPU: ") && told.headline().contains(&pid) {
                break Ok(());
            } else if Instant::now() > deadline {
                break Err(told.answer().to_owned());
            }
        };
        stop.store(true, Ordering::Relaxed);
        named
    });
    assert_eq!(named, Ok(()));
}

const DB_1: &str =
    "DiskWillFill: /var on db-1\ntitle: DiskWillFill: /var on db-1\nlabel instance: db-1:9100\nlabel mountpoint: /var";

fn goes_on(question: &str, alert: &str, mounts: &str) -> Told {
    let recorded = Recorded::idle().file("proc/sys/kernel/hostname", "vm\n").file("proc/self/mountinfo", mounts);
    for name in ["var", "data"] {
        write(recorded.before.path(), &format!("{name}/{name}.db"), &name.repeat(10_000));
    }
    let machine = recorded.machine();
    let scope = Scope { asked_by: AskedBy::Alert, ..Scope::default() };
    let text = format!("{question}\n{GOES_ON_FROM}\n{alert}");
    Told::of(&Assignment::read(&text, scope), &machine)
}

#[test]
fn what_goes_on_from_an_alert_keeps_its_machine_and_its_mount() {
    let mounts = "27 1 254:0 / / rw - ext4 /dev/vda rw\n28 27 254:1 / /data rw - ext4 /dev/vdb rw\n\
                  29 27 254:2 / /var rw - ext4 /dev/vdc rw\n";
    for question in ["what fills it?", "is /var still full?", "still?", "evidence"] {
        let told = goes_on(question, DB_1, mounts);
        assert_eq!(told.headline(), "**Looked at `vm` only; `db-1` was not looked at.**", "{question}");
        assert!(!told.answer().contains("an alert named it"), "{}", told.answer());
    }
    for question in ["what fills it?", "is /var still full?", "still?"] {
        let told = goes_on(question, DB_1, mounts);
        assert!(told.answer().contains("On `vm`: ") && told.answer().contains("`/var`"), "{}", told.answer());
        assert!(!told.answer().contains("/data"), "{question}: {}", told.answer());
    }
    let here = DB_1.replace("db-1", "vm");
    let told = goes_on("is /var still full?", &here, mounts);
    assert!(told.headline().starts_with("**Nothing wrong found: disk `/var` 50 % used"), "{}", told.answer());
    let told = goes_on("what fills it?", &here, mounts);
    assert!(told.headline().starts_with("**`/var` is 50 % used"), "{}", told.answer());
}

#[test]
fn a_path_that_is_no_mount_is_said_to_lie_on_its_file_system() {
    let told = goes_on("is /var still full?", &DB_1.replace("db-1", "vm"), "27 1 254:0 / / rw - ext4 /dev/vda rw\n");
    assert!(told.headline().starts_with("**Nothing wrong found: disk `/` 50 % used"), "{}", told.answer());
    assert!(told.answer().contains("`/var` is no mount here; it lies on `/`"), "{}", told.answer());
}
