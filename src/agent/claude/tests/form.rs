//! An answer in a form that is asked for, and what is known of a process that gave none.

use super::*;

/// What a version without it says.
const REFUSED: &str = "error: unknown option '--json-schema={}'";

#[test]
fn what_was_used_is_known_where_it_was_killed_before_its_result() {
    let recorded = include_str!("../../../../tests/fixtures/claude/tool_echo_default.jsonl");
    let mut claude = claude(Permission::Ask);
    for line in recorded.lines().filter(|line| !line.contains(r#""type":"result""#)) {
        claude.line(line.as_bytes());
    }
    let ended = Ended::Signalled { signal: 9 };
    let ending = Ending { ended: &ended, cause: None, stdout_head: b"", stdout_bytes: 9, stderr_tail: "" };
    let usage = claude.end(&ending).usage;
    assert_eq!((usage.input_tokens, usage.session_cost_usd), (Some(5207), None));
    assert!(usage.output_tokens.is_some());
}

#[test]
fn an_answer_in_the_form_that_was_asked_for_is_the_answer() {
    let events = play(include_str!("../../../../tests/fixtures/claude/structured_output.jsonl"));
    assert_eq!(last(&events).outcome, Ok(r#"{"cause":"the pool is exhausted"}"#.into()));
    let tools = events.iter().filter(|event| matches!(event, Event::ToolStarted { .. })).count();
    assert_eq!(tools, 1, "it is no tool: {events:?}");
}

#[test]
fn a_version_that_refuses_the_form_is_started_without_and_told_the_same() {
    let way = RunSpec { instead: Some(vec!["claude".into()]), ..spec(Permission::Ask) };
    let mut refused = Claude::new(&way);
    refused.open("why?");
    assert_eq!(refused.begin_instead("out of memory"), None, "that is no reason");
    assert_eq!(reply(&refused.begin_instead(REFUSED).expect("its other way"))["message"]["content"], "why?");
    assert_eq!(refused.begin_instead(REFUSED), None, "once");
    let mut understood = Claude::new(&way);
    understood.open("why?");
    understood.line(br#"{"type":"system","subtype":"init","session_id":"s"}"#);
    assert_eq!(understood.begin_instead(REFUSED), None);
}
