//! Recorded conversations and hostile ones.

mod hostile;
mod recorded;

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::agent::exit::Ended;
use crate::agent::failure::Failure;

const PLAIN: Dialect = Dialect { tells_errors: false, model_is_argument: false, tokens: Tokens::OfTurn };

fn spec(permission: Permission) -> RunSpec {
    RunSpec { keep_warm: Some(Duration::from_secs(1)), ..RunSpec::sample("acp", permission) }
}

/// An agent's side of a conversation, played by hand.
struct Stage {
    acp: Acp,
    /// Ids of our requests that were not answered, and what they ask for.
    pending: VecDeque<(Value, String)>,
    /// All that we have sent.
    sent: Vec<Value>,
    events: Vec<Event>,
    is_closed: bool,
}

impl Stage {
    fn new(spec: &RunSpec, dialect: Dialect) -> Self {
        let acp = Acp::new(spec, dialect);
        Self { acp, pending: VecDeque::new(), sent: Vec::new(), events: Vec::new(), is_closed: false }
    }

    /// One that has begun a session and has been asked something.
    fn working(permission: Permission) -> Self {
        Self::working_as(&spec(permission), PLAIN)
    }

    fn working_as(spec: &RunSpec, dialect: Dialect) -> Self {
        let mut stage = Self::new(spec, dialect);
        stage.open("do it");
        stage.respond(&json!({"protocolVersion": 1, "agentCapabilities": {"loadSession": true}}));
        stage.respond(&json!({"sessionId": "s-1"}));
        assert_eq!(stage.asked_for(), "session/prompt");
        stage
    }

    fn open(&mut self, prompt: &str) {
        let step = self.acp.open(prompt);
        self.take(step);
    }

    fn take(&mut self, step: Step) {
        for line in step.reply.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let message: Value = serde_json::from_slice(line).expect("each line is JSON");
            if let (Some(id), Some(method)) = (message.get("id"), message.get("method").and_then(Value::as_str)) {
                self.pending.push_back((id.clone(), method.to_owned()));
            }
            self.sent.push(message);
        }
        self.events.extend(step.events);
        self.is_closed |= step.close_input;
    }

    fn line(&mut self, line: &str) {
        let step = self.acp.line(line.as_bytes());
        self.take(step);
    }

    fn send(&mut self, message: &Value) {
        self.line(&message.to_string());
    }

    /// What we wait for.
    fn asked_for(&self) -> &str {
        self.pending.front().map(|(_, method)| method.as_str()).unwrap_or_default()
    }

    fn respond(&mut self, result: &Value) {
        let (id, _) = self.pending.pop_front().expect("something was asked for");
        self.send(&json!({"jsonrpc": "2.0", "id": id, "result": result}));
    }

    fn fail(&mut self, code: i64, message: &str) {
        let (id, _) = self.pending.pop_front().expect("something was asked for");
        self.send(&json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}));
    }

    fn update(&mut self, update: &Value) {
        let params = json!({"sessionId": "s-1", "update": update});
        self.send(&json!({"jsonrpc": "2.0", "method": "session/update", "params": params}));
    }

    fn say(&mut self, text: &str) {
        self.update(&json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}));
    }

    fn ask(&mut self, id: &Value, command: &str) {
        let params = json!({"sessionId": "s-1", "options": options(), "toolCall": {"toolCallId": format!("call-{command}"),
            "title": command, "kind": "execute", "status": "pending", "rawInput": {"command": command}}});
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": "session/request_permission", "params": params}));
    }

    fn decide(&mut self, id: &str, decision: Decision) {
        let step = self.acp.answer(id, decision, &[]);
        self.take(step);
    }

    /// The requests that a person was asked.
    fn asked(&self) -> Vec<&str> {
        self.events
            .iter()
            .filter_map(|event| if let Event::Asked { id, .. } = event { Some(id.as_str()) } else { None })
            .collect()
    }

    fn last_sent(&self) -> &Value {
        self.sent.last().expect("something was sent")
    }

    fn word(&self) -> &Final {
        match self.events.last() {
            Some(Event::Final(word)) => word,
            other => panic!("no final word but {other:?}"),
        }
    }

    fn is_over(&self) -> bool {
        self.events.iter().any(|event| matches!(event, Event::Final(_)))
    }
}

fn options() -> Value {
    json!([
        {"optionId": "always", "name": "Always", "kind": "allow_always"},
        {"optionId": "once", "name": "Allow", "kind": "allow_once"},
        {"optionId": "once-and-switch", "name": "Allow, and ask no more", "kind": "allow_once"},
        {"optionId": "no", "name": "Reject", "kind": "reject_once"},
    ])
}

