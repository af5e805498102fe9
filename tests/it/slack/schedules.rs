//! Digests in Slack: at their hour, when asked for, once, whatever happens to the answer.

use nix::sys::signal::Signal;
use signalbox::clock::{Clock as _, SystemClock};
use signalbox_test_support::everyday::{Talk, eventually};
use signalbox_test_support::slack::{Fault, Post};

use crate::slack::scene::{ADA, OPS, Workspace};

/// Tuesday, 1 December 2026, 09:00 in Kolkata, in milliseconds.
const NINE_MS: i64 = 1_796_095_800_000;
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
    slack.promote();
    let serving = slack.serve();
    let add = "/cron add --kind daily_summary --cron \"0 9 * * 1-5\" --tz Asia/Kolkata";
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
    let digest = digests(&slack).remove(0);
    assert!(digest.contains("Mon 30 Nov 09:00 – Tue 1 Dec 09:00 Asia/Kolkata"), "{digest}");
    assert_eq!(digests(&slack).len(), 1, "{:#?}", slack.fake.said(OPS));
}

#[test]
fn each_fire_has_a_thread_of_its_own_where_that_is_wished() {
    let slack = Workspace::new("");
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "@daily", "--to", "slack:C500", "--new-thread"];
    slack.house.run(&add).was(0, "Added #1");
    for _ in 0..2 {
        slack.house.run(&["cron", "run", "1"]).was(0, "done: delivered");
    }
    let shown = slack.fake.shows(OPS);
    let roots: Vec<_> = shown.iter().filter(|shown| shown.thread.is_none()).collect();
    assert_eq!((roots.len(), shown.len()), (2, 4), "{shown:#?}");
    for root in roots {
        let inside = shown.iter().filter(|one| one.thread.as_deref() == Some(root.ts.as_str())).count();
        assert!(inside == 1 && root.words().contains("Daily summary"), "{shown:#?}");
    }
}

#[test]
fn what_is_made_in_a_thread_comes_to_that_thread() {
    let mut slack = Workspace::new("");
    slack.promote();
    let _serving = slack.serve();
    let root = slack.fake.post(OPS, ADA, Post::text("the summaries go here"));
    let add = Post::to_bot("/cron add --kind daily_summary --cron @daily").in_thread(&root);
    let asked = slack.fake.post(OPS, ADA, add);
    slack.shown(OPS, &asked, "Added #1");
    slack.house.run(&["cron", "run", "1"]).was(0, "done: delivered");
    let digest = slack.shown(OPS, &asked, "Daily summary · ");
    assert_eq!(digest.thread.as_deref(), Some(root.as_str()));
}

#[test]
fn an_outage_of_half_an_hour_over_a_fire_delays_its_digest_and_repeats_nothing() {
    let mut slack = Workspace::new("");
    shift(&mut slack, 600_000);
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "30 3 * * *", "--to", "slack:C500"];
    slack.house.run(&add).was(0, "Added #1");
    for _ in 0..50 {
        slack.fake.fail_next("chat.postMessage", Fault::DropBefore);
    }
    shift(&mut slack, 300);
    let serving = slack.serve();
    eventually("it was tried, in vain", || slack.house.count("outbox WHERE attempts >= 1 AND error IS NOT NULL") == 1);
    assert_eq!((digests(&slack).len(), slack.house.count("fires WHERE state = 'done'")), (0, 1));
    kill(serving);
    // Half an hour later Slack is there again.
    slack.fake.with(|state| state.forget_faults());
    shift(&mut slack, -1_800_000);
    let _serving = slack.serve();
    eventually("it is delivered", || digests(&slack).len() == 1 && slack.house.count(WAITING) == 0);
    let digest = digests(&slack).remove(0);
    assert!(digest.contains("Tue 1 Dec 03:30"), "it is of its hour: {digest}");
    assert_eq!((digests(&slack).len(), slack.house.count("fires")), (1, 1));
}

/// Kills the program at one step of a fire, starts it again, and looks that its digest is shown once.
fn is_delivered_once_though_killed(
    step: &str,
    slack: &Workspace,
    running: Talk,
    has_come: impl Fn(&Workspace) -> bool,
) {
    eventually(step, || has_come(slack));
    kill(running);
    let _serving = slack.serve();
    eventually("it is delivered", || !digests(slack).is_empty() && slack.house.count(WAITING) == 0);
    let said = digests(slack);
    assert!(said.len() == 1 && !said[0].contains("may be a repeat"), "{step}: {said:?}");
    assert_eq!((slack.house.count("fires"), slack.house.count("fires WHERE state = 'done'")), (1, 1), "{step}");
}

#[test]
fn a_kill_before_a_digest_is_sent_leaves_one() {
    for (part, stands) in [
        ("fire-claim", "fires WHERE state = 'claimed' AND token = 0"),
        ("fire-run", "fires WHERE state = 'claimed' AND token > 0"),
        ("delivery", "outbox WHERE state = 'sending'"),
    ] {
        let mut slack = Workspace::new("");
        shift(&mut slack, 600_000);
        let add = ["cron", "add", "--kind", "daily_summary", "--cron", "30 3 * * *", "--to", "slack:C500"];
        slack.house.run(&add).was(0, "Added #1");
        slack.house.touch("hold");
        let wish = format!("{part}:hold:{}", slack.house.text("hold"));
        slack.house.set("SIGNALBOX_TEST_FAIL", &wish);
        shift(&mut slack, 300);
        let running = slack.house.serve();
        is_delivered_once_though_killed(part, &slack, running, |slack| {
            !slack.house.path("hold").exists() && slack.house.count(stands) == 1
        });
    }
}

#[test]
fn a_kill_after_a_digest_is_sent_leaves_one_whether_its_receipt_was_kept_or_not() {
    // Slack's own time is the machine's, and so is the program's, which looks for what it sent at its time.
    let run = || {
        let slack = Workspace::new("");
        let add = ["cron", "add", "--kind", "daily_summary", "--cron", "0 0 29 2 *", "--to", "slack:C500"];
        slack.house.run(&add).was(0, "Added #1");
        slack
    };
    let slack = run();
    slack.fake.fail_next("chat.postMessage", Fault::DropAfter);
    let running = slack.house.start(slack.house.command(&["cron", "run", "1"]));
    is_delivered_once_though_killed("sent, without a receipt", &slack, running, |slack| {
        slack.fake.count("chat.postMessage") == 1
    });
    let slack = run();
    let running = slack.house.start(slack.house.command(&["cron", "run", "1"]));
    is_delivered_once_though_killed("with its receipt", &slack, running, |slack| {
        slack.house.count("outbox WHERE state = 'delivered'") == 1
    });
}
