//! Agents that are kept between the prompts of a session: the next prompt goes to the same process, whatever becomes of the
//! bot, and nothing of one turn ever becomes part of another.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use signalbox_test_support::everyday::{House, KEEP_WARM, eventually};
use signalbox_test_support::telegram::Post;
use signalbox_test_support::telegram::state::Shown;

use crate::phone::scene::{ADA, Phone};

/// A house whose claude is kept between prompts.
fn keeping() -> House {
    let mut house = House::new("");
    house.set(KEEP_WARM, "10m");
    house
}

/// The process that each prompt went to, in order.
fn asked(house: &House) -> Vec<i32> {
    let log = fs::read_to_string(house.path("log")).unwrap_or_default();
    let entries = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    entries.map(|entry| i32::try_from(entry["pid"].as_i64().expect("a pid")).expect("a pid")).collect()
}

/// What the supervisors of kept agents say of them.
fn kept(house: &House) -> Vec<Value> {
    let homes = fs::read_dir(house.state().join("warm")).into_iter().flatten().flatten();
    let read = |home: fs::DirEntry| serde_json::from_slice(&fs::read(home.path().join("kept.json")).ok()?).ok();
    homes.filter_map(read).collect()
}

fn supervisor(house: &House) -> i32 {
    let kept = kept(house);
    i32::try_from(kept[0]["supervisor"]["pid"].as_i64().expect("a pid")).expect("a pid")
}

#[test]
fn a_follow_up_is_answered_by_the_same_process_and_nothing_is_left_in_the_end() {
    let house = keeping();
    house.say("/session --name docs first").was(0, "turn 1: first");
    assert_eq!((kept(&house).len(), house.agents().len()), (1, 1), "it is kept");
    house.say("@docs second").was(0, "turn 2: second");
    house.say("@docs third").was(0, "turn 3: third");
    let pids = asked(&house);
    assert_eq!((pids.len(), pids[0], pids[1]), (3, pids[1], pids[2]), "one process");
    let argv = fs::read_to_string(house.path("argv")).expect("arguments");
    assert_eq!(argv.lines().count(), 1, "it was started once: {argv}");
    assert_eq!(house.count("tasks WHERE status = 'ok'"), 3);
    let session = house.session("docs");
    assert_eq!(session["cost_usd"].as_f64().map(|cost| (cost * 100.0).round()), Some(3.0), "by difference: {session}");
    house.run(&["stop-agents"]).was(0, "1 ended.");
    assert_eq!((house.agents(), kept(&house).len()), (vec![], 0), "nothing is left");
    house.say("@docs fourth").was(0, "turn 4: fourth");
    assert_ne!(asked(&house)[3], pids[0]);
    let argv = fs::read_to_string(house.path("argv")).expect("arguments");
    assert!(argv.lines().nth(1).is_some_and(|line| line.contains("--resume=")), "{argv}");
}

#[test]
fn the_end_of_a_session_ends_its_agent() {
    let house = keeping();
    let _serving = house.serve();
    house.say("/session --name docs first").was(0, "turn 1: first");
    house.say("/session --name other first").was(0, "turn 1: first");
    assert_eq!(house.agents().len(), 2);
    house.say("/session end docs");
    eventually("one is left", || house.agents().len() == 1 && kept(&house).len() == 1);
    house.say("@other second").was(0, "turn 2: second");
    house.say("/session revoke other");
    eventually("what it was allowed is taken back, and it goes", || house.agents().is_empty());
    house.say("@other third").was(0, "turn 3: third");
}

#[test]
fn an_agent_goes_when_its_time_is_over_and_when_there_are_too_many() {
    let mut house = keeping();
    house.set("SIGNALBOX__LIMITS__MAX_WARM", "2");
    let _serving = house.serve();
    for name in ["ada", "ben", "cleo"] {
        house.say(&format!("/session --name {name} first")).was(0, "turn 1: first");
    }
    eventually("the coldest has gone", || house.agents().len() == 2 && kept(&house).len() == 2);
    let first = asked(&house);
    house.say("@ben second").was(0, "turn 2: second");
    house.say("@cleo second").was(0, "turn 2: second");
    let all = asked(&house);
    assert_eq!((all[3], all[4]), (first[1], first[2]), "the others are still there");
    house.set(KEEP_WARM, "1s");
    house.run(&["stop-agents"]).was(0, "2 ended.");
    let brief = House::new("");
    let mut brief = brief;
    brief.set(KEEP_WARM, "1s");
    brief.say("/session --name docs first").was(0, "turn 1: first");
    eventually("its time is over", || brief.agents().is_empty() && kept(&brief).is_empty());
    brief.say("@docs second").was(0, "turn 2: second");
}

