//! Digests in Slack: at their hour, when asked for, once, whatever happens to the answer.

use nix::sys::signal::Signal;
use signalbox::clock::{Clock as _, SystemClock};
use signalbox_test_support::everyday::{Talk, eventually};
use signalbox_test_support::slack::{Fault, Post};

use crate::slack::scene::{ADA, OPS, Workspace};

/// Tuesday, 1 December 2026, 09:00 UTC, in milliseconds.
const NINE_MS: i64 = 1_796_115_600_000;
/// What of the outbox is not done.
const WAITING: &str = "outbox WHERE state IN ('pending', 'sending', 'unknown')";

/// The digests that the channel shows, in threads too.
fn digests(slack: &Workspace) -> Vec<String> {
    slack.fake.said(OPS).into_iter().filter(|text| text.contains("Daily summary · ")).collect()
}

/// Moves the program's clock so that it is so many milliseconds before the hour now.
fn shift(slack: &mut Workspace, before: i64) {
    let shift = NINE_MS - before - SystemClock.now().0;
    slack.house.set("SIGNALBOX_TEST_CLOCK_SHIFT", &shift.to_string());
}

fn kill(serving: Talk) {
    serving.signal(Signal::SIGKILL);
    serving.end();
}

#[test]
fn a_digest_that_is_asked_for_on_the_command_line_comes_to_the_channel_once() {
    let slack = Workspace::new("");
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "0 9 * * *", "--to", "slack:C500"];
    slack.house.run(&add).was(0, "Added #1");
    slack.house.run(&["cron", "run", "1"]).was(0, "done: delivered");
    assert_eq!(digests(&slack).len(), 1);
    // Its receipt is lost: the history has it.
    slack.fake.fail_next("chat.postMessage", Fault::DropAfter);
    slack.house.run(&["cron", "run", "1"]).was(0, "done: delivered");
    let said = digests(&slack);
    assert!(said.len() == 2 && said.iter().all(|text| !text.contains("may be a repeat")), "{said:?}");
    assert!(!slack.fake.with(|state| state.has_faults()));
    assert!(slack.fake.with(|state| state.pings.is_empty()));
}

#[test]
fn a_schedule_is_made_in_the_channel_and_its_digest_comes_once_over_a_kill() {
    let mut slack = Workspace::new("");
    shift(&mut slack, 600_000);
    let serving = slack.serve();
    let add = "/cron add --kind daily_summary --cron \"0 9 1 12 *\" --to slack:C500";
    let asked = slack.fake.post(OPS, ADA, Post::to_bot(add));
    slack.shown(OPS, &asked, "Added #1: Daily summary");
    eventually("it is said", || slack.house.count(WAITING) == 0);
    kill(serving);
    // However long that took, its hour comes now.
    shift(&mut slack, 300);
    let serving = slack.serve();
    eventually("its hour has come", || digests(&slack).len() == 1);
    eventually("the receipt is kept", || slack.house.count(WAITING) == 0);
    kill(serving);
    let _serving = slack.serve();
    let asked = slack.fake.post(OPS, ADA, Post::to_bot("/cron logs 1"));
    slack.shown(OPS, &asked, "delivered");
    assert_eq!(digests(&slack).len(), 1, "{:#?}", slack.fake.said(OPS));
}
