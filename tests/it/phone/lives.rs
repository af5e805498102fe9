//! What a chat shows stays true over a restart of the bot and over time.

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::eventually;

use crate::phone::scene::{ADA, Phone};

#[test]
fn a_status_message_lives_on_over_a_kill_and_its_button_works() {
    let phone = Phone::new("");
    let serving = phone.serve();
    let gate = phone.house.text("gate");
    let asked = phone.say(&format!("/session script: say first half; wait {gate}; say second half; hang"));
    let status = phone.shown(asked, "first half");
    serving.signal(Signal::SIGKILL);
    serving.end();
    phone.house.touch("gate");
    let _serving = phone.serve();
    phone.until_patiently("the same message goes on", |state| {
        state.messages[&(ADA.id, status.id)].text.contains("second half")
    });
    let running = phone.fake.shows(ADA.id).into_iter().filter(|shown| shown.by_bot && shown.text.contains("Running"));
    assert_eq!(running.count(), 1);
    let press = phone.fake.press(ADA.id, ADA, status.id, "Cancel");
    phone.until("the press is answered", |state| state.answers.contains_key(&press));
    phone.until("the status says so", |state| {
        let shown = &state.messages[&(ADA.id, status.id)];
        shown.buttons.is_empty() && shown.text.contains("Cancelled")
    });
    phone.shown(status.id, "Cancelled");
}

#[test]
fn a_run_that_ends_while_the_bot_is_down_ends_its_status_too() {
    let phone = Phone::new("");
    let serving = phone.serve();
    let gate = phone.house.text("gate");
    let asked = phone.say(&format!("/session script: say at it; wait {gate}; answer <done>"));
    let status = phone.shown(asked, "Running");
    serving.signal(Signal::SIGKILL);
    serving.end();
    phone.house.touch("gate");
    eventually("the agent has ended", || phone.house.agents().is_empty());
    let _serving = phone.serve();
    phone.shown(status.id, "<done>");
    phone.until("the status says so", |state| {
        let shown = &state.messages[&(ADA.id, status.id)];
        shown.buttons.is_empty() && shown.text.contains("Complete")
    });
}

#[test]
fn a_button_whose_time_is_over_says_so_and_does_nothing() {
    let mut phone = Phone::new("");
    phone.house.set("SIGNALBOX__TIMEOUTS__APPROVAL", "4s");
    let _serving = phone.serve();
    let asked = phone.say("/session script: ask Bash rm -rf build; answer at the end");
    let question = phone.shown(asked, "asks for permission");
    phone.shown(question.id, "at the end");
    let data = question.buttons[0].1.clone();
    // A client that has not seen the edit yet.
    phone.fake.with(|state| {
        state.messages.get_mut(&(ADA.id, question.id)).expect("shown").buttons = vec![("Approve".to_owned(), data)];
    });
    let press = phone.fake.press(ADA.id, ADA, question.id, "Approve");
    phone.until("the press is told", |state| {
        state
            .answers
            .get(&press)
            .is_some_and(|text| text.contains("nobody answered in time") || text.contains("expired"))
    });
    let log = std::fs::read_to_string(phone.house.path("log")).expect("a log");
    assert!(!log.contains("allowed"), "{log}");
}

#[test]
fn a_bot_that_is_told_to_stop_marks_nothing_as_a_repeat() {
    let phone = Phone::new("limits.max_tasks = 8\nlimits.max_sessions_per_chat = 50\n");
    let mut serving = phone.serve();
    for round in 0..5 {
        for number in 0..6 {
            phone.say(&format!("/session script: answer <{round}-{number}>"));
        }
        phone.until("some are taken", |state| state.updates.len() < 6);
        serving.signal(Signal::SIGTERM);
        assert_eq!(serving.end().code, 0);
        serving = phone.serve();
    }
    for round in 0..5 {
        for number in 0..6 {
            phone.until_patiently("every answer", |state| {
                state
                    .messages
                    .values()
                    .any(|shown| shown.by_bot && shown.text.contains(&format!("\n<{round}-{number}>")))
            });
        }
    }
    let said = phone.fake.said(ADA.id);
    assert!(said.iter().all(|text| !text.contains("may be a repeat")), "{said:#?}");
    drop(serving);
}
