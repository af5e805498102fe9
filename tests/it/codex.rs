//! codex as it really behaves: recordings of it, and a stand-in that does what it is asked, through the whole program.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use signalbox_test_support::everyday::{House, eventually};
use signalbox_test_support::programs::scripted_agent;

use crate::phone::scene::{ADA, Phone};

/// Puts the stand-in where codex is looked for. It notes its arguments and its environment.
fn install(house: &mut House) {
    fs::create_dir(house.path("threads")).expect("a directory for its threads");
    let (argv, env) = (house.text("codex-argv"), house.text("codex-env"));
    let wrapper = format!("echo \"$*\" >> {argv}; env > {env}; exec {} codex \"$@\"", scripted_agent().display());
    house.set("SIGNALBOX__AGENTS__CODEX__COMMAND", &json!(["sh", "-c", wrapper, "codex"]).to_string());
    house.set("SIGNALBOX__AGENTS__CODEX__ENV__CODEX_SESSIONS", &house.text("threads"));
    house.set("SIGNALBOX__AGENTS__CODEX__ENV__CODEX_LOG", &house.text("told"));
    house.set("SIGNALBOX__AGENTS__CODEX__KEEP_WARM", "off");
}

fn replay(house: &mut House, case: &str) {
    let path = format!("{}/tests/fixtures/codex/{case}.jsonl", env!("CARGO_MANIFEST_DIR"));
    house.set("SIGNALBOX__AGENTS__CODEX__ARGS", &json!(["--replay", path]).to_string());
}

fn house() -> House {
    let mut house = House::new("");
    install(&mut house);
    house
}

