//! The program over a Telegram server on 127.0.0.1: how long a person waits for us, and what an outage costs.
//!
//! `cargo bench --bench phone` prints a table; nothing fails on a figure. `F`, `S` and `V` are those of `whole`. The part
//! `outage`, ten real minutes, is run when named: `cargo bench --bench phone -- outage`.

mod bot;
mod epoch;
mod ground;
mod quick;
mod table;

use std::time::{Duration, Instant};

use signalbox_test_support::programs::scripted_agent;
use signalbox_test_support::telegram::Fault;
use signalbox_test_support::telegram::state::{Shown, State};

use bot::{ADA, Bot, CHATS, Serving, chat};
use table::{machine_costs, memory_kb, ms, row, spread};

/// Chats in the outage.
const OUTAGE_CHATS: i64 = 20;
/// Results for each of them.
const OUTAGE_RESULTS: usize = 10;
/// How long the outage is.
const OUTAGE: Duration = Duration::from_secs(600);
/// Length of a long answer, in bytes.
const LONG_BYTES: usize = 16 << 20;

async fn starting() {
    let bot = Bot::new().await;
    let mut times = Vec::new();
    let mut idle = (0, 0);
    for _ in 0..20 {
        let polls = bot.fake.with(|state| state.polls);
        let started = Instant::now();
        let serving = bot.serve_with(&[]);
        bot.fake.wait_until("the first poll", |state| state.polls > polls).await;
        times.push(started.elapsed());
        tokio::time::sleep(Duration::from_millis(300)).await;
        idle = (memory_kb(serving.0.id(), "Rss:"), memory_kb(serving.0.id(), "Pss:"));
    }
    row("start to first poll", &ms(spread(times).0), "50 ms");
    row(
        "idle memory with Telegram, resident / own share",
        &format!("{:.1} / {:.1} MB", idle.0 as f64 / 1e3, idle.1 as f64 / 1e3),
        "25 MB",
    );
}

async fn journeys(f: Duration, s: Duration, v: Duration) {
    let bot = Bot::new().await;
    let polls = bot.fake.with(|state| state.polls);
    let _serving = bot.serve_with(&[]);
    bot.fake.wait_until("the first poll", |state| state.polls > polls).await;
    let (mut to_agent, mut to_wire, mut to_accept) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..CHATS {
        // Slower than Telegram lets a bot send; faster, that is all that is measured.
        tokio::time::sleep(Duration::from_millis(250)).await;
        let (epoch, base) = (epoch::now_ns(), Instant::now());
        bot.fake.say(chat(number), ADA, "/session @date now");
        bot.fake.wait_until("it is confirmed", |state| state.updates.is_empty()).await;
        to_accept.push(base.elapsed());
        let find = |shown: &Shown| {
            let last = shown.text.lines().last()?.trim();
            (shown.by_bot && last.len() > 15).then(|| last.parse::<u128>().ok()).flatten()
        };
        let ran = bot.fake.wait_for("its result", |state| state.shows(chat(number)).iter().find_map(find)).await;
        let nanos = |time: u128| Duration::from_nanos(u64::try_from(time).unwrap_or(0));
        let ran = nanos(ran.saturating_sub(epoch));
        // The status message may have been sent before.
        let its_send = |state: &mut State| {
            let to_it = state.calls.iter().filter(|call| call.chat == Some(chat(number)) && call.at >= base + ran);
            to_it.filter(|call| call.method == "sendmessage").map(|call| call.at).min()
        };
        let sent = bot.fake.wait_for("the call", its_send).await;
        to_agent.push(ran);
        to_wire.push(sent.duration_since(base).saturating_sub(ran));
    }
    let pair = |times: Vec<Duration>| {
        let (p50, p99) = spread(times);
        format!("{} / {}", ms(p50), ms(p99))
    };
    row("update → confirmed, p50 / p99", &pair(to_accept), "");
    let bound = |base: Duration, extra: u64| ms(base + Duration::from_millis(extra));
    let bounds = format!("{} / {}", bound(f + v + s, 2), bound(f + v + s, 10));
    row("update → agent runs, p50 / p99", &pair(to_agent), &bounds);
    let bounds = format!("{} / {}", bound(f, 1), bound(f, 8));
    row("agent's last word → request, p50 / p99", &pair(to_wire), &bounds);
}

/// Shapes of a long answer, by name.
fn shapes() -> Vec<(&'static str, String)> {
    let fill = |text: &str| text.repeat(LONG_BYTES / text.len());
    let table = |rows: &[&str], bytes: usize| {
        let columns = bytes / (2 * rows.len());
        rows.iter().map(|cell| cell.repeat(columns) + "|\n").collect::<String>()
    };
    vec![
        ("16 MiB, a table of one row", table(&["|a", "|-"], LONG_BYTES)),
        ("16 MiB, a table of two rows", table(&["|a", "|-", "|b"], LONG_BYTES)),
        ("1 MiB, a table of two rows", table(&["|a", "|-", "|b"], 1 << 20)),
        ("16 MiB, `{`", fill("{")),
        ("16 MiB, one line of words", fill("word ")),
        ("16 MiB, one line without blanks", fill("x")),
        ("16 MiB, lists in quotes", fill("> - *a*\n")),
        ("16 MiB, links", fill("[a](b)")),
        ("16 MiB, emphasis", fill("*a* ")),
    ]
}

