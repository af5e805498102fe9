//! What the real programs have sent.

use super::*;

/// Plays a recording up to the answer to its `requests`-th request; each prompt is put as the one before is answered, and each
/// permission is decided at once, in turn.
fn play(recorded: &str, dialect: Dialect, requests: u64, decisions: &[Decision]) -> Stage {
    let mut stage = Stage::new(&spec(Permission::Ask), dialect);
    let mut decisions = decisions.iter().copied();
    stage.open("hello one");
    for line in recorded.lines() {
        let mut message: Value = serde_json::from_str(line).expect("recorded JSON");
        let is_answer = message.get("method").is_none();
        let number = message["id"].as_u64().unwrap_or(0);
        if is_answer && number > requests {
            break;
        }
        if is_answer {
            let (id, _) = stage.pending.pop_front().expect("it was asked for");
            message["id"] = id;
        }
        let (words, asked) = (count_words(&stage), stage.asked().len());
        stage.send(&message);
        if stage.asked().len() > asked {
            let id = stage.asked()[asked].to_owned();
            stage.decide(&id, decisions.next().unwrap_or(Decision::Deny));
        }
        if count_words(&stage) > words && number < requests {
            let next =
                RunSpec { conversation: stage.acp.session.clone(), prompt: "next".into(), ..spec(Permission::Ask) };
            let step = stage.acp.again(&next).expect("it goes on");
            stage.take(step);
        }
    }
    stage
}

fn count_words(stage: &Stage) -> usize {
    stage.events.iter().filter(|event| matches!(event, Event::Final(_))).count()
}

fn words(stage: &Stage) -> Vec<&Final> {
    stage.events.iter().filter_map(|event| if let Event::Final(word) = event { Some(word) } else { None }).collect()
}

fn answers(stage: &Stage) -> Vec<&str> {
    words(stage).into_iter().map(|word| word.outcome.as_deref().unwrap_or("(none)")).collect()
}

/// Tool calls as they were told, each as its name, summary and whether it succeeded.
fn calls(stage: &Stage) -> Vec<(String, String, Option<bool>)> {
    let mut calls = Vec::new();
    for event in &stage.events {
        match event {
            Event::ToolStarted { id, name, summary } => calls.push((id.clone(), name.clone(), summary.clone(), None)),
            Event::ToolFinished { id, ok, .. } => {
                let call = calls.iter_mut().rev().find(|(other, ..)| other == id).expect("it has begun");
                call.3 = Some(*ok);
            }
            _ => {}
        }
    }
    calls.into_iter().map(|(_, name, summary, ok)| (name, summary, ok)).collect()
}

fn call(name: &str, summary: &str, ok: bool) -> (String, String, Option<bool>) {
    (name.into(), summary.into(), Some(ok))
}

#[test]
fn claude_by_its_adapter() {
    let recorded = include_str!("../../../../tests/fixtures/acp/claude-agent-acp.main.jsonl");
    let stage = play(recorded, PLAIN, 10, &[Decision::Allow, Decision::Deny, Decision::Allow]);
    assert!(
        stage.sent.iter().any(|sent| sent["method"] == "session/set_mode" && sent["params"]["modeId"] == "default")
    );
    let told = answers(&stage);
    assert_eq!(told[0], "ECHO[turn=1] hello one | seen=[1:'hello one']");
    assert_eq!(told[2], "TOOL_DONE[turn=3] tool said: (Bash completed with no output)");
    assert_eq!(told[5], "(none)", "it was cancelled");
    assert!(told[6].starts_with("ECHO[turn="), "{told:?}");
    let usage = words(&stage)[0].usage;
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(2671), Some(11)));
    assert_eq!(usage.session_cost_usd, Some(0.010_904));
    assert_eq!(
        calls(&stage),
        [
            call("Bash", "touch out1", true),
            call("Bash", "touch out2", false),
            call("Write", "/home/user/project/notes.txt", true)
        ]
    );
    let denied: Vec<&Denial> = words(&stage).into_iter().flat_map(|word| &word.denials).collect();
    assert_eq!(denied, [&Denial { tool: "Bash".into(), summary: "touch out2".into() }]);
    let Some(Event::Asked { detail, .. }) =
        stage.events.iter().find(|event| matches!(event, Event::Asked { tool, .. } if tool == "Write"))
    else {
        panic!("{:?}", stage.asked())
    };
    assert!(detail.contains("/home/user/project/notes.txt") && detail.contains("written by fakellm"), "{detail}");
}