/// What it was told, line by line.
fn told(house: &House) -> Vec<Value> {
    let told = fs::read_to_string(house.path("told")).unwrap_or_default();
    told.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// Whether a run of it that goes on has said "begun".
fn said_begun(house: &House) -> bool {
    let runs = fs::read_dir(house.state().join("runs")).into_iter().flatten().flatten().map(|run| run.path());
    let mut going_on = runs.filter(|run| !run.join("exit.json").exists());
    going_on.any(|run| fs::read_to_string(run.join("events")).is_ok_and(|events| events.contains("begun")))
}

fn argv(house: &House) -> String {
    fs::read_to_string(house.path("codex-argv")).expect("its arguments")
}

#[test]
fn a_recorded_answer_is_shown_and_it_is_told_what_it_understands_and_no_secret() {
    let mut phone = Phone::new("");
    install(&mut phone.house);
    replay(&mut phone.house, "main");
    let _serving = phone.serve();
    let asked = phone.say("/session @codex --name docs hello one");
    let answer = phone.shown(asked, "ECHO[turn=1] hello one | seen=[1:'hello one']");
    assert!(answer.text.contains("[docs] Complete"), "{}", answer.text);
    let told = told(&phone.house);
    let methods: Vec<&str> = told.iter().filter_map(|line| line["method"].as_str()).collect();
    assert_eq!(methods, ["initialize", "initialized", "thread/start", "turn/start"]);
    assert_eq!(told[0]["params"]["clientInfo"]["name"], "signalbox");
    assert_eq!([&told[2]["params"]["approvalPolicy"], &told[2]["params"]["sandbox"]], ["untrusted", "workspace-write"]);
    assert_eq!(told[3]["params"]["threadId"], "01a2241a-41fb-7801-846c-155b0094dbaf");
    assert_eq!(told[3]["params"]["input"], json!([{"type": "text", "text": "hello one"}]));
    assert!(argv(&phone.house).starts_with("app-server --replay"), "{}", argv(&phone.house));
    let seen = fs::read_to_string(phone.house.path("codex-env")).expect("its environment") + &argv(&phone.house);
    assert!(!seen.contains(signalbox_test_support::telegram::TOKEN) && !seen.contains("TELEGRAM"), "{seen}");
    eventually("nothing of it is left", || phone.house.agents().is_empty());
}

#[test]
fn a_recorded_request_is_asked_in_the_chat_and_answered_from_there() {
    let mut phone = Phone::new("");
    install(&mut phone.house);
    replay(&mut phone.house, "approvals");
    let _serving = phone.serve();
    let asked = phone.say("/session @codex --name docs USE_TOOL CMD touch out1");
    let question = phone.shown(asked, "asks for permission");
    assert!(question.text.contains("touch out1") && !question.text.contains("/bin/bash"), "{}", question.text);
    phone.fake.press(ADA.id, ADA, question.id, "Approve");
    let answer = phone.shown(asked, "TOOL_DONE[turn=1] tool said: Chunk ID");
    assert!(answer.text.contains(" · 1 tool"), "{}", answer.text);
    assert!(told(&phone.house).contains(&json!({"id": 0, "result": {"decision": "accept"}})));
}

#[test]
fn what_it_asks_is_answered_in_the_bots_next_life_and_a_follow_up_goes_on() {
    let mut phone = Phone::new("");
    install(&mut phone.house);
    let serving = phone.serve();
    let script = "say I look; tool ls; ask touch out1; patch notes.txt written by codex; answer done";
    let asked = phone.say(&format!("/session @codex --name docs script: {script}"));
    phone.shown(asked, "touch out1");
    serving.signal(Signal::SIGKILL);
    serving.end();
    let _serving = phone.serve();
    let question = phone.shown(asked, "touch out1");
    phone.fake.press(ADA.id, ADA, question.id, "Approve");
    let change = phone.shown(question.id, "written by codex");
    assert!(change.text.contains("notes.txt"), "{}", change.text);
    phone.fake.press(ADA.id, ADA, change.id, "Deny");
    let answer = phone.shown(asked, "[docs] Complete");
    assert!(answer.text.contains("done") && answer.text.contains("1 action denied"), "{}", answer.text);
    let decisions: Vec<Value> = told(&phone.house).into_iter().filter(|line| line.get("result").is_some()).collect();
    assert_eq!(decisions[0]["result"]["decision"], "accept");
    assert_eq!(decisions[1]["result"]["decision"], "decline");
    assert_eq!(phone.house.count("tasks WHERE input_tokens = 100 AND output_tokens = 10"), 1);
    let again = phone.say("@docs and now?");
    phone.shown(again, "turn 2: and now?");
    assert!(told(&phone.house).iter().any(|line| line["method"] == "thread/resume"));
    assert_eq!(phone.house.count("tasks WHERE input_tokens = 100"), 2, "each run counts its own");
}

#[test]
fn a_cancel_is_told_to_it_first_and_leaves_no_process_of_its_tools() {
    let house = house();
    let _serving = house.serve();
    for (name, heeds) in [("docs", "hang"), ("logs", "deaf")] {
        let talk = house.begin(&format!("/session @codex --name {name} script: say begun; spawn; {heeds}"));
        // Before its turn there is nothing that it could be told to end.
        eventually("its tool runs", || said_begun(&house) && house.agents().len() >= 2);
        house.say(&format!("/session cancel {name}")).was(0, &format!("Stopping {name}"));
        talk.end().was(130, &format!("[{name}] Cancelled"));
        eventually("nothing of it is left", || house.agents().is_empty());
    }
    assert!(told(&house).iter().any(|line| line["method"] == "turn/interrupt"));
    let aborted = "tasks WHERE status = 'aborted'";
    assert_eq!(house.count(aborted), 2);
    assert_eq!(
        house.count(&format!("{aborted} AND input_tokens = 100")),
        1,
        "what it has used is known where it heeds"
    );
}

#[test]
fn errors_are_told_with_what_to_do_and_its_own_words_below() {
    let house = house();
    for (script, ours, own) in [
        (
            "retry unexpected status 401; fail unexpected status 401 Unauthorized: no key",
            "codex is not logged in, or its key is refused. On its machine run `codex login`, then retry.",
            "unexpected status 401 Unauthorized: no key",
        ),
        (
            "fail exceeded retry limit, last status: 429 Too Many Requests, request id: x",
            "codex is asked too much just now (rate limit). Retry in some minutes.",
            "last status: 429 Too Many Requests",
        ),
        ("exit 0", "The agent ended without a final answer (truncated), with exit code 0.", ""),
        ("half", "The agent ended without a final answer (truncated), with exit code 0.", ""),
    ] {
        let said = house.say(&format!("/session @codex script: {script}")).was(1, ours);
        assert!(said.out.contains(own), "{said:#?}");
    }
    house.say("/session @codex script: long 16777216; answer well; after").was(0, "well");
    assert_eq!(house.count("tasks WHERE status = 'ok'"), 1);
}

#[test]
fn a_thread_that_is_gone_is_begun_anew_on_retry() {
    let house = house();
    house.say("/session @codex --name docs hello").was(0, "turn 1: hello");
    fs::remove_dir_all(house.path("threads")).and_then(|()| fs::create_dir(house.path("threads"))).expect("forgotten");
    let said = house.say("@docs again").was(1, "no rollout found for thread id");
    assert!(said.out.contains("The agent no longer knows this conversation."), "{said:#?}");
}

#[test]
fn a_version_without_the_server_answers_in_its_other_way_and_agents_says_so() {
    let mut house = house();
    house.say("/agents").was(0, "by app-server");
    house.set("SIGNALBOX__AGENTS__CODEX__ENV__CODEX_REFUSES", "1");
    house.say("/session @codex --name docs hello").was(0, "exec: hello");
    let argv = argv(&house);
    let last: Vec<&str> = argv.lines().rev().take(2).collect();
    assert_eq!(last, ["exec --json --skip-git-repo-check -s read-only -", "app-server"]);
    house.say("/agents").was(0, "by exec (asks nothing)");
}

#[test]
fn a_long_prompt_of_any_letters_arrives_as_it_is() {
    let house = house();
    let letters = "--x \u{7f}\u{80}\u{ffff}\u{1f600}\u{10fffd} \"\\ ";
    let prompt = format!("{}end", letters.repeat(400));
    house.say(&format!("/session @codex -- {prompt}")).was(0, "turn 1");
    let told = told(&house);
    let arrived = told.iter().find(|line| line["method"] == "turn/start").expect("a turn");
    let arrived = arrived["params"]["input"][0]["text"].as_str().expect("a text");
    assert!(arrived == prompt, "{} bytes of {}, from {:?}", arrived.len(), prompt.len(), arrived.chars().next());
}

#[test]
fn a_follow_up_is_a_turn_of_the_server_that_is_there() {
    let mut house = house();
    house.set("SIGNALBOX__AGENTS__CODEX__KEEP_WARM", "10m");
    let _serving = house.serve();
    house.say("/session @codex --name docs one").was(0, "[docs] Complete");
    let before = house.agents();
    house.say("/session show docs").was(0, "Kept until");
    house.say("@docs two").was(0, "[docs] Complete");
    assert_eq!(house.agents(), before, "the same process");
    let told = told(&house);
    let methods: Vec<&str> = told.iter().filter_map(|line| line["method"].as_str()).collect();
    assert_eq!(methods, ["initialize", "initialized", "thread/start", "turn/start", "turn/start"]);
    assert_eq!(told[4]["params"]["input"][0]["text"], "two");
    house.say("/session end docs").was(0, "Closed docs");
    eventually("nothing of it is left", || house.agents().is_empty());
}
