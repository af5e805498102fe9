//! Quick answers with the pace of a real bot, what a prompt costs, and many prompts at once.
//!
//! What a supervisor has used is read while it lives and from who has reaped it, so that one which waits for another run
//! is counted, too.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use signalbox_test_support::telegram::ChatKind;
use signalbox_test_support::telegram::state::{Shown, State};

use crate::table::{memory_kb, ms, row, spread};
use crate::{ADA, Bot, Serving, chat, epoch};

/// Prompts, one after the other.
const PROMPTS: u32 = 20;
/// Bare agents that are run for what one of them costs.
const BARE: u32 = 100;
/// How often a person says something.
const EVERY: Duration = Duration::from_millis(2200);
/// Chats of a burst.
const CHATS: i64 = 200;
/// Prompts of a burst.
const BURST: i64 = 1000;
/// Tasks that run at once.
const TASKS: i64 = 500;

/// What a process has used since it started, and all that it has started.
#[derive(Clone, Copy, Default)]
struct Used {
    own_ms: u64,
    below_ms: u64,
    writes: u64,
    flushes: u64,
}

/// A bot whose figures can be read.
struct Watched {
    bot: Bot,
    serving: Serving,
    port: u16,
}

impl Watched {
    async fn new(variables: &[(&str, &str)]) -> Self {
        let bot = Bot::new().await;
        // Free a moment ago; nobody else makes ports here.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
        let listen = free.to_string();
        let variables = [variables, &[("SIGNALBOX__HTTP__LISTEN", listen.as_str())]].concat();
        let polls = bot.fake.with(|state| state.polls);
        let serving = bot.serve_with(&variables);
        bot.fake.wait_until("the first poll", |state| state.polls > polls).await;
        Self { bot, serving, port: free.port() }
    }

    fn used(&self) -> Used {
        let bot = self.serving.0.id();
        let table = Line::all();
        let is_below = |line: &&Line| {
            let mut at = line.parent;
            while at > 1 && at != bot {
                at = table.iter().find(|above| above.pid == at).map_or(0, |above| above.parent);
            }
            at == bot
        };
        let below: u64 = table.iter().filter(is_below).map(|line| line.own_ms + line.reaped_ms).sum();
        let own = table.iter().find(|line| line.pid == bot).expect("it runs");
        let io = std::fs::read_to_string(format!("/proc/{bot}/io")).unwrap_or_default();
        let writes = io.lines().find_map(|line| line.strip_prefix("syscw: ")).map_or(0, number);
        Used { own_ms: own.own_ms, below_ms: own.reaped_ms + below, writes, flushes: self.flushes() }
    }

    fn flushes(&self) -> u64 {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it serves HTTP");
        stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer.lines().find_map(|line| line.strip_prefix("signalbox_store_flushes_total ")).map_or(0, number)
    }
}

/// A process of the machine: its processor time, and that of the children that it has reaped.
struct Line {
    pid: u32,
    parent: u32,
    own_ms: u64,
    reaped_ms: u64,
}

impl Line {
    fn all() -> Vec<Self> {
        let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
        entries.filter_map(|entry| Self::of(entry.file_name().to_str()?)).collect()
    }

    fn of(entry: &str) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{entry}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_ascii_whitespace().collect();
        // A tick is 10 ms on every Linux that we run on.
        let ticks = |from: usize| Some(10 * (number(fields.get(from)?) + number(fields.get(from + 1)?)));
        let pid = stat.split_ascii_whitespace().next()?.parse().ok()?;
        Some(Self { pid, parent: fields.get(1)?.parse().ok()?, own_ms: ticks(11)?, reaped_ms: ticks(13)? })
    }
}

/// Returns the processor time of one bare agent, in milliseconds.
fn bare_agent_ms() -> f64 {
    let reaped = || Line::of("self").map_or(0, |line| line.reaped_ms);
    let before = reaped();
    for _ in 0..BARE {
        let ran = Command::new("date").arg("+%s%N").stdin(Stdio::null()).stdout(Stdio::null()).status();
        ran.expect("it runs");
    }
    (reaped() - before) as f64 / f64::from(BARE)
}

