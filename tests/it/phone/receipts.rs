//! Messages that are shown though the provider's answer was lost: a press of a button tells of them.

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
fn a_status_without_a_receipt_says_how_its_run_ended_when_it_is_pressed() {
    let phone = phone();
    let _serving = phone.serve();
    let gate = phone.house.text("gate");
    phone.fake.fail_next("sendMessage", Fault::DropAfter);
    let asked = phone.say(&format!("/session script: wait {gate}; answer <late>"));
    let status = phone.shown(asked, "Started");
    phone.house.touch("gate");
    phone.shown(asked, "<late>");
    eventually("all is said", || phone.house.count("outbox WHERE state IN ('pending', 'sending', 'unknown')") == 0);
    phone.fake.press(ADA.id, ADA, status.id, "Cancel");
    phone.until("the status says so", |state| {
        let shown = &state.messages[&(ADA.id, status.id)];
        shown.buttons.is_empty() && shown.text.contains("Complete")
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
