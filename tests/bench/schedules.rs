//! Schedules, ten thousand of them: claimed by two instances, delivered, listed, and left alone.
//!
//! `cargo bench --bench schedules` prints a table; nothing fails on a figure.

mod epoch;
mod ground;
#[expect(dead_code, reason = "a kit has more than one bench uses")]
mod kit;
#[expect(dead_code, reason = "a table has more than one bench uses")]
mod table;

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use signalbox::clock::{Clock, SystemClock, Timestamp};
use signalbox::config::Durability;
use signalbox::plan::{CatchUp, DigestKind, Plan, Zone};
use signalbox::schedule;
use signalbox::store::{Caps, NewSchedule, Options, Store, Tx};
use tokio_util::sync::CancellationToken;

use kit::Rig;
use table::{PROGRAM, ms, row, spread, timed};

/// Schedules that are due at one instant.
const MANY: usize = 10_000;
/// What one step claims and takes, as the servant does.
const STEP: usize = 512;
const LEASE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// The machine's time, moved.
#[derive(Default)]
struct Moved(AtomicI64);

impl Moved {
    fn by(&self, span: Duration) {
        self.0.fetch_add(i64::try_from(span.as_millis()).expect("short"), Ordering::Relaxed);
    }
}

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + self.0.load(Ordering::Relaxed))
    }

    fn random(&self) -> u64 {
        SystemClock.random()
    }
}

fn plan() -> Plan {
    Plan { cron: "0 0 * * *".parse().expect("an expression"), zone: Zone::UTC }
}

/// Moves a clock to the instant at which all are due.
fn comes(clock: &Moved) {
    let now = clock.now();
    clock.by(plan().after(now).expect("a next one").since(now));
}

fn new(number: usize, target: &str) -> NewSchedule {
    NewSchedule {
        name: format!("Digest {number}"),
        kind: DigestKind::DailySummary,
        plan: plan(),
        targets: vec![target.parse().expect("an address")],
        span: DAY,
        catch_up: CatchUp::Last,
        quiet: false,
        new_thread: false,
        agent: None,
        params: std::collections::BTreeMap::new(),
        scope: None,
        created_by: "bench".into(),
    }
}

async fn fill(store: &Store, target: fn(usize) -> String) {
    store
        .write(None, move |tx| (0..MANY).try_for_each(|at| tx.add_schedule(&new(at, &target(at))).map(drop)))
        .await
        .expect("added");
}

fn options() -> Options {
    let boot = signalbox::agent::supervisor::boot_id().expect("a boot id");
    let caps = Caps { per_chat: 5, total: 8, queued_per_chat: 50, sessions_per_chat: 10, boot };
    Options { durability: Durability::Power, caps }
}

async fn two_instances() {
    let directory = ground::disk();
    let clock = Arc::new(Moved::default());
    let open = || Store::open(&directory.path().join("state"), options(), clock.clone()).expect("a store");
    let (one, other) = (open(), open());
    fill(&one, |_| "bench:1".to_owned()).await;
    comes(&clock);
    let claims = async |store: &Store| {
        let mut taken = 0;
        loop {
            let step = |tx: &Tx<'_>| {
                let due = tx.due_schedules(STEP)?;
                tx.claim_fires(&due)?;
                Ok((due.len(), tx.take_fires(STEP, LEASE)?.len()))
            };
            let (due, fires) = store.write(None, step).await.expect("a step").value;
            taken += fires;
            if due == 0 && fires == 0 {
                return taken;
            }
        }
    };
    let begun = Instant::now();
    let (mine, theirs) = tokio::join!(claims(&one), claims(&other));
    let took = begun.elapsed();
    assert_eq!(mine + theirs, MANY, "each is claimed once");
    row("10,000 due in one second, 2 instances: all claimed", &ms(took), "2 s");
    row("claims, by one and by the other", &format!("{mine} and {theirs}"), "each once");
    row("claims per second", &format!("{:.0}", MANY as f64 / took.as_secs_f64()), "5,000 /s");
}

async fn deliveries() {
    let clock = Arc::new(Moved::default());
    let rig = Rig::start_at("", Durability::Power, 8, clock.clone()).await;
    let store = rig.bus.store().clone();
    fill(&store, |at| format!("bench:{at}")).await;
    let stop = CancellationToken::new();
    let mut servants = tokio::task::JoinSet::new();
    servants.spawn(schedule::run(Arc::clone(&rig.bus), stop.clone()));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let due = epoch::now_ns();
    comes(&clock);
    rig.results(MANY).await;
    let times = rig.provider.take().into_iter();
    let times: Vec<Duration> =
        times.map(|(_, at)| Duration::from_nanos(u64::try_from(at.saturating_sub(due)).unwrap_or(u64::MAX))).collect();
    let first = times.iter().min().copied().unwrap_or_default();
    let last = times.iter().max().copied().unwrap_or_default();
    let (median, _) = spread(times);
    row("10,000 due in one second, 1 instance: first on the wire", &ms(first), "1 s + F (the tick)");
    row("… half of them", &ms(median), "");
    row("… all of them, each with a digest", &ms(last), "");
    let mut alone = Vec::new();
    for _ in 0..20 {
        let id = store.read(|tx| Ok(tx.schedules(None, 1)?.remove(0).id)).await.expect("one");
        rig.bus.write(move |tx| tx.ask_fire(id)).await.expect("asked");
        let asked = epoch::now_ns();
        rig.results(1).await;
        let sent = rig.provider.take().remove(0).1;
        alone.push(Duration::from_nanos(u64::try_from(sent.saturating_sub(asked)).unwrap_or(0)));
    }
    let (median, worst) = spread(alone);
    row("one fire, from its instant to the wire", &format!("{} / {}", ms(median), ms(worst)), "1 s (the tick)");
    stop.cancel();
    servants.join_next().await;
}

/// Returns the processor time of a process so far.
fn processor_time(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = [11, 12].iter().map(|at| fields[*at].parse::<u64>().expect("ticks")).sum();
    Duration::from_millis(ticks * 10)
}

async fn left_alone() {
    let directory = ground::disk();
    let state = directory.path().join("state");
    let store = Store::open(&state, options(), Arc::new(SystemClock)).expect("a store");
    fill(&store, |_| "console:local".to_owned()).await;
    drop(store);
    let command = |arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).arg("--state-dir").arg(&state).env("XDG_CONFIG_HOME", directory.path());
        command.env("SIGNALBOX__HTTP__LISTEN", "").stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    for (what, arguments) in [
        ("`cron list`, 10,000 schedules", &["cron", "list"][..]),
        ("`cron list --limit 50`, 10,000 schedules", &["cron", "list", "--limit", "50"]),
        ("`cron show 1`, 10,000 schedules", &["cron", "show", "1"]),
    ] {
        let (median, _) = timed(20, || {
            command(arguments).status().expect("it runs");
        });
        row(what, &ms(median), "15 ms");
    }
    let mut serving = command(&["serve"]).spawn().expect("it starts");
    std::thread::sleep(Duration::from_secs(3));
    let before = processor_time(serving.id());
    std::thread::sleep(Duration::from_secs(10));
    let spent = processor_time(serving.id()).saturating_sub(before);
    row("idle with 10,000 schedules: processor time a second", &ms(spent / 10), "5 ms");
    serving.kill().expect("it is ours");
    serving.wait().expect("it ends");
}

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(two_instances());
    runtime.block_on(deliveries());
    runtime.block_on(left_alone());
}
