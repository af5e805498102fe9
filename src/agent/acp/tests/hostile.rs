//! Agents that do what none should.

use super::*;
use crate::agent::event::MAX_ANSWER_BYTES;

/// How many of the lines below are messages whose shape is not known.
const UNKNOWN: u64 = 8;

#[test]
fn garbage_and_what_is_to_come_is_passed_over() {
    let mut stage = Stage::working(Permission::Ask);
    for line in [
        "",
        "{",
        "null",
        "[1]",
        "[]",
        "{}",
        "plain words",
        r#"{"jsonrpc":"2.0"}"#,
        r#"{"jsonrpc":"2.0","id":99,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":[],"method":"session/request_permission","params":{}}"#,
        r#"{"jsonrpc":"2.0","method":"session/update"}"#,
        r#"{"jsonrpc":"2.0","method":"session/update","params":[1]}"#,
        r#"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s-1"}}"#,
        r#"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s-1","update":{"sessionUpdate":"hologram"}}}"#,
        r#"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s-1","update":{"sessionUpdate":"tool_call"}}}"#,
        r#"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"another","update":{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"not ours"}}}}"#,
        r#"{"jsonrpc":"2.0","method":"_vendor/told","params":{}}"#,
    ] {
        let events = stage.events.len();
        stage.line(line);
        assert_eq!(stage.events.len(), events, "{line}");
    }
    let step = stage.acp.line(b"\xff\xfe\x00");
    stage.take(step);
    assert_eq!((stage.acp.unknown(), stage.acp.unknown()), (UNKNOWN, 0), "each is counted once");
    stage.say("Here.");
    stage.respond(&json!({"stopReason": "end_turn"}));
    assert_eq!(stage.word().outcome, Ok("Here.".into()));
}

#[test]
fn requests_that_we_do_not_know_are_refused_as_the_protocol_says() {
    let mut stage = Stage::working(Permission::All);
    for (id, method) in
        ["fs/read_text_file", "fs/write_text_file", "terminal/create", "_vendor/ask", "craft/x"].iter().enumerate()
    {
        stage.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": {"sessionId": "s-1", "path": "/etc/passwd"}}));
        assert_eq!(
            (&stage.last_sent()["id"], &stage.last_sent()["error"]["code"]),
            (&json!(id), &json!(-32601)),
            "{method}"
        );
    }
    for params in
        [json!({}), json!({"sessionId": "s-1"}), json!({"sessionId": "s-1", "toolCall": 7, "options": options()})]
    {
        stage.send(&json!({"jsonrpc": "2.0", "id": "p", "method": "session/request_permission", "params": params}));
        assert!(stage.last_sent()["error"].is_object(), "never allowed: {params}");
    }
    let params = json!({"sessionId": "another", "toolCall": {"toolCallId": "c", "title": "x"}, "options": options()});
    stage.send(&json!({"jsonrpc": "2.0", "id": "q", "method": "session/request_permission", "params": params}));
    assert!(stage.last_sent()["error"].is_object(), "of another session");
    let params = json!({"sessionId": "s-1", "toolCall": {"toolCallId": "c", "title": "x"},
        "options": [{"optionId": "always", "name": "Always", "kind": "allow_always"}]});
    stage.send(&json!({"jsonrpc": "2.0", "id": "r", "method": "session/request_permission", "params": params}));
    assert_eq!(
        stage.last_sent()["result"]["outcome"],
        json!({"outcome": "cancelled"}),
        "it may only be allowed for ever"
    );
}

#[test]
fn five_hundred_requests_do_not_fill_a_chat() {
    let mut stage = Stage::working(Permission::Ask);
    for n in 0..500 {
        stage.ask(&json!(n), &format!("touch {n}"));
    }
    assert_eq!(stage.asked().len(), 64);
    assert_eq!(stage.sent.iter().filter(|sent| super::chosen(sent) == "no").count(), 500 - 64);
    stage.respond(&json!({"stopReason": "end_turn"}));
    assert_eq!(stage.word().denials.len(), 200, "as many as are listed");
}

