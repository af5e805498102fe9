//! The bot is killed again and again while people talk to it: each update is taken once, each answer comes.

use std::collections::{BTreeMap, BTreeSet};

use nix::sys::signal::Signal;
use signalbox_test_support::telegram::ChatKind;

use crate::crashes::seed;
use crate::phone::scene::{ADA, Phone};

/// Updates in the story.
const UPDATES: usize = 1000;
/// Chats that they come from; each has its own pace.
const CHATS: usize = 100;
/// Lives of the bot.
const LIVES: usize = 50;
/// What marks an answer that may have come before.
const MARK: &str = "(may be a repeat)";

fn group(number: usize) -> i64 {
    1_000_000 + i64::try_from(number % CHATS).expect("small")
}

/// Reads the number in `<number>`.
fn numbered(text: &str) -> Option<usize> {
    text.split_once('<')?.1.split_once('>')?.0.parse().ok()
}

#[test]
fn a_thousand_updates_over_fifty_kills_are_each_taken_once() {
    let mut phone = Phone::new("limits.max_tasks = 8\nlimits.max_queued_per_chat = 100\n");
    phone.house.set("SIGNALBOX__LIMITS__MAX_SESSIONS_PER_CHAT", "100");
    let mut random = fastrand::Rng::with_seed(seed());
    for number in 0..CHATS {
        phone.fake.open(group(number), ChatKind::Private, "Ada");
    }
    let mut said = 0;
    for life in 1..=LIVES {
        let until = UPDATES * life / LIVES;
        let half = (said + until) / 2;
        // Half of them come while it is down.
        while said < half {
            phone.fake.say(group(said), ADA, &format!("/session script: answer <{said}>"));
            said += 1;
        }
        let serving = phone.house.start(phone.house.command(&["serve"]));
        while said < until {
            phone.fake.say(group(said), ADA, &format!("/session script: answer <{said}>"));
            said += 1;
        }
        let calls = phone.fake.with(|state| state.calls.len()) + random.usize(1..60);
        phone.until("it is at work", |state| state.calls.len() >= calls || state.updates.is_empty());
        serving.signal(Signal::SIGKILL);
        serving.end();
    }
    let _serving = phone.serve();
    phone.until_patiently("every update is confirmed", |state| state.updates.is_empty());
    phone.until_patiently("every answer is shown", |state| {
        let by_bot = state.messages.values().filter(|shown| shown.by_bot && !shown.text.contains("answer"));
        by_bot.filter_map(|shown| numbered(&shown.text)).collect::<BTreeSet<usize>>().len() == UPDATES
    });
    assert_eq!(phone.house.count("inbox"), i64::try_from(UPDATES).expect("small"));
    assert_eq!(phone.house.count("tasks"), i64::try_from(UPDATES).expect("small"));
    let mut runs: BTreeMap<String, usize> = BTreeMap::new();
    for (_, _, prompt) in phone.house.runs() {
        *runs.entry(prompt).or_default() += 1;
    }
    assert!(
        runs.values().all(|times| *times == 1),
        "{:?}",
        runs.iter().filter(|(_, times)| **times > 1).collect::<Vec<_>>()
    );
    assert_eq!(runs.len(), UPDATES);
    let mut repeats = 0;
    for number in 0..UPDATES {
        let answer = format!("<{number}>");
        let shown: Vec<String> =
            phone.fake.said(group(number)).into_iter().filter(|text| text.contains(&answer)).collect();
        let unmarked = shown.iter().filter(|text| !text.contains(MARK)).count();
        // Killed again while it was sent again, it is sent once more, marked as well.
        assert!(unmarked <= 1 && !shown.is_empty(), "{answer}: {shown:?}");
        repeats += shown.len() - 1;
    }
    println!("{repeats} of {UPDATES} answers came a second time, marked");
}
