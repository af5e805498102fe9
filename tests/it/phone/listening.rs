//! Tokens that are wrong, revoked or used twice, and polls that go wrong.

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::eventually;
use signalbox_test_support::telegram::Fault;

use crate::phone::scene::{ADA, Phone};

#[test]
fn a_wrong_token_is_said_clearly_and_everything_else_goes_on() {
    for (token, words) in [("42:wrong", "does not know this token"), ("nonsense", "must look like 123456789:")] {
        let mut phone = Phone::new("");
        phone.house.set("TELEGRAM_BOT_TOKEN", token);
        let serving = phone.house.serve();
        let all = serving.until(words);
        assert!(!all.contains("42:wrong"), "{all}");
        phone.house.say("/session script: answer from the terminal").was(0, "from the terminal");
    }
}

#[test]
fn a_token_revoked_while_running_loses_nothing() {
    let phone = Phone::new("");
    let serving = phone.serve();
    let gate = phone.house.text("gate");
    let asked = phone.say(&format!("/session script: wait {gate}; answer <kept>"));
    phone.shown(asked, "Started");
    phone.fake.with(|state| state.revoked = true);
    phone.house.touch("gate");
    phone.until("calls are refused", |state| state.strangers > 1);
    eventually("the result waits", || phone.house.count("outbox WHERE state = 'pending'") > 0);
    serving.until("this transport is off");
    // Set right and started again, it goes out.
    phone.fake.with(|state| state.revoked = false);
    serving.signal(Signal::SIGTERM);
    serving.end();
    let _serving = phone.serve();
    let answer = phone.shown(asked, "<kept>");
    assert!(!answer.text.contains("repeat"), "{answer:?}");
}

#[test]
fn a_stand_by_takes_the_bot_over_when_its_holder_dies() {
    let phone = Phone::new("");
    let first = phone.serve();
    let second = phone.house.start(phone.house.command(&["serve", "--standby"]));
    second.until("waiting for the process");
    let asked = phone.say("/session script: answer <first>");
    phone.shown(asked, "<first>");
    first.signal(Signal::SIGKILL);
    first.end();
    let asked = phone.say("/session @nobody script: answer <second>");
    phone.shown(asked, "<second>");
    let conflicts = phone.fake.with(|state| state.calls.iter().filter(|call| call.answer == 409).count());
    assert!(conflicts <= 1, "{conflicts}");
}

#[test]
fn another_program_with_the_same_token_is_met_with_patience() {
    let phone = Phone::new("");
    let serving = phone.serve();
    let conflict = Fault::Refuse {
        code: 409,
        description: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    };
    phone.fake.with(|state| {
        state.outage = Some((vec!["getupdates"], conflict));
        // The open poll is ended, as by another's.
        state.polls += 1;
    });
    serving.until("another program listens with the same token");
    let asked = phone.fake.count("getUpdates");
    assert!(asked <= 3, "{asked} polls in a conflict");
    phone.fake.with(|state| state.outage = None);
    let asked = phone.say("/session script: answer <back>");
    phone.shown(asked, "<back>");
}

#[test]
fn polls_that_break_in_any_way_lose_no_update_and_repeat_none() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    phone.fake.with(|state| state.scrambled = true);
    let faults = [
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::CutAnswer,
        Fault::ServerError { done: false },
        Fault::Html { done: true },
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        phone.fake.fail_next("getUpdates", fault);
        let asked = phone.say(&format!("/session script: answer <{number}>"));
        phone.shown(asked, &format!("<{number}>"));
    }
    assert_eq!(phone.house.runs().len(), 5);
    assert_eq!(phone.fake.said(ADA.id).iter().filter(|text| text.contains('<')).count(), 5);
}