fn chosen(message: &Value) -> &str {
    message.pointer("/result/outcome/optionId").and_then(Value::as_str).unwrap_or("none")
}

#[test]
fn it_is_told_who_we_are_and_offered_neither_files_nor_terminals() {
    let mut stage = Stage::new(&spec(Permission::Ask), PLAIN);
    stage.open("--hello \u{1f600}\n\0");
    let hello = &stage.sent[0];
    assert_eq!((&hello["method"], &hello["params"]["protocolVersion"]), (&json!("initialize"), &json!(1)));
    assert_eq!(hello["params"]["clientInfo"]["name"], "signalbox");
    let can = &hello["params"]["clientCapabilities"];
    assert!(can["elicitation"]["form"].is_object(), "{can}");
    assert!(!can.pointer("/fs/readTextFile").is_some_and(|can| can == true), "{can}");
    assert!(!can.pointer("/terminal").is_some_and(|can| can == true), "{can}");
    stage.respond(&json!({"protocolVersion": 1, "agentCapabilities": {}}));
    let session = stage.last_sent();
    assert_eq!((&session["method"], &session["params"]["cwd"]), (&json!("session/new"), &json!("/home/user/project")));
    stage.respond(&json!({"sessionId": "s-1"}));
    assert_eq!(stage.last_sent()["params"]["prompt"], json!([{"type": "text", "text": "--hello \u{1f600}\n\0"}]));
    assert_eq!(stage.events, [Event::Session { id: "s-1".into(), model: None }]);
}

#[test]
fn a_conversation_goes_on_as_the_agent_can() {
    let known = RunSpec { conversation: Some("s-1".into()), ..spec(Permission::Ask) };
    for (can, method) in [
        (json!({"loadSession": true, "sessionCapabilities": {"resume": {}}}), "session/resume"),
        (json!({"loadSession": true}), "session/load"),
        (json!({"sessionCapabilities": {"resume": null}}), "session/new"),
    ] {
        let mut stage = Stage::new(&known, PLAIN);
        stage.open("go on");
        stage.respond(&json!({"protocolVersion": 1, "agentCapabilities": can}));
        assert_eq!(stage.asked_for(), method);
        // What was said before is not said again.
        stage.say("an old answer");
        stage.update(
            &json!({"sessionUpdate": "tool_call", "toolCallId": "old", "title": "ls", "status": "in_progress"}),
        );
        assert_eq!(stage.events, [], "{method}");
        stage.respond(&if method == "session/new" { json!({"sessionId": "s-2"}) } else { json!({}) });
        let id = if method == "session/new" { "s-2" } else { "s-1" };
        assert_eq!(stage.events, [Event::Session { id: id.into(), model: None }], "{method}");
        if method == "session/load" {
            stage.say("another old answer");
            assert_eq!((stage.acp.silence(), stage.pending.len()), (Pause::Recalling, 0), "it still tells");
            let step = stage.acp.conclude();
            stage.take(step);
            // What is told late all the same is not the answer.
            stage.say("a late old answer");
            stage.update(&json!({"sessionUpdate": "user_message_chunk", "content": {"type": "text", "text": "old"}}));
        }
        assert_eq!(stage.asked_for(), "session/prompt");
        // What it says here is said in the session that it knew.
        if method == "session/new" {
            continue;
        }
        stage.say("new");
        stage.respond(&json!({"stopReason": "end_turn"}));
        assert_eq!(stage.word().outcome, Ok("new".into()), "{method}");
    }
}

#[test]
fn an_error_of_the_service_is_told_as_such_and_the_agent_is_kept_unless_it_lacks_a_log_in() {
    let nested = r#"{"error":{"code":401,"message":"no key"}}"#;
    for (code, message, told, is_usable) in [
        (401, nested, "no key (status 401)", false),
        (429, "slow down", "slow down (status 429)", true),
        (-32603, "Internal error: it broke", "it broke", false),
    ] {
        let mut stage = Stage::working(Permission::Ask);
        stage.fail(code, message);
        assert_eq!((&stage.word().outcome, stage.acp.is_usable()), (&Err(told.into()), is_usable));
    }
    // opencode, as it was seen.
    for (name, message, is_usable) in [
        ("APIError", "Internal error: upstream is overloaded", true),
        ("APIError", "Internal error: 401 Unauthorized: invalid api key", false),
        ("ProviderAuthError", "Internal error: no key", false),
    ] {
        let mut stage = Stage::working(Permission::Ask);
        let (id, _) = stage.pending.pop_front().expect("something was asked for");
        let error = json!({"code": -32603, "message": message, "data": {"service": "session", "errorName": name}});
        stage.send(&json!({"jsonrpc": "2.0", "id": id, "error": error}));
        assert_eq!((stage.word().outcome.is_err(), stage.acp.is_usable()), (true, is_usable), "{message}");
    }
    let mut stage = Stage::working(Permission::Ask);
    stage.respond(&json!({"stopReason": "max_turn_requests"}));
    assert_eq!(stage.word().outcome, Err("The prompt is too long for its model.".into()));
}