fn number(text: &str) -> u64 {
    text.trim().parse().unwrap_or(0)
}

/// Reads what `date +%s%N` has said.
fn said_at(shown: &Shown) -> Option<u128> {
    let last = shown.text.lines().last()?.trim();
    (shown.by_bot && last.len() > 15).then(|| last.parse().ok()).flatten()
}

fn pair(times: Vec<Duration>) -> String {
    let (p50, p99) = spread(times);
    format!("{} / {}", ms(p50), ms(p99))
}

/// One prompt after the other in one chat, as a person says them.
pub(crate) async fn prompts(f: Duration) {
    let watched = Watched::new(&[("SIGNALBOX__AGENTS__DEFAULT", "date")]).await;
    let fake = &watched.bot.fake;
    fake.say(chat(0), ADA, "begin");
    fake.wait_until("the first answer", |state| state.shows(chat(0)).iter().any(|shown| said_at(shown).is_some()))
        .await;
    tokio::time::sleep(EVERY).await;
    let calls_before = fake.with(|state| state.calls.len());
    let before = watched.used();
    let (mut to_wire, mut to_sign) = (Vec::new(), Vec::new());
    for _ in 0..PROMPTS {
        let (epoch, base) = (epoch::now_ns(), Instant::now());
        let asked = fake.say(chat(0), ADA, "and now?");
        let find = |state: &mut State| state.shows(chat(0)).iter().filter(|shown| shown.id > asked).find_map(said_at);
        let said = fake.wait_for("its answer", find).await;
        let said = Duration::from_nanos(u64::try_from(said.saturating_sub(epoch)).unwrap_or(0));
        let first = |method: &'static str| {
            fake.with(|state| {
                let since = state.calls.iter().filter(|call| call.at >= base && call.method == method);
                since.map(|call| call.at).min()
            })
        };
        to_wire.extend(first("sendmessage").map(|at| at.duration_since(base).saturating_sub(said)));
        to_sign.extend(first("setmessagereaction").map(|at| at.duration_since(base)));
        tokio::time::sleep(EVERY.saturating_sub(base.elapsed())).await;
    }
    let after = watched.used();
    let bound = format!("{} / ", ms(f + Duration::from_millis(2)));
    row("one prompt every 2.2 s: agent's last word → request, p50 / p99", &pair(to_wire), &bound);
    row("… update → sign", &pair(to_sign), "");
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    fake.with(|state| {
        for call in state.calls.iter().skip(calls_before) {
            *calls.entry(call.method.clone()).or_default() += 1;
        }
    });
    let calls: Vec<String> = calls.into_iter().map(|(method, count)| format!("{count} {method}")).collect();
    row(&format!("… calls of {PROMPTS} prompts"), &calls.join(", "), "");
    let each = |before: u64, after: u64| format!("{:.1}", (after - before) as f64 / f64::from(PROMPTS));
    row("… fsyncs a prompt", &each(before.flushes, after.flushes), "3");
    row("… writes a prompt", &each(before.writes, after.writes), "");
    let ms_each = |before: u64, after: u64| (after - before) as f64 / f64::from(PROMPTS);
    let (own, below, agent) =
        (ms_each(before.own_ms, after.own_ms), ms_each(before.below_ms, after.below_ms), bare_agent_ms());
    row("… CPU a prompt, bot", &format!("{own:.1} ms"), "");
    row("… CPU a prompt, supervisor and agent / a bare agent", &format!("{below:.1} / {agent:.1} ms"), "");
    row("… CPU a prompt, ours in all", &format!("{:.1} ms", own + (below - agent).max(0.0)), "4 ms");
    five(&watched).await;
}

