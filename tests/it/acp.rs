//! An agent of the Agent Client Protocol, made with the protocol's own library, through the whole program.

use nix::sys::signal::Signal;

use signalbox_test_support::everyday::eventually;
use signalbox_test_support::programs::scripted_agent;

use crate::phone::scene::{ADA, Phone};

/// A phone whose house has the agent `scribe`; it does not serve yet.
fn phone() -> Phone {
    let phone = Phone::new("");
    let config = std::fs::read_to_string(phone.house.path("config.toml")).expect("readable");
    let wrapper = format!("env > {}; exec {} acp", phone.house.text("env"), scripted_agent().display());
    let agent = format!(
        "\n[agents.scribe]\nkind = \"acp\"\nkeep_warm = \"off\"\ncommand = {}\n[agents.scribe.env]\nSCRIPTED_AGENT_SESSIONS = {}\n",
        toml::Value::from(vec!["sh", "-c", &wrapper]),
        toml::Value::from(phone.house.text("agent-sessions")),
    );
    std::fs::write(phone.house.path("config.toml"), config + &agent).expect("written");
    phone
}

#[test]
fn what_it_asks_is_approved_in_the_next_life_and_its_conversation_goes_on() {
    let phone = phone();
    let serving = phone.serve();
    let gate = phone.house.text("gate");
    let script = format!("script: say I look; tool ls -la; ask touch x; wait {gate}; say all done");
    let asked = phone.say(&format!("/session --name docs @scribe {script}"));
    let question = phone.shown(asked, "asks for permission");
    assert!(question.text.contains("to run a command") && question.text.contains("touch x"), "{}", question.text);
    assert!(question.text.contains("run touch with anything behind it"), "{}", question.text);
    phone.known(&question);
    serving.signal(Signal::SIGKILL);
    serving.end();
    let _serving = phone.serve();
    phone.fake.press(ADA.id, ADA, question.id, "Approve");
    let status = phone.shown(asked, "2 tools");
    assert!(!status.text.contains("Complete"), "{}", status.text);
    phone.house.touch("gate");
    let answer = phone.shown(asked, "[docs] Complete");
    assert!(answer.text.contains("allowed touch x") && answer.text.contains("all done"), "{}", answer.text);
    assert!(answer.text.contains(" · 2 tools"), "{}", answer.text);
    assert!(!answer.text.contains("unasked"), "the mode in which it asks was set: {}", answer.text);
    let again = phone.say("@docs and now?");
    let answer = phone.shown(again, "turn 2: and now?");
    assert!(!answer.text.contains("said before of"), "what was said before is not told again: {}", answer.text);
    assert!(!answer.text.contains("new conversation"), "{}", answer.text);
    eventually("no agent is left", || phone.house.agents().is_empty());
    let env = std::fs::read_to_string(phone.house.path("env")).expect("its environment");
    assert!(!env.contains("TELEGRAM_BOT_TOKEN"), "{env}");
}

#[test]
fn what_it_links_to_and_the_pictures_that_it_tells_go_with_its_answer() {
    let mut phone = phone();
    std::fs::create_dir(phone.house.path("web")).expect("made");
    std::fs::write(phone.house.path("web/a b.csv"), "a,b").expect("written");
    let directory = phone.house.text("web");
    phone.house.set("SIGNALBOX__AGENTS__SCRIBE__DIR", &directory);
    let _serving = phone.serve();
    let script = format!("say Look: ; link file://{directory}/a%20b.csv; link file:///etc/passwd; picture iVBORw==");
    let asked = phone.say(&format!("/session --name docs @scribe script: {script}"));
    let answer = phone.shown(asked, "[docs] Complete");
    assert!(answer.text.contains("Look:"), "{}", answer.text);
    assert!(answer.text.contains("Not attached: /etc/passwd (outside of its directory)."), "{}", answer.text);
    let has = |state: &signalbox_test_support::telegram::state::State, name: &str, content: &[u8]| {
        state
            .shows(ADA.id)
            .iter()
            .any(|shown| shown.document.as_ref().is_some_and(|file| file.0 == name && file.1 == content))
    };
    phone.until("the table", |state| has(state, "a_b.csv", b"a,b"));
    // Telegram takes it for no photo, and so it comes as a file.
    phone.until("the picture", |state| has(state, "image-2.png", b"\x89PNG") || has(state, "image-3.png", b"\x89PNG"));
}

#[test]
fn a_denied_call_is_denied_and_a_question_is_answered_by_a_button() {
    let phone = phone();
    let _serving = phone.serve();
    let asked = phone.say("/session --name docs @scribe script: ask rm -rf build; form Which colour?");
    let question = phone.shown(asked, "asks for permission");
    phone.fake.press(ADA.id, ADA, question.id, "Deny");
    let question = phone.shown(question.id, "Which colour?");
    phone.fake.press(ADA.id, ADA, question.id, "blue");
    let answer = phone.shown(asked, "[docs] Complete");
    assert!(answer.text.contains("chosen blue") && answer.text.contains("1 action denied"), "{}", answer.text);
}

#[test]
fn a_cancel_is_told_to_it_first_and_leaves_nothing() {
    let phone = phone();
    let _serving = phone.serve();
    let asked = phone.say("/session --name docs @scribe script: tool ls; hang");
    eventually("it works", || {
        let runs = std::fs::read_dir(phone.house.state().join("runs")).into_iter().flatten().flatten();
        runs.filter_map(|run| std::fs::read_to_string(run.path().join("events")).ok())
            .any(|events| events.contains("tool_finished"))
    });
    phone.say("/session cancel docs");
    phone.shown(asked, "[docs] Cancelled");
    eventually("nothing of it is left", || phone.house.agents().is_empty());
    let again = phone.say("@docs go on");
    phone.shown(again, "turn 2: go on");
}

#[test]
fn a_session_that_it_does_not_know_is_told_and_the_next_prompt_begins_anew() {
    let phone = phone();
    let _serving = phone.serve();
    let asked = phone.say("/session --name docs @scribe hello");
    phone.shown(asked, "turn 1: hello");
    std::fs::remove_dir_all(phone.house.path("agent-sessions")).expect("forgotten");
    std::fs::create_dir(phone.house.path("agent-sessions")).expect("a directory");
    let asked = phone.say("@docs are you there?");
    phone.shown(asked, "[docs] Failed");
    let asked = phone.say("@docs once more");
    phone.shown(asked, "turn 1: once more");
}

#[test]
fn a_follow_up_is_a_prompt_to_the_process_that_is_there() {
    let phone = phone();
    let path = phone.house.path("config.toml");
    let config = std::fs::read_to_string(&path).expect("readable");
    std::fs::write(&path, config.replace("keep_warm = \"off\"", "keep_warm = \"10m\"")).expect("written");
    let _serving = phone.serve();
    let asked = phone.say("/session --name docs @scribe hello");
    phone.shown(asked, "turn 1: hello");
    let before = phone.house.agents();
    assert!(!before.is_empty());
    let again = phone.say("@docs and now?");
    phone.shown(again, "turn 2: and now?");
    assert_eq!(phone.house.agents(), before, "the same process");
    phone.say("/session end docs");
    eventually("nothing of it is left", || phone.house.agents().is_empty());
}