#[test]
fn a_session_that_it_does_not_know_is_told_as_such() {
    let known = RunSpec { conversation: Some("s-1".into()), ..spec(Permission::Ask) };
    for (code, message, is_unknown) in [
        (-32603, "Invalid session identifier \"s-1\".", true),
        (-32603, "Internal error: Session not found: s-1", true),
        (-32002, "Resource not found", true),
        (-32603, "Internal error: 401 no key", false),
    ] {
        let mut stage = Stage::new(&known, PLAIN);
        stage.open("go on");
        stage.respond(&json!({"protocolVersion": 1, "agentCapabilities": {"loadSession": true}}));
        stage.fail(code, message);
        assert_eq!((stage.word().unknown_session, stage.is_closed), (is_unknown, true), "{message}");
        let words = message.strip_prefix("Internal error: ").unwrap_or(message);
        assert_eq!(stage.word().outcome, Err(words.into()));
    }
}

#[test]
fn the_mode_and_the_model_are_set_before_the_prompt() {
    let with_model = RunSpec { model: Some("small".into()), ..spec(Permission::Ask) };
    let session = json!({"sessionId": "s-1", "modes": {"currentModeId": "auto", "availableModes": [
            {"id": "auto", "name": "Auto"}, {"id": "default", "name": "Default"}]},
        "configOptions": [{"id": "model", "category": "model", "currentValue": "x/big",
            "options": [{"value": "x/big", "name": "Big"}, {"value": "x/small", "name": "Small"}]}]});
    let begin = |spec: &RunSpec| {
        let mut stage = Stage::new(spec, PLAIN);
        stage.open("do it");
        stage.respond(&json!({"protocolVersion": 1}));
        stage.respond(&session);
        stage
    };
    let mut stage = begin(&with_model);
    let offers = Event::Offers { models: vec!["x/big".into(), "x/small".into()] };
    assert_eq!(stage.events, [Event::Session { id: "s-1".into(), model: Some("small".into()) }, offers]);
    let expected = json!({"configId": "model", "value": "x/small", "sessionId": "s-1"});
    assert_eq!((stage.asked_for(), &stage.last_sent()["params"]), ("session/set_config_option", &expected));
    stage.respond(&json!({}));
    let expected = json!({"modeId": "default", "sessionId": "s-1"});
    assert_eq!((stage.asked_for(), &stage.last_sent()["params"]), ("session/set_mode", &expected));
    stage.respond(&json!({}));
    assert_eq!(stage.asked_for(), "session/prompt");
    // It leaves the mode by itself, and is put back.
    stage.update(&json!({"sessionUpdate": "current_mode_update", "currentModeId": "auto"}));
    assert_eq!(stage.last_sent()["params"], expected);
    let mut stage = begin(&spec(Permission::Ask));
    stage.fail(-32603, "no");
    assert!(stage.is_closed && stage.word().outcome.is_err(), "it would act unasked: {:?}", stage.events);
    let mut stage = begin(&spec(Permission::All));
    stage.fail(-32603, "no");
    assert_eq!(stage.asked_for(), "session/prompt");
    let stage = begin(&RunSpec { model: Some("huge".into()), ..spec(Permission::Ask) });
    assert_eq!(stage.word().outcome, Err("model not found: huge (x/big, x/small)".into()));
}

