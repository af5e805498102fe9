//! Work in the background, recorded and made up; and what else comes beside the answer.

use super::*;
use crate::agent::event::Compacted;
use crate::rca::Recorder;

macro_rules! recorded {
    ($case:literal) => {
        include_str!(concat!("../../../../tests/fixtures/claude/", $case, ".jsonl"))
    };
}

fn finals(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::Final(_))).count()
}

/// How the program is left after some of its lines.
fn after(lines: &str) -> Claude {
    let mut claude = claude(Permission::Ask);
    lines.lines().for_each(|line| drop(claude.line(line.as_bytes())));
    claude
}

fn tasks(names: &[&str]) -> String {
    let tasks: Vec<Value> = names.iter().map(|name| json!({"task_id": name, "description": name})).collect();
    json!({"type": "system", "subtype": "background_tasks_changed", "tasks": tasks}).to_string()
}

fn notified(task: &str, status: &str) -> String {
    json!({"type": "system", "subtype": "task_notification", "task_id": task, "status": status}).to_string()
}

fn of_task(answer: &str) -> String {
    json!({"type": "result", "subtype": "success", "is_error": false, "result": answer, "num_turns": 1,
        "origin": {"kind": "task-notification"}})
    .to_string()
}

const INIT: &str = r#"{"type":"system","subtype":"init","session_id":"u-1"}"#;

#[test]
fn the_answer_of_a_recorded_subagent_is_waited_for_and_it_may_ask() {
    let recorded = recorded!("background_agent");
    let events = play(recorded);
    assert_eq!(finals(&events), 1, "{events:#?}");
    let done = last(&events);
    let answer = done.outcome.clone().expect("an answer");
    let parts: Vec<&str> = answer.split("\n\n").collect();
    assert!(parts[0].starts_with("SEQ_DONE[turn=1]"), "{answer}");
    assert_eq!(parts.last(), Some(&"NOTIFIED: TOOL_DONE[turn=1] tool said: (Bash completed with no output)"));
    // What its subagent has used is in it.
    assert_eq!((done.usage.input_tokens, done.usage.output_tokens), (Some(5864 + 8692), Some(84 + 36)));
    assert!(done.usage.session_cost_usd.is_some_and(|cost| (cost - 0.060_624).abs() < 1e-6));
    assert!(events.contains(&Event::Background { tasks: vec!["look at the logs".into()] }));
    let asked = events.iter().position(|event| matches!(event, Event::Asked { tool, .. } if tool == "Bash"));
    let interim = events.iter().position(|event| matches!(event, Event::Text { text } if text.starts_with("SEQ_DONE")));
    assert!(interim < asked && asked.is_some(), "it asks after its first answer: {events:#?}");
    // Before the last line nothing has ended, and nothing is closed.
    let lines: Vec<&str> = recorded.lines().collect();
    let mut claude = claude(Permission::Ask);
    for (at, line) in lines.iter().enumerate() {
        let step = claude.line(line.as_bytes());
        assert_eq!(step.close_input, at + 1 == lines.len(), "{line}");
    }
}

