//! Schedules, through the real program: a digest at its hour in its zone, once, whatever happens meanwhile.

mod agents;
mod clocks;
mod editing;
mod exchange;
mod instances;
mod mail;
mod newcomers;
mod typed;
mod waiting;

use std::time::Duration;

use nix::sys::signal::Signal;
use signalbox::clock::{Clock as _, SystemClock};
use signalbox_test_support::everyday::{House, Said, eventually};
use signalbox_test_support::telegram::state::{ChatKind, Fate};

use crate::phone::scene::{ADA, Phone};

/// Tuesday, 1 December 2026, 09:00 in Kolkata, in milliseconds.
pub(crate) const NINE_IN_KOLKATA_MS: i64 = 1_796_095_800_000;
/// Schedules that fire at one instant while the bot is killed.
const MANY: usize = 40;
/// What a message says that may have been shown before: it was sent, and the program killed before it knew.
const REPEATED: &str = "(may be a repeat)";
/// How often it is killed.
const KILLS: usize = 8;

/// Moves the program's clock so that it is so long before an instant now.
pub(crate) fn shift(house: &mut House, instant_ms: i64, before: Duration) {
    let wanted = instant_ms - i64::try_from(before.as_millis()).expect("short");
    let shift = wanted - SystemClock.now().0;
    house.set("SIGNALBOX_TEST_CLOCK_SHIFT", &shift.to_string());
}

/// Returns how many digests a chat shows.
pub(crate) fn digests(phone: &Phone) -> usize {
    phone.fake.said(ADA.id).iter().filter(|text| text.starts_with("Daily summary · ")).count()
}

#[track_caller]
pub(crate) fn refused(said: &Said, why: &str) {
    assert!(said.code == 2 && said.err.contains(why), "{why:?} in {said:#?}");
}

#[test]
fn a_digest_comes_at_nine_in_its_zone_once_and_tells_what_happened() {
    let mut phone = Phone::new("");
    shift(&mut phone.house, NINE_IN_KOLKATA_MS, Duration::from_secs(8));
    phone.promote();
    let serving = phone.serve();
    let asked = phone.say("/cron add —kind daily_summary --cron “0 9 * * 1-5” --tz Asia/Kolkata");
    let added = phone.shown(asked, "Added #1: Daily summary").text;
    assert!(added.contains("Tue 1 Dec 09:00 Asia/Kolkata (Tue 1 Dec 03:30 UTC)"), "{added}");
    let digest = phone.shown(asked, "Mon 30 Nov 09:00 – Tue 1 Dec 09:00 Asia/Kolkata").text;
    assert!(digest.contains("Nothing happened"), "{digest}");
    let waiting = "outbox WHERE state IN ('pending', 'sending', 'unknown')";
    eventually("the receipt is kept", || phone.house.count(waiting) == 0);
    assert!(!serving.err().contains("tokio_cron_scheduler"), "the ticker is no news: {}", serving.err());
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
    refused(&add(&["--to", "slak:C0123"]), "did you mean slack?");
    refused(&add(&["--to", "C0123"]), "must be provider:chat, as in telegram:-1001234 or slack:C0123");
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
    phone.shown(asked, "This needs the role admin. Yours is viewer.");
    let asked = phone.say("/cron run 1");
    phone.shown(asked, "This needs the role operator. Yours is viewer.");
    let asked = phone.say("/cron");
    phone.shown(asked, "Weekly audit");
    phone.house.run(&["cron", "run", "1"]).was(0, "done: delivered");
    assert!(phone.fake.said(ADA.id).iter().any(|text| text.starts_with("Weekly audit · ")));
}

