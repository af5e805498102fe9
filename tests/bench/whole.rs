//! The whole program, measured next to the machine's own costs in the same run, and set beside its bounds.
//!
//! `cargo bench --bench whole` prints a table; nothing fails on a figure. `F` is one `fdatasync` of 4 KiB on the disk of
//! the state directory, `S` starting and ending a bare agent, `V` starting a bare supervisor.

mod epoch;
mod ground;
mod kit;
mod table;

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use signalbox::config::Durability;

use kit::Rig;
use table::{PROGRAM, machine_costs, memory_kb, ms, row, spread, timed};

fn starting() {
    let directory = ground::disk();
    let notify = directory.path().join("notify");
    let socket = UnixDatagram::bind(&notify).expect("a socket");
    let mut times = Vec::new();
    let mut idle = (0, 0);
    for _ in 0..20 {
        let started = Instant::now();
        let mut serving = Command::new(PROGRAM)
            .args(["serve", "--state-dir"])
            .arg(directory.path().join("state"))
            .env("NOTIFY_SOCKET", &notify)
            .env("XDG_CONFIG_HOME", directory.path())
            .env("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0")
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut message = [0; 256];
        loop {
            let length = socket.recv(&mut message).expect("a word");
            if message[..length].starts_with(b"READY=1") {
                break;
            }
        }
        times.push(started.elapsed());
        std::thread::park_timeout(Duration::from_millis(200));
        idle = (memory_kb(serving.id(), "Rss:"), memory_kb(serving.id(), "Pss:"));
        serving.kill().expect("it is ours");
        serving.wait().expect("it ends");
    }
    let (median, _) = spread(times);
    row("start to ready", &ms(median), "50 ms");
    row(
        "idle memory, resident / own share",
        &format!("{:.1} / {:.1} MB", idle.0 as f64 / 1e3, idle.1 as f64 / 1e3),
        "25 MB",
    );
    let state = directory.path().join("state");
    let quick = |arguments: &[&str]| {
        timed(30, || {
            let mut command = Command::new(PROGRAM);
            command.args(arguments).arg("--state-dir").arg(&state).env("XDG_CONFIG_HOME", directory.path());
            command.stdout(Stdio::null()).status().expect("it runs");
        })
    };
    row("`session list`", &ms(quick(&["session", "list"]).0), "15 ms");
    row("`--help`", &ms(quick(&["--help"]).0), "15 ms");
    let size = std::fs::metadata(PROGRAM).expect("the program").len();
    row("binary", &format!("{:.1} MB", size as f64 / 1e6), "25 MB stripped, release");
}

const AGENTS: &str = "[agents.date]\nkind = \"command\"\ncommand = [\"date\", \"+%s%N\"]\n\
    [agents.nothing]\nkind = \"command\"\ncommand = [\"true\"]\n\
    [agents.waits]\nkind = \"command\"\ncommand = [\"sleep\", \"600\"]\n";

async fn journeys(f: Duration, s: Duration, v: Duration) {
    let rig = Rig::start(AGENTS, Durability::Power, 8).await;
    let (mut to_agent, mut to_wire) = (Vec::new(), Vec::new());
    for chat in 0..200 {
        let asked = epoch::now_ns();
        rig.say(chat, "/session @date now").await;
        rig.results(1).await;
        for (text, at) in rig.provider.take() {
            let ran = text.lines().last().and_then(|line| line.trim().parse::<u128>().ok()).unwrap_or(asked);
            to_agent.push(Duration::from_nanos(u64::try_from(ran.saturating_sub(asked)).unwrap_or(0)));
            to_wire.push(Duration::from_nanos(u64::try_from(at.saturating_sub(ran)).unwrap_or(0)));
        }
    }
    let (p50, p99) = spread(to_agent);
    let bound = |extra: u64| ms(f + v + s + Duration::from_millis(extra));
    row(
        "update → agent runs, p50 / p99",
        &format!("{} / {}", ms(p50), ms(p99)),
        &format!("{} / {}", bound(2), bound(10)),
    );
    let (p50, p99) = spread(to_wire);
    let bound = |extra: u64| ms(f + Duration::from_millis(extra));
    row(
        "agent's last word → request, p50 / p99",
        &format!("{} / {}", ms(p50), ms(p99)),
        &format!("{} / {}", bound(1), bound(8)),
    );
}

async fn accepted(durability: Durability, name: &str, bound: &str) {
    let rig = std::sync::Arc::new(Rig::start("", durability, 8).await);
    let started = Instant::now();
    let (rounds, at_a_time) = (100, 64);
    let mut lanes = tokio::task::JoinSet::new();
    for chat in 0..at_a_time {
        let rig = std::sync::Arc::clone(&rig);
        lanes.spawn(async move {
            for _ in 0..rounds {
                rig.say(chat, "/id").await;
            }
        });
    }
    lanes.join_all().await;
    let rate = f64::from(rounds) * at_a_time as f64 / started.elapsed().as_secs_f64();
    row(&format!("accepted durably, 64 at a time, `{name}`"), &format!("{rate:.0} /s"), bound);
}