#[test]
fn a_recorded_command_in_the_background_is_waited_for() {
    let recorded = recorded!("background_shell");
    let answer = last(&play(recorded)).outcome.clone().expect("an answer");
    assert!(answer.ends_with("\n\nNOTIFIED: Background command \"harmless test command\" completed (exit code 0)"));
    // After its first answer it waits for the command, however long that is silent.
    let lines: Vec<&str> = recorded.lines().collect();
    let at = lines.iter().position(|line| line.contains(r#""type":"result""#)).expect("an answer");
    assert_eq!(after(&lines[..=at].join("\n")).silence(), Pause::Waiting);
    // The command is done, and what comes of it is not said yet.
    let at = lines.iter().rposition(|line| line.contains(r#""tasks":[]"#)).expect("an empty list");
    let mut claude = after(&lines[..=at].join("\n"));
    assert_eq!(claude.silence(), Pause::Owing);
    claude.line(lines[at + 1].as_bytes());
    assert_eq!(claude.silence(), Pause::Stuck, "it works on the next answer");
    assert_eq!(claude.conclude(), Step::default());
}

#[test]
fn what_a_limit_cuts_off_is_named() {
    let recorded = recorded!("background_cut_off");
    assert_eq!(finals(&play(recorded)), 0);
    let ended = Ended::Exited { code: 143 };
    let timeout = Cause::Timeout { which: Bound::Background };
    for cause in [None, Some(&timeout), Some(&Cause::Cancelled)] {
        let ending = Ending { ended: &ended, cause, stdout_head: b"", stdout_bytes: 9, stderr_tail: "" };
        let mut claude = after(recorded);
        let word = claude.end(&ending);
        assert_eq!(word.cut_off, ["harmless test command"], "{cause:?}");
        assert!(word.outcome.is_err() && word.usage.output_tokens == Some(75), "{word:?}");
    }
    // Killed at once it says nothing of an end; what was open is cut off all the same.
    let lines: Vec<&str> = recorded.lines().collect();
    let at = lines.iter().position(|line| line.contains(r#""type":"result""#)).expect("an answer");
    let ended = Ended::Signalled { signal: 9 };
    let ending = Ending { ended: &ended, cause: None, stdout_head: b"", stdout_bytes: 9, stderr_tail: "" };
    assert_eq!(after(&lines[..=at].join("\n")).end(&ending).cut_off, ["harmless test command"]);
}

#[test]
fn what_is_said_of_earlier_work_is_not_the_answer() {
    let events = play(recorded!("resume_after_background"));
    assert_eq!(finals(&events), 1);
    let answer = last(&events).outcome.clone().expect("an answer");
    assert!(answer.starts_with("ECHO[turn=2] what came of it?"), "{answer}");
    assert_eq!(last(&events).usage.output_tokens, Some(26));
    // An older release may not say where such a result comes from.
    let hollow = r#"{"type":"result","subtype":"success","is_error":false,"result":"","num_turns":0}"#;
    let mut claude = after(&[INIT, hollow].join("\n"));
    assert_eq!(claude.silence(), Pause::Done);
    assert_eq!(claude.line(INIT.as_bytes()), Step::default());
    assert_eq!(last(&claude.line(result("the answer").as_bytes()).events).outcome, Ok("the answer".into()));
    let mut claude = after(&[INIT, hollow].join("\n"));
    assert_eq!(last(&claude.conclude().events).outcome, Ok(String::new()), "nothing follows, so that was all");
    // What an end of earlier work says, with words or as an error, is passed over too.
    let failed = json!({"type": "result", "is_error": true, "result": "x", "origin": {"kind": "task-notification"}});
    for earlier in [of_task("The old command was stopped."), failed.to_string()] {
        let told = play(&[earlier.as_str(), INIT, result("new").as_str()].join("\n"));
        assert_eq!(last(&told).outcome, Ok("new".into()));
    }
}

#[test]
fn each_task_is_waited_for_and_the_last_word_decides() {
    let lines = [
        tasks(&["a", "b"]),
        result("Launched two."),
        tasks(&["b"]),
        notified("a", "completed"),
        INIT.to_owned(),
        of_task("A is done."),
        notified("b", "failed"),
        tasks(&[]),
        INIT.to_owned(),
        of_task(""),
    ];
    let told = play(&lines.join("\n"));
    assert_eq!((finals(&told), &last(&told).outcome), (1, &Ok("Launched two.\n\nA is done.".into())));
    let error = json!({"type": "result", "is_error": true, "result": "API Error: 500", "origin": {"kind": "task-notification"}});
    let mut lines = lines.to_vec();
    lines[9] = error.to_string();
    assert_eq!(last(&play(&lines.join("\n"))).outcome, Err("API Error: 500".into()));
}

#[test]
fn an_end_within_the_turn_delays_nothing_for_long_and_one_without_a_word_neither() {
    // It ends before the first answer, which may speak of it already.
    let within = [tasks(&["a"]), notified("a", "completed"), tasks(&[]), result("Both.")].join("\n");
    let mut claude = after(&within);
    assert_eq!(claude.silence(), Pause::Done);
    let step = claude.conclude();
    assert!(step.close_input && last(&step.events).outcome == Ok("Both.".into()));
    // It is stopped within the turn: nothing is said of that any more.
    let stopped = [tasks(&["a"]), notified("a", "stopped"), tasks(&[]), result("Stopped it.")].join("\n");
    assert_eq!(last(&play(&stopped)).outcome, Ok("Stopped it.".into()));
    // It is gone after the answer, and nothing follows.
    let mut claude = after(&[tasks(&["a"]), result("Launched."), tasks(&[])].join("\n"));
    assert_eq!(claude.silence(), Pause::Owing, "a word on it may take a while");
    assert_eq!(last(&claude.conclude().events).outcome, Ok("Launched.".into()));
    // It leaves by itself.
    let ended = Ended::Exited { code: 0 };
    let ending = Ending { ended: &ended, cause: None, stdout_head: b"", stdout_bytes: 9, stderr_tail: "" };
    let mut claude = after(&[tasks(&["a"]), result("Launched."), tasks(&[])].join("\n"));
    assert_eq!(claude.end(&ending).outcome, Ok("Launched.".into()));
}

#[test]
fn what_is_said_after_the_final_word_makes_another_one() {
    let within = [tasks(&["a"]), notified("a", "completed"), tasks(&[]), result("Launched.")].join("\n");
    let mut claude = after(&within);
    assert_eq!(last(&claude.conclude().events).outcome, Ok("Launched.".into()));
    // What comes of no turn is no news.
    let asking = asking("r1", "Bash", &json!({"command": "touch x"}));
    for line in [asking, tasks(&[]).into_bytes(), result("Launched.").into_bytes()] {
        assert_eq!(claude.line(&line), Step::default());
    }
    let step = claude.line(INIT.as_bytes());
    assert!(step.goes_on && step.events.len() == 1, "{step:?}");
    assert_eq!(claude.silence(), Pause::Stuck, "it works on the next answer");
    let step = claude.line(words("m2", "It is 42.").as_bytes());
    assert!(!step.goes_on, "once is enough");
    // It leaves before it has told all: what it said is not the whole answer.
    let ended = Ended::Exited { code: 0 };
    let ending = Ending { ended: &ended, cause: None, stdout_head: b"", stdout_bytes: 9, stderr_tail: "" };
    let mut broken = after(&[within.as_str(), INIT, &words("m2", "It is 42.")].join("\n"));
    assert!(broken.end(&ending).outcome.is_err());
    // Nothing was said in it: the answer stands.
    let mut hollow = after(&[within.as_str(), INIT].join("\n"));
    assert_eq!(hollow.end(&ending).outcome, Ok("Launched.".into()));
    let step = claude.line(of_task("It is 42.").as_bytes());
    assert_eq!(last(&step.events).outcome, Ok("Launched.\n\nIt is 42.".into()));
    // Another answer without the beginning of a turn.
    let step = claude.line(of_task("And 43.").as_bytes());
    assert!(step.goes_on && step.close_input, "{step:?}");
    assert_eq!(last(&step.events).outcome, Ok("Launched.\n\nIt is 42.\n\nAnd 43.".into()));
}

#[test]
fn turns_that_are_still_to_follow_are_waited_for() {
    let queued = |count: u64| result("One.").replace("{", &format!("{{\"queued_turn_count\":{count},"));
    let mut claude = after(&queued(1));
    assert_eq!(claude.silence(), Pause::Owing);
    claude.line(INIT.as_bytes());
    assert_eq!(claude.silence(), Pause::Stuck);
    assert_eq!(last(&claude.line(result("Two.").as_bytes()).events).outcome, Ok("One.\n\nTwo.".into()));
    assert_eq!(last(&play(&queued(0))).outcome, Ok("One.".into()));
}

#[test]
fn a_conversation_that_was_put_in_short_says_so() {
    let recorded = recorded!("compact");
    let of_second: Vec<&str> = recorded.lines().skip(3).collect();
    let mut claude = claude(Permission::Ask);
    claude.is_local = true;
    let events: Vec<Event> = of_second.iter().flat_map(|line| claude.line(line.as_bytes()).events).collect();
    assert_eq!(last(&events).compacted, Some(Compacted { before: 2737, after: Some(2607) }));
    assert_eq!(last(&events).outcome, Ok(String::new()));
    // Another command of the program says what it has put out.
    let output = json!({"type": "user", "message": {"content": "<local-command-stdout>Set model to opus</local-command-stdout>"}});
    let hollow = r#"{"type":"result","subtype":"success","is_error":false,"result":"","num_turns":0}"#;
    let told = play(&[output.to_string().as_str(), hollow.replace(",\"num_turns\":0", "").as_str()].join("\n"));
    assert_eq!(last(&told).outcome, Ok("Set model to opus".into()));
    // In the middle of a turn it is no news.
    let boundary = of_second.iter().find(|line| line.contains("compact_boundary")).expect("a boundary");
    assert_eq!(last(&play(&[boundary, result("Done.").as_str()].join("\n"))).outcome, Ok("Done.".into()));
}

#[test]
fn our_own_denial_is_no_evidence() {
    let mut claude = claude(Permission::Ask);
    let mut recorder = Recorder::default();
    claude.line(&asking("r1", "Bash", &json!({"command": "touch x"})));
    let denial = reply(&claude.answer("r1", Decision::Deny, &[]));
    let message = denial["response"]["response"]["message"].as_str().expect("words").to_owned();
    let output = json!({"type": "tool_result", "tool_use_id": "t1", "content": message, "is_error": true});
    let told = json!({"type": "user", "message": {"content": [output]}}).to_string();
    for event in claude.line(told.as_bytes()).events {
        assert_eq!(event, Event::ToolFinished { id: "t1".into(), ok: false, output: String::new() });
        recorder.take(&event);
    }
    let claim = json!({"root_cause": {"claim": "denied", "evidence": [{"tool": "Bash", "quote": message}]}});
    let mut analysis = crate::rca::read(&claim.to_string()).expect("an analysis");
    assert_eq!(recorder.rate(Some(&mut analysis)).score, None, "nothing was seen");
    // Nor is what the program itself does not permit.
    let events = play(recorded!("tool_read"));
    let outputs = events.iter().filter_map(|event| match event {
        Event::ToolFinished { output, .. } => Some(output.as_str()),
        _ => None,
    });
    assert_eq!(outputs.collect::<Vec<_>>(), [""]);
}

#[test]
fn recorded_pieces_of_an_answer_are_no_second_text() {
    let events = play(recorded!("stream_partial"));
    assert_eq!(finals(&events), 1);
    let long: String = (0..60).map(|n| format!("line {n} ")).collect();
    let delta = json!({"type": "stream_event", "event": {"type": "content_block_delta", "delta": {"type": "text_delta", "text": long}}});
    let told = play(&[delta.to_string(), words("m1", &long), result(&long)].join("\n"));
    let [Event::Writing { more, .. }, Event::Text { text }, Event::Final(_)] = &told[..] else { panic!("{told:?}") };
    assert_eq!(more, text);
}
