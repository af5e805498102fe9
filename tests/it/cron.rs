//! Schedules, through the real program: a digest at its hour in its zone, once, whatever happens meanwhile.

use std::time::Duration;

use nix::sys::signal::Signal;
use signalbox::clock::{Clock as _, SystemClock};
use signalbox_test_support::everyday::{House, Said, eventually};

use crate::phone::scene::{ADA, Phone};

/// Tuesday, 1 December 2026, 09:00 in Kolkata, in milliseconds.
const NINE_IN_KOLKATA_MS: i64 = 1_796_095_800_000;
/// Schedules that fire at one instant while the bot is killed.
const MANY: usize = 40;
/// What a message says that may have been shown before: it was sent, and the program killed before it knew.
const REPEATED: &str = "(may be a repeat)";
/// How often it is killed.
const KILLS: usize = 8;

/// Moves the program's clock so that it is so long before an instant now.
fn shift(house: &mut House, instant_ms: i64, before: Duration) {
    let wanted = instant_ms - i64::try_from(before.as_millis()).expect("short");
    let shift = wanted - SystemClock.now().0;
    house.set("SIGNALBOX_TEST_CLOCK_SHIFT", &shift.to_string());
}

/// Returns how many digests a chat shows.
fn digests(phone: &Phone) -> usize {
    phone.fake.said(ADA.id).iter().filter(|text| text.starts_with("Daily summary · ")).count()
}

#[track_caller]
fn refused(said: &Said, why: &str) {
    assert!(said.code == 2 && said.err.contains(why), "{why:?} in {said:#?}");
}

#[test]
fn a_digest_comes_at_nine_in_its_zone_once_and_tells_what_happened() {
    let mut phone = Phone::new("");
    shift(&mut phone.house, NINE_IN_KOLKATA_MS, Duration::from_secs(8));
    let serving = phone.serve();
    let asked = phone.say("/cron add —kind daily_summary --cron “0 9 * * 1-5” --tz Asia/Kolkata");
    let added = phone.shown(asked, "Added #1: Daily summary").text;
    assert!(added.contains("Tue 1 Dec 09:00 Asia/Kolkata (Tue 1 Dec 03:30 UTC)"), "{added}");
    let digest = phone.shown(asked, "Mon 30 Nov 09:00 – Tue 1 Dec 09:00 Asia/Kolkata").text;
    assert!(digest.contains("Nothing happened"), "{digest}");
    let waiting = "outbox WHERE state IN ('pending', 'sending', 'unknown')";
    eventually("the receipt is kept", || phone.house.count(waiting) == 0);
    // It is known at once what became of it, and again after a restart nothing comes twice.
    serving.signal(Signal::SIGKILL);
    serving.end();
    let _serving = phone.serve();
    let asked = phone.say("/cron logs 1");
    let logs = phone.shown(asked, "Tue 1 Dec 09:00").text;
    assert!(logs.contains("delivered"), "{logs}");
    let asked = phone.say("/cron");
    assert!(phone.shown(asked, "Daily summary").text.contains("Wed 2 Dec 09:00"));
    assert_eq!(digests(&phone), 1, "{:#?}", phone.fake.said(ADA.id));
}

