//! What is not taken, why, and that nothing of it stays; and what has to wait its turn.

use signalbox_test_support::everyday::{House, Talk, eventually};

/// Starts sessions whose agents wait for the file `gate`, one after the other.
fn busy(house: &House, range: std::ops::RangeInclusive<usize>) -> Vec<Talk> {
    let gate = house.text("gate");
    let begin = |number| {
        let talk = house.begin(&format!("/session --name task-{number} script: wait {gate}; answer done"));
        talk.until(&format!("[task-{number}] "));
        talk
    };
    range.map(begin).collect()
}

#[test]
fn the_sixth_task_of_a_chat_waits_first_in_line_and_the_seventh_second() {
    let house = House::new("limits.max_tasks = 20");
    let _serving = house.serve();
    let talks = busy(&house, 1..=7);
    for talk in &talks[..5] {
        talk.until("Started · claude");
    }
    talks[5].until("[task-6] Queued · position 1 · claude");
    talks[6].until("[task-7] Queued · position 2 · claude");
    let status = house.say("/status").was(0, "queued, position 2");
    assert_eq!(status.out.matches("running").count(), 5, "{status:#?}");
    house.say("/session cancel task-6").was(0, "Stopping task-6");
    house.say("/status").was(0, "queued, position 1");
    house.touch("gate");
    for (index, talk) in talks.into_iter().enumerate() {
        let said = talk.end();
        match index {
            5 => said.was(130, "[task-6] Cancelled"),
            _ => said.was(0, "done"),
        };
    }
    assert_eq!(house.runs().len(), 6, "the cancelled one never ran");
}

#[test]
fn a_chat_has_its_place_in_the_process_as_a_whole() {
    let house = House::new("limits.max_tasks = 1");
    let _serving = house.serve();
    let talks = busy(&house, 1..=2);
    talks[1].until("[task-2] Queued · position 1");
    house.touch("gate");
    talks.into_iter().for_each(|talk| drop(talk.end().was(0, "done")));
}

#[test]
fn follow_ups_of_a_session_run_one_after_the_other() {
    let house = House::new("");
    let _serving = house.serve();
    let first = busy(&house, 1..=1);
    let second = house.begin("@task-1 second");
    second.until("[task-1] Queued · position 1");
    let third = house.begin("@task-1 third");
    third.until("[task-1] Queued · position 2");
    house.say("/session other").was(0, "turn 1: other");
    house.touch("gate");
    drop(first);
    second.end().was(0, "turn 2: second");
    third.end().was(0, "turn 3: third");
}

#[test]
fn a_full_queue_refuses_with_the_reason_and_keeps_nothing() {
    let house = House::new("limits.max_tasks_per_chat = 1\nlimits.max_queued_per_chat = 1");
    let _serving = house.serve();
    let _talks = busy(&house, 1..=2);
    let before = (house.count("sessions"), house.count("tasks"));
    let said = house.say("/session --name late script: hang").refused("Not taken: 1 task");
    assert!(said.out.contains("limits.max_queued_per_chat") && said.out.contains("/stop all"), "{said:#?}");
    house.say("@task-1 more").refused("Not taken");
    assert_eq!((house.count("sessions"), house.count("tasks")), before);
    assert_eq!(house.session("task-1")["prompts"], 1, "a refused follow-up is not counted");
}

#[test]
fn without_a_queue_what_can_run_at_once_is_taken() {
    let house = House::new("limits.max_tasks_per_chat = 1\nlimits.max_queued_per_chat = 0");
    let _serving = house.serve();
    let _talks = busy(&house, 1..=1);
    house.say("/session next").refused("Not taken");
    house.touch("gate");
    let status = || house.say("/status").out.contains("Nothing is running");
    eventually("the first ends", status);
    house.say("/session next").was(0, "turn 1: next");
}

#[test]
fn when_every_session_is_at_work_a_new_one_is_refused() {
    let house = House::new("limits.max_sessions_per_chat = 2");
    let _serving = house.serve();
    let _talks = busy(&house, 1..=2);
    house.say("/session third").refused("all 2 sessions of this chat are busy");
    assert_eq!((house.count("sessions"), house.count("tasks")), (2, 2));
}

#[test]
fn names_that_would_be_mistaken_for_something_else_are_refused() {
    let house = House::new("[agents.shout]\nkind = \"command\"\ncommand = [\"tr\", \"a-z\", \"A-Z\"]");
    house.say("/session --name docs x").was(0, "turn 1");
    let long = "x".repeat(33);
    for (name, why) in [
        ("claude", "an agent has this name"),
        ("Shout", "an agent has this name"),
        ("opus", "a model of claude has this name"),
        ("claude-opus-9", "a model of claude has this name"),
        ("docs", "The name docs is taken by an open session"),
        ("DOCS", "The name docs is taken by an open session"),
        ("list", "a subcommand of this name"),
        ("x", "2 to 32 characters"),
        (long.as_str(), "2 to 32 characters"),
        ("a/b", "only letters, digits and"),
        ("a_b", "only letters, digits and"),
        ("../x", "only letters, digits and"),
        ("42", "at least one letter"),
    ] {
        house.say(&format!("/session --name {name} x")).refused(why);
        if name != "DOCS" && name != "docs" {
            house.say(&format!("/session rename docs {name}")).refused(why);
        }
    }
    house.say("/session --name web x").was(0, "turn 1");
    house.say("/session rename web docs").refused("taken");
    assert_eq!((house.count("sessions"), house.count("tasks")), (2, 2));
}

#[test]
fn a_mistyped_mention_is_asked_about_and_nothing_is_started() {
    let house = House::new("");
    house.say("/session --name papers x").was(0, "turn 1");
    for (line, nearest) in [
        ("/session @claud x", "Did you mean @claude?"),
        ("@papres x", "Did you mean @papers?"),
        ("@sonet x", "Did you mean @sonnet?"),
        ("/session @command:shout x", "No agent, model or session is called @command:shout"),
    ] {
        house.say(line).refused(nearest);
    }
    assert_eq!((house.count("sessions"), house.count("tasks")), (1, 1));
    house.say("/session -- @claud is my cat").was(0, "turn 1: @claud is my cat");
}

#[test]
fn a_command_that_is_not_understood_gets_its_usage_and_the_nearest_word() {
    let house = House::new("");
    for (line, parts) in [
        ("/sesion x", ["There is no command /sesion", "Usage: /session <prompt>", "Did you mean /session?"]),
        ("/session @run", ["The prompt is missing", "Usage: /session <prompt>", ""]),
        ("/session --nmae docs x", ["There is no option --nmae", "Usage: ", "Did you mean --name?"]),
        ("/session --name", ["--name needs a value", "Usage: ", ""]),
        ("/stop everything", ["everything is not understood", "Usage: /stop", ""]),
        ("/cancel", ["/cancel needs", "Usage: /cancel <", ""]),
        ("/", ["There is no command", "Usage: ", ""]),
    ] {
        let said = house.say(line);
        assert_eq!(said.code, 2, "{said:#?}");
        assert!(parts.iter().all(|part| said.out.contains(part)), "{line}: {said:#?}");
    }
    for line in ["/cancel nope", "/retry nope", "/why nope", "/approve nope"] {
        house.say(line).refused("There is no");
    }
    for line in ["show nope", "use nope", "end nope", "cancel nope", "retry nope", "rename nope other"] {
        house.say(&format!("/session {line}")).refused("No session of this chat is called nope");
    }
    assert_eq!((house.count("sessions"), house.count("tasks")), (0, 0));
}