#[test]
fn gemini_asks_about_calls_that_it_has_not_told_and_reads_files_that_it_was_not_offered() {
    let recorded = include_str!("../../../../tests/fixtures/acp/gemini.main.jsonl");
    let stage = play(recorded, PLAIN, 9, &[Decision::Allow, Decision::Deny]);
    let told = answers(&stage);
    assert_eq!(told[0], "ECHO[turn=1] hello one | seen=[1:'hello one']");
    assert!(told[2].starts_with("TOOL_DONE[turn=3] tool said:"), "{told:?}");
    let usage = words(&stage)[0].usage;
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(163), Some(11)));
    let told_calls = calls(&stage);
    assert_eq!(
        told_calls[..2],
        [call("execute", "touch acp_allowed", true), call("execute", "touch acp_denied", false)]
    );
    let chosen: Vec<&str> = stage.sent.iter().map(super::chosen).filter(|chosen| *chosen != "none").collect();
    assert_eq!(chosen, ["proceed_once", "cancel"]);
    let refused = stage.sent.iter().filter(|sent| sent["error"]["code"] == -32601).count();
    assert_eq!(refused, 2, "it asked for a file twice");
    let Some(Event::Asked { detail, grant: Some(grant), .. }) =
        stage.events.iter().find(|it| matches!(it, Event::Asked { .. }))
    else {
        panic!("{:?}", stage.events)
    };
    assert!(detail.starts_with("touch acp_allowed\n") && detail.contains("[current working directory"), "{detail}");
    assert!(grant.is_of_one(), "a title is no command that could be believed");
}

#[test]
fn opencode_tells_its_cost_and_an_error_in_words() {
    let recorded = include_str!("../../../../tests/fixtures/acp/opencode.main.jsonl");
    let dialect = Dialect { tokens: Tokens::OfLastStep, ..PLAIN };
    let stage = play(recorded, dialect, 8, &[]);
    let told = answers(&stage);
    assert_eq!(told[0], "ECHO[turn=1] hello one | seen=[1:'hello one']");
    assert_eq!(told[2], "TOOL_DONE[turn=3] tool said: (no output)");
    let usages: Vec<_> =
        words(&stage).iter().map(|word| (word.usage.input_tokens, word.usage.session_cost_usd)).collect();
    assert_eq!(usages[0], (Some(2439), Some(0.002_461)));
    assert_eq!(usages[2], (None, Some(0.010_094)), "the count is of its last step only");
    assert_eq!(
        calls(&stage),
        [
            call("execute", "touch acp_allowed", true),
            call("execute", "touch acp_denied", true),
            call("edit", "write", true)
        ]
    );
    assert!(matches!(&stage.events[0], Event::Session { model: Some(model), .. } if model == "fake/fake-model"));
}

#[test]
fn what_opencode_has_said_before_is_not_told_again() {
    let recorded = include_str!("../../../../tests/fixtures/acp/opencode.load.jsonl");
    let known = RunSpec { conversation: Some("ses_e05cddae9ffeN9U3ekjKsWnIqL".into()), ..spec(Permission::Ask) };
    let mut stage = Stage::new(&known, PLAIN);
    stage.open("hello after session/load");
    for line in recorded.lines() {
        let mut message: Value = serde_json::from_str(line).expect("recorded JSON");
        if message.get("method").is_none() {
            if message["id"] == 1 {
                // The recorded client loads.
                message["result"]["agentCapabilities"]["sessionCapabilities"]["resume"] = Value::Null;
            }
            let Some((id, _)) = stage.pending.pop_front() else { break };
            message["id"] = id;
        }
        let was_told = stage.sent.len();
        stage.send(&message);
        if stage.acp.silence() == Pause::Recalling && message.get("method").is_none() {
            assert_eq!(stage.sent.len(), was_told, "nothing is asked while it tells");
            let step = stage.acp.conclude();
            stage.take(step);
        }
    }
    assert!(matches!(&stage.events[0], Event::Session { .. }), "{:?}", stage.events[0]);
    assert!(stage.word().outcome.as_ref().is_ok_and(|it| it.starts_with("ECHO[turn=13] hello after session/load")));
    assert!(calls(&stage).is_empty());
}

#[test]
fn qwen_is_put_into_the_mode_in_which_it_asks_and_its_steps_are_counted() {
    let recorded = include_str!("../../../../tests/fixtures/acp/qwen.main.jsonl");
    let stage = play(recorded, PLAIN, 10, &[Decision::Allow, Decision::Deny, Decision::Allow]);
    assert!(
        stage.sent.iter().any(|sent| sent["method"] == "session/set_mode" && sent["params"]["modeId"] == "default")
    );
    let told = answers(&stage);
    assert_eq!(told[0], "ECHO[turn=1] hello one | seen=[1:'hello one']");
    assert!(told[2].starts_with("TOOL_DONE[turn=3] tool said: Command: touch out1"), "{told:?}");
    assert_eq!(told[3], "I will use a tool.", "a rejected call ends its turn");
    let usage = words(&stage)[2].usage;
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(9785 + 9906), Some(4 + 37)));
    let chosen: Vec<&str> = stage.sent.iter().map(super::chosen).filter(|chosen| *chosen != "none").collect();
    assert_eq!(chosen, ["proceed_once", "cancel", "proceed_once"]);
    assert!(stage.sent.iter().any(|sent| sent["error"]["code"] == -32601), "of `craft/drainMidTurnQueue`");
}
