//! claude as it really behaves: recordings of it, replayed by a stand-in through the whole program.

use nix::sys::signal::Signal;

use signalbox_test_support::everyday::{House, eventually};

use crate::phone::scene::{ADA, Phone};

/// A step of the scripted agent that replays a recording.
fn replay(case: &str) -> String {
    format!("script: replay {}/tests/fixtures/claude/{case}.jsonl", env!("CARGO_MANIFEST_DIR"))
}

/// A step that prints a line which says what is at work in the background.
fn at_work(tasks: &[&str]) -> String {
    let tasks: Vec<_> = tasks.iter().map(|it| serde_json::json!({"task_id": it, "description": it})).collect();
    let line = serde_json::json!({"type": "system", "subtype": "background_tasks_changed", "tasks": tasks});
    format!("raw {line}")
}

fn result(text: &str) -> String {
    let line =
        serde_json::json!({"type": "result", "subtype": "success", "is_error": false, "result": text, "num_turns": 1});
    format!("raw {line}")
}

#[test]
fn what_a_subagent_asks_for_is_asked_and_its_answer_is_the_answer() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let asked = phone.say(&format!("/session --name logs {}", replay("background_agent")));
    let question = phone.shown(asked, "asks for permission");
    assert!(question.text.contains("touch out1"), "{}", question.text);
    assert!(!phone.fake.said(ADA.id).iter().any(|text| text.contains("] Complete")), "the first result is not the end");
    phone.fake.press(ADA.id, ADA, question.id, "Approve");
    let answer = phone.shown(asked, "NOTIFIED: TOOL_DONE[turn=1] tool said: (Bash completed with no output)");
    assert!(answer.text.contains("[logs] Complete") && answer.text.contains("SEQ_DONE[turn=1]"), "{}", answer.text);
    assert!(answer.text.contains(" · 2 tools · $0.06"), "{}", answer.text);
    assert_eq!(answer.reply_to, Some(asked));
    eventually("no agent is left", || phone.house.agents().is_empty());
    assert_eq!(phone.house.count("tasks WHERE status = 'ok'"), 1);
}

#[test]
fn a_command_in_the_background_is_waited_for_and_earlier_work_is_no_answer() {
    let mut house = House::new("");
    house.set("SIGNALBOX__AGENTS__CLAUDE__PERMISSION", "all");
    let said = house.say(&format!("/session --name shell {}", replay("background_shell")));
    let said = said.was(0, "NOTIFIED: Background command \"harmless test command\" completed (exit code 0)");
    assert!(said.out.contains("Command running in background with ID"), "{said:#?}");
    let said = house.say(&format!("/session --name after {}", replay("resume_after_background")));
    let said = said.was(0, "ECHO[turn=2] what came of it?");
    assert!(!said.out.contains("(no answer)"), "{said:#?}");
    let argv = std::fs::read_to_string(house.path("argv")).expect("the arguments");
    assert!(argv.contains("--include-partial-messages"), "{argv}");
    assert!(argv.contains("--disallowedTools=ScheduleWakeup,CronCreate,CronDelete,CronList"), "{argv}");
}

#[test]
fn work_in_the_background_that_never_ends_is_bounded_and_the_bound_says_what_it_cut_off() {
    let house = House::new("timeouts.background = \"2s\"\ntimeouts.idle = \"1s\"");
    let script = [at_work(&["watch the logs"]), "say I will be told".to_owned(), result("Launched"), "hang".to_owned()];
    let said = house.say(&format!("/session --name never script: {}", script.join("; ")));
    assert!(said.out.contains("[never] Failed · error:timeout"), "silence of one second is not the bound: {said:#?}");
    assert!(said.out.contains("no answer within 2.0 s"), "{said:#?}");
    assert!(said.out.contains("Its work in the background ended with it: watch the logs."), "{said:#?}");
    assert!(said.out.contains("The answer so far:") && said.out.contains("I will be told"), "{said:#?}");
    assert_eq!(house.agents(), Vec::<i32>::new());
}