#[test]
fn an_id_that_is_taken_again_stands_for_what_was_asked_last() {
    let mut stage = Stage::working(Permission::Ask);
    stage.ask(&json!(0), "cat README");
    stage.ask(&json!(0), "cat README");
    assert_eq!(stage.asked().len(), 1, "the very same again");
    stage.ask(&json!(0), "rm -rf /important");
    let ids: Vec<String> = stage.asked().iter().map(|&id| id.to_owned()).collect();
    assert_eq!(ids.len(), 2);
    assert!(
        stage
            .events
            .iter()
            .any(|it| matches!(it, Event::Answered { id, decision: Decision::Deny, .. } if *id == ids[0]))
    );
    let sent = stage.sent.len();
    stage.decide(&ids[0], Decision::Allow);
    assert_eq!(stage.sent.len(), sent, "an approval of the first is none of the second");
    stage.decide(&ids[1], Decision::Deny);
    let answers: Vec<&Value> =
        stage.sent.iter().filter(|sent| sent["id"] == 0 && sent.get("method").is_none()).collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(super::chosen(answers[0]), "no");
}

#[test]
fn long_lines_and_strange_names_are_bounded() {
    let mut stage = Stage::working(Permission::Ask);
    let commands = vec![json!({"name": "x".repeat(500), "description": "y".repeat(600)}); 500];
    stage.update(&json!({"sessionUpdate": "available_commands_update", "availableCommands": commands}));
    stage.update(&json!({"sessionUpdate": "tool_call", "toolCallId": "c", "status": "in_progress", "title": "z".repeat(5_000_000)}));
    let call =
        json!({"toolCallId": "d", "kind": "execute", "name": "Ba\u{200b}sh\n\u{1b}[2J", "title": "<b>x</b>\u{202e}"});
    let params = json!({"sessionId": "s-1", "toolCall": call, "options": options()});
    stage.send(&json!({"jsonrpc": "2.0", "id": 0, "method": "session/request_permission", "params": params}));
    let Some(Event::Asked { tool, .. }) = stage.events.last() else { panic!("{:?}", stage.events.last()) };
    assert_eq!(tool, "Ba?sh???2J");
    let call = json!({"toolCallId": "e", "kind": "execute", "title": "t", "rawInput": {"command": "x".repeat(1_000_000) + "; rm -rf ~"}});
    let params = json!({"sessionId": "s-1", "toolCall": call, "options": options()});
    stage.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "session/request_permission", "params": params}));
    let Some(Event::Asked { detail, .. }) = stage.events.last() else { panic!("it is asked") };
    assert!(detail.starts_with(crate::agent::event::CUT) && detail.contains("rm -rf ~"), "it cannot be approved");
    stage.say(&"w".repeat(16 * 1024 * 1024));
    stage.respond(&json!({"stopReason": "end_turn"}));
    let word = stage.word();
    assert_eq!(word.outcome.as_ref().map(String::len), Ok(MAX_ANSWER_BYTES));
    assert_eq!(word.whole_bytes, Some(16 * 1024 * 1024));
}

#[test]
fn an_end_that_was_not_waited_for_is_none() {
    let mut stage = Stage::working(Permission::Ask);
    let (id, _) = stage.pending.front().cloned().expect("the prompt");
    stage.send(&json!({"jsonrpc": "2.0", "id": id, "result": {"stopReason": "end_turn"}}));
    stage.send(&json!({"jsonrpc": "2.0", "id": id, "result": {"stopReason": "end_turn"}}));
    assert_eq!(stage.events.iter().filter(|event| matches!(event, Event::Final(_))).count(), 1);
    let mut stage = Stage::new(&spec(Permission::Ask), PLAIN);
    stage.open("do it");
    stage.respond(&json!({"protocolVersion": 1}));
    stage.respond(&json!({"sessionId": ""}));
    assert!(stage.word().outcome.is_err() && stage.is_closed);
    stage.say("still there");
    assert!(stage.is_over());
}
