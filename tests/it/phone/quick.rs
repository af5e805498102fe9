//! Quick answers: a sign at once, and then the answer alone; who waits for long sees a status message, once.

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::eventually;
use signalbox_test_support::telegram::Fault;
use signalbox_test_support::telegram::state::Shown;

use crate::phone::scene::{ADA, Phone};

/// What is still to be said.
const WAITING: &str = "outbox WHERE state IN ('pending', 'sending', 'unknown')";

/// A bot whose status messages come after this long.
fn phone(after: &str) -> Phone {
    let mut phone = Phone::new("");
    phone.house.set("SIGNALBOX__PROGRESS__AFTER", after);
    phone
}

/// What the bot has said since a message, once nothing more is to be said.
fn said_since(phone: &Phone, asked: i64) -> Vec<Shown> {
    eventually("all is said", || phone.house.count(WAITING) == 0);
    phone.fake.shows(ADA.id).into_iter().filter(|shown| shown.by_bot && shown.id > asked).collect()
}

#[test]
fn a_quick_answer_comes_alone_after_a_sign() {
    let phone = phone("1h");
    let _serving = phone.serve();
    for prompt in ["/session script: answer <one>", "and now?"] {
        let asked = phone.say(prompt);
        let answer = phone.shown(asked, "Complete");
        phone.until("thumbs up", |state| state.reactions.get(&(ADA.id, asked)).is_some_and(|emoji| emoji == "👍"));
        let said = said_since(&phone, asked);
        assert_eq!((said.len(), said[0].id, said[0].edits), (1, answer.id, 0), "{said:?}");
    }
    let edits = phone.fake.with(|state| state.calls.iter().filter(|call| call.method == "editmessagetext").count());
    assert_eq!(edits, 0);
    assert_eq!(phone.house.count("outbox"), 2, "nothing is left of what was never shown");
}

#[test]
fn a_run_that_lasts_is_shown_once_and_its_message_says_how_it_ended() {
    let phone = phone("300ms");
    let _serving = phone.serve();
    let gate = phone.house.text("gate");
    let asked = phone.say(&format!("/session script: wait {gate}; answer <late>"));
    let status = phone.shown(asked, "Started");
    assert!(status.silent && status.reply_to == Some(asked), "{status:?}");
    phone.house.touch("gate");
    let answer = phone.shown(asked, "<late>");
    phone.until("the status says so", |state| {
        let shown = &state.messages[&(ADA.id, status.id)];
        shown.buttons.is_empty() && shown.text.contains("Complete")
    });
    let said: Vec<i64> = said_since(&phone, asked).iter().map(|shown| shown.id).collect();
    assert_eq!(said, [status.id, answer.id]);
}

#[test]
fn what_waits_or_asks_is_shown_at_once() {
    let mut phone = phone("1h");
    phone.house.set("SIGNALBOX__LIMITS__MAX_TASKS_PER_CHAT", "1");
    let _serving = phone.serve();
    let asked = phone.say("/session --name first script: ask Bash rm -rf build; answer <done>");
    let question = phone.shown(asked, "asks for permission");
    let status = phone.shown(asked, "[first] Started");
    assert!(status.id < question.id, "no question comes before what it is about");
    let waiting = phone.say("/session --name second script: answer <next>");
    phone.shown(waiting, "[second] Queued");
    phone.fake.press(ADA.id, ADA, question.id, "Approve");
    phone.shown(asked, "<done>");
    phone.shown(waiting, "[second] Complete");
}

#[test]
fn an_answer_waits_for_no_status_message_that_is_on_its_way() {
    let phone = phone("0s");
    let _serving = phone.serve();
    let gate = phone.house.text("gate");
    phone.fake.fail_next("sendMessage", Fault::Hold);
    let asked = phone.say(&format!("/session script: wait {gate}; answer <quick>"));
    phone.until("its status is on its way", |state| !state.has_faults());
    phone.house.touch("gate");
    let answer = phone.shown(asked, "<quick>");
    phone.fake.release();
    phone.until("the status comes late and says how it ended", |state| {
        state.shows(ADA.id).iter().any(|shown| shown.by_bot && shown.id != answer.id && shown.text.contains("Complete"))
    });
    assert_eq!(said_since(&phone, asked).len(), 2);
}

#[test]
fn a_run_that_ends_while_the_bot_is_down_is_answered_alone() {
    let phone = phone("1h");
    let serving = phone.serve();
    let gate = phone.house.text("gate");
    let asked = phone.say(&format!("/session script: wait {gate}; answer <kept>"));
    eventually("it runs", || phone.house.count("sessions WHERE agent_session IS NOT NULL") == 1);
    serving.signal(Signal::SIGKILL);
    serving.end();
    phone.house.touch("gate");
    eventually("the agent has ended", || phone.house.agents().is_empty());
    let _serving = phone.serve();
    phone.shown(asked, "<kept>");
    let said = said_since(&phone, asked);
    assert_eq!(said.len(), 1, "{said:?}");
}

#[test]
fn killed_between_an_answer_and_its_receipt_it_is_shown_at_most_once_without_a_mark() {
    let phone = phone("1h");
    let mut serving = phone.serve();
    for number in 0..8 {
        let asked = phone.say(&format!("/session --name s{number} script: answer <{number}>"));
        phone.shown(asked, &format!("<{number}>"));
        serving.signal(Signal::SIGKILL);
        serving.end();
        serving = phone.serve();
        let said = said_since(&phone, asked);
        let unmarked = said.iter().filter(|shown| !shown.text.contains("(may be a repeat)")).count();
        assert!(unmarked == 1 && said.len() <= 2, "{said:?}");
    }
    drop(serving);
}

#[test]
fn what_a_quick_answer_has_to_mention_stands_below_it() {
    let mut phone = phone("1h");
    phone.house.set("SIGNALBOX__LIMITS__MAX_SESSIONS_PER_CHAT", "1");
    let _serving = phone.serve();
    let asked = phone.say("/session --name one script: answer <one>");
    phone.shown(asked, "<one>");
    let asked = phone.say("/session --name two script: answer <two>");
    let answer = phone.shown(asked, "<two>");
    assert!(answer.text.contains("was archived to make room"), "{answer:?}");
    assert_eq!(said_since(&phone, asked).len(), 1, "no status");
}
