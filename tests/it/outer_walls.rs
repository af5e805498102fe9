//! Codes that were said aloud, chats of people who are not allowed, keys that nobody should see, and floods.

use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::{House, eventually, eventually_within};
use signalbox_test_support::telegram::ChatKind;

use crate::phone::scene::{ADA, EVE, Phone};

/// A group with Ada and Eve in it.
const TEAM: i64 = -1_001_000_700;

#[test]
fn a_pairing_code_that_was_said_in_a_group_is_void_whoever_said_it() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    phone.fake.open_private(EVE);
    phone.fake.open(TEAM, ChatKind::Supergroup, "team");
    for who in [ADA, EVE] {
        let code = phone.house.run(&["pair", "--role", "admin"]).was(0, "").out;
        let said = phone.fake.say(TEAM, who, &format!("/start {}", code.trim().to_uppercase()));
        phone.shown_in(TEAM, said, "void now");
        let late = phone.fake.say(EVE.id, EVE, &format!("/start {}", code.trim()));
        phone.shown_in(EVE.id, late, "not right");
    }
    let code = phone.house.run(&["pair"]).was(0, "").out;
    let aside = phone.fake.say(TEAM, ADA, &format!("@SignalboxBot for Eve: {}", code.trim()));
    phone.shown_in(TEAM, aside, "void now");
    phone.house.run(&["pair", "--list"]).was(0, "Nobody is paired");
    assert!(phone.house.runs().is_empty(), "it is no prompt");
}

#[test]
fn results_go_to_the_private_chat_of_nobody_who_is_not_allowed() {
    let mut phone = Phone::new("");
    phone.promote();
    let _serving = phone.serve();
    phone.fake.open_private(EVE);
    let asked = phone.fake.say(EVE.id, EVE, "hello?");
    phone.shown_in(EVE.id, asked, "not allowed");
    let set = phone.say(&format!("/background notify set telegram:{}", EVE.id));
    phone.shown(set, "also its person");
    let own = phone.say(&format!("/background notify set telegram:{}", ADA.id));
    phone.shown(own, &format!("telegram:{}", ADA.id));
    // Once she may use the bot herself, she may be told.
    let code = phone.house.run(&["pair", "--role", "viewer"]).was(0, "").out;
    let paired = phone.fake.say(EVE.id, EVE, &format!("/start {}", code.trim()));
    phone.shown_in(EVE.id, paired, "You are paired");
    let set = phone.say(&format!("/background notify set telegram:{}", EVE.id));
    phone.shown(set, &format!("telegram:{}", EVE.id));
}

#[test]
fn a_test_of_all_channels_is_sent_once_a_minute() {
    let mut phone = Phone::new("");
    phone.promote();
    let _serving = phone.serve();
    phone.fake.open(TEAM, ChatKind::Supergroup, "team");
    let set = phone.say(&format!("/background notify set telegram:{TEAM}"));
    phone.shown(set, &format!("telegram:{TEAM}"));
    let first = phone.say("/background notify test");
    phone.shown(first, "on its way");
    for _ in 0..5 {
        let again = phone.say("/background notify test");
        phone.shown(again, "Not sent again");
    }
    eventually("the first is delivered", || phone.house.count("outbox WHERE state <> 'delivered'") == 0);
    assert_eq!(phone.fake.said(TEAM).len(), 1, "{:?}", phone.fake.said(TEAM));
}

#[test]
fn the_words_of_strangers_are_not_kept() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    phone.fake.open_private(EVE);
    phone.fake.open(TEAM, ChatKind::Supergroup, "team");
    let asked = phone.fake.say(EVE.id, EVE, "my password is swordfish");
    phone.shown_in(EVE.id, asked, "not allowed");
    phone.fake.say(TEAM, EVE, "swordfish is the password");
    phone.until("both are confirmed", |state| state.updates.is_empty());
    assert_eq!(phone.house.count("inbox"), 2);
    assert_eq!(phone.house.count("inbox WHERE incoming LIKE '%swordfish%'"), 0);
}

#[test]
fn no_key_of_the_configuration_is_shown_or_stands_among_the_words_of_a_process() {
    let house = House::new(
        "agents.host.prometheus = \"http://watcher:pr0m3th3us@127.0.0.1:1\"\n\
         [agents.notes]\nkind = \"command\"\ncommand = [\"cat\"]\nargs = [\"--api-key\", \"l3tters\"]",
    );
    let shown = house.run(&["config", "show"]).was(0, "[agents.notes]");
    for key in ["pr0m3th3us", "l3tters"] {
        assert!(!shown.out.contains(key), "{}", shown.out);
    }
    let serving = house.serve();
    let asking = house.begin("/session @host why is it slow?");
    // A run of the investigator takes a second to measure what it samples.
    let mut words = String::new();
    eventually("the investigator runs", || {
        words = house.agents().into_iter().map(words_of).collect();
        words.contains("host-agent")
    });
    assert!(!words.contains("pr0m3th3us"), "{words}");
    asking.end().was(0, "");
    drop(serving);
}

fn words_of(pid: i32) -> String {
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&words).replace('\0', " ")
}

/// Most that the write-ahead log may have, in bytes.
const MAX_LOG_BYTES: u64 = 16 << 20;
/// What an agent tells of itself, over and over.
const LINES: usize = 20_000;
/// How long all that may take.
const ALL_WITHIN: Duration = Duration::from_secs(240);
/// What strangers say.
const MESSAGES: usize = 2_000;

fn size(file: &Path) -> u64 {
    file.metadata().map_or(0, |file| file.len())
}

#[test]
fn no_flood_of_events_or_messages_makes_the_write_ahead_log_large_and_it_is_gone_after_a_stop() {
    let mut phone = Phone::new("");
    let script = format!(
        "i=0; while [ $i -lt {LINES} ]; do i=$((i+1)); \
         echo '{{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s-'$i'\"}}'; done; \
         echo '{{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"<done>\",\"session_id\":\"s\"}}'"
    );
    let command = serde_json::to_string(&["sh", "-c", script.as_str()]).expect("JSON");
    phone.house.set("SIGNALBOX__AGENTS__CLAUDE__COMMAND", &command);
    let serving = phone.serve();
    let log = phone.house.state().join("signalbox.db-wal");
    phone.fake.open_private(EVE);
    let asked = phone.say("/session hello");
    for number in 0..MESSAGES {
        phone.fake.say(EVE.id, EVE, &format!("{number} hello? {}", "x".repeat(500)));
    }
    let mut largest = 0;
    let is_over = || {
        largest = largest.max(size(&log));
        phone.fake.with(|state| state.updates.is_empty()) && phone.house.count("tasks WHERE status = 'running'") == 0
    };
    eventually_within(ALL_WITHIN, "all is taken", is_over);
    phone.shown(asked, "<done>");
    assert!(largest > 0 && largest <= MAX_LOG_BYTES, "{largest} bytes");
    assert_eq!(phone.house.count("inbox"), i64::try_from(MESSAGES + 1).expect("a number"));
    serving.signal(Signal::SIGTERM);
    serving.end().was(0, "");
    assert!(!log.exists());
}