/// A long answer of claude, and how long another chat waits meanwhile.
async fn long_answer(name: &str, answer: &str) {
    let bot = Bot::new().await;
    let file = bot.directory.path().join("answer");
    std::fs::write(&file, answer).expect("written");
    let polls = bot.fake.with(|state| state.polls);
    let agent = format!("{{ command = ['{}'] }}", scripted_agent().display());
    let serving = bot.serve_with(&[("SIGNALBOX__AGENTS__CLAUDE", agent.as_str())]);
    bot.fake.wait_until("the first poll", |state| state.polls > polls).await;
    let asks = chat(0);
    bot.fake.say(asks, ADA, &format!("/session @claude script: file {}", file.display()));
    let mut times = Vec::new();
    for other in (1..CHATS).cycle() {
        if bot.fake.with(|state| state.shows(asks).iter().any(|shown| shown.document.is_some())) {
            break;
        }
        let said = Instant::now();
        let asked = bot.fake.say(chat(other), ADA, "/id");
        let is_answer = |shown: &Shown| shown.by_bot && shown.id > asked;
        bot.fake.wait_until("the answer", |state| state.shows(chat(other)).iter().any(is_answer)).await;
        times.push(said.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let longest = times.iter().max().copied().unwrap_or_default();
    let what = format!("answer: {name}; another chat's `/id`, p50 / longest");
    row(&what, &format!("{} / {}", ms(spread(times).0), ms(longest)), "100 ms");
    row("… and the most memory", &format!("{:.0} MB", peak_kb(serving.0.id()) as f64 * 1.024e-3), "200 MB");
}

/// The most memory that a process has had at once, in KiB.
fn peak_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    peak.and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

async fn outage() {
    let bot = Bot::new().await;
    let polls = bot.fake.with(|state| state.polls);
    let serving = bot.serve_with(&[]);
    bot.fake.wait_until("the first poll", |state| state.polls > polls).await;
    // Nothing is shown before: all results wait for the end.
    bot.fake.with(|state| state.outage = Some((vec!["sendmessage"], Fault::ServerError { done: false })));
    for number in 0..OUTAGE_CHATS {
        for result in 0..OUTAGE_RESULTS {
            let name = if result == 0 { "--name all" } else { "@all" };
            bot.fake.say(
                chat(number),
                ADA,
                &format!("/session {name} @nothing <{result}>").replace("@all @nothing", "@all"),
            );
        }
    }
    bot.fake.wait_until("all is accepted", |state| state.updates.is_empty()).await;
    let results = |state: &mut State| {
        state.messages.values().filter(|shown| shown.by_bot && shown.text.contains("\ndone")).count()
    };
    let before = bot.fake.with(|state| {
        state.outage = Some((Vec::new(), Fault::ServerError { done: false }));
        state.calls.len()
    });
    tokio::time::sleep(OUTAGE).await;
    let (calls, early) = bot.fake.with(|state| {
        state.outage = None;
        (state.calls.len() - before, results(state))
    });
    let back = Instant::now();
    let mut first = None;
    let count = OUTAGE_RESULTS * usize::try_from(OUTAGE_CHATS).expect("small");
    while back.elapsed() < Duration::from_secs(300) {
        let shown = bot.fake.with(results);
        if shown > 0 {
            first.get_or_insert(back.elapsed());
        }
        if shown >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let shown = bot.fake.with(results);
    row("10-minute outage: calls made during it", &calls.to_string(), "");
    row("10-minute outage: results shown before its end", &early.to_string(), "0");
    row("10-minute outage: results shown after it", &format!("{shown} of {count}"), &count.to_string());
    row("10-minute outage: back → first result", &ms(first.unwrap_or_default()), "");
    row("10-minute outage: back → last result", &ms(back.elapsed()), "");
    row(
        "10-minute outage: memory at its end",
        &format!("{:.1} MB", memory_kb(serving.0.id(), "Rss:") as f64 / 1e3),
        "",
    );
}

#[tokio::main]
async fn main() {
    // Words after `--` pick parts by name: starting, journeys, prompts, burst, tasks, long, outage.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    println!("| what | measured | bound |\n|---|---|---|");
    let (f, s, v) = machine_costs();
    if wanted("starting") {
        starting().await;
    }
    if wanted("journeys") {
        journeys(f, s, v).await;
    }
    if wanted("prompts") {
        quick::prompts(f).await;
    }
    if wanted("burst") {
        quick::burst().await;
    }
    if wanted("tasks") {
        quick::tasks().await;
    }
    if wanted("long") {
        for (name, answer) in shapes() {
            long_answer(name, &answer).await;
        }
    }
    if words.iter().any(|word| word == "outage") {
        outage().await;
    }
}