/// Says something so many times in each of some chats, and returns the largest size of the write-ahead log meanwhile.
async fn largest_log(rig: &std::sync::Arc<Rig>, chats: usize, rounds: usize) -> u64 {
    let log = rig.bus.store().directory().join("signalbox.db-wal");
    let mut lanes = tokio::task::JoinSet::new();
    for chat in 0..chats {
        let (rig, log) = (std::sync::Arc::clone(rig), log.clone());
        lanes.spawn(async move {
            let mut largest = 0;
            for _ in 0..rounds {
                rig.say(chat, "/id").await;
                largest = largest.max(std::fs::metadata(&log).map_or(0, |file| file.len()));
            }
            largest
        });
    }
    lanes.join_all().await.into_iter().max().unwrap_or(0)
}

/// The write-ahead log, with a receipt written for every answer.
async fn log() {
    let rig = std::sync::Arc::new(Rig::start("", Durability::Power, 8).await);
    let mb = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    let largest = largest_log(&rig, 1, 5_000).await;
    row("write-ahead log, 5,000 commands one by one", &mb(largest), "16 MB");
    let largest = largest_log(&rig, 64, 250).await;
    row("write-ahead log, 16,000 commands, 64 at a time", &mb(largest), "16 MB");
    tokio::time::sleep(Duration::from_secs(3)).await;
    row("write-ahead log after 3 s without a command", &mb(rig.bus.store().log_bytes()), "");
    rig.bus.store().close();
    row("write-ahead log after a stop", &mb(rig.bus.store().log_bytes()), "gone");
}

async fn thousand() {
    let rig = std::sync::Arc::new(Rig::start(AGENTS, Durability::Power, 8).await);
    let started = Instant::now();
    let mut chats = tokio::task::JoinSet::new();
    for chat in 0..200 {
        let rig = std::sync::Arc::clone(&rig);
        chats.spawn(async move {
            for _ in 0..5 {
                rig.say(chat, "/session @nothing go").await;
            }
        });
    }
    chats.join_all().await;
    rig.results(1000).await;
    let ours = started.elapsed();
    let started = Instant::now();
    let mut bare = tokio::task::JoinSet::new();
    for _ in 0..8 {
        bare.spawn_blocking(|| {
            for _ in 0..125 {
                Command::new("true").stdin(Stdio::null()).status().expect("it runs");
            }
        });
    }
    bare.join_all().await;
    let bare = started.elapsed();
    let ratio = ours.as_secs_f64() / bare.as_secs_f64();
    row(
        "1,000 sessions of 200 chats, 0 ms agent",
        &format!("{:.2} s, {ratio:.1} × bare", ours.as_secs_f64()),
        "3 × bare",
    );
}

/// Supervisors of a state directory, by what is in their environment's place: their open directory.
fn supervisors(state: &Path) -> Vec<u32> {
    let runs = std::fs::read_dir(state.join("runs")).into_iter().flatten().flatten();
    let pid = |run: std::fs::DirEntry| {
        let text = std::fs::read_to_string(run.path().join("supervisor.json")).ok()?;
        let record: serde_json::Value = serde_json::from_str(&text).ok()?;
        u32::try_from(record["pid"].as_u64()?).ok()
    };
    runs.filter_map(pid).collect()
}

async fn at_once(tasks: usize) {
    let rig = Rig::start(AGENTS, Durability::Process, tasks).await;
    let own = std::process::id();
    let before = memory_kb(own, "Pss:");
    for number in 0..tasks {
        rig.say(number / 5, "/session @waits go").await;
    }
    let started = Instant::now();
    while supervisors(rig.bus.store().directory()).len() < tasks && started.elapsed() < Duration::from_secs(120) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let ours = memory_kb(own, "Pss:").saturating_sub(before);
    let theirs: u64 = supervisors(rig.bus.store().directory()).into_iter().map(|pid| memory_kb(pid, "Pss:")).sum();
    let each = (ours + theirs) as f64 / tasks as f64 / 1e3;
    row(&format!("{tasks} tasks at once, own share of memory each"), &format!("{each:.2} MB"), "2 MB");
    rig.provider.take();
    for chat in 0..tasks.div_ceil(5) {
        rig.say(chat, "/stop all").await;
    }
    // An answer to each stop, and a result of each task.
    rig.results(tasks + tasks.div_ceil(5)).await;
    row(&format!("{tasks} tasks stopped, all told"), "yes", "yes");
}

fn main() {
    // Words after `--` pick parts by name: starting, journeys, accepted, log, thousand, at_once.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    println!("| what | measured | bound |\n|---|---|---|");
    let (f, s, v) = machine_costs();
    if wanted("starting") {
        starting();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        if wanted("journeys") {
            journeys(f, s, v).await;
        }
        if wanted("accepted") {
            accepted(Durability::Power, "power", "5,000 /s at F = 4 ms").await;
            accepted(Durability::Process, "process", "20,000 /s").await;
        }
        if wanted("log") {
            log().await;
        }
        if wanted("thousand") {
            thousand().await;
        }
        if wanted("at_once") {
            at_once(100).await;
            at_once(500).await;
        }
    });
}