/// Five commands at once.
async fn five(watched: &Watched) {
    let fake = &watched.bot.fake;
    let begun = Instant::now();
    let asked: Vec<i64> = (0..5).map(|_| fake.say(chat(1), ADA, "/id")).collect();
    let last = asked.last().copied().unwrap_or_default();
    let answers = |state: &State| state.shows(chat(1)).iter().filter(|shown| shown.by_bot && shown.id > last).count();
    fake.wait_until("five answers", |state| answers(state) >= asked.len()).await;
    row("five commands at once in one chat: all answered", &ms(begun.elapsed()), "");
}

/// Many prompts at once, of which each is answered at once.
pub(crate) async fn burst() {
    let watched = Watched::new(&[("SIGNALBOX__AGENTS__DEFAULT", "nothing")]).await;
    let fake = &watched.bot.fake;
    for number in 0..CHATS {
        fake.open(chat(number), ChatKind::Private, "Ada");
    }
    let (begun, before) = (Instant::now(), watched.used());
    for number in 0..BURST {
        fake.say(chat(number % CHATS), ADA, "/session go");
    }
    let shown = |state: &State| {
        let count = state.messages.values().filter(|shown| shown.by_bot && shown.text.contains("\ndone")).count();
        i64::try_from(count).unwrap_or(0)
    };
    let task = |count: i64| move |state: &State| shown(state) >= count;
    fake.wait_long_until("half of the answers", task(BURST / 2)).await;
    let half = begun.elapsed();
    fake.wait_long_until("all answers", task(BURST)).await;
    let (took, after) = (begun.elapsed(), watched.used());
    row("1,000 prompts from 200 chats at once: half / all answered", &format!("{} / {}", ms(half), ms(took)), "");
    let each = |before: u64, after: u64| format!("{:.2}", (after - before) as f64 / BURST as f64);
    row(
        "… fsyncs / bot's CPU / CPU of supervisors and agents a prompt",
        &format!(
            "{} / {} / {} ms",
            each(before.flushes, after.flushes),
            each(before.own_ms, after.own_ms),
            each(before.below_ms, after.below_ms)
        ),
        "",
    );
}

/// Many agents at work at once.
pub(crate) async fn tasks() {
    let watched = Watched::new(&[
        ("SIGNALBOX__AGENTS__DEFAULT", "slow"),
        ("SIGNALBOX__AGENTS__SLOW", "{ kind = 'command', command = ['sh', '-c', 'sleep 5; echo done'] }"),
        ("SIGNALBOX__LIMITS__MAX_TASKS", "500"),
    ])
    .await;
    let fake = &watched.bot.fake;
    for number in 0..CHATS {
        fake.open(chat(number), ChatKind::Private, "Ada");
    }
    let begun = Instant::now();
    for number in 0..TASKS {
        fake.say(chat(number % CHATS), ADA, "/session go");
    }
    let ours = |pid: &u32| {
        let name = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
        name.file_name().is_some_and(|name| name == "signalbox")
    };
    let pids = || {
        let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(ours).collect::<Vec<u32>>()
    };
    let mut most = (0, 0);
    let shown = |state: &State| {
        let count = state.messages.values().filter(|shown| shown.by_bot && shown.text.contains("\ndone")).count();
        i64::try_from(count).unwrap_or(0)
    };
    while fake.with(|state| shown(state)) < TASKS {
        assert!(begun.elapsed() < Duration::from_secs(300), "all are answered in five minutes");
        let pids = pids();
        if pids.len() > most.0 {
            most = (pids.len(), pids.iter().map(|pid| memory_kb(*pid, "Pss:")).sum());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    row("500 tasks of 5 s: all answered", &ms(begun.elapsed()), "");
    let (processes, kb) = most;
    let each = kb as f64 / 1e3 / processes.saturating_sub(1).max(1) as f64;
    row(
        &format!("… memory of ours a task, of {} at once", processes.saturating_sub(1)),
        &format!("{each:.2} MB"),
        "2 MB",
    );
}
