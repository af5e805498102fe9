//! A conversation from a phone, start to end.

use signalbox_test_support::everyday::eventually;
use signalbox_test_support::telegram::state::State;
use signalbox_test_support::telegram::{Fault, Post};

use crate::phone::scene::{ADA, Phone};

#[test]
fn a_developer_starts_watches_answers_and_follows_up_from_a_phone() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let asked = phone.say("/session hello there\nscript: tool Bash ls; answer All is **well**.");
    let result = phone.shown(asked, "All is well.");
    assert_eq!(result.reply_to, Some(asked), "{result:?}");
    assert!(result.text.contains("Complete"), "{result:?}");
    assert!(result.entities.iter().any(|entity| entity["type"] == "bold"), "{result:?}");
    assert!(!result.silent && !result.preview, "{result:?}");
    phone.until("thumbs up", |state| state.reactions.get(&(ADA.id, asked)).is_some_and(|emoji| emoji == "👍"));

    // A reply follows up, plain text too.
    phone.fake.post(ADA.id, ADA, Post::text("and now?").reply_to(phone.known(&result)));
    phone.shown(result.id, "turn 2: and now?");
    let asked = phone.say("third");
    phone.shown(asked, "turn 3: third");

    // A question of the agent, answered with a button.
    let asked = phone.say("script: ask Bash rm -rf build; answer done");
    let question = phone.shown(asked, "asks for permission");
    let press = phone.fake.press(ADA.id, ADA, question.id, "Approve");
    phone.shown(asked, "\ndone");
    phone
        .until("the press is answered", |state| state.answers.get(&press).is_some_and(|text| text.contains("Allowed")));
    phone.until("the question has no buttons any more", |state| {
        let shown = &state.messages[&(ADA.id, question.id)];
        shown.buttons.is_empty() && shown.text.contains("Allowed once by Ada")
    });

    // A run that hangs shows how far it has come, and is cancelled with its button.
    let asked = phone.say("script: say thinking about it; hang");
    let status = phone.shown(asked, "Running");
    assert!(status.text.contains("thinking about it"), "{status:?}");
    phone.fake.press(ADA.id, ADA, status.id, "Cancel");
    phone.until("the status says so", |state| {
        let shown = &state.messages[&(ADA.id, status.id)];
        shown.buttons.is_empty() && shown.text.contains("Cancelled")
    });
    let cancelled = phone.shown(status.id, "Cancelled");
    assert_eq!(cancelled.reply_to, Some(asked));
    phone.until("thumbs down", |state| state.reactions.get(&(ADA.id, asked)).is_some_and(|emoji| emoji == "👎"));
}

#[test]
fn the_sign_of_the_end_comes_once_the_answer_is_shown() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let gate = phone.house.text("gate");
    let asked = phone.say(&format!("/session script: wait {gate}; answer <done>"));
    phone.shown(asked, "Started");
    phone.fake.fail_next("sendMessage", Fault::Hold);
    phone.house.touch("gate");
    eventually("it has ended", || phone.house.count("tasks WHERE status = 'ok'") == 1);
    // Signs are given in their order: that of the next message comes behind whatever was given for the first.
    let next = phone.say(&format!("/session script: wait {gate}; answer <next>"));
    let sign = |state: &State, of: i64| state.reactions.get(&(ADA.id, of)).cloned();
    phone.until("the next is taken", |state| sign(state, next).is_some());
    assert_eq!(phone.fake.with(|state| sign(state, asked)).as_deref(), Some("👀"), "nothing of its answer is shown");
    phone.fake.release();
    phone.shown(asked, "<done>");
    phone.until("thumbs up", |state| sign(state, asked).as_deref() == Some("👍"));
}
