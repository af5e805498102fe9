//! Benches of the parts: grammar, documents, the durable door, and a whole journey.

mod epoch;
mod ground;
mod kit;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use signalbox::alert::read_payload;
use signalbox::config::Durability;
use signalbox::incident::{AlertOrigin, Batch, TriagePolicy};
use signalbox_adapter::{Document, PlainMeasure, TextUnit, split};
use signalbox_console::{Style, paint};

use kit::Rig;

fn main() {
    divan::main();
}

/// An answer as agents write them, 128 KiB.
fn answer() -> String {
    let section = "## Findings\n\nThe test in `store/outbox.rs` compares **two clocks**; see [the log](https://example.org/log).\n\n\
        1. Take the time from the test's own clock.\n2. Remove the sleep, which hides it.\n   - it took 3 s\n\n\
        ```rust\nlet now = clock.now();\nassert_eq!(row.created_at, now);\n```\n\n| file | line |\n|---|---:|\n| a.rs | 12 |\n\n";
    section.repeat(128 * 1024 / section.len())
}

#[divan::bench]
fn parse_a_command(bencher: Bencher<'_, '_>) {
    let line = "/session --name docs @claude/opus fix the flaky test in store/outbox.rs, then run it a hundred times";
    bencher.counter(ItemsCount::new(1_usize)).bench(|| signalbox::command::parse(black_box(line), None));
}

#[divan::bench]
fn parse_markdown(bencher: Bencher<'_, '_>) {
    let text = answer();
    bencher.counter(BytesCount::of_str(&text)).bench(|| Document::from_markdown(black_box(&text)));
}

#[divan::bench]
fn split_for_a_chat(bencher: Bencher<'_, '_>) {
    let text = answer();
    let document = Document::from_markdown(&text);
    let measure = PlainMeasure(TextUnit::Utf16);
    bencher.counter(BytesCount::of_str(&text)).bench(|| split(black_box(&document), &measure, 4096, 1000));
}

#[divan::bench]
fn paint_for_a_terminal(bencher: Bencher<'_, '_>) {
    let text = answer();
    let document = Document::from_markdown(&text);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| paint(black_box(&document), &Style { colour: true, width: 100 }));
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

const DURABILITIES: [&str; 2] = ["power", "process"];

fn durability(word: &str) -> Durability {
    if word == "power" { Durability::Power } else { Durability::Process }
}

#[divan::bench(args = DURABILITIES, sample_count = 50)]
fn accept_one(bencher: Bencher<'_, '_>, word: &str) {
    let runtime = runtime();
    let rig = runtime.block_on(Rig::start("", durability(word), 8));
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| runtime.block_on(rig.say(1, "/id")));
}

#[divan::bench(args = DURABILITIES, sample_count = 50)]
fn accept_64_at_a_time(bencher: Bencher<'_, '_>, word: &str) {
    let runtime = runtime();
    let rig = std::sync::Arc::new(runtime.block_on(Rig::start("", durability(word), 8)));
    bencher.counter(ItemsCount::new(64_usize)).bench_local(|| {
        let mut said = tokio::task::JoinSet::new();
        for chat in 0..64 {
            let rig = std::sync::Arc::clone(&rig);
            said.spawn_on(async move { rig.say(chat, "/id").await }, runtime.handle());
        }
        runtime.block_on(said.join_all());
    });
}

/// Payloads of 200 alerts each, ten of a group, taken into their incidents.
#[divan::bench(args = DURABILITIES, sample_count = 30, sample_size = 1)]
fn triage_200_alerts(bencher: Bencher<'_, '_>, word: &str) {
    let runtime = runtime();
    let rig = runtime.block_on(Rig::start("", durability(word), 8));
    let policy = TriagePolicy::of(&signalbox::config::Triage::default());
    let mut payload = 0_usize;
    bencher.counter(ItemsCount::new(ALERTS)).bench_local(|| {
        payload += 1;
        let (batch, policy) = (alerts(payload), policy.clone());
        runtime.block_on(rig.bus.write(move |tx| tx.take_alerts(&batch, &policy))).expect("taken")
    });
}

const ALERTS: usize = 200;

/// An Alertmanager payload as its hook gets it.
fn alerts(payload: usize) -> Batch {
    let (group, first) = (payload / 10, payload % 10 * ALERTS);
    let alert = |host: usize| {
        format!(
            r#"{{"status":"firing","labels":{{"alertname":"Rule{group}","severity":"warning","instance":"host-{host}"}},
                "annotations":{{"summary":"disk of host-{host} fills"}},"startsAt":"2026-10-04T07:31:05.512Z",
                "generatorURL":"http://prometheus.example.com/graph","fingerprint":"{group}-{host}"}}"#
        )
    };
    let listed = (first..first + ALERTS).map(alert).collect::<Vec<_>>().join(",");
    let text =
        format!(r#"{{"version":"4","groupKey":"g{group}","status":"firing","receiver":"r","alerts":[{listed}]}}"#);
    let payload = read_payload(&text).expect("a payload");
    let target = "bench:1".parse().expect("an address");
    Batch { target, origin: AlertOrigin::Hook("ops".to_owned()), payload, counts_repeats: false }
}

/// Accepted, started, answered and delivered, with an agent that does nothing.
#[divan::bench(args = DURABILITIES, sample_count = 30, sample_size = 1)]
fn whole_journey(bencher: Bencher<'_, '_>, word: &str) {
    let runtime = runtime();
    let rig =
        runtime.block_on(Rig::start("[agents.nothing]\nkind = \"command\"\ncommand = [\"true\"]", durability(word), 8));
    let mut chat = 0;
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        chat += 1;
        runtime.block_on(async {
            rig.provider.take();
            rig.say(chat, "/session @nothing go").await;
            rig.results(1).await;
        });
    });
}
