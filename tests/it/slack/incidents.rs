//! An incident's life in Slack: a hook is called, the card comes, a button is pressed, and the card tells of its end.

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::{Talk, eventually};
use signalbox_test_support::slack::Fault;
use signalbox_test_support::slack::state::Shown;

use crate::hooks::scene::{SECRET, ago, disk, post, proof};
use crate::http::address;
use crate::slack::scene::{ADA, EVE, OPS, Workspace};

/// A workspace whose channel is told of what a hook is called with.
fn on_call() -> Workspace {
    let mut slack = Workspace::new(&format!(
        "[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n[[hooks]]\nid = \"ops\"\nsource = \"alertmanager\"\n\
         target = \"slack:{OPS}\"\nsecret = \"{SECRET}\"\n"
    ));
    slack.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    slack
}

/// Lets Alertmanager call the hook.
fn call(serving: &Talk, status: &str, began: &str) {
    let body = disk(status, began).to_string();
    let proof = proof("alertmanager", &body, SECRET);
    let answer = post(address(serving), "/hooks/alertmanager/ops", &[(&proof[0].0, &proof[0].1)], &body);
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// The cards that the channel itself shows.
fn cards(slack: &Workspace) -> Vec<Shown> {
    let shown = slack.fake.shows(OPS).into_iter();
    shown.filter(|shown| shown.by_bot && shown.thread.is_none() && shown.words().contains("DiskWillFill")).collect()
}

/// Waits until the card is as it should be.
fn until(slack: &Workspace, card: &Shown, what: &str, is_so: impl Fn(&Shown) -> bool) {
    slack.until(what, |state| is_so(&state.messages[&(OPS.to_owned(), card.ts.clone())]));
}

fn has(shown: &Shown, label: &str) -> bool {
    shown.buttons().iter().any(|(other, _)| other == label)
}

#[test]
fn an_alert_becomes_a_card_that_is_acknowledged_by_a_press_and_turns_green() {
    let slack = on_call();
    let serving = slack.serve();
    let began = ago(5);
    call(&serving, "firing", &began);
    let card = slack.shown(OPS, "", "DiskWillFill");
    assert!(card.words().contains("CRITICAL") && has(&card, "Ack"), "{card:?}");
    // A stranger's press does nothing.
    slack.fake.press(OPS, EVE, &card.ts, "Ack");
    slack.until("the stranger is told", |state| state.whispers.iter().any(|one| one.user == EVE.id));
    assert_eq!(slack.house.count("incidents WHERE owner IS NOT NULL"), 0);
    slack.fake.press(OPS, ADA, &card.ts, "Ack");
    until(&slack, &card, "the card says who has it", |shown| shown.words().contains("Ada") && !has(shown, "Ack"));
    call(&serving, "resolved", &began);
    until(&slack, &card, "the card says that it is over", |shown| has(shown, "Reopen"));
    assert_eq!((cards(&slack).len(), slack.house.count("incidents")), (1, 1));
    assert!(slack.fake.with(|state| state.pings.is_empty()));
}

#[test]
fn a_card_that_was_posted_when_the_program_was_killed_is_found_and_not_posted_again() {
    let slack = on_call();
    let serving = slack.serve();
    // Slack shows the card, and the program never learns of it.
    slack.fake.fail_next("chat.postMessage", Fault::DropAfter);
    let asks = vec!["conversations.history", "conversations.replies"];
    slack.fake.with(|state| state.outage = Some((asks, Fault::Hold)));
    call(&serving, "firing", &ago(5));
    let card = slack.shown(OPS, "", "DiskWillFill");
    assert_eq!(slack.house.count(&format!("outbox WHERE message = '{}'", card.ts)), 0, "no receipt");
    serving.signal(Signal::SIGKILL);
    serving.end();
    slack.fake.with(|state| state.outage = None);
    slack.fake.release();
    let serving = slack.serve();
    let receipt = format!("outbox WHERE message = '{}'", card.ts);
    eventually("its receipt is stored", || slack.house.count(&receipt) > 0);
    call(&serving, "resolved", &ago(5));
    until(&slack, &card, "the card found is the one that changes", |shown| has(shown, "Reopen"));
    assert_eq!(cards(&slack).len(), 1, "{:#?}", slack.fake.said(OPS));
}