#[test]
fn a_permission_is_for_what_was_shown_and_an_allowance_for_what_it_says() {
    let mut stage = Stage::working(Permission::Ask);
    stage.ask(&json!(0), "touch x");
    let Some(Event::Asked { id, tool, detail, digest, grant, .. }) = stage.events.last().cloned() else {
        panic!("{:?}", stage.events)
    };
    assert_eq!((tool.as_str(), detail.as_str()), ("execute", "touch x"));
    assert!(digest.is_some() && grant.is_some_and(|grant| !grant.is_of_one()));
    stage.decide(&id, Decision::AllowForSession);
    assert_eq!(chosen(stage.last_sent()), "once", "what is allowed for ever is ours to say");
    stage.ask(&json!(0), "touch y");
    assert_eq!((chosen(stage.last_sent()), stage.asked().len()), ("once", 1), "its own id may come again");
    stage.ask(&json!(1), "rm -rf /");
    let id = stage.asked()[1].to_owned();
    stage.decide(&id, Decision::Deny);
    assert_eq!(chosen(stage.last_sent()), "no");
    stage.acp.revoke();
    stage.ask(&json!(2), "touch z");
    assert_eq!(stage.asked().len(), 3);
    stage.say("Done.");
    stage.respond(&json!({"stopReason": "end_turn"}));
    assert_eq!(stage.word().outcome, Ok("Done.".into()));
    assert_eq!(stage.word().denials, [Denial { tool: "execute".into(), summary: "rm -rf /".into() }]);
    assert_eq!(stage.last_sent()["result"]["outcome"], json!({"outcome": "cancelled"}), "nobody waits for it any more");
}

#[test]
fn a_permission_answers_by_itself_where_it_says_so() {
    for (permission, option) in [(Permission::Read, "no"), (Permission::All, "once")] {
        let mut stage = Stage::working(permission);
        stage.ask(&json!("x"), "touch x");
        assert_eq!((chosen(stage.last_sent()), stage.asked().len()), (option, 0));
    }
    let mut stage = Stage::working(Permission::Edit);
    let edit = |path: &str| {
        let call = json!({"toolCallId": path, "kind": "edit", "title": "Edit", "content": [{"type": "diff", "path": path, "newText": "x"}]});
        let params = json!({"sessionId": "s-1", "toolCall": call, "options": options()});
        json!({"jsonrpc": "2.0", "id": path, "method": "session/request_permission", "params": params})
    };
    stage.send(&edit("/home/user/project/notes.txt"));
    assert_eq!((chosen(stage.last_sent()), stage.asked().len()), ("once", 0));
    stage.send(&edit("/home/user/project/.git/hooks/pre-commit"));
    assert_eq!(stage.asked().len(), 1);
    let mut stage = Stage::working(Permission::All);
    let call = json!({"toolCallId": "m", "kind": "switch_mode", "title": "Ready to code?"});
    let params = json!({"sessionId": "s-1", "toolCall": call, "options": options()});
    stage.send(&json!({"jsonrpc": "2.0", "id": 0, "method": "session/request_permission", "params": params}));
    assert_eq!(stage.asked().len(), 1, "only a person says how much it asks");
}

#[test]
fn a_form_is_filled_in_by_a_person() {
    let mut stage = Stage::working(Permission::All);
    let params = json!({"mode": "form", "sessionId": "s-1", "message": "Which?",
        "requestedSchema": {"type": "object", "properties": {"colour": {"type": "string", "enum": ["red", "blue"]}}}});
    stage.send(&json!({"jsonrpc": "2.0", "id": 0, "method": "elicitation/create", "params": params}));
    let id = stage.asked()[0].to_owned();
    let step = stage.acp.answer(&id, Decision::Allow, &["blue".into()]);
    stage.take(step);
    assert_eq!(stage.last_sent()["result"], json!({"action": "accept", "content": {"colour": "blue"}}));
    let url =
        json!({"mode": "url", "sessionId": "s-1", "message": "Open it", "url": "https://x", "elicitationId": "e"});
    stage.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "elicitation/create", "params": url}));
    assert_eq!(stage.last_sent()["result"], json!({"action": "decline"}));
}

#[test]
fn a_cancel_is_told_and_what_it_has_used_is_known() {
    let mut stage = Stage::working(Permission::Ask);
    stage.update(
        &json!({"sessionUpdate": "usage_update", "used": 1, "size": 2, "cost": {"amount": 0.25, "currency": "USD"}}),
    );
    stage.ask(&json!(0), "sleep 9");
    let step = stage.acp.cancel();
    assert!(!step.reply.is_empty());
    stage.take(step);
    let sent: Vec<&Value> = stage.sent.iter().rev().take(2).collect();
    assert!(sent.iter().any(|it| it["method"] == "session/cancel" && it["params"]["sessionId"] == "s-1"), "{sent:?}");
    assert!(sent.iter().any(|it| it["result"]["outcome"]["outcome"] == "cancelled"), "{sent:?}");
    stage.respond(&json!({"stopReason": "cancelled"}));
    assert!(stage.word().outcome.is_err());
    assert_eq!(stage.word().usage.session_cost_usd, Some(0.25));
    let mut early = Stage::new(&spec(Permission::Ask), PLAIN);
    early.open("do it");
    assert_eq!(early.acp.cancel(), Step::default(), "there is nothing to be cancelled");
}

