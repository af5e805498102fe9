//! An agent asks its user: questions with choices, a plan, and leave for what is too long for one message.

use serde_json::json;
use signalbox_test_support::telegram::Post;

use crate::phone::scene::{ADA, Phone};

/// Lets an agent ask with a tool.
fn asks(tool: &str, input: &serde_json::Value) -> String {
    format!("/session script: put {tool} {input}; answer went on")
}

fn deploy() -> serde_json::Value {
    json!({"questions": [{"question": "Which environment shall I deploy to?", "header": "Env", "multiSelect": false,
        "options": [{"label": "staging", "description": "safe"}, {"label": "production", "description": "live"}]}]})
}

/// Waits until a run has heard something.
fn heard(phone: &Phone, what: &str) {
    let spools = phone.house.state().join("runs");
    signalbox_test_support::everyday::eventually(what, || {
        let runs = std::fs::read_dir(&spools).into_iter().flatten().flatten();
        runs.map(|run| run.path().join("events"))
            .any(|file| std::fs::read_to_string(file).is_ok_and(|events| events.contains(what)))
    });
}

#[test]
fn a_question_has_a_button_for_each_choice_and_the_answer_reaches_the_agent() {
    let mut phone = Phone::new("");
    phone.house.set("SIGNALBOX__AGENTS__CLAUDE__PERMISSION", "all");
    let _serving = phone.serve();
    let gate = phone.house.text("gate");
    let asked = phone.say(&format!("/session script: put AskUserQuestion {}; wait {gate}; answer went on", deploy()));
    let question = phone.shown(asked, "Which environment shall I deploy to?");
    let labels: Vec<&str> = question.buttons.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(labels, ["staging", "production"], "{question:?}");
    assert!(question.text.contains("safe") && !question.text.contains("AskUserQuestion"), "{question:?}");
    let press = phone.fake.press(ADA.id, ADA, question.id, "staging");
    phone.until("the press is answered", |state| {
        state.answers.get(&press).is_some_and(|text| text.contains("Answered: staging"))
    });
    phone.until("the question shows its answer", |state| {
        let shown = &state.messages[&(ADA.id, question.id)];
        shown.buttons.is_empty() && shown.text.contains("Answered by Ada") && shown.text.contains("staging")
    });
    heard(&phone, r#"{\"Which environment shall I deploy to?\":\"staging\"}"#);
    phone.house.touch("gate");
    phone.shown(asked, "\nwent on");
}

#[test]
fn several_can_be_chosen_one_question_comes_after_the_other_and_words_are_an_answer() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let gate = phone.house.text("gate");
    let input = json!({"questions": [
        {"question": "Which checks?", "header": "Checks", "multiSelect": true, "options": [{"label": "unit"}, {"label": "load"}, {"label": "lint"}]},
        {"question": "When?", "header": "When", "multiSelect": false, "options": [{"label": "now"}, {"label": "tonight"}]},
    ]});
    let asked = phone.say(&format!("/session script: put AskUserQuestion {input}; wait {gate}; answer went on"));
    let question = phone.shown(asked, "asks (1 of 2)");
    for label in ["unit", "lint", "load"] {
        phone.fake.press(ADA.id, ADA, question.id, label);
        phone.until("the choice shows", |state| {
            let shown = &state.messages[&(ADA.id, question.id)];
            shown.buttons.iter().any(|(shown, _)| *shown == format!("✓ {label}"))
        });
    }
    phone.fake.press(ADA.id, ADA, question.id, "✓ load");
    phone.until("the choice is taken back", |state| {
        state.messages[&(ADA.id, question.id)].buttons.iter().any(|(label, _)| label == "load")
    });
    phone.fake.press(ADA.id, ADA, question.id, "Done");
    phone.until("the second question stands there", |state| {
        let shown = &state.messages[&(ADA.id, question.id)];
        shown.text.contains("asks (2 of 2)") && shown.buttons.iter().any(|(label, _)| label == "tonight")
    });
    let typed = phone.fake.post(ADA.id, ADA, Post::text("after the release").reply_to(phone.known(&question)));
    phone.shown(typed, "Answered: after the release");
    heard(&phone, r#"\"Which checks?\":\"unit, lint\""#);
    heard(&phone, r#"\"When?\":\"after the release\""#);
    phone.house.touch("gate");
    phone.shown(asked, "\nwent on");
    assert_eq!(phone.house.runs().len(), 1, "the answer was no prompt");
}

#[test]
fn plain_text_answers_and_nothing_else_does_for_the_person() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let asked = phone.say(&asks("AskUserQuestion", &deploy()));
    let question = phone.shown(asked, "Which environment");
    let id = question.buttons[0].1.split(' ').nth(1).expect("an id").to_owned();
    for word in ["approve", "allow"] {
        let said = phone.say(&format!("/{word} {id}"));
        phone.shown(said, "This is a question");
    }
    let said = phone.say("the one in Frankfurt");
    phone.shown(said, "Answered: the one in Frankfurt");
    phone.shown(asked, "\nwent on");
    // It is another question the next time, whatever was pressed before.
    let asked = phone.say(&asks("AskUserQuestion", &deploy()));
    let again = phone.shown(asked, "Which environment");
    let stale = phone.say(&format!("/answer {id} 1.1"));
    phone.shown(stale, "no longer open");
    let other = phone.say(&format!("/answer {} 2.1", again.buttons[0].1.split(' ').nth(1).expect("an id")));
    phone.shown(other, "not asked for any more");
    phone.fake.press(ADA.id, ADA, again.id, "production");
    phone.shown(asked, "\nwent on");
}

#[test]
fn a_question_outlives_a_restart_and_ends_in_time() {
    let mut phone = Phone::new("");
    let serving = phone.serve();
    let asked = phone.say(&asks("AskUserQuestion", &deploy()));
    let question = phone.shown(asked, "Which environment");
    drop(serving);
    let serving = phone.serve();
    phone.fake.press(ADA.id, ADA, question.id, "staging");
    phone.shown(asked, "\nwent on");
    drop(serving);
    phone.house.set("SIGNALBOX__TIMEOUTS__APPROVAL", "1s");
    let _serving = phone.serve();
    let asked = phone.say(&asks("AskUserQuestion", &deploy()));
    phone.shown(asked, "Not answered in time");
    phone.shown(asked, "\nwent on");
    let said = phone.fake.said(ADA.id);
    assert!(!said.iter().any(|text| text.contains("Nobody answered")), "it is said once, in its place: {said:#?}");
}

#[test]
fn a_plan_is_read_to_its_end_and_accepted_or_sent_back_in_words() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let plan =
        format!("# Plan\n\n{}\n\n- at last: rm -rf the cache", "A step that takes a line of text.\n\n".repeat(150));
    let asked = phone.say(&asks("ExitPlanMode", &json!({"plan": plan})));
    let end = phone.shown(asked, "at last: rm -rf the cache");
    let labels: Vec<&str> = end.buttons.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(labels, ["Go on", "Not this plan"], "what is decided on ends above the buttons: {end:?}");
    let typed = phone.fake.post(ADA.id, ADA, Post::text("keep the cache").reply_to(phone.known(&end)));
    phone.shown(typed, "Plan sent back: keep the cache");
    phone.shown(asked, "\nwent on");
    let asked = phone.say(&asks("ExitPlanMode", &json!({"plan": "1. look"})));
    let short = phone.shown(asked, "has a plan");
    phone.fake.press(ADA.id, ADA, short.id, "Go on");
    phone.shown(asked, "\nwent on");
}