#[test]
fn the_answer_of_a_background_task_is_waited_for_however_long_it_takes_after_its_end() {
    let house = House::new("timeouts.settle = \"500ms\"\ntimeouts.kill_grace = \"1s\"");
    let init = "raw {\"type\":\"system\",\"subtype\":\"init\"}".to_owned();
    // Its end is known, by a notice or by the list alone, and it takes five seconds to say a word on it.
    let notice = r#"raw {"type":"system","subtype":"task_notification","task_id":"watch","status":"completed"}"#;
    for (name, notice) in [("told", Some(notice)), ("listed", None)] {
        let script: Vec<String> = [at_work(&["watch"]), result("Launched")]
            .into_iter()
            .chain(notice.map(str::to_owned))
            .chain([at_work(&[]), "sleep 5000".to_owned(), init.clone(), result("It is 42.")])
            .collect();
        let said = house.say(&format!("/session --name {name} script: {}; hang", script.join("; ")));
        let said = said.was(0, "It is 42.");
        assert!(said.out.contains(&format!("[{name}] Complete")) && said.out.contains("Launched"), "{said:#?}");
    }
    // It begins another turn after all seemed to be said, and takes longer for it than it has to exit.
    let script =
        [at_work(&["watch"]), notice.to_owned(), at_work(&[]), result("Launched"), "sleep 800".to_owned(), init];
    let script = format!("{}; sleep 1500; {}", script.join("; "), result("It is 43."));
    house.say(&format!("/session --name late script: {script}; hang")).was(0, "It is 43.");
}

#[test]
fn a_cancel_ends_what_is_in_the_background_too() {
    let house = House::new("");
    let _serving = house.serve();
    let script =
        ["leave".to_owned(), at_work(&["watch"]), result("Launched"), "ignore-term".to_owned(), "hang".to_owned()];
    let talk = house.begin(&format!("/session --name docs script: say begun; {}", script.join("; ")));
    eventually("it has launched its work", || {
        let runs = std::fs::read_dir(house.state().join("runs")).into_iter().flatten().flatten();
        runs.filter_map(|run| std::fs::read_to_string(run.path().join("events")).ok())
            .any(|events| events.contains("\"background\""))
    });
    assert_eq!(house.count("tasks WHERE finished_at IS NULL"), 1, "the first result is not the end");
    house.say("/session cancel docs").was(0, "Stopping docs");
    talk.end().was(130, "[docs] Cancelled");
    eventually("nothing of it is left", || house.agents().is_empty());
}

#[test]
fn a_run_whose_end_nobody_saw_shows_its_own_duration() {
    let house = House::new("");
    let serving = house.serve();
    let gate = house.text("gate");
    let asked = house.begin(&format!("/session --name docs script: say begun; wait {gate}; answer done"));
    eventually("it runs", || house.runs().len() == 1);
    // Nobody is left who would follow it.
    for talk in [asked, serving] {
        talk.signal(Signal::SIGKILL);
        talk.end();
    }
    house.touch("gate");
    let ended = || {
        let runs = std::fs::read_dir(house.state().join("runs")).into_iter().flatten().flatten();
        runs.filter_map(|run| run.path().join("exit.json").metadata().ok()?.modified().ok()).next()
    };
    eventually("it ended some time ago", || {
        ended().and_then(|at| at.elapsed().ok()).is_some_and(|ago| ago.as_secs() >= 5)
    });
    let _serving = house.serve();
    eventually("its end is known", || house.count("tasks WHERE status = 'ok'") == 1);
    let ran_and_waited =
        "tasks t JOIN task_events e ON e.task = t.id WHERE e.what = 'finished' AND e.at - t.finished_at > 4000";
    assert_eq!(house.count(ran_and_waited), 1, "its end is its own, not that of the look");
}