#[test]
fn what_cannot_be_scheduled_is_refused_with_what_to_write() {
    let phone = Phone::new("");
    let target = format!("telegram:{}", ADA.id);
    let add = |cron: &str, more: &[&str]| {
        let base = ["cron", "add", "--kind", "daily_summary", "--cron", cron, "--to", &target];
        phone.house.run(&[&base[..], more].concat())
    };
    for (cron, why) in [
        ("0 9 * *", "this has 4"),
        ("0 0 9 * * 1-5", "Without seconds: `0 9 * * 1-5`"),
        ("61 9 * * *", "minute: `61` is not one of 0-59"),
        ("0 9 L * *", "`L` is not supported"),
        ("0 9 15W * *", "is not supported"),
        ("0 9 * * 5#2", "is not supported"),
        ("0 9 30 2 *", "it would never fire"),
    ] {
        refused(&add(cron, &[]), why);
    }
    refused(&add("@daily", &["--tz", "Kolkata"]), "did you mean Asia/Kolkata?");
    refused(&add("@daily", &["--to", "telegram:ops"]), "its ids are numbers");
    refused(&add("@daily", &["--to", "telegram:-100999"]), "chat not found");
    refused(&add("@daily", &["--to", "discord:123"]), "discord is not connected");
    refused(&add("@daily", &["--to", "pigeon:1"]), "there is no provider \"pigeon\"; there are");
    refused(&add("@daily", &["--agent", "nobody"]), "nobody");
    refused(&add("@daily", &["--param", "prompt"]), "name=value");
    let said = add("@daily", &["--param", "bot_token=hunter2secret"]);
    refused(&said, "looks like a credential");
    assert!(!said.err.contains("hunter2secret"), "{said:#?}");
    let said = phone.house.run(&["cron", "add"]);
    refused(
        &said,
        "with --kind daily_summary, weekly_audit, incident_window_replay, synthetic_run or custom_investigation",
    );
    assert!(said.err.contains("As signalbox cron add --kind daily_summary --cron \"0 9 * * 1-5\""), "{said:#?}");
    assert!(said.err.contains("--quiet-when-empty") && said.err.lines().count() < 15, "{said:#?}");
    let investigate = ["cron", "add", "--kind", "custom_investigation", "--cron", "@daily", "--to", &target];
    refused(&phone.house.run(&investigate), "--param prompt=");
    phone.house.run(&["cron", "list"]).was(0, "No schedules");
}

#[test]
fn a_credential_that_comes_along_is_kept_as_an_integration_and_never_with_the_schedule() {
    let mut house = House::new("");
    house.set("XDG_CONFIG_HOME", &house.text("config-home"));
    let add = [
        "cron",
        "add",
        "--kind",
        "custom_investigation",
        "--cron",
        "@daily",
        "--to",
        "slack:C0123",
        "--param",
        "prompt=Is the backup fresh?",
        "--param",
        "bot_token=xoxb-1-hunter2secret",
    ];
    refused(&house.run(&add), "looks like a credential");
    house.run(&[&add[..], &["--allow-inline-credentials"]].concat()).was(0, "kept in");
    house.run(&["integrations", "list"]).was(0, "bot_token");
    let exported = house.run(&["cron", "export"]).was(0, "Is the backup fresh?");
    assert!(!exported.out.contains("hunter2"), "{exported:#?}");
    assert_eq!(house.count("schedules WHERE params LIKE '%hunter2%'"), 0);
}

#[test]
fn a_schedule_for_the_terminal_is_made_and_run_without_one_and_shown_by_the_next() {
    let house = House::new("");
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "@daily", "--to", "console:local"];
    house.run(&add).was(0, "Added #1: Daily summary to console:local");
    refused(
        &house.run(&["cron", "add", "--kind", "daily_summary", "--cron", "@daily", "--to", "console:other"]),
        "console:local",
    );
    house.run(&["cron", "run", "1"]).was(0, "the next signalbox shell shows it");
    house.say("/cron logs 1").was(0, "asked for");
}