#[test]
fn a_bot_that_is_killed_between_and_during_turns_loses_nothing() {
    let house = keeping();
    let serving = house.serve();
    house.say("/session --name docs first").was(0, "turn 1: first");
    serving.signal(Signal::SIGKILL);
    serving.end();
    let serving = house.serve();
    let gate = house.text("gate");
    let asking = house.begin(&format!("@docs script: say begun; wait {gate}; answer done"));
    eventually("it has the prompt", || asked(&house).len() == 2);
    for talk in [asking, serving] {
        talk.signal(Signal::SIGKILL);
        talk.end();
    }
    let _serving = house.serve();
    house.touch("gate");
    eventually("its answer is known", || house.count("tasks WHERE status = 'ok'") == 2);
    house.say("@docs third").was(0, "turn 3: third");
    let pids = asked(&house);
    assert_eq!((pids[0], pids[1]), (pids[1], pids[2]), "all by one process");
}

#[test]
fn an_agent_that_dies_while_it_is_kept_is_started_anew() {
    let house = keeping();
    let _serving = house.serve();
    house.say("/session --name docs first").was(0, "turn 1: first");
    kill(Pid::from_raw(asked(&house)[0]), Signal::SIGKILL).expect("it is there");
    house.say("@docs second").was(0, "turn 2: second");
    let pids = asked(&house);
    assert_ne!(pids[0], pids[1]);
    // Its supervisor, too: the agent is left to itself, and ended before another is started.
    eventually("it is kept", || kept(&house).len() == 1);
    kill(Pid::from_raw(supervisor(&house)), Signal::SIGKILL).expect("it is there");
    house.say("@docs third").was(0, "turn 3: third");
    eventually("only the new one is left", || house.agents().len() == 1);
    assert!(!house.agents().contains(&pids[1]));
    assert_eq!(house.count("tasks WHERE status = 'ok'"), 3);
}

#[test]
fn a_supervisor_that_is_killed_in_a_later_turn_leaves_nothing_behind() {
    let house = keeping();
    let _serving = house.serve();
    house.say("/session --name docs first").was(0, "turn 1: first");
    let supervisor = supervisor(&house);
    let asking = house.begin("@docs script: leave; ignore-term; say begun; hang");
    eventually("it has the prompt", || asked(&house).len() == 2 && house.agents().len() > 1);
    kill(Pid::from_raw(supervisor), Signal::SIGKILL).expect("it is there");
    eventually("its task is interrupted", || house.count("tasks WHERE status = 'interrupted'") == 1);
    eventually("nothing is left", || house.agents().is_empty());
    asking.end();
    house.say("@docs third").was(0, "turn 3: third");
    let homes = || fs::read_dir(house.state().join("warm")).expect("homes").count();
    eventually("its home is gone, too", || homes() == 1);
}

#[test]
fn a_cancel_in_a_later_turn_tells_its_cost_and_leaves_no_process() {
    let house = keeping();
    let _serving = house.serve();
    house.say("/session --name docs first").was(0, "turn 1: first");
    let asking = house.begin("@docs script: leave; say begun; until-interrupted");
    eventually("it has the prompt", || asked(&house).len() == 2);
    house.say("/session cancel docs").was(0, "Stopping docs");
    asking.end().was(130, "[docs] Cancelled");
    eventually("nothing is left", || house.agents().is_empty() && kept(&house).is_empty());
    let session = house.session("docs");
    assert_eq!(session["cost_usd"].as_f64().map(|cost| (cost * 100.0).round()), Some(7.0), "{session}");
    house.say("@docs third").was(0, "turn 3: third");
}