#[test]
fn a_kept_agent_answers_the_next_prompt_and_no_late_word_is_its_answer() {
    let mut stage = Stage::working(Permission::Ask);
    stage.say("One.");
    stage.respond(&json!({"stopReason": "end_turn"}));
    assert!(!stage.is_closed, "it is kept");
    stage.events.clear();
    stage.say("And one word more.");
    stage.ask(&json!(7), "rm x");
    assert!(
        stage.events.is_empty() && stage.last_sent()["error"].is_object(),
        "nobody can be asked: {:?}",
        stage.events
    );
    let other = RunSpec { conversation: Some("s-9".into()), ..spec(Permission::Ask) };
    assert_eq!(stage.acp.again(&other), None);
    let next =
        RunSpec { conversation: Some("s-1".into()), prompt: "next".into(), keep_warm: None, ..spec(Permission::Ask) };
    let step = stage.acp.again(&next).expect("it goes on");
    assert_eq!(stage.acp.again(&next), None, "it works");
    stage.take(step);
    assert_eq!(stage.last_sent()["params"]["prompt"][0]["text"], "next");
    stage.say("Two.");
    stage.respond(&json!({"stopReason": "end_turn"}));
    assert_eq!(stage.word().outcome, Ok("Two.".into()));
    let unasked = stage.acp.unasked(true).map(|unasked| unasked.text);
    assert_eq!(unasked.as_deref(), Some("And one word more."), "it is told by itself");
    assert!(stage.is_closed, "it is kept no longer");
}

#[test]
fn its_death_is_told_with_its_last_words() {
    let mut stage = Stage::working(Permission::Ask);
    stage.line("Error: the model service is gone");
    stage.say("half an ans");
    let ended = Ended::Exited { code: 1 };
    let ending = Ending { ended: &ended, cause: None, stdout_head: b"", stdout_bytes: 9, stderr_tail: "stack trace\n" };
    match stage.acp.end(&ending).outcome {
        Err(Failure::Seen(seen)) => assert_eq!(seen.words, "Error: the model service is gone\nstack trace"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_character_that_was_cut_in_two_costs_no_words() {
    let mut stage = Stage::working(Permission::Ask);
    let said = json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "12 pods HALF"}});
    let line = json!({"jsonrpc": "2.0", "method": "session/update", "params": {"sessionId": "s-1", "update": said}});
    stage.line(&line.to_string().replace("HALF", r"\ud83d"));
    stage.respond(&json!({"stopReason": "end_turn"}));
    assert_eq!(stage.word().outcome, Ok("12 pods \u{fffd}".into()));
}

#[test]
fn what_is_said_between_turns_is_told_by_itself_once_it_is_quiet_and_what_is_asked_is_not_permitted() {
    let mut stage = Stage::working(Permission::Ask);
    stage.say("one");
    stage.respond(&json!({"stopReason": "end_turn"}));
    assert_eq!((stage.word().outcome.clone(), stage.acp.unasked(true)), (Ok("one".into()), None));
    stage.say("The build ");
    assert_eq!(stage.acp.unasked(false), None, "it may go on");
    stage.say("is done.");
    stage.ask(&json!(0), "touch x");
    assert!(stage.last_sent()["error"].is_object() && stage.asked().is_empty(), "{}", stage.last_sent());
    let unasked = stage.acp.unasked(true).expect("it was said");
    assert_eq!((unasked.text.as_str(), unasked.denials.len()), ("The build is done.", 1));
    assert_eq!(unasked.denials[0].summary, "touch x");
    assert_eq!(stage.acp.unasked(true), None, "once");
    let spec = RunSpec { conversation: Some("s-1".into()), prompt: "more".into(), ..spec(Permission::Ask) };
    let step = stage.acp.again(&spec).expect("it can be asked");
    stage.take(step);
    stage.say("two");
    stage.respond(&json!({"stopReason": "end_turn"}));
    assert_eq!(stage.word().outcome, Ok("two".into()));
}