#[test]
fn fires_come_once_each_though_the_program_is_killed_at_any_step() {
    let mut phone = Phone::new("");
    shift(&mut phone.house, NINE_IN_KOLKATA_MS, Duration::from_secs(600));
    let target = format!("telegram:{}", ADA.id);
    for number in 0..MANY {
        let name = format!("Daily summary · {number}");
        let add = ["cron", "add", "--kind", "daily-summary", "--cron", "30 3 * * *", "--to", &target, "--name", &name];
        phone.house.run(&add).was(0, "Tue 1 Dec 03:30 UTC");
    }
    // The adding may have taken longer than until the hour: so that it comes now.
    shift(&mut phone.house, NINE_IN_KOLKATA_MS, Duration::from_millis(300));
    for kill in 0..KILLS {
        let serving = phone.house.serve();
        let enough = digests(&phone) + 2;
        eventually("some more are shown", || digests(&phone) >= enough.min(MANY));
        serving.signal(if kill % 4 == 3 { Signal::SIGTERM } else { Signal::SIGKILL });
        serving.end();
    }
    let _serving = phone.serve();
    let waiting = "outbox WHERE state IN ('pending', 'sending', 'unknown')";
    eventually("every one is shown", || digests(&phone) >= MANY && phone.house.count(waiting) == 0);
    assert_eq!(phone.house.count("fires"), i64::try_from(MANY).expect("few"), "each fired once");
    assert_eq!(phone.house.count("fires WHERE state = 'done'"), i64::try_from(MANY).expect("few"));
    let said = phone.fake.said(ADA.id);
    for number in 0..MANY {
        let head = format!("Daily summary · {number} · ");
        let shown: Vec<&String> = said.iter().filter(|text| text.contains(&head)).collect();
        let unmarked = shown.iter().filter(|text| !text.ends_with(REPEATED)).count();
        assert!(!shown.is_empty() && unmarked <= 1, "{number}: {shown:?}");
    }
}

#[test]
fn a_schedule_is_looked_after_on_the_command_line_and_run_without_a_serving_program() {
    let phone = Phone::new("");
    let target = format!("telegram:{}", ADA.id);
    let add = |more: &[&str]| {
        let base = ["cron", "add", "--kind", "daily_summary", "--cron", "0 9 * * 1-5"];
        phone.house.run(&[&base[..], more].concat())
    };
    refused(&add(&["--to", &target, "--tz", "Asia/Kolkatta"]), "did you mean Asia/Kolkata?");
    refused(&add(&["--to", "slack:C0123"]), "slack is not connected");
    refused(&add(&[]), "say where to");
    add(&["--provider", "telegram", "--chat-id", "1001", "--quiet-when-empty"]).was(0, "Added #1");
    add(&["--to", &target, "--name", "Standup"]).was(0, "Added #2: Standup");
    phone.house.run(&["cron", "list"]).was(0, "Standup");
    let listed: serde_json::Value =
        serde_json::from_str(&phone.house.run(&["cron", "list", "--json"]).out).expect("JSON");
    assert_eq!((listed.as_array().map(Vec::len), &listed[0]["quiet_when_empty"]), (Some(2), &true.into()));
    phone.house.run(&["cron", "run", "2"]).was(0, "done: delivered");
    let shown = phone.fake.said(ADA.id);
    assert!(shown.iter().any(|text| text.starts_with("Standup · ")), "{shown:?}");
    phone.house.run(&["cron", "run", "1"]).was(0, "nothing to say");
    phone.house.run(&["cron", "pause", "2"]).was(0, "paused");
    phone.house.run(&["cron", "show", "2"]).was(0, "cron resume 2");
    phone.house.run(&["cron", "logs", "2"]).was(0, "asked for");
    phone.house.run(&["cron", "remove", "2"]).was(0, "removed");
    refused(&phone.house.run(&["cron", "remove", "2"]), "No schedule 2");
}

#[test]
fn what_another_process_adds_is_run_and_a_viewer_changes_nothing() {
    let mut phone = Phone::new("");
    phone.allow_chat(ADA.id, "viewer");
    phone.house.set("SIGNALBOX__ALLOW__TELEGRAM__USERS", "[]");
    let _serving = phone.serve();
    let target = format!("telegram:{}", ADA.id);
    phone
        .house
        .run(&["cron", "add", "--kind", "weekly_audit", "--cron", "@weekly", "--to", &target])
        .was(0, "Added #1");
    let asked = phone.say("/cron remove 1");
    phone.shown(asked, "operator");
    let asked = phone.say("/cron");
    phone.shown(asked, "Weekly audit");
    phone.house.run(&["cron", "run", "1"]).was(0, "done: delivered");
    assert!(phone.fake.said(ADA.id).iter().any(|text| text.starts_with("Weekly audit · ")));
}