#[test]
fn what_a_kept_agent_asks_is_answered_in_the_next_life_of_the_bot() {
    let mut phone = Phone::new("");
    phone.house.set(KEEP_WARM, "10m");
    let serving = phone.serve();
    let first = phone.say("/session --name docs first");
    let answer = phone.shown(first, "turn 1: first");
    phone.known(&answer);
    eventually("it is kept", || kept(&phone.house).len() == 1);
    let second = phone.say("@docs script: ask Bash touch x; answer done");
    let question = phone.shown(second, "asks for permission");
    phone.known(&question);
    serving.signal(Signal::SIGKILL);
    serving.end();
    let _serving = phone.serve();
    phone.fake.press(ADA.id, ADA, question.id, "Approve");
    phone.shown(second, "[docs] Complete");
    let pids = asked(&phone.house);
    assert_eq!((pids.len(), pids[0]), (2, pids[1]), "by the same process");
}

#[test]
fn a_late_line_of_one_turn_never_becomes_the_answer_to_the_next() {
    let house = keeping();
    let _serving = house.serve();
    let (late, later, gate) = (house.text("late"), house.text("later"), house.text("gate"));
    let stale = serde_json::json!({"type": "result", "subtype": "success", "is_error": false, "result": "stale",
        "num_turns": 1, "result_index": 0});
    let script = format!("afterwards {late} {stale}; afterwards {later} {stale}");
    house.say(&format!("/session --name docs script: {script}; answer first")).was(0, "first");
    // Between the turns, and in the next one.
    house.touch("late");
    eventually("it was printed", || !house.path("late").exists());
    let asking = house.begin(&format!("@docs script: say begun; wait {gate}; answer second"));
    eventually("it has the prompt", || asked(&house).len() == 2);
    house.touch("later");
    eventually("it was printed", || !house.path("later").exists());
    house.touch("gate");
    let said = asking.end().was(0, "second");
    assert!(!said.out.contains("stale"), "{said:#?}");
    let pids = asked(&house);
    assert_eq!(pids[0], pids[1], "it is the same process");
}

/// The lines of a turn that it takes by itself, as one step of a script prints them.
fn own_turn(says: &str) -> String {
    format!("{}\\n{}", begins(), ends(says))
}

fn begins() -> Value {
    serde_json::json!({"type": "system", "subtype": "init", "session_id": "x"})
}

fn ends(says: &str) -> Value {
    serde_json::json!({"type": "result", "subtype": "success", "is_error": false, "num_turns": 1, "result": says,
        "origin": {"kind": "task-notification"}})
}

/// What the supervisors of kept agents have written down for the bot.
fn notes(house: &House) -> usize {
    let all = fs::read_dir(house.state().join("unasked")).into_iter().flatten().flatten();
    all.filter(|note| note.path().extension().is_some_and(|extension| extension == "json")).count()
}

#[test]
fn what_it_says_unasked_is_a_message_of_its_session_when_it_comes() {
    let mut phone = Phone::new("");
    phone.house.set(KEEP_WARM, "10m");
    let _serving = phone.serve();
    let late = phone.house.text("late");
    let asks = serde_json::json!({"type": "control_request", "request_id": "r1", "request": {"subtype": "can_use_tool",
        "tool_name": "Bash", "input": {"command": "touch x"}}});
    let turn = format!("{}\\n{asks}\\n{}", begins(), ends("The **build** is done."));
    let first = phone.say(&format!("/session --name docs script: afterwards {late} {turn}; answer first"));
    let answer = phone.shown(first, "first");
    eventually("it is kept", || kept(&phone.house).len() == 1);
    phone.house.touch("late");
    let told = phone.shown(answer.id, "[docs] Went on by itself");
    assert!(told.text.contains("The build is done.") && !told.text.contains("**"), "{}", told.text);
    assert!(told.text.contains("Not permitted") && told.text.contains("Bash touch x"), "{}", told.text);
    // It is a message of the session like any other.
    phone.known(&told);
    phone.fake.post(ADA.id, ADA, Post::text("second").reply_to(told.id));
    let second = phone.shown(told.id, "turn 2: second");
    assert!(!second.text.contains("build"), "it is told once: {}", second.text);
    let pids = asked(&phone.house);
    assert_eq!((pids.len(), pids[0]), (2, pids[1]), "by the same process");
    assert_eq!(notes(&phone.house), 0);
}

