//! Messages that are shown though the provider's answer was lost: a press of a button tells of them.

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::eventually;
use signalbox_test_support::telegram::Fault;

use crate::phone::scene::{ADA, Phone};

/// A bot whose status messages come at once.
fn phone() -> Phone {
    let mut phone = Phone::new("");
    phone.house.set("SIGNALBOX__PROGRESS__AFTER", "0s");
    phone
}

#[test]
fn a_status_without_a_receipt_says_how_its_run_ended_and_nobody_has_to_press_it() {
    let phone = phone();
    let serving = phone.serve();
    let gate = phone.house.text("gate");
    let other = phone.say("/session --name other script: answer <other>");
    phone.shown(other, "<other>");
    eventually("all is said", || phone.house.count("outbox WHERE state IN ('pending', 'sending', 'unknown')") == 0);
    let before = phone.fake.said(ADA.id);
    // Killed after the provider has shown it, and before its receipt is written down.
    phone.fake.fail_next("sendMessage", Fault::DropAfter);
    let asked = phone.say(&format!("/session --name docs script: wait {gate}; answer <late>"));
    let status = phone.shown(asked, "Started");
    serving.signal(Signal::SIGKILL);
    serving.end();
    // People write in between; what is theirs cannot be changed, and is not.
    let aside = phone.fake.say(ADA.id, ADA, "/id");
    phone.house.touch("gate");
    eventually("the agent has ended", || phone.house.agents().is_empty());
    let _serving = phone.serve();
    phone.shown(asked, "<late>");
    phone.until("the status says so", |state| {
        let shown = &state.messages[&(ADA.id, status.id)];
        shown.buttons.is_empty() && shown.text.contains("[docs] Complete")
    });
    eventually("all is said", || phone.house.count("outbox WHERE state IN ('pending', 'sending', 'unknown')") == 0);
    let said = phone.fake.said(ADA.id);
    assert_eq!(said[..before.len()], before, "what was said before stays as it was");
    assert!(said.iter().filter(|text| text.contains("<late>")).count() == 1, "{said:#?}");
    phone.until("what a person wrote is theirs", |state| state.messages[&(ADA.id, aside)].text == "/id");
}

#[test]
fn a_status_without_a_receipt_that_was_never_shown_is_looked_for_in_few_places() {
    let phone = phone();
    let _serving = phone.serve();
    let gate = phone.house.text("gate");
    phone.fake.fail_next("sendMessage", Fault::DropBefore);
    let asked = phone.say(&format!("/session script: wait {gate}; answer <late>"));
    eventually("it was let be", || phone.house.count("outbox WHERE purpose = 3 AND state = 'delivered'") == 1);
    for _ in 0..20 {
        phone.fake.say(ADA.id, ADA, "@other people talk");
    }
    phone.house.touch("gate");
    phone.shown(asked, "<late>");
    eventually("all is said", || phone.house.count("outbox WHERE state IN ('pending', 'sending', 'unknown')") == 0);
    phone.until("it was looked for, not everywhere", |state| {
        let tried = state.calls.iter().filter(|call| call.method == "editmessagereplymarkup").count();
        (1..=8).contains(&tried)
    });
}

#[test]
fn a_question_that_is_answered_is_not_asked_again() {
    let phone = phone();
    let _serving = phone.serve();
    let gate = phone.house.text("gate");
    let asked = phone.say(&format!("/session script: wait {gate}; ask Bash rm -rf build; answer <done>"));
    phone.shown(asked, "Started");
    eventually("its receipt is there", || phone.house.count("outbox WHERE message IS NOT NULL") == 1);
    phone.fake.fail_next("sendMessage", Fault::DropAfter);
    phone.house.touch("gate");
    let question = phone.shown(asked, "asks for permission");
    phone.fake.press(ADA.id, ADA, question.id, "Approve");
    phone.shown(asked, "<done>");
    phone.until("the question says so", |state| state.messages[&(ADA.id, question.id)].buttons.is_empty());
    eventually("all is said", || phone.house.count("outbox WHERE state IN ('pending', 'sending', 'unknown')") == 0);
    assert!(phone.fake.said(ADA.id).iter().all(|text| !text.contains("repeat")));
}