#[test]
fn what_is_to_be_approved_can_be_read_to_its_end() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let lines: String = (0..140).map(|n| format!("line {n} of a harmless report\n")).collect();
    let command = format!("cat > /tmp/report.txt <<'EOF'\n{lines}EOF\nrm -rf ~/work");
    let asked = phone.say(&asks("Bash", &json!({"command": command})));
    let end = phone.shown(asked, "rm -rf ~/work");
    assert!(end.buttons.iter().any(|(label, _)| label == "Approve"), "{end:?}");
    let all = phone.fake.with(|state| state.said(ADA.id)).join("\n");
    assert!((0..140).all(|n| all.contains(&format!("line {n} of"))), "all of it was shown");
    phone.fake.press(ADA.id, ADA, end.id, "Deny");
    phone.shown(asked, "\nwent on");
    // What is too long for messages is laid out aside, and comes with a file.
    let lines: String = (0..2000).map(|n| format!("row {n} of a harmless report\n")).collect();
    let asked = phone.say(&asks("Bash", &json!({"command": format!("{lines}rm -rf ~/all")})));
    phone.until("it can be approved, and read", |state| {
        let new = || state.shows(ADA.id).into_iter().filter(|shown| shown.by_bot && shown.id > asked);
        let is_whole = |content: &str| content.contains("row 1999 of") && content.contains("rm -rf ~/all");
        let of_file = |file: (String, Vec<u8>)| is_whole(&String::from_utf8_lossy(&file.1));
        new().any(|shown| shown.buttons.iter().any(|(label, _)| label == "Approve"))
            && new().filter_map(|shown| shown.document).any(of_file)
    });
}

#[test]
fn a_question_that_its_agent_takes_back_loses_its_buttons() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let (back, gate) = (phone.house.text("back"), phone.house.text("gate"));
    let taken_back = r#"{"type":"control_cancel_request","request_id":"r1"}"#;
    let asked = phone.say(&format!(
        "/session script: request r1 Bash rm -r build; wait {back}; raw {taken_back}; wait {gate}; answer went on"
    ));
    let question = phone.shown(asked, "asks for permission");
    assert!(!question.buttons.is_empty(), "{question:?}");
    phone.house.touch("back");
    phone.until("the question is asked no longer", |state| {
        let shown = &state.messages[&(ADA.id, question.id)];
        shown.buttons.is_empty() && shown.text.contains("the agent no longer waits")
    });
    phone.house.touch("gate");
    phone.shown(asked, "\nwent on");
}