#[test]
fn what_it_says_unasked_is_told_once_whenever_the_bot_is_killed() {
    let mut phone = Phone::new("");
    phone.house.set(KEEP_WARM, "10m");
    let hold = format!("unasked:hold:{}", phone.house.text("hold"));
    phone.house.set("SIGNALBOX_TEST_FAIL", &hold);
    let serving = phone.serve();
    let (early, late) = (phone.house.text("early"), phone.house.text("late"));
    let (one, two) = (own_turn("one by itself"), own_turn("two by itself"));
    let script = format!("afterwards {early} {one}; afterwards {late} {two}");
    let first = phone.say(&format!("/session --name docs script: {script}; answer first"));
    let answer = phone.shown(first, "first");
    phone.known(&answer);
    eventually("it is kept", || kept(&phone.house).len() == 1);
    // Nobody is there when it comes.
    serving.signal(Signal::SIGKILL);
    serving.end();
    phone.house.touch("early");
    eventually("it is written down", || notes(&phone.house) == 1);
    // The next bot dies between the message and the end of the note.
    phone.house.touch("hold");
    let serving = phone.serve();
    phone.known(&phone.shown(answer.id, "one by itself"));
    eventually("it is held there", || !phone.house.path("hold").exists());
    assert_eq!(notes(&phone.house), 1);
    serving.signal(Signal::SIGKILL);
    serving.end();
    let _serving = phone.serve();
    phone.house.touch("late");
    phone.shown(answer.id, "two by itself");
    eventually("all is passed on", || notes(&phone.house) == 0);
    let is_it = |shown: &&Shown| shown.by_bot && shown.text.contains("one by itself");
    let told = phone.fake.with(|state| state.shows(ADA.id).iter().filter(is_it).count());
    assert_eq!(told, 1);
    assert_eq!(phone.house.count("outbox WHERE part LIKE '%by itself%'"), 2);
}

#[test]
fn a_prompt_that_comes_in_a_turn_of_its_own_waits_for_its_end() {
    let house = keeping();
    let _serving = house.serve();
    let (early, late) = (house.text("early"), house.text("late"));
    let script = format!("afterwards {early} {}; afterwards {late} {}", begins(), ends("The build is done now."));
    house.say(&format!("/session --name docs script: {script}; answer first")).was(0, "first");
    house.touch("early");
    eventually("it was printed", || !house.path("early").exists());
    let asking = house.begin("@docs second");
    eventually("the run has begun", || house.count("tasks WHERE status = 'running'") == 1 && kept(&house).is_empty());
    assert_eq!(asked(&house).len(), 1, "it is not told yet");
    house.touch("late");
    asking.end().was(0, "turn 2: second");
    let pids = asked(&house);
    assert_eq!(pids[0], pids[1], "it is the same process");
    eventually("what it said is told", || house.count("outbox WHERE part LIKE '%The build is done now.%'") == 1);
}

#[test]
fn a_failed_turn_of_the_service_leaves_the_agent_there_and_a_missing_log_in_does_not() {
    let house = keeping();
    let _serving = house.serve();
    let failed = |status: u16| {
        let line = serde_json::json!({"type": "result", "subtype": "success", "is_error": true, "num_turns": 1,
            "result": format!("API Error: {status}"), "api_error_status": status, "total_cost_usd": 0.01});
        fs::write(house.path(&status.to_string()), format!("{line}\n")).expect("written");
        format!("script: replay {}", house.text(&status.to_string()))
    };
    house.say(&format!("/session --name docs {}", failed(500))).was(1, "API Error: 500");
    assert_eq!(kept(&house).len(), 1);
    house.say("@docs second").was(0, "turn 2: second");
    house.say(&format!("@docs {}", failed(401))).was(1, "API Error: 401");
    eventually("it has gone", || kept(&house).is_empty() && house.agents().is_empty());
    house.say("@docs fourth").was(0, "turn 4: fourth");
    let pids = asked(&house);
    assert_eq!((pids[0], pids[1] == pids[2], pids[2] == pids[3]), (pids[1], true, false));
}

#[test]
fn an_agent_that_is_stopped_and_ends_in_the_ordinary_way_is_cancelled_all_the_same() {
    let house = keeping();
    let _serving = house.serve();
    let asking = house.begin("/session --name docs script: say begun; until-interrupted All of it.");
    eventually("it has the prompt", || asked(&house).len() == 1);
    house.say("/session cancel docs").was(0, "Stopping docs");
    asking.end().was(130, "[docs] Cancelled");
    let session = house.session("docs");
    assert_eq!(session["cost_usd"].as_f64().map(|cost| (cost * 100.0).round()), Some(7.0), "{session}");
    eventually("it has gone", || kept(&house).is_empty() && house.agents().is_empty());
    house.say("@docs second").was(0, "turn 2: second");
}