#[test]
fn only_what_failed_of_a_fire_is_sent_again() {
    let phone = Phone::new("");
    let group = -1_001_234;
    phone.fake.open(group, ChatKind::Supergroup, "ops");
    let (one, two) = (format!("telegram:{}", ADA.id), format!("telegram:{group}"));
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "@daily", "--to", &one, "--to", &two];
    phone.house.run(&add).was(0, "Added #1");
    phone.fake.with(|state| state.set_fate(group, Fate::Kicked));
    phone.house.run(&["cron", "run", "1"]).was(1, "1 of 2 failed; telegram:-1001234: ");
    let logs = phone.house.run(&["cron", "logs", "1"]).was(0, "cron run --failed-only 1");
    let receipt = phone.fake.shows(ADA.id).last().expect("it was shown").id.to_string();
    assert!(logs.out.contains(&receipt), "{receipt} in {logs:#?}");
    phone.fake.with(|state| state.set_fate(group, Fate::Open));
    phone.house.run(&["cron", "run", "--failed-only", "1"]).was(0, "done: delivered");
    let shows = |chat: i64| phone.fake.said(chat).iter().filter(|text| text.starts_with("Daily summary")).count();
    assert_eq!((shows(ADA.id), shows(group), phone.house.count("fires")), (1, 1, 1));
    refused(&phone.house.run(&["cron", "run", "--failed-only", "1"]), "Nothing of fire 1 was given up");
    refused(&phone.house.run(&["cron", "run", "--failed-only", "9"]), "No fire 9");
}

#[test]
fn a_database_that_a_backup_holds_delays_a_fire_and_loses_none() {
    let mut phone = Phone::new("");
    shift(&mut phone.house, NINE_IN_KOLKATA_MS, Duration::from_secs(600));
    let target = format!("telegram:{}", ADA.id);
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "30 3 * * *", "--to", &target];
    phone.house.run(&add).was(0, "Added #1");
    shift(&mut phone.house, NINE_IN_KOLKATA_MS, Duration::from_secs(4));
    let _serving = phone.serve();
    let backup = rusqlite::Connection::open(phone.house.state().join("signalbox.db")).expect("the database opens");
    backup.busy_timeout(Duration::from_secs(30)).expect("a time-out");
    backup.execute_batch("BEGIN IMMEDIATE").expect("it holds");
    let due = "schedules WHERE next_at > 1796095800000";
    // Longer than a busy database is waited for.
    let begun = std::time::Instant::now();
    eventually("its hour has come, and the holder was waited for in vain", || {
        begun.elapsed() > Duration::from_secs(11) && phone.house.count(due) == 0
    });
    assert_eq!(digests(&phone), 0);
    backup.execute_batch("COMMIT").expect("it lets go");
    eventually("the digest is shown", || digests(&phone) == 1);
    assert_eq!(phone.house.count("fires"), 1);
}

#[test]
fn a_schedule_that_nobody_has_heard_of_for_two_periods_is_told_once_there_and_to_the_operator() {
    let group = -1_001_234;
    let mut phone = Phone::new(&format!("[cron]\noperators = [\"telegram:{group}\"]"));
    phone.fake.open(group, ChatKind::Supergroup, "ops");
    shift(&mut phone.house, NINE_IN_KOLKATA_MS, Duration::from_secs(600));
    let target = format!("telegram:{}", ADA.id);
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "30 3 * * *", "--to", &target, "--catch-up", "none"];
    phone.house.run(&add).was(0, "Added #1");
    // Nothing runs for four days.
    let later = NINE_IN_KOLKATA_MS + 4 * 86_400_000;
    shift(&mut phone.house, later + 1_800_000, Duration::ZERO);
    let _serving = phone.serve();
    let warned = |chat: i64| phone.fake.said(chat).iter().filter(|text| text.contains("has not come once")).count();
    eventually("both are told", || warned(ADA.id) == 1 && warned(group) == 1);
    phone.house.run(&["cron", "run", "1"]).was(0, "done: delivered");
    assert_eq!((warned(ADA.id), warned(group)), (1, 1), "once");
}
